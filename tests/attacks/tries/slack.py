"""Whoever speaks to Cutover in Slack's name: in another's, without a signature, too late, or twice."""

from dataclasses import replace
from datetime import timedelta

from tests.attacks.cases import Attempt, attack
from tests.attacks.scene import Scene
from tests.fakes.slack_caller import SlackCaller, SlackRequest

FAMILY = "slack"
SIGNED = "Slack's signature proved"
AGE = "Slack's requests are at most five minutes old"
ONCE = "first guard: one form, one answer"
WORKSPACE = "the workspace and app of the facts"
PERSON = "only people of the facts press"
FOREIGN = SlackCaller(secret="f" * 32)


def _told(scene: Scene, request: SlackRequest) -> Attempt:
    """Anything that reaches the queue is believed later on."""
    before = scene.heard()
    reply = scene.slack(request)
    return Attempt(reply, scene.heard() > before)


@attack(FAMILY, "an event without a signature", by=SIGNED, answer="401 SIGNATURE_MISSING")
def unsigned(scene: Scene) -> Attempt:
    request = SlackCaller().event("channel_rename", scene.now)
    return _told(scene, request.with_headers(x_slack_signature=None))


@attack(FAMILY, "an event signed with another secret", by=SIGNED, answer="401 SIGNATURE_WRONG")
def signed_by_another(scene: Scene) -> Attempt:
    return _told(scene, FOREIGN.event("channel_rename", scene.now))


@attack(FAMILY, "a genuine event with another body", by=SIGNED, answer="401 SIGNATURE_WRONG")
def with_another_body(scene: Scene) -> Attempt:
    request = SlackCaller().event("channel_archive", scene.now, channel="C1RELEASE")
    return _told(scene, request.with_body(request.body.replace(b"channel_archive", b"channel_deleted")))


@attack(FAMILY, "a genuine request, six minutes late", by=AGE, answer="401 TIMESTAMP_OUT_OF_RANGE")
def late(scene: Scene) -> Attempt:
    return _told(scene, SlackCaller().event("channel_rename", scene.now - timedelta(minutes=6)))


@attack(FAMILY, "one from six minutes ahead: a clock that is wrong, or a stock of signatures", by=AGE,
        answer="401 TIMESTAMP_OUT_OF_RANGE")  # fmt: skip
def early(scene: Scene) -> Attempt:
    return _told(scene, SlackCaller().event("channel_rename", scene.now + timedelta(minutes=6)))


@attack(FAMILY, "an old one under a new time", by=SIGNED, answer="401 SIGNATURE_WRONG")
def made_young(scene: Scene) -> Attempt:
    request = SlackCaller().event("channel_rename", scene.now - timedelta(minutes=30))
    return _told(scene, request.with_headers(x_slack_request_timestamp=str(int(scene.now.timestamp()))))


@attack(FAMILY, "the same request again, within five minutes", by=ONCE, answer="403 REPLAYED")
def again(scene: Scene) -> Attempt:
    request = SlackCaller().event("channel_rename", scene.now)
    scene.slack(request)
    return _told(scene, request)


@attack(FAMILY, "another workspace that installed the app", by=WORKSPACE, answer="403 WRONG_TEAM")
def of_another_team(scene: Scene) -> Attempt:
    return _told(scene, replace(SlackCaller(), team="T9OTHER").event("channel_rename", scene.now))


@attack(FAMILY, "another app of the same workspace", by=WORKSPACE, answer="403 WRONG_APP")
def of_another_app(scene: Scene) -> Attempt:
    return _told(scene, replace(SlackCaller(), app="A9OTHER").event("channel_rename", scene.now))


@attack(FAMILY, "a button pressed by somebody whom the facts do not name", by=PERSON, answer="403 PERSON_UNKNOWN")
def by_another_user(scene: Scene) -> Attempt:
    return _told(scene, SlackCaller().pressed("U9OTHER", scene.now))
