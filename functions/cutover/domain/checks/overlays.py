"""Row 9: environments differ only as the rules allow, setting by setting, each within its type and bounds.

Every environment of the overlays counts, not only those of the release: what was tried in one is to say something of
another. Values are compared as JSON has them: ``true`` is not ``1``, and ``1`` is not ``"1"``.
"""

from collections.abc import Iterator

from cutover.contracts.bundle import BundleDifference, BundleOverlay
from cutover.contracts.policy import Allowance
from cutover.domain import bounded
from cutover.domain.checks.context import Context, Problem, Rule
from cutover.domain.checks.fields import about, environments, listed, many, rendered, shown, unknown

_TYPES = {"string": str, "integer": int, "boolean": bool}


def _differences(context: Context) -> Iterator[tuple[str, BundleOverlay, BundleDifference, Allowance | None]]:
    """Field of the bundle, overlay, difference, and what the rules allow for its setting."""
    allowances = context.rules.allowances.get(context.candidate.product, {})
    for number, overlay in enumerate(many(context.bundle.overlays)):
        for n, difference in enumerate(overlay.differences):
            field = f"/overlays/{number}/differences/{n}"
            yield field, overlay, difference, allowances.get(difference.name.value)


def _both(overlay: BundleOverlay, difference: BundleDifference) -> str:
    """Both values, so that nobody has to open the record to see what differs."""
    name, environment, own = (shown(each.value) for each in (difference.name, overlay.environment, difference.value))
    shared = "nothing" if difference.base is None else shown(difference.base.value)
    return bounded.line(f"{name} is {own} in {environment}, and {shared} for all")


def declared(context: Context) -> Iterator[Problem]:
    """Every setting in which an environment differs is one that the rules let differ."""
    for field, overlay, difference, allowance in _differences(context):
        if allowance is None:
            yield Problem(
                code="ENVIRONMENT_DIFFERENCE_UNDECLARED",
                field=field,
                subject=difference.value.from_.evidence,
                found=_both(overlay, difference),
                wanted="the same value as for all, or an allowance for this setting in the rules",
                mend="give the environment the value that all have and answer with the overlays' new version, "
                "or have the policy's owners declare the setting under allowances",
                evidence=(difference.value.from_.evidence,),
            )


def allowed(context: Context) -> Iterator[Problem]:
    """Every setting that may differ does so in its type, within its bounds, and where it may."""
    for field, overlay, difference, allowance in _differences(context):
        if allowance is None:
            continue  # ``declared`` says so
        environment = rendered(context, "environment", overlay.environment.value)
        if not _fits(difference.value.value, environment, allowance):
            yield Problem(
                code="ENVIRONMENT_DIFFERENCE_NOT_ALLOWED",
                field=field,
                subject=difference.value.from_.evidence,
                found=_both(overlay, difference),
                wanted=bounded.line(_words(allowance)),
                mend="give the environment a value within its allowance and answer with the overlays' new version, "
                "or have the policy's owners widen the allowance",
                evidence=(difference.value.from_.evidence,),
            )


def _fits(value: object, environment: str, allowance: Allowance) -> bool:
    if type(value) is not _TYPES[allowance.type]:  # exactly: to Python true is an integer, too
        return False
    if allowance.environments and environment not in allowance.environments:
        return False
    if allowance.one_of and value not in allowance.one_of:
        return False
    if allowance.minimum is None and allowance.maximum is None:
        return True
    # Bounds are of numbers. Set for anything else they admit nothing, rather than everything.
    return type(value) is int and not (
        (allowance.minimum is not None and value < allowance.minimum)
        or (allowance.maximum is not None and value > allowance.maximum)
    )


def _words(allowance: Allowance) -> str:
    parts = [f"a value of type {allowance.type}"]
    if allowance.one_of:
        parts.append(f"one of {listed(allowance.one_of)}")
    if allowance.minimum is not None:
        parts.append(f"at least {shown(allowance.minimum)}")
    if allowance.maximum is not None:
        parts.append(f"at most {shown(allowance.maximum)}")
    if allowance.environments:
        parts.append(f"only in {listed(allowance.environments)}")
    return ", ".join(parts)


def present(context: Context) -> Iterator[Problem]:
    """Every environment of the release has an overlay, if only an empty one."""
    if not isinstance(context.bundle.overlays, tuple):
        return  # a gap
    overlays = context.bundle.overlays
    having = {rendered(context, "environment", each.environment.value) for each in overlays}
    evidence = tuple(dict.fromkeys(each.environment.from_.evidence for each in overlays))
    for name in dict.fromkeys(environments(context)):
        if name not in having:
            yield Problem(
                code="ENVIRONMENT_OVERLAY_MISSING",
                field="/overlays",
                subject=about(evidence[0] if evidence else context.evidence_set.candidate.sha256, name),
                found=bounded.line(f"no overlay of {shown(name)}; there are some of {listed(sorted(having))}"),
                wanted="an overlay of every environment of the release, an empty one where nothing differs",
                mend="add the environment to the overlays; answer with their new version, or announce that",
                evidence=evidence,
            )


def names_known(context: Context) -> Iterator[Problem]:
    """The overlays name only environments that the rules know."""
    overlays = enumerate(many(context.bundle.overlays))
    places = ((f"/overlays/{number}/environment", each.environment) for number, each in overlays)
    return unknown(context, "environment", places)


RULES = (
    Rule("overlays.declared", declared, reads=("overlays",)),
    Rule("overlays.allowed", allowed, reads=("overlays",)),
    Rule("overlays.present", present, reads=("overlays",)),
    Rule("overlays.names-known", names_known, reads=("overlays",)),
)
