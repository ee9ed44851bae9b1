"""The way back: the candidate's criteria, and a plan of ``cutover/rollback-plan/v1``."""

from cutover.contracts.candidate import Candidate
from cutover.contracts.records import RollbackPlan
from cutover.domain.assembling import gaps
from cutover.domain.assembling.fields import JsonField, Place, Register
from cutover.domain.assembling.index import EvidenceIndex, valid
from cutover.domain.assembling.kinds import DIGEST, LINE, LOCATOR, TEXT
from cutover.domain.assembling.release import candidate_place

STEP_KINDS = {
    "hook_digest": DIGEST, "trigger": TEXT, "prior_configuration": LOCATOR,
    "baseline_check": TEXT, "baseline_expected": TEXT,
}  # fmt: skip
STEP_POINTERS = {"baseline_check": "/baseline/check", "baseline_expected": "/baseline/expected"}


def rollback(candidate: Candidate, index: EvidenceIndex, register: Register) -> JsonField:
    asked = candidate.rollback.plan
    found = index.find("rollback", asked)
    plan = valid(RollbackPlan, found)
    criteria = candidate_place(index, register, "/rollback/criteria").each("/rollback/criteria", kind=TEXT)
    whole = Place(register, found, asked, gaps.ROLLBACK_PLAN, "/rollback/steps", "/steps")
    if plan is None:
        return {"criteria": criteria, "steps": whole.missing()}
    return {
        "criteria": criteria,
        "steps": [_step(whole.inside(f"/{n}", f"/{n}")) for n in range(len(plan.steps))],
    }


def _step(place: Place) -> JsonField:
    fields = {
        name: place.take(name, STEP_POINTERS.get(name, f"/{name}"), kind=STEP_KINDS.get(name, LINE), gap=gap)
        for name, gap in gaps.ROLLBACK_FIELDS.items()
    }
    return {"name": place.take("name"), **fields}
