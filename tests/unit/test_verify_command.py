"""`cutover verify`: what it reads, what it answers, and its exit codes."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from cutover.domain import canonical
from cutover_cli.main import app
from tests.builders import DEPLOYMENT, OTHER_DEPLOYMENT, package

WHOLE = package()
AT_OPEN = ("--at", "2026-03-03T20:00:00Z")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "handoff.json").write_bytes(WHOLE.message)
    (tmp_path / "trust.json").write_bytes(WHOLE.trust)
    (tmp_path / "documents").mkdir()
    for digest, content in WHOLE.documents.items():
        (tmp_path / "documents" / digest.removeprefix("sha256:")).write_bytes(content)
    return tmp_path


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["verify", str(folder / "handoff.json"), *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def report(folder: Path, *arguments: str) -> tuple[int, Any]:
    code, output = run(folder, "--format", "json", *arguments)
    return code, json.loads(output)


def test_it_verifies_what_lies_beside_the_message(folder: Path) -> None:
    code, output = run(folder, *AT_OPEN)
    assert code == 0
    assert [line.split()[0] for line in output.splitlines()[:10]] == [str(number) for number in range(1, 11)]
    assert output.splitlines()[10].startswith("VERIFIED")
    assert WHOLE.handoff.handoff_id in output


def test_it_answers_in_json(folder: Path) -> None:
    code, said = report(folder, *AT_OPEN)
    assert code == 0
    assert said["verified"] is True
    assert said["handoff"]["cutover"] == WHOLE.handoff.cutover
    assert said["root"] == canonical.digest_model(DEPLOYMENT.root())


def test_trust_and_documents_can_lie_elsewhere(folder: Path) -> None:
    (folder / "trust.json").rename(folder / "pinned.json")
    (folder / "documents").rename(folder / "store")
    given = ("--trust", str(folder / "pinned.json"), "--documents", str(folder / "store"))
    assert run(folder, *given, *AT_OPEN)[0] == 0


def test_documents_may_have_an_extension(folder: Path) -> None:
    for file in list((folder / "documents").iterdir()):
        file.rename(file.with_name(f"{file.name}.json"))
    assert run(folder, *AT_OPEN)[0] == 0


@pytest.mark.parametrize("named", [(), ("--trust", "nowhere.json")])
def test_without_a_trust_file_it_says_so_and_never_verified(folder: Path, named: tuple[str, ...]) -> None:
    (folder / "trust.json").unlink()
    code, output = run(folder, *named, *AT_OPEN)
    assert code == 3
    assert "UNANCHORED" in output
    assert "verified" not in output.lower()
    code, said = report(folder, *named)
    assert (code, said["code"], said["verified"], said["root"]) == (3, "UNANCHORED", False, None)


def test_the_trust_of_another_deployment_is_refused(folder: Path) -> None:
    (folder / "trust.json").write_bytes(OTHER_DEPLOYMENT.trust_file())
    assert report(folder, *AT_OPEN)[1]["code"] == "UNTRUSTED_SIGNATURE"
    assert run(folder, *AT_OPEN)[0] == 3


def test_the_pinned_root_and_the_own_queue_are_compared(folder: Path) -> None:
    root = canonical.digest_model(DEPLOYMENT.root())
    assert run(folder, "--root", root, "--queue", WHOLE.handoff.queue_arn, *AT_OPEN)[0] == 0
    other = canonical.digest_model(OTHER_DEPLOYMENT.root())
    assert report(folder, "--root", other, *AT_OPEN)[1]["code"] == "WRONG_ROOT"
    assert report(folder, "--queue", OTHER_DEPLOYMENT.queue_arn, *AT_OPEN)[1]["code"] == "WRONG_QUEUE"


@pytest.mark.parametrize(
    ("at", "wanted"),
    [
        ("2026-03-03T19:59:59Z", "WINDOW_NOT_OPEN"),
        ("2026-03-03T21:59:59Z", "VERIFIED"),
        ("2026-03-03T22:00:00Z", "WINDOW_NOT_OPEN"),
    ],
)
def test_an_instant_is_judged_where_one_is_given(folder: Path, at: str, wanted: str) -> None:
    code, said = report(folder, "--at", at)
    assert (code, said["code"]) == (0 if wanted == "VERIFIED" else 3, wanted)


@pytest.mark.parametrize("at", ["now", "2026-03-03", "2026-03-03T20:00:00+01:00", "2026-02-30T00:00:00Z", ""])
def test_a_bad_instant_is_bad_usage(folder: Path, at: str) -> None:
    assert run(folder, "--at", at)[0] == 2


@pytest.mark.parametrize("root", ["", "sha256:", "a" * 64, "sha256:" + "A" * 64, "md5:" + "a" * 64])
def test_a_bad_fingerprint_is_bad_usage(folder: Path, root: str) -> None:
    assert run(folder, "--root", root)[0] == 2


def test_without_a_message_it_is_bad_usage() -> None:
    assert CliRunner().invoke(app, ["verify"]).exit_code == 2


def first(folder: Path) -> Path:
    return next((folder / "documents").iterdir())


def enlarge(file: Path) -> None:
    """A file of a terabyte that takes no room."""
    os.truncate(file, 2**40)


def replaced_by_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def replaced_by_a_file(folder: Path) -> None:
    folder.rename(folder.with_name("moved"))
    folder.write_text("")


BREAKS: dict[str, Callable[[Path], object]] = {
    "misnamed": lambda folder: first(folder).rename(folder / "documents" / ("0" * 64)),
    "altered": lambda folder: first(folder).write_bytes(b"{}"),
    "a note": lambda folder: (folder / "documents" / "README").write_text("hello"),
    "a folder": lambda folder: (folder / "documents" / ("0" * 64)).mkdir(),
    "a pipe": lambda folder: os.mkfifo(folder / "documents" / ("0" * 64)),
    "upper case": lambda folder: first(folder).rename(folder / "documents" / first(folder).name.upper()),
    "no folder": lambda folder: replaced_by_a_file(folder / "documents"),
    "no message": lambda folder: (folder / "handoff.json").unlink(),
    "a folder as message": lambda folder: replaced_by_a_folder(folder / "handoff.json"),
    "a huge message": lambda folder: enlarge(folder / "handoff.json"),
    "a huge document": lambda folder: enlarge(first(folder)),
    "a huge trust file": lambda folder: enlarge(folder / "trust.json"),
}


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ("misnamed", "DOCUMENT_MISNAMED"),
        ("altered", "DOCUMENT_MISNAMED"),
        ("a note", "DOCUMENT_MISNAMED"),
        ("a folder", "UNREADABLE"),
        ("a pipe", "UNREADABLE"),
        ("upper case", "DOCUMENT_MISNAMED"),
        ("no folder", "UNREADABLE"),
        ("no message", "UNREADABLE"),
        ("a folder as message", "UNREADABLE"),
        ("a huge message", "DOCUMENT_TOO_LARGE"),
        ("a huge document", "DOCUMENT_TOO_LARGE"),
        ("a huge trust file", "DOCUMENT_TOO_LARGE"),
    ],
)
def test_what_cannot_be_read_as_it_should_is_refused(folder: Path, how: str, wanted: str) -> None:
    BREAKS[how](folder)
    code, said = report(folder)
    assert (code, said["code"], said["verified"]) == (3, wanted, False)
    code, output = run(folder)
    assert code == 3
    assert wanted in output


def test_a_missing_documents_folder_is_a_missing_document(folder: Path) -> None:
    (folder / "documents").rename(folder / "elsewhere")
    assert report(folder)[1]["code"] == "DOCUMENT_MISSING"
    assert report(folder, "--documents", str(folder / "nowhere"))[1]["code"] == "UNREADABLE"


def test_a_hostile_name_does_not_reach_the_terminal(folder: Path) -> None:
    (folder / "documents" / "\x1b]0;owned\x07").write_text("x")
    (folder / "documents" / os.fsdecode(b"\xff\xfe")).write_text("x")
    code, output = run(folder)
    assert code == 3
    assert "\x1b" not in output
    assert "\x07" not in output


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(message=st.binary(max_size=200), trust=st.binary(max_size=200), document=st.binary(max_size=50))
def test_no_bytes_make_it_fail(folder: Path, message: bytes, trust: bytes, document: bytes) -> None:
    (folder / "handoff.json").write_bytes(message)
    assert run(folder)[0] == 3
    (folder / "handoff.json").write_bytes(WHOLE.message)
    (folder / "trust.json").write_bytes(trust)
    assert run(folder)[0] == 3
    (folder / "trust.json").write_bytes(WHOLE.trust)
    added = folder / "documents" / canonical.digest(document).removeprefix("sha256:")
    known = added.exists()
    added.write_bytes(document)
    assert run(folder, *AT_OPEN)[0] == 0
    if not known:
        added.unlink()
