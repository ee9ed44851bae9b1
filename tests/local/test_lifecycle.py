"""Starting and ending: nothing is left behind, nothing is done twice, and a dead stack is called dead."""

import os
import signal
import socket
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from cutover_cli.local import emulator, lifecycle
from cutover_cli.local.emulator import Emulator
from cutover_cli.local.errors import StackNotUp
from cutover_cli.local.place import Place, write_json
from cutover_cli.local.surroundings import environment
from tests.local.conftest import Run

ROOT = "sha256:" + "0" * 64


def test_down_leaves_nothing_but_the_log(cutover: Run, place: Place) -> None:
    started = emulator.start(place)
    assert lifecycle.status(state_dir=place.folder).state == "incomplete"
    assert cutover("local", "down", "--state-dir", place.folder) == (0, {"state": "down", "ended": True})
    assert not _listens(started)
    assert not emulator.alive(place)
    assert cutover("local", "status", "--state-dir", place.folder)[1]["state"] == "down"
    assert not Path(started.work).exists()
    assert sorted(path.name for path in place.folder.iterdir()) == ["alive.lock", "change.lock", "emulator.log"]
    assert "Ready" in place.log.read_text("utf-8")


def test_down_where_nothing_is_up_is_no_failure(cutover: Run, place: Place) -> None:
    assert cutover("local", "down", "--state-dir", place.folder) == (0, {"state": "down", "ended": False})
    assert not place.folder.exists()


def test_a_killed_emulator_is_reported_and_forgotten(cutover: Run, place: Place) -> None:
    started = emulator.start(place)
    os.kill(started.pid, signal.SIGKILL)
    _wait_until_dead(place)
    code, document = cutover("local", "status", "--state-dir", place.folder)
    assert (code, document["state"], document["pid"]) == (1, "dead", started.pid)
    with pytest.raises(StackNotUp, match="dead"):
        lifecycle.attach(state_dir=place.folder)
    assert cutover("local", "down", "--state-dir", place.folder)[1]["ended"] is False
    assert lifecycle.status(state_dir=place.folder).state == "down"


def test_a_process_id_that_now_is_another_process_is_left_alone(place: Place) -> None:
    place.folder.mkdir()
    somebody = Emulator(os.getpid(), 1, "2026-01-01T00:00:00+00:00", str(place.folder / "work"))
    write_json(place.emulator, asdict(somebody))
    assert lifecycle.status(state_dir=place.folder).state == "dead"
    assert emulator.stop(place) is False


def test_two_changes_at_once_are_refused(cutover: Run, place: Place) -> None:
    with place.changing():
        code, document = cutover("local", "up", "--root-fingerprint", ROOT, "--state-dir", place.folder)
        assert (code, document["reason"]) == (3, "STACK_BUSY")
        code, document = cutover("local", "down", "--state-dir", place.folder)
        assert (code, document["reason"]) == (3, "STACK_BUSY")
    assert cutover("local", "down", "--state-dir", place.folder)[0] == 0


def test_without_its_environment_it_says_what_to_do(
    cutover: Run, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUTOVER_EMULATOR", str(place.folder / "nowhere"))
    code, document = cutover("local", "up", "--root-fingerprint", ROOT, "--state-dir", place.folder)
    assert (code, document["reason"]) == (2, "TOOL_MISSING")
    assert "make setup" in document["message"]


def test_functions_see_nothing_of_the_users_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    seen = environment(tmp_path, 4566)
    assert not seen.keys() & {"AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_CONFIG_FILE"}
    assert seen["HOME"] == str(tmp_path)
    assert seen["AUTH"] == "true"
    assert seen["BIND_HOST"] == "127.0.0.1"


def _listens(started: Emulator) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", started.port)) == 0


def _wait_until_dead(place: Place) -> None:
    deadline = time.monotonic() + 10
    while emulator.alive(place):
        assert time.monotonic() < deadline, "the emulator survived SIGKILL"
        os.sched_yield()
