"""All commands: one answer in JSON for each, a page that says what they say, and never a stack trace."""

import ast
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from cutover.errors import ConfigurationError
from cutover_cli.documentation.commands import commands, page
from cutover_cli.main import TRACE, app
from cutover_cli.output import Exit
from cutover_cli.site import Site
from tests.building.policy import DEPLOYMENT
from tests.fakes.records import InMemoryRecords

COMMANDS = dict(commands(typer.main.get_command(app), "cutover"))


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_answers_in_json_and_says_what_it_does(words: str) -> None:
    command = COMMANDS[words]
    options = {name for each in command.params for name in each.opts}
    assert "--format" in options
    assert command.help
    assert len(command.help.splitlines()[0]) <= 120
    for each in command.params:
        assert each.name in {"help", "form"} or getattr(each, "help", None), f"{words}: {each.name} is not explained"


@pytest.mark.parametrize("words", COMMANDS)
def test_bad_usage_is_exit_2(words: str) -> None:
    done = CliRunner().invoke(app, [*words.split()[1:], "--no-such-option"])
    assert done.exit_code == Exit.USAGE
    assert "Traceback" not in done.output


def test_the_page_of_commands_is_up_to_date(repository: Path) -> None:
    made = "run: .venv/bin/python -m cutover_cli.documentation"
    assert (repository / "docs" / "commands.md").read_text("utf-8") == page(), made


def test_the_page_has_every_command() -> None:
    said = page().splitlines()
    assert {f"## {words}" for words in COMMANDS} <= set(said)


def test_no_command_takes_what_it_shows_for_markup(repository: Path) -> None:
    """Others wrote parts of it: brackets in it are brackets, and ``:warning:`` is no picture."""
    consoles = [
        (path.name, {keyword.arg for keyword in call.keywords if getattr(keyword.value, "value", True) is False})
        for path in (repository / "cli").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Console"
    ]
    assert consoles
    assert [name for name, denied in consoles if not {"markup", "emoji", "highlight"} <= denied] == []


class Broken(InMemoryRecords):
    """A table whose answers nobody foresaw."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def brake(self) -> Any:
        raise self.error


def status(error: Exception) -> Any:
    site = Site(DEPLOYMENT.audience, Broken(error), None)  # type: ignore[arg-type]
    return CliRunner().invoke(app, ["brake", "status"], obj=site)


@pytest.mark.parametrize(
    "error", [KeyError("x"), ValueError("a\x1b[2Jb\nc"), ConfigurationError("no table"), ConnectionResetError("gone")]
)
def test_what_nobody_foresaw_is_one_line(error: Exception) -> None:
    done = status(error)
    assert done.exit_code == Exit.FAILED
    assert "Traceback" not in done.output
    (line,) = done.stderr.splitlines()
    assert line.startswith("cutover: ")
    assert type(error).__name__ in line
    assert "\x1b" not in line


def test_who_asks_for_the_trace_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRACE, "1")
    assert isinstance(status(KeyError("x")).exception, KeyError)
