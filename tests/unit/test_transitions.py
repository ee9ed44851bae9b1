"""The protocol as data: every (event, status, writer) triple against DESIGN §5, written out once more by hand."""

import itertools

import pytest

from cutover.domain import transitions
from cutover.domain.record import FINAL, GOES_ON, KEEPS_SLOT, LIVE, STOPPED_BY_BRAKE, Signal, Status
from cutover.errors import Refused

WRITERS = (
    "intake", "admit", "collect", "assemble", "verify", "bind", "request-approval", "await-token", "read-record",
    "hand-off", "record-failure", "approvals", "resolutions", "withdrawals", "brake-orders", "receipts", "relay",
    "clock", "seal", "stranger", "",
)  # fmt: skip
LIVE_ONES = (
    "collecting", "verifying", "held", "bound", "awaiting_approval", "deferred", "approved", "awaiting_window"
)  # fmt: skip
ASKED = ("awaiting_approval", "deferred", "approved", "awaiting_window")
SAME = "the same"
BY_HAND: list[tuple[int, str, str, tuple[str, ...], str]] = [
    (1, "announced", "intake", (), "admitting"),
    (2, "refused", "admit", ("admitting",), "refused"),
    (3, "admitted", "admit", ("admitting",), "collecting"),
    (4, "superseded", "admit", LIVE_ONES, "superseded"),
    (5, "waits", "admit", ("admitting",), SAME),
    (6, "assembled", "assemble", ("collecting",), "verifying"),
    (7, "held", "bind", ("verifying",), "held"),
    (8, "resolution-recorded", "resolutions", ("held",), SAME),
    (9, "resolved", "resolutions", ("held",), "superseded"),
    (10, "bound", "bind", ("verifying",), "bound"),
    (11, "approval-requested", "request-approval", ("bound",), "awaiting_approval"),
    (12, "approval-given", "approvals", ("awaiting_approval",), SAME),
    (13, "approved", "approvals", ("awaiting_approval",), "approved"),
    (14, "deferred", "approvals", ("awaiting_approval",), "deferred"),
    (14, "taken-up", "approvals", ("deferred",), "awaiting_approval"),
    (14, "taken-up", "clock", ("deferred",), "awaiting_approval"),
    (15, "declined", "bind", ("verifying",), "declined"),
    (15, "declined", "approvals", ASKED, "declined"),
    (16, "awaiting-window", "await-token", ("approved",), "awaiting_window"),
    (17, "approval-lapsed", "clock", ("approved", "awaiting_window"), "awaiting_approval"),
    (17, "approval-lapsed", "hand-off", ("approved", "awaiting_window"), "awaiting_approval"),
    (18, "handing-off", "hand-off", ("awaiting_window",), "handing_off"),
    (19, "handing-off-again", "hand-off", ("handing_off",), SAME),
    (20, "handed-off", "hand-off", ("handing_off",), "handed_off"),
    (20, "handed-off", "receipts", ("handing_off", "uncertain"), "handed_off"),
    (21, "uncertain", "clock", ("handing_off",), "uncertain"),
    (22, "drifted", "clock", ASKED, "superseded"),
    (22, "drifted", "hand-off", ASKED, "superseded"),
    (23, "expired", "clock", LIVE_ONES, "expired"),
    (24, "withdrawn", "withdrawals", LIVE_ONES, "withdrawn"),
    (24, "withdrawn", "clock", LIVE_ONES, "withdrawn"),
    (25, "adopted", "clock", (*LIVE_ONES, "handing_off"), SAME),
]
"""DESIGN §5: number, event, writer, from where, to where. Transition 1 has no status to come from."""
REHEARSED = (26, "rehearsed", "bind", ("verifying",), "rehearsed")
"""What only a rehearsal does (ADR 0018)."""
EVENTS_OF_REHEARSALS = {
    "announced", "refused", "admitted", "superseded", "waits", "assembled", "rehearsed", "expired", "withdrawn",
    "adopted",
}  # fmt: skip
ENDS_OF_REHEARSALS = {"rehearsed", "superseded", "expired", "withdrawn", "refused"}
EVENTS = sorted({event for _, event, _, _, _ in BY_HAND})
WANTED = {
    (event, status, writer): (number, status if target == SAME else target)
    for number, event, writer, sources, target in BY_HAND
    for status in sources
}


def test_the_table_has_these_rows_under_these_numbers_and_no_others() -> None:
    rows = [*BY_HAND, REHEARSED]
    assert {event: row.number for event, row in transitions.TABLE.items()} == {
        event: number for number, event, _, _, _ in rows
    }
    assert {row.number for row in transitions.TABLE.values()} == set(range(1, 27))
    assert all(event == row.event for event, row in transitions.TABLE.items())
    assert {
        (event, writer) for event, row in transitions.TABLE.items() for writer in row.writers
    } == {(event, writer) for _, event, writer, _, _ in rows}  # fmt: skip


def test_announcing_is_the_only_row_that_comes_from_nothing() -> None:
    rootless = {
        event for event, row in transitions.TABLE.items() if any(not sources for sources in row.writers.values())
    }
    assert rootless == {"announced"}
    assert transitions.TABLE["announced"].target is Status.ADMITTING


@pytest.mark.parametrize("event", [*EVENTS, "rehearsed", "adopt", "approve", "18", ""])
def test_exactly_the_listed_triples_are_permitted(event: str) -> None:
    for status, writer in itertools.product(Status, WRITERS):
        wanted = WANTED.get((event, status.value, writer))
        if wanted is None:
            with pytest.raises(Refused) as refused:
                transitions.permitted(event, status, writer)
            assert refused.value.code == "ILLEGAL_TRANSITION"
        else:
            row = transitions.permitted(event, status, writer)
            assert (row.number, row.target or status) == wanted


@pytest.mark.parametrize("event", [*EVENTS, "rehearsed", "adopt", ""])
def test_a_rehearsal_takes_the_rows_of_rehearsals_and_no_other(event: str) -> None:
    """Over every event, status and writer: what leads on to people, a queue or a slot is refused by name."""
    number, _, bind, sources, target = REHEARSED
    for status, writer in itertools.product(Status, WRITERS):
        wanted = WANTED.get((event, status.value, writer))
        if (event, writer) == ("rehearsed", bind) and status.value in sources:
            wanted = (number, target)
        if wanted is not None and event in EVENTS_OF_REHEARSALS:
            row = transitions.permitted(event, status, writer, rehearsal=True)
            assert (row.number, row.target or status) == wanted
            continue
        with pytest.raises(Refused) as refused:
            transitions.permitted(event, status, writer, rehearsal=True)
        assert refused.value.code == ("ILLEGAL_TRANSITION" if wanted is None else "NOT_FOR_A_REHEARSAL")


def test_no_way_of_a_rehearsal_leads_to_people_or_to_a_queue() -> None:
    """Whoever writes whichever rows in whichever order: it is collected, verified, and ends."""
    reached, ahead = set[Status](), [Status.ADMITTING]
    while ahead:
        status = ahead.pop()
        reached.add(status)
        for event, writer in itertools.product(transitions.TABLE, WRITERS):
            try:
                row = transitions.permitted(event, status, writer, rehearsal=True)
            except Refused:
                continue
            assert row.signal is not Signal.WAKE or row.target in FINAL
            ahead += {row.target or status} - reached
    assert {status.value for status in reached} == {"admitting", "collecting", "verifying"} | ENDS_OF_REHEARSALS


def test_a_row_is_a_release_s_unless_it_says_otherwise() -> None:
    row = transitions.Transition(27, "sent-somewhere", {"bind": frozenset({Status.VERIFYING})}, Status.BOUND)
    assert row.of == "release"


def test_nothing_leaves_an_end_but_an_uncertain_hand_off_of_which_a_receipt_tells() -> None:
    final = {status.value for status in FINAL}
    assert {key for key in WANTED if key[1] in final} == {("handed-off", "uncertain", "receipts")}


def test_every_status_is_live_or_final_or_before_or_past_deciding() -> None:
    assert {status.value for status in LIVE} == set(LIVE_ONES)
    assert not LIVE & FINAL
    assert set(Status) == LIVE | FINAL | {Status.ADMITTING, Status.HANDING_OFF}
    assert {Status.DECLINED, Status.SUPERSEDED} == GOES_ON
    assert {Status.HANDED_OFF, Status.UNCERTAIN} == KEEPS_SLOT
    assert LIVE | {Status.HANDING_OFF} >= STOPPED_BY_BRAKE


def test_every_status_but_the_first_is_reached_and_every_status_that_is_no_end_is_left() -> None:
    reached = {target for _, _, _, _, target in [*BY_HAND, REHEARSED]} - {SAME}
    left = {status for _, _, _, sources, target in BY_HAND if target != SAME for status in sources}
    assert reached == {status.value for status in Status}
    assert left == {status.value for status in Status if status not in FINAL} | {"uncertain"}


def test_whoever_must_be_started_or_woken_gets_a_signal() -> None:
    signals = {event: row.signal for event, row in transitions.TABLE.items() if row.signal}
    woken = (
        "superseded", "resolved", "approved", "taken-up", "declined", "approval-lapsed", "drifted", "expired",
        "withdrawn",
    )  # fmt: skip
    assert signals == {"announced": Signal.START, "adopted": Signal.START} | dict.fromkeys(woken, Signal.WAKE)


def test_every_end_of_a_revision_that_somebody_may_wait_on_wakes() -> None:
    """Handing off and what follows it is nobody's wait; a refusal is its own execution's, and so is a rehearsal."""
    for row in transitions.TABLE.values():
        if row.target in FINAL and row.target not in {Status.REFUSED, Status.REHEARSED, *KEEPS_SLOT}:
            assert row.signal is Signal.WAKE, row.event


def test_three_rows_open_the_next_revision_and_they_are_what_supersedes() -> None:
    opening = {event for event, row in transitions.TABLE.items() if row.opens}
    assert opening == {"superseded", "resolved", "drifted"}
    assert opening == {event for event, row in transitions.TABLE.items() if row.target is Status.SUPERSEDED}


def test_only_a_receipt_or_an_acknowledgement_may_come_when_the_lane_has_gone_on() -> None:
    assert {event for event, row in transitions.TABLE.items() if not row.current} == {"handed-off"}


def test_what_is_told_to_the_outside_are_rows_or_a_withdrawal_that_came_too_late() -> None:
    assert transitions.NOTICES - set(transitions.TABLE) == {"withdrawn-too-late", "withdrawal-during-hand-off"}
    assert {"superseded", "resolved", "drifted", "uncertain", "withdrawn"} <= transitions.NOTICES
