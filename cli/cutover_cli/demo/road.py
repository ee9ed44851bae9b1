"""The main road of the state machine, read from its definition, and whether an execution kept to it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cutover_cli.demo.errors import NotAsPromised

MAIN_ROAD = (
    "collecting",
    "verifying",
    "bound",
    "awaiting_approval",
    "approved",
    "awaiting_window",
    "handed_off",
)
"""The status that each Choice finds when nothing goes wrong, in order; the last one stays."""


def main_road(definition: Mapping[str, Any], *, resumed: bool = False) -> list[str]:
    """The states from start to end when every Choice finds the next status; a Parallel's branches follow it.

    ``resumed``: of an execution that takes up a revision instead of admitting a candidate.
    """
    statuses = iter(MAIN_ROAD)
    status = ""
    road: list[str] = []
    name = definition["StartAt"]
    while True:
        state = definition["States"][name]
        road += [name, *branches_of(state)]
        if state["Type"] in {"Succeed", "Fail"} or state.get("End"):
            return road
        if state["Type"] == "Choice":
            if _routes_by_status(state):
                status = next(statuses, status)
            name = _chosen(state, status or ("resume" if resumed else ""))
        else:
            name = state["Next"]
        if name in road:
            raise NotAsPromised(f"the main road comes back to {name}")


def visited(history: Iterable[Mapping[str, Any]], definition: Mapping[str, Any]) -> list[str]:
    """The states that an execution's history shows, in order, repeats included.

    AWS records entering each state. The emulator does not do so inside a Parallel; there a branch shows by the
    answer of its task, which repeats the literal that the definition gives to that branch alone.
    """
    branches = _literals(definition)
    found: list[str] = []
    for event in history:
        if entered := event.get("stateEnteredEventDetails"):
            found.append(entered["name"])
        elif succeeded := event.get("taskSucceededEventDetails"):
            payload = json.loads(succeeded.get("output") or "{}").get("Payload")
            items = payload.items() if isinstance(payload, dict) else ()
            found += [branches[item] for item in items if _is(item, branches) and branches[item] not in found]
    return found


def check(entered: Sequence[str], definition: Mapping[str, Any], *, resumed: bool = False) -> None:
    """Raises NotAsPromised unless exactly the main road's states were entered, first in its order.

    A wait may be entered again: a wake-up is only a reason to look. Branches of a Parallel have no order.
    """
    road = main_road(definition, resumed=resumed)
    if missing := [name for name in road if name not in entered]:
        raise NotAsPromised(f"the execution never entered {', '.join(missing)}")
    if strays := sorted(set(entered) - set(road)):
        raise NotAsPromised(f"the execution left the main road: {', '.join(strays)}")
    inner = {branch for name in road for branch in branches_of(definition["States"].get(name, {}))}
    first = [name for name in dict.fromkeys(entered) if name not in inner]
    if first != [name for name in road if name not in inner]:
        raise NotAsPromised(f"the states were entered in another order: {', '.join(first)}")


def _literals(definition: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """What each branch's first task is told as a literal, such as ("section", "flags"), to that task's name."""
    found: dict[tuple[str, str], str] = {}
    for state in definition["States"].values():
        for branch in state.get("Branches", ()):
            payload = branch["States"][branch["StartAt"]].get("Parameters", {}).get("Payload", {})
            literals = [(key, value) for key, value in payload.items() if not key.endswith(".$")]
            found |= dict.fromkeys(literals, branch["StartAt"])
    return found


def _is(item: tuple[str, Any], branches: Mapping[tuple[str, str], str]) -> bool:
    return isinstance(item[1], str) and item in branches


def branches_of(state: Mapping[str, Any]) -> Iterator[str]:
    """The states of a Parallel's branches that lie on the road: from each start, never through a Catch."""
    for branch in state.get("Branches", ()):
        name: str | None = branch["StartAt"]
        while name:
            yield name
            name = branch["States"][name].get("Next")


def _routes_by_status(state: Mapping[str, Any]) -> bool:
    """Not so the first Choice: it tells a candidate from a revision that is taken up again."""
    return any(choice.get("Variable") == "$.record.status" for choice in state["Choices"])


def _chosen(state: Mapping[str, Any], status: str) -> str:
    for choice in state["Choices"]:
        if choice.get("StringEquals") == status:
            return str(choice["Next"])
    return str(state["Default"])
