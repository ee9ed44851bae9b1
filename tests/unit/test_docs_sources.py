"""The page on sources says what the code does: kinds, pointers, codes, and an example that the facts take."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import TypeAdapter

from cutover.contracts.sources import ServiceNowSource, Source
from cutover.domain import strict_yaml
from cutover.domain.assembling import catalog
from cutover.domain.assembling.flags import _said
from cutover.domain.assembling.index import Found
from cutover.stages.collect.collecting import LIMITS, MEBIBYTE
from tests.unit.assembling_release import Release, value

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "sources.md").read_text("utf-8")


def rows(head: str) -> dict[str, list[str]]:
    """The table under a head, by its first column."""
    found = re.search(rf"^\| {re.escape(head)} \|.*\n\|[ |-]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert found is not None, head
    lines = ([cell.strip() for cell in line.strip("|").split(" | ")] for line in found[1].splitlines())
    return {first.strip("` "): rest for first, *rest in lines}


def test_every_kind_of_source_is_on_the_page() -> None:
    union, *_ = get_args(Source)
    assert set(rows("kind")) == {get_args(each.model_fields["kind"].annotation)[0] for each in get_args(union)}


def test_the_example_is_one() -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    sources = strict_yaml.read(example[1])["sources"]
    kinds = {TypeAdapter[Source](Source).validate_json(json.dumps(said)).kind for said in sources.values()}
    assert kinds == {"s3", "oci", "appconfig", "servicenow", "http", "backstage"}


def found(record: object) -> Found:
    made = Release({"flags": record})
    flags = made.index.find("flags", made.candidate.flags)
    assert flags is not None
    return flags


@pytest.mark.parametrize(
    ("column", "record"),
    [(1, {"version": "1", "flags": {"K": {}}, "values": {}}), (2, {"flags": {"K": {}}})],
    ids=["AppConfig", "flagd"],
)
def test_where_a_flag_is_said_is_where_it_is_read(column: int, record: object) -> None:
    read = _said(found(record))
    assert read is not None
    (said,) = read
    told = {name: tuple(re.findall(r"`(/[^`]+)`", cells[column])) for name, cells in rows("field | flag set").items()}
    assert told == dict(said.fields)


def test_where_an_entity_says_it_is_where_it_is_read() -> None:
    assert "owner is `/spec/owner`, the lifecycle `/spec/lifecycle`" in PAGE
    assert [catalog.POINTERS[name] for name in ("owner", "lifecycle")] == [("/spec/owner",), ("/spec/lifecycle",)]
    assert "the label `tier`, else the annotation `cutover/tier`, else `/spec/tier`" in PAGE
    assert catalog.POINTERS["tier"] == (
        "/metadata/labels/tier", "/metadata/annotations/cutover~1tier", "/spec/tier",
    )  # fmt: skip


def test_limits_are_those_of_collect() -> None:
    told = {name: int(cells[0].split()[0]) for name, cells in rows("what").items()}
    assert [LIMITS[name] // MEBIBYTE for name in ("artifacts", "attestations", "dependencies")] == [2048, 4, 64]
    assert list(told.values()) == [2, 4, 64, 1]
    assert {limit for name, limit in LIMITS.items() if name not in {"artifacts", "attestations", "dependencies"}} == {
        MEBIBYTE
    }


def test_every_code_on_the_page_is_one_of_the_code() -> None:
    text = "".join(path.read_text("utf-8") for path in (ROOT / "functions" / "cutover").rglob("*.py"))
    codes = set(re.findall(r"`((?:SOURCE|CREDENTIAL|NAME|OVERLAYS)_[A-Z_]+)`", PAGE))
    assert len(codes) > 15
    assert {code for code in codes if f'"{code}"' not in text} == set()


EXAMPLES = {
    "flags.appconfig.json": "flags",
    "flags.flagd.json": "flags",
    "change.servicenow.json": "change",
    "overlays.json": "overlays",
}


def test_every_example_of_a_record_is_read_without_a_gap() -> None:
    folder = ROOT / "examples" / "records"
    assert {path.name for path in folder.iterdir()} == set(EXAMPLES)
    for name, section in EXAMPLES.items():
        assert f"(../examples/records/{name})" in PAGE
        source = ServiceNowSource(kind="servicenow", host="shop.service-now.com", credential="servicenow")
        made = Release({section: (folder / name).read_bytes()}, source=source if section == "change" else None)
        assert made.gaps(f"/{section}") == set()
        assert made.section(section)


def test_examples_say_the_same_flag() -> None:
    """But for its default: a boolean there, a variant's name here."""
    folder = ROOT / "examples" / "records"
    said = [
        Release({"flags": (folder / f"flags.{kind}.json").read_bytes()}).section("flags")[0]
        for kind in ("appconfig", "flagd")
    ]
    names = set(said[0]) - {"default", "environments"}
    assert [value(each["default"]) for each in said] == [False, "off"]
    assert {name: value(said[0][name]) for name in names} == {name: value(said[1][name]) for name in names}
