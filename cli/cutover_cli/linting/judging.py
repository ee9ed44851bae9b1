"""What releases are judged by: checks and their severities, builds, names, states, allowances, older contracts."""

from collections.abc import Collection, Iterator
from datetime import datetime

from cutover.contracts.policy import Allowance, Facts, Rules
from cutover.domain import checks, policy_proposals
from cutover.domain.contract_versions import PUBLISHED
from cutover.domain.record import Fault
from cutover_cli.linting import at, faulty_pattern

SHORTEST_CLOSE_MARGIN = 60
"""Seconds: HandOff's timeout of fifty, and ten for clocks that differ."""
ORIGINS = ("builders", "repositories", "refs", "workflows")
KINDS = ("components", "cohorts", "environments")


def faults(rules: Rules, facts: Facts) -> Iterator[Fault]:
    yield from _families(rules)
    yield from _severities(rules)
    yield from _enforced(rules)
    yield from _contracts(rules)
    yield from _margins(rules)
    yield from _builds(rules)
    yield from _rendering(rules)
    yield from _states(rules)
    yield from _allowances(rules)
    yield from _legacy(rules, facts)


def _families(rules: Rules) -> Iterator[Fault]:
    """A family that is left out would let a release pass unlooked at; one that is unknown would hold every release."""
    where = ("rules", "families")
    for family in sorted(checks.FAMILIES.keys() - rules.families.keys()):
        yield at("FAMILY_MISSING", f"name the team that owns the holds of {family}", *where)
    for family in sorted(rules.families.keys() - checks.FAMILIES.keys()):
        known = ", ".join(sorted(checks.FAMILIES))
        yield at("FAMILY_UNKNOWN", f"no family of checks is called {family}; there are {known}", *where, family)


def _severities(rules: Rules) -> Iterator[Fault]:
    """A severity under a wrong name would weigh nothing, and nobody would notice."""
    for name in sorted(rules.severities.keys() - policy_proposals.known()):
        yield at("RULE_UNKNOWN", f"no check is called {name}; docs/checks.md has them", "rules", "severities", name)


def _enforced(rules: Rules) -> Iterator[Fault]:
    """A reason under a wrong name would explain nothing."""
    for name in sorted(rules.enforce_now.keys() - policy_proposals.nameable(rules)):
        message = f"{name} is neither a check nor families.…, attestations.…, an age or secrets"
        yield at("RULE_UNKNOWN", message, "rules", "enforce_now", name)


def _contracts(rules: Rules) -> Iterator[Fault]:
    for number, name in enumerate(rules.contracts):
        if name not in PUBLISHED:
            known = ", ".join(sorted(PUBLISHED))
            yield at("CONTRACT_UNKNOWN", f"nobody reads {name}; there are {known}", "rules", "contracts", number)


def _margins(rules: Rules) -> Iterator[Fault]:
    """HandOff may still send so long after it last looked at the time, and its clock may be off by some seconds."""
    if rules.close_margin < SHORTEST_CLOSE_MARGIN:
        message = f"HandOff needs up to {SHORTEST_CLOSE_MARGIN} seconds; it could send after the window has closed"
        yield at("CLOSE_MARGIN_TOO_SHORT", message, "rules", "close_margin")


def _builds(rules: Rules) -> Iterator[Fault]:
    for product, origin in rules.builds.items():
        for name in ORIGINS:
            values, where = getattr(origin, name), ("rules", "builds", product, name)
            if not values and name in ("builders", "repositories"):
                yield at("BUILD_ORIGIN_EMPTY", f"without {name} no provenance of {product} is accepted", *where)
            for number, value in enumerate(values):
                if problem := faulty_pattern(value):
                    yield at("BAD_PATTERN", problem, *where, number)


def _rendering(rules: Rules) -> Iterator[Fault]:
    """One spelling has one meaning; a name of ours means itself, so it cannot be another's spelling."""
    for kind in KINDS:
        names: dict[str, tuple[str, ...]] = getattr(rules.rendering, kind)
        known: dict[str, str] = {}
        for name, spellings in names.items():
            for number, spelling in enumerate(spellings):
                where = ("rules", "rendering", kind, name, number)
                if spelling in names and spelling != name:
                    yield at("SPELLING_SHARED", f"{spelling} is a name of its own, and is never read as {name}", *where)
                elif spelling in known:
                    code = "SPELLING_TWICE" if known[spelling] == name else "SPELLING_SHARED"
                    yield at(code, f"{spelling} stands under {known[spelling]} already", *where)
                known.setdefault(spelling, name)


def _states(rules: Rules) -> Iterator[Fault]:
    where, states = ("rules", "change_states"), rules.change_states
    if not states.approved:
        yield at("NO_CHANGE_APPROVED", "in no state would a change be approved", *where, "approved")
    for state in sorted(set(states.approved) & set(states.closed)):
        yield at("CHANGE_STATE_TWICE", f"{state} cannot be approved and over at once", *where, "closed")


def _allowances(rules: Rules) -> Iterator[Fault]:
    environments = rules.rendering.environments
    for product, allowed in rules.allowances.items():
        for setting, allowance in allowed.items():
            where = ("rules", "allowances", product, setting)
            for code, message, field in _incoherent(allowance, environments):
                yield at(code, f"{setting}: {message}", *where, field)


def _incoherent(allowance: Allowance, environments: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """Code, message and field of each part that does not go with the others."""
    bounds = {name: getattr(allowance, name) for name in ("minimum", "maximum")}
    if allowance.one_of and allowance.type != "string":
        yield "ALLOWANCE_INCOHERENT", f"one_of lists strings, and this is a {allowance.type}", "one_of"
    for name, bound in bounds.items():
        if bound is not None and allowance.type != "integer":
            yield "ALLOWANCE_INCOHERENT", f"a bound is for an integer, and this is a {allowance.type}", name
    if None not in bounds.values() and bounds["minimum"] > bounds["maximum"]:
        yield "ALLOWANCE_INCOHERENT", "the minimum is above the maximum: nothing would be allowed", "minimum"
    for name in allowance.environments if environments else ():
        if name not in environments:
            yield "ENVIRONMENT_UNKNOWN", f"the table of names has no environment {name}", "environments"


def _legacy(rules: Rules, facts: Facts) -> Iterator[Fault]:
    for service, legacy in rules.legacy.items():
        where = ("rules", "legacy", service)
        for field in ("registry", "changes", "records"):
            if getattr(legacy, field) not in facts.sources:
                message = f"{getattr(legacy, field)} is no source of the facts"
                yield at("SOURCE_UNKNOWN", message, *where, field)
        if not legacy.targets:
            yield at("LEGACY_WITHOUT_TARGET", f"no environment of v0 leads {service} anywhere", *where, "targets")
        for environment, target in legacy.targets.items():
            if target not in rules.signers:
                yield at("TARGET_WITHOUT_SIGNERS", f"{target} has no signers", *where, "targets", environment)


def warnings(rules: Rules, now: datetime) -> Iterator[Fault]:
    """What will hold every release, though it contradicts nothing, and contracts whose time is over."""
    for number, name in enumerate(rules.contracts):
        published = PUBLISHED.get(name)
        if published is not None and published.until is not None and published.ends_soon(now):
            ended = "ended: drop it" if published.ended(now) else "ends soon: tell those who announce by it"
            message = f"{name}, published until {published.until:%Y-%m-%d}, {ended}"
            yield at("CONTRACT_ENDS", message, "rules", "contracts", number)
    if not rules.builds:
        yield at("NOTHING_MAY_BE_BUILT", "no product is listed: all provenance is held", "rules", "builds")
    for product, origin in rules.builds.items():
        for name in ("refs", "workflows"):
            if not getattr(origin, name):
                message = f"none listed: provenance of {product} that must name one is held"
                yield at("BUILD_ORIGIN_EMPTY", message, "rules", "builds", product, name)
    for kind in KINDS:
        if not getattr(rules.rendering, kind):
            message = f"no name listed: whatever a record calls its {kind} is held"
            yield at("NO_NAMES", message, "rules", "rendering", kind)
