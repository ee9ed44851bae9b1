"""What a hold says to whoever has to mend it: both sides of what differs, and what to do about it."""

from collections.abc import Callable
from typing import Any

import pytest

from cutover.domain import checks
from cutover.domain.checks.context import Context
from cutover.domain.checks.fields import LISTED, listed, shown
from tests.checks.scene import LONG, TURNED, cohort, flag, overlay, put, scene, team

Said = tuple[str, str, str]
MESSAGES: dict[str, tuple[Callable[[], Context], Said]] = {
    "change.approved": (
        lambda: scene(put("Scheduled", "change", "state")),
        (
            'the change\'s state is "Scheduled"',
            'one of the states that the rules call approved: "approved", "Implement"',
            "have the change approved; answer with its new version, or announce that",
        ),
    ),
    "change.components-in-scope": (
        lambda: scene(put(["Service"], "change", "components")),
        (
            'the release has the component "worker", outside the scope "service"',
            "a scope with every component of the release",
            "widen the change's scope, have it approved so and answer with its new version, or announce less",
        ),
    ),
    "rollout.shares-fit": (
        lambda: scene(put([cohort("first", share=40), cohort("all", share=70), cohort("all", "stage")], "cohorts")),
        (
            'the cohorts in "production" have shares of 110 % together',
            "each cohort's own share of the environment, and no more than 100 % of it together",
            "size the cohorts in the rollout plan; answer with its new version, or announce that",
        ),
    ),
    "flags.outlives-window": (
        lambda: scene(put([flag("orders.cancel", expires_at="2026-03-03T21:00:00Z")], "flags")),
        (
            'flag "orders.cancel" ends at "2026-03-03T21:00:00Z"',
            "an end not before that of the window, so written: 2026-03-03T22:00:00Z",
            "extend the flag or take it out of the release, or choose an earlier window; "
            "answer with the flags' new version, or announce that",
        ),
    ),
    "overlays.allowed": (
        lambda: scene(put([overlay("staging"), overlay("production", ("replicas", 1, 11))], "overlays")),
        (
            '"replicas" is 11 in "production", and 1 for all',
            "a value of type integer, at least 1, at most 10",
            "give the environment a value within its allowance and answer with the overlays' new version, "
            "or have the policy's owners widen the allowance",
        ),
    ),
    "overlays.declared": (
        lambda: scene(put([overlay("staging"), overlay("production", ("beta", None, True))], "overlays")),
        (
            '"beta" is true in "production", and nothing for all',
            "the same value as for all, or an allowance for this setting in the rules",
            "give the environment the value that all have and answer with the overlays' new version, "
            "or have the policy's owners declare the setting under allowances",
        ),
    ),
    "catalog.owner-is-a-team": (
        lambda: scene(put("The people upstairs", "components", 1, "catalog", "owner")),
        (
            'the catalog names "The people upstairs" as owner, which leads to no team',
            "a group of the catalog that one team of the facts is known by",
            "name a group as owner in the catalog and answer with the entity's new version, "
            "or have the policy's owners add this group to its team in the facts",
        ),
    ),
    "rollout.names-known": (
        lambda: scene(put([cohort("all"), cohort("all", "staging"), cohort("beta", share=0)], "cohorts")),
        (
            'the cohort "beta", which the rules do not know',
            'a cohort that the rules render: "all", "first"',
            "correct the name at its source, or have the policy's owners add this spelling to rendering of the rules",
        ),
    ),
}


@pytest.mark.parametrize("rule", MESSAGES)
def test_a_hold_says_what_to_do(rule: str) -> None:
    context, said = MESSAGES[rule]
    found = [each for each in checks.run(rule.partition(".")[0], context()).findings if each.rule == rule]
    assert [(each.found, each.wanted, each.mend) for each in found] == [said]


def test_a_change_that_is_over_cannot_be_approved_any_more() -> None:
    found = checks.run("change", scene(put("closed", "change", "state"))).findings
    assert [each.found for each in found] == ['the change\'s state is "closed", in which it is over']
    assert [each.mend for each in found] == ["open a new change and announce the candidate with it"]


@pytest.mark.parametrize(
    ("allowance", "told"),
    [
        (
            {"type": "string", "one_of": ["a"], "environments": ["staging"]},
            'a value of type string, one of "a", only in "staging"',
        ),
        ({"type": "integer", "minimum": 99}, "a value of type integer, at least 99"),
        ({"type": "integer", "maximum": -1}, "a value of type integer, at most -1"),
        ({"type": "boolean"}, "a value of type boolean"),
    ],
)
def test_an_allowance_is_told_whole_and_with_nothing_more(allowance: dict[str, Any], told: str) -> None:
    context = scene(
        put([overlay("production", ("x", None, 5)), overlay("staging")], "overlays"),
        change_rules={"allowances": {"service": {"x": allowance}}},
    )
    (found,) = checks.run("overlays", context).findings
    assert found.wanted == told


def test_a_group_of_two_teams_names_both() -> None:
    known = team()["teams"]
    facts = {"teams": {**known, "cards": {**known["payments"], "name": "Cards"}}}
    found = checks.run("catalog", scene(change_facts=facts)).findings
    assert {each.found for each in found} == {
        'the catalog names "group:default/payments" as owner, which may be "cards", "payments"'
    }


def test_a_value_is_shown_as_json_has_it() -> None:
    assert [shown(each) for each in ("1", 1, True, "true", 'a "b"')] == ['"1"', "1", "true", '"true"', '"a \\"b\\""']
    assert shown("\u202eabc") == '"\ufffdabc"'
    assert shown(10**400) == shown(None) == "something else than text, a number below 2^53, true or false"


def test_what_is_long_is_cut_and_says_so() -> None:
    assert shown("x" * 60) == f'"{"x" * 60}"'
    assert shown("x" * 61) == f'"{"x" * 59}…"'
    assert len(shown(LONG)) == len(shown(TURNED * 100)) == 62


def test_of_many_the_first_few_are_named() -> None:
    assert listed([]) == "nothing"
    assert listed([], empty="nobody") == "nobody"
    assert listed(range(LISTED)) == "0, 1, 2, 3, 4, 5, 6, 7"
    assert listed(range(LISTED + 2)) == "0, 1, 2, 3, 4, 5, 6, 7 and 2 more"


def found_by(rule: str, context: Context) -> list[str]:
    report = checks.run(rule.partition(".")[0], context)
    return [each.found for each in report.findings if each.rule == rule]


@pytest.mark.parametrize(
    ("rule", "context", "told"),
    [
        (
            "catalog.owner-is-a-team",
            lambda: scene(put("user:paula", "components", 0, "catalog", "owner")),
            'the catalog names "user:paula" as owner, a person',
        ),
        (
            "catalog.of-this-component",
            lambda: scene(records={"catalog/service": ("catalog", {"metadata": {"name": "worker"}})}),
            'an entity that calls itself "worker"',
        ),
        (
            "catalog.of-this-component",
            lambda: scene(records={"catalog/service": ("catalog", {})}),
            "an entity that has no name",
        ),
        (
            "catalog.owner-has-people",
            lambda: scene(put("operations", "components", 0, "catalog", "owner")),
            'nobody in the facts is in team operations, which owns it as "operations"',
        ),
    ],
)
def test_what_was_found_is_told(rule: str, context: Callable[[], Context], told: str) -> None:
    assert found_by(rule, context()) == [told]


@pytest.mark.parametrize(
    ("rule", "lacks", "told"),
    [("channel", "channel", "has no channel in the facts"), ("escalation", "escalation", "has no escalation path")],
)
def test_a_team_that_lacks_something_is_named(rule: str, lacks: str, told: str) -> None:
    found = found_by(f"catalog.owner-has-{rule}", scene(change_facts=team(**{lacks: None})))
    assert found == [f'team payments, which owns it as "group:default/payments", {told}'] * 2
