"""What is said of an emergency: sooner while it waits, and afterwards that its record is due (row 39)."""

import json
from datetime import timedelta
from typing import Any

from cutover.messaging.after_actions import DUE, OVERDUE
from tests.building.policy import EMERGENCY_PATH
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_caller import WORKSPACE
from tests.simulator import journeys
from tests.simulator.owners import with_facts
from tests.simulator.world import World
from tests.workflow.test_emergency import asking, handed_off, world_of
from tests.workflow.test_messages import Post, later

SECOND = timedelta(seconds=1)


def owners_told(world: World) -> list[dict[str, Any]]:
    bodies = [json.loads(message.body) for message in world.wiring.exceptions.messages]
    return [body for body in bodies if body["schema"] == "cutover/owner-message/v1"]


def test_reminders_and_deputies_come_as_soon_as_the_emergency_path_says() -> None:
    world = world_of()
    with_facts(world, lambda said: said["people"]["bo"].update(stands_in_for=["erin", "omar"]))
    post = Post(world)
    asking(world)
    assert post.said() == [("erin", "asked"), ("omar", "asked")]
    mail = world.wiring.mailer.sent[0]
    assert "Emergency: " in mail.text
    deputies, reminder = EMERGENCY_PATH.deputies_after * SECOND, EMERGENCY_PATH.reminders[0] * SECOND
    for name, passed in sorted({"deputies": deputies, "reminder": reminder}.items(), key=lambda pair: pair[1]):
        world.clock.move_to(max(world.clock.now(), world.record().moved_at + passed))
        world.tick()
        kind = "asked" if name == "deputies" else "reminded"
        assert kind in {each[1] for each in post.said()}, name


def test_the_after_action_record_is_asked_for_once_and_told_when_it_is_overdue() -> None:
    world = world_of()
    record = handed_off(world)
    assert record.after_action_due is not None
    (asked,) = [mail for mail in world.wiring.mailer.sent if mail.subject.startswith("After-action record due")]
    assert asked.to == "dana@example.com"
    assert [(told["code"], told["person"]) for told in owners_told(world)] == [(DUE, "dana")]
    later(world, timedelta(minutes=1))
    assert len(owners_told(world)) == 1
    world.clock.move_to(record.after_action_due)
    world.tick()
    assert [told["code"] for told in owners_told(world)] == [DUE, OVERDUE]
    later(world, timedelta(hours=1))
    assert len(owners_told(world)) == 2
    assert list(world.wiring.messages.open(limit=10)) == []


def test_the_record_is_asked_for_by_one_mail_however_long_slack_is_down() -> None:
    world = world_of()

    def in_slack(said: dict[str, Any]) -> None:
        said["slack"] = WORKSPACE.model_copy(update={"channels": {}}).model_dump(mode="json")
        said["people"]["dana"]["slack"] = "U1DANA"

    with_facts(world, in_slack)
    slack = FakeSlack()
    slack.down = True
    world.wiring.slack = slack
    handed_off(world)
    for _ in range(5):
        later(world, timedelta(minutes=1))
    assert len([mail for mail in world.wiring.mailer.sent if mail.to == "dana@example.com"]) == 1
    assert [told["code"] for told in owners_told(world)] == [DUE]


def test_whoever_is_asked_has_a_link_that_works_as_long_as_the_package_is_valid() -> None:
    """Links of the emergency path end after two hours; its last reminder comes long before."""
    world = world_of()
    asking(world)
    ends = world.record().valid_until
    assert ends is not None
    while world.clock.now() < min(ends, world.record().moved_at + timedelta(hours=9)) - timedelta(minutes=20):
        later(world, timedelta(minutes=20))
        assert world.http("GET", world.links()["erin"])["statusCode"] == 200, world.clock.now()
    sent = [mail for mail in world.wiring.mailer.sent if mail.to == "erin@example.com"]
    assert len(sent) <= 1 + len(EMERGENCY_PATH.reminders) + 9 * 3600 // EMERGENCY_PATH.link_valid_for


def test_what_is_no_emergency_leaves_nothing_due() -> None:
    world = World()
    journeys.handed_off(world)
    assert owners_told(world) == []
    assert [mail for mail in world.wiring.mailer.sent if "After-action" in mail.subject] == []
