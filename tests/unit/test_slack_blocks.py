"""Block Kit of a message: what it shows, Slack's limits, and that nobody's text becomes anything but text."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cutover.errors import ConfigurationError
from cutover.messaging.message import Button, Message, Row
from cutover.messaging.slack_blocks import MAX_BLOCKS, blocks, fallback
from cutover.messaging.slack_text import bold, fitted, one_line, plain, size

URL = "https://page.example.com/approvals/abc"
ASKED = Message(
    stage="asked",
    headline="Approve service 4.2.0 to production, Sat 21 Nov 2026, 22:00 to 23:00 CET?",
    lead="Erin, you are asked as release engineering.",
    preview="3 values differ from revision 1",
    rows=(Row("Queue", "deploy.fifo\naccount 1"), Row("Digest", "sha256:1"), Row("What changed", "a\nb & <c>\nd\ne")),
    buttons=(Button("Open and decide", URL),),
    waiting_url="https://page.example.com/waiting/w",
    cutover="service@production.1",
    revision=2,
)
CLOSED = replace(ASKED, stage="closed", lead="Decided by Omar: nothing to do.")
HOSTILE = (
    "<!channel> <!here> <@U12345678> <#C1|general> <https://evil.example|Open and decide> &lt;!everyone&gt; @channel "
    "*bold* _it_ ~no~ `x` :rotating_light: > quoted"
)
anything = st.text(max_size=200) | st.text("<>&!@#|*_~`:\n\u202e😀a", max_size=4_000) | st.just(HOSTILE)
lines = anything.map(lambda text: " ".join(text.split()))
messages = st.builds(
    Message,
    stage=st.sampled_from(["asked", "reminded", "closed"]),
    headline=lines, lead=anything, preview=lines,
    rows=st.lists(st.builds(Row, label=lines, text=anything), max_size=60).map(tuple),
    asked=st.lists(lines, max_size=20).map(tuple),
    buttons=st.lists(st.builds(Button, label=lines, url=st.just(URL)), max_size=90).map(tuple),
    waiting_url=st.none() | st.just(URL), calendar_url=st.none() | st.just(URL),
    cutover=lines, revision=st.integers(0, 999),
)  # fmt: skip


def texts(value: Any) -> Iterator[dict[str, Any]]:
    """Every text object in there."""
    if isinstance(value, dict):
        if value.get("type") in {"plain_text", "mrkdwn"}:
            yield value
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def buttons(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for block in made if block["type"] == "actions" for each in block["elements"]]


def shown(made: list[dict[str, Any]]) -> list[str]:
    return [html.unescape(each["text"]) for each in texts(made)]


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


# What it shows.


def test_a_question_shows_its_summary_and_opens_the_page() -> None:
    made = blocks(ASKED)
    assert shown(made)[:3] == [ASKED.headline, ASKED.lead, ASKED.preview]
    assert [text for row in ASKED.rows for text in (f"*{row.label}*", row.text)] == shown(made)[3:9]
    assert [each["url"] for each in buttons(made)] == [URL, ASKED.waiting_url]
    assert [each.get("style") for each in buttons(made)] == ["primary", None]
    assert "service@production.1, revision 2" in shown(made)[-1]
    assert "decides nothing" in shown(made)[-1]


def test_short_values_stand_beside_their_labels_and_long_ones_below() -> None:
    made = blocks(ASKED)
    (beside,) = [block["fields"] for block in made if "fields" in block]
    assert [each["text"] for each in beside] == ["*Queue*", "deploy.fifo\naccount 1", "*Digest*", "sha256:1"]
    assert made[5]["text"]["text"] == "a\nb &amp; &lt;c&gt;\nd\ne"


def test_a_channel_names_who_is_asked() -> None:
    made = blocks(replace(ASKED, asked=("Erin Low", "Omar <Diaz>"), buttons=(), waiting_url=None))
    assert "Erin Low, Omar <Diaz>" in shown(made)
    assert buttons(made) == []
    assert "has a message of their own" in shown(made)[-1]


@pytest.mark.parametrize("stage", ["asked", "reminded"])
def test_only_what_is_closed_has_no_button(stage: Any) -> None:
    assert buttons(blocks(replace(CLOSED, stage=stage)))
    assert buttons(blocks(CLOSED)) == []
    assert URL not in json.dumps(blocks(CLOSED))
    assert "decides nothing" not in shown(blocks(CLOSED))[-1]


def test_what_is_closed_begins_with_what_became_of_it() -> None:
    closed = blocks(replace(CLOSED, rows=()))
    assert shown(closed) == [CLOSED.lead, CLOSED.headline, "service@production.1, revision 2"]
    assert [each["type"] for each in closed] == ["section", "context", "context"]
    assert len(blocks(replace(CLOSED, rows=(), cutover=""))) == 2


def test_a_notification_has_the_headline_and_no_link() -> None:
    assert fallback(ASKED) == f"{ASKED.headline} {ASKED.preview}"
    assert "<!channel>" not in fallback(replace(ASKED, preview="<!channel>"))


def test_a_link_that_slack_cannot_hold_is_the_deployment_s_fault() -> None:
    with pytest.raises(ConfigurationError) as caught:
        blocks(replace(ASKED, buttons=(Button("Open", "https://page.example.com/" + "x" * 2_000),)))
    assert "xxx" not in str(caught.value)


def test_what_does_not_fit_is_said_to_be_on_the_page() -> None:
    whole = blocks(replace(ASKED, rows=(Row("Reason", "r" * 1_500),)))
    cut = blocks(replace(ASKED, rows=(Row("Reason", "r" * 1_501),)))
    many = blocks(replace(ASKED, rows=tuple(Row("Reason", "r" * 1_500) for _ in range(6))))
    assert ["The page shows all of it" in " ".join(shown(each)) for each in (whole, cut, many)] == [False, True, True]


# Slack's limits, and nobody's markup.


@given(messages)
def test_every_message_is_within_slack_s_limits(message: Message) -> None:
    made = blocks(message)
    assert 0 < len(made) <= MAX_BLOCKS
    assert sum(utf16(each["text"]) for each in texts(made)) <= 32_000
    for block in made:
        assert len(block.get("fields", ())) <= 10
        assert len(block.get("elements", ())) <= (25 if block["type"] == "actions" else 10)
        assert block["type"] != "actions" or block["elements"]
        if block["type"] == "header":
            assert utf16(block["text"]["text"]) <= 150
        assert all(utf16(each["text"]) <= 2_000 for each in block.get("fields", ()))
    assert all(0 < utf16(each["text"]) <= 3_000 for each in texts(made))
    assert all(utf16(each["text"]["text"]) <= 75 and len(each["url"]) <= 2_000 for each in buttons(made))
    ids = [each["action_id"] for each in buttons(made)]
    assert len(set(ids)) == len(ids)
    assert utf16(fallback(message)) <= 3_000


@given(messages)
@example(
    replace(ASKED, headline=HOSTILE, lead=HOSTILE, preview=HOSTILE, rows=(Row(HOSTILE, HOSTILE),), asked=(HOSTILE,))
)
def test_no_text_of_anybody_is_markup(message: Message) -> None:
    """No control character of Slack's stands alone anywhere, and ``mrkdwn`` holds our own labels only."""
    every = [*texts(blocks(message)), {"type": "plain_text", "text": fallback(message), "emoji": False}]
    for each in every:
        assert not re.search(r"[<>]|&(?!(?:amp|lt|gt);)", each["text"])
        if each["type"] == "mrkdwn":
            assert re.fullmatch(r"\*[A-Za-z0-9 ,.()/'-]+\*", each["text"])
            assert each["verbatim"] is True
        else:
            assert each["emoji"] is False


@given(anything, st.integers(10, 300))
def test_a_text_is_cut_between_characters_never_within_an_escape(text: str, limit: int) -> None:
    made = fitted(text, limit)
    assert utf16(made) <= limit
    if size(text) <= limit:
        assert html.unescape(made) == text or "&" in text  # a text may itself hold an entity
        assert made.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text
    else:
        back = made.removesuffix("…").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        assert text.startswith(back)
        assert made.endswith("…")


@pytest.mark.parametrize("label", ["*x*", "<!here>", "a:fire:", "_x_", "`x`", "a\nb", "~", "ü"])
def test_a_label_that_could_be_markup_is_plain(label: str) -> None:
    assert bold(label)["type"] == "plain_text"


@pytest.mark.parametrize("nothing", ["", " ", "\n\t"])
def test_nothing_is_a_dash_because_slack_takes_no_empty_text(nothing: str) -> None:
    assert plain(nothing)["text"] == "\N{EN DASH}"
    assert bold(nothing)["text"] == "\N{EN DASH}"


def test_a_value_cannot_pass_for_further_lines() -> None:
    assert one_line("hello\nApproved by: everybody\r\n\u2028x") == "hello ⏎ Approved by: everybody ⏎ x"
    headline = blocks(replace(ASKED, headline="a\nb"))[0]["text"]["text"]
    assert headline == "a ⏎ b"
