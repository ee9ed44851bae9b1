"""Dependency manifests: what is counted, and each thing that can be wrong with one, under its own code."""

import json
import time
from typing import Any

import pytest

from cutover.contracts.evidence import DependencySummary
from cutover.domain import canonical
from cutover.domain.dependencies import summarize
from cutover.domain.dependencies.tally import MAX_COMPONENTS
from cutover.domain.dependencies.walking import MAX_DEPTH, MAX_KEYS
from tests.building.manifests import component, cyclonedx, spdx

MIT = [{"license": {"id": "MIT"}}]
PURL = "pkg:npm/%40scope/name@1.0.0?arch=x64#lib"


def cdx(name: Any = "a", **more: Any) -> dict[str, Any]:
    return {"type": "library", "name": name, **more}


def package(name: str = "a", **more: Any) -> dict[str, Any]:
    return {"name": name, "SPDXID": f"SPDXRef-{name}", "downloadLocation": "NOASSERTION", **more}


def external(locator: Any = PURL, kind: Any = "purl") -> dict[str, Any]:
    return {"referenceCategory": "PACKAGE-MANAGER", "referenceType": kind, "referenceLocator": locator}


def counts(summary: DependencySummary) -> tuple[int, int, int]:
    return summary.components, summary.licences, summary.purls


def problems(summary: DependencySummary) -> list[tuple[str, str]]:
    return [(each.code, each.pointer) for each in summary.problems]


def only(content: bytes) -> tuple[str, str]:
    """Code and detail of the one problem."""
    found = summarize(content)
    assert len(found.problems) == 1, found.problems
    return found.problems[0].code, found.problems[0].detail


def nested(levels: int) -> bytes:
    start, end = b'{"type":"library","name":"a","components":[', b"]}"
    return b'{"bomFormat":"CycloneDX","specVersion":"1.4","components":[' + start * levels + end * levels + b"]}"


# What is counted


@pytest.mark.parametrize("version", ["1.4", "1.5", "1.6", "1.7"])
def test_cyclonedx_is_counted(version: str) -> None:
    content = cyclonedx(*(component(number) for number in range(8)), version=version)
    found = summarize(content)
    assert (found.format, found.spec_version, counts(found)) == ("CycloneDX", version, (8, 6, 8))
    assert (found.sha256, found.size, found.problems) == (canonical.digest(content), len(content), ())


def test_spdx_is_counted() -> None:
    content = spdx(
        package("a", licenseConcluded="MIT", externalRefs=[external()]),
        package("b", licenseConcluded="NOASSERTION", licenseDeclared="LicenseRef-Own"),
        package("c", licenseConcluded="NONE", licenseDeclared="NOASSERTION", externalRefs=[external("x", "cpe23Type")]),
        package("d", externalRefs=[external(kind="http://spdx.org/rdf/references/purl"), external()]),
    )
    found = summarize(content)
    assert (found.format, found.spec_version, counts(found), found.problems) == ("SPDX", "2.3", (4, 2, 2), ())


def test_nested_components_count_and_the_one_that_the_manifest_is_about_does_not() -> None:
    inner = cdx("b", purl=PURL, components=[cdx("c", licenses=MIT)])
    said = cyclonedx(
        cdx(components=[inner], pedigree={"ancestors": [cdx("before", licenses=MIT, purl=PURL)]}),
        metadata={"component": cdx("service", licenses=MIT, purl=PURL), "tools": {"components": [cdx("tool")]}},
    )
    assert counts(summarize(said)) == (3, 1, 1)


@pytest.mark.parametrize(
    ("licences", "counted"),
    [
        (MIT, 1),
        ([{"license": {"name": "Own"}}], 1),
        ([{"license": {"name": "Own", "text": {"content": "…"}, "properties": []}}], 1),
        ([{"expression": "MIT OR Apache-2.0"}], 1),
        ([{"expression": "MIT", "expressionDetails": [{"licenseIdentifier": "MIT"}]}], 1),
        ([{"license": {"name": ""}}, *MIT], 1),
        ([*MIT, *MIT], 1),
        ([], 0),
        ([{"license": {"name": ""}}], 0),
        ([{"expression": ""}], 0),
    ],
)
def test_a_licence_in_each_of_its_spellings(licences: Any, counted: int) -> None:
    found = summarize(cyclonedx(cdx(licenses=licences)))
    assert (found.licences, found.problems) == (counted, ())


def test_the_order_of_keys_does_not_matter() -> None:
    said = json.loads(cyclonedx(cdx(licenses=MIT, purl=PURL, version="1"), metadata={}))
    turned = json.dumps(dict(reversed(said.items()))).encode()
    assert summarize(turned).model_dump(exclude={"sha256"}) == summarize(json.dumps(said).encode()).model_dump(
        exclude={"sha256"}
    )


def test_escapes_and_characters_beyond_the_first_plane() -> None:
    said = b'{"bom\\u0046ormat":"Cyclone\\u0044X","specVersion":"1.6","components":['
    said += '{"type":"library","name":"\\ud83d\\ude00 😀 \\\\ud83d","\\u0070url":"pkg:npm\\/a@1"}]}'.encode()
    found = summarize(said)
    assert (counts(found), found.problems) == ((1, 0, 1), ())


def test_a_summary_is_canonical_json_and_read_back() -> None:
    made = canonical.encode_model(summarize(cyclonedx(cdx(purl="no"))))
    assert DependencySummary.model_validate_json(made).problems[0].code == "DEPENDENCY_PURL_INVALID"
    canonical.decode(made)


# What it is instead


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b'<?xml version="1.0"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>', "it is CycloneDX as XML"),
        (b'\xef\xbb\xbf  <rdf:RDF xmlns:spdx="http://spdx.org/rdf/terms#"/>', "it is SPDX as RDF/XML"),
        (b"<html>", "it is XML"),
        (b"SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n", "it is SPDX as tag-value"),
        (b"# made by hand\r\nSPDXVersion: SPDX-2.3\n", "it is SPDX as tag-value"),
        (b"bomFormat: CycloneDX\nspecVersion: '1.6'\n", "it is YAML"),
        (b"---\nspdxVersion: SPDX-2.3\n", "it is YAML"),
        (b"\x0a\x031.6\x10\x01", "it is CycloneDX as protocol buffers"),
        (b"\x1f\x8b\x08\x00", "it is a compressed file or archive"),
        (b"PK\x03\x04", "it is a compressed file or archive"),
        (b"[{}]", "it does not begin as a JSON object does"),
        (b"null", "it does not begin as a JSON object does"),
        (b"name,version\n", "it does not begin as a JSON object does"),
        (b"{}", "it is JSON in which neither"),
        (b'{"bomFormat": "Other"}', "it is JSON in which neither"),
        (b'{"spdxVersion": 2.3}', "it is JSON in which neither"),
        (b'{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": []}', "it is JSON-LD"),
        (b'{"bomFormat": "CycloneDX", "spdxVersion": "SPDX-2.3"}', "it says that it is both"),
    ],
)
def test_other_formats_are_named_as_unsupported(content: bytes, named: str) -> None:
    code, detail = only(content)
    assert code == "DEPENDENCY_FORMAT_UNSUPPORTED"
    assert detail.startswith(named)
    assert detail.endswith("supported: CycloneDX JSON 1.4, 1.5, 1.6 and 1.7, and SPDX JSON 2.3")
    assert summarize(content).format is None


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (cyclonedx(cdx(), version="1.3"), "CycloneDX 1.3; supported: 1.4, 1.5, 1.6, 1.7"),
        (cyclonedx(cdx(), version="2.0"), "CycloneDX 2.0; supported: 1.4, 1.5, 1.6, 1.7"),
        (spdx(package(), version="SPDX-2.2"), "SPDX 2.2; supported: 2.3"),
        (cyclonedx(cdx(), version="\u202e\n" + "9" * 500), "CycloneDX ??" + "9" * 38 + "..."),
    ],
)
def test_other_versions_are_named_as_unsupported(content: bytes, named: str) -> None:
    code, detail = only(content)
    assert code == "DEPENDENCY_VERSION_UNSUPPORTED"
    assert detail.startswith(named)


# What cannot be read


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n",
        cyclonedx(cdx())[:-1],
        cyclonedx(cdx())[:-3],
        cyclonedx(cdx()) + b"{}",
        cyclonedx(cdx()) + b'"',
        cyclonedx(cdx()) + b'"}',
        cyclonedx(cdx()) + b"}",
        b"\xef\xbb\xbf" + cyclonedx(cdx()),
        cyclonedx(cdx()).decode().encode("utf-16"),
        cyclonedx(cdx()).decode().encode("utf-16-le"),
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":+1}',
        b'{"a":01}',
        b'{"a":1,}',
        b"{'a':1}",
        b'{"a":1}//',
        b'{"a":\x0c1}',
        b'{"a":\xc2\xa01}',
        b'{"a":"\t"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\udc00\\ud800"}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":1e99999999999999999999}',
    ],
)
def test_what_cannot_be_read_in_one_way_only(content: bytes) -> None:
    assert only(content)[0] == "DEPENDENCY_UNREADABLE"
    assert counts(summarize(content)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        (b'{"bomFormat":"CycloneDX","bomFormat":"CycloneDX"}', "/bomFormat"),
        (b'{"bomFormat":"CycloneDX","components":[],"components":[]}', "/components"),
        (b'{"a":1,"components":[{"name":"a","n\\u0061me":"b"}]}', "/components/0/name"),
        (b'{"components":[{},{"licenses":[{"license":{"id":"MIT","id":"Own"}}]}]}',
         "/components/1/licenses/0/license/id"),
        (b'{"packages":[{"externalRefs":[{"referenceType":"purl","referenceType":"x"}]}]}',
         "/packages/0/externalRefs/0/referenceType"),
    ],
)  # fmt: skip
def test_a_key_twice_where_it_matters(content: bytes, pointer: str) -> None:
    assert problems(summarize(content)) == [("DEPENDENCY_UNREADABLE", pointer)]


def test_digits_and_texts_are_not_numbers_only_because_they_are_long() -> None:
    said = cyclonedx(cdx(description="9" * 600 + " " + "9" * 600, version="a" * 100_000))
    assert summarize(said).problems == ()


# What is wrong with its structure


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        (cyclonedx(cdx(), None), "/components/1"),
        (cyclonedx(cdx(), [cdx()]), "/components/1"),
        (cyclonedx({"name": "a"}), "/components/0"),
        (cyclonedx({"type": "library"}), "/components/0"),
        (cyclonedx(cdx(name=1)), "/components/0"),
        (cyclonedx(cdx(type="thing")), "/components/0/type"),
        (cyclonedx(cdx(type="data"), version="1.4"), "/components/0/type"),
        (cyclonedx(cdx(), cdx(components=[cdx(type="cryptographic-asset")]), version="1.5"),
         "/components/1/components/0/type"),
        (cyclonedx(cdx(purl=None)), "/components/0/purl"),
        (cyclonedx(cdx(**{"bom-ref": 7})), "/components/0/bom-ref"),
        (cyclonedx(cdx(**{"bom-ref": ""}), version="1.5"), "/components/0/bom-ref"),
        (cyclonedx(cdx(components={})), "/components/0/components"),
        (cyclonedx(cdx(licenses="MIT")), "/components/0/licenses"),
        (cyclonedx(cdx(licenses=["MIT"])), "/components/0/licenses/0"),
        (cyclonedx(cdx(licenses=[{}])), "/components/0/licenses/0"),
        (cyclonedx(cdx(licenses=[{"expression": 1}])), "/components/0/licenses/0"),
        (cyclonedx(cdx(licenses=[{"expression": "MIT", **MIT[0]}])), "/components/0/licenses/0"),
        (cyclonedx(cdx(licenses=[{"license": {}}])), "/components/0/licenses/0/license"),
        (cyclonedx(cdx(licenses=[{"license": {"id": "MIT", "name": "MIT"}}])), "/components/0/licenses/0/license"),
        (spdx(package(), 1), "/packages/1"),
        (spdx({"SPDXID": "SPDXRef-a", "downloadLocation": "NONE"}), "/packages/0"),
        (spdx({"name": "a", "downloadLocation": "NONE"}), "/packages/0"),
        (spdx({"name": "a", "SPDXID": "SPDXRef-a"}), "/packages/0"),
        (spdx({**package(), "SPDXID": "a"}), "/packages/0/SPDXID"),
        (spdx(package(licenseConcluded=None)), "/packages/0/licenseConcluded"),
        (spdx(package(externalRefs={})), "/packages/0/externalRefs"),
        (spdx(package(externalRefs=[{**external(), "referenceType": 1}])), "/packages/0/externalRefs/0"),
        (spdx(package(), SPDXID="SPDXRef-service"), "/SPDXID"),
    ],
)  # fmt: skip
def test_structure(content: bytes, pointer: str) -> None:
    assert problems(summarize(content)) == [("DEPENDENCY_STRUCTURE", pointer)]


def test_without_a_version_the_structure_is_not_known() -> None:
    said = b'{"bomFormat":"CycloneDX","components":[{"type":"library","name":"a"}]}'
    assert problems(summarize(said)) == [("DEPENDENCY_STRUCTURE", "")]


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        (cyclonedx(cdx("a", **{"bom-ref": "x"}), cdx("b", **{"bom-ref": "x"})), "/components/1/bom-ref"),
        (cyclonedx(cdx(components=[cdx(**{"bom-ref": "x"})], **{"bom-ref": "x"})), "/components/0/bom-ref"),
        (cyclonedx(cdx(**{"bom-ref": "x"}), services=[{"bom-ref": "x", "name": "s"}]), ""),
        (cyclonedx(metadata={"component": cdx(**{"bom-ref": "x"})}, vulnerabilities=[{"bom-ref": "x"}]), ""),
        (spdx(package("a"), package("b") | {"SPDXID": "SPDXRef-a"}), "/packages/1/SPDXID"),
        (spdx(package("a"), files=[{"SPDXID": "SPDXRef-a", "fileName": "./a"}]), ""),
    ],
)  # fmt: skip
def test_a_reference_stands_twice(content: bytes, pointer: str) -> None:
    assert ("DEPENDENCY_REF_DUPLICATED", pointer) in problems(summarize(content))


def test_referring_to_a_reference_is_not_having_it() -> None:
    said = cyclonedx(
        cdx(**{"bom-ref": "x"}), dependencies=[{"ref": "x", "dependsOn": ["x"]}, {"ref": "y", "dependsOn": ["x"]}]
    )
    assert summarize(said).problems == ()


@pytest.mark.parametrize("text", ["", "name", "pkg:", "pkg:npm", "pkg:npm/", "npm/name@1", "pkg:n pm/a", "pkg:npm/a?x"])
def test_a_package_url_that_is_none(text: str) -> None:
    for content, at in (
        (cyclonedx(cdx(purl=text)), "/components/0/purl"),
        (spdx(package(externalRefs=[external(text)])), "/packages/0/externalRefs/0/referenceLocator"),
    ):
        found = summarize(content)
        assert (found.purls, problems(found)) == (0, [("DEPENDENCY_PURL_INVALID", at)])
        assert not text or text not in found.problems[0].detail


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (cyclonedx(), "components is empty"),
        (b'{"bomFormat":"CycloneDX","specVersion":"1.4"}', "it has no components"),
        (spdx(), "packages is empty"),
        (cyclonedx(metadata={"component": cdx()}), "components is empty"),
    ],
)
def test_saying_nothing_is_a_problem(content: bytes, detail: str) -> None:
    code, found = only(content)
    assert (code, found.startswith(detail)) == ("DEPENDENCY_EMPTY", True)


def test_only_the_first_few_of_a_kind_are_listed_and_the_others_are_numbered() -> None:
    said = [cdx(purl="no", type="thing", **{"bom-ref": "x"}) for _ in range(100)]
    found = summarize(cyclonedx(*said, version="1.0"))
    assert len(found.problems) == 19
    assert [each.detail for each in found.problems if each.pointer == ""] == [
        "95 more like these", "94 more like these", "95 more like these",
    ]  # fmt: skip


# How far it goes


def test_a_thousand_levels_do_not_exhaust_the_stack() -> None:
    levels = MAX_DEPTH // 2 - 1
    assert counts(summarize(nested(levels))) == (levels, 0, 0)
    for content in (nested(1000), b'{"a":' * 1000, b'{"metadata":' + b"[" * 200_000):
        assert only(content)[0] == "DEPENDENCY_TOO_DEEP"


def test_ten_million_short_components_end_it_early() -> None:
    content = b'{"bomFormat":"CycloneDX","specVersion":"1.6","components":[' + b"{}," * 10_000_000 + b"{}]}"
    found = summarize(content)
    assert problems(found) == [("DEPENDENCY_TOO_MANY", "")]
    assert (counts(found), found.size) == ((0, 0, 0), len(content))


def test_more_components_than_anybody_has_end_it_early() -> None:
    content = b'{"bomFormat":"CycloneDX","specVersion":"1.6","components":[' + b"{}," * 600_000 + b"{}]}"
    found = summarize(content)
    assert problems(found) == [("DEPENDENCY_TOO_MANY", f"/components/{MAX_COMPONENTS}")]
    assert (found.format, counts(found)) == ("CycloneDX", (0, 0, 0))


@pytest.mark.parametrize("content", [b'{"a":[' + b"0," * 6_000_000 + b"0]}", b'{"a":[' + b"[[]]," * 2_500_001 + b"0]}"])
def test_millions_of_values_elsewhere_are_not_read(content: bytes) -> None:
    assert only(content)[0] == "DEPENDENCY_TOO_MANY"


def test_a_component_with_a_thousand_keys_ends_it() -> None:
    keys = {f"k{number}": 1 for number in range(MAX_KEYS)}
    assert problems(summarize(cyclonedx(cdx(**keys)))) == [("DEPENDENCY_TOO_MANY", "/components/0")]


@pytest.mark.parametrize("unit", [b"x", b"\\n", "😀".encode(), b'\\"'])
def test_a_text_of_many_megabytes_is_not_read(unit: bytes) -> None:
    content = b'{"bomFormat":"CycloneDX","a":"' + unit * (20_000_000 // len(unit)) + b'"}'
    assert only(content) == ("DEPENDENCY_UNREADABLE", "it has a text of more than 8388608 bytes")


def test_texts_of_some_megabytes_take_time_in_proportion() -> None:
    """The backend in C reads a text again from its start with every buffer that it goes on in."""
    taken = []
    for size in (500_000, 4_000_000):
        content = b'{"a":"' + b"\\ud83d\\ude00" * (size // 12) + b'"}'
        started = time.process_time()
        assert only(content)[0] == "DEPENDENCY_FORMAT_UNSUPPORTED"
        taken.append(time.process_time() - started)
    assert taken[1] < max(20 * taken[0], 0.5)


def test_nothing_hostile_makes_a_summary_that_its_contract_refuses() -> None:
    hostile = "\u202e</script>\n\x7f" + "~/" * 2000
    for content in (
        cyclonedx(cdx(type=hostile, name=hostile, purl=hostile, **{"bom-ref": hostile}), version=hostile),
        cyclonedx({hostile: 1}, **{hostile: [cdx()]}),
        spdx(package(hostile, externalRefs=[external(hostile)]), version="SPDX-" + hostile),
        b'{"a":{' + json.dumps(hostile).encode() + b":" + b"[" * 200,
    ):
        found = summarize(content)
        assert found.problems
        assert all(each.detail.isascii() for each in found.problems)
