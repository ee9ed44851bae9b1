"""Schemas as files: their layout, the index of them, and the record of which bytes were published when.

``versions.json`` holds, for each document, the digest of its schema and the line of the CHANGELOG that speaks
of it. While that line stands under *Unreleased* the schema may still change; afterwards a change needs a new
version or a new line. ``plan`` says what there is to write, and is pure; ``write`` writes it.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cutover_cli.output import CommandError, Exit
from cutover_cli.schemas.generating import schema_of
from cutover_cli.schemas.published import DOCUMENTS, GROUPS, Document

VERSIONS, INDEX = "versions.json", "README.md"
UNRELEASED = "Unreleased"
_WIDTH = 110
_BULLET = re.compile(r"^- (.+(?:\n  .+)*)", re.MULTILINE)
_HEADING = re.compile(r"^## \[?([^\]\s]+)\]?.*$", re.MULTILINE)


class ChangedSilently(CommandError):
    """A published schema changed, and the CHANGELOG does not say so."""

    exit_code = Exit.REFUSED
    reason = "SCHEMA_CHANGED_SILENTLY"


@dataclass(frozen=True, slots=True)
class Published:
    """What is recorded of one schema: the digest of its file, and the line of the CHANGELOG about it."""

    sha256: str
    changelog: str


def layout(value: Any, indent: int = 0) -> str:
    """JSON in which whatever fits in one line stands in one line."""
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or not value or (indent and indent + len(flat) <= _WIDTH):
        return flat
    inner = " " * (indent + 2)
    if isinstance(value, list):
        items = [inner + layout(item, indent + 2) for item in value]
        return "[\n" + ",\n".join(items) + "\n" + " " * indent + "]"
    lines = [f"{inner}{json.dumps(key)}: {layout(item, indent + 2)}" for key, item in value.items()]
    return "{\n" + ",\n".join(lines) + "\n" + " " * indent + "}"


def schema_bytes(document: Document) -> bytes:
    """The file of one schema."""
    return (layout(schema_of(document)) + "\n").encode()


def index() -> str:
    """The table of all schemas, in Markdown."""
    lines = [
        "# Schemas of the published documents",
        "",
        "JSON Schema, draft 2020-12. Made from `functions/cutover/contracts` by `cutover schemas --out docs/schemas`;",
        "a test fails when they differ. In words: [the contract](../contract.md).",
        "",
        "A schema is necessary, not sufficient. Beyond it a reader must also hold documents to these:",
        "",
        "- They are canonical JSON (RFC 8785) without floats; integers are below 2^53 in magnitude.",
        "- Limits of text are counted in bytes of UTF-8, and control characters are refused.",
        "- Fields must agree with each other: `expires_at` later than `issued_at`, names of components distinct, …",
        "",
    ]
    for group, documents in GROUPS.items():
        lines += [f"## {group}", "", "| schema | is | signed as |", "| --- | --- | --- |"]
        for document in documents:
            signed = f"`{document.payload_type}`" if document.payload_type else ""
            lines.append(f"| [`{document.name}` v{document.version}]({document.file}) | {document.says} | {signed} |")
        lines.append("")
    return "\n".join(lines)


def changelog_lines(changelog: str) -> dict[str, str]:
    """Each line (bullet) of the CHANGELOG, on one line, with the heading of the release that it stands under."""
    lines: dict[str, str] = {}
    headings = [*_HEADING.finditer(changelog)]
    for number, heading in enumerate(headings):
        end = headings[number + 1].start() if number + 1 < len(headings) else len(changelog)
        for bullet in _BULLET.finditer(changelog, heading.end(), end):
            lines.setdefault(" ".join(bullet[1].split()), heading[1])
    return lines


def recorded(
    made: Mapping[str, bytes], before: Mapping[str, Published], changelog: str, because: str | None
) -> dict[str, Published]:
    """The record after writing ``made``, by document id. ``ChangedSilently`` where the CHANGELOG lacks its line."""
    lines = changelog_lines(changelog)
    if because is not None and lines.get(because) != UNRELEASED:
        raise ChangedSilently(f"the CHANGELOG has no such line under {UNRELEASED}: {because}")
    record: dict[str, Published] = {}
    for name, content in made.items():
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        known = before.get(name)
        if known is not None and known.sha256 == digest and known.changelog in lines:
            record[name] = known
        elif because is not None:
            record[name] = Published(digest, because)
        elif known is not None and lines.get(known.changelog) == UNRELEASED:
            record[name] = Published(digest, known.changelog)
        else:
            raise ChangedSilently(
                f"{name} is new or changed: raise its version, or write a line under {UNRELEASED} in the CHANGELOG"
                " and give that line as --because"
            )
    return record


def plan(folder: Path, changelog: str, because: str | None = None) -> dict[str, bytes]:
    """All files of the folder by name, as they should be."""
    made = {document.id: schema_bytes(document) for document in DOCUMENTS}
    record = recorded(made, read_versions(folder), changelog, because)
    shown = {name: {"sha256": each.sha256, "changelog": each.changelog} for name, each in record.items()}
    files = {document.file: made[document.id] for document in DOCUMENTS}
    return {**files, INDEX: index().encode(), VERSIONS: (json.dumps(shown, indent=2) + "\n").encode()}


def read_versions(folder: Path) -> dict[str, Published]:
    """What the folder records; nothing where there is no record yet."""
    path = folder / VERSIONS
    if not path.is_file():
        return {}
    return {name: Published(**each) for name, each in json.loads(path.read_text("utf-8")).items()}


def differences(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    """Names of files that are missing, other than planned, or there without being planned."""
    there = {path.name: path.read_bytes() for path in folder.glob("*") if path.is_file()}
    return sorted(name for name in there.keys() | files.keys() if there.get(name) != files.get(name))


def write(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    """Makes the folder what was planned; the names of what changed. Deletes only schemas that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = differences(folder, files)
    for name in changed:
        if name in files:
            (folder / name).write_bytes(files[name])
        elif name.endswith(".json"):
            (folder / name).unlink()
    return changed
