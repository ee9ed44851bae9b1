"""The clock that drills move: far away, closed where its file says nothing, and only there where a setting asks."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cutover.adapters.moved_clock import MovedClock
from cutover.adapters.system_clock import SystemClock
from cutover.errors import ConfigurationError
from cutover.runtime.settings import Settings
from cutover.runtime.wiring import Wiring
from infra.refusals import CLOCK, REFUSED

HERE = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}


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


def test_time_does_not_go_back(tmp_path: Path) -> None:
    (tmp_path / "time").write_text("-1", "ascii")
    with pytest.raises(ValueError, match="behind by 1 s"):
        MovedClock(SystemClock(), tmp_path / "time").now()


def test_without_the_file_there_is_no_time(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        MovedClock(SystemClock(), tmp_path / "time").now()


def test_a_function_has_it_only_where_the_refused_setting_names_a_file(tmp_path: Path) -> None:
    assert isinstance(Wiring(Settings({})).clock, SystemClock)
    moved = Wiring(Settings({CLOCK: str(tmp_path / "time"), **HERE})).clock
    assert isinstance(moved, MovedClock)
    assert moved.file == tmp_path / "time"
    assert CLOCK in REFUSED


@pytest.mark.parametrize(
    "calls",
    [{}, {"AWS_ENDPOINT_URL": "https://sts.eu-west-1.amazonaws.com"}, {"AWS_ENDPOINT_URL": "http://127.0.0.1.example.com"},
     {"AWS_ENDPOINT_URL": ""}, {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"},
     {**HERE, "AWS_ENDPOINT_URL_DYNAMODB": "https://dynamodb.eu-west-1.amazonaws.com"},
     {**HERE, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}],
)  # fmt: skip
@pytest.mark.parametrize("setting", REFUSED)
def test_where_aws_is_called_no_test_s_setting_is_taken(setting: str, calls: dict[str, str]) -> None:
    """Whoever may configure a deployed function could else name any file with a number, and be days ahead."""
    settings = {setting: "/proc/sys/kernel/pid_max", **calls}
    with pytest.raises(ConfigurationError, match=f"{setting} is for tests on one machine"):
        Settings(settings).of_a_test(setting)
    if setting == CLOCK:
        with pytest.raises(ConfigurationError, match=setting):
            Wiring(Settings(settings))
