"""What new rules enforce was warned of before, or both owners signed why not; contracts are dropped at their end."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cutover.contracts.legacy import V0
from cutover.contracts.policy import Rules
from cutover.domain import checks
from cutover.domain.contract_versions import PUBLISHED, SOON, V1, still_published
from cutover.domain.policy_proposals import RANKS, nameable, refusals, tightened
from tests.unit.test_policy_linting import NOW, facts, found, rules, warned

ALL_WARN = dict.fromkeys(("attestations.required", "attestations.required-type", "attestations.required-once"), "warn")
REASON = "INC-12: expired flags went out twice this week"


def codes(old: Rules | None, new: Rules, now: datetime = NOW) -> list[tuple[str, str]]:
    return [(each.code, each.pointer) for each in refusals(old, new, now=now)]


@pytest.fixture(scope="module")
def check() -> str:
    return checks.FAMILIES["flags"][0].id


@pytest.mark.parametrize("before", [None, *RANKS])
@pytest.mark.parametrize("after", [None, *RANKS])
def test_a_check_becomes_stricter_only_from_warn(check: str, before: str | None, after: str | None) -> None:
    """What is not named holds."""
    old, new = (rules(severities={check: each} if each else {}) for each in (before, after))
    stricter = RANKS[after or "hold"] > RANKS[before or "hold"]
    assert bool(tightened(old, new)) is stricter
    refused = [("NOT_WARNED_BEFORE", f"/rules/severities/{check}")]
    assert codes(old, new) == (refused if stricter and before != "warn" else [])


def test_each_check_is_named(check: str) -> None:
    other = checks.FAMILIES["rollback"][0].id
    new = rules(severities={check: "deny", other: "deny"})
    assert [each.message.split(":")[0] for each in refusals(rules(), new, now=NOW)] == sorted([check, other])


def test_the_one_check_that_warns_unnamed_may_hold() -> None:
    assert codes(rules(), rules(severities={"waivers.answers-something": "hold"})) == []


def test_a_signed_reason_enforces_at_once(check: str) -> None:
    new = rules(severities={check: "deny"}, enforce_now={check: REASON})
    assert codes(rules(), new) == []
    (told,) = tightened(rules(), new)
    assert (told.before, told.after, told.warned, told.reason) == ("hold", "deny", False, REASON)


def test_a_reason_for_another_check_is_none(check: str) -> None:
    other = checks.FAMILIES["rollback"][0].id
    new = rules(severities={check: "deny"}, enforce_now={other: REASON})
    assert codes(rules(), new) == [
        ("NOT_WARNED_BEFORE", f"/rules/severities/{check}"), ("ENFORCES_NOTHING", f"/rules/enforce_now/{other}"),
    ]  # fmt: skip


def test_a_reason_does_not_wait_for_a_later_change(check: str) -> None:
    first = rules(severities={check: "deny"}, enforce_now={check: REASON})
    again = first.model_copy(update={"version": 9, "lease": 61})
    assert codes(first, again) == [("ENFORCES_NOTHING", f"/rules/enforce_now/{check}")]
    assert codes(first, first) == [], "the same rules beside newer facts"


def attested(**more: str) -> dict[str, str]:
    return {**rules().attestations, **more}


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"attestations": attested(scan="https://example.com/scan/v1")}, "/rules/attestations/scan"),
        ({"attestations": {"tests": "https://example.com/tests/v2"}}, "/rules/attestations/tests"),
        ({"drill_max_age": 86_400}, "/rules/drill_max_age"),
    ],
)
def test_what_is_asked_anew_is_warned_of_or_explained(changes: dict[str, Any], where: str) -> None:
    new, name = rules(**changes), where.removeprefix("/rules/").replace("/", ".")
    assert codes(rules(), new) == [("NOT_WARNED_BEFORE", where)]
    assert codes(rules(), rules(**changes, enforce_now={name: REASON})) == []
    warning = rules(**changes, severities={**ALL_WARN, "rollback.drill-recent": "warn"})
    assert codes(rules(), warning) == []
    assert codes(warning, new) == [], "it was warned of"


@pytest.mark.parametrize(("field", "old", "new"), [("evidence_max_age", 3_600, 60), ("secrets", "redact", "refuse")])
def test_what_nothing_can_warn_of_is_explained(field: str, old: Any, new: Any) -> None:
    """The very same candidate is held from one day to the next."""
    before, after = rules(**{field: old}), rules(**{field: new})
    assert codes(before, after) == [("NOT_WARNED_BEFORE", f"/rules/{field}")]
    assert codes(before, rules(**{field: new}, enforce_now={field: REASON})) == []
    assert codes(after, before) == []
    (said,) = refusals(before, after, now=NOW)
    assert said.message.endswith("nobody was warned: say why in enforce_now")


def test_one_warning_of_three_is_none() -> None:
    new = rules(attestations=attested(scan="https://example.com/scan/v1"), severities={"attestations.required": "warn"})
    assert codes(rules(), new) == [("NOT_WARNED_BEFORE", "/rules/attestations/scan")]


def test_a_new_family_is_warned_of_or_explained() -> None:
    old = rules(families={name: team for name, team in rules().families.items() if name != "flags"})
    assert codes(old, rules()) == [("NOT_WARNED_BEFORE", "/rules/families/flags")]
    assert codes(old, rules(enforce_now={"families.flags": REASON})) == []
    assert codes(old, rules(severities={rule.id: "warn" for rule in checks.FAMILIES["flags"]})) == []
    astrology = rules(families={**rules().families, "astrology": "operations"})
    assert codes(rules(), astrology) == [("NOT_WARNED_BEFORE", "/rules/families/astrology")], "nothing of it can warn"


def test_nothing_is_asked_of_the_first_rules_nor_of_those_that_ask_for_less(check: str) -> None:
    strict = rules(severities={check: "deny"}, contracts=(V0, V1), enforce_now={check: REASON})
    assert codes(None, strict) == []
    milder = rules(severities={check: "warn"}, contracts=(V0, V1), attestations={}, drill_max_age=366 * 86_400)
    assert codes(strict, milder) == []


ENDS = PUBLISHED[V0].until or NOW


@pytest.mark.parametrize(("now", "refused"), [(ENDS - timedelta(seconds=1), True), (ENDS, False)])
def test_a_contract_is_dropped_at_its_published_end(now: datetime, refused: bool) -> None:
    both, one = rules(contracts=(V0, V1)), rules(contracts=(V1,))
    assert codes(both, one, now) == ([("CONTRACT_STILL_PUBLISHED", "/rules/contracts")] if refused else [])
    assert codes(one, both, now) == []


def test_a_contract_without_an_end_is_not_dropped_whatever_the_reason() -> None:
    new = rules(contracts=(V0,), enforce_now={"contracts": REASON})
    assert ("CONTRACT_STILL_PUBLISHED", "/rules/contracts") in codes(rules(contracts=(V0, V1)), new)
    assert still_published({"cutover/candidate/v7"}, NOW) == (), "nobody ever announced by it"


def test_the_lint_knows_contracts_and_reasons(check: str) -> None:
    assert ("CONTRACT_UNKNOWN", "/rules/contracts/1") in found(rules(contracts=(V1, "cutover/candidate/v7")), facts())
    assert ("RULE_UNKNOWN", "/rules/enforce_now/stars") in found(
        rules(enforce_now={"stars": REASON, check: REASON}), facts()
    )
    assert {f"attestations.{name}" for name in rules().attestations} <= nameable(rules())


@pytest.mark.parametrize(("now", "said"), [(ENDS - SOON, True), (ENDS, True), (ENDS - SOON - timedelta(1), False)])
def test_the_lint_warns_of_a_contract_that_ends(now: datetime, said: bool) -> None:
    assert (("CONTRACT_ENDS", "/rules/contracts/0") in warned(rules(contracts=(V0, V1)), facts(), now)) is said


def test_the_published_table_is_the_one_in_the_code(repository: Path) -> None:
    text = (repository / "docs" / "contract.md").read_text("utf-8")
    told = {
        name: (datetime.fromisoformat(since).replace(tzinfo=UTC), until)
        for name, since, until in re.findall(r"\| `(cutover/candidate/v\d)` \| ([\d-]+) \| ([^|]+) \|", text)
    }
    assert told == {
        name: (each.since, f"{each.until:%Y-%m-%d}" if each.until else "no end is published")
        for name, each in PUBLISHED.items()
    }
