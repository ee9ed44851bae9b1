"""Assembling: the same bytes for the same evidence in any process; no gap passes for a field."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, get_type_hints

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cutover.contracts.bundle import Bundle, DraftBundle
from cutover.contracts.evidence import EvidenceSet
from cutover.contracts.holds import ClearedRegister, Finding, HoldRegister
from cutover.domain import binding, canonical, holds, lineage
from cutover.domain.assembling import Assembled, EvidenceIndex, assemble
from tests.building import policy as at
from tests.building.package import CUTOVER, ENGINE, Package, package
from tests.building.records import collection, release_records

PACKAGE = package()
SET = "sha256:" + "5" * 64


def assembled(evidence_set: EvidenceSet, documents: dict[str, bytes], made: Package = PACKAGE) -> Assembled:
    """The package's evidence, without any waiver: the one gap stays open."""
    return assemble(
        cutover=CUTOVER, revision=1, candidate=made.candidate, index=EvidenceIndex(evidence_set, documents),
        evidence_set=SET, engine=ENGINE, rules=SET, owners={"rollback": "operations"}, waivers={},
        rendering=made.rules.rendering, sources=made.facts.sources,
    )  # fmt: skip


DRAFT = assembled(PACKAGE.evidence_set, PACKAGE.documents)


@settings(max_examples=25)
@given(st.randoms(use_true_random=False))
def test_the_order_of_evidence_changes_nothing(random: Any) -> None:
    """Row 12. Collections and what is in them come in the order in which branches end."""
    collections = [
        each.model_copy(update={"evidence": tuple(random.sample(each.evidence, len(each.evidence)))})
        for each in PACKAGE.evidence_set.collections
    ]
    random.shuffle(collections)
    documents = dict(random.sample(list(PACKAGE.documents.items()), len(PACKAGE.documents)))
    shuffled = PACKAGE.evidence_set.model_copy(update={"collections": tuple(collections)})
    again = assembled(shuffled, documents)
    assert canonical.encode_model(again.bundle) == canonical.encode_model(DRAFT.bundle)
    assert again.findings == DRAFT.findings


ELSEWHERE = """
import locale, os, sys, time
time.tzset()
from tests.unit.test_assembling import DRAFT, PACKAGE
from cutover.domain import canonical
print(canonical.digest_model(DRAFT.bundle), canonical.digest(PACKAGE.message))
"""


@pytest.mark.parametrize(
    "environment",
    [
        {"TZ": "Pacific/Kiritimati", "LANG": "C", "PYTHONHASHSEED": "1"},
        {"TZ": "America/St_Johns", "LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "4242"},
    ],
    ids=["ahead, C", "behind, Turkish"],
)
def test_another_process_zone_locale_and_hash_seed_give_the_same_bytes(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], capture_output=True, text=True, check=True, timeout=60,
        env={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
    )  # fmt: skip
    assert done.stdout.split() == [canonical.digest_model(DRAFT.bundle), canonical.digest(PACKAGE.message)]


def gaps(value: Any, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """The way to every ``Held`` in a bundle's JSON."""
    if isinstance(value, dict):
        if set(value) == {"hold"}:
            yield path
        for key, item in value.items():
            yield from gaps(item, *path, key)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from gaps(item, *path, number)


def bare() -> Assembled:
    """A release of which no source has anything: every field that may be a gap is one."""
    none = PACKAGE.evidence_set.model_copy(update={"collections": ()})
    return assembled(none, PACKAGE.documents)


def test_a_gap_is_not_a_field() -> None:
    """Row 13: a draft with a gap is no ``Bundle``; the package's own, with its waiver, is."""
    content = canonical.encode_model(DRAFT.bundle)
    assert list(gaps(orjson.loads(content))) == [("rollback", "steps", 0, "drilled_at")]
    with pytest.raises(ValidationError) as error:
        Bundle.model_validate_json(content)
    assert {fault["loc"][:2] for fault in error.value.errors()} == {("rollback", "steps")}
    Bundle.model_validate_json(canonical.encode_model(PACKAGE.bundle))


def test_remove_a_placeholder_and_it_is_no_bundle_at_all() -> None:
    """Of a list's item only its place stays: how many there should be is the candidate's to say."""
    for made in (DRAFT, bare(), sparse()):
        said = orjson.loads(canonical.encode_model(made.bundle))
        for *way, last in gaps(said):
            broken = json.loads(json.dumps(said))
            place = broken
            for part in way:
                place = place[part]
            if isinstance(place, list):
                place[int(last)] = None
            else:
                del place[last]
            with pytest.raises(ValidationError):
                DraftBundle.model_validate_json(canonical.encode(broken))


def sparse() -> Assembled:
    """Every record is there, and says as little as it may."""
    least: dict[str, Any] = {
        "rollout": {"schema": "cutover/rollout-plan/v1", "cohorts": [{"name": "all"}]},
        "flags": {"schema": "cutover/flag-set/v1", "flags": [{"key": "a", "type": "release"}]},
        "rollback": {"schema": "cutover/rollback-plan/v1", "steps": [{"name": "revert"}]},
        "provenance": {"subject": []},
        "dependencies": {},
        "overlays": {},
    }
    evidence_set, documents = PACKAGE.evidence_set, dict(PACKAGE.documents)
    for name, said in least.items():
        evidence_set, documents = replaced(name, canonical.encode(said), evidence_set, documents)
    made = assembled(evidence_set, documents)
    assert len(list(gaps(orjson.loads(canonical.encode_model(made.bundle))))) > 15
    return made


def replaced(
    name: str, payload: bytes, evidence_set: EvidenceSet, documents: dict[str, bytes]
) -> tuple[EvidenceSet, dict[str, bytes]]:
    """The evidence, had the source said this."""
    record = dataclasses.replace(release_records(PACKAGE.deployment)[name], payload=payload)
    found, contents = collection(record.section, record)
    rest = tuple(each for each in evidence_set.collections if each.section != record.section)
    return (
        evidence_set.model_copy(update={"collections": (*rest, found)}),
        {**documents, **{canonical.digest(each): each for each in contents}},
    )


def test_every_gap_is_a_finding_with_the_same_hold() -> None:
    made = bare()
    placeholders = {
        value["hold"] for value in walk(orjson.loads(canonical.encode_model(made.bundle))) if set(value) == {"hold"}
    }
    marks = {holds.fingerprint(finding.rule, finding.field, finding.subject) for finding in made.findings}
    assert placeholders == {holds.hold_id(CUTOVER, 1, mark) for mark in marks}
    assert all(finding.outcome == "hold" and finding.mend for finding in made.findings)


def walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(item)


def test_each_sourced_field_stands_in_its_evidence() -> None:
    """Row 15, for the draft as Assemble makes it."""
    traced = lineage.trace(DRAFT.bundle, canonical.digest_model(DRAFT.bundle))
    rendering = PACKAGE.rules.rendering
    assert lineage.check(DRAFT.bundle, traced, PACKAGE.evidence_set, PACKAGE.documents, rendering) == ()


def test_owners_of_gaps_are_the_families_teams() -> None:
    assert {finding.owner for finding in DRAFT.findings if finding.family == "rollback"} == {"operations"}
    assert {finding.owner for finding in bare().findings if finding.family == "attestations"} == {"release-engineering"}


HOSTILE = [b"", b"null", b"[]", b"7", b'"x"', b"{", b"\xff\xfe", b"[" * 5000, b'{"cohorts": [null]}', b'{"steps": {}}']


@pytest.mark.parametrize("content", HOSTILE, ids=[repr(content[:12]) for content in HOSTILE])
@pytest.mark.parametrize(
    "name", ["change", "rollout", "flags", "overlays", "rollback", "dependencies", "provenance", "tests"]
)
def test_a_hostile_record_is_a_gap_and_never_an_error(name: str, content: bytes) -> None:
    evidence_set, documents = replaced(name, content, PACKAGE.evidence_set, PACKAGE.documents)
    made = assembled(evidence_set, documents)
    assert made.findings != DRAFT.findings
    assert all(each.outcome == "hold" for each in made.findings)


# --- what a manifest can be made of ------------------------------------------------------------------------


def finding(**changes: Any) -> Finding:
    known = Finding(
        rule="artifacts.digest-known", family="artifacts", outcome="hold", code="ARTIFACT_DIGEST_UNKNOWN",
        field="/components/0/digest", subject=SET, owner="operations", found="a", wanted="b", mend="c",
    )  # fmt: skip
    return known.model_copy(update=changes)


def register(*findings: Finding) -> HoldRegister:
    return holds.register(
        cutover=CUTOVER, revision=1, findings=findings, waivers={}, opened_at=at.AS_OF, expires_at=at.EXPIRES_AT
    )


def test_an_open_register_is_no_cleared_one() -> None:
    """Row 14: the type does not allow it, and neither does reading it as that type."""
    open_one = register(finding())
    assert holds.cleared(open_one) is None
    with pytest.raises(ValidationError):
        ClearedRegister.model_validate_json(canonical.encode_model(open_one))
    empty = holds.cleared(register())
    assert isinstance(empty, ClearedRegister)


def test_what_binds_asks_for_the_types_that_hold_nothing_open() -> None:
    """mypy holds callers to it; this holds the signature to it."""
    asked = get_type_hints(binding.Binding)
    assert (asked["bundle"], asked["register"]) == (Bundle, ClearedRegister)
