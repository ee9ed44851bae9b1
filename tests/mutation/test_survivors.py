"""The list of survivors is about the code as it stands, and each has its reason."""

import tomllib

from tests.mutation.__main__ import ROOT, survivors

HERE = ROOT / "tests" / "mutation"
TARGETS = tomllib.loads((HERE / "targets.toml").read_text())


def source(function: str) -> str:
    """The module that the function is in, in one line."""
    parts = function.split(".")
    while not (path := ROOT.joinpath("functions", *parts).with_suffix(".py")).is_file():
        parts.pop()
    return " ".join(path.read_text().split())


def test_each_survivor_is_a_change_of_a_line_that_is_still_there() -> None:
    for target, mutants in survivors().items():
        assert target in TARGETS
        for mutant in mutants:
            assert " ".join(mutant.removed.split()) in source(mutant.function), mutant
            assert mutant.removed != mutant.added


def test_each_survivor_has_its_reason_and_is_listed_once() -> None:
    listed = tomllib.loads((HERE / "survivors.toml").read_text())
    for target, entries in listed.items():
        assert all(set(each) == {"function", "removed", "added", "reason"} for each in entries), target
        assert all(len(each["reason"].split()) > 3 for each in entries), target
        assert len(survivors()[target]) == len(entries), target


def test_each_target_has_modules_and_tests() -> None:
    for target in TARGETS.values():
        assert all(list(ROOT.glob(each)) for each in target["modules"])
        assert all((ROOT / each).is_file() for each in [*target["tests"], *target.get("then", [])])
