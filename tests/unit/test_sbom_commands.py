"""`cutover sbom inspect`: what a manifest says, and exit codes that a build can act upon."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cutover.domain import canonical
from cutover_cli.main import app
from tests.building.manifests import component, cyclonedx, spdx

GOOD = cyclonedx(*(component(number) for number in range(1200)))
HOSTILE = "[red]\x1b]0;owned\x07\u202e\n"


def inspect(file: Path | str, *words: str) -> Result:
    return CliRunner().invoke(app, ["sbom", "inspect", str(file), *words])


def answered(file: Path | str, expect: int) -> dict[str, Any]:
    done = inspect(file, "--format", "json")
    assert done.exit_code == expect, done.output
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "service.cdx.json"


def test_a_good_manifest_is_counted(file: Path) -> None:
    file.write_bytes(GOOD)
    done = inspect(file)
    assert done.exit_code == 0
    for told in ("CycloneDX 1.6", "1,200", "900 of them", canonical.digest(GOOD), "problems    none"):
        assert told in done.stdout


def test_a_program_gets_the_summary(file: Path) -> None:
    file.write_bytes(GOOD)
    said = answered(file, expect=0)
    assert (said["result"], said["file"]) == ("done", str(file))
    assert (
        said["summary"] | {"format": "CycloneDX", "components": 1200, "licences": 900, "purls": 1200} == said["summary"]
    )


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (GOOD[:-1], "DEPENDENCY_UNREADABLE"),
        (b"", "DEPENDENCY_UNREADABLE"),
        (b"<bom/>", "DEPENDENCY_FORMAT_UNSUPPORTED"),
        (spdx(version="SPDX-2.2"), "DEPENDENCY_VERSION_UNSUPPORTED"),
        (cyclonedx(), "DEPENDENCY_EMPTY"),
        (cyclonedx(component(1), component(1)), "DEPENDENCY_REF_DUPLICATED"),
    ],
)
def test_a_problem_is_told_and_refused(file: Path, content: bytes, code: str) -> None:
    file.write_bytes(content)
    done = inspect(file)
    assert done.exit_code == 3
    assert code in done.stdout
    said = answered(file, expect=3)
    assert said["result"] == "refused"
    assert code in {each["code"] for each in said["summary"]["problems"]}


def test_nothing_in_a_manifest_drives_the_terminal(file: Path) -> None:
    file.write_bytes(cyclonedx({"type": HOSTILE, "name": HOSTILE}, version=HOSTILE))
    told = inspect(file).stdout
    assert not set("\x1b\x07\u202e") & set(told)
    assert "[red]" in told, "markup of others is text"


@pytest.mark.parametrize("version", ["[/b] 1.9", "[link=https://example.com]1.6[/link]", "[red]1.6", "1.6 :warning:"])
def test_a_version_is_shown_as_it_is_said(file: Path, version: str) -> None:
    file.write_bytes(cyclonedx(component(1), version=version))
    done = inspect(file)
    assert done.exit_code == 3
    assert f"format      CycloneDX {version}" in done.stdout


def test_a_hostile_file_name_is_named(tmp_path: Path) -> None:
    file = tmp_path / "[red]\x1b[31m.json"
    file.write_bytes(GOOD)
    told = inspect(file).stdout
    assert "\x1b" not in told
    assert "[red]" in told


@pytest.mark.parametrize("format_", ["text", "json"])
def test_what_cannot_be_read_is_refused_without_a_trace(tmp_path: Path, format_: str) -> None:
    for path in (tmp_path / "absent.json", tmp_path):
        done = inspect(path, "--format", format_)
        assert done.exit_code == 3
        assert "Traceback" not in done.output
        assert "UNREADABLE" in done.output or "cutover: " in done.output


def test_more_than_collect_takes_is_refused(file: Path) -> None:
    with file.open("wb") as opened:
        opened.truncate(64 * 1_048_576 + 1)
    assert answered(file, expect=3)["reason"] == "DOCUMENT_TOO_LARGE"


@pytest.mark.parametrize(
    "words", [["sbom", "inspect"], ["sbom", "inspect", "a", "b"], ["sbom", "inspect", "a", "--format", "xml"]]
)
def test_bad_usage(words: list[str]) -> None:
    assert CliRunner().invoke(app, words).exit_code == 2
