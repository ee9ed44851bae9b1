"""Ledger entries as a report remembers them: the few parts that it needs, so that many fit into memory."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cutover.contracts.base import Digest
from cutover.contracts.ledger import LedgerEntry
from cutover.domain.naming import is_rehearsal
from cutover.domain.tallies import Tally, tallies


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry about a revision. ``after`` is the status that it led to; None where it changed none."""

    cutover: str
    sequence: int
    at: datetime
    event: str
    revision: int
    before: str | None
    after: str | None
    result: str
    function: str
    requester: str
    detail: str | None
    register: Digest | None
    """Of a revision that was held: its hold register in the store."""
    decision: Digest | None
    """Of a person's decision: the statement's digest; ``envelope`` is where it lies in the store."""
    envelope: Digest | None
    lapsed: tuple[Digest, ...]
    """The statements that count no more from here on."""
    tallies: tuple[Tally, ...] = ()
    """What the entry counts for."""

    def counts(self, name: str, **dimensions: str) -> bool:
        return any(each.name == name and each.value and each.dimensions == dimensions for each in self.tallies)


@dataclass(frozen=True, slots=True)
class Story:
    """What one cutover's chain tells up to the end of the report, in the chain's order."""

    cutover: str
    moments: tuple[Moment, ...]

    @property
    def revisions(self) -> dict[int, tuple[Moment, ...]]:
        """The moments of each revision, the first revision first."""
        found: dict[int, list[Moment]] = defaultdict(list)
        for moment in self.moments:
            found[moment.revision].append(moment)
        return {revision: tuple(found[revision]) for revision in sorted(found)}

    @property
    def latest(self) -> datetime:
        return max(moment.at for moment in self.moments)


def of_release(entry: LedgerEntry) -> bool:
    """Whether an entry is about a revision that could be handed off. Of rehearsals nothing is counted."""
    return entry.revision is not None and "@" in entry.chain and not is_rehearsal(entry.chain)


def moment_of(entry: LedgerEntry) -> Moment:
    """An entry about a revision (``of_release``)."""
    said = entry.inputs
    return Moment(
        cutover=entry.chain, sequence=entry.sequence, at=entry.at, event=entry.event, revision=entry.revision or 0,
        before=entry.from_, after=entry.to, result=entry.result, function=entry.actor.role,
        requester=entry.actor.requester, detail=entry.detail, register=said.get("hold-register"),
        decision=said.get("decision"), envelope=said.get("envelope") if "decision" in said else None,
        lapsed=tuple(digest for name, digest in sorted(said.items()) if name.startswith("lapsed/")),
        tallies=tallies(entry),
    )  # fmt: skip


def stories(moments: Iterable[Moment]) -> dict[str, Story]:
    """The moments by their cutover, in whatever order they come; one that comes twice counts once."""
    chains: dict[str, dict[int, Moment]] = defaultdict(dict)
    for moment in moments:
        chains[moment.cutover][moment.sequence] = moment
    return {
        cutover: Story(cutover, tuple(found[sequence] for sequence in sorted(found)))
        for cutover, found in sorted(chains.items())
    }
