"""What Slack tells, over the real resolver: what is taken, and every way in which somebody else might tell it."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.signature import Clock as SlackClock
from slack_sdk.signature import SignatureVerifier

from cutover.contracts.people import SlackWorkspace
from cutover.contracts.policy import Facts, SignedReference
from cutover.domain.policy import Policy
from cutover.doors.slack_events import proving
from cutover.doors.slack_events.app import build
from cutover.doors.slack_events.door import Door
from cutover.errors import Conflict, DependencyUnavailable, Refused
from tests.approving import LogLines, http_event, lambda_context
from tests.building.policy import DEPLOYMENT
from tests.fakes.clock import START, FakeClock
from tests.fakes.slack import SECRET, FakeFeedbackQueue, FakeSlackSecrets
from tests.fakes.slack_caller import EVENTS, FORM, INTERACTIONS, JSON, WORKSPACE, SlackCaller, SlackRequest, signature

SLACK = SlackCaller()
REFERENCE = SignedReference(payload="sha256:" + "1" * 64, envelope="sha256:" + "2" * 64)
AT = "2026-03-02T09:00:00Z"


def facts_with(workspace: SlackWorkspace | None) -> Facts:
    facts = DEPLOYMENT.facts()
    people = facts.people | {"erin": facts.people["erin"].model_copy(update={"slack": "U1ERIN"})}
    return facts.model_copy(update={"slack": workspace, "people": people})


@dataclass
class World:
    """The door over fakes, and a guard that remembers as Powertools' table does."""

    clock: FakeClock = field(default_factory=FakeClock)
    secrets: Any = field(default_factory=FakeSlackSecrets)
    queue: FakeFeedbackQueue = field(default_factory=FakeFeedbackQueue)
    log: LogLines = field(default_factory=LogLines)
    facts: Facts = field(default_factory=lambda: facts_with(WORKSPACE))
    remembered: dict[str, str] = field(default_factory=dict)
    failures: int = 0

    def door(self) -> Door:
        return Door(
            clock=self.clock, secrets=self.secrets, policy=self.policy, queue=self.queue, once=self.once, log=self.log,
            failed=self.fail,
        )  # fmt: skip

    def policy(self) -> Policy:
        return Policy(DEPLOYMENT.rules(), self.facts, REFERENCE, REFERENCE)

    def once(self, key: str, action: Callable[[], str]) -> str:
        if key not in self.remembered:
            self.remembered[key] = action()
        return self.remembered[key]

    def fail(self) -> None:
        self.failures += 1

    def send(self, request: SlackRequest) -> dict[str, Any]:
        event = http_event(request.method, request.path, request.body, request.headers)
        return build(self.door).resolve(event, lambda_context())

    def tell(self, request: SlackRequest) -> tuple[int, dict[str, str]]:
        answer = self.send(request)
        assert answer["headers"]["Content-Type"] == "application/json"
        return answer["statusCode"], json.loads(answer["body"])

    @property
    def told(self) -> list[dict[str, str]]:
        return [json.loads(body) for body in self.queue.bodies]


@pytest.fixture
def world() -> World:
    return World()


# What is taken.


def test_an_event_is_on_the_queue_before_it_is_acknowledged(world: World) -> None:
    request = SLACK.event("channel_archive", START, channel="C1RELEASE", user="U1ERIN")
    assert world.tell(request) == (200, {})
    told = {"kind": "slack", "event": "channel_archive", "team": "T1WORKSPACE", "channel": "C1RELEASE", "at": AT}
    assert world.told == [told | {"user": "U1ERIN"}]
    world.queue.down = True
    assert world.tell(SLACK.event("channel_archive", START, channel="C2")) == (503, {"reason": "UNAVAILABLE"})
    assert world.failures == 1


KINDS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "app_uninstalled": ({}, {}),
    "tokens_revoked": ({"tokens": {"oauth": ["U1"], "bot": ["U0BOT"]}}, {}),
    "channel_deleted": ({"channel": "C1RELEASE"}, {"channel": "C1RELEASE"}),
    "channel_rename": ({"channel": {"id": "C1RELEASE", "name": "s3cr3t"}}, {"channel": "C1RELEASE"}),
    "user_change": ({"user": {"id": "U1ERIN", "deleted": False, "real_name": "s3cr3t"}}, {"user": "U1ERIN"}),
    "message": ({"text": "s3cr3t", "channel": "D1ERIN", "user": "U1ERIN"}, {"channel": "D1ERIN", "user": "U1ERIN"}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_only_kinds_and_ids_are_kept(world: World, kind: str) -> None:
    event, ids = KINDS[kind]
    assert world.tell(SLACK.event(kind, START, **event))[0] == 200
    assert world.told == [{"kind": "slack", "event": kind, "team": "T1WORKSPACE", "at": AT, **ids}]


def test_an_account_that_ended_has_a_name_of_its_own(world: World) -> None:
    world.tell(SLACK.event("user_change", START, user={"id": "U1ERIN", "deleted": True}))
    assert [(each["event"], each["user"]) for each in world.told] == [("user_deactivated", "U1ERIN")]


def test_what_is_no_name_and_no_id_is_left_out(world: World) -> None:
    odd = "<!channel>\n" * 9
    world.tell(SLACK.event(odd, START, channel=odd, user=["U1ERIN"]))
    assert world.told == [{"kind": "slack", "event": "unknown", "team": "T1WORKSPACE", "at": AT}]


def test_the_time_is_when_it_happened(world: World) -> None:
    world.tell(SLACK.event("app_uninstalled", START, happened=START - timedelta(hours=2)))
    assert world.told[0]["at"] == "2026-03-02T07:00:00Z"
    for odd in (-1, 2**62, "1", True, None, 1.5):
        body = {"type": "event_callback", "team_id": SLACK.team, "api_app_id": SLACK.app, "event_time": odd}
        world.tell(SLACK.request(EVENTS, json.dumps(body).encode(), START))
    assert {each["at"] for each in world.told[1:]} == {AT}


def test_a_pressed_button_is_kept_as_told_without_what_it_brings(world: World) -> None:
    assert world.tell(SLACK.pressed("U1ERIN", START)) == (200, {})
    told = {"kind": "slack", "event": "block_actions", "team": "T1WORKSPACE", "channel": "D1ERIN", "user": "U1ERIN"}
    assert world.told == [told | {"at": AT}]
    assert "s3cr3t" not in json.dumps(world.log.lines)


def test_slack_s_question_about_the_address_is_answered_and_kept_nowhere(world: World) -> None:
    world.facts = facts_with(None)  # before the facts can name the app
    request = SLACK.challenge(START)
    assert world.tell(request) == (200, {"challenge": json.loads(request.body)["challenge"]})
    assert world.told == []


def test_the_same_event_told_twice_is_the_same_message(world: World) -> None:
    """Slack tells again what was not acknowledged, at another time under another signature."""
    for seconds in (0, 60):
        world.clock.move(timedelta(seconds=seconds))
        assert world.tell(SLACK.event("app_uninstalled", world.clock.now(), happened=START))[0] == 200
    assert len(set(world.queue.bodies)) == 1


def test_of_an_organisation_any_workspace_is_its_own(world: World) -> None:
    world.facts = facts_with(WORKSPACE.model_copy(update={"team": "E1ORG"}))
    body = {"type": "event_callback", "team_id": "T9", "enterprise_id": "E1ORG", "api_app_id": SLACK.app, "event": {}}
    assert world.tell(SLACK.request(EVENTS, json.dumps(body).encode(), START))[0] == 200
    press = SLACK.pressed("U1ERIN", START, enterprise={"id": "E1ORG"}, team={"id": "T9"})
    assert world.tell(press)[0] == 200
    other = json.dumps(body | {"enterprise_id": "E2", "team_id": "E1ORG"}).encode()
    assert world.tell(SLACK.request(EVENTS, other, START)) == (403, {"reason": "WRONG_TEAM"})


# Who else might tell it.

UNSIGNED = SLACK.event("app_uninstalled", START)
STAMP = UNSIGNED.headers["x-slack-request-timestamp"]
SHA = UNSIGNED.headers["x-slack-signature"]
OLD, NEW = START - timedelta(seconds=301), START + timedelta(seconds=301)
ATTACKS: dict[str, tuple[SlackRequest, int, str]] = {
    "no signature": (UNSIGNED.with_headers(x_slack_signature=None), 401, "SIGNATURE_MISSING"),
    "a signature of another version": (
        UNSIGNED.with_headers(x_slack_signature="v1" + SHA[2:]), 401, "SIGNATURE_MISSING",
    ),
    "a short signature": (UNSIGNED.with_headers(x_slack_signature=SHA[:-1]), 401, "SIGNATURE_MISSING"),
    "two signatures": (UNSIGNED.with_headers(x_slack_signature=f"{SHA},{SHA}"), 401, "SIGNATURE_MISSING"),
    "a signature in capitals": (UNSIGNED.with_headers(x_slack_signature=SHA.upper()), 401, "SIGNATURE_MISSING"),
    "a signature beyond ASCII": (UNSIGNED.with_headers(x_slack_signature=SHA[:-1] + "é"), 401, "SIGNATURE_MISSING"),
    "another secret": (replace(SLACK, secret="f" * 32).event("app_uninstalled", START), 401, "SIGNATURE_WRONG"),
    "an empty secret": (replace(SLACK, secret="").event("app_uninstalled", START), 401, "SIGNATURE_WRONG"),
    "another body": (UNSIGNED.with_body(UNSIGNED.body.replace(b"Ev1", b"Ev2")), 401, "SIGNATURE_WRONG"),
    "a body with white space": (UNSIGNED.with_body(UNSIGNED.body + b" "), 401, "SIGNATURE_WRONG"),
    "an empty body": (UNSIGNED.with_body(b""), 401, "SIGNATURE_WRONG"),
    "another time": (
        UNSIGNED.with_headers(x_slack_request_timestamp=str(int(STAMP) + 1)), 401, "SIGNATURE_WRONG",
    ),
    "the same time with a zero": (UNSIGNED.with_headers(x_slack_request_timestamp="0" + STAMP), 401, "SIGNATURE_WRONG"),
    "no time": (UNSIGNED.with_headers(x_slack_request_timestamp=None), 401, "TIMESTAMP_MISSING"),
    "two times": (UNSIGNED.with_headers(x_slack_request_timestamp=f"{STAMP},{STAMP}"), 401, "TIMESTAMP_MISSING"),
    "a time in words": (UNSIGNED.with_headers(x_slack_request_timestamp="now"), 401, "TIMESTAMP_MISSING"),
    "a time in other digits": (UNSIGNED.with_headers(x_slack_request_timestamp="\u0661"), 401, "TIMESTAMP_MISSING"),
    "a negative time": (UNSIGNED.with_headers(x_slack_request_timestamp="-1"), 401, "TIMESTAMP_MISSING"),
    "a long time": (UNSIGNED.with_headers(x_slack_request_timestamp="9" * 99), 401, "TIMESTAMP_MISSING"),
    "the end of time": (UNSIGNED.with_headers(x_slack_request_timestamp="9" * 11), 401, "TIMESTAMP_OUT_OF_RANGE"),
    "an old one": (SLACK.event("app_uninstalled", OLD), 401, "TIMESTAMP_OUT_OF_RANGE"),
    "one of the future": (SLACK.event("app_uninstalled", NEW), 401, "TIMESTAMP_OUT_OF_RANGE"),
    "an old challenge": (SLACK.challenge(OLD), 401, "TIMESTAMP_OUT_OF_RANGE"),
    "a challenge of somebody else": (replace(SLACK, secret="f" * 32).challenge(START), 401, "SIGNATURE_WRONG"),
    "a challenge with markup": (SLACK.challenge(START, "<script> alert(1)"), 400, "BODY_UNREADABLE"),
    "no challenge": (SLACK.challenge(START, ""), 400, "BODY_UNREADABLE"),
    "another team": (replace(SLACK, team="T2OTHER").event("app_uninstalled", START), 403, "WRONG_TEAM"),
    "no team": (replace(SLACK, team="").event("app_uninstalled", START), 403, "WRONG_TEAM"),
    "another app": (replace(SLACK, app="A2OTHER").event("app_uninstalled", START), 403, "WRONG_APP"),
    "a button in another team": (replace(SLACK, team="T2OTHER").pressed("U1ERIN", START), 403, "WRONG_TEAM"),
    "a button of another app": (replace(SLACK, app="A2OTHER").pressed("U1ERIN", START), 403, "WRONG_APP"),
    "a button, and a stranger": (SLACK.pressed("U9STRANGER", START), 403, "PERSON_UNKNOWN"),
    "a button, and nobody": (SLACK.pressed("U1ERIN", START, user=None), 403, "PERSON_UNKNOWN"),
    "a button as an event": (
        SLACK.request(EVENTS, SLACK.pressed("U1ERIN", START).body, START), 400, "BODY_UNREADABLE",
    ),
    "an event as a button": (SLACK.request(INTERACTIONS, UNSIGNED.body, START), 400, "BODY_UNREADABLE"),
    "two payloads": (SLACK.request(INTERACTIONS, b"payload={}&payload={}", START), 400, "BODY_UNREADABLE"),
    "no payload": (SLACK.request(INTERACTIONS, b"x=1", START), 400, "BODY_UNREADABLE"),
    "many fields": (SLACK.request(INTERACTIONS, b"a=1&" * 9 + b"payload={}", START), 400, "BODY_UNREADABLE"),
    "bytes as a form": (SLACK.request(INTERACTIONS, b"payload=\xff", START), 400, "BODY_UNREADABLE"),
    "bytes as JSON": (SLACK.request(EVENTS, b"\xff\xfe", START), 400, "BODY_UNREADABLE"),
    "a list": (SLACK.request(EVENTS, b"[]", START), 400, "BODY_UNREADABLE"),
    "deep JSON": (SLACK.request(EVENTS, b'{"a":' * 5_000 + b"1" + b"}" * 5_000, START), 400, "BODY_UNREADABLE"),
    "a large body": (
        SLACK.request(EVENTS, UNSIGNED.body.ljust(proving.MAX_BODY + 1), START), 413, "BODY_TOO_LARGE",
    ),
    "a form as JSON": (UNSIGNED.with_headers(content_type=FORM), 415, "CONTENT_TYPE_WRONG"),
    "a button as JSON": (
        SLACK.pressed("U1ERIN", START).with_headers(content_type=JSON), 415, "CONTENT_TYPE_WRONG",
    ),
    "plain text": (UNSIGNED.with_headers(content_type="text/plain"), 415, "CONTENT_TYPE_WRONG"),
    "no content type": (UNSIGNED.with_headers(content_type=None), 415, "CONTENT_TYPE_WRONG"),
    "two content types": (UNSIGNED.with_headers(content_type=f"{JSON}, {JSON}"), 415, "CONTENT_TYPE_WRONG"),
    **{f"{method} instead": (replace(UNSIGNED, method=method), 404, "NOT_FOUND") for method in ("GET", "HEAD", "PUT")},
    "another path": (replace(UNSIGNED, path="/slack/events/x"), 404, "NOT_FOUND"),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_nobody_else_s_word_is_taken(world: World, attack: str) -> None:
    request, status, reason = ATTACKS[attack]
    answer = world.send(request)
    assert (answer["statusCode"], json.loads(answer["body"])) == (status, {"reason": reason})
    assert answer["headers"]["x-slack-no-retry"] == "1"
    assert world.told == []
    assert world.remembered == {}
    assert world.failures == 0


def test_without_the_attack_it_is_taken(world: World) -> None:
    """So that the test above is about the attack."""
    for request in (UNSIGNED, SLACK.pressed("U1ERIN", START)):
        assert world.tell(request)[0] == 200
    charset = UNSIGNED.with_headers(content_type="Application/JSON; charset=utf-8")
    assert world.tell(charset) == (403, {"reason": "REPLAYED"})
    limit = SLACK.request(EVENTS, UNSIGNED.body.ljust(proving.MAX_BODY), START)
    assert world.tell(limit)[0] == 200


def test_where_the_facts_name_no_workspace_nobody_is_believed(world: World) -> None:
    world.facts = facts_with(None)
    assert world.tell(UNSIGNED) == (403, {"reason": "NOT_CONFIGURED"})
    assert world.told == []


# Again.


@pytest.mark.parametrize("request_", [UNSIGNED, SLACK.pressed("U1ERIN", START)], ids=["event", "button"])
def test_a_request_is_taken_once(world: World, request_: SlackRequest) -> None:
    assert world.tell(request_)[0] == 200
    world.clock.move(timedelta(seconds=300))
    assert world.tell(request_) == (403, {"reason": "REPLAYED"})
    world.clock.move(timedelta(seconds=1))
    assert world.tell(request_) == (401, {"reason": "TIMESTAMP_OUT_OF_RANGE"})
    assert len(world.told) == 1


def test_what_was_not_stored_may_come_again(world: World) -> None:
    world.queue.down = True
    assert world.tell(UNSIGNED)[0] == 503
    world.queue.down = False
    assert world.tell(UNSIGNED)[0] == 200
    assert len(world.told) == 1


class _Meanwhile(World):
    """The same request is being taken by another invocation."""

    def once(self, key: str, action: Callable[[], str]) -> str:
        raise Conflict("request")


def test_the_same_request_at_the_same_moment_is_one() -> None:
    world = _Meanwhile()
    assert world.tell(UNSIGNED) == (403, {"reason": "REPLAYED"})
    assert world.told == []


# What is no fault of the request.


class _Missing:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def get(self, *, fresh: bool = False) -> Any:
        raise self._error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Refused("SLACK_SECRET_MISSING", "there is no secret s3cr3t"), "SLACK_SECRET_MISSING"),
        (DependencyUnavailable("GetSecretValue: s3cr3t"), "UNAVAILABLE"),
        (RuntimeError("s3cr3t"), "UNAVAILABLE"),
    ],
)
def test_slack_is_to_tell_again_what_we_could_not_look_at(world: World, error: Exception, reason: str) -> None:
    world.secrets = _Missing(error)
    answer = world.send(UNSIGNED)
    assert (answer["statusCode"], json.loads(answer["body"])) == (503, {"reason": reason})
    assert "x-slack-no-retry" not in answer["headers"]
    assert world.failures == 1
    assert "s3cr3t" not in json.dumps(world.log.lines)


def test_what_the_gateway_cannot_have_sent_is_unreadable(world: World) -> None:
    event = http_event("POST", EVENTS, b"x", UNSIGNED.headers) | {"body": "no base64!"}
    assert build(world.door).resolve(event, lambda_context())["statusCode"] == 400


def test_a_body_that_is_not_encoded_is_signed_as_it_is(world: World) -> None:
    event = http_event("POST", EVENTS, UNSIGNED.body, UNSIGNED.headers)
    event |= {"body": base64.b64decode(event["body"]).decode(), "isBase64Encoded": False}
    assert build(world.door).resolve(event, lambda_context())["statusCode"] == 200


def test_the_log_has_kinds_and_reasons_only(world: World) -> None:
    for request in (UNSIGNED, UNSIGNED, SLACK.pressed("U1ERIN", START), ATTACKS["another secret"][0]):
        world.tell(request)
    named = [(each["result"], each.get("decision"), each.get("reason")) for each in world.log.lines]
    assert named == [
        ("succeeded", "app_uninstalled", None), ("failed", "app_uninstalled", "REPLAYED"),
        ("succeeded", "block_actions", None), ("failed", None, "SIGNATURE_WRONG"),
    ]  # fmt: skip
    assert {name for each in world.log.lines for name in each} == {
        "event_name", "external_ref", "result", "decision", "reason",
    }  # fmt: skip


# As Slack's own SDK does it.


class _At(SlackClock):
    def now(self) -> float:
        return START.timestamp()


@given(body=st.text(max_size=200), seconds=st.integers(-400, 400), altered=st.booleans())
def test_the_sdk_believes_the_same_requests(body: str, seconds: int, altered: bool) -> None:
    stamp = str(int(START.timestamp()) + seconds)
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": signature(body.encode(), stamp)}
    request = proving.Request(path=EVENTS, headers=headers, body=(body + "x" * altered).encode(), id="1")
    try:
        proving.sent_at(request, now=START)
        proving.prove(request, signing_secret=SECRET.signing_secret)
        ours = True
    except Refused:
        ours = False
    assert ours == SignatureVerifier(SECRET.signing_secret, _At()).is_valid(
        request.body, stamp, headers["x-slack-signature"]
    )


def test_an_example_of_slack_s_own() -> None:
    """From docs.slack.dev, Verifying requests from Slack."""
    body = {
        "token": "xyzz0WbapA4vBCDEFasx0q6G", "team_id": "T1DC2JH3J", "team_domain": "testteamnow",
        "channel_id": "G8PSS9T3V", "channel_name": "foobar", "user_id": "U2CERLKJA", "user_name": "roadrunner",
        "command": "/webhook-collect", "text": "",
        "response_url": "https://hooks.slack.com/commands/T1DC2JH3J/397700885554/96rGlfmibIGlgcZRskXaIFfN",
        "trigger_id": "398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
    }  # fmt: skip
    wanted = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    assert signature(urlencode(body).encode(), "1531420618", "8f742231b10e8888abcd99yyyzzz85a5") == wanted
