"""Asked by mail and in Slack, decided on the page, closed everywhere: the real adapter, and a Slack on loopback."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from cutover.adapters.slack_messages import SlackMessages
from cutover.contracts.approval import Approval
from cutover.contracts.policy import Facts
from cutover.domain import envelope as dsse
from tests.building.passkeys import Authenticator
from tests.building.policy import Deployment
from tests.fakes.slack import SECRET, FakeSlackSecrets
from tests.fakes.slack_caller import WORKSPACE, SlackCaller
from tests.fakes.slack_limits import mentions
from tests.fakes.slack_server import Planned, Posted, SlackServer, Workspace
from tests.simulator.journeys import AFTER_OPENING, assert_consistent, awaiting_approval, awaiting_window
from tests.simulator.wiring import PAGE_URL
from tests.simulator.world import World, fill

CHANNELS = {"release-engineering": "C1RELEASE", "operations": "C2OPERATE"}
MEMBERS = {"erin": "U1ERIN", "omar": "U2OMAR"}
MINUTE = timedelta(minutes=1)


def with_slack(facts: Facts) -> Facts:
    """Erin and Omar are in Slack, Bo is not."""
    people = {
        name: person.model_copy(update={"slack": MEMBERS.get(name)}) for name, person in facts.people.items()
    }  # fmt: skip
    workspace = WORKSPACE.model_copy(update={"channels": CHANNELS})
    return facts.model_copy(update={"slack": workspace, "people": people})


def world_with_slack(server: SlackServer) -> World:
    world = World()
    world.publish(facts=with_slack(Deployment().facts()))
    world.wiring.slack = SlackMessages(FakeSlackSecrets(), clock=world.clock, base_url=server.url)
    return world


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with SlackServer() as serving:
        yield serving


@pytest.fixture
def workspace(server: SlackServer) -> Workspace:
    return server.workspace


@pytest.fixture
def world(server: SlackServer) -> World:
    return world_with_slack(server)


def words(posted: Posted) -> str:
    return str(posted.blocks)


def links_in(posted: Posted) -> list[str]:
    return [
        match[1] for url in posted.urls if (match := re.fullmatch(re.escape(PAGE_URL) + r"/approvals/([^/\s]+)", url))
    ]


def everywhere(workspace: Workspace) -> dict[str, list[Posted]]:
    return {name: workspace.shown(name) for name in (*MEMBERS.values(), *CHANNELS.values())}


def mailed(world: World) -> list[str]:
    return sorted(mail.to.partition("@")[0] for mail in world.wiring.mailer.sent)


def decide_from(world: World, link: str) -> dict[str, Any]:
    """Opens the page that a button leads to, and approves there."""
    page = world.http("GET", link)
    return world.http("POST", link, urlencode(fill(page["body"], "approve")))


def test_each_person_is_asked_by_mail_and_in_slack(world: World, workspace: Workspace) -> None:
    awaiting_approval(world)
    assert mailed(world) == ["bo", "bo", "erin", "omar"]
    shown = everywhere(workspace)
    assert {name: len(posted) for name, posted in shown.items()} == dict.fromkeys(shown, 1)
    for member in MEMBERS.values():
        (posted,) = shown[member]
        assert len(links_in(posted)) == 1
        for said in ("service", "production", "Window", "Queue", "account", "1 as operations", "Digest"):
            assert said in words(posted)
    for role, channel in CHANNELS.items():
        (posted,) = shown[channel]
        assert posted.urls == [], "a link is a credential: it goes to its person"
        names = {"release-engineering": ("Bo", "Erin"), "operations": ("Bo", "Omar")}[role]
        assert all(name in words(posted) for name in names)
    assert PAGE_URL not in str([posted.asked["text"] for each in shown.values() for posted in each])
    assert not [found for each in shown.values() for posted in each for found in mentions(posted.blocks)]


def test_in_a_channel_links_stand_only_where_a_passkey_is_demanded(world: World, workspace: Workspace) -> None:
    facts, rules, target = with_slack(Deployment().facts()), world.rules(), world.deployment.target
    people = dict(facts.people)
    for name in ("omar", "bo"):
        people[name] = people[name].model_copy(update={"passkeys": (Authenticator(name).passkey(),)})
    seats = tuple(
        seat.model_copy(update={"assurance": "passkey" if seat.role == "operations" else "link"})
        for seat in rules.signers[target]
    )
    rules = rules.model_copy(update={"signers": {target: seats}})
    world.publish(rules=rules, facts=facts.model_copy(update={"people": people}), version=2)
    awaiting_approval(world)
    (demanding,), (other,) = workspace.shown("C2OPERATE"), workspace.shown("C1RELEASE")
    assert (len(links_in(demanding)), other.urls) == (2, [])
    labels = [
        each["text"]["text"] for block in demanding.blocks if block["type"] == "actions" for each in block["elements"]
    ]
    assert [name in label for name, label in zip(("Bo", "Omar"), labels, strict=True)] == [True, True]
    answered = decide_from(world, links_in(demanding)[1])
    assert answered["statusCode"] != 303, "whoever presses it has no passkey of Omar's"
    assert world.record().decisions == ()


def test_where_one_seat_of_a_role_is_had_by_link_its_channel_shows_none(world: World, workspace: Workspace) -> None:
    """Another seat of the role demands a passkey; a link would still decide for its person, in whose hands it is."""
    rules, target = world.rules(), world.deployment.target
    facts = with_slack(Deployment().facts())
    people = {
        name: person.model_copy(update={"passkeys": (Authenticator(name).passkey(),)})
        for name, person in facts.people.items()
    }
    operations = next(seat for seat in rules.signers[target] if seat.role == "operations")
    seats = (*rules.signers[target], operations.model_copy(update={"assurance": "passkey"}))
    rules = rules.model_copy(update={"signers": {target: seats}})
    world.publish(rules=rules, facts=facts.model_copy(update={"people": people}), version=2)
    awaiting_approval(world)
    (posted,) = workspace.shown("C2OPERATE")
    assert posted.urls == []


def test_the_button_leads_to_the_person_s_own_page(world: World, workspace: Workspace) -> None:
    awaiting_approval(world)
    (posted,) = workspace.shown("U1ERIN")
    (link,) = links_in(posted)
    assert decide_from(world, link)["statusCode"] == 303
    world.run()
    (decision,) = world.record().decisions
    assert (decision.person, decision.role) == ("erin", "release-engineering")
    envelope = dsse.parse(world.wiring.store.get(decision.envelope, limit=dsse.MAX_ENVELOPE_BYTES))
    assert Approval.model_validate_json(dsse.decode_base64(envelope.payload)).predicate.channel == "slack"


def test_one_decision_closes_what_it_decides_everywhere(world: World, workspace: Workspace) -> None:
    """Without the clock: only what the stream brings."""
    awaiting_approval(world)
    world.decide("erin")
    world.run()
    shown = everywhere(workspace)
    assert [bool(shown[name][0].urls) for name in ("U1ERIN", "U2OMAR")] == [False, True]
    assert [shown[name][0].edits for name in ("U1ERIN", "C1RELEASE", "U2OMAR", "C2OPERATE")] == [1, 1, 0, 0]
    world.decide("omar")
    world.run()
    shown = everywhere(workspace)
    assert {name: len(posted) for name, posted in shown.items()} == dict.fromkeys(shown, 1), "edited, not posted anew"
    assert not [posted.urls for each in shown.values() for posted in each if posted.urls]
    assert not [posted for each in shown.values() for posted in each if "button" in words(posted)]


@pytest.mark.parametrize("end", ["declined", "deferred", "superseded", "expired"])
def test_an_end_is_shown_where_the_question_stood(world: World, workspace: Workspace, end: str) -> None:
    awaiting_approval(world)
    if end in {"declined", "deferred"}:
        until = {"until": "2026-03-03T12:00"} if end == "deferred" else {}
        world.decide("erin", "refuse" if end == "declined" else "defer", **until)
        world.run()
    elif end == "superseded":
        world.announce(world.candidate(sequence=2), event_id="e-2")
        world.run()
    else:
        world.clock.move_to(world.record().expires_at)
        world.tick()
    assert world.record().status == end
    firsts = {name: posted[0] for name, posted in everywhere(workspace).items()}
    assert [name for name, posted in firsts.items() if posted.urls] == []
    assert all(posted.edits for posted in firsts.values())


def test_with_slack_down_mail_still_goes_and_the_minute_repairs(world: World, workspace: Workspace) -> None:
    workspace.fail("service_unavailable", times=99)
    awaiting_approval(world)
    assert mailed(world) == ["bo", "bo", "erin", "omar"]
    assert not any(everywhere(workspace).values())
    workspace.planned.clear()
    world.clock.move(MINUTE)
    world.tick()
    shown = everywhere(workspace)
    assert {name: len(posted) for name, posted in shown.items()} == dict.fromkeys(shown, 1)
    assert mailed(world) == ["bo", "bo", "erin", "omar"], "nobody is mailed twice for it"


def test_a_slack_that_answers_nobody_is_called_once(world: World, workspace: Workspace) -> None:
    """Each call costs seconds of the function that has to send the mails."""
    workspace.planned.extend(Planned(cut=True) for _ in range(99))
    awaiting_approval(world)
    assert mailed(world) == ["bo", "bo", "erin", "omar"]
    assert len(workspace.calls) == 1
    workspace.planned.clear()
    world.clock.move(MINUTE)
    world.tick()
    shown = everywhere(workspace)
    assert {name: len(posted) for name, posted in shown.items()} == dict.fromkeys(shown, 1)


def test_what_could_not_be_edited_is_edited_a_minute_later(world: World, workspace: Workspace) -> None:
    awaiting_approval(world)
    workspace.fail("ratelimited", times=99)
    for person in ("erin", "omar"):
        assert world.decide(person)["statusCode"] == 303, "a decision waits for nobody"
        world.run()
    assert world.record().status == "awaiting_window"
    assert all(posted.urls for name in MEMBERS.values() for posted in workspace.shown(name))
    workspace.planned.clear()
    world.clock.move(MINUTE)
    world.tick()
    assert not [posted.urls for each in everywhere(workspace).values() for posted in each if posted.urls]
    assert_consistent(world)


@pytest.mark.parametrize("error", ["token_revoked", "account_inactive"])
def test_while_the_app_is_not_served_its_messages_wait_to_be_edited(
    world: World, workspace: Workspace, error: str
) -> None:
    awaiting_approval(world)
    workspace.tokens[SECRET.token] = error
    uninstalled = json.dumps({"kind": "slack", "event": "app_uninstalled", "team": WORKSPACE.team, "at": "x"})
    message = {"messageId": "m-9", "body": uninstalled, "eventSource": "aws:sqs", "attributes": {}}
    world.invoke("doors.feedback", {"Records": [message]})
    for person in ("erin", "omar"):
        world.decide(person)
        world.run()
    assert all(posted.urls for name in MEMBERS.values() for posted in workspace.shown(name))
    workspace.tokens[SECRET.token] = "ok"
    world.clock.move(MINUTE)
    world.tick()
    assert not [posted.urls for each in everywhere(workspace).values() for posted in each if posted.urls]
    assert all(posted.edits for each in everywhere(workspace).values() for posted in each)


def test_a_conversation_that_is_closed_for_good_is_tried_once(world: World, workspace: Workspace) -> None:
    awaiting_approval(world)
    workspace.channels["C1RELEASE"] = "is_archived"
    del workspace.people["U2OMAR"]
    for person in ("erin", "omar"):
        world.decide(person)
        world.run()
    calls = len(workspace.calls)
    world.clock.move(MINUTE)
    world.tick()
    assert len(workspace.calls) == calls


def test_a_message_that_somebody_deleted_holds_nothing_up(world: World, workspace: Workspace) -> None:
    awaiting_approval(world)
    (posted,) = workspace.shown("U1ERIN")
    workspace.delete(posted.reference)
    for person in ("erin", "omar"):
        world.decide(person)
        world.run()
    assert workspace.shown("U1ERIN") == []
    assert not [each.urls for each in workspace.shown("U2OMAR") if each.urls]
    calls = len(workspace.calls)
    world.clock.move(MINUTE)
    world.tick()
    assert len(workspace.calls) == calls, "nothing is left to say"


def test_whoever_slack_does_not_reach_is_told_of(world: World, workspace: Workspace) -> None:
    del workspace.people["U2OMAR"]
    awaiting_approval(world)
    told = [message.body.decode() for message in world.wiring.exceptions.messages]
    (body,) = [each for each in told if "SLACK_CHANNEL_NOT_FOUND" in each]
    assert '"person":"omar"' in body
    assert "no Slack reaches omar, who is asked as operations. Mail reached them." in body
    assert mailed(world) == ["bo", "bo", "erin", "omar"]
    assert world.decide("omar")["statusCode"] == 303


def test_whose_channel_takes_no_message_is_told_once(world: World, workspace: Workspace) -> None:
    workspace.channels["C2OPERATE"] = "not_in_channel"
    awaiting_approval(world)
    for _ in range(3):
        world.clock.move(6 * MINUTE)  # the queue itself forgets a repetition after five
        world.tick()
    told = [message.body.decode() for message in world.wiring.exceptions.messages]
    assert len([body for body in told if "SLACK_NOT_IN_CHANNEL" in body]) == 1
    assert len(workspace.shown("U2OMAR")) == 1


def test_what_slack_tells_of_an_account_reaches_its_owner(world: World, workspace: Workspace) -> None:
    """From the door to the team: what the queue is given is what Feedback reads."""
    from tests.unit.test_slack_events import World as Door

    awaiting_approval(world)
    door = Door()
    now = door.clock.now()
    door.tell(SlackCaller().event("user_change", now, user={"id": "U2OMAR", "deleted": True}))
    (body,) = door.queue.bodies
    message = {"messageId": "m-9", "body": body.decode(), "eventSource": "aws:sqs", "attributes": {}}
    assert world.invoke("doors.feedback", {"Records": [message]}) == {"batchItemFailures": []}
    told = [message.body.decode() for message in world.wiring.exceptions.messages]
    assert [body for body in told if "SLACK_PERSON_INACTIVE" in body and '"omar"' in body]


def test_to_the_end_of_a_release_slack_and_mail_agree(world: World, workspace: Workspace) -> None:
    awaiting_window(world)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record().status == "handed_off"
    assert_consistent(world)
    shown = [posted for each in everywhere(workspace).values() for posted in each]
    assert len(shown) == 4
    assert not [posted.urls for posted in shown if posted.urls]
