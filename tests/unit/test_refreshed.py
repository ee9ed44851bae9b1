"""A candidate with the versions of now: what people keep up to date moves, what was built does not."""

import json
from typing import Any

import pytest

from cutover.contracts.candidate import Candidate, Reference
from cutover.contracts.supersession import Refreshed
from cutover.domain.differences import differences
from cutover.domain.refreshed import GONE, effective
from tests.builders import DEPLOYMENT, candidate_of, release_records, waiver_record

RECORDS = release_records(DEPLOYMENT)
WAIVER = waiver_record(DEPLOYMENT, "sha256:" + "0" * 64)
CANDIDATE = candidate_of(DEPLOYMENT, RECORDS, WAIVER)
DIGEST = "sha256:" + "d" * 64
PLACES = {
    "provenance": "/components/0/provenance/version",
    "dependencies": "/components/0/dependencies/version",
    "tests": "/attestations/0/statement/version",
    "change": "/change/version",
    "rollout": "/rollout/version",
    "flags": "/flags/version",
    "rollback": "/rollback/plan/version",
    "waiver": "/waivers/0/version",
}


def newer(name: str, version: str | None = "v2") -> Refreshed:
    record = WAIVER if name == "waiver" else RECORDS[name]
    return Refreshed(source=record.source, record=record.record, version=version)


def pinned() -> Candidate:
    """The candidate with a digest at each of its references."""
    said = CANDIDATE.model_dump(mode="json", by_alias=True)
    for place in PLACES.values():
        at: Any = said
        for key in place.split("/")[1:-1]:
            at = at[int(key)] if key.isdecimal() else at[key]
        at["digest"] = DIGEST
    return Candidate.model_validate_json(json.dumps(said))


def moved(candidate: Candidate) -> list[tuple[str, str | None, str | None]]:
    before, after = (each.model_dump(mode="json", by_alias=True) for each in (CANDIDATE, candidate))
    return [(each.pointer, each.before, each.after) for each in differences(before, after)]


@pytest.mark.parametrize(("name", "place"), PLACES.items(), ids=PLACES.keys())
def test_a_newer_version_stands_where_the_record_is_named_and_nowhere_else(name: str, place: str) -> None:
    assert moved(effective(CANDIDATE, (newer(name),))) == [(place, "v1", "v2")]


@pytest.mark.parametrize(("name", "place"), PLACES.items(), ids=PLACES.keys())
def test_a_record_that_is_gone_is_asked_for_at_a_version_that_no_source_has(name: str, place: str) -> None:
    assert moved(effective(CANDIDATE, (newer(name, None),))) == [(place, "v1", GONE)]


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("version", ["v2", None])
def test_what_was_pinned_stays_pinned_whatever_its_source_has_by_now(name: str, version: str | None) -> None:
    after = effective(pinned(), (newer(name, version),)).model_dump_json()
    assert after.count(DIGEST) == pinned().model_dump_json().count(DIGEST) == len(PLACES)


@pytest.mark.parametrize("name", PLACES)
def test_where_a_resolution_named_the_version_the_pin_counts_no_more(name: str) -> None:
    answered = newer(name).model_copy(update={"answered": True})
    assert effective(pinned(), (answered,)).model_dump_json().count(DIGEST) == len(PLACES) - 1


def test_the_artifact_stays_what_was_announced() -> None:
    """It is named by its digest, and was built, attested and signed about: another one needs another candidate."""
    assert effective(CANDIDATE, (newer("artifact"),)) == CANDIDATE


def test_several_at_once() -> None:
    after = effective(CANDIDATE, (newer("change", "v7"), newer("rollback", "v9"), newer("waiver", None)))
    assert sorted(moved(after)) == [
        (PLACES["change"], "v1", "v7"), (PLACES["rollback"], "v1", "v9"), (PLACES["waiver"], "v1", GONE),
    ]  # fmt: skip


@pytest.mark.parametrize("refreshed", [(), (Refreshed(source="records", record="changes/CHG-18", version="v2"),)])
def test_what_is_not_named_changes_nothing(refreshed: tuple[Refreshed, ...]) -> None:
    assert effective(CANDIDATE, refreshed) == CANDIDATE


def test_a_record_of_that_name_at_another_source_is_another_record() -> None:
    elsewhere = newer("change").model_copy(update={"source": "registry"})
    assert effective(CANDIDATE, (elsewhere,)) == CANDIDATE


def test_what_is_not_there_stays_not_there() -> None:
    component = CANDIDATE.components[0].model_copy(update={"provenance": None, "dependencies": None})
    bare = CANDIDATE.model_copy(update={"components": (component,), "attestations": (), "waivers": ()})
    after = effective(bare, tuple(newer(name) for name in PLACES))
    assert (after.components[0].provenance, after.components[0].dependencies) == (None, None)
    assert (after.attestations, after.waivers) == ((), ())
    assert after.change.version == "v2"


def test_the_candidate_stays_one() -> None:
    """Every reference keeps its kind, so that the document made of it is a candidate still."""
    after = effective(CANDIDATE, tuple(newer(name) for name in PLACES))
    assert Candidate.model_validate_json(after.model_dump_json(by_alias=True)) == after
    references: list[Any] = [after.change, after.rollout, after.flags, after.rollback.plan, *after.waivers]
    assert all(isinstance(each, Reference) for each in references)
