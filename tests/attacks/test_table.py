"""The published table is what the suite says."""

from pathlib import Path

import pytest

from tests.attacks.defences import DEFENCES
from tests.attacks.everything import ATTACKS
from tests.attacks.table import PAGE, page


def test_the_page_is_what_the_suite_says() -> None:
    assert PAGE.read_text("utf-8") == page(), "python -m tests.attacks.table"


@pytest.mark.parametrize("name", sorted(DEFENCES))
def test_a_defence_stands_where_the_table_says(repository: Path, name: str) -> None:
    assert (repository / "functions" / "cutover" / DEFENCES[name].at).is_file()


def test_what_succeeds_is_told_and_is_one_case_only() -> None:
    (known,) = [each for each in ATTACKS if each.works]
    assert known.defences == ()
    assert f"`{known.name}`" in page().split("## What a program can do")[1]
    assert all(each.defences for each in ATTACKS if not each.works)
