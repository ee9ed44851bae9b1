"""The ledger's chain: whatever is changed in it is found, at the first entry that does not follow."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutover.contracts.ledger import LedgerEntry
from cutover.domain import canonical, ledger
from cutover.domain.ledger import status_by_ledger, verify_chain
from cutover.errors import Refused
from tests.simulator.journeys import handed_off
from tests.simulator.world import World

WORLD = World()
RECORD = handed_off(WORLD)
ENTRIES: tuple[LedgerEntry, ...] = tuple(WORLD.ledger())
CHAIN = RECORD.cutover
indexes = st.integers(0, len(ENTRIES) - 1)


def broken_at(entries: list[LedgerEntry]) -> int:
    """The number of the first entry that the verifier names."""
    with pytest.raises(Refused) as refused:
        verify_chain(entries, chain=CHAIN)
    assert refused.value.code == "LEDGER_BROKEN"
    return int(refused.value.detail.split()[1])


def test_the_chain_of_a_whole_release_is_one() -> None:
    head = verify_chain(ENTRIES, chain=CHAIN)
    assert (head.sequence, head.entry) == (len(ENTRIES), ledger.entry_digest(ENTRIES[-1]))
    assert WORLD.wiring.records.chain(CHAIN) == head
    assert status_by_ledger(ENTRIES, 1) == RECORD.status
    assert status_by_ledger(ENTRIES, 2) is None


def test_every_entry_says_who_asked_who_wrote_with_what_code_and_under_which_policy() -> None:
    """Row 40."""
    for entry in ENTRIES:
        assert entry.actor.role
        assert entry.actor.requester
        assert entry.engine == WORLD.wiring.engine
        assert entry.rules == RECORD.rules.payload
        assert entry.facts is not None
        assert entry.result
        assert entry.correlation_id == RECORD.correlation_id
    changing = [entry for entry in ENTRIES if entry.transition in {3, 6, 10, 13, 18, 20}]
    assert all(entry.inputs for entry in changing)


@given(indexes, st.sampled_from(sorted(set(LedgerEntry.model_fields) - {"schema_", "chain", "sequence", "previous"})))
def test_an_edit_is_found_at_the_next_entry(index: int, field: str) -> None:
    others: dict[str, Any] = {
        "at": ENTRIES[index].at.replace(year=2027), "transition": 25, "revision": 9,
        "inputs": {"x": "sha256:" + "0" * 64},
        "actor": ENTRIES[index].actor.model_copy(update={"requester": "mallory"}),
        "engine": ENTRIES[index].engine.model_copy(update={"version": "9"}),
        "rules": "sha256:" + "0" * 64, "facts": "sha256:" + "0" * 64,
    }  # fmt: skip
    edited = ENTRIES[index].model_copy(update={field: others.get(field, "OTHER")})
    assert edited != ENTRIES[index]
    entries = [*ENTRIES[:index], edited, *ENTRIES[index + 1 :]]
    if index + 1 < len(ENTRIES):
        assert broken_at(entries) == index + 2
    else:
        assert verify_chain(entries, chain=CHAIN).entry != ledger.entry_digest(ENTRIES[-1]), "a kept head tells"


@given(st.integers(0, len(ENTRIES) - 2))
def test_a_deletion_is_found(index: int) -> None:
    assert broken_at([*ENTRIES[:index], *ENTRIES[index + 1 :]]) == index + 1


@given(indexes, indexes)
def test_an_exchange_is_found(first: int, second: int) -> None:
    entries = list(ENTRIES)
    entries[first], entries[second] = entries[second], entries[first]
    if first != second:
        assert broken_at(entries) == min(first, second) + 1


@given(indexes)
def test_a_repetition_is_found(index: int) -> None:
    assert broken_at([*ENTRIES[: index + 1], ENTRIES[index], *ENTRIES[index + 1 :]]) == index + 2


@given(st.integers(0, len(ENTRIES) - 1))
def test_a_truncation_is_found_by_a_head_that_was_kept_elsewhere(length: int) -> None:
    head = verify_chain(ENTRIES[:length], chain=CHAIN)
    assert head.sequence == length != WORLD.wiring.records.chain(CHAIN).sequence


def test_a_chain_of_another_name_is_not_this_one() -> None:
    with pytest.raises(Refused, match=r"of other@production\.1"):
        verify_chain(ENTRIES, chain="other@production.1")


def test_admissions_fall_into_their_shards() -> None:
    chains = {ledger.admissions_chain(canonical.digest(bytes([n]))) for n in range(256)}
    assert chains == {f"admissions.{n:x}" for n in range(ledger.ADMISSION_SHARDS)}
