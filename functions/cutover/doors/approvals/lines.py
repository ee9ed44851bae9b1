"""A bundle's parts in the page's words, a line or a few each."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from cutover.contracts.base import parse_instant
from cutover.contracts.bundle import Bundle, BundleStep, BundleWaiver, Component, Sourced, Waived
from cutover.contracts.holds import ResolvedHold
from cutover.domain import times
from cutover.pages.rendering import titled

NOT_STATED = "not stated (waived)"


@dataclass(frozen=True, slots=True)
class Part:
    """One component: what it is, and where its bytes say that they come from."""

    name: str
    digest: str
    size: str
    builder: str
    repository: str
    ref: str
    commit: str
    statement: str
    dependencies: str
    owner: str


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
class Emergency:
    incident: str
    reason: str


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


def said(field: Sourced[Any] | Waived | None) -> str:
    """A field's value in words; a gap says that it is one."""
    if isinstance(field, Waived):
        return NOT_STATED
    return "none" if field is None else str(field.value)


def part(component: Component[Waived]) -> Part:
    provenance, dependencies = component.provenance, component.dependencies
    counts = f"{said(dependencies.components)}, {said(dependencies.licences)} with a licence"
    form = f"{said(dependencies.format)} {said(dependencies.spec_version)}"
    catalog = component.catalog
    return Part(
        name=component.name.value,
        digest=said(component.digest),
        size=_bytes(component.size.value) if isinstance(component.size, Sourced) else NOT_STATED,
        builder=said(provenance.builder),
        repository=said(provenance.repository),
        ref=said(provenance.ref),
        commit=said(provenance.commit),
        statement=said(provenance.statement),
        dependencies=NOT_STATED if isinstance(dependencies.components, Waived) else f"{counts}, in {form}",
        owner=f"{said(catalog.owner)} · {said(catalog.tier)} · {said(catalog.lifecycle)}",
    )


def emergency(bundle: Bundle) -> Emergency | None:
    stated = bundle.release.emergency
    return Emergency(stated.incident.value, stated.reason.value) if stated else None


def cohorts(bundle: Bundle) -> tuple[str, ...]:
    if isinstance(bundle.cohorts, Waived):
        return (NOT_STATED,)
    return tuple(
        f"{cohort.name.value}: {said(cohort.share_percent)} % of {said(cohort.environment)}"
        for cohort in bundle.cohorts
    )


def flags(bundle: Bundle) -> tuple[str, ...]:
    if isinstance(bundle.flags, Waived):
        return (NOT_STATED,)
    return tuple(f"{flag.key.value} ({said(flag.type)}), default {said(flag.default)}" for flag in bundle.flags)


def settings(bundle: Bundle) -> tuple[str, ...]:
    """What an environment has otherwise than all share."""
    if isinstance(bundle.overlays, Waived):
        return (NOT_STATED,)
    return tuple(
        f"{overlay.environment.value}: {each.name.value} is {said(each.value)}, elsewhere {said(each.base)}"
        for overlay in bundle.overlays
        for each in overlay.differences
    )


def steps(bundle: Bundle, now: datetime) -> tuple[Step, ...]:
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


def exemption(hold: ResolvedHold, bundle: Bundle, zone: ZoneInfo | None, now: datetime) -> Exemption:
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
        waiver=waiver(answering[0], zone, now) if answering else None,
    )


def waiver(waiver: BundleWaiver[Waived], zone: ZoneInfo | None, now: datetime) -> WaiverLine:
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
