"""When the clock must look at something again: for every status, and how patience grows."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from cutover.domain import schedule
from cutover.domain.record import FINAL, SETTLED, RevisionRecord, Signal, Status
from cutover.domain.schedule import LOST_AFTER, MOST_PATIENCE, PATIENCE, REPAIR_AFTER, UNSETTLED
from tests.adapters.samples import admission, record
from tests.fakes.clock import START

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
EXPIRES = START + timedelta(days=1)
OPENS = START + timedelta(hours=6)
BUSY = (Status.COLLECTING, Status.VERIFYING, Status.BOUND, Status.APPROVED)
PEOPLE = (Status.HELD, Status.AWAITING_APPROVAL, Status.DEFERRED)
ENDS = sorted(FINAL)


def at(status: Status, **fields: Any) -> RevisionRecord:
    return record(**{"status": status, "expires_at": EXPIRES} | fields)


@pytest.mark.parametrize(
    ("execution", "minutes"), [(1, 15), (2, 30), (3, 60), (4, 120), (5, 240), (6, 240), (50, 240), (10**6, 240)]
)
def test_patience_doubles_with_each_execution_that_came_to_nothing(execution: int, minutes: int) -> None:
    assert schedule.patience(at(Status.COLLECTING, execution=execution)) == minutes * MINUTE


@pytest.mark.parametrize(("execution", "minutes"), [(1, 1.5), (2, 3), (3, 6), (8, 192), (9, 240), (10**6, 240)])
def test_a_lost_execution_is_replaced_later_each_time(execution: int, minutes: float) -> None:
    assert schedule.adoptable_at(at(Status.HELD, execution=execution)) == START + minutes * MINUTE


def test_patience_counts_from_the_last_move() -> None:
    moved = START + timedelta(hours=3)
    assert schedule.adoptable_at(at(Status.HELD, moved_at=moved)) == moved + LOST_AFTER
    assert schedule.stalled_at(at(Status.BOUND, moved_at=moved)) == moved + PATIENCE


@pytest.mark.parametrize("status", BUSY)
def test_what_passes_by_itself_is_stalled_when_it_does_not(status: Status) -> None:
    assert schedule.stalled_at(at(status)) == START + PATIENCE
    assert schedule.stalled_at(at(status, execution=3)) == START + 4 * PATIENCE


@pytest.mark.parametrize("status", PEOPLE)
def test_what_waits_for_people_is_never_stalled(status: Status) -> None:
    assert schedule.stalled_at(at(status, wake_at=OPENS, lease_until=OPENS)) is None


@pytest.mark.parametrize("status", PEOPLE)
@pytest.mark.parametrize("why", [{"signal": Signal.WAKE}, {"signal": Signal.START}, {"ask": True}], ids=str)
def test_unless_somebody_had_to_be_woken_for_it(status: Status, why: dict[str, Any]) -> None:
    assert schedule.stalled_at(at(status, **why)) == START + PATIENCE


def test_the_wait_for_the_window_is_stalled_after_it_opened() -> None:
    waits = at(Status.AWAITING_WINDOW, wake_at=OPENS)
    assert schedule.stalled_at(waits) == OPENS + PATIENCE
    late = at(Status.AWAITING_WINDOW, wake_at=START - MINUTE)
    assert schedule.stalled_at(late) == START + PATIENCE, "it has not been there longer than since it moved"
    assert schedule.stalled_at(at(Status.AWAITING_WINDOW)) is None


def test_a_hand_off_is_stalled_after_its_lease() -> None:
    lease = START + 5 * MINUTE
    assert schedule.stalled_at(at(Status.HANDING_OFF, lease_until=lease)) == lease + PATIENCE
    assert schedule.stalled_at(at(Status.HANDING_OFF, lease_until=START - MINUTE)) == START + PATIENCE


@pytest.mark.parametrize("status", ENDS)
def test_what_has_ended_is_not_stalled_whatever_it_still_says(status: Status) -> None:
    assert schedule.stalled_at(at(status, signal=Signal.WAKE, ask=True, lease_until=START, wake_at=START)) is None


@pytest.mark.parametrize("status", sorted(SETTLED))
def test_an_end_is_due_only_until_it_was_told(status: Status) -> None:
    assert schedule.due_at(at(status), START) is None
    assert schedule.due_at(at(status, signal=Signal.WAKE), START) == START + REPAIR_AFTER


def test_an_uncertain_hand_off_stays_among_what_is_open_until_a_receipt_settles_it() -> None:
    assert schedule.due_at(at(Status.UNCERTAIN), START) == START + UNSETTLED
    assert schedule.stalled_at(at(Status.UNCERTAIN)) is None


@pytest.mark.parametrize("status", [status for status in Status if status not in FINAL | {Status.ADMITTING}])
@pytest.mark.parametrize("signal", [Signal.START, Signal.WAKE])
def test_a_signal_is_repeated_after_a_minute(status: Status, signal: Signal) -> None:
    now = START + timedelta(hours=2)
    assert schedule.due_at(at(status, signal=signal, lease_until=OPENS), now) == now + REPAIR_AFTER


@pytest.mark.parametrize("status", [Status.HELD, Status.AWAITING_WINDOW, Status.HANDING_OFF])
def test_what_is_to_be_adopted_is_due_when_it_may_be(status: Status) -> None:
    orphan = at(status, signal=Signal.ADOPT, execution=3)
    assert schedule.due_at(orphan, START) == START + 6 * MINUTE
    assert schedule.due_at(orphan, START + timedelta(hours=1)) == START + timedelta(hours=1)


def test_an_end_is_not_adopted() -> None:
    assert schedule.due_at(at(Status.WITHDRAWN, signal=Signal.ADOPT), START) == START + REPAIR_AFTER


DUE: list[tuple[Status, dict[str, Any], datetime]] = [
    (Status.COLLECTING, {}, START + PATIENCE),
    (Status.VERIFYING, {}, START + PATIENCE),
    (Status.BOUND, {}, START + PATIENCE),
    (Status.APPROVED, {}, START + PATIENCE),
    (Status.COLLECTING, {"expires_at": START + MINUTE}, START + MINUTE),
    (Status.HELD, {}, EXPIRES),
    (Status.HELD, {"probe_every": 900}, START + 15 * MINUTE),
    (Status.AWAITING_APPROVAL, {}, EXPIRES),
    (Status.AWAITING_APPROVAL, {"probe_every": 900}, START + 15 * MINUTE),
    (Status.AWAITING_APPROVAL, {"probe_every": 900, "probe_by": START + MINUTE}, START + MINUTE),
    (Status.AWAITING_APPROVAL, {"probe_every": 900, "probe_by": START - MINUTE}, START + 15 * MINUTE),
    (Status.AWAITING_APPROVAL, {"probe_by": START}, EXPIRES),
    (Status.AWAITING_APPROVAL, {"ask": True}, START + PATIENCE),
    (Status.DEFERRED, {"deferred_until": OPENS}, OPENS),
    (Status.DEFERRED, {"deferred_until": EXPIRES + MINUTE}, EXPIRES),
    (Status.DEFERRED, {"deferred_until": OPENS, "probe_every": 900}, START + 15 * MINUTE),
    (Status.AWAITING_APPROVAL, {"deferred_until": START + MINUTE}, EXPIRES),
    (Status.AWAITING_WINDOW, {"wake_at": OPENS}, OPENS),
    (Status.AWAITING_WINDOW, {"wake_at": OPENS, "probe_every": 900}, START + 15 * MINUTE),
    (Status.AWAITING_WINDOW, {"wake_at": START - timedelta(days=1)}, START + REPAIR_AFTER),
    (Status.AWAITING_WINDOW, {"wake_at": EXPIRES + MINUTE}, EXPIRES),
    (Status.HANDING_OFF, {"lease_until": START + MINUTE}, START + MINUTE),
    (Status.HANDING_OFF, {"lease_until": EXPIRES + MINUTE}, EXPIRES + MINUTE),
    (Status.HANDING_OFF, {"lease_until": START + MINUTE, "probe_every": 60}, START + MINUTE),
    (Status.COLLECTING, {"probe_every": 60, "probe_by": START + MINUTE}, START + PATIENCE),
]


@pytest.mark.parametrize(("status", "fields", "due"), DUE, ids=str)
def test_when_a_revision_is_due(status: Status, fields: dict[str, Any], due: datetime) -> None:
    assert schedule.due_at(at(status, **fields), START) == due


def test_whatever_is_under_way_is_due_some_time() -> None:
    """Nothing is forgotten: there is no status short of an end that the clock never looks at."""
    for status in set(Status) - FINAL - {Status.ADMITTING}:
        due = schedule.due_at(at(status), START)
        assert due is not None
        assert due <= EXPIRES + MOST_PATIENCE


def test_an_admission_is_due_until_it_was_started() -> None:
    assert schedule.admission_due_at(admission(signal=Signal.START), START) == START + REPAIR_AFTER
    assert schedule.admission_due_at(admission(), START + SECOND) is None
