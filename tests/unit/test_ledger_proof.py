"""A chain that was changed in any way is found, at the entry: as far as a head that was kept elsewhere can tell."""

from collections.abc import Callable, Sequence
from typing import Any

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cutover.contracts.ledger import LedgerEntry, LedgerHead
from cutover.domain import canonical
from cutover.domain.ledger import entry_digest
from cutover.domain.verification.ledger_proof import Kept, Proof, prove
from tests.building.ledger import chain_of, rewritten
from tests.verifier import mutation

ENTRIES = chain_of(12)
CHAIN = ENTRIES[0].chain
LAST = len(ENTRIES)
numbers = st.integers(1, LAST)
FORGED = mutation.put("/result", "FORGED")
FIELDS = sorted(set(mutation.leaves(orjson.loads(canonical.encode_model(ENTRIES[4])))) - {"/schema", "/chain"})


def head(number: int, *, elsewhere: bool = True, entry: str | None = None) -> Kept:
    """A head of the genuine chain."""
    signed = LedgerHead(
        chain=CHAIN, sequence=number, entry=entry or entry_digest(ENTRIES[number - 1]), at=ENTRIES[number - 1].at
    )
    return Kept(signed, elsewhere)


def judged(entries: Sequence[LedgerEntry], *heads: int) -> Proof:
    return prove(CHAIN, tuple(entries), [head(number) for number in heads or (LAST,)])


def found(entries: Sequence[LedgerEntry], *heads: int) -> list[tuple[int, str]]:
    proof = judged(entries, *heads)
    assert (proof.outcome == "broken") == bool(proof.findings)
    return [(each.sequence, each.code) for each in proof.findings]


def edited(number: int, change: Callable[[Any], Any] = FORGED) -> list[LedgerEntry]:
    said = change(orjson.loads(canonical.encode_model(ENTRIES[number - 1])))
    entry = LedgerEntry.model_validate_json(canonical.encode(said))
    return [*ENTRIES[: number - 1], entry, *ENTRIES[number:]]


def test_a_whole_chain_with_a_head_kept_elsewhere_is_verified() -> None:
    proof = judged(ENTRIES, 3, LAST)
    assert (proof.outcome, proof.code, proof.proven, proof.compared) == ("verified", "VERIFIED", LAST, LAST)


@pytest.mark.parametrize(
    ("heads", "code"),
    [
        ([], "UNANCHORED"),
        ([head(LAST, elsewhere=False)], "TAIL_NOT_EXCLUDED"),
        ([head(LAST - 1)], "TAIL_UNSEALED"),
        ([head(LAST - 1), head(3, elsewhere=False)], "TAIL_UNSEALED"),
        ([head(LAST, elsewhere=False), head(3)], "VERIFIED"),
    ],
)
def test_what_cannot_be_excluded_is_said_and_is_never_called_verified(heads: list[Kept], code: str) -> None:
    proof = prove(CHAIN, ENTRIES, heads)
    assert proof.code == code
    if code != "VERIFIED":
        assert proof.outcome == "unanchored"
        assert "cannot be excluded" in proof.detail
        assert "verified" not in proof.detail


@given(numbers, st.sampled_from(FIELDS))
def test_an_edit_is_found_at_its_entry(number: int, where: str) -> None:
    said = orjson.loads(canonical.encode_model(ENTRIES[number - 1]))
    assume(where in set(mutation.leaves(said)))
    changed = edited(number, SHAPED.get(where) or mutation.mutate(where))
    codes = found(changed)
    if where == "/sequence":
        assert codes[0][0] == number
    elif number == LAST:
        # One head: which of the entries before it, nobody can say, unless the last one does not even follow.
        assert codes == [(LAST, "ENTRY_ALTERED" if where == "/previous" else "CHAIN_REWRITTEN")]
        assert found(changed, LAST - 1, LAST) == [(LAST, "ENTRY_ALTERED")]
    else:
        assert codes == [(number, "ENTRY_ALTERED")]


SHAPED: dict[str, Callable[[Any], Any]] = {
    "/result": FORGED,
    "/transition": mutation.put("/transition", 25),
    "/previous": mutation.put("/previous", "sha256:" + "0" * 64),
    "/from": mutation.put("/from", "other"),
    "/to": mutation.put("/to", "other"),
    "/revision": mutation.put("/revision", 9),
    "/detail": mutation.put("/detail", "Other."),
    "/inputs": mutation.put("/inputs", {"x": "sha256:" + "0" * 64}),
}


@given(numbers)
def test_a_deletion_is_found_at_its_entry(number: int) -> None:
    codes = found([*ENTRIES[: number - 1], *ENTRIES[number:]])
    assert codes == [(number, "CHAIN_TRUNCATED" if number == LAST else "ENTRY_MISSING")]


@given(numbers, st.integers(1, 5))
def test_missing_entries_are_one_finding(number: int, count: int) -> None:
    assume(number + count <= LAST)
    assert found([*ENTRIES[: number - 1], *ENTRIES[number - 1 + count :]]) == [(number, "ENTRY_MISSING")]


@given(numbers)
def test_an_insertion_is_found_at_its_entry(number: int) -> None:
    forged = ENTRIES[number - 1].model_copy(update={"result": "FORGED"})
    for place in (number - 1, number):
        assert found([*ENTRIES[:place], forged, *ENTRIES[place:]]) == [(number, "ENTRY_INSERTED")]


@given(numbers)
def test_a_repetition_is_found_at_its_entry(number: int) -> None:
    assert found([*ENTRIES[:number], *ENTRIES[number - 1 :]]) == [(number, "ENTRY_REPEATED")]


@given(numbers, numbers)
def test_an_exchange_is_found_at_both_entries(one: int, other: int) -> None:
    assume(one < other)
    entries = list(ENTRIES)
    entries[one - 1], entries[other - 1] = entries[other - 1], entries[one - 1]
    assert found(entries) == [(one, "ENTRY_OUT_OF_ORDER"), (other, "ENTRY_OUT_OF_ORDER")]


@given(numbers, numbers)
def test_an_exchange_with_new_numbers_is_found_too(one: int, other: int) -> None:
    """Each has the other's place and number, and the digest that this place asks for."""
    assume(one < other < LAST)
    entries = list(ENTRIES)
    for mine, yours in ((one, other), (other, one)):
        moved = {"sequence": mine, "previous": ENTRIES[mine - 1].previous}
        entries[mine - 1] = ENTRIES[yours - 1].model_copy(update=moved)
    both = [(one, "ENTRY_ALTERED"), (other, "ENTRY_ALTERED")]
    assert found(entries) == (both if other > one + 1 else both[1:]), "what an altered entry follows is not believed"
    assert found(entries, *range(1, LAST + 1)) == both


@given(numbers)
def test_a_truncation_is_found_at_the_first_entry_that_is_gone(length: int) -> None:
    assume(length < LAST)
    assert found(ENTRIES[:length]) == [(length + 1, "CHAIN_TRUNCATED")]
    alone = prove(CHAIN, ENTRIES[:length], ())
    assert (alone.outcome, alone.code) == ("unanchored", "UNANCHORED")


def test_a_chain_of_which_nothing_is_left_is_truncated() -> None:
    assert found(()) == [(1, "CHAIN_TRUNCATED")]


@given(numbers, st.sets(numbers, min_size=1))
def test_a_rewrite_with_new_digests_is_found_by_the_first_head_that_it_contradicts(number: int, kept: set[int]) -> None:
    """Whatever follows the changed entry was made anew, so only heads tell: the first of them after it does."""
    entries = rewritten(edited(number), number)
    heads = sorted(kept)
    contradicted = [each for each in heads if each >= number]
    agreeing = max((each for each in heads if each < number), default=0)
    if not contradicted:
        assert judged(entries, *heads).outcome == ("verified" if heads[-1] == LAST else "unanchored")
        return
    exactly = agreeing == contradicted[0] - 1
    assert found(entries, *heads) == [(contradicted[0], "ENTRY_ALTERED" if exactly else "CHAIN_REWRITTEN")]
    assert judged(entries, *heads).proven == agreeing


@given(numbers, numbers)
def test_an_insertion_with_new_numbers_and_digests_is_found_by_the_first_head_after_it(number: int, at: int) -> None:
    assume(at >= number)
    forged = ENTRIES[number - 1].model_copy(update={"result": "FORGED"})
    moved = [each.model_copy(update={"sequence": each.sequence + 1}) for each in ENTRIES[number - 1 :]]
    entries = rewritten([*ENTRIES[: number - 1], forged, *moved], number)
    assert found(entries, at)[0] == (at, "CHAIN_REWRITTEN" if at > 1 else "ENTRY_ALTERED")


@given(st.lists(st.tuples(numbers, st.sampled_from(["edit", "delete"])), min_size=1, max_size=4))
def test_of_many_changes_none_of_the_untouched_entries_is_blamed(changes: list[tuple[int, str]]) -> None:
    touched = dict(changes)
    entries = []
    for entry in ENTRIES:
        if touched.get(entry.sequence) == "edit":
            entries.append(entry.model_copy(update={"result": "FORGED"}))
        elif entry.sequence not in touched:
            entries.append(entry)
    proof = judged(entries, *range(1, LAST + 1))
    assert proof.outcome == "broken"
    assert {each.sequence for each in proof.findings} <= {*touched, LAST + 1}
    assert proof.proven == LAST - len(touched), "there is a head of every entry"


def test_two_heads_that_disagree_are_found() -> None:
    other = head(5, entry="sha256:" + "0" * 64)
    proof = prove(CHAIN, ENTRIES, [head(5), other, head(LAST)])
    assert (5, "HEADS_DISAGREE") in [(each.sequence, each.code) for each in proof.findings]


def test_a_head_that_the_entries_after_it_do_not_follow_is_found_there() -> None:
    entries = [*ENTRIES[:4], *rewritten(list(ENTRIES[4:]), 6)]
    entries[5] = entries[5].model_copy(update={"previous": "sha256:" + "0" * 64})
    assert found(entries, 5) == [(6, "ENTRY_ALTERED")]


def test_entries_of_another_chain_are_found() -> None:
    entries = [*ENTRIES[:-1], ENTRIES[-1].model_copy(update={"chain": "orders"})]
    assert (LAST, "ENTRY_OF_ANOTHER_CHAIN") in found(entries)


def test_the_first_entry_follows_none() -> None:
    entries = rewritten([ENTRIES[0].model_copy(update={"previous": "sha256:" + "0" * 64}), *ENTRIES[1:]], 2)
    assert [(each.sequence, each.code) for each in prove(CHAIN, entries, ()).findings] == [(1, "ENTRY_ALTERED")]
