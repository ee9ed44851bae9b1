"""The decision of Bind: pure. What keeps a revision from being bound beyond what the checks found,
and the manifest of one that is bound.

These findings belong to family ``bind``. No waiver answers them: they are not about evidence.
"""

from collections.abc import Iterable, Mapping
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
from cutover.domain import quorum, window
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
        lacking = ", ".join(f"{each.count} × {each.role} by {each.assurance}" for each in missing) or "any rule"
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


def manifest(
    record: RevisionRecord, *, bundle: Digest, lineage: Digest, register: Digest, audience: str,
    destination: Destination, occurrence: Window, rules: Rules, rules_digest: Digest, facts_digest: Digest,
    evidence_set: Digest, bound_at: datetime, valid_until: datetime, of: Bundle, cleared: ClearedRegister,
) -> Manifest:  # fmt: skip
    """The statement that people approve. ``of`` and ``cleared`` are here for their types: nothing with an
    open hold or a held field can be passed, so nothing such can be bound.
    """
    if (of.cutover, of.revision) != (cleared.cutover, cleared.revision):
        raise Refused("DOCUMENTS_OF_ANOTHER_REVISION", "bundle and register are not of one revision")
    digests = (bundle, lineage, register)
    return Manifest(
        subject=tuple(
            Subject(name=name, digest=SubjectDigest(sha256=digest.removeprefix("sha256:")))
            for name, digest in zip(SUBJECT_NAMES, digests, strict=True)
        ),
        predicate=ManifestPredicate(
            audience=audience, cutover=record.cutover, revision=record.revision, destination=destination,
            window=occurrence, signers=rules.signers[record.target], candidate=record.candidate,
            evidence_set=evidence_set, rules=rules_digest, facts=facts_digest, contracts=rules.contracts,
            bound_at=bound_at, valid_until=valid_until,
        ),
    )  # fmt: skip
