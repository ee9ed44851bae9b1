"""The decision of Bind: pure. What keeps a revision from being bound beyond what the checks found,
and the manifest of one that is bound.

These findings belong to family ``bind``. No waiver answers them: they are not about evidence.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cutover.contracts.base import Digest
from cutover.contracts.bind_inputs import BindInputs, SlotOwner
from cutover.contracts.bundle import Bundle, DraftBundle
from cutover.contracts.candidate import Candidate
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
from cutover.domain import bounded, canonical, checks, emergencies, holds, naming, quorum, window
from cutover.domain.record import RevisionRecord
from cutover.domain.rendering import render
from cutover.domain.waiving import BIND_FAMILY
from cutover.domain.weighing import Weighed, unanswering, unpermitted
from cutover.errors import Refused

OWNER = "release-engineering"


def blocker(code: str, *, subject: Digest, found: str, wanted: str, mend: str, field: str = "") -> Finding:
    """A finding of Bind's own: always a hold."""
    return Finding(
        rule=f"bind.{code.lower().replace('_', '-')}", family=BIND_FAMILY, outcome="hold", code=code, field=field,
        subject=subject, owner=OWNER, found=found, wanted=wanted, mend=mend,
    )  # fmt: skip


def ours(report: Findings, record: RevisionRecord) -> bool:
    """Whether a report is about this very revision."""
    return (report.cutover, report.revision) == (record.cutover, record.revision)


def foreign(reports: Mapping[str, Findings | None], record: RevisionRecord) -> Iterable[Finding]:
    """What was found in another cutover or revision says nothing of this one, good or bad."""
    for family, report in sorted(reports.items()):
        if report is not None and not ours(report, record):
            yield blocker(
                "FINDINGS_OF_ANOTHER_REVISION", subject=record.candidate, field=f"/{family}",
                found=f"the report of {family} is about {report.cutover} revision {report.revision}",
                wanted=f"a report about {record.cutover} revision {record.revision}",
                mend="find out who gave this execution another's report, and announce the candidate again",
            )  # fmt: skip


def unreported(reports: Mapping[str, Findings | None], rules: Rules, subject: Digest) -> Iterable[Finding]:
    """A family that is missing, crashed, or reported under another's name never passes, whatever the rules name."""
    for family in sorted({*checks.FAMILIES, *rules.families}):
        report = reports.get(family)
        if report is None or report.family != family or not report.rules:
            yield blocker(
                holds.CHECK_FAILED, subject=subject, field=f"/{family}",
                found=f"the checks of family {family} did not report", wanted="a report of every required family",
                mend="see the function's log, mend the check, and announce the candidate again",
            )  # fmt: skip


def people(
    signers: tuple[RequiredSigner, ...], facts: Facts, requesters: Iterable[str], subject: Digest, now: datetime
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
    missing = quorum.impossible(signers, facts=facts, barred=barred, now=now)
    if missing or not signers:
        lacking = "; ".join(_short_of(each, facts, barred, now) for each in missing)
        yield blocker(
            "QUORUM_IMPOSSIBLE", subject=subject, found=bounded.line(f"nobody can be {lacking or 'any rule'}"),
            wanted="distinct people for every role, none of them a requester",
            mend="give the role to another person in the facts, let them register a passkey where one is demanded, "
            "or let somebody else request the release",
        )  # fmt: skip


def _short_of(seat: RequiredSigner, facts: Facts, barred: frozenset[str], now: datetime) -> str:
    """A seat that stays empty: who cannot fill it and why, and who could, but is counted on another seat."""
    said = quorum.lacking(seat, facts=facts, barred=barred, now=now)
    holders = [name for name, person in sorted(facts.people.items()) if seat.role in person.roles]
    if not holders:
        return f"{said} (nobody has the role)"
    able = [
        name for name in holders
        if name not in barred and quorum.enough(quorum.strongest(name, facts=facts, now=now), seat.assurance)
    ]  # fmt: skip
    return f"{said}, for {', '.join(able)} can fill one seat only" if able else said


def not_allowed(case: "Case") -> Iterable[Finding]:
    """An emergency of a product that has no emergency path to this target."""
    if case.candidate.emergency is None:
        return
    try:
        emergencies.path(case.rules, case.record.product, case.record.target)
    except Refused as refused:
        yield blocker(
            refused.code, subject=case.record.candidate, field="/release/emergency", found=refused.detail,
            wanted="an emergency path that asks of every role what the target demands", mend=refused.mend,
        )  # fmt: skip


def slot_taken(owner: SlotOwner | None, record: RevisionRecord) -> Iterable[Finding]:
    """A rehearsal finds its own product's release there: that one would have been superseded, and its slot free."""
    if owner is None or (record.rehearsal and naming.of(owner.cutover) == (record.product, record.target)):
        return
    if (owner.cutover, owner.revision) != (record.cutover, record.revision):
        yield blocker(
            "WINDOW_CONFLICT", subject=record.candidate, field="/release/window",
            found=f"{owner.cutover} revision {owner.revision} holds this queue and window",
            wanted="a window occurrence of this queue that nobody holds",
            mend="announce the candidate again with another window",
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One revision as Bind judges it: its documents, the rules that it pinned, and what else Bind took (``inputs``),
    of which ``facts`` are those of its day.
    """

    record: RevisionRecord
    rules: Rules
    facts: Facts
    candidate: Candidate
    draft: DraftBundle
    gaps: Findings
    reports: Mapping[str, Findings | None]
    waivers: Weighed
    inputs: BindInputs

    @property
    def now(self) -> datetime:
        return self.inputs.at

    @property
    def signers(self) -> tuple[RequiredSigner, ...]:
        """Who must approve. Where an emergency cannot be one, that is a hold, and people are judged as usual."""
        product, target = self.record.product, self.record.target
        try:
            return emergencies.signers(self.rules, product, target, emergency=self.candidate.emergency is not None)
        except Refused:
            return self.rules.signers.get(target, ())

    @property
    def after_action_within(self) -> int | None:
        """Seconds, of an emergency."""
        path = self.rules.emergency.get(self.record.product) if self.candidate.emergency else None
        return path.after_action_within if path else None

    @property
    def window(self) -> Window:
        """Today's occurrence of the announced window; ``Refused`` (``WINDOW_UNKNOWN``) when it is gone."""
        return window.occurrence(self.facts, self.record.target, self.record.window)


def not_deployed(case: Case) -> Iterable[Finding]:
    """A candidate for an unknown target is refused; a revision outlives the deployment that it was admitted to."""
    if case.inputs.destination is None:
        yield blocker(
            "TARGET_NOT_DEPLOYED", subject=case.record.candidate, field="/release/target",
            found=f"this deployment has no target {case.record.target}", wanted="a target that is deployed",
            mend="deploy the target, or issue a candidate for another one",
        )  # fmt: skip


def elsewhere(case: Case) -> Iterable[Finding]:
    """The target deploys to an environment of which the release speaks: its change, its plans and its settings are
    compared with the environments that the candidate names, so these must be the ones that the queue leads to.
    """
    if case.inputs.destination is None:
        return
    table = case.rules.rendering
    ours = render(table, "environment", case.inputs.destination.environment)
    named = [render(table, "environment", each) for each in case.candidate.environments]
    if ours not in named:
        yield blocker(
            "TARGET_ENVIRONMENT_CONFLICT", subject=case.record.candidate, field="/release/environments",
            found=f"the release is for {', '.join(named)}, and {case.record.target} deploys to {ours}",
            wanted=f"a release for {ours}, with records that speak of it",
            mend="announce the candidate for the environment that its target deploys to, or for another target",
        )  # fmt: skip


def register_of(case: Case) -> HoldRegister:
    """Everything that was found, as the register of this revision. Too short a validity is found last:
    it depends on which waivers answer which holds.
    """
    reports = {**case.reports, case.gaps.family: case.gaps}
    accepted = [report for report in reports.values() if report is not None and ours(report, case.record)]
    checked = [finding for report in accepted for finding in report.findings]
    found = [
        *checked,
        *unpermitted(case.waivers, checked, case.rules),
        *unanswering(case.waivers, checked, case.rules),
        *foreign(reports, case.record),
        *unreported(case.reports, case.rules, case.record.candidate),
        *people(case.signers, case.facts, quorum.requesters(case.draft), case.record.candidate, case.now),
        *not_allowed(case),
        *not_deployed(case),
        *elsewhere(case),
        *slot_taken(case.inputs.slot, case.record),
    ]
    return _register(case, [*found, *_timing(case, _register(case, found))])


def _timing(case: Case, register: HoldRegister) -> Iterable[Finding]:
    subject = case.record.candidate
    try:
        closes_at = case.window.closes_at
    except Refused as refused:
        yield blocker(
            refused.code, subject=subject, field="/release/window", found=refused.detail,
            wanted="a window that the calendar still has", mend="announce the candidate again with another window",
        )  # fmt: skip
        return
    ends = valid_until(case, register)
    if ends <= case.now:
        yield blocker(
            "VALIDITY_OVER", subject=subject, field="/release/window",
            found=f"at {case.now.isoformat()} the package had already ended, at {ends.isoformat()}",
            wanted="a package that is still valid when it is bound",
            mend="issue a new candidate, with evidence and waivers that still hold, for a window still to come",
        )  # fmt: skip
    elif ends < closes_at:
        yield blocker(
            "VALIDITY_ENDS_BEFORE_WINDOW", subject=subject, field="/release/window",
            found=f"the package would end at {ends.isoformat()}",
            wanted=f"validity until the window closes at {closes_at.isoformat()}",
            mend="issue the candidate or the waiver with a later end, or choose an earlier window",
        )  # fmt: skip


def valid_until(case: Case, register: HoldRegister | ClearedRegister) -> datetime:
    """The earliest end: the window's, the candidate's, any used waiver's, the evidence's age limit."""
    waivers = (hold.resolution.expires_at for hold in register.holds if hold.resolution is not None)
    evidence_ends = case.draft.as_of + timedelta(seconds=case.rules.evidence_max_age)
    return window.valid_until(case.window, [case.candidate.expires_at, evidence_ends, *waivers])


def _register(case: Case, found: list[Finding]) -> HoldRegister:
    return holds.register(
        cutover=case.record.cutover, revision=case.record.revision, findings=found, waivers=case.waivers.answers,
        opened_at=case.now, expires_at=held_until(case),
    )  # fmt: skip


def held_until(case: Case) -> datetime:
    """How long a hold may stay open: as the rules say, and never longer than the revision."""
    said = emergencies.timers(case.rules, case.record.product, emergency=case.candidate.emergency is not None)
    return min(case.record.expires_at, case.now + said.held_for)


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
    signers: tuple[RequiredSigner, ...]
    facts: Digest
    bundle: Bundle
    lineage: Digest
    register: ClearedRegister
    evidence_set: Digest
    bound_at: datetime
    valid_until: datetime
    predecessor: Digest | None = None

    def manifest(self) -> Manifest:
        """The statement that people approve."""
        emergency = self.bundle.release.emergency
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
                signers=self.signers,
                candidate=self.record.candidate,
                evidence_set=self.evidence_set,
                rules=self.record.rules.payload,
                facts=self.facts,
                contracts=self.rules.contracts,
                predecessor=self.predecessor,
                bound_at=self.bound_at,
                valid_until=self.valid_until,
                emergency=emergency.incident.value if emergency else None,
            ),
        )
