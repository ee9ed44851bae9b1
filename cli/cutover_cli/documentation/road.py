"""What the state machine's definition says of the way of a release, in the order in which one travels it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cutover.domain.record import FINAL, LIVE, Status
from cutover.domain.transitions import TABLE, Transition

WAITING = "arn:aws:states:::lambda:invoke.waitForTaskToken"
READING = "${ReadRecordArn}"
_BEYOND = frozenset({"Ended", "RecordFailure"})


@dataclass(frozen=True, slots=True)
class Stop:
    """One state of the road. ``exits``: the final statuses that a revision can reach from here and not from anywhere.

    ``side``: from here the release can only end. ``repeats``: a wait with a fixed time leads back here.
    """

    name: str
    branches: tuple[str, ...]
    waits_seconds: int | None
    exits: tuple[Status, ...]
    side: bool
    repeats: bool


def stops(definition: dict[str, Any]) -> list[Stop]:
    """The states that do something or wait, in the definition's order, from its start to the hand-off."""
    states: dict[str, Any] = definition["States"]
    onward = {name for name in states if "HandedOff" in _reachable(states, name)}
    return [_stop(name, states, onward) for name in _reachable(states, definition["StartAt"]) if _acts(states[name])]


def failures(definition: dict[str, Any]) -> list[str]:
    """The states in which an execution ends without its release having ended."""
    ended = {following for _, following in _choices(definition["States"]["Ended"])}
    return [name for name, state in definition["States"].items() if state["Type"] == "Fail" and name not in ended]


def ends() -> list[Status]:
    """The ends of a revision other than the hand-off."""
    return [status for status in Status if status in FINAL and status is not Status.HANDED_OFF]


def anytime() -> list[Status]:
    """The ends that a revision can come to from each live status."""
    return [
        status for status in ends() if any(row.target is status and _sources(row) >= LIVE for row in TABLE.values())
    ]


def _sources(row: Transition) -> set[Status]:
    return set().union(*row.writers.values())


def _acts(state: dict[str, Any]) -> bool:
    reads = state.get("Parameters", {}).get("FunctionName") == READING
    return state["Type"] in {"Task", "Parallel"} and not reads


def _stop(name: str, states: dict[str, Any], onward: set[str]) -> Stop:
    state = states[name]
    branches = (branch["StartAt"].removeprefix(name) for branch in state.get("Branches", ()))
    return Stop(
        name=name,
        branches=tuple(branches),
        waits_seconds=state["TimeoutSeconds"] if state.get("Resource") == WAITING else None,
        exits=_exits(name, states),
        side=name not in onward,
        repeats=bool(_pauses_before(name, states)),
    )


def _exits(name: str, states: dict[str, Any]) -> tuple[Status, ...]:
    """Of a wait: whatever anybody may do to a revision that waits there. Of the others: what they do themselves."""
    if states[name].get("Resource") == WAITING:
        rows = _rows_from(_statuses_before(name, states))
    else:
        writer = re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
        paused = {status for lease in _pauses_before(name, states) for status in _statuses_before(lease, states)}
        rows = [row for row in TABLE.values() if writer in row.writers] + _rows_from(paused)
    ending = {row.target for row in rows} - set(anytime())
    return tuple(status for status in ends() if status in ending)


def _rows_from(here: set[Status]) -> list[Transition]:
    return [row for row in TABLE.values() if here & _sources(row)]


def _statuses_before(name: str, states: dict[str, Any]) -> set[Status]:
    """The statuses with which a Choice leads to a state."""
    return {Status(said) for state in states.values() for said, following in _choices(state) if following == name}


def _pauses_before(name: str, states: dict[str, Any]) -> list[str]:
    return [other for other, each in states.items() if each["Type"] == "Wait" and each["Next"] == name]


def _choices(state: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for choice in state.get("Choices", ()):
        if choice.get("Variable") == "$.record.status":
            yield choice["StringEquals"], choice["Next"]


def _reachable(states: dict[str, Any], start: str) -> list[str]:
    """Every state that can follow ``start``, itself included, in the definition's order; not past an end."""
    found, ahead = set[str](), [start]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += [] if name in _BEYOND else _following(states[name])
    return [name for name in states if name in found - _BEYOND]


def _following(state: dict[str, Any]) -> list[str]:
    following = [choice["Next"] for choice in state.get("Choices", ())]
    caught = [catch["Next"] for catch in state.get("Catch", ())]
    return [*following, *caught, *(state[key] for key in ("Next", "Default") if key in state)]
