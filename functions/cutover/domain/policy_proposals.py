"""What new rules would enforce anew, and whether it was warned of before: pure (row 19).

Whoever releases learns of a stricter check from a warning first, and from a hold or a refusal later. So rules may ask
for more only of what the active ones warned of, or say why not: ``enforce_now`` names each check with a reason, which
both owners sign. Nothing is asked of the first policy, nor of rules that ask for less.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cutover.contracts.policy import Rules
from cutover.domain import checks
from cutover.domain.contract_versions import PUBLISHED, still_published
from cutover.domain.faults import fault, pointer
from cutover.domain.record import Fault
from cutover.domain.weighing import UNANSWERING

RANKS = {"warn": 0, "hold": 1, "deny": 2}
UNNAMED = {UNANSWERING: "warn"}
"""What a check weighs that the rules do not name: it holds, but for these."""
ATTESTED = ("attestations.required", "attestations.required-type", "attestations.required-once")
AGES = {"drill_max_age": ("rollback.drill-recent",), "evidence_max_age": ()}
"""Ages that may become shorter, each with the checks that can warn of it. Of evidence none can: it ends a package."""
SECRETS = "secrets"


@dataclass(frozen=True, slots=True)
class Tightening:
    """One thing that new rules ask for and the active ones did not.

    ``name``: a check, ``families.…``, ``attestations.…``, ``drill_max_age``, ``evidence_max_age`` or ``secrets``.
    ``warned``: it was, or is only, warned of. ``reason``: why it is enforced at once, where both owners sign that.
    """

    name: str
    before: str
    after: str
    warned: bool
    reason: str | None = None

    @property
    def allowed(self) -> bool:
        return self.warned or self.reason is not None


def known() -> frozenset[str]:
    """Every check that rules can give a severity."""
    return frozenset({rule.id for family in checks.FAMILIES.values() for rule in family} | UNNAMED.keys())


def nameable(rules: Rules) -> frozenset[str]:
    """What ``enforce_now`` of these rules can give a reason for."""
    families = (f"families.{name}" for name in rules.families)
    return known() | {*AGES, SECRETS, *families, *(f"attestations.{name}" for name in rules.attestations)}


def tightened(old: Rules, new: Rules) -> tuple[Tightening, ...]:
    """What ``new`` would check and ``old`` did not, by name: it holds the very same candidate from one day to the next.

    Not what a product is, who decides and what becomes of a hold (``builds``, ``signers``, ``waivable``, ``held_for``
    …): the difference shows that to both owners.
    """

    def every() -> Iterator[Tightening]:
        for name in sorted(known() | old.severities.keys() | new.severities.keys()):
            before, after = _severity(old, name), _severity(new, name)
            if RANKS[after] > RANKS[before]:
                yield Tightening(name, before, after, before == "warn", new.enforce_now.get(name))
        for family in sorted(new.families.keys() - old.families.keys()):
            ids = tuple(rule.id for rule in checks.FAMILIES.get(family, ()))
            yield _asked(f"families.{family}", "not required", "required", ids, new)
        for name, kind in sorted(new.attestations.items()):
            if old.attestations.get(name) != kind:
                yield _asked(f"attestations.{name}", old.attestations.get(name, "not required"), kind, ATTESTED, new)
        for age, ids in AGES.items():
            before, after = getattr(old, age), getattr(new, age)
            if after < before:
                yield _asked(age, f"{before} s", f"{after} s", ids, new)
        if (old.secrets, new.secrets) == ("redact", "refuse"):
            yield _asked(SECRETS, old.secrets, new.secrets, (), new)

    return tuple(every())


def refusals(old: Rules | None, new: Rules, *, now: datetime) -> tuple[Fault, ...]:
    """Why ``new`` may not follow ``old``: empty where it may, or where they are the same. ``old`` None: the first.

    ``NOT_WARNED_BEFORE`` for each tightening without a warning or a reason, ``ENFORCES_NOTHING`` for a reason without
    a tightening, ``CONTRACT_STILL_PUBLISHED`` for a contract that is dropped before its published end.
    """
    if old is None or old == new:
        return ()

    def every() -> Iterator[Fault]:
        found = tightened(old, new)
        for each in found:
            if not each.allowed:
                yield fault(_place(each.name), "NOT_WARNED_BEFORE", _unwarned(each))
        for name in sorted(new.enforce_now.keys() - {each.name for each in found}):
            message = f"{name} is enforced as it was: a reason belongs to the change that it explains; take it out"
            yield fault(pointer("rules", "enforce_now", name), "ENFORCES_NOTHING", message)
        for name in still_published(set(old.contracts) - set(new.contracts), now):
            until = PUBLISHED[name].until
            when = f"until {until:%Y-%m-%d}" if until else "without an end"
            message = f"{name} is published {when}: those who announce by it were promised that it is taken"
            yield fault(pointer("rules", "contracts"), "CONTRACT_STILL_PUBLISHED", message)

    return tuple(every())


def _severity(rules: Rules, name: str) -> str:
    return rules.severities.get(name, UNNAMED.get(name, "hold"))


def _asked(name: str, before: str, after: str, ids: tuple[str, ...], new: Rules) -> Tightening:
    """Something that is asked anew is warned of as long as each check that asks for it only warns."""
    warned = bool(ids) and all(_severity(new, each) == "warn" for each in ids)
    return Tightening(name, before, after, warned, new.enforce_now.get(name))


def _unwarned(each: Tightening) -> str:
    silent = each.name == SECRETS or AGES.get(each.name) == ()
    warn = "" if silent else "let it warn first, or " if each.name in known() else "let its checks warn first, or "
    return f"{each.name}: {each.before} becomes {each.after}, and nobody was warned: {warn}say why in enforce_now"


def _place(name: str) -> str:
    if name in known():
        return pointer("rules", "severities", name)
    section, _, rest = name.partition(".")
    return pointer("rules", section, *([rest] if rest else []))
