"""What a package has otherwise than another one, as the page tells it: a group of lines for each subject."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cutover.contracts.manifest import ManifestPredicate
from cutover.contracts.policy import TrustedKey
from cutover.contracts.supersession import Difference, Supersession
from cutover.domain import canonical
from cutover.domain.changes import Change, changes
from cutover.domain.record import RevisionRecord
from cutover.errors import DocumentMissing, IntegrityError, Refused
from cutover.loading import load
from cutover.packages import Package, read_package
from cutover.ports import Records, Store

_LONG_HEX = re.compile(r"(?:sha256:)?([0-9a-f]{40,64})")
SHORT, BRIEF = 12, 48


@dataclass(frozen=True, slots=True)
class Row:
    """One field. ``was`` and ``now`` are whole, the others shortened to what a line can hold."""

    field: str
    was: str | None
    now: str | None
    short_was: str
    short_now: str


@dataclass(frozen=True, slots=True)
class Group:
    subject: str
    rows: tuple[Row, ...]

    @property
    def first(self) -> Row:
        return self.rows[0]

    @property
    def plain(self) -> bool:
        """Whether one line holds all of it."""
        row = self.first
        return len(self.rows) == 1 and (row.short_was, row.short_now) == (row.was or "", row.now or "")


@dataclass(frozen=True, slots=True)
class Comparison:
    """``against`` says what it is compared with; ``missing``, why it cannot be, or that there is nothing to compare."""

    title: str
    against: str = ""
    groups: tuple[Group, ...] = ()
    missing: str = ""
    lost: bool = False
    """There is something to compare with, and it cannot be read."""

    @property
    def count(self) -> int:
        return sum(len(group.rows) for group in self.groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """Reads what a package is compared with, and believes it as far as ``keys`` prove it at ``now``."""

    store: Store
    keys: tuple[TrustedKey, ...]
    now: datetime

    def since_approved(self, package: Package, record: RevisionRecord) -> Comparison:
        """What changed since the revision that was approved last: that one's name stands in the signed manifest.

        What the record says besides only finds it. Raises ``IntegrityError`` where the two differ.
        """
        predicate, title = package.manifest.predicate, "What changed"
        if predicate.predecessor is None:
            what = f"{package.bundle.release.product.value} to {predicate.destination.target}"
            return Comparison(title, missing=f"First release: no earlier approval of {what} is on record.")
        reference = record.predecessor
        if reference is None or not canonical.same(reference.payload, predicate.predecessor):
            raise IntegrityError("the record names another predecessor than the manifest")
        try:
            before = read_package(self.store, reference, keys=self.keys, now=self.now)
        except _UNREADABLE:
            return Comparison(title, missing=_LOST.format(_short(predicate.predecessor)), lost=True)
        return Comparison(title, _against(before), _groups(changes(before, package)))

    def to_successor(self, package: Package, record: RevisionRecord, records: Records) -> Comparison | None:
        """What the next revision has otherwise: of both packages, or until it has one, of what opened it."""
        successor = records.revision(record.cutover, record.revision + 1)
        if successor is None:
            return None
        title = f"What revision {successor.revision} has otherwise"
        try:
            if successor.manifest is not None:
                after = read_package(self.store, successor.manifest, keys=self.keys, now=self.now)
                return Comparison(title, groups=_groups(changes(package, after)))
            said = load(self.store, successor.supersession, Supersession)
        except _UNREADABLE:
            return Comparison(title, missing="It cannot be read any more.", lost=True)
        return Comparison(title, groups=_groups(_announced(each) for each in said.differences))


_UNREADABLE = (Refused, DocumentMissing, IntegrityError)
_LOST = (
    "What was approved before ({}) cannot be read any more, or its key is not trusted now, so nobody can say here "
    "what changed since. Look at this package as if it were the first."
)


def _announced(each: Difference) -> Change:
    """A field of a candidate or of a record, by its pointer in words."""
    words = each.pointer.strip("/").replace("/", " ").replace("~1", "/").replace("_", " ")
    return Change(words or "document", "", each.before, each.after)


def _against(before: Package) -> str:
    predicate: ManifestPredicate = before.manifest.predicate
    return f"since {before.bundle.release.version.value}, approved as {predicate.cutover} revision {predicate.revision}"


def _groups(found: Iterable[Change]) -> tuple[Group, ...]:
    rows: dict[str, list[Row]] = {}
    for each in found:
        row = Row(each.field, each.before, each.after, _short(each.before), _short(each.after))
        rows.setdefault(each.subject, []).append(row)
    return tuple(Group(subject, tuple(each)) for subject, each in rows.items())


def _short(text: str | None) -> str:
    if text is None:
        return ""
    found = _LONG_HEX.fullmatch(text)
    if found:
        return found[1][:SHORT] + "\N{HORIZONTAL ELLIPSIS}"
    line = " ".join(text.split())
    return line if len(line) <= BRIEF else line[: BRIEF - 1] + "\N{HORIZONTAL ELLIPSIS}"
