"""The posted form: its own fields, its own origin, every answer; each fault named, and nothing recorded."""

from datetime import timedelta

import pytest

from tests.approving import World
from tests.builders import CUTOVER, REVISION

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"digest": "00000000"}, "DIGEST_DIFFERS"),
        ({"digest": ""}, "DIGEST_DIFFERS"),
        ({"digest": None}, "DIGEST_DIFFERS"),
        ({"intent": None}, "ANSWERS_MISSING"),
        ({"rollback": None}, "ANSWERS_MISSING"),
        ({"timing": None}, "ANSWERS_MISSING"),
        ({"destination": None}, "ANSWERS_MISSING"),
        ({"risk": None}, "ANSWERS_MISSING"),
        ({"risk": "low"}, "RISK_CLASS_DIFFERS"),
        ({"intent": "no"}, "FORM_MALFORMED"),
        ({"decision": "postpone"}, "FORM_MALFORMED"),
        ({"decision": None}, "FORM_MALFORMED"),
        ({"verdict": "go"}, "FORM_FIELD_UNKNOWN"),
        ({"nonce": ""}, "FORM_NOT_OURS"),
        ({"nonce": None}, "FORM_NOT_OURS"),
        ({"reason": "x" * 2001}, "REASON_TOO_LONG"),
        ({"reason": "bell \x07"}, "REASON_UNREADABLE"),
    ],
)
def test_a_faulty_approval_is_named_and_records_nothing(
    world: World, changes: dict[str, str | None], code: str
) -> None:
    link = world.link()
    form = dict(world.form(link)) | changes
    answer = world.post(link, [(name, value) for name, value in form.items() if value is not None])
    assert answer.code == code
    assert 400 <= answer.status < 500
    assert world.record.decisions == ()


def test_an_exception_that_is_not_confirmed_is_missing(world: World) -> None:
    link = world.link()
    form = [(name, value) for name, value in world.form(link) if name != "exception"]
    assert world.post(link, form).code == "ANSWERS_MISSING"


def test_an_exception_that_nobody_asked_about_is_refused(world: World) -> None:
    link = world.link()
    form = [*world.form(link), ("exception", "sha256:" + "0" * 64)]
    assert world.post(link, form).code == "EXCEPTIONS_DIFFER"


@pytest.mark.parametrize("reason", [None, "", " \r\n "])
def test_a_refusal_without_a_reason_is_refused(world: World, reason: str | None) -> None:
    answer = world.decide(world.link(), "refuse", reason=reason)
    assert (answer.status, answer.code) == (422, "REASON_MISSING")
    assert not world.store.has_tombstone(CUTOVER, REVISION)


def test_a_refusal_needs_the_digest_too(world: World) -> None:
    """Or a scanner that fills in and submits every form could end a release."""
    assert world.decide(world.link(), "refuse", digest="").code == "DIGEST_DIFFERS"


def test_what_was_entered_is_kept_when_the_page_comes_back(world: World) -> None:
    answer = world.decide(world.link(), "refuse", digest="ffffffff", reason='It is "late" </textarea>')
    assert "It is &#34;late&#34; &lt;/textarea&gt;" in answer.body
    assert "<details open>" in answer.body
    again = world.decide(world.link(), digest="ffffffff")
    assert again.body.count("required checked>") == 6
    assert again.field("nonce") != ""


def test_a_form_that_was_open_too_long_can_be_sent_again(world: World) -> None:
    link = world.link()
    form = world.form(link)
    world.clock.move(timedelta(hours=1))
    answer = world.post(link, form)
    assert (answer.status, answer.code) == (422, "FORM_EXPIRED")
    fresh = [(name, answer.field("nonce") if name == "nonce" else value) for name, value in form]
    assert world.post(link, fresh).status == 303


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"origin": "https://evil.example"}, "FORM_CROSS_SITE"),
        ({"origin": "http://page.example.com"}, "FORM_CROSS_SITE"),
        ({"origin": "null"}, "FORM_CROSS_SITE"),
        ({"sec-fetch-site": "cross-site"}, "FORM_CROSS_SITE"),
        ({"sec-fetch-site": "same-site"}, "FORM_CROSS_SITE"),
        ({"sec-fetch-site": "cross-site", "origin": "https://page.example.com"}, "FORM_CROSS_SITE"),
        ({"content-type": "text/plain"}, "FORM_WRONG_TYPE"),
        ({"content-type": "multipart/form-data"}, "FORM_WRONG_TYPE"),
        ({"content-type": "application/json"}, "FORM_WRONG_TYPE"),
    ],
)
def test_a_post_that_is_not_the_pages_own_is_refused(world: World, headers: dict[str, str], code: str) -> None:
    answer = world.post(world.link(), world.form(world.link()), headers)
    assert answer.code == code
    assert world.record.decisions == ()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://page.example.com"},
        {"origin": "https://page.example.com", "sec-fetch-site": "same-origin"},
        {"origin": "null", "sec-fetch-site": "same-origin"},
        {"content-type": f"{FORM}; charset=UTF-8"},
    ],
)
def test_the_pages_own_post_is_taken_as_browsers_send_it(world: World, headers: dict[str, str]) -> None:
    assert world.post(world.link(), world.form(world.link()), headers).status == 303


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"a" * 16_385, "FORM_TOO_LARGE"),
        (b"", "FORM_MALFORMED"),
        (b"decision", "FORM_MALFORMED"),
        (b"decision=approve&decision=refuse", "FORM_MALFORMED"),
        (b"decision=%ff", "FORM_MALFORMED"),
        ("decision=é".encode(), "FORM_MALFORMED"),
        (b"&".join(b"exception=%d" % number for number in range(300)), "FORM_MALFORMED"),
    ],
)
def test_a_body_that_is_no_form_is_refused(world: World, body: bytes, code: str) -> None:
    answer = world.post(world.link(), body)
    assert answer.code == code
    assert 400 <= answer.status < 500
