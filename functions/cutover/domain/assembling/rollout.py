"""The rollout's cohorts: a plan of ``cutover/rollout-plan/v1``."""

from cutover.contracts.candidate import Candidate
from cutover.contracts.records import RolloutPlan
from cutover.domain.assembling import gaps
from cutover.domain.assembling.fields import JsonField, Place, Register
from cutover.domain.assembling.index import EvidenceIndex, valid
from cutover.domain.assembling.kinds import INTEGER


def cohorts(candidate: Candidate, index: EvidenceIndex, register: Register) -> list[JsonField] | JsonField:
    found = index.find("rollout", candidate.rollout)
    plan = valid(RolloutPlan, found)
    whole = Place(register, found, candidate.rollout, gaps.ROLLOUT, "/cohorts", "/cohorts")
    if plan is None:
        return whole.missing()
    return [_cohort(whole.inside(f"/{n}", f"/{n}")) for n in range(len(plan.cohorts))]


def _cohort(place: Place) -> JsonField:
    return {
        "name": place.take("name", measure="cohort"),
        "environment": place.take("environment", measure="environment", gap=gaps.COHORT_ENVIRONMENT),
        "share_percent": place.take("share_percent", kind=INTEGER, gap=gaps.COHORT_SHARE),
    }
