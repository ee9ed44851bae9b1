"""Emulators that a test may end: apart from the session's stack, and without one."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cutover_cli.local import emulator
from cutover_cli.local.place import Place
from cutover_cli.main import app

Run = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An empty place; an emulator that a test leaves behind is ended."""
    place = Place.at(tmp_path / "place")
    yield place
    emulator.stop(place)


@pytest.fixture
def cutover() -> Run:
    """Runs the command with `--format json`; returns its exit code and the one document that it printed."""

    def run(*arguments: str | Path) -> tuple[int, dict[str, Any]]:
        result = CliRunner().invoke(app, [*map(str, arguments), "--format", "json"])
        return result.exit_code, json.loads(result.stdout)

    return run
