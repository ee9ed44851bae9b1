"""The contact sheet of all states is the one that the states make, and each of its pictures is there and small."""

from tests.browser.screenshots import IMAGES, LOOKS, MAX_BYTES
from tests.browser.sheet import SHEET, page
from tests.browser.states import STATES

WANTED = {f"{name}-{look}.png" for name in STATES for look, _, _ in LOOKS}


def test_the_sheet_is_the_one_that_the_states_make() -> None:
    assert SHEET.read_text("utf-8") == page(), "python -m tests.browser.sheet"


def test_every_state_has_its_pictures_and_no_picture_is_left_over() -> None:
    assert {each.name for each in (IMAGES / "states").glob("*.png")} == WANTED


def test_no_picture_is_large() -> None:
    sizes = {each.name: each.stat().st_size for each in (IMAGES / "states").glob("*.png")}
    assert {name: size for name, size in sizes.items() if not 2_000 < size <= MAX_BYTES} == {}
