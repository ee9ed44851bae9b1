"""Whether a ledger chain is the one that was written, and at which entry it is not (row 40).

A signed head vouches for one entry, that entry's ``previous`` for the one before it, and so on down to the first. So a
chain is judged from its end: what a head vouches for is genuine, and the first entry below that is not what the entry
after it names is the one that was changed. Further heads below it vouch for what lies further down.

What nobody can find without a head that was kept elsewhere: that the last entries are missing, or that all of them were
written anew. Then the proof says so, and is not called whole.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from cutover.contracts.base import Digest, format_instant
from cutover.contracts.envelope import Envelope
from cutover.contracts.ledger import LEDGER_HEAD_TYPE, LedgerEntry, LedgerHead
from cutover.contracts.policy import TrustedKey
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.ledger import entry_digest
from cutover.domain.verification.reading import read_exact

Outcome = Literal["broken", "unanchored", "verified"]
CANNOT = "that its end was cut off cannot be excluded"


@dataclass(frozen=True, slots=True)
class Kept:
    """A genuine head. ``elsewhere``: it did not come together with the chain."""

    head: LedgerHead
    elsewhere: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with the entry that has, or should have, this sequence number."""

    sequence: int
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of a chain. ``proven``: entries that a genuine head vouches for; ``newest`` is the last of them."""

    chain: str
    entries: int
    findings: tuple[Finding, ...]
    proven: int
    newest: int
    compared: int
    """The newest entry that a head kept elsewhere vouches for; 0 without one."""

    @property
    def outcome(self) -> Outcome:
        if self.findings:
            return "broken"
        return "verified" if self.code == "VERIFIED" else "unanchored"

    @property
    def code(self) -> str:
        """``VERIFIED``, the first finding's code, or what cannot be excluded and why."""
        if self.findings:
            return self.findings[0].code
        if self.newest == 0:
            return "UNANCHORED"
        if self.newest < self.entries:
            return "TAIL_UNSEALED"
        return "VERIFIED" if self.compared else "TAIL_NOT_EXCLUDED"

    @property
    def detail(self) -> str:
        if self.findings:
            return f"entry {self.findings[0].sequence}: {self.findings[0].detail}"
        if self.newest == 0:
            return f"{self.entries} entries, one after the other, and no signed head: {CANNOT}, nor that it is forged"
        if self.newest < self.entries:
            return f"no head vouches for the entries after {self.newest}: {CANNOT}, nor that these are forged"
        if not self.compared:
            return f"{self.entries} entries, up to their own signed head; without one kept elsewhere, {CANNOT}"
        return (
            f"{self.entries} entries, none cut off up to entry {self.compared}, which a head kept apart from them names"
        )


def open_head(envelope: Envelope, keys: tuple[TrustedKey, ...]) -> LedgerHead:
    """A head that a ledger key signed, valid at the time that stands in it. Raises ``Refused``."""
    head = read_exact(LedgerHead, dsse.decode_base64(envelope.payload), "ledger head")
    dsse.open_envelope(envelope, payload_type=LEDGER_HEAD_TYPE, purpose="ledger", keys=keys, at=head.at)
    return head


def prove(chain: str, entries: Sequence[LedgerEntry], heads: Iterable[Kept]) -> Proof:
    """Judge a chain as it was handed over, in the order in which it was, by genuine heads of it."""
    kept = tuple(heads)
    walk = _Walk(chain, entries, kept)
    findings = sorted({*_misplaced(chain, entries), *walk.findings()}, key=lambda each: (each.sequence, each.code))
    return Proof(
        chain=chain, entries=len(entries), findings=tuple(findings), proven=len(walk.proven),
        newest=max((each.head.sequence for each in kept), default=0),
        compared=max((each.head.sequence for each in kept if each.elsewhere), default=0),
    )  # fmt: skip


def _misplaced(chain: str, entries: Sequence[LedgerEntry]) -> Iterator[Finding]:
    """Entries of another chain, and those that do not stand where their number says."""
    for entry in entries:
        if entry.chain != chain:
            yield Finding(entry.sequence, "ENTRY_OF_ANOTHER_CHAIN", f"it is one of {entry.chain}")
    found = [entry.sequence for entry in entries]
    for number, wanted in zip(found, sorted(found), strict=True):
        if number != wanted:
            yield Finding(wanted, "ENTRY_OUT_OF_ORDER", f"entry {number} stands in its place")


@dataclass
class _Walk:
    """From the end of a chain to its beginning."""

    chain: str
    entries: Sequence[LedgerEntry]
    kept: tuple[Kept, ...]
    proven: set[int] = field(default_factory=set)
    _denied: list[int] = field(default_factory=list)
    """Entries that are not what a head says."""
    _altered: set[int] = field(default_factory=set)
    """Entries that are not what the entry after them says."""

    def __post_init__(self) -> None:
        self._named = {id(entry): entry_digest(entry) for entry in self.entries}
        self._shelf: dict[int, list[LedgerEntry]] = {}
        for entry in self.entries:
            self._shelf.setdefault(entry.sequence, []).append(entry)
        self._last = max(self._shelf, default=0)
        self._chosen: dict[int, LedgerEntry] = {}

    def findings(self) -> tuple[Finding, ...]:
        heads = self._heads()
        found = [*self._disagreements(), *self._gaps(), *self._cut(heads)]
        above: LedgerEntry | None = None
        for number in sorted(self._shelf, reverse=True):
            near = above if above is not None and above.sequence == number + 1 else None
            found += self._judge(number, heads.get(number), near)
            above = self._chosen[number] if self._believed(number) else None
        return (*found, *self._first(), *self._told_by_heads())

    def _judge(self, number: int, head: Digest | None, above: LedgerEntry | None) -> Iterator[Finding]:
        """One number: which of its entries is the genuine one, if one is. ``above`` names it, where it is believed."""
        there, link = self._shelf[number], above.previous if above is not None else None
        wanted = head if head is not None else link
        place = next((at for at, each in enumerate(there) if wanted is not None and self._is(each, wanted)), None)
        chosen = self._chosen[number] = there[place or 0]
        for at, each in enumerate(there):
            if at != (place or 0):
                same = self._is(each, self._named[id(chosen)])
                code = "ENTRY_REPEATED" if same else "ENTRY_INSERTED"
                yield Finding(number, code, "it stands there twice" if same else "two different ones have its number")
        genuine = None if place is None else chosen
        if genuine is not None and (head is not None or number + 1 in self.proven):
            self.proven.add(number)
        if head is not None and genuine is None:
            self._denied.append(number)
        elif above is None:
            return
        elif link is None:
            yield Finding(number + 1, "ENTRY_ALTERED", "it names no entry before it")
        elif head is not None and not canonical.same(head, link):
            yield Finding(number + 1, "ENTRY_ALTERED", f"it does not follow the entry {number} that a head vouches for")
        elif genuine is None:
            self._altered.add(number)
            yield Finding(number, "ENTRY_ALTERED", f"it is not the one that entry {number + 1} follows")

    def _first(self) -> Iterator[Finding]:
        first = self._chosen.get(1)
        if first is not None and first.previous is not None and self._believed(1):
            yield Finding(1, "ENTRY_ALTERED", "it names an entry before it, and is the first")

    def _believed(self, number: int) -> bool:
        """Whether what an entry says of the one before it counts: not where it is known to be altered itself."""
        return number not in self._altered and number not in self._denied

    def _told_by_heads(self) -> Iterator[Finding]:
        """Entries that are not what a head says; where one follows from the other, the first of them."""
        before: int | None = None
        for number in sorted(self._denied):
            if before is None or not self._whole(before, number):
                below = max((each for each in self.proven if each < number), default=0)
                if below == number - 1 or not self._whole(below + 1, number):
                    yield Finding(number, "ENTRY_ALTERED", "it is not the one that a signed head vouches for")
                else:
                    yield Finding(
                        number, "CHAIN_REWRITTEN",
                        f"a signed head vouches for another one: from some entry after {below} on, up to this one, the"
                        " chain was written anew",
                    )  # fmt: skip
            before = number

    def _whole(self, lower: int, upper: int) -> bool:
        """Whether every entry of a stretch follows the one before it."""
        numbers = range(lower, upper + 1)
        if any(number not in self._chosen for number in numbers):
            return False
        stretch = [self._chosen[number] for number in numbers]
        return all(after.previous == self._named[id(entry)] for entry, after in pairwise(stretch))

    def _heads(self) -> dict[int, Digest]:
        return {each.head.sequence: each.head.entry for each in self.kept}

    def _disagreements(self) -> Iterator[Finding]:
        said: dict[int, Digest] = {}
        for each in self.kept:
            if not canonical.same(said.setdefault(each.head.sequence, each.head.entry), each.head.entry):
                yield Finding(each.head.sequence, "HEADS_DISAGREE", "two heads are signed, of two different entries")

    def _gaps(self) -> Iterator[Finding]:
        for below, above in pairwise((0, *sorted(self._shelf))):
            if above > below + 1:
                count = "" if above == below + 2 else f", and so are all up to {above - 1}"
                yield Finding(below + 1, "ENTRY_MISSING", f"it is missing{count}")

    def _cut(self, heads: Mapping[int, Digest]) -> Iterator[Finding]:
        newest = max(heads, default=0)
        if newest > self._last:
            detail = f"the chain ends before it; a head signed at {self._signed(newest)} vouches for entry {newest}"
            yield Finding(self._last + 1, "CHAIN_TRUNCATED", detail)

    def _signed(self, number: int) -> str:
        return next(format_instant(each.head.at) for each in self.kept if each.head.sequence == number)

    def _is(self, entry: LedgerEntry, digest: Digest) -> bool:
        return canonical.same(self._named[id(entry)], digest)
