"""The page on reliability says what was measured, and nothing else."""

from tests.reliability.measured import PAGE, Count, Measured, Part, read
from tests.reliability.page import page
from tests.reliability.parts import RUNNERS


def test_the_page_is_the_one_of_the_measurements() -> None:
    assert PAGE.read_text("utf-8") == page(read())


def test_every_part_was_run_and_none_broke() -> None:
    measured = read()
    assert [part.name for part in measured.parts if part.outcome == "broken"] == []
    assert {part.name for part in measured.parts if part.outcome == "sampled"} <= {"mutation"}
    assert {part.name for part in measured.parts} == {runner.name for runner in RUNNERS}


def test_a_part_that_broke_is_told() -> None:
    part = Part(
        name="model", command="pytest tests/model", counts=(Count(what="states", count=12_000),), seconds=1.5,
        outcome="broken", commit="0123456", machine="2 cores",
    )  # fmt: skip
    told = page(Measured().with_part(part))
    assert "12,000 states | broken | 1.5 | `0123456` |" in told
    assert "| [The simulation](#the-simulation) | | not run | | |" in told
