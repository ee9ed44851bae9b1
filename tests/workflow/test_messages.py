"""Who is told what by mail, from the question to the end: the real handlers, a clock that tests move (row 30)."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from cutover.contracts.base import format_instant
from cutover.contracts.owner_message import OwnerMessage
from cutover.domain import base64url
from cutover.errors import DependencyUnavailable
from cutover.ports import Mail
from infra.plan import DOORS, STAGES
from tests.fakes.clock import FakeClock
from tests.fakes.faults import Faults, faulty
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_caller import WORKSPACE
from tests.simulator.journeys import AFTER_OPENING, assert_consistent, awaiting_approval, awaiting_window
from tests.simulator.owners import with_facts
from tests.simulator.world import World

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
CLOSED = "Nothing to do"


class Post:
    """The mail of one world; each look brings what came since the last."""

    def __init__(self, world: World) -> None:
        self.world, self.seen = world, 0

    def new(self) -> list[Mail]:
        sent = self.world.wiring.mailer.sent
        found, self.seen = sent[self.seen :], len(sent)
        return found

    def said(self) -> list[tuple[str, str]]:
        """To whom, and the first word of what was said: ``asked``, ``reminded``, ``again`` or ``closed``."""
        return sorted((mail.to.partition("@")[0], kind_of(mail)) for mail in self.new())


def kind_of(mail: Mail) -> str:
    if mail.subject.startswith("Asked again: "):
        return "again"
    lead = mail.text.splitlines()[2]
    if lead.startswith(CLOSED):
        return "closed"
    return "reminded" if "still waits" in lead else "asked"


@pytest.fixture
def world() -> World:
    return World()


def later(world: World, by: timedelta) -> None:
    world.clock.move(by)
    world.tick()


def said_of(who: str, **changes: Any) -> Callable[[dict[str, Any]], object]:
    return lambda said: said["people"][who].update(changes)


def away(start: datetime, hours: int) -> list[dict[str, str]]:
    return [{"starts_at": format_instant(start), "ends_at": format_instant(start + hours * HOUR)}]


# --- deciding closes ------------------------------------------------------------------------------------------------


def test_one_decision_closes_whoever_is_not_needed_any_more(world: World) -> None:
    post = Post(world)
    awaiting_approval(world)
    assert post.said() == [("bo", "asked"), ("bo", "asked"), ("erin", "asked"), ("omar", "asked")]
    world.decide("erin")
    world.run()
    assert post.said() == [("bo", "closed")]
    world.decide("omar")
    world.run()
    assert post.said() == [("bo", "closed")]
    assert_consistent(world)


def test_a_later_mail_stands_under_the_first_and_has_no_link_that_decides(world: World) -> None:
    awaiting_approval(world)
    first = {mail.about["role"]: f"mail-{number}" for number, mail in enumerate(world.wiring.mailer.sent, start=1)
             if mail.to.startswith("bo@")}  # fmt: skip
    subject = world.wiring.mailer.sent[0].subject
    world.decide("erin")
    world.run()
    closing = world.wiring.mailer.sent[-1]
    assert (closing.under, closing.subject) == (first["release-engineering"], f"Re: {subject}")
    for part in (closing.text, closing.html):
        assert "/approvals/" not in part
        assert "others have decided as release engineering" in part


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("declined", "the release was declined"), ("deferred", "was put off until Tue 3 Mar 2026, 12:00 CET"),
        ("superseded", "a newer revision has taken its place"), ("expired", "its time is over"),
    ],
)  # fmt: skip
def test_every_end_is_told_to_whoever_has_an_open_question_and_to_nobody_else(
    world: World, end: str, words: str
) -> None:
    post = Post(world)
    awaiting_approval(world)
    post.new()
    ends: dict[str, Callable[[], object]] = {
        "declined": lambda: world.decide("erin", "refuse"),
        "deferred": lambda: world.decide("erin", "defer", until="2026-03-03T12:00"),
        "superseded": lambda: world.announce(world.candidate(sequence=2), event_id="e-2"),
        "expired": lambda: (world.clock.move_to(world.record().expires_at), world.tick()),
    }
    ends[end]()
    world.run()
    assert world.record().status == end
    closed = [mail for mail in post.new() if kind_of(mail) == "closed"]
    others = {"erin"} if end in {"superseded", "expired"} else set()
    assert {mail.to.partition("@")[0] for mail in closed} == {"bo", "omar"} | others
    assert all(words in mail.text for mail in closed)
    later(world, HOUR)
    assert [each for each in post.said() if each[1] == "closed"] == []


def test_after_a_deferral_whoever_is_missing_is_asked_again_once(world: World) -> None:
    post = Post(world)
    awaiting_approval(world)
    world.decide("erin")
    world.run()
    world.decide("omar", "defer", until="2026-03-03T12:00")
    world.run()
    post.new()
    world.clock.move_to(datetime.fromisoformat("2026-03-03T12:00:00+00:00"))
    world.tick()
    assert post.said() == [("bo", "again"), ("omar", "again")]
    world.tick()
    assert post.said() == []


# --- the clock ------------------------------------------------------------------------------------------------------


def test_reminders_come_at_the_rules_times_and_end_with_the_decision(world: World) -> None:
    post = Post(world)
    awaiting_approval(world)
    post.new()
    later(world, 4 * HOUR - MINUTE)
    assert post.said() == []
    later(world, MINUTE)
    assert post.said() == [("bo", "reminded"), ("bo", "reminded"), ("erin", "reminded"), ("omar", "reminded")]
    later(world, MINUTE)
    assert post.said() == []
    world.decide("erin")
    world.decide("omar")
    world.run()
    post.new()
    later(world, 20 * HOUR)
    assert post.said() == []


def test_a_reminder_s_link_decides(world: World) -> None:
    awaiting_approval(world)
    first = world.links()["erin"]
    later(world, 4 * HOUR)
    assert world.links()["erin"] != first
    assert world.decide("erin")["statusCode"] == 303


def test_who_is_away_is_not_asked_and_their_deputy_is(world: World) -> None:
    def change(said: dict[str, Any]) -> None:
        said_of("erin", absences=away(world.clock.now(), 48))(said)
        said_of("bo", stands_in_for=["erin"])(said)

    with_facts(world, change)
    post = Post(world)
    awaiting_approval(world)
    assert post.said() == [("bo", "asked"), ("bo", "asked"), ("omar", "asked")]
    assert "You stand in for Erin." in world.wiring.mailer.sent[0].text
    assert "stand in" not in world.wiring.mailer.sent[1].text, "in the other role Bo is nobody's deputy"


def test_a_deputy_is_asked_when_nobody_answers(world: World) -> None:
    with_facts(world, said_of("bo", stands_in_for=["erin", "omar"]))
    post = Post(world)
    awaiting_approval(world)
    assert post.said() == [("erin", "asked"), ("omar", "asked")]
    later(world, 2 * HOUR - MINUTE)
    assert post.said() == []
    world.decide("omar")
    world.run()
    later(world, MINUTE)
    assert post.said() == [("bo", "asked")]
    assert world.wiring.mailer.sent[-1].about["role"] == "release-engineering"
    world.decide("bo")
    world.run()
    assert post.said() == [("erin", "closed")]
    assert world.record().status == "awaiting_window"


def test_an_absence_that_begins_while_it_waits_asks_the_deputy_then(world: World) -> None:
    def change(said: dict[str, Any]) -> None:
        said_of("erin", absences=away(world.clock.now() + HOUR, 48))(said)
        said_of("bo", stands_in_for=["erin", "omar"])(said)

    with_facts(world, change)
    post = Post(world)
    awaiting_approval(world)
    assert post.said() == [("erin", "asked"), ("omar", "asked")]
    later(world, HOUR)
    assert post.said() == [("bo", "asked")]


# --- the roster -----------------------------------------------------------------------------------------------------


def test_newcomers_are_asked_and_leavers_are_told_that_it_is_over(world: World) -> None:
    post = Post(world)
    awaiting_approval(world)
    post.new()

    def change(said: dict[str, Any]) -> None:
        said["people"]["nina"] = {**said["people"]["omar"], "name": "Nina", "email": "nina@example.com",
                                  "identities": ["nina"]}  # fmt: skip
        said["people"]["omar"]["roles"] = ["security"]

    with_facts(world, change)
    later(world, MINUTE)
    assert post.said() == [("nina", "asked"), ("omar", "closed")]
    assert world.http("GET", world.links()["nina"])["statusCode"] == 200
    later(world, MINUTE)
    assert post.said() == []


# --- what gets lost -------------------------------------------------------------------------------------------------


def test_a_stream_that_was_down_is_made_up_for_by_the_minute(world: World) -> None:
    post = Post(world)
    awaiting_approval(world)
    post.new()
    streamed, world.streamed = world.streamed, lambda event: world.invoke("doors.relay", event)  # type: ignore[method-assign]
    world.decide("erin")
    world.run()
    assert post.said() == []
    world.streamed = streamed  # type: ignore[method-assign]
    later(world, MINUTE)
    assert post.said() == [("bo", "closed")]


def test_mail_that_is_down_holds_nothing_up_and_is_made_up_for(world: World) -> None:
    post = Post(world)
    awaiting_approval(world)
    post.new()
    mailer, faults = world.wiring.mailer, Faults()
    faults.before("mailer.send", DependencyUnavailable("SendEmail: TooManyRequestsException"), times=2)
    world.wiring.mailer = faulty(mailer, "mailer", faults)
    world.decide("erin")
    world.run()
    later(world, MINUTE)
    assert world.record().status == "awaiting_approval"
    assert faults.spent
    world.wiring.mailer = mailer
    later(world, MINUTE)
    assert post.said() == [("bo", "closed")]
    assert_consistent(world)


def test_one_record_that_fails_holds_up_no_other(world: World) -> None:
    """The batch is taken whole: what failed is parked."""
    awaiting_approval(world)
    faults = Faults()
    faults.before("messages.correspondence", ValueError("a bug"))
    messages = world.wiring.messages
    world.wiring.messages = faulty(messages, "messages", faults)
    record = world.record()
    keys = [{"pk": {"S": f"CUTOVER#{record.cutover}"}, "sk": {"S": f"REVISION#{number:06d}"}} for number in (1, 2)]
    event = {"Records": [{"eventName": "MODIFY", "dynamodb": {"Keys": key}} for key in keys]}
    assert world.invoke("doors.messenger", event) == {"parked": 1, "skipped": 1}
    world.wiring.messages = messages


def test_what_is_said_to_its_end_is_not_looked_at_any_more(world: World) -> None:
    awaiting_window(world)
    assert len(list(world.wiring.messages.open(limit=10))) == 1
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record().status == "handed_off"
    assert list(world.wiring.messages.open(limit=10)) == []


# --- what comes back ------------------------------------------------------------------------------------------------


def feedback(world: World, event: dict[str, Any] | str) -> None:
    body = event if isinstance(event, str) else json.dumps(event)
    message = {"messageId": "f-1", "body": body, "eventSource": "aws:sqs", "attributes": {}}
    assert world.invoke("doors.feedback", {"Records": [message]}) == {"batchItemFailures": []}
    world.run()


def tags_of(mail: Mail) -> dict[str, list[str]]:
    """As SES tells them."""
    return {name: [base64url.encode(value.encode())] for name, value in mail.about.items()}


def bounce(world: World, who: str, kind: str = "Permanent") -> dict[str, Any]:
    number, mail = next(
        (number, mail) for number, mail in enumerate(world.wiring.mailer.sent, start=1) if mail.to.startswith(who)
    )
    return {
        "source": "aws.ses", "detail-type": "Email Bounced",
        "detail": {
            "eventType": "Bounce",
            "bounce": {"bounceType": kind, "bouncedRecipients": [{"emailAddress": mail.to, "status": "5.1.1"}]},
            "mail": {"messageId": f"mail-{number}", "destination": [mail.to], "tags": tags_of(mail)},
        },
    }  # fmt: skip


def owners_told(world: World) -> list[tuple[str, str, str | None]]:
    bodies = [json.loads(message.body) for message in world.wiring.exceptions.messages]
    told = [OwnerMessage.model_validate_json(json.dumps(body)) for body in bodies if "hold" not in body]
    return [(each.code, each.owner, each.person) for each in told]


def test_a_bounce_tells_the_team_asks_the_deputy_and_stands_in_the_ledger_once(world: World) -> None:
    with_facts(world, said_of("bo", stands_in_for=["erin", "omar"]))
    post = Post(world)
    awaiting_approval(world)
    post.new()
    event = bounce(world, "erin")
    for _ in range(2):
        feedback(world, event)
    assert owners_told(world) == [("MAIL_BOUNCED", world.deployment.facts().people["erin"].team, "erin")]
    assert post.said() == [("bo", "asked")]
    entries = [each for each in world.ledger() if each.event == "message-returned"]
    assert [(each.result, each.detail) for each in entries] == [("MAIL_BOUNCED", "erin as release-engineering")]
    assert "@" not in entries[0].detail
    assert_consistent(world)


def test_a_seat_that_nobody_else_was_reached_for_is_told_as_such(world: World) -> None:
    with_facts(world, lambda said: said["people"].pop("bo"))
    awaiting_approval(world)
    feedback(world, bounce(world, "omar"))
    assert [each[0] for each in owners_told(world)] == ["MAIL_BOUNCED", "APPROVERS_UNREACHABLE"]
    later(world, HOUR)
    assert len(owners_told(world)) == 2, "it is told once"


def test_a_corrected_address_is_written_to(world: World) -> None:
    post = Post(world)
    awaiting_approval(world)
    feedback(world, bounce(world, "omar"))
    post.new()
    with_facts(world, said_of("omar", email="omar.o@example.com"))
    later(world, MINUTE)
    assert post.said() == [("omar.o", "asked")]


@pytest.mark.parametrize("kind", ["Permanent", "Transient"])
def test_a_late_bounce_of_an_address_that_was_corrected_since_changes_nothing(world: World, kind: str) -> None:
    """The question and its reminder went to the wrong one: it comes back twice."""
    with_facts(world, said_of("omar", stands_in_for=[]))
    post = Post(world)
    awaiting_approval(world)
    first, late = bounce(world, "omar"), bounce(world, "omar", kind)
    late["detail"]["mail"]["messageId"] = "mail-99"
    feedback(world, first)
    with_facts(world, said_of("omar", email="omar.o@example.com"))
    later(world, MINUTE)
    before, owners = world.wiring.messages.correspondence(world.record().cutover, 1), owners_told(world)
    feedback(world, late)
    after = world.wiring.messages.correspondence(world.record().cutover, 1)
    assert before is not None
    assert after is not None
    assert after.told == before.told
    assert owners_told(world) == owners, "nobody is asked to correct what is correct"
    assert [each.event for each in world.ledger()].count("message-returned") == 2
    post.new()
    world.decide("erin", "refuse")
    world.run()
    assert ("omar.o", "closed") in post.said()


def test_an_address_that_was_corrected_before_anything_came_back_is_the_one_that_counts(world: World) -> None:
    """The reminder went there, so what comes back of it counts, and what comes back of the question does not."""
    with_facts(world, said_of("omar", stands_in_for=[]))
    post = Post(world)
    awaiting_approval(world)
    early = bounce(world, "omar")
    with_facts(world, said_of("omar", email="omar.o@example.com"))
    later(world, 4 * HOUR)
    post.new()
    feedback(world, early)
    assert post.said() == []
    assert owners_told(world) == []
    feedback(world, bounce(world, "omar.o"))
    assert [each[0] for each in owners_told(world)] == ["MAIL_BOUNCED"]


def test_a_mailbox_that_is_full_is_told_and_nobody_takes_its_place(world: World) -> None:
    with_facts(world, said_of("bo", stands_in_for=["erin", "omar"]))
    post = Post(world)
    awaiting_approval(world)
    post.new()
    feedback(world, bounce(world, "erin", "Transient"))
    assert [each[0] for each in owners_told(world)] == ["MAIL_DELAYED"]
    assert post.said() == []


def test_what_comes_back_of_nobody_s_mail_changes_nothing(world: World) -> None:
    awaiting_approval(world)
    before = world.wiring.messages.correspondence(world.record().cutover, 1)
    foreign = bounce(world, "omar")
    foreign["detail"]["mail"]["tags"] = {"campaign": ["spring"]}
    unknown = bounce(world, "omar")
    unknown["detail"]["mail"]["tags"]["person"] = [base64url.encode(b"ruth")]
    for event in (foreign, unknown, {"kind": "slack", "event": "app_home_opened"}, "not json", "[]"):
        feedback(world, event)
    assert world.wiring.messages.correspondence(world.record().cutover, 1) == before
    assert owners_told(world) == []


def test_an_address_that_is_refused_at_once_is_told_to_its_team(world: World) -> None:
    world.wiring.mailer.refused.add("omar@example.com")
    awaiting_approval(world)
    assert owners_told(world) == [("MAIL_REFUSED", world.deployment.facts().people["omar"].team, "omar")]


def test_a_channel_that_takes_no_message_is_told_once_and_its_people_are_asked(world: World) -> None:
    workspace = {"team": "T1TEAM", "app": "A1APP", "channels": {"operations": "C1GONE"}}
    with_facts(world, lambda said: said.update(slack=workspace))
    slack = FakeSlack()
    slack.refused["C1GONE"] = "SLACK_CHANNEL_ARCHIVED"
    world.wiring.slack = slack
    post = Post(world)
    awaiting_approval(world)
    assert len(post.new()) == 4
    later(world, 4 * HOUR)
    told = [json.loads(message.body) for message in world.wiring.exceptions.messages]
    assert [(each["code"], each["owner"], each["role"]) for each in told] == [
        ("SLACK_CHANNEL_ARCHIVED", "release-engineering", "operations")
    ]


def test_a_slack_that_answers_slowly_costs_nobody_a_mail_and_mails_nobody_twice() -> None:
    """Each of its answers takes 4.5 s, which no adapter gives up on."""
    world = TimedWorld()
    with_facts(world, _in_slack)
    slack = SlowSlack(world.clock)
    world.wiring.slack = slack
    awaiting_approval(world)
    mailed = [(mail.to, mail.subject) for mail in world.wiring.mailer.sent]
    assert len({to for to, _ in mailed}) == 9
    for _ in range(10):
        later(world, MINUTE)
    assert [(mail.to, mail.subject) for mail in world.wiring.mailer.sent] == mailed
    assert len({posted.conversation for posted in slack.messages.values()}) == 9
    for module, plan in (
        ("stages.request_approval", STAGES["RequestApproval"]),
        ("doors.messenger", DOORS["Messenger"]),
    ):
        assert timedelta() < world.longest[module] < timedelta(seconds=plan.timeout_seconds), module


def _in_slack(said: dict[str, Any]) -> None:
    people = said["people"]
    said["slack"] = WORKSPACE.model_copy(update={"channels": {}}).model_dump(mode="json")
    for number in range(6):
        mine = {"name": f"Op {number}", "email": f"op{number}@example.com", "identities": []}
        people[f"op{number}"] = people["omar"] | mine
    asked = [name for name, person in people.items() if {"operations", "release-engineering"} & set(person["roles"])]
    for number, name in enumerate(sorted(asked)):
        people[name]["slack"] = f"U1P{number}"


class SlowSlack(FakeSlack):
    """Takes its time."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.clock = clock

    def _try(self, conversation: str) -> None:
        self.clock.move(timedelta(seconds=4.5))
        super()._try(conversation)


class TimedWorld(World):
    """``longest``: how long a function ran at the most, by the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.longest: dict[str, timedelta] = {}

    def invoke(self, module: str, event: Any) -> Any:
        began = self.clock.now()
        try:
            return super().invoke(module, event)
        finally:
            self.longest[module] = max(self.longest.get(module, timedelta()), self.clock.now() - began)
