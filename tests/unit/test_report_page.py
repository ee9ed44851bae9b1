"""The page of a report: it shows what was counted, and whatever others wrote stays text."""

import re
import time
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from cutover.contracts.ledger import LedgerActor, LedgerEngine, LedgerEntry
from cutover_cli.reporting import words
from cutover_cli.reporting.page import GENERATOR, render
from cutover_cli.reporting.report import MOST_TIMELINES, Report, made
from cutover_cli.reporting.timeline import LOOKS, MARKS, RECEIPTS
from tests.building.reported import DIGEST, entry, told
from tests.unit.test_report_counts import NOW, found_in

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>\u202egnp\u200b {{ 7*7 }} https://evil.example/"
AUDIENCE = "cutover:shop:123456789012:eu-central-1:dev"
WAY = (
    ("admitted", "collecting", 0), ("assembled", "verifying", 0.1), ("bound", "bound", 0.2),
    ("approval-requested", "awaiting_approval", 0.3), ("approval-given", "awaiting_approval", 5),
    ("approved", "approved", 6), ("awaiting-window", "awaiting_window", 6.1), ("handing-off", "handing_off", 20),
    ("handed-off", "handed_off", 20.1),
)  # fmt: skip


def page(entries: list[LedgerEntry], *, people: bool = True) -> str:
    return render(made(found_in(entries)), audience=AUDIENCE, made_at=NOW, people=people)


class Elements(HTMLParser):
    """Every element with its attributes, and the text of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile() -> list[LedgerEntry]:
    """Whatever a ledger can hold says something hostile, where a reader that proves nothing would show it."""
    changes: dict[str, Any] = {
        "actor": LedgerActor.model_construct(role=HOSTILE, requester=HOSTILE), "detail": HOSTILE, "result": HOSTILE,
        "engine": LedgerEngine.model_construct(version=HOSTILE, lock=DIGEST),
    }  # fmt: skip
    chain = f"service@production.1{HOSTILE}"
    said = [each.model_copy(update=changes) for each in told(*WAY, ("withdrawn", "withdrawn", 30), chain=chain)]
    strange = entry("held", chain=f"x@{HOSTILE}", to="held", result=HOSTILE, inputs={"hold-register": DIGEST})
    unknown = entry(HOSTILE, chain=f"y@{HOSTILE}", to=HOSTILE)
    refused = entry("refused", chain="admissions.0", to="refused", from_="admitting", result=HOSTILE, revision=None)
    return [*said, strange, unknown, refused]


@pytest.mark.parametrize("people", [True, False])
def test_hostile_text_stays_text(people: bool) -> None:
    html = page(hostile(), people=people)
    elements = Elements(html)
    assert {tag for tag, _ in elements.found}.isdisjoint({"script", "img", "iframe", "object", "link", "form", "base"})
    for tag, attributes in elements.found:
        assert not any(name.startswith("on") for name in attributes), tag
        assert attributes.get("href", "#").startswith("#"), tag  # type: ignore[union-attr]
        assert "src" not in attributes, tag
    assert "<script>" not in html
    assert "\u202e" not in html
    assert "\u200b" not in html
    assert "49" not in re.findall(r"gnp\S*\s*(\d+)", elements.text)
    assert "U+202E" in elements.text


def test_the_page_allows_itself_nothing_but_its_own_style() -> None:
    html = page(told(*WAY))
    policy = next(each["content"] for tag, each in Elements(html).found if each.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "style=" not in html
    assert not re.search(r"url\((?!#)", html)
    assert "http://" not in html
    assert "https://" not in html


def test_a_report_is_known_by_its_beginning() -> None:
    assert GENERATOR in page([])[:2048]


def test_without_people_no_name_and_nobody_s_words() -> None:
    steps = [*WAY[:4], ("approval-given", "awaiting_approval", 5), ("withdrawn", "withdrawn", 9)]
    entries = [each.model_copy(update={"detail": "dana: the outage"}) for each in told(*steps)]
    with_them, without = page(entries), page(entries, people=False)
    assert "dana@ci" in with_them
    assert "dana: the outage" in with_them
    assert "dana" not in without
    assert "the outage" not in without
    assert "No person is named" in without


def test_where_nothing_happened_it_says_no_data() -> None:
    html = page([])
    assert html.count("no data") >= len(words.QUESTIONS)
    assert "<figure>" not in html
    for asked in words.QUESTIONS.values():
        assert asked.empty in html


def test_it_judges_nothing() -> None:
    said = Elements(page(told(*WAY))).text.lower()
    assert not re.search(r"\b(verdict|score|recommend|healthy|good|bad|poor|risk)", said)


def test_what_is_drawn_is_explained() -> None:
    """Every look and every mark has a name; what the page draws stands in its legend, and its shape in the page."""
    assert {*LOOKS.values()} == {*words.LOOKS}
    assert {*MARKS.values(), *RECEIPTS.values()} == {*words.MARKS}
    html = page(told(*WAY))
    shapes = set(re.findall(r'<symbol id="m-([a-z-]+)"', html))
    assert shapes == {*words.MARKS}
    assert f"</svg>{words.MARKS['hand-off']}</li>" in html
    assert f"</svg>{words.MARKS['drift']}</li>" not in html


def test_every_picture_has_a_name_a_description_and_a_table() -> None:
    elements = Elements(page(told(*WAY))).found
    pictures = [each for tag, each in elements if tag == "svg" and each.get("role") == "img"]
    ids = {each.get("id") for _, each in elements}
    assert len(pictures) == 2 + 1  # what was accepted, what was bound, and the one revision
    for each in pictures:
        assert set((each["aria-labelledby"] or "").split()) <= ids
    assert sum(tag == "details" for tag, _ in elements) == 4 + 1 + 1


def test_it_says_what_it_was_made_from() -> None:
    found = found_in(told(*WAY))
    html = page(told(*WAY))
    (head,) = found.heads
    assert (head.chain, head.sequence) == ("service@production.1", len(WAY))
    assert f"<code>{head.entry}</code>" in html
    assert AUDIENCE in html
    assert "2026-04-20T12:00:00Z by cutover" in html


def test_unread_documents_are_told() -> None:
    report = made(found_in([entry("held", to="held", result="SCOPE_CONFLICT", inputs={"hold-register": DIGEST})]))
    assert report.gathered.unread == 1
    html = render(report, audience=AUDIENCE, made_at=NOW, people=True)
    assert "1 documents were too many" in html
    assert "SCOPE_CONFLICT" in html
    assert "owner not read" in html


def test_many_cutovers_are_bounded_and_the_page_says_so() -> None:
    """Ten thousand entries: the newest pictures, everything counted, in a time that people wait."""
    entries = [
        each
        for number in range(1, 1112)
        for each in told(*((event, to, hours + number) for event, to, hours in WAY), chain=f"s@production.{number}")
    ]
    begun = time.process_time()
    found = found_in(entries, since=date(2026, 3, 2), days=None)
    report: Report = made(found)
    html = render(report, audience=AUDIENCE, made_at=NOW, people=True)
    assert time.process_time() - begun < 10  # a second and a half; the rest is for slower machines
    assert found.entries == len(entries) == 9_999
    assert (len(report.timelines), report.left_out) == (MOST_TIMELINES, 911)
    assert "911 older ones are left out" in html
    assert report.questions[0].whole == 1_111
    assert len(html) < 4_000_000


def test_durations_are_said_by_their_two_largest_units() -> None:
    said = {words.lasting(timedelta(seconds=each)) for each in (0, 59, 3_600, 3_660, 90_061)}
    assert said == {"0 s", "59 s", "1 h", "1 h 1 min", "1 d 1 h"}


def test_a_past_span_says_what_it_cannot_know() -> None:
    found = found_in(told(*WAY), until=date(2026, 3, 10))
    assert not found.span.present
    html = render(made(replace(found)), audience=AUDIENCE, made_at=NOW, people=True)
    assert "The end lies in the past" in html
