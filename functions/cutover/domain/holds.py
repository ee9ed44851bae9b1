"""Holds: what keeps a release from being bound, who must mend it, and what a waiver answers."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from cutover.contracts.base import Digest
from cutover.contracts.holds import ClearedRegister, Finding, Hold, HoldRegister, HoldResolution, Warn
from cutover.domain import canonical
from cutover.domain.waivers import Answers
from cutover.domain.waiving import BIND_FAMILY, family_of

REFUSED_RULE = "approvals.refused"
REFUSED_BY_APPROVER = "APPROVER_REFUSED"
CHECK_FAILED = "CHECK_FAILED"
"""A check that did not come to an answer. Nothing was found that could be waived."""


def fingerprint(rule: str, field: str, subject: Digest) -> Digest:
    """What a waiver answers: this rule, on this field, about exactly this subject."""
    return canonical.digest(canonical.encode({"field": field, "rule": rule, "subject": subject}))


def mark_of(finding: Finding) -> Digest:
    """The fingerprint of the hold that a finding opens."""
    return fingerprint(finding.rule, finding.field, finding.subject)


def apart(findings: Iterable[Finding]) -> list[Finding]:
    """Each finding once. Different ones that a rule gave one mark keep none of them: each is about itself then.

    Otherwise only one of them would be seen, and a waiver given for it would answer the others too. Bind's register is
    made of these; a rule's own mistake is found by its examples.
    """
    once = {canonical.digest_model(each): each for each in findings}
    shared = Counter(mark_of(each) for each in once.values())
    return [
        each if shared[mark_of(each)] == 1 else each.model_copy(update={"subject": itself})
        for itself, each in once.items()
    ]


def hold_id(cutover: str, revision: int, mark: Digest) -> Digest:
    """A hold's id: its fingerprint within one revision."""
    return canonical.digest(canonical.encode({"cutover": cutover, "fingerprint": mark, "revision": revision}))


def register(
    *,
    cutover: str,
    revision: int,
    findings: Iterable[Finding],
    waivers: Answers,
    opened_at: datetime,
    expires_at: datetime,
) -> HoldRegister:
    """The register of one revision: a hold for each blocking finding, answered where a waiver fits.

    A ``deny`` is never answered by a waiver, nor is what Bind itself finds. Order is that of (rule, field),
    whatever came first.
    """
    ordered = sorted(findings, key=lambda each: (each.rule, each.field, each.subject, canonical.digest_model(each)))
    warnings = tuple(
        Warn(rule=each.rule, code=each.code, field=each.field, found=each.found, wanted=each.wanted)
        for each in ordered
        if each.outcome == "warn"
    )
    holds: list[Hold] = []
    for finding in apart(each for each in ordered if each.outcome in {"hold", "deny"}):
        mark = mark_of(finding)
        waiver = waivers.get((mark, family_of(finding.rule))) if waivable(finding) else None
        holds.append(
            Hold(
                id=hold_id(cutover, revision, mark),
                fingerprint=mark,
                code=finding.code,
                field=finding.field,
                severity="deny" if finding.outcome == "deny" else "hold",
                owner=finding.owner,
                rule=finding.rule,
                subject=finding.subject,
                found=finding.found,
                wanted=finding.wanted,
                mend=finding.mend,
                evidence=finding.evidence,
                opened_at=opened_at,
                opened_by="bind",
                expires_at=expires_at,
                resolution=HoldResolution(waiver=waiver.digest, expires_at=waiver.expires_at) if waiver else None,
            )
        )
    return HoldRegister(cutover=cutover, revision=revision, holds=tuple(holds), warnings=warnings)


def waivable(finding: Finding) -> bool:
    """Whether a waiver can answer it at all; whose waiver may, the rules say (``domain.waiving``)."""
    return finding.outcome == "hold" and finding.code != CHECK_FAILED and family_of(finding.rule) != BIND_FAMILY


def open_holds(found: HoldRegister) -> tuple[Hold, ...]:
    return tuple(hold for hold in found.holds if hold.resolution is None)


def denied(found: HoldRegister) -> tuple[Hold, ...]:
    return tuple(hold for hold in found.holds if hold.severity == "deny")


def cleared(found: HoldRegister) -> ClearedRegister | None:
    """The register as the type that a manifest binds; None while any hold is open."""
    if open_holds(found):
        return None
    return ClearedRegister.model_validate_json(canonical.encode_model(found))


def refusal(
    bound: ClearedRegister,
    *,
    decision: Digest,
    manifest: Digest,
    reason: str,
    opened_at: datetime,
    expires_at: datetime,
) -> HoldRegister:
    """The register of a revision that somebody refused: the refusal is a hold that no waiver answers.

    ``decision`` is the signed refusal's digest, ``manifest`` what was refused, ``reason`` the person's words.
    """
    mark = fingerprint(REFUSED_RULE, "", manifest)
    opened = Hold(
        id=hold_id(bound.cutover, bound.revision, mark),
        fingerprint=mark,
        code=REFUSED_BY_APPROVER,
        field="",
        severity="deny",
        owner="release-engineering",
        rule=REFUSED_RULE,
        subject=manifest,
        found=reason,
        wanted="an approval of every required role",
        mend="answer the reason in a new candidate",
        evidence=(decision,),
        opened_at=opened_at,
        opened_by="approvals",
        expires_at=expires_at,
    )
    return HoldRegister(
        cutover=bound.cutover, revision=bound.revision, holds=(*bound.holds, opened), warnings=bound.warnings
    )
