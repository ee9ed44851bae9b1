"""Messages in Slack: the calls that are made, over HTTP to a Slack on loopback, and what its answers become."""

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cutover.adapters.slack_messages import REST, SlackMessages
from cutover.errors import CutoverError, DependencyUnavailable, Refused
from cutover.messaging.message import Button, Message, Row
from cutover.messaging.slack_blocks import blocks, fallback
from cutover.ports import SlackSecret
from tests.fakes.clock import FakeClock
from tests.fakes.slack import SECRET, FakeSlack, FakeSlackSecrets
from tests.fakes.slack_limits import mentions
from tests.fakes.slack_server import Planned, SlackServer, Workspace

LINK = "https://page.example.com/approvals/s3cr3t-link"
ASKED = Message(
    stage="asked", headline="Approve service 4.2.0?", lead="Erin, you are asked.", preview="<!channel> & more",
    rows=(Row("Queue", "deploy.fifo"),), buttons=(Button("Open and decide", LINK),), cutover="service@production.1",
    revision=1,
)  # fmt: skip
CLOSED = replace(ASKED, stage="closed", lead="Decided: nothing to do.")
CHANNEL, PERSON = "C1RELEASE", "U1ERIN"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with SlackServer() as serving:
        yield serving


@pytest.fixture
def workspace(server: SlackServer) -> Workspace:
    return server.workspace


@pytest.fixture
def secrets() -> FakeSlackSecrets:
    return FakeSlackSecrets()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def slack(server: SlackServer, secrets: FakeSlackSecrets, clock: FakeClock) -> SlackMessages:
    return SlackMessages(secrets, clock=clock, base_url=server.url)


# The calls.


@pytest.mark.parametrize("conversation", [CHANNEL, PERSON])
def test_a_message_is_posted_as_it_is_and_edited_where_it_stands(
    slack: SlackMessages, workspace: Workspace, conversation: str
) -> None:
    reference = slack.post(conversation, ASKED)
    (posted,) = workspace.shown(conversation)
    assert reference == posted.reference
    assert (posted.text, posted.blocks, posted.urls) == (fallback(ASKED), blocks(ASKED), [LINK])
    slack.edit(reference, CLOSED)
    (edited,) = workspace.shown(conversation)
    assert (edited.text, edited.blocks, edited.urls, edited.edits) == (fallback(CLOSED), blocks(CLOSED), [], 1)
    assert LINK not in json.dumps(edited.blocks)


def test_what_is_sent_lets_slack_add_nothing(slack: SlackMessages, workspace: Workspace) -> None:
    """No previews of links, and no names or addresses made into links: chat.update would, unless told."""
    slack.edit(slack.post(CHANNEL, ASKED), CLOSED)
    posting, editing = workspace.calls
    assert (posting.method, editing.method) == ("chat.postMessage", "chat.update")
    assert (posting.arguments["unfurl_links"], posting.arguments["unfurl_media"]) == (False, False)
    for call in workspace.calls:
        assert (call.arguments["parse"], call.arguments["link_names"]) == ("none", False)
        assert call.token == SECRET.token
        assert call.headers["Content-Type"] == "application/json;charset=utf-8"
        assert list(mentions(call.arguments["blocks"])) == []
        assert "<!channel>" not in call.arguments["text"]
    assert SECRET.token not in json.dumps([call.arguments for call in workspace.calls])


def test_an_edit_can_be_made_again(slack: SlackMessages, workspace: Workspace) -> None:
    reference = slack.post(CHANNEL, ASKED)
    slack.edit(reference, CLOSED)
    slack.edit(reference, CLOSED)
    assert [each.blocks for each in workspace.shown(CHANNEL)] == [blocks(CLOSED)]


def test_a_message_that_is_gone_is_edited_already(slack: SlackMessages, workspace: Workspace) -> None:
    reference = slack.post(CHANNEL, ASKED)
    workspace.delete(reference)
    slack.edit(reference, CLOSED)
    assert workspace.shown(CHANNEL) == []


def test_posting_again_after_a_lost_answer_finds_what_was_posted(
    slack: SlackMessages, workspace: Workspace, clock: FakeClock
) -> None:
    workspace.planned.append(Planned(done=True, cut=True))
    with pytest.raises(DependencyUnavailable):
        slack.post(PERSON, ASKED)
    clock.move(REST)
    reference = slack.post(PERSON, ASKED)
    assert [each.reference for each in workspace.shown(PERSON)] == [reference]


def test_where_slack_heeds_no_id_it_is_one_more_message(slack: SlackMessages, workspace: Workspace) -> None:
    workspace.heeds_client_msg_id = False
    assert slack.post(PERSON, ASKED) != slack.post(PERSON, ASKED)
    assert len(workspace.shown(PERSON)) == 2


def test_another_message_and_another_conversation_have_another_id(slack: SlackMessages, workspace: Workspace) -> None:
    for conversation, message in ((PERSON, ASKED), (PERSON, replace(ASKED, preview="x")), ("U2OMAR", ASKED)):
        slack.post(conversation, message)
    ids = [call.arguments["client_msg_id"] for call in workspace.calls]
    assert len(set(ids)) == 3
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", each) for each in ids)


# What its answers become.

MENDED_BY_PEOPLE = {
    "channel_not_found": "SLACK_CHANNEL_NOT_FOUND", "is_archived": "SLACK_CHANNEL_ARCHIVED",
    "not_in_channel": "SLACK_NOT_IN_CHANNEL", "invalid_auth": "SLACK_TOKEN_REFUSED",
    "not_authed": "SLACK_TOKEN_REFUSED", "token_expired": "SLACK_TOKEN_REFUSED",
    "token_revoked": "SLACK_TOKEN_REVOKED", "account_inactive": "SLACK_APP_REMOVED",
    "missing_scope": "SLACK_SCOPE_MISSING", "user_not_found": "SLACK_PERSON_NOT_FOUND",
    "user_disabled": "SLACK_PERSON_INACTIVE", "invalid_blocks": "SLACK_REFUSED", "cant_update_message": "SLACK_REFUSED",
    "duplicate_message_not_found": "SLACK_MESSAGE_DELETED",
}  # fmt: skip


@pytest.mark.parametrize(("error", "code"), MENDED_BY_PEOPLE.items())
def test_what_only_people_can_mend_is_refused(
    slack: SlackMessages, workspace: Workspace, error: str, code: str
) -> None:
    workspace.fail(error, times=2)
    with pytest.raises(Refused) as caught:
        slack.post(CHANNEL, ASKED)
    assert caught.value.code == code
    assert error in caught.value.detail
    assert caught.value.mend
    assert workspace.shown(CHANNEL) == []


PASSING: dict[str, Planned] = {
    "too many": Planned(429, b'{"ok":false,"error":"ratelimited"}', {"Retry_After": "30"}),
    "too many, in words": Planned(body=b'{"ok":false,"error":"ratelimited"}'),
    "too many from this workspace": Planned(body=b'{"ok":false,"error":"message_limit_exceeded"}'),
    "a fault": Planned(500, b'{"ok":false,"error":"fatal_error"}'),
    "a fault with a name that people mend": Planned(503, b'{"ok":false,"error":"channel_not_found"}'),
    "a page of somebody else": Planned(502, b"<html>s3cr3t</html>"),
    "a page of somebody else that looks fine": Planned(200, b"<html>s3cr3t</html>"),
    "nothing": Planned(200, b""),
    "no text": Planned(200, b"\xff\xfe\xff"),
    "no known letters": Planned(200, b"x", {"Content-Type": "text/html; charset=nonsense"}),
    "a list": Planned(200, b"[1]"),
    "no reason": Planned(200, b'{"ok":false}'),
    "a reason that is none": Planned(200, b'{"ok":false,"error":{"s3cr3t":1}}'),
    "cut off": Planned(cut=True),
    "no time stamp": Planned(200, b'{"ok":true,"channel":"C1RELEASE"}'),
    "somebody else's time stamp": Planned(200, b'{"ok":true,"channel":"C1RELEASE","ts":"x/1.0"}'),
}


@pytest.mark.parametrize("planned", PASSING.values(), ids=PASSING)
def test_what_may_pass_is_unavailable_and_called_once(
    slack: SlackMessages, workspace: Workspace, planned: Planned, clock: FakeClock
) -> None:
    workspace.planned.append(planned)
    with pytest.raises(DependencyUnavailable) as caught:
        slack.post(CHANNEL, ASKED)
    assert len(workspace.calls) == 1, "nothing is tried twice"
    assert "s3cr3t" not in str(caught.value)
    clock.move(MINUTE)
    assert slack.post(CHANNEL, ASKED)


def test_how_long_to_wait_is_said(slack: SlackMessages, workspace: Workspace, clock: FakeClock) -> None:
    workspace.planned.append(PASSING["too many"])
    with pytest.raises(DependencyUnavailable, match="in 30 seconds"):
        slack.post(CHANNEL, ASKED)
    clock.move(MINUTE)
    workspace.planned.append(Planned(429, b"", {"Retry_After": "s3cr3t"}))
    with pytest.raises(DependencyUnavailable, match="in some seconds"):
        slack.post(CHANNEL, ASKED)


RESTS = {
    "as long as Slack says": (PASSING["too many"], 30),
    "a minute at most": (Planned(429, b"", {"Retry_After": "3600"}), 60),
    "after a call that nobody answered": (PASSING["cut off"], 20),
}


@pytest.mark.parametrize(("planned", "seconds"), RESTS.values(), ids=RESTS)
def test_slack_is_left_alone(
    slack: SlackMessages, workspace: Workspace, clock: FakeClock, planned: Planned, seconds: int
) -> None:
    """Whoever has thirty messages would otherwise wait thirty times, and be asked to slow down thirty times."""
    workspace.planned.append(planned)
    for move in (0, seconds - 1):
        clock.move(timedelta(seconds=move))
        with pytest.raises(DependencyUnavailable):
            slack.post(CHANNEL, ASKED)
    assert len(workspace.calls) == 1
    clock.move(timedelta(seconds=1))
    assert slack.post(CHANNEL, ASKED)


@pytest.mark.parametrize("planned", ["a fault", "a page of somebody else", "too many, in words"])
def test_a_quick_answer_holds_up_nothing_else(slack: SlackMessages, workspace: Workspace, planned: str) -> None:
    workspace.planned.append(PASSING[planned])
    with pytest.raises(DependencyUnavailable):
        slack.post(CHANNEL, ASKED)
    assert slack.post(PERSON, ASKED)


def test_nobody_at_the_address_is_unavailable(server: SlackServer, slack: SlackMessages, clock: FakeClock) -> None:
    reference = slack.post(CHANNEL, ASKED)
    server._server.shutdown()
    server._server.server_close()
    for call in (lambda: slack.post(CHANNEL, ASKED), lambda: slack.edit(reference, CLOSED)):
        clock.move(MINUTE)
        with pytest.raises(DependencyUnavailable, match="URLError"):
            call()


@pytest.mark.parametrize("conversation", ["", "#general", "C1", "c1release", "C1RELEASE/1.0", "U1ERIN\n", "@erin"])
def test_what_is_no_conversation_is_never_called(slack: SlackMessages, workspace: Workspace, conversation: str) -> None:
    with pytest.raises(Refused):
        slack.post(conversation, ASKED)
    assert workspace.calls == []


@pytest.mark.parametrize("reference", ["", "C1RELEASE", "U1ERIN/1.0", "C1RELEASE/1", "C1RELEASE/1.0/2", "x/1.0\n"])
def test_what_is_no_reference_is_never_called(slack: SlackMessages, workspace: Workspace, reference: str) -> None:
    with pytest.raises(Refused):
        slack.edit(reference, CLOSED)
    assert workspace.calls == []


# Tokens.


def test_a_rotated_token_is_read_again(slack: SlackMessages, workspace: Workspace, secrets: FakeSlackSecrets) -> None:
    workspace.tokens = {SECRET.token: "token_revoked", "xoxb-2-new": "ok"}
    secrets.rotate(SlackSecret(token="xoxb-2-new", signing_secret=SECRET.signing_secret))
    assert slack.post(CHANNEL, ASKED)
    assert [call.token for call in workspace.calls] == [SECRET.token, "xoxb-2-new"]
    assert secrets.readings == [False, True]


def test_the_same_token_is_not_tried_twice(
    slack: SlackMessages, workspace: Workspace, secrets: FakeSlackSecrets
) -> None:
    workspace.tokens = {}
    with pytest.raises(Refused) as caught:
        slack.post(CHANNEL, ASKED)
    assert caught.value.code == "SLACK_TOKEN_REFUSED"
    assert len(workspace.calls) == 1
    assert secrets.readings == [False, True]


# What nobody gets to see.


def failing(slack: SlackMessages, workspace: Workspace, clock: FakeClock) -> Iterator[CutoverError]:
    echo = json.dumps({"ok": False, "error": "invalid_blocks", "echo": [LINK, SECRET.token]}).encode()
    plans = (Planned(body=echo), Planned(500, echo), Planned(429, echo), Planned(200, LINK.encode()), Planned(cut=True))
    for planned in plans:
        clock.move(MINUTE)
        workspace.planned.append(planned)
        with pytest.raises(CutoverError) as caught:
            slack.post(CHANNEL, ASKED)
        yield caught.value


def test_no_error_and_no_log_has_a_link_or_the_token(
    slack: SlackMessages,
    workspace: Workspace,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Not even with everybody's debugging on: the SDK would log whole requests."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("slack_sdk").setLevel(logging.DEBUG)
    slack.edit(slack.post(CHANNEL, ASKED), CLOSED)
    errors: list[Any] = list(failing(slack, workspace, clock))
    told = [*caplog.messages, *capfd.readouterr(), *map(str, errors), *(str(each.__cause__) for each in errors)]
    assert len(errors) == 5
    assert all(each.__suppress_context__ or each.__context__ is None for each in errors)
    assert not [each for each in told if "s3cr3t" in each or SECRET.token in each]
    assert SECRET.token not in repr(SECRET)


def test_the_sdk_does_log_links_where_it_is_let(server: SlackServer, caplog: pytest.LogCaptureFixture) -> None:
    """So that the test above can fail."""
    from slack_sdk import WebClient

    caplog.set_level(logging.DEBUG)
    client = WebClient(token=SECRET.token, base_url=server.url, logger=logging.getLogger("sdk"))
    client.chat_postMessage(channel=CHANNEL, text="x", blocks=blocks(ASKED))
    assert "s3cr3t-link" in caplog.text


# What stands in for it.


def test_the_fake_answers_alike() -> None:
    fake = FakeSlack()
    reference = fake.post(PERSON, ASKED)
    fake.edit(reference, CLOSED)
    fake.edit("D1/0.1", CLOSED)
    assert fake.shown(PERSON) == [CLOSED]
    fake.refused[PERSON] = "SLACK_CHANNEL_NOT_FOUND"
    with pytest.raises(Refused):
        fake.post(PERSON, ASKED)
    fake.down = True
    with pytest.raises(DependencyUnavailable):
        fake.edit(reference, ASKED)
