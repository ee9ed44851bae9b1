"""The published schemas: what the models make, what the CHANGELOG speaks of, and what real documents are."""

import copy
import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError
from typer.testing import CliRunner

from cutover.contracts.base import FORBIDDEN_KEYS
from cutover_cli.main import app
from cutover_cli.schemas import writing
from cutover_cli.schemas.generating import schema_of
from cutover_cli.schemas.published import DOCUMENTS, Document
from cutover_cli.schemas.writing import ChangedSilently, Published
from tests.building.published import examples


def named(document: Document) -> str:
    return document.name if document.version == 1 else f"{document.name}.v{document.version}"


EACH = pytest.mark.parametrize("document", DOCUMENTS, ids=named)
LINE = "Cohorts carry an owner."
BETWEEN_FIELDS = {  # a schema does not say "either of the two"
    "candidate-event": ["() without envelope"],
    "delivery-order": ["() without handoff_id", "('handoff_id',) = None"],
}
OTHERS: tuple[Any, ...] = (None, "", 0, 1.5, True, {}, "a\nb")
ONE_ORIGIN: tuple[tuple[str | int, ...], ...] = ((), ("release", "commit"))
UNRELEASED = f"# Changelog\n\n## [Unreleased]\n\n### Changed\n\n- {LINE}\n"
RELEASED = f"# Changelog\n\n## [Unreleased]\n\n## [0.1.0] - 2026-12-01\n\n- {LINE}\n"


@functools.cache
def example(name: str) -> Any:
    return examples()[name]


def accepted_by_schema(document: Document, value: Any) -> bool:
    return Draft202012Validator(schema_of(document)).is_valid(value)


def accepted_by_model(document: Document, value: Any) -> bool:
    try:
        document.model.model_validate_json(json.dumps(value))
    except ValidationError:
        return False
    return True


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema of an object with fields, at any depth."""
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for value in schema.values():
            yield from parts(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from parts(value)


def test_committed_schemas_are_what_the_models_make(repository: Path) -> None:
    folder = repository / "docs" / "schemas"
    files = writing.plan(folder, (repository / "CHANGELOG.md").read_text("utf-8"))
    assert writing.differences(folder, files) == [], "run: .venv/bin/cutover schemas --out docs/schemas"


def test_every_schema_is_recorded_with_a_line_of_the_changelog(repository: Path) -> None:
    recorded = writing.read_versions(repository / "docs" / "schemas")
    lines = writing.changelog_lines((repository / "CHANGELOG.md").read_text("utf-8"))
    assert set(recorded) == {document.id for document in DOCUMENTS}
    assert {each.changelog for each in recorded.values()} <= set(lines)


def test_a_released_schema_does_not_change_silently() -> None:
    before = {"urn:a": Published("sha256:" + "0" * 64, LINE)}
    with pytest.raises(ChangedSilently, match="urn:a is new or changed"):
        writing.recorded({"urn:a": b"{}"}, before, RELEASED, None)


def test_an_unreleased_schema_may_still_change_under_its_line() -> None:
    before = {"urn:a": Published("sha256:" + "0" * 64, LINE)}
    after = writing.recorded({"urn:a": b"{}"}, before, UNRELEASED, None)
    assert after["urn:a"].changelog == LINE
    assert after["urn:a"].sha256 != before["urn:a"].sha256


def test_a_new_schema_needs_a_line_that_the_changelog_has() -> None:
    with pytest.raises(ChangedSilently, match="no such line"):
        writing.recorded({"urn:a": b"{}"}, {}, UNRELEASED, "Something else.")
    with pytest.raises(ChangedSilently, match="no such line"):
        writing.recorded({"urn:a": b"{}"}, {}, RELEASED, LINE)
    assert writing.recorded({"urn:a": b"{}"}, {}, UNRELEASED, LINE)["urn:a"].changelog == LINE


def test_the_command_writes_and_then_finds_nothing_to_write(tmp_path: Path, repository: Path) -> None:
    (tmp_path / "CHANGELOG.md").write_text(UNRELEASED)
    options = ["schemas", "--out", str(tmp_path / "out"), "--changelog", str(tmp_path / "CHANGELOG.md")]
    assert CliRunner().invoke(app, options).exit_code == 3
    assert CliRunner().invoke(app, [*options, "--because", LINE]).exit_code == 0
    assert CliRunner().invoke(app, [*options, "--dry-run"]).exit_code == 0
    (tmp_path / "out" / "bundle.v1.json").write_text("{}")
    assert CliRunner().invoke(app, [*options, "--dry-run"]).exit_code == 10
    committed = (repository / "docs" / "schemas" / "candidate.v1.json").read_bytes()
    assert (tmp_path / "out" / "candidate.v1.json").read_bytes() == committed


@EACH
def test_schema_is_valid_and_names_itself(document: Document) -> None:
    schema = schema_of(document)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:cutover:schema:{document.name}:v{document.version}"
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"]
    assert schema["description"]


@EACH
def test_no_document_has_room_for_a_verdict(document: Document) -> None:
    for part in parts(schema_of(document)):
        assert not FORBIDDEN_KEYS & set(part["properties"])
        assert part["additionalProperties"] is False


@EACH
def test_examples_are_valid(document: Document) -> None:
    errors = [
        error.message for error in Draft202012Validator(schema_of(document)).iter_errors(example(named(document)))
    ]
    assert errors == []
    assert accepted_by_model(document, example(named(document)))


@EACH
def test_schema_and_model_agree_on_damaged_documents(document: Document) -> None:
    validator = Draft202012Validator(inlined(schema_of(document)))
    disagreements = [
        where
        for where, damaged in damages(example(named(document)))
        if validator.is_valid(damaged) is not accepted_by_model(document, damaged)
    ]
    assert disagreements == BETWEEN_FIELDS.get(document.name, [])


def inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """The same with each definition in the place of the references to it: they are followed a million times here."""

    def resolved(node: Any) -> Any:
        if isinstance(node, list):
            return [resolved(each) for each in node]
        if not isinstance(node, dict):
            return node
        beside = {name: resolved(each) for name, each in node.items() if name not in {"$ref", "$defs"}}
        if "$ref" not in node:
            return beside
        assert set(beside) <= {"description", "default", "title"}, "nothing beside a reference narrows it"
        return resolved(schema["$defs"][node["$ref"].removeprefix("#/$defs/")]) | beside

    whole: dict[str, Any] = resolved(schema)
    return whole


def damages(value: Any) -> Iterator[tuple[str, Any]]:
    """Copies of a document with one field missing, one too many, or one of another type, at every place."""
    for path in paths(value):
        node = at(value, path)
        if isinstance(node, dict):
            yield f"{path} and more", changed(value, path, {**node, "recommendation": "ship it"})
            for key in node:
                rest = {name: item for name, item in node.items() if name != key}
                yield f"{path} without {key}", changed(value, path, rest)
        else:
            for other in OTHERS:
                yield f"{path} = {other!r}", changed(value, path, other)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            if key != "from" or path in ONE_ORIGIN:  # all origins are alike
                yield from paths(item, (*path, key))
    elif isinstance(value, list) and value:
        yield from paths(value[0], (*path, 0))  # the others are alike


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def changed(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new
    whole = copy.deepcopy(value)
    at(whole, path[:-1])[path[-1]] = new
    return whole
