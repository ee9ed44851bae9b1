"""A waiver that answers no hold is seen: one for another component, or for what is mended by now."""

import dataclasses
from typing import Any

import pytest

from cutover.contracts.candidate import Reference
from cutover.contracts.evidence import Collection, Evidence, EvidenceSet
from cutover.contracts.holds import Finding, HoldRegister
from cutover.domain import canonical, holds
from cutover.domain.waivers import RESOLUTIONS
from cutover.domain.waiving import BIND_FAMILY, Waiving
from cutover.domain.weighing import Weighed, unanswering, unpermitted, weigh
from cutover_cli.linting.judging import faults
from tests.building.policy import AS_OF, CLOSES_AT, DEPLOYMENT, EXPIRES_AT
from tests.checks.waivers import sealed

SERVICE, WORKER = "sha256:" + "1" * 64, "sha256:" + "2" * 64
RULES = DEPLOYMENT.rules()


def finding(subject: str = SERVICE, **changes: Any) -> Finding:
    known: dict[str, Any] = {
        "rule": "rollback.drill-recent", "family": "rollback", "outcome": "hold", "code": "ROLLBACK_DRILL_STALE",
        "field": "/rollback/steps/0/drilled_at", "subject": subject, "owner": "operations", "found": "long ago",
        "wanted": "lately", "mend": "drill this step",
    }  # fmt: skip
    return Finding(**{**known, **changes})


def weighed(*fingerprints: str, source: str = "records") -> Weighed:
    """One waiver for each of these fingerprints, by somebody who may."""
    contents = [sealed(fingerprint=each, id=f"waiver-{n}") for n, each in enumerate(fingerprints)]
    references = [Reference(source=source, record=f"w/{n}", version="v1") for n in range(len(contents))]
    evidence = [
        Evidence(
            source=each.source, record=each.record, version=each.version, fetched_at=AS_OF, media_type="x",
            sha256=canonical.digest(content), size=len(content),
        )
        for each, content in zip(references, contents, strict=True)
    ]  # fmt: skip
    evidence_set = EvidenceSet(
        candidate=Evidence(
            source="ci", record="candidate", version="v1", fetched_at=AS_OF, media_type="x", sha256=SERVICE, size=1
        ),
        as_of=AS_OF,
        collections=(Collection(section="waivers", evidence=tuple(evidence)),),
    )
    waiving = Waiving.of(RULES, DEPLOYMENT.facts(), ("dana@ci", "dana@change"), product="service")
    envelopes = dict(zip((each.sha256 for each in evidence), contents, strict=True))
    return weigh(evidence_set, envelopes, references=references, waiving=(waiving, waiving), until=CLOSES_AT)


def told(waivers: Weighed, *findings: Finding) -> list[tuple[str, str, str]]:
    return [(each.code, each.field, each.outcome) for each in unanswering(waivers, findings, RULES)]


def registered(waivers: Weighed, *findings: Finding) -> HoldRegister:
    return holds.register(
        cutover="service@production.1", revision=1, findings=[*findings, *unanswering(waivers, findings, RULES)],
        waivers=waivers.answers, opened_at=AS_OF, expires_at=EXPIRES_AT,
    )  # fmt: skip


def test_a_waiver_for_another_component_answers_nothing_and_is_seen() -> None:
    waivers = weighed(holds.mark_of(finding(WORKER)))
    register = registered(waivers, finding(SERVICE))
    assert [hold.subject for hold in holds.open_holds(register)] == [SERVICE], "its own hold stays open"
    assert [(each.code, each.field) for each in register.warnings] == [
        ("WAIVER_ANSWERS_NOTHING", "/waivers/0/fingerprint")
    ]
    assert holds.mark_of(finding(WORKER)) in register.warnings[0].found
    assert list(unpermitted(waivers, [finding(SERVICE)], RULES)) == [], "nobody refused it: it is for nothing"


def test_a_waiver_that_answers_its_hold_is_no_warning() -> None:
    waivers = weighed(holds.mark_of(finding()))
    register = registered(waivers, finding())
    assert (holds.open_holds(register), register.warnings) == ((), ())


def test_only_the_one_that_answers_nothing_is_named() -> None:
    waivers = weighed(holds.mark_of(finding()), holds.mark_of(finding(WORKER)))
    assert told(waivers, finding()) == [("WAIVER_ANSWERS_NOTHING", "/waivers/1/fingerprint", "warn")]


@pytest.mark.parametrize(
    "other",
    [
        finding(outcome="deny"),
        finding(outcome="warn"),
        finding(rule=f"{BIND_FAMILY}.window-conflict", family=BIND_FAMILY),
        finding(code="CHECK_FAILED"),
        finding(field="/rollback/steps/1/drilled_at"),
        finding(rule="rollback.steps-unique"),
    ],
    ids=["denied", "a warning", "of Bind", "a check that failed", "another step", "another rule"],
)
def test_what_no_waiver_can_answer_is_no_hold_of_it(other: Finding) -> None:
    """A waiver for a hold that cannot be waived, or for one that stands elsewhere."""
    mark = (
        holds.mark_of(other)
        if other.field == finding().field and other.rule == finding().rule
        else holds.mark_of(finding())
    )
    assert told(weighed(mark), other) == [("WAIVER_ANSWERS_NOTHING", "/waivers/0/fingerprint", "warn")]


def test_without_any_hold_it_is_seen_too() -> None:
    assert told(weighed(holds.mark_of(finding()))) == [("WAIVER_ANSWERS_NOTHING", "/waivers/0/fingerprint", "warn")]


def test_what_a_resolution_brought_answered_a_hold_when_it_came() -> None:
    assert told(weighed(holds.mark_of(finding()), source=RESOLUTIONS)) == []


@pytest.mark.parametrize("outcome", ["hold", "deny"])
def test_the_rules_may_make_more_of_it(outcome: Any) -> None:
    rules = RULES.model_copy(update={"severities": {"waivers.answers-something": outcome}})
    (found,) = unanswering(weighed(SERVICE), (), rules)
    assert found.outcome == outcome


def test_a_waiver_that_does_not_count_is_told_by_its_own_checks() -> None:
    waivers = dataclasses.replace(weighed(SERVICE), came=())
    assert told(waivers, finding()) == []


def test_the_rules_may_name_it_under_severities() -> None:
    rules = RULES.model_copy(update={"severities": {"waivers.answers-something": "hold"}})
    assert not [each for each in faults(rules, DEPLOYMENT.facts()) if each.code == "RULE_UNKNOWN"]
