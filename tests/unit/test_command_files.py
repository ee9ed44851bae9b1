"""What commands read and write: in one way or not at all, whole or not at all; and what reaches a terminal."""

import io
import os
import resource
from pathlib import Path
from typing import Any

import pytest

from cutover.contracts.policy import RULES_TYPE
from cutover.contracts.records import FlagSet
from cutover.domain import canonical
from cutover.errors import DocumentMissing, Refused
from cutover.ports import Store
from cutover_cli import files
from cutover_cli.aside import Aside
from cutover_cli.files import DocumentRefused, Unwritable
from cutover_cli.output import oneline, showable
from cutover_cli.strict_yaml import YamlRefused
from tests.building.keys import Key, seal_bytes
from tests.fakes.store import InMemoryStore


def file_of(folder: Path, content: bytes) -> Path:
    file = folder / "document"
    file.write_bytes(content)
    return file


@pytest.mark.parametrize(
    "content",
    [
        b'{"schema": "x", "n": 1}', b"schema: x\nn: 1\n", b' \n{"n":1,"schema":"x"}', b"# why\nschema: 'x'\nn: 1",
        seal_bytes(RULES_TYPE, b'{"n":1,"schema":"x"}', Key("a")),
    ],
)  # fmt: skip
def test_json_yaml_and_envelopes_are_one_document(tmp_path: Path, content: bytes) -> None:
    file = file_of(tmp_path, content)
    assert files.value(file) == {"schema": "x", "n": 1}
    assert files.sealed(file) == (b"payloadType" in content)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'{"a": 1, "a": 2}', "UNREADABLE"),
        (b'{"a": NaN}', "UNREADABLE"),
        (b"{", "UNREADABLE"),
        (b"\xff", "UNREADABLE"),
        (b'{"a":"\xff"}', "UNREADABLE"),
        (b'{"payload":"e30","payloadType":"x","signatures":[{"sig":"AAAA"}]}', "DOCUMENT_REFUSED"),
        (b'{"payload":"W10=","payloadType":"x","signatures":[{"sig":"AAAA"}]}', "YAML_REFUSED"),
        (b"x" * (files.MAX_BYTES + 1), "DOCUMENT_TOO_LARGE"),
    ],
)
def test_what_could_be_read_in_two_ways_is_not_read(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises((Refused, YamlRefused, DocumentRefused)) as refused:
        files.value(file_of(tmp_path, content))
    assert code in {getattr(refused.value, "code", None), getattr(refused.value, "reason", None)}


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Refused, match="not a regular file"):
        files.content(tmp_path / "pipe")
    with pytest.raises(Refused, match="UNREADABLE"):
        files.content(Path("nul\0"))


def test_a_document_is_of_its_contract_or_all_faults_are_told(tmp_path: Path) -> None:
    with pytest.raises(DocumentRefused) as refused:
        files.model(FlagSet, file_of(tmp_path, b"flags: 1\nverdict: go\n"))
    assert {fault.pointer for fault in refused.value.faults} == {"/schema", "/flags", "/verdict"}
    assert {fault["code"] for fault in refused.value.document()["faults"]} >= {"FIELD_MISSING", "FIELD_UNKNOWN"}


def test_a_file_is_written_whole_or_left_as_it_was(tmp_path: Path) -> None:
    file = file_of(tmp_path, b"before")
    files.write(file, b"after")
    assert file.read_bytes() == b"after"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(Unwritable, match="File too large"):
            files.write(file, b"half of it" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert file.read_bytes() == b"after"
    assert [each.name for each in tmp_path.iterdir()] == ["document"], "no draft stays behind"


def test_a_device_is_written_to(tmp_path: Path) -> None:
    files.write(Path(os.devnull), b"gone")
    assert not Path(os.devnull).is_file()
    with pytest.raises(Unwritable):
        files.write(tmp_path / "none" / "file", b"x")


# --- aside ----------------------------------------------------------------------------------------------


def test_what_is_put_aside_reaches_nobody() -> None:
    beneath = InMemoryStore()
    there = beneath.put(b"there")
    aside: Store = Aside(beneath)
    here = aside.put(b"here")
    assert (aside.get(here, limit=10), aside.get(there, limit=10)) == (b"here", b"there")
    assert list(beneath.objects.values()) == [b"there"]
    assert aside.locate(there).digest == there
    with pytest.raises(DocumentMissing):
        aside.locate(here)
    with pytest.raises(Refused, match="DOCUMENT_TOO_LARGE"):
        aside.get(here, limit=3)


def test_nothing_lies_beneath() -> None:
    with pytest.raises(DocumentMissing):
        Aside().get(canonical.digest(b"x"), limit=1)
    assert not Aside().has_tombstone("service@production.1", 1)


# --- what reaches a terminal ----------------------------------------------------------------------------


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x9b2J", "\u202e", "\x07", "\r", "\u200b", "\x00", "\u2028"])
def test_nothing_drives_the_terminal(hostile: str) -> None:
    said = f"a{hostile}b"
    shown = showable(said, io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    assert hostile[0] not in shown
    assert f"U+{ord(hostile[0]):04X}" in shown
    assert len(oneline(said).splitlines()) == 1


def test_a_line_break_of_somebody_else_s_does_not_end_our_line() -> None:
    assert oneline("a\nhold FAKE\tb") == "a↵hold FAKE b"
    assert showable("a\nb", io.TextIOWrapper(io.BytesIO(), encoding="utf-8")) == "a\nb"


@pytest.mark.parametrize(("encoding", "wanted"), [("ascii", "gr\\xf6\\xdfe \\u21b5"), ("utf-8", "größe ↵")])
def test_what_a_terminal_cannot_show_is_escaped(encoding: str, wanted: str) -> None:
    stream: Any = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    assert showable("größe ↵", stream) == wanted
