"""Published manifests: counts that were found in another way, and structure as CycloneDX's own library judges it."""

import json
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator, JsonValidator
from hypothesis import given
from hypothesis import strategies as st

from cutover.domain.dependencies import summarize
from cutover.domain.dependencies.cyclonedx import VERSIONS
from tests.building.manifests import component, cyclonedx

COUNTS = Path(__file__).parent.parent / "vectors" / "sbom" / "counts.json"
"""Found with jq 1.6, which is no part of Cutover::

jq '[recurse(.components[]?)] | .[1:] | {components: length, purls: map(select(.purl)) | length, licences:
map(select(any(.licenses[]?; .expression // .license.id // .license.name | . != null and . != ""))) | length}'
"""
EXPECTED: dict[str, dict[str, Any]] = json.loads(COUNTS.read_text())
OWN = sorted((Path(__file__).parent.parent / "vectors" / "spdx").glob("*.spdx.json"))
TYPES = ["library", "file", "data", "platform", "cryptographic-asset", "thing", 1]
LICENCES = [
    [], [{"license": {"id": "MIT"}}], [{"license": {"name": "Own"}}], [{"expression": "MIT OR Apache-2.0"}], "MIT", {},
    [{"license": {}}], [{"license": {"id": "MIT", "name": "Own"}}], [{"expression": 1}], [{"license": "MIT"}], ["MIT"],
    [{"license": {"name": "Own"}, "expression": "MIT"}], [{}], None,
]  # fmt: skip
PARTS = {
    "type": st.sampled_from(TYPES), "name": st.text(max_size=3) | st.none(), "licenses": st.sampled_from(LICENCES),
    "purl": st.just("pkg:npm/a") | st.integers(), "bom-ref": st.sampled_from(["", 1]),
}  # fmt: skip
WELL = st.builds(component, st.integers(0, 10**6))


@st.composite
def components(draw: st.DrawFn, depth: int = 2) -> dict[str, Any]:
    """One that is in order, but perhaps for one part that is missing, another, or wrong."""
    made = draw(WELL)
    key = draw(st.sampled_from([None, *PARTS]))
    if key is not None:
        made.pop(key, None)
        made |= draw(st.fixed_dictionaries({}, optional={key: PARTS[key]}))
    if depth and draw(st.booleans()):
        made["components"] = draw(
            st.lists(components(depth=depth - 1), min_size=1, max_size=2) | st.sampled_from([1, {}])
        )
    return made


def documents(vectors: Path) -> list[Path]:
    return sorted((vectors / "sbom").glob("*.json"))


def test_every_published_document_has_its_counts(vectors: Path) -> None:
    assert {path.name for path in documents(vectors)} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_published_documents_are_counted(vectors: Path, name: str) -> None:
    found = summarize((vectors / "sbom" / name).read_bytes())
    said = found.model_dump(include={"sha256", "format", "spec_version", "components", "licences", "purls"})
    assert {**said, "problems": [each.code for each in found.problems]} == EXPECTED[name]


def test_the_librarys_judgement_of_published_documents_is_ours(vectors: Path) -> None:
    for path in documents(vectors):
        version = json.loads(path.read_bytes())["specVersion"]
        assert JsonValidator(SchemaVersion.from_version(version)).validate_str(path.read_text()) is None
        assert "DEPENDENCY_STRUCTURE" not in {each.code for each in summarize(path.read_bytes()).problems}


@pytest.mark.parametrize("version", VERSIONS)
@given(st.lists(components(), max_size=3, unique_by=lambda each: json.dumps(each, sort_keys=True)))
def test_the_librarys_judgement_of_made_up_documents_is_ours(version: str, said: list[Any]) -> None:
    content = cyclonedx(*said, version=version)
    judged = JsonStrictValidator(SchemaVersion.from_version(version)).validate_str(content.decode())
    found = {each.code for each in summarize(content).problems}
    assert ("DEPENDENCY_STRUCTURE" in found) == (judged is not None), (judged, found)


def test_own_examples_of_spdx_are_there() -> None:
    assert [path.name for path in OWN] == ["container.spdx.json", "library.spdx.json", "unlicensed.spdx.json"]


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("container.spdx.json", (5, 4, 4)),
        ("library.spdx.json", (3, 3, 2)),
        ("unlicensed.spdx.json", (2, 0, 0)),
    ],
)
def test_own_examples_of_spdx_are_counted(name: str, counts: tuple[int, int, int]) -> None:
    found = summarize((COUNTS.parent.parent / "spdx" / name).read_bytes())
    assert (found.format, found.spec_version, found.problems) == ("SPDX", "2.3", ())
    assert (found.components, found.licences, found.purls) == counts
