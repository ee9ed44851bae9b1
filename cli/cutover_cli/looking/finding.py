"""Finding what somebody means: a cutover, or any id that its story left behind; and whatever was moved in some days.

What is live is asked of the index that the clock reads, the rest of the ledger day by day. Both indexes may lag.
"""

import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain as joined

from cutover.contracts.base import CutoverId, Digest
from cutover.contracts.ledger import LedgerEntry
from cutover.domain.record import LIVE, Admission, RevisionRecord, Status
from cutover.ports import Unreadable
from cutover_cli import held
from cutover_cli.arguments import day_or_instant, is_digest
from cutover_cli.output import BadArgument, CommandError, Exit, oneline, showable
from cutover_cli.site import Site

DAY = timedelta(days=1)
MAX_DAYS = 366
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""So that days can be counted back from any time that is asked for."""
MAX_LIVE = 2_000
UNDER_WAY = LIVE | {Status.HANDING_OFF}


class NothingFound(CommandError):
    """Neither the records nor the ledger's days that were looked through have anything of that name."""

    exit_code = Exit.REFUSED
    reason = "NOTHING_FOUND"


@dataclass(frozen=True, slots=True)
class Found:
    """What a name means: a revision, or an announcement that opened none (``admission`` alone, refused or waiting)."""

    record: RevisionRecord | None = None
    admission: Admission | None = None


def moment_of(text: str | None, name: str) -> datetime | None:
    """``2026-03-01`` or an instant, in UTC, of this millennium. Raises BadArgument."""
    if text is None:
        return None
    try:
        found = day_or_instant(text)
    except ValueError as error:
        raise BadArgument(f"{name}: neither a day such as 2026-03-01 nor an instant: {error}") from error
    if found < EARLIEST:
        raise BadArgument(f"{name}: nothing is told of {text}")
    return found


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open, in UTC."""

    since: datetime
    until: datetime

    @classmethod
    def of(cls, since: str | None, until: str | None, *, now: datetime, days: int) -> "Span":
        """The last ``days`` where nothing is said. Raises BadArgument."""
        end = moment_of(until, "--until") or now + DAY
        begin = moment_of(since, "--since") or min(end, now) - timedelta(days=days)
        if not begin < end:
            raise BadArgument("--since is not before --until")
        if end - begin > timedelta(days=MAX_DAYS):
            raise BadArgument(f"more than {MAX_DAYS} days at once")
        return cls(begin, end)

    def entries(self, site: Site) -> Iterator[LedgerEntry]:
        """What all chains tell of it, the newest first. What cannot be read is said on stderr and hides no other."""
        day = (self.until - timedelta(microseconds=1)).astimezone(UTC).date()
        while day >= self.since.astimezone(UTC).date():
            for each in reversed(list(site.records.written_on(day))):
                if isinstance(each, Unreadable):
                    said = f"cutover: {each.key} is no entry of the ledger: `cutover ledger verify` says more"
                    print(showable(oneline(said), sys.stderr), file=sys.stderr)
                elif self.since <= each.at < self.until:
                    yield each
            day -= DAY


def subject_of(entry: LedgerEntry) -> tuple[CutoverId, int] | None:
    """The revision that an entry is about, where it is about one."""
    return (entry.chain, entry.revision) if entry.revision is not None and "@" in entry.chain else None


def moved(site: Site, span: Span) -> Iterator[RevisionRecord | Admission]:
    """Each revision of which the days tell, and each announcement that was refused; the one that moved last first."""
    seen: set[object] = set()
    for entry in span.entries(site):
        about = subject_of(entry) or (entry.inputs.get("envelope") if entry.event == "refused" else None)
        if about is None or about in seen:
            continue
        seen.add(about)
        found = site.records.revision(*about) if isinstance(about, tuple) else site.records.admission(about)
        if isinstance(found, RevisionRecord) or (found is not None and found.status is Status.REFUSED):
            yield found


def live(site: Site, statuses: Collection[Status] = UNDER_WAY) -> list[RevisionRecord]:
    """Revisions that have not ended, by their names."""
    found = site.records.waiting(statuses, limit=MAX_LIVE)
    return sorted(found, key=lambda each: (each.cutover, each.revision))


def everything(
    site: Site, span: Span, keep: Callable[[RevisionRecord | Admission], bool], limit: int
) -> tuple[list[RevisionRecord | Admission], bool]:
    """What is live and then what else moved, ``limit`` of those to ``keep``; and whether there are more."""
    found: dict[object, RevisionRecord | Admission] = {}
    for each in joined(live(site), moved(site, span)):
        key = (each.cutover, each.revision) if isinstance(each, RevisionRecord) else each.digest
        if key not in found and keep(each):
            if len(found) == limit:
                return list(found.values()), True
            found[key] = each
    return list(found.values()), False


def named(site: Site, name: str, revision: int | None, *, days: int) -> Found:
    """What is meant by a cutover, or by the id of an event, a message, a hand-off or a document of its story.

    Raises BadArgument, ``held.NoSuchRelease`` and NothingFound.
    """
    if "@" in name:
        return Found(revision_of(site, name, revision))
    found = _by_digest(site, name) if is_digest(_prefixed(name)) else None
    found = found or _by_ledger(site, name, days)
    if found is None:
        raise NothingFound(f"nothing of the last {days} days has the id {name}; --days looks further back")
    if revision is not None and found.record is not None:
        return Found(revision_of(site, found.record.cutover, revision), found.admission)
    return found


def revision_of(site: Site, cutover: str, revision: int | None) -> RevisionRecord:
    """That revision of a cutover, or the newest one. Raises BadArgument and ``held.NoSuchRelease``."""
    newest = held.current(site, cutover)
    found = newest if revision is None else site.records.revision(cutover, revision)
    if found is None:
        raise held.NoSuchRelease(f"there is no revision {revision} of {cutover}; the newest is {newest.revision}")
    return found


def _prefixed(name: str) -> str:
    return "sha256:" + name.removeprefix("sha256:")


def _by_digest(site: Site, name: str) -> Found | None:
    """An announcement by its envelope, or the revision that a candidate opened."""
    digest = _prefixed(name)
    if (admission := site.records.admission(digest)) is not None:
        return _of_admission(site, admission)
    owner = site.records.payload_owner(digest)
    record = site.records.revision(*owner) if owner else None
    return Found(record) if record else None


def _of_admission(site: Site, admission: Admission) -> Found:
    if admission.cutover is None or admission.revision is None:
        return Found(admission=admission)
    return Found(site.records.revision(admission.cutover, admission.revision), admission)


def _by_ledger(site: Site, name: str, days: int) -> Found | None:
    now = site.clock.now()
    digest = _prefixed(name) if is_digest(_prefixed(name)) else None
    for entry in Span.of(None, None, now=now, days=days).entries(site):
        about = subject_of(entry)
        told = entry.correlation_id == name or (digest is not None and digest in entry.inputs.values())
        if about is not None and (told or entry.to == Status.HANDED_OFF):
            record = site.records.revision(*about)
            if record is not None and (told or _is(record, name, digest)):
                return Found(record)
        elif told and (envelope := _envelope(entry)) and (admission := site.records.admission(envelope)):
            return _of_admission(site, admission)
    return None


def _envelope(entry: LedgerEntry) -> Digest | None:
    return entry.inputs.get("envelope") if entry.chain.startswith("admissions.") else None


def _is(record: RevisionRecord, name: str, digest: Digest | None) -> bool:
    return record.message_id == name or (digest is not None and digest in (record.handoff_id, record.handoff))
