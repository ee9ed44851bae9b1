"""What ports answer when asked for more than one thing: part of a chain, who waits, which heads and hand-offs stand."""

from datetime import timedelta

import pytest

from cutover.domain.record import STOPPED_BY_BRAKE, Status
from cutover.domain.transitions import ASKED
from cutover.ports import HEADS_LOOKED_AT, Records
from tests.adapters.conftest import OpenStore
from tests.adapters.samples import CUTOVER, Writer, admission, digest_of, record
from tests.fakes.clock import START


def test_a_chain_is_read_from_any_entry_on(records: Records, writer: Writer) -> None:
    for _ in range(12):
        writer.commit()
    writer.on("shop@eu.11").commit()
    assert [entry.sequence for entry in records.ledger(CUTOVER, after=9)] == [10, 11, 12]
    assert [entry.sequence for entry in records.ledger(CUTOVER)] == list(range(1, 13))
    assert list(records.ledger(CUTOVER, after=12)) == []


@pytest.mark.parametrize("statuses", [STOPPED_BY_BRAKE, ASKED, frozenset({Status.HELD})], ids=len)
def test_only_what_is_asked_for_is_waiting(records: Records, writer: Writer, statuses: frozenset[Status]) -> None:
    for number, status in enumerate(Status, 1):
        writer.commit(opened=record(revision=number, status=status, due_at=START + timedelta(days=number)))
    writer.commit(admission=admission(due_at=START))
    assert {found.status for found in records.waiting(statuses, limit=100)} == statuses


def test_no_more_are_listed_than_asked(records: Records, writer: Writer) -> None:
    for number in range(1, 6):
        writer.commit(opened=record(revision=number, status=Status.AWAITING_WINDOW, due_at=START))
    assert len(list(records.waiting(STOPPED_BY_BRAKE, limit=3))) == 3
    assert len(list(records.waiting(STOPPED_BY_BRAKE, limit=9))) == 5


def test_the_newest_head_up_to_a_number(store: OpenStore) -> None:
    for sequence in (2, 5, 9):
        store.port.put_ledger_head(CUTOVER, sequence, b"head %d" % sequence)
    store.port.put_ledger_head("shop@eu.11", 7, b"another chain")
    found = [store.port.newest_ledger_head(CUTOVER, upto=upto) for upto in (1, 2, 4, 5, 8, 9, 20)]
    assert found == [None, b"head 2", b"head 2", b"head 5", b"head 5", b"head 9", b"head 9"]
    assert store.port.newest_ledger_head("shop@eu.2", upto=5) is None


def test_a_head_that_lies_too_far_back_is_not_looked_for(store: OpenStore) -> None:
    store.port.put_ledger_head(CUTOVER, 1, b"head 1")
    assert store.port.newest_ledger_head(CUTOVER, upto=HEADS_LOOKED_AT) == b"head 1"
    assert store.port.newest_ledger_head(CUTOVER, upto=HEADS_LOOKED_AT + 1) is None


def test_the_first_notice_stands_and_is_answered(store: OpenStore) -> None:
    assert store.port.put_notice(CUTOVER, 3, b"one signature") == b"one signature"
    assert store.port.put_notice(CUTOVER, 3, b"another") == b"one signature"
    assert store.port.put_notice(CUTOVER, 4, b"another") == b"another"
    assert store.port.put_notice("shop@eu.11", 3, b"another") == b"another"
    assert store.port.newest_ledger_head(CUTOVER, upto=9) is None, "a notice is no head"


def test_all_notices_of_a_chain_are_listed(store: OpenStore) -> None:
    for sequence in (12, 3):
        store.port.put_notice(CUTOVER, sequence, b"notice %d" % sequence)
    store.port.put_notice("shop@eu.11", 4, b"another chain")
    assert list(store.port.notices(CUTOVER)) == [(3, b"notice 3"), (12, b"notice 12")]
    assert list(store.port.notices("shop@eu.2")) == []


def test_the_chains_of_which_heads_are_kept_are_listed(store: OpenStore) -> None:
    assert list(store.port.sealed_chains()) == []
    for chain in ("shop@eu.11", CUTOVER, "orders"):
        for sequence in (1, 2):
            store.port.put_ledger_head(chain, sequence, b"head")
    store.port.put_notice("shop@eu.12", 1, b"a notice is no head")
    assert sorted(store.port.sealed_chains()) == sorted({"shop@eu.11", CUTOVER, "orders"})


def test_only_a_hand_off_that_was_put_stands(store: OpenStore) -> None:
    handoff = digest_of("hand-off")
    assert not store.port.has_handoff(handoff)
    store.port.put_handoff(handoff, b"envelope")
    assert store.port.has_handoff(handoff)
    assert not store.port.has_handoff(digest_of("another"))


@pytest.mark.parametrize("more", [".bak", ""])
def test_a_key_that_only_begins_like_a_hand_off_is_none(store: OpenStore, more: str) -> None:
    handoff = digest_of("hand-off")
    store.tamper(f"handoffs/{handoff.removeprefix('sha256:')}.json{more}", b"{}")
    assert store.port.has_handoff(handoff) == (more == "")
