"""What the page says about a package: made from the digested bytes, and from nothing else."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from cutover.contracts.base import parse_instant
from cutover.contracts.bundle import Bundle, BundleStep, BundleWaiver, Component, Sourced, Waived
from cutover.contracts.holds import ResolvedHold, Warn
from cutover.domain import times
from cutover.doors.approvals.rendering import titled
from cutover.packages import Package

NOT_STATED = "not stated (waived)"


@dataclass(frozen=True, slots=True)
class Part:
    """One component: what it is, and where its bytes say that they come from."""

    name: str
    digest: str
    size: str
    builder: str
    repository: str
    commit: str
    statement: str
    dependencies: str


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    kind: str
    drilled: str
    trigger: str
    stop_first: str
    prior: str
    baseline: str


@dataclass(frozen=True, slots=True)
class WaiverLine:
    id: str
    owner: str
    reason: str
    approver: str
    policy: str
    ends: str


@dataclass(frozen=True, slots=True)
class Exemption:
    """One hold that a waiver answers; the person confirms each."""

    fingerprint: str
    title: str
    code: str
    field: str
    found: str
    wanted: str
    ends: str
    waiver: WaiverLine | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    product: str
    version: str
    target: str
    environment: str
    account: str
    queue: str
    queue_arn: str
    window_local: str
    window_utc: str
    window_id: str
    time_zone: str
    opens: str
    valid_until: str
    digest: str
    rationale: str
    requester: str
    repository: str
    commit: str
    change: str
    change_title: str
    change_state: str
    risk: str
    components: tuple[Part, ...]
    attestations: tuple[str, ...]
    cohorts: tuple[str, ...]
    flags: tuple[str, ...]
    criteria: tuple[str, ...]
    steps: tuple[Step, ...]
    warnings: tuple[Warn, ...]
    exemptions: tuple[Exemption, ...]
    waivers: tuple[WaiverLine, ...]
    """Those that answer no hold of this package."""
    audience: str


def risk_of(package: Package) -> str:
    """The risk class in the change record's own word. It is repeated, never computed."""
    return said(package.bundle.change.risk)


def exceptions_of(package: Package) -> tuple[str, ...]:
    """The fingerprints of the holds that waivers answer, in the register's order."""
    return tuple(hold.fingerprint for hold in package.register.holds)


def said(field: Sourced[Any] | Waived | None) -> str:
    """A field's value in words; a gap says that it is one."""
    if isinstance(field, Waived):
        return NOT_STATED
    return "none" if field is None else str(field.value)


def summarize(package: Package, *, now: datetime) -> Summary:
    bundle, predicate = package.bundle, package.manifest.predicate
    window, release, change = predicate.window, bundle.release, bundle.change
    zone = times.zone(window.time_zone)
    return Summary(
        product=release.product.value,
        version=release.version.value,
        target=predicate.destination.target,
        environment=predicate.destination.environment,
        account=predicate.destination.account,
        queue=predicate.destination.queue_arn.rsplit(":", 1)[-1],
        queue_arn=predicate.destination.queue_arn,
        window_local=times.span(window.opens_at, window.closes_at, zone),
        window_utc=times.span(window.opens_at, window.closes_at),
        window_id=window.id,
        time_zone=window.time_zone if zone else f"{window.time_zone}, unknown here",
        opens=times.distance(window.opens_at, now),
        valid_until=times.moment(predicate.valid_until, zone),
        digest=package.digest.removeprefix("sha256:"),
        rationale=release.rationale.value,
        requester=release.requester.value,
        repository=release.repository.value,
        commit=release.commit.value,
        change=said(change.number),
        change_title=said(change.title),
        change_state=said(change.state),
        risk=risk_of(package),
        components=tuple(_part(component) for component in bundle.components),
        attestations=tuple(f"{each.name.value} ({each.component.value})" for each in bundle.attestations),
        cohorts=_cohorts(bundle),
        flags=_flags(bundle),
        criteria=tuple(criterion.value for criterion in bundle.rollback.criteria),
        steps=_steps(bundle, now),
        warnings=package.register.warnings,
        exemptions=tuple(_exemption(hold, bundle, zone, now) for hold in package.register.holds),
        waivers=tuple(
            _waiver(each, zone, now)
            for each in bundle.waivers
            if isinstance(each, BundleWaiver) and each.fingerprint.value not in exceptions_of(package)
        ),
        audience=predicate.audience,
    )


def _part(component: Component[Waived]) -> Part:
    provenance, dependencies = component.provenance, component.dependencies
    count = said(dependencies.components)
    form = f"{said(dependencies.format)} {said(dependencies.spec_version)}"
    return Part(
        name=component.name.value,
        digest=said(component.digest),
        size=_bytes(component.size.value) if isinstance(component.size, Sourced) else NOT_STATED,
        builder=said(provenance.builder),
        repository=said(provenance.repository),
        commit=said(provenance.commit),
        statement=said(provenance.statement),
        dependencies=NOT_STATED if isinstance(dependencies.components, Waived) else f"{count} in {form}",
    )


def _cohorts(bundle: Bundle) -> tuple[str, ...]:
    if isinstance(bundle.cohorts, Waived):
        return (NOT_STATED,)
    return tuple(
        f"{cohort.name.value}: {said(cohort.share_percent)} % of {said(cohort.environment)}"
        for cohort in bundle.cohorts
    )


def _flags(bundle: Bundle) -> tuple[str, ...]:
    if isinstance(bundle.flags, Waived):
        return (NOT_STATED,)
    return tuple(f"{flag.key.value} ({flag.type.value}), default {said(flag.default)}" for flag in bundle.flags)


def _steps(bundle: Bundle, now: datetime) -> tuple[Step, ...]:
    steps = bundle.rollback.steps
    return () if isinstance(steps, Waived) else tuple(_step(step, now) for step in steps)


def _step(step: BundleStep[Waived], now: datetime) -> Step:
    return Step(
        name=step.name.value,
        kind=said(step.kind),
        drilled=_dated(said(step.drilled_at), now),
        trigger=said(step.trigger),
        stop_first=said(step.stop_first),
        prior=said(step.prior_configuration),
        baseline=f"{said(step.baseline_check)} → {said(step.baseline_expected)}",
    )


def _exemption(hold: ResolvedHold, bundle: Bundle, zone: ZoneInfo | None, now: datetime) -> Exemption:
    answering = [
        each for each in bundle.waivers
        if isinstance(each, BundleWaiver) and each.fingerprint.value == hold.fingerprint
    ]  # fmt: skip
    ends = hold.resolution.expires_at
    return Exemption(
        fingerprint=hold.fingerprint,
        title=titled(hold.code),
        code=hold.code,
        field=hold.field,
        found=hold.found,
        wanted=hold.wanted,
        ends=f"{times.moment(ends, zone)} ({times.distance(ends, now)})",
        waiver=_waiver(answering[0], zone, now) if answering else None,
    )


def _waiver(waiver: BundleWaiver[Waived], zone: ZoneInfo | None, now: datetime) -> WaiverLine:
    return WaiverLine(
        id=waiver.id.value,
        owner=said(waiver.owner),
        reason=said(waiver.reason),
        approver=said(waiver.approver),
        policy=said(waiver.policy),
        ends=_dated(said(waiver.expires_at), now, zone),
    )


def _dated(text: str, now: datetime, zone: ZoneInfo | None = None) -> str:
    """An instant in words with its distance; anything else as it stands."""
    try:
        instant = parse_instant(text)
    except ValueError:
        return text
    shown = times.moment(instant, zone) if zone else times.day(instant)
    return f"{shown} ({times.distance(instant, now)})"


def _bytes(size: int) -> str:
    amount = float(size)
    for unit in ("bytes", "kB", "MB"):
        if amount < 1_000:  # noqa: PLR2004 - SI prefixes go by thousands
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1_000
    return f"{amount:.1f} GB"
