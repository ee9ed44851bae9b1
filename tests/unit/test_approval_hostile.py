"""Text that others wrote, on the page: shown, bounded, and unable to do or hide anything."""

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutover.domain.legible import legible, runs
from cutover.pages.rendering import neutralised
from tests.approving import World

ATTACKS = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "attribute": "\" onfocus=alert(1) autofocus x='",
    "entity": "&lt;b&gt;&#x3c;script&#x3e;",
    "template": "{{ 7*7 }}{% include '/etc/passwd' %}${7*7}",
    "bidi": "approve \u202egnp.exe\u2066\u2069",
    "zero-width": "pay\u200bments\u200d\ufeff\u2060",
    "fillers": "\u3164\u115f\u2800\u00a0\u00ad",
    "zalgo": "e" + "\u0301" * 200,
    "tags": "\U000e0041\U000e0042",
    "lines": "one\n\n\ttwo",
    "long": "x" * 4_000,
}


def altered(text: str) -> World:
    def change(bundle: dict[str, Any]) -> dict[str, Any]:
        line = text.replace("\n", " ").replace("\t", " ")[:500]
        bundle["release"]["rationale"]["value"] = text
        bundle["release"]["version"]["value"] = line
        bundle["change"]["title"]["value"] = line
        bundle["change"]["risk"]["value"] = line
        bundle["rollback"]["criteria"][0]["value"] = text
        bundle["components"][0]["provenance"]["builder"]["value"] = line
        bundle["waivers"][0]["reason"]["value"] = text
        return bundle

    return World({"bundle": change})


class Reader(HTMLParser):
    """A page as a browser takes it: its elements, its attributes, and the text that people see."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.seen = ""
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside != "style":
            self.seen += data


@pytest.fixture(scope="module")
def plain() -> Reader:
    """The page of a release in which nobody wrote anything odd."""
    world = World()
    return Reader(world.get(world.link()).body)


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_hostile_text_is_inert_on_the_page(name: str, plain: Reader) -> None:
    world = altered(ATTACKS[name])
    page = Reader(world.get(world.link()).body)
    assert page.elements <= plain.elements | {"span"}
    assert page.attributes <= plain.attributes
    assert all(character.isprintable() or character in "\n\t" for character in page.seen)
    shown = "".join(run.text for run in runs(ATTACKS[name]))
    assert shown in page.seen, "what was written can be read, with its hidden characters named"


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_hostile_words_can_still_be_approved_as_they_are(name: str) -> None:
    world = altered(ATTACKS[name])
    assert world.decide(world.link()).status == 303
    answers = world.statements()[0].predicate.answers
    assert answers is not None
    assert answers.risk_class == world.package.bundle.model_dump()["change"]["risk"]["value"]


def test_a_reason_is_shown_to_others_inert() -> None:
    world = World()
    world.decide(world.link(), "refuse", reason="<script>alert(1)</script>\u202eno")
    body = world.get(world.link("omar", "operations")).body
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    assert '<span class="char">U+202E</span>' in body
    assert "\u202e" not in body


@given(st.text())
def test_nothing_is_lost_when_text_is_made_legible(text: str) -> None:
    back = "".join(chr(int(run.text.replace("U+", "0x"), 0)) if run.escaped else run.text for run in runs(text))
    assert back == text


@given(st.text())
def test_what_is_shown_holds_no_markup_and_no_control(text: str) -> None:
    shown = str(neutralised(text)).replace('<span class="char">', "").replace("</span>", "")
    assert "<" not in shown
    assert '"' not in shown
    assert all(character.isprintable() or character in "\n\t" for character in shown)


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=60))
def test_ordinary_writing_is_left_alone(text: str) -> None:
    hidden: Callable[[str], bool] = lambda character: character in "\u115f\u1160\u3164\uffa0\u2800"  # noqa: E731
    if not any(hidden(character) for character in text):
        assert legible(text) == text


def test_marks_pile_up_only_so_far() -> None:
    assert legible("e" + "\u0301" * 5).count("U+0301") == 2
