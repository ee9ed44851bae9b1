"""Lineage: coverage read from the types, traces in order, and a checker that believes only the evidence."""

import hashlib
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from cutover.contracts.bundle import Bundle, DraftBundle, LineageTrace, Sourced
from cutover.contracts.evidence import Evidence, EvidenceSet
from cutover.domain import canonical, lineage
from cutover.domain.coverage import coverage
from cutover.domain.pointer import NOWHERE, resolve
from cutover.domain.reading import parse_strictly
from cutover.errors import Refused
from tests.builders import EMERGENCY, package
from tests.verifier import mutation

WHOLE = package()
KINDS = {"sourced", "waived", "absent"}
GROUPS = {"/release/emergency"}
"""May be left out whole; what stands in them may not."""


def codes(
    *,
    bundle: Bundle = WHOLE.bundle,
    trace: LineageTrace | None = None,
    evidence_set: EvidenceSet = WHOLE.evidence_set,
    documents: dict[str, bytes] = WHOLE.documents,
) -> dict[str, str]:
    traced = trace or lineage.trace(bundle, canonical.digest_model(bundle))
    found = lineage.check(bundle, traced, evidence_set, documents, WHOLE.rules.rendering)
    return {fault.pointer: fault.code for fault in found}


def changed(where: str, change: Callable[[Any], Any]) -> Bundle:
    """The bundle with the sourced field at a pointer replaced."""
    document = orjson.loads(canonical.encode_model(WHOLE.bundle))
    fresh = mutation.put(where, change(resolve(document, where)))(document)
    return Bundle.model_validate_json(canonical.encode(fresh))


def test_the_lineage_of_a_release_is_whole() -> None:
    rendering = WHOLE.rules.rendering
    assert lineage.check(WHOLE.bundle, WHOLE.lineage, WHOLE.evidence_set, WHOLE.documents, rendering) == ()


def test_every_leaf_of_a_bundle_is_sourced_or_waived_or_in_the_header() -> None:
    plain = {leaf.pointer.split("/")[1] for leaf in coverage(Bundle) if "plain" in leaf.kinds}
    assert plain == lineage.HEADER
    for leaf in coverage(Bundle):
        if leaf.pointer.split("/")[1] not in lineage.HEADER:
            assert leaf.kinds <= KINDS, leaf
            assert leaf.kinds & {"sourced", "waived"} or leaf.pointer in GROUPS, leaf


def test_only_these_fields_may_be_absent() -> None:
    """What a flag's type does not need (``domain.flag_types``), the shared value of a setting that only one environment
    has, and of a usual release that it is an emergency; nothing else of a bundle may be left out without a waiver.
    """
    flag = ("default", "environments", "expires_at", "monitoring_hook", "owner", "purpose", "rollback_condition")
    absent = [leaf.pointer for leaf in coverage(Bundle) if "absent" in leaf.kinds]
    shared = "/overlays/*/differences/*/base"
    assert sorted(absent) == sorted([*(f"/flags/*/{name}" for name in flag), shared, *GROUPS])


def test_a_draft_may_be_held_and_a_bundle_may_not() -> None:
    assert all("held" not in leaf.kinds for leaf in coverage(Bundle))
    held = {leaf.pointer for leaf in coverage(DraftBundle) if "held" in leaf.kinds}
    assert held == {leaf.pointer for leaf in coverage(Bundle) if "waived" in leaf.kinds}


def test_the_trace_has_every_sourced_field_of_the_release() -> None:
    """Counted in the bundle's own JSON, without the models that the trace is made with."""
    document = orjson.loads(canonical.encode_model(WHOLE.bundle))
    sourced = [
        where.removesuffix("/from/evidence") for where in mutation.leaves(document) if where.endswith("/from/evidence")
    ]
    traced = [entry.field for entry in WHOLE.lineage.entries]
    assert traced == sourced
    assert len(traced) > 60


def test_every_sourced_or_waived_field_of_the_type_is_in_the_example() -> None:
    urgent = package(emergency=EMERGENCY)
    present = {mutation.pattern(where) for each in (WHOLE, urgent) for where, _ in lineage.leaves(each.bundle)}
    whole_groups = {"/cohorts", "/flags", "/flags/*/environments", "/overlays", "/rollback/steps", "/waivers/*"}
    assert {leaf.pointer for leaf in coverage(Bundle)} - whole_groups - GROUPS <= present


def test_items_are_in_their_order_and_not_in_that_of_their_digits() -> None:
    document = orjson.loads(canonical.encode_model(WHOLE.bundle))
    many = {**document, "cohorts": [document["cohorts"][0]] * 11}
    bundle = Bundle.model_validate_json(canonical.encode(many))
    names = [where for where, _ in lineage.leaves(bundle) if where.endswith("/name") and "cohorts" in where]
    assert names == [f"/cohorts/{number}/name" for number in range(11)]


SOURCED = [where for where, leaf in lineage.leaves(WHOLE.bundle) if isinstance(leaf, Sourced)]


@pytest.mark.parametrize("where", SOURCED)
def test_another_value_than_the_evidences_is_found(where: str) -> None:
    bundle = changed(where, lambda field: {**field, "value": mutation.other(field["value"])})
    assert codes(bundle=bundle) == {where: "VALUE_DIFFERS"}


@pytest.mark.parametrize("where", SOURCED)
@pytest.mark.parametrize("part", ["source", "record", "version", "evidence"])
def test_an_origin_that_the_evidence_set_does_not_have_is_found(where: str, part: str) -> None:
    bundle = changed(where, mutation.mutate(f"/from/{part}"))
    assert codes(bundle=bundle) == {where: "EVIDENCE_UNKNOWN"}


@pytest.mark.parametrize("where", SOURCED)
def test_a_pointer_to_nothing_is_found(where: str) -> None:
    bundle = changed(where, mutation.put("/from/pointer", "/not/there"))
    assert codes(bundle=bundle) == {where: "POINTER_LEADS_NOWHERE"}


def test_the_right_value_at_another_place_is_accepted_only_with_its_own_trace() -> None:
    """A pointer that leads to the same value is true as well; the trace says which one was meant."""
    where = "/cohorts/1/environment"
    bundle = changed(where, mutation.put("/from/pointer", "/cohorts/0/environment"))
    assert codes(bundle=bundle) == {}
    assert codes(bundle=bundle, trace=WHOLE.lineage) == {"/": "TRACE_DIFFERS"}


@pytest.mark.parametrize("change", [lambda entries: entries[1:], lambda entries: entries[::-1], lambda _: ()])
def test_a_trace_that_leaves_out_or_reorders_is_found(change: Callable[[Any], Any]) -> None:
    trace = WHOLE.lineage.model_copy(update={"entries": tuple(change(WHOLE.lineage.entries))})
    assert codes(trace=trace) == {"/": "TRACE_DIFFERS"}


def test_evidence_that_is_missing_or_altered_is_found_at_each_of_its_fields() -> None:
    digest = WHOLE.bundle.release.product.from_.evidence
    without = {key: content for key, content in WHOLE.documents.items() if key != digest}
    for documents in (without, {**without, digest: b"{}"}):
        found = codes(documents=documents)
        assert set(found.values()) == {"EVIDENCE_MISSING"}
        assert "/release/product" in found


# Small bundles of one field, to say exactly what a pointer and a measure may give.


def single(value: Any, content: bytes, *, pointer: str = "/a", measure: str = "value", **given: Any) -> str | None:
    """The code for a change number that says ``value`` and stands in ``content`` at ``pointer``."""
    evidence = Evidence(
        source="s", record="r", version="v", fetched_at=WHOLE.evidence_set.as_of, media_type="application/json",
        sha256=canonical.digest(content), size=given.get("size", len(content)), unwraps=given.get("unwraps"),
    )  # fmt: skip
    origin = {"source": "s", "record": "r", "version": "v", "evidence": evidence.sha256}
    field = {"value": value, "from": {**origin, "pointer": pointer, "measure": measure}}
    where = "/cohorts/0/share_percent" if isinstance(value, int) else "/change/number"
    evidence_set = WHOLE.evidence_set.model_copy(update={"candidate": evidence})
    documents = {evidence.sha256: content, **given.get("documents", {})}
    return codes(bundle=changed(where, lambda _: field), evidence_set=evidence_set, documents=documents).get(where)


@pytest.mark.parametrize(
    ("value", "content", "code"),
    [
        (1, b'{"a":1}', None),
        (1, b'{"a":true}', "VALUE_DIFFERS"),
        (0, b'{"a":false}', "VALUE_DIFFERS"),
        (1, b'{"a":1.0}', "VALUE_DIFFERS"),
        (1, b'{"a":"1"}', "VALUE_DIFFERS"),
        ("1", b'{"a":1}', "VALUE_DIFFERS"),
        ("x", b'{"a":"x"}', None),
        ("x", b'{"a":"X"}', "VALUE_DIFFERS"),
        ("x", b'{"a":null}', "VALUE_DIFFERS"),
        ("\u00e9", '{"a":"e\u0301"}'.encode(), "VALUE_DIFFERS"),
        ("x", b'{"a":"x","a":"x"}', "EVIDENCE_UNREADABLE"),
        ("x", b'{"a":"y","b":{"c":1,"c":2}}', "EVIDENCE_UNREADABLE"),
        ("x", b'\xef\xbb\xbf{"a":"x"}', "EVIDENCE_UNREADABLE"),
        ("x", '{"a":"x"}'.encode("utf-16"), "EVIDENCE_UNREADABLE"),
        ("x", b'{"a":NaN}', "EVIDENCE_UNREADABLE"),
        ("x", b"[" * 100_000, "EVIDENCE_UNREADABLE"),
        ("x", b'{"a":"x"}\n', None),
    ],
)
def test_values_are_compared_by_type_and_read_in_one_way_only(value: Any, content: bytes, code: str | None) -> None:
    assert single(value, content) == code


@pytest.mark.parametrize(
    ("pointer", "code"),
    [
        ("/a/0", None),
        ("/a/1", "VALUE_DIFFERS"),
        ("/a/2", "POINTER_LEADS_NOWHERE"),
        ("/a/-", "POINTER_LEADS_NOWHERE"),
        ("/a/00", "POINTER_LEADS_NOWHERE"),
        ("/a/+0", "POINTER_LEADS_NOWHERE"),
        ("/a/\u0660", "POINTER_LEADS_NOWHERE"),
        ("/a~1b", None),
        ("/~0", None),
        ("/", None),
        ("/ ", "POINTER_LEADS_NOWHERE"),
        ("", "VALUE_DIFFERS"),
    ],
)
def test_pointers_are_those_of_rfc_6901(pointer: str, code: str | None) -> None:
    assert single("x", b'{"a":["x","y"],"a/b":"x","~":"x","":"x"}', pointer=pointer) == code


@pytest.mark.parametrize(
    ("value", "content", "code"),
    [
        (2, b'{"a":[1,2]}', None),
        (3, b'{"a":[1,2]}', "VALUE_DIFFERS"),
        (2, b'{"a":"xy"}', "POINTER_LEADS_NOWHERE"),
        (1, b'{"a":{"b":1}}', "POINTER_LEADS_NOWHERE"),
        (0, b"{}", "POINTER_LEADS_NOWHERE"),
    ],
)
def test_a_length_is_that_of_an_array(value: int, content: bytes, code: str | None) -> None:
    assert single(value, content, measure="length") == code


@pytest.mark.parametrize(
    ("value", "pointer", "code"),
    [
        ("b/c", "/a/b~1c", None),
        ("b~1c", "/a/b~1c", "VALUE_DIFFERS"),
        ("a", "/a", None),
        ("x", "/", "VALUE_DIFFERS"),
        ("d", "/a/d", "POINTER_LEADS_NOWHERE"),
        ("0", "/l/0", "POINTER_LEADS_NOWHERE"),
        ("x", "/a/b~1c/x", "POINTER_LEADS_NOWHERE"),
        ("x", "", "POINTER_LEADS_NOWHERE"),
    ],
)
def test_a_key_is_the_name_of_a_member_of_an_object(value: str, pointer: str, code: str | None) -> None:
    assert single(value, b'{"a":{"b/c":null},"":1,"l":["x"]}', pointer=pointer, measure="key") == code


@pytest.mark.parametrize(
    ("value", "measure", "code"),
    [
        ("a b", "part", None),
        ("c", "part", None),
        (" a b , c,", "part", "VALUE_DIFFERS"),
        (" a b , c,", "environment", None),
        ("c", "component", None),
        ("C", "cohort", "VALUE_DIFFERS"),
    ],
)
def test_a_part_is_what_commas_separate(value: str, measure: str, code: str | None) -> None:
    assert single(value, b'{"a":" a b , c,"}', measure=measure) == code


def test_a_digest_is_of_the_whole_evidence_whatever_its_format() -> None:
    content = b"\x00not JSON at all"
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    assert single(digest, content, pointer="", measure="sha256") is None
    assert single("sha256:" + "0" * 64, content, pointer="", measure="sha256") == "VALUE_DIFFERS"
    assert single(digest, content, pointer="/a", measure="sha256") == "POINTER_LEADS_NOWHERE"


def test_the_size_that_the_evidence_set_states_must_be_the_contents() -> None:
    assert single("x", b'{"a":"x"}', size=8) == "EVIDENCE_MISSING"


@pytest.mark.parametrize(
    ("envelope", "code"),
    [
        (b'{"payload":"eyJhIjoieCJ9","payloadType":"t","signatures":[]}', None),
        (b'{"payload":"eyJhIjoieSJ9","payloadType":"t","signatures":[]}', "EVIDENCE_NOT_UNWRAPPED"),
        (b'{"payload":"eyJhIjoieCJ9=","payloadType":"t"}', "BAD_BASE64"),
        (b'{"payload":1}', "EVIDENCE_NOT_UNWRAPPED"),
        (b"[]", "EVIDENCE_NOT_UNWRAPPED"),
        (b"no", "EVIDENCE_UNREADABLE"),
    ],
)
def test_a_payload_must_be_the_one_in_its_envelope(envelope: bytes, code: str | None) -> None:
    digest = canonical.digest(envelope)
    assert single("x", b'{"a":"x"}', unwraps=digest, documents={digest: envelope}) == code
    assert single("x", b'{"a":"x"}', unwraps=digest) == "EVIDENCE_MISSING"


def test_a_pointer_into_a_group_gives_no_field() -> None:
    assert resolve(parse_strictly(b'{"a":{}}'), "/a/b") is NOWHERE
    with pytest.raises(Refused, match="EVIDENCE_UNREADABLE"):
        parse_strictly(b"")
