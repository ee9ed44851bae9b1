"""The release, its components and its cohorts; and that no record whatever makes Assemble fail or say an untruth."""

import base64
import copy
import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutover.contracts.evidence import DependencySummary
from cutover.contracts.policy import Rendering
from cutover.contracts.sources import Source
from cutover.domain import canonical
from tests.unit import test_assembling_catalog as catalog
from tests.unit import test_assembling_change as change
from tests.unit import test_assembling_flags as flags
from tests.unit import test_assembling_overlays as overlays
from tests.unit.assembling_release import DIGEST, RENDERING, SECTIONS, Release, place, value
from tests.unit.test_assembling_change import MAPPED, SNOW

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ARTIFACT = {
    "schema": "cutover/artifact-record/v1", "source": "records", "record": "artifact", "version": "v1",
    "sha256": DIGEST, "size": 20, "latest": "v1", "latest_sha256": DIGEST,
}  # fmt: skip
SBOM = {
    "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
    "components": [{"type": "library", "name": "orjson", "version": "3", "purl": "pkg:pypi/orjson@3"}],
}  # fmt: skip
WORKFLOW = {"repository": "https://example.com/shop/service", "ref": "refs/heads/main", "path": "release.yml"}
PROVENANCE = {
    "_type": "https://in-toto.io/Statement/v1", "subject": [], "predicateType": "https://slsa.dev/provenance/v1",
    "predicate": {
        "buildDefinition": {
            "externalParameters": {"workflow": WORKFLOW},
            "resolvedDependencies": [{"uri": "git+https://example.com/other", "digest": {"gitCommit": COMMIT}}],
        },
        "runDetails": {"builder": {"id": "https://example.com/builder"}},
    },
}  # fmt: skip


def test_names_are_rendered_wherever_they_are_said() -> None:
    made = Release({})
    (component,), (environment,) = made.section("components"), made.section("release")["environments"]
    (attestation,) = made.section("attestations")
    assert [(value(each), place(each)) for each in (component["name"], environment, attestation["component"])] == [
        ("service", ("/components/0/name", "component")),
        ("production", ("/environments/0", "environment")),
        ("service", ("/attestations/0/component", "component")),
    ]


def test_a_commit_that_is_not_stated_is_a_gap() -> None:
    made = Release({}, announced={"commit": None})
    assert made.gaps("/release") == {("COMMIT_NOT_STATED", "/release/commit")}
    stated = Release({})
    assert (value(stated.section("release")["commit"]), stated.gaps("/release")) == (COMMIT, set())


def enveloped(statement: Any) -> dict[str, Any]:
    payload = base64.b64encode(json.dumps(statement).encode()).decode()
    return {"payloadType": "application/vnd.in-toto+json", "payload": payload, "signatures": []}


def test_provenance_names_builder_source_ref_workflow_and_commit() -> None:
    made = Release({"provenance": enveloped(PROVENANCE)})
    found = made.section("components")[0]["provenance"]
    assert {name: value(said) for name, said in found.items() if name != "statement"} == {
        "builder": "https://example.com/builder", "repository": WORKFLOW["repository"], "ref": WORKFLOW["ref"],
        "workflow": WORKFLOW["path"], "commit": COMMIT,
    }  # fmt: skip
    assert place(found["statement"]) == ("", "sha256")
    bare = Release({"provenance": enveloped({})}).gaps("/components/0/provenance")
    assert {field.rpartition("/")[2] for _, field in bare} == {"builder", "repository", "ref", "workflow", "commit"}
    assert {code for code, _ in bare} == {"PROVENANCE_INCOMPLETE"}


def test_dependencies_are_counted_in_the_summary_of_the_manifest() -> None:
    made = Release({"sbom": SBOM})
    found = made.section("components")[0]["dependencies"]
    assert {name: value(said) for name, said in found.items()} == {
        "digest": canonical.digest(json.dumps(SBOM, indent=1).encode()), "format": "CycloneDX", "spec_version": "1.6",
        "components": 1, "licences": 0, "purls": 1,
    }  # fmt: skip
    assert place(found["digest"]) == ("/sha256", "value")
    DependencySummary.model_validate_json(made.documents[found["format"]["from"]["evidence"]])


def test_a_manifest_of_no_known_format_has_counts_of_nothing_and_is_held() -> None:
    for manifest in ({"hello": "world"}, b"<bom/>", b"", b"[" * 100_000):
        gaps = Release({"sbom": manifest}).gaps("/components/0/dependencies")
        assert ("DEPENDENCY_MANIFEST_MISSING", "/components/0/dependencies/format") in gaps


def test_a_document_is_parsed_when_it_is_asked_for_and_not_before() -> None:
    """Nobody asks for a dependency manifest's: it may have 50 MB."""
    made = Release({"artifact": ARTIFACT})
    found = made.index.find("artifacts", made.candidate.components[0].artifact)
    assert found is not None
    assert "document" not in vars(found)
    assert found.document == ARTIFACT
    assert vars(found)["document"] is found.document


PLAN: dict[str, Any] = {"name": "ring-0", "environment": "PRD", "share_percent": 1}


def plan(*cohorts: Any) -> dict[str, Any]:
    return {"schema": "cutover/rollout-plan/v1", "cohorts": list(cohorts)}


def test_a_cohort_has_a_name_an_environment_and_a_share() -> None:
    (cohort,) = Release({"rollout": plan(PLAN)}).section("cohorts")
    assert {name: (value(said), place(said)) for name, said in cohort.items()} == {
        "name": ("first", ("/cohorts/0/name", "cohort")),
        "environment": ("production", ("/cohorts/0/environment", "environment")),
        "share_percent": (1, ("/cohorts/0/share_percent", "value")),
    }


@pytest.mark.parametrize(
    ("name", "code"), [("environment", "COHORT_ENVIRONMENT_MISSING"), ("share_percent", "COHORT_UNSIZED")]
)
def test_a_cohort_without_one_of_them_is_a_named_gap(name: str, code: str) -> None:
    lacking = {each: said for each, said in PLAN.items() if each != name}
    for said in (lacking, {**lacking, name: None}):
        assert Release({"rollout": plan(PLAN, said)}).gaps("/cohorts") == {(code, f"/cohorts/1/{name}")}


@pytest.mark.parametrize(
    "said", [plan(), plan({}), plan({**PLAN, "share_percent": 101}), plan({**PLAN, "share_percent": True}), {}, [], b""]
)
def test_a_plan_that_is_none_is_missing(said: Any) -> None:
    assert Release({"rollout": said}).gaps("/cohorts") == {("ROLLOUT_PLAN_MISSING", "/cohorts")}


ONCE: dict[str, tuple[str, bytes]] = {
    "rollout": ("/cohorts", b'{"schema":"cutover/rollout-plan/v1","cohorts":[{"name":"all"}]}'),
    "rollback": ("/rollback/steps", b'{"schema":"cutover/rollback-plan/v1","steps":[{"name":"revert"}]}'),
    "flags": ("/flags", b'{"schema":"cutover/flag-set/v1","flags":[{"key":"a"}]}'),
    "overlays": ("/overlays", b'{"schema":"cutover/environment-overlays/v1","base":[],"overlays":[]}'),
}


@pytest.mark.parametrize("name", ONCE)
def test_a_record_with_a_key_twice_is_missing_whole(name: str) -> None:
    """The models take the last one; whoever takes the first reads another record."""
    at, record = ONCE[name]
    last = record.rpartition(b',"')[2].removesuffix(b"}")
    assert at not in {field for _, field in Release({name: record}).gaps(at)}
    twice = Release({name: record[:-1] + b',"' + last + b"}"})
    assert {field for _, field in twice.gaps(at)} == {at}


# --- whatever the records say ------------------------------------------------------------------------------

KEYS = st.sampled_from([
    "schema", "flags", "values", "version", "metadata", "type", "owner", "enabled", "_variants", "rule", "result",
    "number", "scope", "components", "environments", "cohorts", "name", "environment", "share_percent", "base",
    "overlays", "settings", "value", "apiVersion", "kind", "spec", "labels", "tier", "lifecycle", "predicate", "a/b",
    "sha256", "size", "steps", "payload", "", "~",
])  # fmt: skip
SCHEMAS = ("change-record", "rollout-plan", "flag-set", "environment-overlays", "rollback-plan", "waiver")
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([f"cutover/{name}/v1" for name in SCHEMAS]),
    st.sampled_from(["1", "Component", "backstage.io/v1", "svc", "PRD, stage", "2026-06-01T00:00:00Z", "permission"]),
    st.text(max_size=8),
)  # fmt: skip
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(KEYS, st.text(max_size=3)), inner, max_size=6)
    ),
    max_leaves=30,
)


@settings(max_examples=150, deadline=None)
@given(
    records=st.dictionaries(st.sampled_from(list(SECTIONS)), st.one_of(ANYTHING, st.binary(max_size=20))),
    source=st.sampled_from([None, MAPPED, SNOW]),
    rendering=st.sampled_from([RENDERING, Rendering()]),
)
def test_whatever_the_records_say_each_field_is_sourced_or_a_gap(
    records: Any, source: Source | None, rendering: Rendering
) -> None:
    made = Release(records, source=source, rendering=rendering)
    made.section("release")  # walks every pointer of the bundle
    assert all(each.outcome == "hold" and each.mend for each in made.made.findings)
    again = Release(records, source=source, rendering=rendering)
    assert canonical.encode_model(again.made.bundle) == canonical.encode_model(made.made.bundle)


WHOLE: dict[str, Any] = {
    "artifact": ARTIFACT, "provenance": enveloped(PROVENANCE), "sbom": SBOM, "tests": enveloped({"predicate": 1}),
    "entity": catalog.entity(), "rollout": plan(PLAN, {**PLAN, "name": "all"}),
    "overlays": overlays.record(overlays.BASE, ("PRD", [overlays.setting("replicas", 6)])),
    "rollback": {"schema": "cutover/rollback-plan/v1", "steps": [{"name": "revert", "class": "reversible"}]},
}  # fmt: skip
KINDS: dict[str, list[tuple[Any, Source | None]]] = {
    "change": [(change.NATIVE, None), (change.JIRA, MAPPED), ({"result": [change.ROW]}, SNOW)],
    "flags": [(make(), None) for make in flags.KINDS.values()],
}
"""Records of a release in order, each of which says all that it can."""


@st.composite
def almost_whole(draw: st.DrawFn) -> tuple[dict[str, Any], Source | None]:
    """A release in order, but for one value somewhere in one of its records."""
    said, source = draw(st.sampled_from(KINDS["change"]))
    records = copy.deepcopy({**WHOLE, "change": said, "flags": draw(st.sampled_from(KINDS["flags"]))[0]})
    holder: Any = records
    key: Any = draw(st.sampled_from(sorted(records)))
    while isinstance(holder[key], dict | list) and holder[key] and draw(st.booleans()):
        holder = holder[key]
        key = draw(st.sampled_from(list(holder) if isinstance(holder, dict) else range(len(holder))))
    holder[key] = draw(ANYTHING)
    return records, source


@settings(max_examples=200, deadline=None)
@given(almost_whole())
def test_one_wrong_value_is_a_gap_or_stands_in_its_evidence(made: tuple[dict[str, Any], Source | None]) -> None:
    records, source = made
    Release(records, source=source).section("release")


def test_a_release_in_order_has_no_gap_but_the_ones_of_its_rollback() -> None:
    """So that the test before this one has something to spoil."""
    for (said, source), (flag_set, _) in itertools.product(KINDS["change"], KINDS["flags"]):
        made = Release({**WHOLE, "change": said, "flags": flag_set}, source=source)
        assert {each.field.split("/")[1] for each in made.made.findings} == {"rollback"}
