"""The contract of ``Records``, held by the fake and by the adapter alike."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from cutover.adapters.commits import MalformedCommit
from cutover.contracts.ledger import LedgerEntry
from cutover.domain import canonical
from cutover.domain.record import ActivePolicy, Brake, ChainHead, Signal, Status
from cutover.errors import Conflict
from cutover.ports import Commit, Records, Unreadable
from tests.adapters.samples import (
    CUTOVER,
    QUEUE,
    Writer,
    admission,
    advanced,
    digest_of,
    entry,
    lane,
    record,
    signed,
    slot,
)
from tests.fakes.clock import START
from tests.fakes.records import InMemoryRecords


def conflict_of(action: Callable[[], object]) -> frozenset[str]:
    with pytest.raises(Conflict) as caught:
        action()
    return caught.value.parts


def test_nothing_is_there_at_first(records: Records) -> None:
    assert records.admission(digest_of("admission")) is None
    assert records.revision(CUTOVER, 1) is None
    assert records.lane("shop", "eu") is None
    assert records.slot(QUEUE, "w-1") is None
    assert records.payload_owner(digest_of("payload")) is None
    assert records.policy() is None
    assert records.brake() is None
    assert records.chain(CUTOVER) == ChainHead(chain=CUTOVER, sequence=0, entry=None)
    assert list(records.ledger(CUTOVER)) == []
    assert list(records.due(START, limit=10)) == []


def test_a_commit_writes_all_its_parts(records: Records, writer: Writer) -> None:
    commit = writer.commit(
        record=record(),
        admission=admission(),
        lane=lane(),
        claim=slot(),
        payload=digest_of("payload"),
        nonce=digest_of("nonce"),
    )
    assert records.revision(CUTOVER, 1) == record()
    assert records.admission(digest_of("admission")) == admission()
    assert records.lane("shop", "eu") == lane()
    assert records.slot(QUEUE, "w-1") == slot()
    assert records.payload_owner(digest_of("payload")) == (CUTOVER, 1)
    assert list(records.ledger(CUTOVER)) == [commit.entry]
    assert records.chain(CUTOVER) == ChainHead(chain=CUTOVER, sequence=1, entry=canonical.digest_model(commit.entry))


def test_a_failed_commit_writes_nothing(records: Records, writer: Writer) -> None:
    writer.commit(record=record(), claim=slot())
    stale = writer.plan(
        record=record(revision=2),
        admission=admission(),
        lane=lane(),
        claim=slot(revision=2),
        payload=digest_of("payload"),
        nonce=digest_of("nonce"),
    )
    assert conflict_of(lambda: records.commit(stale)) == {"slot"}
    assert records.revision(CUTOVER, 2) is None
    assert records.admission(digest_of("admission")) is None
    assert records.lane("shop", "eu") is None
    assert records.payload_owner(digest_of("payload")) is None
    assert records.chain(CUTOVER).sequence == 1
    writer.commit(nonce=digest_of("nonce"))


def test_every_failed_part_is_named(records: Records, writer: Writer) -> None:
    parts: dict[str, Any] = {"record": record(), "admission": admission(), "lane": lane()}
    once: dict[str, Any] = {"payload": digest_of("payload"), "nonce": digest_of("nonce")}
    first = writer.commit(**parts, **once, claim=slot())
    again = Commit(
        entry=first.entry,
        head_before=first.head_before,
        record=record(revision=1),
        admission=admission(),
        lane=lane(),
        claim=slot(revision=9),
        nonce=digest_of("nonce"),
    )
    assert conflict_of(lambda: records.commit(again)) == {
        "ledger",
        "record",
        "admission",
        "lane",
        "slot",
        "nonce",
    }


@pytest.mark.parametrize(("field", "value"), [("version", 2), ("status", Status.VERIFYING), ("decision_seq", 1)])
def test_a_record_is_conditional_on_its_reading(records: Records, writer: Writer, field: str, value: object) -> None:
    writer.commit(record=record())
    reading = record(**{field: value})
    plan = writer.plan(record=advanced(reading, Status.HELD), record_before=reading)
    assert conflict_of(lambda: records.commit(plan)) == {"record"}
    writer.commit(record=advanced(record(), Status.HELD), record_before=record())
    stored = records.revision(CUTOVER, 1)
    assert stored is not None
    assert (stored.status, stored.version) == (Status.HELD, 2)


def test_a_record_that_exists_is_not_created_again(records: Records, writer: Writer) -> None:
    writer.commit(record=record())
    assert conflict_of(lambda: writer.commit(record=record(requester="other"))) == {"record"}


def test_a_record_that_is_gone_cannot_be_changed(records: Records, writer: Writer) -> None:
    plan = writer.plan(record=advanced(record(), Status.HELD), record_before=record())
    assert conflict_of(lambda: records.commit(plan)) == {"record"}


def test_an_admission_is_conditional_on_its_reading(records: Records, writer: Writer) -> None:
    writer.commit(admission=admission())
    refused = admission(status=Status.REFUSED, version=2, reason="EXPIRED")
    stale = admission(status=Status.REFUSED, version=1)
    plan = writer.plan(admission=refused, admission_before=stale)
    assert conflict_of(lambda: records.commit(plan)) == {"admission"}
    writer.commit(admission=refused, admission_before=admission())
    assert records.admission(refused.digest) == refused


def test_a_lane_is_compared_and_set(records: Records, writer: Writer) -> None:
    writer.commit(lane=lane())
    writer.commit(lane=lane(revision=2, version=2), lane_before=lane())
    late = writer.plan(lane=lane(revision=3, version=2), lane_before=lane())
    assert conflict_of(lambda: records.commit(late)) == {"lane"}
    stored = records.lane("shop", "eu")
    assert stored is not None
    assert stored.revision == 2


def test_current_holds_the_lane_without_writing_it(records: Records, writer: Writer) -> None:
    writer.commit(record=record(), lane=lane())
    held = advanced(record(), Status.HELD)
    elsewhere = lane(revision=2)
    moved = writer.plan(record=held, record_before=record(), current=elsewhere)
    assert conflict_of(lambda: records.commit(moved)) == {"lane"}
    writer.commit(record=held, record_before=record(), current=lane())
    assert records.lane("shop", "eu") == lane()


def test_current_is_checked_where_the_lane_is_written_too(records: Records, writer: Writer) -> None:
    writer.commit(lane=lane())
    plan = writer.plan(lane=lane(version=2, live=False), lane_before=lane(), current=lane(cutover="shop@eu.2"))
    assert conflict_of(lambda: records.commit(plan)) == {"lane"}


def test_current_without_a_lane_fails(records: Records, writer: Writer) -> None:
    assert conflict_of(lambda: writer.commit(current=lane())) == {"lane"}


def test_one_of_two_commits_on_one_head_wins(records: Records, writer: Writer) -> None:
    one, other = writer.plan(record=record()), writer.plan(admission=admission())
    records.commit(one)
    assert conflict_of(lambda: records.commit(other)) == {"ledger"}
    assert [stored.sequence for stored in records.ledger(CUTOVER)] == [1]


def test_the_same_decision_made_twice_counts_once(records: Records, writer: Writer) -> None:
    """Two functions that decide the same in the same second write equal entries: one of them must lose."""
    reading = record()
    writer.commit(record=reading)
    plans = [writer.plan(record=advanced(reading, Status.HELD), record_before=reading) for _ in range(2)]
    assert plans[0].entry == plans[1].entry
    records.commit(plans[0])
    assert conflict_of(lambda: records.commit(plans[1])) == {"ledger", "record"}


def test_chains_do_not_touch_each_other(records: Records, writer: Writer) -> None:
    for _ in range(2):
        writer.commit()
        writer.on("admissions-00").commit()
    assert records.chain(CUTOVER).sequence == 2
    assert records.chain("admissions-00").sequence == 2
    assert {stored.chain for stored in records.ledger("admissions-00")} == {"admissions-00"}


def test_the_ledger_is_read_in_order(records: Records, writer: Writer) -> None:
    for _ in range(12):
        writer.commit()
    entries = list(records.ledger(CUTOVER))
    assert [stored.sequence for stored in entries] == list(range(1, 13))
    for before, after in pairwise(entries):
        assert after.previous == canonical.digest_model(before)


def test_a_slot_is_claimed_once_but_by_its_owner_again(records: Records, writer: Writer) -> None:
    writer.commit(claim=slot())
    writer.commit(claim=slot())
    assert conflict_of(lambda: writer.commit(claim=slot(cutover="web@eu.1"))) == {"slot"}
    assert records.slot(QUEUE, "w-1") == slot()
    writer.commit(claim=slot(cutover="web@eu.1", window="w-2"))


def test_a_slot_is_released_only_by_its_owner(records: Records, writer: Writer) -> None:
    writer.commit(claim=slot())
    assert conflict_of(lambda: writer.commit(release=slot(revision=2))) == {"slot"}
    assert records.slot(QUEUE, "w-1") == slot()
    writer.commit(release=slot())
    assert records.slot(QUEUE, "w-1") is None
    writer.commit(release=slot())


def test_a_payload_belongs_to_the_revision_that_claimed_it(records: Records, writer: Writer) -> None:
    payload = digest_of("payload")
    writer.commit(record=record(), payload=payload)
    writer.commit(record=advanced(record(), Status.HELD), record_before=record(), payload=payload)
    assert conflict_of(lambda: writer.commit(record=record(revision=2), payload=payload)) == {"payload"}
    assert records.payload_owner(payload) == (CUTOVER, 1)


def test_a_nonce_is_spent_once(records: Records, writer: Writer) -> None:
    writer.commit(nonce=digest_of("nonce"))
    assert conflict_of(lambda: writer.commit(nonce=digest_of("nonce"))) == {"nonce"}
    writer.commit(nonce=digest_of("another"))


def test_many_at_once_have_one_winner() -> None:
    """Only the fake: moto copies its tables while others write them. DynamoDB's own races need a real engine."""
    records = InMemoryRecords()
    writer = Writer(records)
    plans = [writer.plan(record=record(), claim=slot()) for _ in range(8)]

    def attempt(plan: Commit) -> bool:
        try:
            records.commit(plan)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, plans)) == 1
    assert records.chain(CUTOVER).sequence == 1


MALFORMED: list[dict[str, Any]] = [
    {"record": record(version=2)},
    {"record": record(version=3), "record_before": record()},
    {"record": record(version=1), "record_before": record()},
    {"record_before": record()},
    {"record": record(version=2, revision=2), "record_before": record()},
    {"admission": admission(version=5)},
    {"admission": admission(version=2, digest=digest_of("other")), "admission_before": admission()},
    {"lane": lane(version=1), "lane_before": lane()},
    {"lane": lane(version=2, target="us"), "lane_before": lane()},
    {"claim": slot(), "release": slot()},
    {"payload": digest_of("payload")},
]


@pytest.mark.parametrize("parts", MALFORMED, ids="-".join)
def test_a_commit_that_contradicts_itself_is_a_bug(records: Records, writer: Writer, parts: dict[str, Any]) -> None:
    with pytest.raises(MalformedCommit):
        writer.commit(**parts)
    assert records.chain(CUTOVER).sequence == 0


@pytest.mark.parametrize("wrong", [{"sequence": 2}, {"previous": digest_of("x")}, {"chain": "admissions-00"}], ids=str)
def test_an_entry_continues_its_head(records: Records, wrong: dict[str, Any]) -> None:
    head = ChainHead(chain=CUTOVER)
    with pytest.raises(MalformedCommit):
        records.commit(Commit(entry=entry(head, **wrong), head_before=head))


def test_a_signal_is_cleared_for_exactly_its_reading(records: Records, writer: Writer) -> None:
    first = record(signal=Signal.START)
    writer.commit(record=first)
    second = advanced(first, Status.HELD, signal=Signal.WAKE)
    writer.commit(record=second, record_before=first)
    records.clear_signal(first)
    assert records.revision(CUTOVER, 1) == second
    records.clear_signal(second)
    assert records.revision(CUTOVER, 1) == second.model_copy(update={"signal": None})
    records.clear_signal(second)
    records.clear_signal(record(revision=7, signal=Signal.WAKE))
    assert records.revision(CUTOVER, 7) is None


def test_clearing_a_signal_does_not_outdate_a_reading(records: Records, writer: Writer) -> None:
    reading = record(signal=Signal.START)
    writer.commit(record=reading)
    records.clear_signal(reading)
    writer.commit(record=advanced(reading, Status.HELD, signal=None), record_before=reading)


def test_an_admission_has_signals_too(records: Records, writer: Writer) -> None:
    reading = admission(signal=Signal.START, due_at=START)
    writer.commit(admission=reading)
    records.clear_signal(reading)
    assert records.admission(reading.digest) == reading.model_copy(update={"signal": None})


def test_a_nudge_changes_signal_and_next_look_only(records: Records, writer: Writer) -> None:
    reading = record(due_at=START)
    writer.commit(record=reading)
    later = START + timedelta(minutes=5)
    records.nudge(reading, signal=Signal.WAKE, due_at=later)
    nudged = reading.model_copy(update={"signal": Signal.WAKE, "due_at": later})
    assert records.revision(CUTOVER, 1) == nudged
    assert list(records.due(START, limit=9)) == []
    assert list(records.due(later, limit=9)) == [nudged]
    records.nudge(reading, signal=None, due_at=None)
    assert records.revision(CUTOVER, 1) == nudged
    records.nudge(nudged, signal=None, due_at=None)
    assert records.revision(CUTOVER, 1) == reading.model_copy(update={"due_at": None})
    assert list(records.due(later, limit=9)) == []


def test_a_nudge_does_nothing_to_a_record_that_went_on(records: Records, writer: Writer) -> None:
    reading = record(due_at=START)
    writer.commit(record=reading)
    held = advanced(reading, Status.HELD)
    writer.commit(record=held, record_before=reading)
    records.nudge(reading, signal=Signal.WAKE, due_at=None)
    assert records.revision(CUTOVER, 1) == held
    records.nudge(record(revision=7), signal=Signal.WAKE, due_at=START)
    assert records.revision(CUTOVER, 7) is None


def test_due_is_oldest_first_and_no_more_than_asked(records: Records, writer: Writer) -> None:
    minutes = (5, 1, 4, 2, 3)
    for revision, minute in enumerate(minutes, start=1):
        writer.commit(record=record(revision=revision, due_at=START + timedelta(minutes=minute)))
    writer.commit(admission=admission(due_at=START))
    writer.commit(admission=admission(digest=digest_of("undated")))
    at = START + timedelta(minutes=4)
    assert [None if isinstance(found, Unreadable) else found.due_at for found in records.due(at, limit=10)] == [
        START + timedelta(minutes=minute) for minute in range(5)
    ]
    assert list(records.due(at, limit=2)) == [
        admission(due_at=START),
        record(revision=2, due_at=START + timedelta(minutes=1)),
    ]


def test_what_has_ended_is_not_due_once_its_end_was_told(records: Records, writer: Writer) -> None:
    told = record(status=Status.DECLINED, due_at=START)
    untold = record(revision=2, status=Status.DECLINED, due_at=START, signal=Signal.WAKE)
    decided = admission(status=Status.REFUSED, due_at=START)
    for ended in (told, untold):
        writer.commit(record=ended)
    writer.commit(admission=decided)
    assert list(records.due(START, limit=10)) == [untold]
    records.clear_signal(untold)
    assert list(records.due(START, limit=10)) == []


def test_a_late_activation_does_not_roll_the_policy_back(records: Records) -> None:
    first = ActivePolicy(rules=signed("rules"), facts=signed("facts"), version=1)
    third = ActivePolicy(rules=signed("rules"), facts=signed("facts 3"), version=3)
    for policy in (first, first, third):
        records.activate_policy(policy)
    assert conflict_of(lambda: records.activate_policy(first)) == {"policy"}
    assert records.policy() == third


def test_the_brake_is_set_and_released(records: Records) -> None:
    for engaged in (True, False):
        records.set_brake(Brake(engaged=engaged))
        assert records.brake() == Brake(engaged=engaged)


def test_an_entry_comes_back_as_it_was_written(records: Records, writer: Writer) -> None:
    head = records.chain(CUTOVER)
    full = entry(
        head,
        transition=12,
        revision=3,
        from_="held",
        to="bound",
        rules=digest_of("rules"),
        facts=digest_of("facts"),
        inputs={"bundle": digest_of("bundle"), "evidence/0": digest_of("0")},
        detail="é \u2028 😀",
    )
    records.commit(Commit(entry=full, head_before=head))
    found: list[LedgerEntry] = list(records.ledger(CUTOVER))
    assert [canonical.digest_model(stored) for stored in found] == [records.chain(CUTOVER).entry]
    assert found == [full]
