"""What drills are held to is complete, and whoever alters any of it is found out: without a stack."""

import io
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cutover_cli.output import Exit
from tests.drills import __main__ as command
from tests.drills.ending import EXPECTED, Drill, Ending, Expectations, Found, differences, read
from tests.drills.playing import Result
from tests.drills.plays import PLAYS

ROW_46 = {
    "contested-approval", "expired-key", "partial-failure", "late-waiver", "withdrawn-after-hand-off", "key-compromise",
}  # fmt: skip
WRITTEN = tomllib.loads(EXPECTED.read_text("utf-8"))
FIELDS = list(Ending.model_fields)


def ends() -> Iterator[tuple[Drill, int, Found]]:
    """Every ending that is expected, as if a drill had come to it."""
    for drill in read().drill:
        for number, ending in enumerate(drill.ending):
            yield drill, number, Found(steps=drill.steps, ending=Ending(**ending.model_dump(exclude={"when"})))


ENDS = [pytest.param(*each, id=f"{each[0].name}-{each[1]}") for each in ends()]


def test_all_six_are_there_and_each_is_played() -> None:
    assert {each.name for each in read().drill} == ROW_46 == set(PLAYS)
    assert [each.name for each in read().drill] == list(PLAYS), "in the order of their windows"


@pytest.mark.parametrize("field", [*FIELDS, "when"])
@pytest.mark.parametrize("number", range(len(WRITTEN["drill"])))
def test_no_field_may_be_left_out(number: int, field: str) -> None:
    said = json.loads(json.dumps(WRITTEN))
    del said["drill"][number]["ending"][0][field]
    with pytest.raises(ValueError, match="Field required"):
        Expectations.model_validate(said)


def test_what_nobody_knows_is_refused() -> None:
    said = json.loads(json.dumps(WRITTEN))
    said["drill"][0]["ending"][0]["hopes"] = []
    with pytest.raises(ValueError, match="Extra inputs"):
        Expectations.model_validate(said)


@pytest.mark.parametrize(("drill", "number", "found"), ENDS)
def test_each_expected_ending_is_one(drill: Drill, number: int, found: Found) -> None:
    assert differences(drill, found) == [], number


def altered(value: Any) -> Iterator[Any]:
    """One line otherwise, one more, one less, and two in another order."""
    if isinstance(value, int):
        yield from (value + 1, value - 1)
        return
    lines = tuple(value)
    for at, line in enumerate(lines):
        yield (*lines[:at], line + "?", *lines[at + 1 :])
        yield lines[:at] + lines[at + 1 :]
    yield (*lines, "one more")
    if len(set(lines)) > 1:
        yield next(turned for turned in (lines[::-1], lines[1:] + lines[:1]) if turned != lines)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(("drill", "number", "found"), ENDS)
def test_an_ending_that_was_altered_is_not_what_was_found(drill: Drill, number: int, found: Found, field: str) -> None:
    ending = drill.ending[number]
    count = 0
    for value in altered(getattr(ending, field)):
        changed = ending.model_copy(update={field: value})
        endings = (*drill.ending[:number], changed, *drill.ending[number + 1 :])
        (difference, *more) = differences(drill.model_copy(update={"ending": endings}), found)
        assert difference.field == field or more, f"{value} passes for {difference}"
        count += 1
    assert count


@pytest.mark.parametrize(("drill", "number", "found"), ENDS)
def test_steps_that_were_altered_are_not_what_was_done(drill: Drill, number: int, found: Found) -> None:
    for steps in altered(drill.steps):
        assert [each.field for each in differences(drill.model_copy(update={"steps": steps}), found)] == ["steps"]


@pytest.mark.parametrize(("drill", "number", "found"), ENDS)
def test_every_ending_says_what_was_refused_or_ended_well(drill: Drill, number: int, found: Found) -> None:
    """No drill ends with nothing to show."""
    ending = found.ending
    assert ending.refused or (ending.messages == 1 and ending.verify), number
    assert any(": VERIFIED" in line for line in ending.verify) is (ending.messages > 0)


def concluded(tmp_path: Path, *, altered: bool) -> tuple[int, str, dict[str, Any]]:
    """Exit code, what is printed, and what is written, of a drill that ended as it should."""
    drill, _, found = next(ends())
    said = drill.model_copy(update={"steps": (*drill.steps, "Nobody notices")}) if altered else drill
    differing = tuple(differences(said, found))
    result = Result(name=drill.name, title=drill.title, seconds=1.0, found=found, differences=differing)
    console = Console(file=io.StringIO(), width=200, record=True)
    code = command.conclude([result], console, file=tmp_path / "build" / "drills.json")
    return code, console.export_text(), json.loads((tmp_path / "build" / "drills.json").read_text("utf-8"))


def test_an_expectation_that_was_altered_fails_and_is_shown_line_by_line(tmp_path: Path) -> None:
    code, shown, written = concluded(tmp_path, altered=True)
    assert (code, written["as_expected"]) == (Exit.REFUSED, False)
    (difference,) = written["drills"][0]["differences"]
    assert difference["expected"] == [*difference["found"], "Nobody notices"]
    assert shown.index("expected\n") < shown.index("Nobody notices") < shown.index("found\n")


def test_what_ended_as_expected_passes_and_is_kept(tmp_path: Path) -> None:
    code, shown, written = concluded(tmp_path, altered=False)
    assert (code, written["as_expected"]) == (Exit.DONE, True)
    assert written["drills"][0]["found"]["ending"]["messages"] == 0
    assert "yes" in shown


@pytest.mark.parametrize(
    "content", ["drill = 1", "drill = [", '[[drill]]\nname = "contested-approval"'], ids=["type", "toml", "fields"]
)
def test_expectations_that_are_not_complete_stop_it_before_anything_runs(tmp_path: Path, content: str) -> None:
    (tmp_path / "expected.toml").write_text(content, "utf-8")
    assert command.main(["--expected", str(tmp_path / "expected.toml")]) == Exit.USAGE


def test_a_drill_that_is_none_stops_it_before_anything_runs() -> None:
    assert command.main(["fire"]) == Exit.USAGE
