"""What can answer a hold beside a waiver: the corrected record that it is about, or looking again."""

from typing import Any

import pytest

from cutover.contracts.candidate import Reference
from cutover.contracts.evidence import EvidenceSet, SourceFailure
from cutover.contracts.holds import Hold
from cutover.contracts.supersession import Refreshed
from cutover.domain import answering, canonical, refreshed
from cutover.domain.answering import PASSING
from cutover.errors import Refused
from tests.building.package import package
from tests.building.policy import DEPLOYMENT, RISK

PACKAGE = package()
CANDIDATE, FACTS = PACKAGE.candidate, PACKAGE.facts
OTHER = "sha256:" + "0" * 64
ABOUT: dict[str, str | None] = {
    "/components/0/provenance/statement": "provenance/service",
    "/components/0/provenance/builder": "provenance/service",
    "/components/0/dependencies/digest": "sbom/service",
    "/components/0/digest": None,
    "/components/0/size": None,
    "/components/0": None,
    "/components/1/dependencies/digest": None,
    "/attestations/0/statement": "tests/service",
    "/attestations/1/statement": None,
    "/change/risk": "changes/CHG-17",
    "/cohorts": "rollouts/service",
    "/cohorts/0/share_percent": "rollouts/service",
    "/flags": "flags/service",
    "/flags/0/owner": "flags/service",
    "/rollback/steps/0/drilled_at": "rollbacks/service",
    "/waivers/0": "waivers/drill-later",
    "/waivers/0/expires_at": "waivers/drill-later",
    "/waivers/1": None,
    "/waivers": None,
    "/waivers/-1": None,
    "/waivers/x": None,
    "/release/window": None,
    "": None,
}


def hold(**changes: Any) -> Hold:
    known = PACKAGE.register.holds[0].model_dump() | {"resolution": None} | changes
    return Hold.model_validate(known)


def lacking(section: str, failure: SourceFailure) -> EvidenceSet:
    """The evidence, had this section brought nothing but that failure."""
    collections = tuple(
        each.model_copy(update={"evidence": (), "failures": (failure,)}) if each.section == section else each
        for each in PACKAGE.evidence_set.collections
    )
    return PACKAGE.evidence_set.model_copy(update={"collections": collections})


def failed(code: str, **changes: Any) -> SourceFailure:
    said = {"source": "records", "record": "flags/service", "version": "v1", "code": code, "message": "why"} | changes
    return SourceFailure(**said)


def records(about: Hold, evidence_set: EvidenceSet = PACKAGE.evidence_set) -> list[str]:
    return [each.record for each in answering.correctable(about, CANDIDATE, evidence_set)]


@pytest.mark.parametrize(("field", "record"), ABOUT.items())
def test_each_field_has_the_record_that_fills_it_and_artifacts_have_none(field: str, record: str | None) -> None:
    assert records(hold(field=field)) == ([record] if record else [])


@pytest.mark.parametrize("field", [field for field, record in ABOUT.items() if record])
def test_a_record_that_answers_is_one_that_the_next_revision_goes_by(field: str) -> None:
    """What ``effective`` would not replace must not pass for an answer."""
    (reference,) = answering.correctable(hold(field=field), CANDIDATE, PACKAGE.evidence_set)
    answer = reference.model_copy(update={"version": "v2"})
    newer = answering.corrected(hold(field=field), answer, CANDIDATE, PACKAGE.evidence_set, FACTS)
    assert newer == Refreshed(source=reference.source, record=reference.record, version="v2", answered=True)
    after = refreshed.effective(CANDIDATE, (newer,))
    assert after.model_dump_json().count('"v2"') == 1


CHANGES: dict[str, tuple[dict[str, str], str]] = {
    "another source": ({"source": "registry"}, "EVIDENCE_OF_ANOTHER_RECORD"),
    "an unknown source": ({"source": "wiki"}, "EVIDENCE_SOURCE_UNKNOWN"),
    "another record": ({"record": "flags/other"}, "EVIDENCE_OF_ANOTHER_RECORD"),
    "another hold's record": ({"record": "rollouts/service"}, "EVIDENCE_OF_ANOTHER_RECORD"),
    "the same version": ({"version": "v1"}, "EVIDENCE_UNCHANGED"),
}


@pytest.mark.parametrize(("changes", "code"), CHANGES.values(), ids=CHANGES.keys())
def test_what_corrects_nothing(changes: dict[str, str], code: str) -> None:
    answer = Reference(**{"source": "records", "record": "flags/service", "version": "v2"} | changes)
    with pytest.raises(Refused) as refused:
        answering.corrected(hold(field="/flags/0/owner"), answer, CANDIDATE, PACKAGE.evidence_set, FACTS)
    assert refused.value.code == code
    assert refused.value.mend


def of_failure(failure: SourceFailure) -> Hold:
    subject = canonical.digest_model(failure)
    return hold(rule="lineage.collected", code=failure.code, field="", subject=subject, evidence=())


@pytest.mark.parametrize("code", sorted(PASSING))
def test_what_passes_is_mended_and_so_are_the_gaps_that_it_left(code: str) -> None:
    failure = failed(code)
    evidence_set = lacking("flags", failure)
    answering.demand_mendable(of_failure(failure), CANDIDATE, evidence_set)
    answering.demand_mendable(hold(field="/flags", evidence=()), CANDIDATE, evidence_set)
    for other in (hold(field="/cohorts", evidence=()), hold(field="/flags", evidence=(OTHER,))):
        with pytest.raises(Refused) as refused:
            answering.demand_mendable(other, CANDIDATE, evidence_set)
        assert refused.value.code == "HOLD_NOT_MENDABLE"


@pytest.mark.parametrize("code", ["SOURCE_RECORD_TOO_LARGE", "SOURCE_RECORD_GONE", "EVIDENCE_UNREADABLE"])
def test_what_stays_so_at_that_version_is_not_mended_by_looking_again(code: str) -> None:
    failure = failed(code)
    for about in (of_failure(failure), hold(field="/flags", evidence=())):
        assert not answering.mendable(about, CANDIDATE, lacking("flags", failure))
    assert records(of_failure(failure), lacking("flags", failure)) == ["flags/service"]


def test_a_section_that_failed_whole_is_mended_with_all_of_its_gaps() -> None:
    failure = failed("COLLECT_FAILED", source="cutover", record="attestations")
    evidence_set = lacking("attestations", failure)
    for field in ("/components/0/provenance/builder", "/attestations/0/statement"):
        assert answering.mendable(hold(field=field, evidence=()), CANDIDATE, evidence_set)
    assert not answering.mendable(hold(field="/components/0/dependencies/digest", evidence=()), CANDIDATE, evidence_set)
    assert records(of_failure(failure), evidence_set) == []


def test_an_artifact_that_was_not_there_can_be_published_but_not_replaced() -> None:
    failure = failed("SOURCE_RECORD_MISSING", source="registry", record="shop/service")
    evidence_set = lacking("artifacts", failure)
    for about in (of_failure(failure), hold(field="/components/0/size", evidence=())):
        assert answering.mendable(about, CANDIDATE, evidence_set)
        assert records(about, evidence_set) == []


@pytest.mark.parametrize("code", ["CHECK_FAILED", "QUORUM_IMPOSSIBLE", "WINDOW_CONFLICT"])
def test_what_bind_found_is_looked_at_again(code: str) -> None:
    about = hold(rule=f"bind.{code.lower().replace('_', '-')}", code=code, field="")
    answering.demand_mendable(about, CANDIDATE, PACKAGE.evidence_set)


def how(about: Hold, **waivable: tuple[str, ...]) -> tuple[Any, ...] | None:
    rules = DEPLOYMENT.rules().model_copy(update={"waivable": waivable})
    said = answering.how(about, CANDIDATE, PACKAGE.evidence_set, rules=rules, audience=DEPLOYMENT.audience)
    return (said.kinds, said.waivable_by, [each.record for each in said.records]) if said else None


def test_a_hold_s_message_says_how_it_can_be_answered() -> None:
    drill = hold(field="/rollback/steps/0/drilled_at")
    assert how(drill, rollback=(RISK,)) == (("waiver", "evidence"), (RISK,), ["rollbacks/service"])
    assert how(drill) == (("evidence",), (), ["rollbacks/service"])
    newer = hold(rule="artifacts.nothing-newer", field="/components/0/digest")
    assert how(newer, artifacts=(RISK, "operations")) == (("waiver",), (RISK, "operations"), [])
    assert how(newer) is None, "only another candidate answers it"
    bind = hold(rule="bind.window-conflict", field="/release/window")
    assert how(bind, bind=(RISK,)) == (("mended",), (), [])
    assert how(hold(severity="deny"), rollback=(RISK,)) is None
