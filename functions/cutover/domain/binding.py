"""The decision of Bind: pure. What keeps a revision from being bound beyond what the checks found,
and the manifest of one that is bound.

These findings belong to family ``bind``. No waiver answers them: they are not about evidence.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cutover.contracts.base import Digest
from cutover.contracts.bundle import Bundle
from cutover.contracts.envelope import Subject, SubjectDigest
from cutover.contracts.holds import ClearedRegister, Finding, Findings, HoldRegister
from cutover.contracts.manifest import (
    SUBJECT_NAMES,
    Destination,
    Manifest,
    ManifestPredicate,
    RequiredSigner,
    Window,
)
from cutover.contracts.policy import Facts, Rules
from cutover.domain import canonical, quorum, window
from cutover.domain.holds import BIND_FAMILY
from cutover.domain.record import RevisionRecord, Slot
from cutover.errors import Refused

OWNER = "release-engineering"


def blocker(code: str, *, subject: Digest, found: str, wanted: str, mend: str, field: str = "") -> Finding:
    """A finding of Bind's own: always a hold."""
    return Finding(
        rule=f"bind.{code.lower().replace('_', '-')}", family=BIND_FAMILY, outcome="hold", code=code, field=field,
        subject=subject, owner=OWNER, found=found, wanted=wanted, mend=mend,
    )  # fmt: skip


def unreported(reports: Mapping[str, Findings | None], rules: Rules, subject: Digest) -> Iterable[Finding]:
    """A required family that is missing, crashed, or reported under another's name never passes."""
    for family in sorted(rules.families):
        report = reports.get(family)
        if report is None or report.family != family or not report.rules:
            yield blocker(
                "CHECK_FAILED", subject=subject, field=f"/{family}",
                found=f"the checks of family {family} did not report", wanted="a report of every required family",
                mend="see the function's log, mend the check, and announce the candidate again",
            )  # fmt: skip


def people(
    signers: tuple[RequiredSigner, ...], facts: Facts, requesters: Iterable[str], subject: Digest
) -> Iterable[Finding]:
    """Whether the people whom the facts name could give every required approval at all."""
    try:
        barred = quorum.barred(facts, requesters)
    except Refused as refused:
        yield blocker(
            refused.code, subject=subject, field="/release/requester", found=refused.detail,
            wanted="every requester known as one person", mend=refused.mend,
        )  # fmt: skip
        return
    missing = quorum.impossible(signers, facts=facts, barred=barred)
    if missing or not signers:
        lacking = ", ".join(f"{each.count} x {each.role} by {each.assurance}" for each in missing) or "any rule"
        yield blocker(
            "QUORUM_IMPOSSIBLE", subject=subject, found=f"nobody can be {lacking}",
            wanted="distinct people for every role, none of them a requester",
            mend="give the role to another person in the facts, or let somebody else request the release",
        )  # fmt: skip


def validity(
    occurrence: Window, *, candidate_expires_at: datetime, register: HoldRegister, as_of: datetime, rules: Rules
) -> datetime:
    """The earliest end: the window's, the candidate's, any used waiver's, the evidence's age limit."""
    waivers = (hold.resolution.expires_at for hold in register.holds if hold.resolution is not None)
    evidence_ends = as_of + timedelta(seconds=rules.evidence_max_age)
    return window.valid_until(occurrence, [candidate_expires_at, evidence_ends, *waivers])


def too_short(valid_until: datetime, occurrence: Window, subject: Digest) -> Iterable[Finding]:
    if valid_until < occurrence.closes_at:
        yield blocker(
            "VALIDITY_ENDS_BEFORE_WINDOW", subject=subject, field="/release/window",
            found=f"the package would end at {valid_until.isoformat()}",
            wanted=f"validity until the window closes at {occurrence.closes_at.isoformat()}",
            mend="issue the candidate or the waiver with a later end, or choose an earlier window",
        )  # fmt: skip


def slot_taken(owner: Slot | None, record: RevisionRecord, subject: Digest) -> Iterable[Finding]:
    if owner is not None and (owner.cutover, owner.revision) != (record.cutover, record.revision):
        yield blocker(
            "WINDOW_CONFLICT", subject=subject, field="/release/window",
            found=f"{owner.cutover} revision {owner.revision} holds this queue and window",
            wanted="a window occurrence of this queue that nobody holds",
            mend="announce the candidate again with another window",
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """All that a manifest binds. The types carry the rule: a bundle with a held field, or a register with
    an open hold, is of another type and cannot stand here.
    """

    record: RevisionRecord
    audience: str
    destination: Destination
    window: Window
    rules: Rules
    facts: Digest
    bundle: Bundle
    lineage: Digest
    register: ClearedRegister
    evidence_set: Digest
    bound_at: datetime
    valid_until: datetime

    def manifest(self) -> Manifest:
        """The statement that people approve."""
        digests = (canonical.digest_model(self.bundle), self.lineage, canonical.digest_model(self.register))
        return Manifest(
            subject=tuple(
                Subject(name=name, digest=SubjectDigest(sha256=digest.removeprefix("sha256:")))
                for name, digest in zip(SUBJECT_NAMES, digests, strict=True)
            ),
            predicate=ManifestPredicate(
                audience=self.audience,
                cutover=self.record.cutover,
                revision=self.record.revision,
                destination=self.destination,
                window=self.window,
                signers=self.rules.signers[self.record.target],
                candidate=self.record.candidate,
                evidence_set=self.evidence_set,
                rules=self.record.rules.payload,
                facts=self.facts,
                contracts=self.rules.contracts,
                bound_at=self.bound_at,
                valid_until=self.valid_until,
            ),
        )
