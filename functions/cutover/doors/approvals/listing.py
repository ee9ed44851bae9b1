"""What waits for one person: every revision that asks, as it stands towards them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cutover.contracts.policy import Rules, SignedReference
from cutover.domain import emergencies, links, quorum, times
from cutover.domain.links import Link
from cutover.domain.mac import Mac
from cutover.domain.personal_links import PersonalLink
from cutover.domain.policy import Policy
from cutover.domain.record import Brake, RevisionRecord
from cutover.domain.transitions import ASKED
from cutover.doors.approvals import permitting, postponing
from cutover.doors.approvals.standing import Circumstances, Standing
from cutover.errors import DocumentMissing, IntegrityError, Refused
from cutover.packages import Package, read_package
from cutover.ports import Records, Store
from cutover.together import Together, one_by_one

MAX_LISTED = 50
"""Each takes a handful of readings; the page says when there are more."""
Group = Literal["asked", "decided", "resting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One revision in one role. ``said`` is what stands between this person and a decision, in words."""

    group: Group
    product: str
    version: str
    target: str
    role: str
    window_local: str
    window_utc: str
    opens: str
    opens_at: datetime
    digest: str
    emergency: str
    said: str
    missing: tuple[str, ...]
    link: str


@dataclass(frozen=True, slots=True)
class Listed:
    lines: tuple[Line, ...]
    unreadable: int
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Reads for one deployment (``audience``) under ``policy``, at ``now``."""

    audience: str
    records: Records
    store: Store
    mac: Mac
    policy: Policy
    rules: Callable[[SignedReference], Rules]
    now: datetime
    together: Together = one_by_one

    def of(self, mine: PersonalLink) -> Listed:
        """Everything that asks this person, soonest window first. Some are read at a time: a person waits."""
        found, brake = list(self.records.waiting(ASKED, limit=MAX_LISTED + 1)), self.records.brake()
        read = self.together(lambda record: self._read(record, brake, mine), found[:MAX_LISTED])
        lines = [line for each in read if each is not None for line in each]
        lines.sort(key=lambda line: (line.opens_at, line.product))
        return Listed(tuple(lines), sum(each is None for each in read), len(found) > MAX_LISTED)

    def _read(self, found: RevisionRecord, brake: Brake | None, mine: PersonalLink) -> tuple[Line, ...] | None:
        """None where its package or its rules cannot be read or trusted: that keeps no other from being listed.

        The index may lag, so the record is read again.
        """
        record = self.records.revision(found.cutover, found.revision)
        if record is None or record.manifest is None or record.status not in ASKED:
            return ()
        try:
            package = read_package(self.store, record.manifest, keys=self.policy.facts.keys, now=self.now)
            latest = postponing.room(package, self.rules(record.rules), self.now).latest
            on = Circumstances(package=package, facts=self.policy.facts, now=self.now, brake=brake, latest=latest)
            return tuple(self._of(record, on, mine))
        except (Refused, DocumentMissing, IntegrityError):
            return None

    def _of(self, record: RevisionRecord, on: Circumstances, mine: PersonalLink) -> Iterator[Line]:
        """In each role that this person may decide in; in the one that they decided in, once they have."""
        standings = [self._standing(record, on, mine, role) for role in self._roles(on.package, mine.person)]
        decided = [each for each in standings if each.mine is not None and each.mine.role == each.link.role]
        for standing in decided or standings:
            yield self._line(standing, on)

    def _roles(self, package: Package, person: str) -> Iterator[str]:
        try:
            barred = quorum.barred(self.policy.facts, package.requesters())
        except Refused:
            return
        for seat in package.manifest.predicate.signers:
            try:
                quorum.eligible(person, seat.role, facts=self.policy.facts, barred=barred)
            except Refused:
                continue
            yield seat.role

    def _standing(self, record: RevisionRecord, on: Circumstances, mine: PersonalLink, role: str) -> Standing:
        """With a fresh link, which ends with the personal one at the latest: asking again lengthens nothing."""
        package, rules = on.package, self.rules(record.rules)
        predicate = package.manifest.predicate
        timers = emergencies.timers(rules, record.product, emergency=predicate.emergency is not None)
        ends = min(mine.expires_at, predicate.valid_until, self.now + timers.link_valid_for)
        link = Link(
            cutover=record.cutover, revision=record.revision, manifest=package.digest, person=mine.person, role=role,
            expires_at=ends, channel=mine.channel,
        )  # fmt: skip
        return Standing.of(record, link, package=package, facts=on.facts, now=self.now)

    def _line(self, standing: Standing, on: Circumstances) -> Line:
        predicate, release = on.package.manifest.predicate, on.package.bundle.release
        window, zone = predicate.window, times.zone(predicate.window.time_zone)
        group, said = _said(standing, on)
        return Line(
            group=group,
            product=release.product.value,
            version=release.version.value,
            target=predicate.destination.target,
            role=standing.link.role,
            window_local=times.span(window.opens_at, window.closes_at, zone),
            window_utc=times.span(window.opens_at, window.closes_at),
            opens=times.distance(window.opens_at, self.now),
            opens_at=window.opens_at,
            digest=on.package.digest.removeprefix("sha256:"),
            emergency=predicate.emergency or "",
            said=said,
            missing=tuple(
                each.role if each.count == 1 else f"{each.count} {each.role}"
                for each in standing.outstanding(on.package, on.facts)
            ),
            link=links.make_link(standing.link, audience=self.audience, mac=self.mac),
        )


def _said(standing: Standing, on: Circumstances) -> tuple[Group, str]:
    mine = standing.mine
    if mine is not None:
        word = "approved" if mine.decision == "approve" else "refused"
        return "decided", f"You have {word} it, {times.moment(mine.decided_at)}."
    try:
        permitting.check("approve", standing, on)
    except Refused as refused:
        if refused.code == "ASSURANCE_TOO_LOW":  # the page asks for the passkey
            return "asked", ""
        return "resting", f"{refused.detail[:1].upper()}{refused.detail[1:]}."
    return "asked", ""
