"""What the page says about a package: made from the digested bytes, and from nothing else."""

from dataclasses import dataclass
from datetime import datetime

from cutover.contracts.bundle import BundleWaiver
from cutover.contracts.holds import Warn
from cutover.domain import times
from cutover.doors.approvals import lines
from cutover.packages import Package


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
    components: tuple[lines.Part, ...]
    attestations: tuple[str, ...]
    cohorts: tuple[str, ...]
    flags: tuple[str, ...]
    settings: tuple[str, ...]
    criteria: tuple[str, ...]
    steps: tuple[lines.Step, ...]
    warnings: tuple[Warn, ...]
    exemptions: tuple[lines.Exemption, ...]
    waivers: tuple[lines.WaiverLine, ...]
    """Those that answer no hold of this package."""
    audience: str
    emergency: lines.Emergency | None


def risk_of(package: Package) -> str:
    """The risk class in the change record's own word. It is repeated, never computed."""
    return lines.said(package.bundle.change.risk)


def exceptions_of(package: Package) -> tuple[str, ...]:
    """The fingerprints of the holds that waivers answer, in the register's order."""
    return tuple(hold.fingerprint for hold in package.register.holds)


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
        commit=lines.said(release.commit),
        change=lines.said(change.number),
        change_title=lines.said(change.title),
        change_state=lines.said(change.state),
        risk=risk_of(package),
        components=tuple(lines.part(component) for component in bundle.components),
        attestations=tuple(f"{each.name.value} ({each.component.value})" for each in bundle.attestations),
        cohorts=lines.cohorts(bundle),
        flags=lines.flags(bundle),
        settings=lines.settings(bundle),
        criteria=tuple(criterion.value for criterion in bundle.rollback.criteria),
        steps=lines.steps(bundle, now),
        warnings=package.register.warnings,
        exemptions=tuple(lines.exemption(hold, bundle, zone, now) for hold in package.register.holds),
        waivers=tuple(
            lines.waiver(each, zone, now)
            for each in bundle.waivers
            if isinstance(each, BundleWaiver) and each.fingerprint.value not in exceptions_of(package)
        ),
        audience=predicate.audience,
        emergency=lines.emergency(bundle),
    )
