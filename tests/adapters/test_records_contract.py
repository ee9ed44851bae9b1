"""The contract of ``Records``, held by the fake and by the adapter alike."""

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from cutover.adapters.commits import MalformedCommit
from cutover.contracts.ledger import LedgerEntry
from cutover.domain import canonical
from cutover.domain.ledger import head_of
from cutover.domain.record import ActivePolicy, Brake, ChainHead, Enrolled, PasskeyUse, Signal, Status
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
    following,
    lane,
    record,
    signed,
    slot,
)
from tests.fakes.clock import START
from tests.fakes.records import InMemoryRecords

REHEARSAL = "shop@eu.rehearsal.1"


def active(version: int) -> ActivePolicy:
    return ActivePolicy(rules=signed(f"rules {version}"), facts=signed("facts"), version=version)


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
        opened=record(),
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
    assert list(records.ledger(CUTOVER)) == list(commit.entries)
    assert records.chain(CUTOVER) == ChainHead(
        chain=CUTOVER, sequence=1, entry=canonical.digest_model(commit.entries[0])
    )


def test_a_failed_commit_writes_nothing(records: Records, writer: Writer) -> None:
    writer.commit(opened=record(), claim=slot())
    stale = writer.plan(
        opened=record(revision=2),
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
    parts: dict[str, Any] = {"opened": record(), "admission": admission(), "lane": lane()}
    once: dict[str, Any] = {"payload": digest_of("payload"), "nonce": digest_of("nonce")}
    first = writer.commit(**parts, **once, claim=slot(), brake=Brake(engaged=True), policy=active(1))
    reading = record(revision=2)
    again = Commit(
        entries=first.entries,
        head_before=first.head_before,
        **parts,
        **once,
        record=advanced(reading, Status.HELD),
        record_before=reading,
        claim=slot(revision=9),
        brake=Brake(engaged=True),
        policy=active(1),
    )
    assert conflict_of(lambda: records.commit(again)) == {
        "ledger",
        "opened",
        "record",
        "admission",
        "lane",
        "slot",
        "nonce",
        "brake",
        "policy",
    }


@pytest.mark.parametrize(("field", "value"), [("version", 2), ("status", Status.VERIFYING), ("decision_seq", 1)])
def test_a_record_is_conditional_on_its_reading(records: Records, writer: Writer, field: str, value: object) -> None:
    writer.commit(opened=record())
    reading = record(**{field: value})
    plan = writer.plan(record=advanced(reading, Status.HELD), record_before=reading)
    assert conflict_of(lambda: records.commit(plan)) == {"record"}
    writer.commit(record=advanced(record(), Status.HELD), record_before=record())
    stored = records.revision(CUTOVER, 1)
    assert stored is not None
    assert (stored.status, stored.version) == (Status.HELD, 2)


def used(sign_count: int, version: int = 1) -> PasskeyUse:
    return PasskeyUse(credential=digest_of("credential"), sign_count=sign_count, version=version, used_at=START)


def test_a_passkeys_counter_is_conditional_on_its_reading(records: Records, writer: Writer) -> None:
    assert records.passkey_use(digest_of("credential")) is None
    writer.commit(passkey=used(0))
    assert conflict_of(lambda: writer.commit(passkey=used(1))) == {"passkey"}
    for reading in (used(1), used(0, 2)):
        after = reading.model_copy(update={"version": reading.version + 1, "sign_count": 9})
        plan = writer.plan(passkey=after, passkey_before=reading)
        assert conflict_of(functools.partial(records.commit, plan)) == {"passkey"}
    writer.commit(passkey=used(3, 2), passkey_before=used(0))
    assert records.passkey_use(digest_of("credential")) == used(3, 2)
    assert records.passkey_use(digest_of("another")) is None


def test_a_passkeys_counter_is_not_swapped_for_anothers(writer: Writer) -> None:
    other = used(0).model_copy(update={"credential": digest_of("another")})
    with pytest.raises(MalformedCommit, match="passkey"):
        writer.commit(passkey=used(1, 2), passkey_before=other)


def test_an_invitation_registers_once(records: Records, writer: Writer) -> None:
    def enrolled(person: str, invitation: str, enrolment: str = "enrolment") -> Enrolled:
        return Enrolled(
            person=person, invitation=digest_of(invitation), enrolment=digest_of(enrolment), registered_at=START
        )

    assert list(records.enrolments("erin")) == []
    first, second = enrolled("erin", "one"), enrolled("erin", "two")
    writer.commit(enrolled=first)
    assert conflict_of(lambda: writer.commit(enrolled=enrolled("erin", "one", "another"))) == {"enrolled"}
    writer.commit(enrolled=second)
    writer.commit(enrolled=enrolled("omar", "three"))
    assert sorted(records.enrolments("erin"), key=lambda each: each.invitation != first.invitation) == [first, second]


def test_whether_a_nonce_is_spent_can_be_read(records: Records, writer: Writer) -> None:
    assert not records.spent(digest_of("nonce"))
    writer.commit(nonce=digest_of("nonce"))
    assert records.spent(digest_of("nonce"))
    assert not records.spent(digest_of("another"))


def test_a_record_that_exists_is_not_created_again(records: Records, writer: Writer) -> None:
    writer.commit(opened=record())
    assert conflict_of(lambda: writer.commit(opened=record(requester="other"))) == {"opened"}
    assert records.revision(CUTOVER, 1) == record()


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


def test_rehearsals_have_a_lane_beside_it(records: Records, writer: Writer) -> None:
    writer.commit(lane=lane())
    rehearsals = lane(cutover=REHEARSAL, sequence=7)
    writer.commit(opened=record(cutover=REHEARSAL), lane=rehearsals)
    assert records.lane("shop", "eu") == lane()
    assert records.lane("shop", "eu", rehearsal=True) == rehearsals
    moved = lane(cutover=REHEARSAL, revision=2, version=2)
    writer.commit(lane=moved, lane_before=rehearsals)
    assert (records.lane("shop", "eu"), records.lane("shop", "eu", rehearsal=True)) == (lane(), moved)
    assert conflict_of(lambda: writer.commit(current=rehearsals)) == {"lane"}
    writer.commit(current=lane())


def test_current_holds_the_lane_without_writing_it(records: Records, writer: Writer) -> None:
    writer.commit(opened=record(), lane=lane())
    held = advanced(record(), Status.HELD)
    elsewhere = lane(revision=2)
    moved = writer.plan(record=held, record_before=record(), current=elsewhere)
    assert conflict_of(lambda: records.commit(moved)) == {"lane"}
    writer.commit(record=held, record_before=record(), current=lane())
    assert records.lane("shop", "eu") == lane()


def test_current_is_checked_where_the_lane_is_written_too(records: Records, writer: Writer) -> None:
    writer.commit(lane=lane())
    plan = writer.plan(
        lane=lane(version=2, ended=Status.DECLINED), lane_before=lane(), current=lane(cutover="shop@eu.2")
    )
    assert conflict_of(lambda: records.commit(plan)) == {"lane"}


def test_current_without_a_lane_fails(records: Records, writer: Writer) -> None:
    assert conflict_of(lambda: writer.commit(current=lane())) == {"lane"}


def test_one_of_two_commits_on_one_head_wins(records: Records, writer: Writer) -> None:
    one, other = writer.plan(opened=record()), writer.plan(admission=admission())
    records.commit(one)
    assert conflict_of(lambda: records.commit(other)) == {"ledger"}
    assert [stored.sequence for stored in records.ledger(CUTOVER)] == [1]


def test_the_same_decision_made_twice_counts_once(records: Records, writer: Writer) -> None:
    """Two functions that decide the same in the same second write equal entries: one of them must lose."""
    reading = record()
    writer.commit(opened=reading)
    plans = [writer.plan(record=advanced(reading, Status.HELD), record_before=reading) for _ in range(2)]
    assert plans[0].entries == plans[1].entries
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


def told_on(records: Records, at: datetime) -> list[LedgerEntry]:
    """All of it can be read."""
    told: list[LedgerEntry] = []
    for each in records.written_on(at.date()):
        assert isinstance(each, LedgerEntry)
        told.append(each)
    return told


def test_all_chains_are_read_by_day(records: Records, writer: Writer) -> None:
    at = START.replace(hour=23, minute=59, second=59)
    for chain in (CUTOVER, "admissions.1"):
        for instant in (at, at + timedelta(seconds=1)):
            head = records.chain(chain)
            records.commit(Commit(head_before=head, entries=(entry(head, at=instant),)))
    first, second = (told_on(records, at + timedelta(days=days)) for days in (0, 1))
    assert [stored.at for stored in (*first, *second)] == [at, at, *(at + timedelta(seconds=1),) * 2]
    assert {stored.chain for stored in first} == {stored.chain for stored in second} == {CUTOVER, "admissions.1"}
    assert list(records.written_on(at.date() - timedelta(days=1))) == []


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
    writer.commit(opened=record(), payload=payload)
    assert conflict_of(lambda: writer.commit(opened=record(revision=2), payload=payload)) == {"payload"}
    assert records.payload_owner(payload) == (CUTOVER, 1)


def test_a_nonce_is_spent_once(records: Records, writer: Writer) -> None:
    writer.commit(nonce=digest_of("nonce"))
    assert conflict_of(lambda: writer.commit(nonce=digest_of("nonce"))) == {"nonce"}
    writer.commit(nonce=digest_of("another"))


def test_many_at_once_have_one_winner() -> None:
    """Only the fake: moto copies its tables while others write them. DynamoDB's own races need a real engine."""
    records = InMemoryRecords()
    writer = Writer(records)
    plans = [writer.plan(opened=record(), claim=slot()) for _ in range(8)]

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
    {"record": record()},
    {"opened": record(version=2)},
    {"opened": record(), "record": record(version=2), "record_before": record()},
    {"policy": active(2)},
    {"policy": active(3), "policy_before": active(1)},
    {"policy_before": active(1)},
    {"brake": Brake(engaged=True, version=2)},
    {"brake": Brake(engaged=True), "brake_before": Brake(engaged=False)},
    {"brake_before": Brake(engaged=False)},
    {"record": record(version=3), "record_before": record()},
    {"record": record(version=1), "record_before": record()},
    {"record_before": record()},
    {"record": record(version=2, revision=2), "record_before": record()},
    {"admission": admission(version=5)},
    {"admission": admission(version=2, digest=digest_of("other")), "admission_before": admission()},
    {"lane": lane(version=1), "lane_before": lane()},
    {"lane": lane(version=2, target="us"), "lane_before": lane()},
    {"lane": lane(version=2, cutover=REHEARSAL), "lane_before": lane()},
    {"opened": record(cutover=REHEARSAL), "lane": lane()},
    {"opened": record(), "lane": lane(cutover=REHEARSAL)},
    {"record": record(version=2), "record_before": record(), "opened": record(cutover=REHEARSAL)},
    {"record": record(version=2), "record_before": record(), "current": lane(cutover=REHEARSAL)},
    {"claim": slot(cutover=REHEARSAL)},
    {"claim": slot(), "release": slot()},
    {"payload": digest_of("payload")},
    {"payload": digest_of("payload"), "record": record(version=2), "record_before": record()},
    {"entries": 0},
    {"entries": 3},
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
        records.commit(Commit(entries=(entry(head, **wrong),), head_before=head))


def test_the_second_entry_continues_the_first(records: Records) -> None:
    head = ChainHead(chain=CUTOVER)
    first, second = following(head, 2)
    for wrong in ((second, first), (first, first), (first, entry(head)), (first, entry(head_of(second)))):
        with pytest.raises(MalformedCommit):
            records.commit(Commit(entries=wrong, head_before=head))
    records.commit(Commit(entries=(first, second), head_before=head))
    assert list(records.ledger(CUTOVER)) == [first, second]
    assert records.chain(CUTOVER) == head_of(second)


def test_one_of_two_commits_of_two_entries_wins(records: Records, writer: Writer) -> None:
    one, other = writer.plan(entries=2), writer.plan(entries=1, nonce=digest_of("nonce"))
    records.commit(one)
    assert conflict_of(lambda: records.commit(other)) == {"ledger"}
    assert list(records.ledger(CUTOVER)) == list(one.entries)


def bound_and_announced(writer: Writer) -> tuple[dict[str, Any], dict[str, Any]]:
    """A revision with its slot and lane, another candidate announced; what is there, and what supersedes it."""
    before: dict[str, Any] = {
        "record": advanced(record(), Status.BOUND), "admission": admission(digest=digest_of("another")),
        "lane": lane(), "slot": slot(),
    }  # fmt: skip
    writer.commit(opened=record(), lane=lane(), claim=slot(), payload=digest_of("first payload"))
    writer.commit(record=before["record"], record_before=record(), admission=before["admission"])
    step = {
        "entries": 2,
        "record": advanced(before["record"], Status.SUPERSEDED), "record_before": before["record"],
        "opened": record(revision=2),
        "lane": lane(revision=2, version=2), "lane_before": lane(), "current": lane(),
        "admission": admission(digest=digest_of("another"), status=Status.COLLECTING, version=2),
        "admission_before": before["admission"],
        "release": slot(), "payload": digest_of("second payload"),
    }  # fmt: skip
    return before, step


def seen(records: Records) -> dict[str, Any]:
    """What a supersession touches, as it stands."""
    return {
        "record": records.revision(CUTOVER, 1), "admission": records.admission(digest_of("another")),
        "lane": records.lane("shop", "eu"), "slot": records.slot(QUEUE, "w-1"),
    }  # fmt: skip


def test_one_revision_ends_and_the_next_is_opened_at_once(records: Records, writer: Writer) -> None:
    _, step = bound_and_announced(writer)
    commit = writer.commit(**step)
    assert seen(records) == {
        "record": step["record"], "admission": step["admission"], "lane": step["lane"], "slot": None
    }  # fmt: skip
    assert records.revision(CUTOVER, 2) == step["opened"]
    assert records.payload_owner(digest_of("second payload")) == (CUTOVER, 2)
    assert list(records.ledger(CUTOVER))[-2:] == list(commit.entries)


def another_revision(_: dict[str, Any]) -> dict[str, Any]:
    return {"opened": record(revision=2, requester="somebody else")}


def another_status(there: dict[str, Any]) -> dict[str, Any]:
    return {"record": advanced(there["record"], Status.AWAITING_APPROVAL), "record_before": there["record"]}


def another_lane(there: dict[str, Any]) -> dict[str, Any]:
    return {"lane": lane(version=2, sequence=2), "lane_before": there["lane"]}


def another_refusal(there: dict[str, Any]) -> dict[str, Any]:
    refused = admission(digest=digest_of("another"), status=Status.REFUSED, version=2)
    return {"admission": refused, "admission_before": there["admission"]}


def another_payload(_: dict[str, Any]) -> dict[str, Any]:
    return {"opened": record(cutover="web@eu.1"), "payload": digest_of("second payload")}


RIVALS: list[tuple[Callable[[dict[str, Any]], dict[str, Any]], str]] = [
    (another_revision, "opened"),
    (another_status, "record"),
    (another_lane, "lane"),
    (another_refusal, "admission"),
    (another_payload, "payload"),
]


@pytest.mark.parametrize(("rival", "part"), RIVALS, ids=[part for _, part in RIVALS])
def test_a_supersession_that_lost_a_race_does_nothing(
    records: Records, writer: Writer, rival: Callable[[dict[str, Any]], dict[str, Any]], part: str
) -> None:
    there, step = bound_and_announced(writer)
    writer.commit(**rival(there))
    before = seen(records)
    assert conflict_of(lambda: writer.commit(**step)) == {part}
    assert seen(records) == before
    assert records.payload_owner(digest_of("second payload")) in {None, ("web@eu.1", 1)}
    opened = records.revision(CUTOVER, 2)
    assert opened is None or opened.requester == "somebody else"


def test_a_slot_that_another_took_over_is_not_released_by_a_supersession(records: Records, writer: Writer) -> None:
    _, step = bound_and_announced(writer)
    writer.commit(release=slot())
    writer.on("web@eu.1").commit(claim=slot(cutover="web@eu.1"))
    assert conflict_of(lambda: writer.commit(**step)) == {"slot"}
    assert records.slot(QUEUE, "w-1") == slot(cutover="web@eu.1")
    assert records.revision(CUTOVER, 2) is None


def test_the_brake_is_part_of_a_commit(records: Records, writer: Writer) -> None:
    on, off = Brake(engaged=True, order=digest_of("order"), since=START), Brake(engaged=False, version=2)
    writer.commit(brake=on)
    assert records.brake() == on
    assert conflict_of(lambda: writer.commit(brake=on)) == {"brake"}
    writer.commit(brake=off, brake_before=on)
    assert conflict_of(lambda: writer.commit(brake=off, brake_before=on)) == {"brake"}
    other = on.model_copy(update={"engaged": False, "version": 2})
    stale = writer.plan(brake=Brake(engaged=True, version=3), brake_before=other.model_copy(update={"engaged": True}))
    assert conflict_of(lambda: records.commit(stale)) == {"brake"}
    assert records.brake() == off
    assert records.chain(CUTOVER).sequence == 2


def test_the_active_policy_is_part_of_a_commit(records: Records, writer: Writer) -> None:
    writer.commit(policy=active(1))
    assert records.policy() == active(1)
    assert conflict_of(lambda: writer.commit(policy=active(1))) == {"policy"}
    writer.commit(policy=active(2), policy_before=active(1))
    late = writer.plan(policy=active(2).model_copy(update={"rules": signed("late")}), policy_before=active(1))
    assert conflict_of(lambda: records.commit(late)) == {"policy"}
    assert records.policy() == active(2)
    assert records.chain(CUTOVER).sequence == 2, "a lost race leaves no entry"


def test_a_policy_that_was_set_without_an_entry_is_a_reading_too(records: Records, writer: Writer) -> None:
    records.activate_policy(active(1))
    assert conflict_of(lambda: writer.commit(policy=active(1))) == {"policy"}
    writer.commit(policy=active(2), policy_before=active(1))
    assert records.policy() == active(2)


def test_a_brake_that_was_set_without_an_order_is_a_reading_too(records: Records, writer: Writer) -> None:
    records.set_brake(Brake(engaged=False))
    assert conflict_of(lambda: writer.commit(brake=Brake(engaged=True))) == {"brake"}
    writer.commit(brake=Brake(engaged=True, version=2), brake_before=Brake(engaged=False))
    assert records.brake() == Brake(engaged=True, version=2)


def test_a_signal_is_cleared_for_exactly_its_reading(records: Records, writer: Writer) -> None:
    first = record(signal=Signal.START)
    writer.commit(opened=first)
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
    writer.commit(opened=reading)
    records.clear_signal(reading)
    writer.commit(record=advanced(reading, Status.HELD, signal=None), record_before=reading)


def test_an_admission_has_signals_too(records: Records, writer: Writer) -> None:
    reading = admission(signal=Signal.START, due_at=START)
    writer.commit(admission=reading)
    records.clear_signal(reading)
    assert records.admission(reading.digest) == reading.model_copy(update={"signal": None})


def test_a_nudge_changes_signal_and_next_look_only(records: Records, writer: Writer) -> None:
    reading = record(due_at=START)
    writer.commit(opened=reading)
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
    writer.commit(opened=reading)
    held = advanced(reading, Status.HELD)
    writer.commit(record=held, record_before=reading)
    records.nudge(reading, signal=Signal.WAKE, due_at=None)
    assert records.revision(CUTOVER, 1) == held
    records.nudge(record(revision=7), signal=Signal.WAKE, due_at=START)
    assert records.revision(CUTOVER, 7) is None


def test_due_is_oldest_first_and_no_more_than_asked(records: Records, writer: Writer) -> None:
    minutes = (5, 1, 4, 2, 3)
    for revision, minute in enumerate(minutes, start=1):
        writer.commit(opened=record(revision=revision, due_at=START + timedelta(minutes=minute)))
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
        writer.commit(opened=ended)
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
    records.commit(Commit(entries=(full,), head_before=head))
    found: list[LedgerEntry] = list(records.ledger(CUTOVER))
    assert [canonical.digest_model(stored) for stored in found] == [records.chain(CUTOVER).entry]
    assert found == [full]
