"""Holds of a site: which there are, whose, and what answers each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from cutover.contracts.base import Digest
from cutover.contracts.evidence import EvidenceSet
from cutover.contracts.holds import Hold, HoldRegister, HowToAnswer
from cutover.contracts.policy import Team
from cutover.domain import answering, holds, naming
from cutover.domain.policy import Policy
from cutover.domain.record import RecordedResolution, RevisionRecord, Status
from cutover.loading import candidate_of, load
from cutover_cli.output import BadArgument, CommandError, Exit
from cutover_cli.site import Site

MAX_LISTED = 2_000
"""So many records that are due some day are looked through, of a whole site."""
SHORTEST = 4
"""Hexadecimal digits of a fingerprint that name a hold."""
_CUTOVER = re.compile(r"[a-z0-9-]{1,40}@[a-z0-9-]{1,40}\.(?:rehearsal\.)?[1-9][0-9]{0,8}")
_SOME_DAY = datetime(9999, 1, 1, tzinfo=UTC)


class NoSuchRelease(CommandError):
    """No revision of that cutover is recorded."""

    exit_code = Exit.REFUSED
    reason = "UNKNOWN_REVISION"


class NoSuchHold(CommandError):
    """No open hold, or more than one, has that name."""

    exit_code = Exit.REFUSED
    reason = "HOLD_UNKNOWN"


@dataclass(frozen=True, slots=True)
class Open:
    """An open hold of one revision, and the answer that was given to it already, if one was."""

    record: RevisionRecord
    hold: Hold
    answer: RecordedResolution | None

    @property
    def short(self) -> str:
        """What names it on a command line: the first digits of its fingerprint."""
        return short(self.hold.fingerprint)


def short(fingerprint: Digest) -> str:
    return fingerprint.removeprefix("sha256:")[:12]


def everywhere(site: Site) -> Iterator[Open]:
    """Every open hold of the revisions that are held now. The index that names them may lag a little."""
    found = (each for each in site.records.due(_SOME_DAY, limit=MAX_LISTED) if isinstance(each, RevisionRecord))
    for record in sorted((each for each in found if each.status is Status.HELD), key=lambda each: each.cutover):
        yield from of(site, record)


def of(site: Site, record: RevisionRecord) -> tuple[Open, ...]:
    """The open holds of one revision, those that are answered too, in the register's order."""
    if record.hold_register is None:
        return ()
    answers = {each.fingerprint: each for each in record.resolutions}
    register = load(site.documents, record.hold_register, HoldRegister)
    return tuple(Open(record, hold, answers.get(hold.fingerprint)) for hold in holds.open_holds(register))


def current(site: Site, cutover: str) -> RevisionRecord:
    """The newest revision of a cutover. Raises BadArgument and NoSuchRelease."""
    if not _CUTOVER.fullmatch(cutover):
        raise BadArgument(f"{cutover} is no cutover, such as service@production.1")
    lane = site.records.lane(*naming.of(cutover), rehearsal=naming.is_rehearsal(cutover))
    found = site.records.revision(cutover, lane.revision) if lane and lane.cutover == cutover else None
    for revision in count(1) if found is None else ():
        newer = site.records.revision(cutover, revision)
        if newer is None:
            break
        found = newer
    if found is None:
        raise NoSuchRelease(f"there is no {cutover}")
    return found


def one(site: Site, record: RevisionRecord, name: str | None) -> Open:
    """The hold that is meant by the first digits of its fingerprint, or by its code. Raises NoSuchHold.

    Without a name: the only one that is open.
    """
    found = of(site, record)
    if name is not None:
        digits = name.removeprefix("sha256:")
        found = tuple(
            each for each in found
            if each.hold.code == name
            or (len(digits) >= SHORTEST and each.hold.fingerprint.removeprefix("sha256:").startswith(digits))
        )  # fmt: skip
    if len(found) == 1:
        return found[0]
    where = f"{record.cutover} revision {record.revision}, which is {record.status}"
    said = f"{len(found)} open holds" if found else "no open hold"
    meant = f" by the name {name}" if name else ""
    raise NoSuchHold(f"there is {said}{meant} of {where}; `cutover holds list {record.cutover}` names them")


def ways(site: Site, open_: Open, policy: Policy) -> HowToAnswer | None:
    """What could answer it under the policy of now; None where only a new candidate can."""
    if open_.record.status is not Status.HELD:
        return None
    evidence_set = load(site.documents, open_.record.evidence_set, EvidenceSet)
    candidate = candidate_of(site.documents, open_.record)
    return answering.how(open_.hold, candidate, evidence_set, rules=policy.rules, audience=site.audience)


def owner(open_: Open, policy: Policy) -> Team | None:
    """Whose it is; None where the facts of now have no such team."""
    return policy.facts.teams.get(open_.hold.owner)
