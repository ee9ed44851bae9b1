"""Reading what a report is made from: the ledger's days, the chains that began before them, and a few documents."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from cutover.contracts.approval import Approval
from cutover.contracts.base import Digest
from cutover.contracts.envelope import Envelope
from cutover.contracts.holds import HoldRegister
from cutover.contracts.ledger import LedgerEntry
from cutover.contracts.manifest import Manifest
from cutover.domain import envelope as dsse
from cutover.domain import holds, ledger
from cutover.domain.record import ChainHead, RevisionRecord, Status, named
from cutover.domain.tallies import Tally, tallies
from cutover.errors import IntegrityError, Refused
from cutover.loading import load
from cutover.ports import Records, Store, Unreadable
from cutover_cli.reporting.asked import Required
from cutover_cli.reporting.held import Kind
from cutover_cli.reporting.moments import Moment, Story, moment_of, of_release, stories
from cutover_cli.reporting.questions import Counts
from cutover_cli.reporting.span import Span

MOST_ENTRIES = 200_000
MOST_DOCUMENTS = 2_000
"""So many hold registers and decisions are read, the newest."""
MOST_WAITING = 2_000
AT_A_TIME = 8
WAITING = (Status.HELD, Status.AWAITING_APPROVAL, Status.DEFERRED, Status.AWAITING_WINDOW)
A = TypeVar("A")
B = TypeVar("B")


@dataclass(slots=True)
class Gathered:
    """What a report says comes from here alone. ``unread``: documents that were too many, or not to be read."""

    span: Span
    counts: Counts
    latest: dict[str, LedgerEntry] = field(default_factory=dict)
    """The last entry that was read of each chain."""
    engines: dict[str, None] = field(default_factory=dict)
    decisive: dict[str, dict[int, LedgerEntry]] = field(default_factory=lambda: defaultdict(dict))
    stories: tuple[Story, ...] = ()
    registers: dict[Digest, tuple[Kind, ...]] = field(default_factory=dict)
    roles: dict[Digest, str] = field(default_factory=dict)
    required: Required = field(default_factory=dict)
    entries: int = 0
    unread: int = 0

    @property
    def heads(self) -> tuple[ChainHead, ...]:
        """What the report was made from: each chain, up to which entry, and that entry's digest."""
        return tuple(ledger.head_of(self.latest[chain]) for chain in sorted(self.latest))

    @property
    def chains(self) -> list[list[LedgerEntry]]:
        """The decisive entries of each chain in order."""
        return [[found[sequence] for sequence in sorted(found)] for found in self.decisive.values()]


def gather(records: Records, store: Store, span: Span) -> Gathered:
    """Raises ``Refused`` (``SPAN_TOO_LARGE``)."""
    found = Gathered(span, Counts(span))
    moments: dict[str, dict[int, Moment]] = defaultdict(dict)
    for entry in _in_span(records, span):
        if entry.sequence not in moments.get(entry.chain, ()):
            found.counts.add(entry.at, _keep(found, moments, entry))
    waiting = list(records.waiting(WAITING, limit=MOST_WAITING)) if span.present else []
    for chain in sorted({*_begun_before(moments), *(each.cutover for each in waiting if not each.rehearsal)}):
        for entry in records.ledger(chain):
            if entry.sequence not in moments.get(chain, ()) and entry.at < span.end:
                _keep(found, moments, entry)
    told = stories(moment for chain in moments.values() for moment in chain.values())
    found.stories = tuple(told.values())
    _read(found, store, waiting)
    return found


def _in_span(records: Records, span: Span) -> Iterator[LedgerEntry]:
    for day in span.days:
        for entry in records.written_on(day):
            if isinstance(entry, Unreadable):  # no report counts without it
                raise Refused("LEDGER_BROKEN", f"{entry.key} is no entry", "see `cutover ledger verify`")
            if entry.at < span.end:
                yield entry


def _keep(found: Gathered, moments: dict[str, dict[int, Moment]], entry: LedgerEntry) -> tuple[Tally, ...]:
    """What the entry counts for, once it is remembered."""
    found.entries += 1
    if found.entries > MOST_ENTRIES:
        raise Refused("SPAN_TOO_LARGE", f"more than {MOST_ENTRIES} entries", "make several reports of shorter spans")
    found.engines[entry.engine.version] = None
    last = found.latest.get(entry.chain)
    if last is None or last.sequence < entry.sequence:
        found.latest[entry.chain] = entry
    if not of_release(entry):
        return tallies(entry)
    moment = moments[entry.chain][entry.sequence] = moment_of(entry)
    if moment.after == Status.SUPERSEDED or any(each.name == "SupersededHandedOff" for each in moment.tallies):
        found.decisive[entry.chain][entry.sequence] = entry
    return moment.tallies


def _begun_before(moments: Mapping[str, Mapping[int, Moment]]) -> Iterator[str]:
    """The chains whose beginning lies before the span."""
    return (chain for chain, found in moments.items() if found and min(found) > 1)


def _read(found: Gathered, store: Store, waiting: Iterable[RevisionRecord]) -> None:
    newest = sorted((each for story in found.stories for each in story.moments), key=lambda it: it.at, reverse=True)
    held = list(dict.fromkeys(each.register for each in newest if each.register and each.after == Status.HELD))
    decided = list(dict.fromkeys(each.envelope for each in newest if each.envelope))
    bound = [each for each in waiting if each.manifest and each.status in {Status.AWAITING_APPROVAL, Status.DEFERRED}]
    registers = _together(lambda digest: _kinds(store, digest), held[:MOST_DOCUMENTS])
    roles = _together(lambda digest: _role(store, digest), decided[:MOST_DOCUMENTS])
    signers = _together(lambda record: _signers(store, record), bound[:MOST_DOCUMENTS])
    found.registers = {digest: said for digest, said in zip(held, registers, strict=False) if said is not None}
    found.roles = {digest: said for digest, said in zip(decided, roles, strict=False) if said is not None}
    found.required = {
        (each.cutover, each.revision): said for each, said in zip(bound, signers, strict=False) if said is not None
    }
    wanted = len(held) + len(decided) + len(bound)
    found.unread = wanted - len(found.registers) - len(found.roles) - len(found.required)


def _together(call: Callable[[A], B], items: Iterable[A]) -> list[B | None]:
    """None where a document is missing, damaged or none of its kind: the page says how many, and the rest counts."""

    def one(item: A) -> B | None:
        try:
            return call(item)
        except (IntegrityError, Refused, ValueError):
            return None

    items = list(items)
    if not items:
        return []
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        return list(pool.map(one, items))


def _kinds(store: Store, digest: Digest) -> tuple[Kind, ...]:
    register = load(store, digest, HoldRegister)
    return tuple(Kind(each.code, each.owner) for each in holds.open_holds(register))


def _role(store: Store, digest: Digest) -> str:
    return Approval.model_validate_json(_payload(store, digest)).predicate.role


def _signers(store: Store, record: RevisionRecord) -> tuple[str, ...]:
    manifest = Manifest.model_validate_json(_payload(store, named(record.manifest, "manifest").envelope))
    return tuple(each.role for each in manifest.predicate.signers)


def _payload(store: Store, digest: Digest) -> bytes:
    return dsse.decode_base64(load(store, digest, Envelope).payload)
