"""Whether the documents tell one story: every value that stands in two of them is the same (step 5)."""

from cutover.contracts.bundle import Bundle, Sourced, Waived
from cutover.contracts.candidate import Candidate
from cutover.contracts.holds import ResolvedHold
from cutover.contracts.manifest import RequiredSigner
from cutover.contracts.policy import Rendering
from cutover.domain import emergencies, naming
from cutover.domain.holds import fingerprint, hold_id
from cutover.domain.lineage import leaves
from cutover.domain.package import evidence_of
from cutover.domain.rendering import render
from cutover.domain.verification.anchor import Anchor
from cutover.domain.verification.documents import Package
from cutover.domain.verification.message import Bound
from cutover.domain.verification.reading import equal
from cutover.domain.waivers import OpenedWaiver, open_waiver
from cutover.domain.waiving import Waiving, asked, family_of
from cutover.domain.window import occurrence
from cutover.errors import Refused


def check_coherence(bound: Bound, package: Package, anchor: Anchor) -> None:
    """Step 5, second half.

    Raises ``Refused``: ``BINDING_DIFFERS``, ``EMERGENCY_NOT_ALLOWED``, ``HOLD_DIFFERS``, ``WAIVER_DIFFERS``,
    ``WAIVER_NOT_PERMITTED``, ``WAIVER_BY_REQUESTER``.
    """
    _check_candidate(bound, package.candidate)
    _check_bundle(bound, package)
    _check_policy(bound, package)
    _check_emergency(bound, package)
    _check_release(package.bundle, package.candidate, package.rules.rendering)
    _check_environment(bound, package)
    _check_artifacts(package.bundle, package.candidate)
    for hold in package.register.holds:
        _check_hold(hold, bound, package, anchor)
    _check_waived(package)


def _check_candidate(bound: Bound, candidate: Candidate) -> None:
    manifest = bound.predicate
    product, target = naming.of(manifest.cutover)
    equal(
        "BINDING_DIFFERS",
        ("the candidate's audience", candidate.audience, manifest.audience),
        ("the candidate's target", candidate.target, manifest.destination.target),
        ("the candidate's window", candidate.window, manifest.window.id),
        ("the cutover's product", product, candidate.product),
        ("the cutover's target", target, candidate.target),
        ("whether it is a rehearsal", naming.is_rehearsal(manifest.cutover), candidate.rehearsal),
    )
    if manifest.valid_until > candidate.expires_at:
        raise Refused("BINDING_DIFFERS", "the manifest would be valid longer than its candidate")


def _check_bundle(bound: Bound, package: Package) -> None:
    manifest, bundle, register = bound.predicate, package.bundle, package.register
    equal(
        "BINDING_DIFFERS",
        ("the bundle's cutover", bundle.cutover, manifest.cutover),
        ("the bundle's revision", bundle.revision, manifest.revision),
        ("the bundle's rules", bundle.rules, manifest.rules),
        ("the bundle's evidence set", bundle.evidence_set, manifest.evidence_set),
        ("the bundle's time", bundle.as_of, package.evidence_set.as_of),
        ("the lineage's bundle", package.lineage.bundle, package.bundle_digest),
        ("the hold register's cutover", register.cutover, manifest.cutover),
        ("the hold register's revision", register.revision, manifest.revision),
    )


def _check_policy(bound: Bound, package: Package) -> None:
    """Seats are those of the rules; the window is the occurrence of the calendar in the facts."""
    manifest = bound.predicate
    target = manifest.destination.target
    window = occurrence(package.facts[manifest.facts], target, manifest.window.id)
    equal(
        "BINDING_DIFFERS",
        ("the manifest's window", manifest.window, window),
        ("the required signers", manifest.signers, _signers(package, target)),
    )


def _signers(package: Package, target: str) -> tuple[RequiredSigner, ...]:
    """The target's, or those of the product's emergency path, which ask nobody less."""
    candidate = package.candidate
    return emergencies.signers(package.rules, candidate.product, target, emergency=candidate.emergency is not None)


def _check_emergency(bound: Bound, package: Package) -> None:
    """What the candidate says is what people read and what the manifest binds; of any other release nobody says it."""
    said, built = package.candidate.emergency, package.bundle.release.emergency
    equal(
        "BINDING_DIFFERS",
        ("the incident of the manifest", bound.predicate.emergency, said.incident if said else None),
        ("the incident", built.incident.value if built else None, said.incident if said else None),
        ("why it cannot wait", built.reason.value if built else None, said.reason if said else None),
    )


def _check_release(bundle: Bundle, candidate: Candidate, table: Rendering) -> None:
    release = bundle.release
    wanted = {
        "product": candidate.product,
        "version": candidate.version,
        "repository": candidate.repository,
        "workflow": candidate.authority.workflow,
        "run": candidate.authority.run,
        "requester": candidate.requester,
        "rationale": candidate.rationale,
        "target": candidate.target,
        "window": candidate.window,
    }
    pairs = [(f"the release's {name}", getattr(release, name).value, value) for name, value in wanted.items()]
    # Whoever issued it may not have been able to say it; then it is waived, and stands nowhere.
    commit = release.commit.value if isinstance(release.commit, Sourced) else None
    equal(
        "BINDING_DIFFERS",
        *pairs,
        ("the release's commit", commit, candidate.commit),
        (
            "the environments",
            tuple(each.value for each in release.environments),
            tuple(render(table, "environment", each) for each in candidate.environments),
        ),
        (
            "the components",
            tuple(each.name.value for each in bundle.components),
            tuple(render(table, "component", each.name) for each in candidate.components),
        ),
    )


def _check_environment(bound: Bound, package: Package) -> None:
    """The queue leads to an environment that the release is for."""
    table = package.rules.rendering
    ours = render(table, "environment", bound.predicate.destination.environment)
    if ours not in [each.value for each in package.bundle.release.environments]:
        raise Refused("BINDING_DIFFERS", f"the release is not for {ours}, where its target deploys to")


def _check_artifacts(bundle: Bundle, candidate: Candidate) -> None:
    """What was built is what was announced: by digest, unless a waiver says otherwise."""
    for built, announced in zip(bundle.components, candidate.components, strict=True):
        if isinstance(built.digest, Sourced):
            equal("BINDING_DIFFERS", (f"the digest of {announced.name}", built.digest.value, announced.artifact.digest))


def _check_hold(hold: ResolvedHold, bound: Bound, package: Package, anchor: Anchor) -> None:
    """A hold is answered by a waiver among the evidence, signed for that purpose, that lasts long enough."""
    mark = fingerprint(hold.rule, hold.field, hold.subject)
    equal(
        "HOLD_DIFFERS",
        ("a hold's fingerprint", hold.fingerprint, mark),
        ("a hold's id", hold.id, hold_id(package.register.cutover, package.register.revision, mark)),
        ("a hold's severity", hold.severity, "hold"),
    )
    opened = _waiver(hold, bound, package, anchor)
    equal(
        "WAIVER_DIFFERS",
        ("the waiver's digest", opened.digest, hold.resolution.waiver),
        ("the waiver's fingerprint", opened.waiver.fingerprint, mark),
        ("the waiver's end", opened.waiver.expires_at, hold.resolution.expires_at),
    )
    if hold.resolution.expires_at < bound.predicate.valid_until:
        raise Refused("WAIVER_DIFFERS", f"the waiver of {hold.field} ends before the manifest does")


def _waiver(hold: ResolvedHold, bound: Bound, package: Package, anchor: Anchor) -> OpenedWaiver:
    """The hold's waiver, in the first of its envelopes that somebody signed who may waive this family.

    Who may, the rules say, and the facts that the manifest names.
    """
    product, as_of = package.candidate.product, package.evidence_set.as_of
    waiving = Waiving.of(package.rules, package.facts[bound.predicate.facts], asked(package.bundle), product=product)
    why = Refused("WAIVER_DIFFERS", f"the waiver of {hold.field} is not among the evidence")
    for each in evidence_of(package.evidence_set):
        if each.sha256 != hold.resolution.waiver or each.unwraps is None:
            continue
        try:
            opened = open_waiver(package.contents[each.unwraps], keys=anchor.keys, at=as_of, product=product)
            waiving.demand(opened.keys, family_of(hold.rule))
        except Refused as refused:
            why = refused
        else:
            return opened
    raise why


def _check_waived(package: Package) -> None:
    answered = {hold.id: hold.resolution.waiver for hold in package.register.holds}
    for field, value in leaves(package.bundle):
        if isinstance(value, Waived) and answered.get(value.hold) != value.waiver:
            raise Refused("HOLD_DIFFERS", f"{field} is waived, and the hold register does not say so")
