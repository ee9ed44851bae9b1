"""The protocol as data: every (status, transition, writer) triple against DESIGN §5, written out once more by hand."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from cutover.domain import transitions
from cutover.domain.record import FINAL, LIVE, Signal, Status
from cutover.errors import Refused
from tests.building.policy import CLOSES_AT, OPENS_AT, RECEIVED_AT
from tests.simulator.journeys import awaiting_window
from tests.simulator.world import World

WRITERS = (
    "intake", "admit", "collect", "assemble", "verify", "bind", "request-approval", "await-token", "read-record",
    "hand-off", "record-failure", "approvals", "relay", "clock", "seal", "stranger", "",
)  # fmt: skip
LIVE_ONES = ("collecting", "verifying", "held", "bound", "awaiting_approval", "approved", "awaiting_window")
PERMITTED = {
    (2, "admitting", "admit"): "refused",
    (3, "admitting", "admit"): "collecting",
    (6, "collecting", "assemble"): "verifying",
    (7, "verifying", "bind"): "held",
    (10, "verifying", "bind"): "bound",
    (11, "bound", "request-approval"): "awaiting_approval",
    (12, "awaiting_approval", "approvals"): "awaiting_approval",
    (13, "awaiting_approval", "approvals"): "approved",
    (15, "verifying", "bind"): "declined",
    (15, "awaiting_approval", "approvals"): "declined",
    (15, "approved", "approvals"): "declined",
    (15, "awaiting_window", "approvals"): "declined",
    (16, "approved", "await-token"): "awaiting_window",
    (18, "awaiting_window", "hand-off"): "handing_off",
    (19, "handing_off", "hand-off"): "handing_off",
    (20, "handing_off", "hand-off"): "handed_off",
    (21, "handing_off", "clock"): "uncertain",
    **{(23, status, "clock"): "expired" for status in LIVE_ONES},
}
"""Row 23: exactly these, and where each leads. Transition 1 has no status to come from."""


@pytest.mark.parametrize("number", range(27))
def test_exactly_the_listed_triples_are_permitted(number: int) -> None:
    for status, writer in itertools.product(Status, WRITERS):
        expected = PERMITTED.get((number, status.value, writer))
        if expected is None:
            with pytest.raises(Refused) as refused:
                transitions.permitted(number, status, writer)
            assert refused.value.code == "ILLEGAL_TRANSITION"
        else:
            row = transitions.permitted(number, status, writer)
            assert (row.target or status) == expected


def test_nothing_leaves_an_end() -> None:
    assert {number for number, status, _ in PERMITTED if status in {each.value for each in FINAL}} == set()
    assert set(LIVE_ONES) == {status.value for status in LIVE}
    assert {status.value for status in Status} == (
        {"admitting", "handing_off"} | set(LIVE_ONES) | {status.value for status in FINAL}
    )


def test_whoever_must_be_started_or_woken_gets_a_signal() -> None:
    signals = {number: row.signal for number, row in transitions.TABLE.items() if row.signal}
    assert signals == {1: Signal.START, 13: Signal.WAKE, 15: Signal.WAKE, 23: Signal.WAKE}


def test_events_are_named_once() -> None:
    names = [row.event for row in transitions.TABLE.values()]
    assert len(set(names)) == len(names)
    assert all(number == row.number for number, row in transitions.TABLE.items())


def test_the_clock_looks_when_something_is_due() -> None:
    world = World()
    record, now = awaiting_window(world), RECEIVED_AT
    due: list[tuple[dict[str, Any], Any]] = [
        ({"signal": Signal.WAKE}, now + transitions.REPAIR_AFTER),
        ({"status": Status.HANDED_OFF, "signal": None}, None),
        ({"status": Status.HANDED_OFF, "signal": Signal.WAKE}, now + transitions.REPAIR_AFTER),
        ({"status": Status.HANDING_OFF, "signal": None, "lease_until": OPENS_AT}, CLOSES_AT),
        ({"status": Status.AWAITING_APPROVAL, "signal": None}, CLOSES_AT),
        ({"signal": None, "wake_at": OPENS_AT}, OPENS_AT),
        ({"signal": None, "wake_at": now - timedelta(days=1)}, now + transitions.REPAIR_AFTER),
        ({"signal": None, "wake_at": CLOSES_AT + timedelta(days=1)}, CLOSES_AT),
    ]
    for changes, expected in due:
        assert transitions.due_at(record.model_copy(update=changes), now) == expected, changes


def test_an_admission_is_due_until_it_was_started() -> None:
    world = World()
    admission = world.admission(world.announce())
    assert admission.signal is Signal.START
    assert transitions.admission_due_at(admission, RECEIVED_AT) == RECEIVED_AT + transitions.REPAIR_AFTER
    started = admission.model_copy(update={"signal": None})
    assert transitions.admission_due_at(started, RECEIVED_AT) is None
