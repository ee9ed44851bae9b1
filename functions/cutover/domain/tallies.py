"""What one ledger entry counts for: pure, so that metrics and reports count alike.

The four questions, and what answers them:

1. Accepted without reopening: ``HandedOff`` by target, ``Receipts`` by outcome.
2. Corrections by cause: ``Corrections`` and ``Rejections`` by cause.
3. Binding quality: ``Admitted`` and ``Bound`` by target; ``Refused``, ``Expired``, ``Declined`` by cause; ``Held`` by
   family, ``ApprovalsLapsed``; what drifted after it was bound is ``Superseded`` by the cause ``drift``.
4. Supersession reliability: ``Superseded`` by cause, ``SupersededHandedOff`` (must stay 0), ``Uncertain`` by target,
   ``Withdrawn`` by cause, ``WithdrawnTooLate``.

Besides, ``Entered`` counts each change of status, by status. Of rehearsals only ``Rehearsed`` is counted. Dimensions
are bounded: statuses, targets that are deployed, and codes and names that stand in this code. Never a product, a
person or a digest.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cutover.contracts.ledger import LedgerEntry
from cutover.domain import naming
from cutover.domain.code_families import family_of_code
from cutover.domain.record import Status

CAUSES = ("version-drift", "hidden-hold", "incomplete-lineage", "other")
UNSTATED = "unstated"
"""The cause of a receipt that names none."""
SUPERSEDED_BY = {"superseded": "newer-candidate", "resolved": "resolved", "drifted": "drift"}
"""The events that end a revision for the next one, and why."""
_OUTCOMES = {"RECEIPT_ACCEPTED": "accepted", "RECEIPT_REJECTED": "rejected", "RECEIPT_CORRECTED": "corrected"}
_WITH_CAUSE = {"rejected": "Rejections", "corrected": "Corrections"}
_HANDING = frozenset({"handing-off", "handing-off-again", "handed-off"})


@dataclass(frozen=True, slots=True)
class Tally:
    """``value`` more of what ``name`` says, 0 included. ``dimensions``: status, target, cause, outcome or family."""

    name: str
    value: int = 1
    dimensions: Mapping[str, str] = field(default_factory=dict)


def tallies(entry: LedgerEntry) -> tuple[Tally, ...]:
    """What the entry counts for, each name and its dimensions once; nothing where it answers no question."""
    if "@" not in entry.chain:
        return tuple(_of_admissions(entry))
    if naming.is_rehearsal(entry.chain):
        return (Tally("Rehearsed"),) if entry.event == "rehearsed" else ()
    return (*_entered(entry), *_of_release(entry))


def tallies_of(grown: Sequence[LedgerEntry], chain: Iterable[LedgerEntry]) -> Iterator[Tally]:
    """What new entries of a chain count for; ``chain`` is all of it in order, read where one of them is a hand-off.

    Whether that was of a superseded revision, the chain tells. An entry's own ``from`` repeats what the table said by
    then: whoever wrote the status back wrote that, too.
    """
    for entry in grown:
        yield from tallies(entry)
    handing = {entry.sequence for entry in grown if entry.event in _HANDING and not naming.is_rehearsal(entry.chain)}
    if handing:
        found = [each for each in superseded_handed_off(chain) if each.sequence in handing]
        yield Tally("SupersededHandedOff", sum(each.from_ != Status.SUPERSEDED for each in found))  # others are counted


def superseded_handed_off(entries: Iterable[LedgerEntry]) -> tuple[LedgerEntry, ...]:
    """Of one chain in order: the hand-offs of revisions that had been superseded before. There must be none."""
    superseded: set[int | None] = set()
    found = []
    for entry in entries:
        if entry.event in _HANDING and entry.revision in superseded:
            found.append(entry)
        if entry.to == Status.SUPERSEDED:
            superseded.add(entry.revision)
    return tuple(found)


def cause_of(entry: LedgerEntry) -> str:
    """What a receipt names as its cause (``doors.receipts`` writes it first); ``unstated`` where it names none."""
    said = (entry.detail or "").partition(":")[0]
    return said if said in CAUSES else UNSTATED


def _of_admissions(entry: LedgerEntry) -> Iterator[Tally]:
    """What Admit refused. Chains of orders, of the brake and of the policy answer none of the questions."""
    if entry.event == "refused" and entry.to == Status.REFUSED:
        yield Tally("Refused", dimensions={"cause": entry.result})


def _entered(entry: LedgerEntry) -> Iterator[Tally]:
    if entry.to is not None and entry.to != entry.from_ and entry.to in _STATUSES:
        yield Tally("Entered", dimensions={"status": entry.to})


def _of_release(entry: LedgerEntry) -> Iterator[Tally]:
    counted = _COUNTED.get(entry.event)
    if counted is not None:
        yield from counted(entry)
    if lapsed := sum(name.startswith("lapsed/") for name in entry.inputs):
        yield Tally("ApprovalsLapsed", lapsed)  # row 17, or found by the next approval
    if entry.event in _HANDING:
        yield Tally("SupersededHandedOff", int(entry.from_ == Status.SUPERSEDED))
    if entry.event in {"receipt", "handed-off"}:
        yield from _receipt(entry)


def _receipt(entry: LedgerEntry) -> Iterator[Tally]:
    """A receipt can be what tells of the hand-off, too (row 20)."""
    outcome = _OUTCOMES.get(entry.result)
    if outcome is None:
        return
    yield Tally("Receipts", dimensions={"outcome": outcome})
    if outcome in _WITH_CAUSE:
        yield Tally(_WITH_CAUSE[outcome], dimensions={"cause": cause_of(entry)})


def _by_target(name: str) -> Callable[[LedgerEntry], Iterator[Tally]]:
    def counted(entry: LedgerEntry) -> Iterator[Tally]:
        yield Tally(name, dimensions={"target": naming.of(entry.chain)[1]})

    return counted


def _by_cause(name: str, cause: Callable[[LedgerEntry], str]) -> Callable[[LedgerEntry], Iterator[Tally]]:
    def counted(entry: LedgerEntry) -> Iterator[Tally]:
        yield Tally(name, dimensions={"cause": cause(entry)})

    return counted


def _opened(entry: LedgerEntry) -> Iterator[Tally]:
    """A candidate that takes the place of another was admitted with this entry; any other opening is none."""
    if entry.from_ == Status.ADMITTING:
        yield from _by_target("Admitted")(entry)


def _held(entry: LedgerEntry) -> Iterator[Tally]:
    yield Tally("Held", dimensions={"family": family_of_code(entry.result)})


def _too_late(_entry: LedgerEntry) -> Iterator[Tally]:
    yield Tally("WithdrawnTooLate")


def _decliner(entry: LedgerEntry) -> str:
    return "rule" if entry.actor.role == "bind" else "person"


def _withdrawer(entry: LedgerEntry) -> str:
    return "key-revoked" if entry.result == "KEY_REVOKED" else "order"


_superseded = _by_cause("Superseded", lambda entry: SUPERSEDED_BY[entry.event])
_STATUSES = frozenset(status.value for status in Status)
_COUNTED: Mapping[str, Callable[[LedgerEntry], Iterator[Tally]]] = {
    "admitted": _by_target("Admitted"),
    "opened": _opened,
    "held": _held,
    "bound": _by_target("Bound"),
    "declined": _by_cause("Declined", _decliner),
    "handed-off": _by_target("HandedOff"),
    "superseded": _superseded,
    "resolved": _superseded,
    "drifted": _superseded,
    "uncertain": _by_target("Uncertain"),
    "expired": _by_cause("Expired", lambda entry: entry.result),
    "withdrawn": _by_cause("Withdrawn", _withdrawer),
    "withdrawn-too-late": _too_late,
    "withdrawal-during-hand-off": _too_late,
}
"""By event. ``opened`` and the withdrawals that are too late are notes beside the table of transitions."""
