"""The sections that other systems' records fill: change, rollout, flags, rollback, waivers."""

from typing import TypeVar

from pydantic import ValidationError

from cutover.contracts.base import Model
from cutover.contracts.candidate import Candidate, Reference
from cutover.contracts.records import ChangeRecord, FlagSet, RollbackPlan, RolloutPlan, Waiver
from cutover.domain.assembling import gaps
from cutover.domain.assembling.fields import DIGEST, INTEGER, LINE, LOCATOR, TEXT, Field, Place, Register
from cutover.domain.assembling.index import EvidenceIndex, Found
from cutover.domain.assembling.release import candidate_place

M = TypeVar("M", bound=Model)
STEP_KINDS = {
    "hook_digest": DIGEST, "trigger": TEXT, "prior_configuration": LOCATOR,
    "baseline_check": TEXT, "baseline_expected": TEXT,
}  # fmt: skip
STEP_POINTERS = {"baseline_check": "/baseline/check", "baseline_expected": "/baseline/expected"}


def valid(model: type[M], found: Found | None) -> M | None:
    """The record, if what came is one; a record of another shape counts as none."""
    if found is None:
        return None
    try:
        return model.model_validate_json(found.content)
    except ValidationError:
        return None


def requesters(candidate: Candidate, index: EvidenceIndex) -> tuple[str | None, ...]:
    """Who asked for the release and who for its change, as the bundle of this evidence will say (``waiving.asked``)."""
    record = valid(ChangeRecord, index.find("change", candidate.change))
    return candidate.requester, record.requester if record else None


def change(candidate: Candidate, index: EvidenceIndex, register: Register) -> Field:
    found = index.find("change", candidate.change)
    usable = found if valid(ChangeRecord, found) else None
    place = Place(register, usable, candidate.change, gaps.CHANGE, "/change")
    return {
        **{name: place.take(name) for name in ("number", "title", "state", "risk", "requester")},
        "components": place.each("/scope/components"),
        "environments": place.each("/scope/environments"),
    }


def cohorts(candidate: Candidate, index: EvidenceIndex, register: Register) -> list[Field] | Field:
    found = index.find("rollout", candidate.rollout)
    plan = valid(RolloutPlan, found)
    whole = Place(register, found, candidate.rollout, gaps.ROLLOUT, "/cohorts", "/cohorts")
    if plan is None:
        return whole.missing()
    places = (whole.inside(f"/{n}", f"/{n}") for n in range(len(plan.cohorts)))
    return [
        {
            "name": place.take("name"),
            "environment": place.take("environment"),
            "share_percent": place.take("share_percent", kind=INTEGER),
        }
        for place in places
    ]


def flags(candidate: Candidate, index: EvidenceIndex, register: Register) -> list[Field] | Field:
    found = index.find("flags", candidate.flags)
    flag_set = valid(FlagSet, found)
    whole = Place(register, found, candidate.flags, gaps.FLAGS, "/flags", "/flags")
    if flag_set is None:
        return whole.missing()
    built = []
    for n, flag in enumerate(flag_set.flags):
        place = whole.inside(f"/{n}", f"/{n}")
        needs_no_end = flag.type == "permission" and flag.expires_at is None
        built.append(
            {
                **{name: place.take(name) for name in ("key", "type", "owner", "default")},
                "purpose": place.take("purpose", kind=TEXT),
                "expires_at": None if needs_no_end else place.take("expires_at"),
            }
        )
    return built


def rollback(candidate: Candidate, index: EvidenceIndex, register: Register) -> Field:
    asked = candidate.rollback.plan
    found = index.find("rollback", asked)
    plan = valid(RollbackPlan, found)
    criteria = candidate_place(index, register, "/rollback/criteria").each("/rollback/criteria")
    whole = Place(register, found, asked, gaps.ROLLBACK_PLAN, "/rollback/steps", "/steps")
    if plan is None:
        return {"criteria": criteria, "steps": whole.missing()}
    return {
        "criteria": criteria,
        "steps": [_step(whole.inside(f"/{n}", f"/{n}")) for n in range(len(plan.steps))],
    }


def _step(place: Place) -> Field:
    fields = {
        name: place.take(name, STEP_POINTERS.get(name, f"/{name}"), kind=STEP_KINDS.get(name, LINE), gap=gap)
        for name, gap in gaps.ROLLBACK_FIELDS.items()
    }
    return {"name": place.take("name"), **fields}


def waivers(references: tuple[Reference, ...], index: EvidenceIndex, register: Register) -> list[Field]:
    built = []
    for number, asked in enumerate(references):
        found = index.find("waivers", asked, payload=True)
        place = Place(register, found, asked, gaps.WAIVER, f"/waivers/{number}")
        if valid(Waiver, found) is None:
            built.append(place.missing())
            continue
        fields = {
            name: place.take(name, kind=TEXT if name == "reason" else LINE, gap=gap)
            for name, gap in gaps.WAIVER_FIELDS.items()
        }
        built.append({"id": place.take("id"), "fingerprint": place.take("fingerprint", kind=DIGEST), **fields})
    return built
