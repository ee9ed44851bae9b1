"""The clock that drills move: far away, closed where its file says nothing, and only there where a setting asks."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cutover.adapters.moved_clock import MovedClock
from cutover.adapters.system_clock import SystemClock
from cutover.runtime.settings import Settings
from cutover.runtime.wiring import Wiring
from infra.refusals import CLOCK, REFUSED


def test_it_is_ahead_by_what_the_file_says_now(tmp_path: Path) -> None:
    file = tmp_path / "time"
    clock = MovedClock(SystemClock(), file)
    for seconds in (0, 7_200):
        file.write_text(str(seconds), "ascii")
        before = datetime.now(UTC)
        assert timedelta(0) <= clock.now() - before - timedelta(seconds=seconds) < timedelta(seconds=10)


@pytest.mark.parametrize("content", ["", "soon", "1.5"])
def test_what_says_no_number_is_no_time(tmp_path: Path, content: str) -> None:
    (tmp_path / "time").write_text(content, "ascii")
    with pytest.raises(ValueError, match="invalid literal"):
        MovedClock(SystemClock(), tmp_path / "time").now()


def test_without_the_file_there_is_no_time(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        MovedClock(SystemClock(), tmp_path / "time").now()


def test_a_function_has_it_only_where_the_refused_setting_names_a_file(tmp_path: Path) -> None:
    assert isinstance(Wiring(Settings({})).clock, SystemClock)
    moved = Wiring(Settings({CLOCK: str(tmp_path / "time")})).clock
    assert isinstance(moved, MovedClock)
    assert moved.file == tmp_path / "time"
    assert CLOCK in REFUSED
