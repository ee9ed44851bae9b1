"""Who is asked, and what is said when: the rules of ``domain.circle`` and ``domain.telling``, and what holds of any."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutover.contracts.manifest import RequiredSigner
from cutover.contracts.people import Absence, Person, SlackWorkspace
from cutover.contracts.policy import Facts
from cutover.domain import quorum
from cutover.domain.circle import Circle, is_away
from cutover.domain.correspondence import Correspondence, Post, Told, merged
from cutover.domain.emergencies import Timers
from cutover.domain.record import RecordedDecision, RevisionRecord, Status
from cutover.domain.telling import Plan, Standing, Step, Telling
from tests.adapters.samples import record
from tests.building.policy import BOUND_AT, DEPLOYMENT

NOW = BOUND_AT
HOUR = timedelta(hours=1)
ROLES = ("operations", "release-engineering")
SEATS = (RequiredSigner(role="release-engineering"), RequiredSigner(role="operations"))
TIMERS = Timers(held_for=HOUR, link_valid_for=24 * HOUR, reminders=(4 * HOUR, 24 * HOUR), deputies_after=2 * HOUR)
NOBODY: frozenset[str] = frozenset()


def person(*roles: str, away: tuple[int, int] | None = None, instead_of: tuple[str, ...] = (), **more: Any) -> Person:
    """``away``: from and to, in hours from now."""
    absences = (Absence(starts_at=NOW + away[0] * HOUR, ends_at=NOW + away[1] * HOUR),) if away else ()
    return Person(
        name="P", email="p@example.com", team="operations", roles=roles or ("operations",), stands_in_for=instead_of,
        absences=absences, **more,
    )  # fmt: skip


def facts(**people: Person) -> Facts:
    named = {name: each.model_copy(update={"email": f"{name}@example.com"}) for name, each in people.items()}
    return DEPLOYMENT.facts().model_copy(update={"people": named})


def told(name: str, role: str = "operations", *, at: datetime = NOW, mailed: Any = "open", **more: Any) -> Told:
    return Told(person=name, role=role, round=1, asked_at=at, mailed=mailed, **more)


def circle(who: Facts, **changes: Any) -> Circle:
    seats = changes.pop("seats", (RequiredSigner(role="operations"),))
    given: dict[str, Any] = {"barred": NOBODY, "deputies_after": 2 * HOUR, "now": NOW} | changes
    return Circle(seats=seats, facts=who, **given)


def asked(who: Facts, **changes: Any) -> list[str]:
    return [each.person for each in circle(who, **changes).wanted()]


class TestWhoIsAsked:
    def test_everybody_who_is_there_and_nobodys_deputy(self) -> None:
        who = facts(ann=person(), ben=person(away=(-1, 1)), cem=person(instead_of=("ann",)), dee=person("security"))
        assert asked(who) == ["ann"]

    def test_a_deputy_at_once_while_the_principal_is_away(self) -> None:
        who = facts(ann=person(away=(-1, 1)), ben=person(), cem=person(instead_of=("ann",)))
        assert asked(who) == ["ben", "cem"]
        assert circle(who).wanted()[1].stands_in_for == "ann"

    def test_an_absence_is_half_open(self) -> None:
        who = facts(ann=person(away=(0, 1)), ben=person())
        assert asked(who) == ["ben"]
        assert asked(who, now=NOW + HOUR) == ["ann", "ben"]

    def test_everybody_where_a_seat_would_stay_empty(self) -> None:
        """Better that somebody reads it on holiday than that nobody is asked."""
        assert asked(facts(ann=person(away=(-1, 1)))) == ["ann"]
        who = facts(ann=person(), ben=person(instead_of=("ann",)), cem=person(away=(-1, 1)))
        assert asked(who, seats=(RequiredSigner(role="operations", count=2),)) == ["ann", "ben", "cem"]

    def test_one_person_in_both_roles_fills_one_seat(self) -> None:
        who = facts(ann=person(*ROLES), ben=person("operations", instead_of=("ann",)))
        pairs = [each.pair for each in circle(who, seats=SEATS).wanted()]
        assert pairs == [("release-engineering", "ann"), ("operations", "ann"), ("operations", "ben")]

    def test_everybody_in_another_role_where_that_frees_somebody_for_this_one(self) -> None:
        who = facts(ann=person("operations", instead_of=("ben",)), ben=person(*ROLES))
        assert [each.pair for each in circle(who, seats=SEATS).wanted()] == [
            ("release-engineering", "ben"), ("operations", "ann"), ("operations", "ben"),
        ]  # fmt: skip

    def test_whoever_is_out_of_reach_counts_as_away(self) -> None:
        who = facts(ann=person(), ben=person(), cem=person(instead_of=("ann",)))
        lost = told("ann", mailed=None, undelivered="MAIL_BOUNCED")
        assert asked(who, told=(lost,)) == ["ben", "cem"]

    def test_who_slack_reaches_is_not_out_of_reach(self) -> None:
        who = facts(ann=person(), ben=person(instead_of=("ann",)))
        assert asked(who, told=(told("ann", undelivered="MAIL_BOUNCED", posted="open"),)) == ["ann"]

    def test_deputies_when_the_question_is_old_enough(self) -> None:
        who = facts(ann=person(), ben=person(instead_of=("ann",)))
        question = told("ann")
        assert asked(who, told=(question,), now=NOW + 2 * HOUR - timedelta(seconds=1)) == ["ann"]
        assert asked(who, told=(question,), now=NOW + 2 * HOUR) == ["ann", "ben"]

    def test_no_deputy_of_somebody_who_has_answered(self) -> None:
        who = facts(ann=person(), ben=person(instead_of=("ann",)), cem=person())
        seats = (RequiredSigner(role="operations", count=1),)
        later = NOW + 3 * HOUR
        assert asked(who, seats=seats, told=(told("ann"),), decided=frozenset({"ann"}), now=later) == ["cem"]

    def test_colleagues_who_stand_in_for_each_other_are_nobodys_deputies(self) -> None:
        """Beside them are somebody who is silent for ever, and a deputy of theirs and of his."""
        who = facts(
            ann=person(instead_of=("ben",)), ben=person(instead_of=("ann",)), cem=person(),
            dee=person(instead_of=("ann", "cem")),
        )  # fmt: skip
        assert asked(who) == ["ann", "ben", "cem"]
        assert [each.stands_in_for for each in circle(who).wanted()] == [None, None, None]

    def test_of_a_circle_with_somebody_who_is_asked_in_it_the_rest_are_deputies(self) -> None:
        who = facts(ann=person(instead_of=("ben",)), ben=person(instead_of=("ann", "cem")), cem=person())
        assert asked(who) == ["cem"]
        assert asked(who, decided=frozenset({"cem"}), seats=(RequiredSigner(role="operations"),)) == ["ann", "ben"]

    def test_a_deputy_of_a_deputy_is_asked_with_him_when_the_question_is_old_enough(self) -> None:
        who = facts(ann=person(), ben=person(instead_of=("ann",)), cem=person(instead_of=("ben",)))
        question = told("ann")
        assert asked(who, told=(question,)) == ["ann"]
        assert asked(who, told=(question,), now=NOW + 2 * HOUR) == ["ann", "ben", "cem"]
        assert NOW + 2 * HOUR in set(circle(who, told=(question,)).changes_at())

    def test_when_the_seat_is_still_empty_deputies_of_those_who_answered_are_asked_too(self) -> None:
        who = facts(ann=person(), ben=person(instead_of=("ann",)), cem=person())
        given: dict[str, Any] = {"told": (told("ann"), told("cem")), "decided": frozenset({"ann"})}
        assert asked(who, **given, now=NOW + HOUR) == ["cem"]
        late = circle(who, **given, now=NOW + 2 * HOUR).wanted()
        assert [(each.person, each.stands_in_for) for each in late] == [("ben", None), ("cem", None)]

    def test_a_deputy_of_somebody_who_may_not_decide_is_nobodys(self) -> None:
        who = facts(ann=person(), ben=person(instead_of=("ann",)))
        assert asked(who, barred=frozenset({"ann"})) == ["ben"]

    def test_a_deputy_in_another_role_is_nobodys_here(self) -> None:
        who = facts(ann=person("release-engineering"), ben=person("operations", instead_of=("ann",)))
        assert asked(who) == ["ben"]

    def test_times_at_which_it_changes_by_itself(self) -> None:
        who = facts(ann=person(away=(5, 6)), ben=person(instead_of=("ann",)))
        found = set(circle(who, told=(told("ann"),)).changes_at())
        assert found == {NOW + 2 * HOUR, NOW + 5 * HOUR, NOW + 6 * HOUR}


names = st.sampled_from("abcdef")
crowds = st.dictionaries(
    names,
    st.builds(
        lambda roles, start, length, instead: person(
            *sorted(roles), away=(start, start + length) if length else None, instead_of=tuple(sorted(instead))
        ),
        st.frozensets(st.sampled_from((*ROLES, "security")), min_size=1), st.integers(-3, 3), st.integers(0, 3),
        st.frozensets(names, max_size=2),
    ),
    min_size=1,
)  # fmt: skip
seatings = st.lists(
    st.builds(RequiredSigner, role=st.sampled_from(ROLES), count=st.integers(1, 2)), min_size=1, max_size=2,
    unique_by=lambda seat: seat.role,
)  # fmt: skip


@given(crowds, seatings, st.frozensets(names, max_size=2), st.frozensets(names, max_size=2), st.integers(0, 5))
def test_nobody_is_asked_who_may_not_and_no_seat_that_can_be_filled_is_left(
    crowd: dict[str, Person], seats: list[RequiredSigner], barred: frozenset[str], decided: frozenset[str], hours: int
) -> None:
    who = facts(**crowd)
    around = circle(who, seats=tuple(seats), barred=barred, decided=decided, now=NOW + hours * HOUR)
    wanted = around.wanted()
    roles: dict[str, frozenset[str]] = {}
    for each in wanted:
        quorum.eligible(each.person, each.role, facts=who, barred=barred)
        assert each.person not in decided
        roles[each.person] = roles.get(each.person, NOBODY) | {each.role}
    everybody = {name: frozenset(each.roles) for name, each in crowd.items() if name not in barred | decided}

    def missing(able: dict[str, frozenset[str]]) -> int:
        votes = [quorum.Voter(name, held, "link") for name, held in able.items()]
        return sum(seat.count for seat in quorum.outstanding(seats, votes))

    assert missing(roles) == missing(everybody)
    assert len({each.pair for each in wanted}) == len(wanted)
    assert around.wanted() == wanted


@given(crowds, seatings, st.integers(0, 5))
def test_when_the_question_is_old_enough_everybody_who_is_there_is_asked(
    crowd: dict[str, Person], seats: list[RequiredSigner], hours: int
) -> None:
    """Whoever stands in for whom: nobody who could fill an empty seat is left out for ever."""
    who, now = facts(**crowd), NOW + hours * HOUR
    first = circle(who, seats=tuple(seats), now=now).wanted()
    open_ = tuple(told(each.person, each.role, at=now - 2 * HOUR) for each in first)
    around = circle(who, seats=tuple(seats), now=now, told=open_)
    wanted = {each.pair for each in around.wanted()}
    for role in {each.role for each in first}:
        there = {each for each in around.eligible(role) if not is_away(who.people[each], now)}
        assert {(role, each) for each in there} <= wanted


@given(crowds, seatings, st.integers(0, 5))
def test_who_is_away_is_asked_only_where_everybody_is(
    crowd: dict[str, Person], seats: list[RequiredSigner], hours: int
) -> None:
    """Then that role's seat would stay empty without them, or without a deputy who is asked with them."""
    who, now = facts(**crowd), NOW + hours * HOUR
    around = circle(who, seats=tuple(seats), now=now)
    for seat in seats:
        found = {each.person for each in around.wanted() if each.role == seat.role}
        assert not any(is_away(who.people[each], now) for each in found) or found == set(around.eligible(seat.role))


class Desk:
    """One revision with what was said of it; ``plan`` is one look, and what it says is taken as said."""

    def __init__(self, who: Facts, *, slack: bool = False, signers: tuple[RequiredSigner, ...] = SEATS[1:]) -> None:
        self.facts, self.slack, self.signers, self.now = who, slack, signers, NOW
        self.record: RevisionRecord = record(status=Status.AWAITING_APPROVAL, expires_at=NOW + 48 * HOUR)
        self.said = Correspondence(cutover=self.record.cutover, revision=1, headline="h", begun_by=1)

    def plan(self) -> Plan:
        return self.telling().plan()

    def telling(self) -> Telling:
        decided = frozenset(each.person for each in self.record.decisions)
        votes = [quorum.Voter(each.person, frozenset({each.role}), "link") for each in self.record.decisions]
        standing = Standing(
            signers=self.signers, seats=quorum.outstanding(self.signers, votes), decided=decided, barred=NOBODY
        )
        return Telling(
            record=self.record, facts=self.facts, timers=TIMERS, said=self.said, now=self.now, standing=standing,
            slack=self.slack,
        )  # fmt: skip

    def say(self, hours: float = 0) -> list[tuple[str, str, str, bool]]:
        """Kind, person, state, and whether by mail."""
        self.now += hours * HOUR
        steps = self.plan().steps
        for step in steps:
            self.said = self.said.with_told(delivered(step))
        return [(step.kind, step.told.person, step.told.state, step.mail) for step in steps]

    def become(self, status: Status, **changes: Any) -> None:
        version = self.record.version + 1
        self.record = self.record.model_copy(update={"status": status, "version": version, **changes})

    def decided(self, name: str, role: str = "operations") -> None:
        self.become(self.record.status, decisions=(*self.record.decisions, decision(name, role)))


def delivered(step: Step) -> Told:
    update: dict[str, Any] = {}
    if step.mail or step.told.mailed == "open":
        update["mailed"] = step.told.state
    if step.slack:
        update["posted"] = step.told.state
        update["posts"] = step.told.posts if step.kind == "close" else (*step.told.posts, "D1/1.0")
    return step.told.model_copy(update=update)


def decision(name: str, role: str) -> RecordedDecision:
    reference = {"payload": "sha256:" + "1" * 64, "envelope": "sha256:" + "2" * 64}
    return RecordedDecision.model_validate(
        {
            "role": role, "person": name, "decision": "approve", "assurance": "link", **reference, "facts": reference,
            "key": "sha256:" + "3" * 64, "decided_at": NOW,
        }
    )  # fmt: skip


TWO = facts(ann=person(), ben=person())


class TestWhatIsSaid:
    def test_once(self) -> None:
        desk = Desk(TWO)
        assert desk.say() == [("ask", "ann", "open", True), ("ask", "ben", "open", True)]
        assert desk.say() == []
        assert desk.plan().due_at == NOW + 4 * HOUR

    def test_reminders_at_the_rules_times_and_one_for_those_that_were_missed(self) -> None:
        desk = Desk(facts(ann=person()))
        desk.say()
        assert desk.say(3.9) == []
        assert desk.say(0.1) == [("remind", "ann", "open", True)]
        assert desk.say(0.1) == []
        desk = Desk(facts(ann=person()))
        desk.say()
        assert desk.say(30) == [("remind", "ann", "open", True)]
        assert desk.say() == []
        assert desk.plan().due_at == NOW + 48 * HOUR

    def test_whoever_is_away_is_not_reminded(self) -> None:
        desk = Desk(facts(ann=person(away=(3, 6)), ben=person()))
        desk.say()
        assert [each for each in desk.say(4) if each[3]] == [("remind", "ben", "open", True)]

    def test_a_deputy_is_asked_and_stays_asked_when_the_principal_is_back(self) -> None:
        desk = Desk(facts(ann=person(away=(1, 3)), ben=person(instead_of=("ann",))))
        assert [each[1] for each in desk.say()] == ["ann"]
        assert desk.say(1.5) == [("ask", "ben", "open", True)]
        assert desk.say(1.6) == []

    def test_the_seat_is_filled_by_another(self) -> None:
        desk = Desk(TWO)
        desk.say()
        desk.decided("ann")
        assert desk.say() == [("close", "ann", "decided", False), ("close", "ben", "filled", True)]
        assert desk.say() == []

    def test_a_seat_that_is_empty_again_asks_again(self) -> None:
        desk = Desk(TWO)
        desk.say()
        desk.decided("ann")
        desk.say()
        desk.become(Status.AWAITING_APPROVAL, decisions=())
        assert [each[:2] for each in desk.say()] == [("ask", "ann"), ("ask", "ben")]

    def test_newcomers_are_asked_and_leavers_closed(self) -> None:
        desk = Desk(TWO)
        desk.say()
        desk.facts = facts(ben=person(), cem=person())
        assert desk.say() == [("ask", "cem", "open", True), ("close", "ann", "left", False)]
        desk.facts = facts(ann=person(), ben=person("security"), cem=person())
        assert desk.say() == [("ask", "ann", "open", True), ("close", "ben", "left", True)]

    @pytest.mark.parametrize(
        ("status", "state"),
        [
            (Status.APPROVED, "approved"), (Status.DECLINED, "declined"), (Status.SUPERSEDED, "superseded"),
            (Status.EXPIRED, "expired"), (Status.WITHDRAWN, "withdrawn"), (Status.DEFERRED, "deferred"),
        ],
    )  # fmt: skip
    def test_what_becomes_of_it_closes_every_open_question_once(self, status: Status, state: str) -> None:
        desk = Desk(TWO)
        desk.say()
        desk.become(status)
        assert desk.say() == [("close", "ann", state, True), ("close", "ben", state, True)]
        assert desk.say() == []

    def test_whoever_ended_it_is_told_by_no_mail(self) -> None:
        desk = Desk(TWO, slack=True)
        desk.say()
        desk.become(Status.DECLINED, decisions=(decision("ann", "operations"),))
        assert desk.say() == [("close", "ann", "declined", False), ("close", "ben", "declined", True)]

    def test_at_its_end_nothing_is_due_any_more(self) -> None:
        desk = Desk(TWO)
        desk.say()
        desk.become(Status.EXPIRED)
        desk.say()
        assert desk.plan() == Plan((), None)

    def test_a_new_round_asks_those_who_are_missing_once_more(self) -> None:
        desk = Desk(TWO)
        desk.say()
        desk.said = desk.said.model_copy(update={"round": 2})
        assert [each[:2] for each in desk.say(1)] == [("ask", "ann"), ("ask", "ben")]
        assert {each.asked_at for each in desk.said.told} == {NOW + HOUR}
        assert desk.say() == []

    def test_where_nobody_can_be_judged_nothing_is_said(self) -> None:
        desk = Desk(TWO)
        desk.say()
        unjudged = desk.telling()
        object.__setattr__(unjudged, "standing", None)
        assert unjudged.plan().steps == ()

    def test_a_corrected_address_is_written_to_again(self) -> None:
        desk = Desk(facts(ann=person()))
        desk.say()
        lost = desk.said.told[0].model_copy(update={"undelivered": "MAIL_BOUNCED"})
        desk.said = desk.said.with_told(lost)
        assert desk.say() == []
        moved = desk.facts.people["ann"].model_copy(update={"email": "ann.new@example.com"})
        desk.facts = desk.facts.model_copy(update={"people": {"ann": moved}})
        assert desk.say() == [("ask", "ann", "open", True)]


class TestSlack:
    @pytest.fixture
    def desk(self) -> Desk:
        workspace = SlackWorkspace(team="T123", app="A123", channels={"operations": "C123"})
        who = facts(ann=person(slack="U123"), ben=person()).model_copy(update={"slack": workspace})
        return Desk(who, slack=True)

    def test_a_direct_message_for_whom_the_facts_name_there(self, desk: Desk) -> None:
        steps = desk.plan().steps
        assert [(step.told.person, step.mail, step.slack) for step in steps] == [
            ("ann", True, True),
            ("ben", True, False),
        ]

    def test_what_slack_did_not_take_is_said_again_and_the_mail_is_not(self, desk: Desk) -> None:
        desk.say()
        desk.said = desk.said.with_told(desk.said.told[0].model_copy(update={"posted": None}))
        assert [(step.mail, step.slack) for step in desk.plan().steps] == [(False, True)]

    def test_a_corrected_member_is_written_to_and_the_same_one_is_not(self, desk: Desk) -> None:
        desk.say()
        lost = desk.said.told[0].model_copy(update={"unposted": "SLACK_PERSON_INACTIVE", "posted": None})
        desk.said = desk.said.with_told(lost)
        assert desk.plan().steps == ()
        moved = desk.facts.people["ann"].model_copy(update={"slack": "U999"})
        desk.facts = desk.facts.model_copy(update={"people": {**desk.facts.people, "ann": moved}})
        assert [(step.told.person, step.mail, step.slack) for step in desk.plan().steps] == [("ann", False, True)]

    def test_what_stands_there_is_edited_whatever_becomes_of_it(self, desk: Desk) -> None:
        desk.say()
        desk.decided("ann")
        desk.say()
        assert desk.said.told[0].posted == "decided"
        desk.become(Status.WITHDRAWN)
        assert [(step.told.person, step.mail, step.slack) for step in desk.plan().steps if step.slack] == [
            ("ann", False, True)
        ]

    def test_a_channel_shows_who_is_asked_and_what_became_of_it(self, desk: Desk) -> None:
        desk.say()
        (first,) = desk.telling().channels(desk.said)
        assert (first.conversation, first.state, first.asked, first.reference) == ("C123", "open", ("ann", "ben"), None)
        post = Post(role=first.role, conversation="C123", reference="C123/1.0", shown=first.shown)
        desk.said = desk.said.with_post(post)
        assert list(desk.telling().channels(desk.said)) == []
        desk.decided("ann")
        desk.say()
        (second,) = desk.telling().channels(desk.said)
        assert (second.state, second.asked, second.reference) == ("filled", (), "C123/1.0")

    @pytest.mark.parametrize("left", [None, SlackWorkspace(team="T123", app="A123", channels={})])
    def test_a_channel_that_the_facts_name_no_more_is_told_what_became_of_it(
        self, desk: Desk, left: SlackWorkspace | None
    ) -> None:
        desk.say()
        (first,) = desk.telling().channels(desk.said)
        post = Post(role=first.role, conversation="C123", reference="C123/1.0", shown=first.shown)
        asked, desk.facts = desk.said, desk.facts.model_copy(update={"slack": left})
        assert list(desk.telling().channels(asked)) == [], "nothing new is posted"
        desk.said = asked.with_post(post)
        assert list(desk.telling().channels(desk.said)) == []
        desk.become(Status.DECLINED)
        desk.say()
        (last,) = desk.telling().channels(desk.said)
        assert (last.state, last.asked, last.reference) == ("declined", (), "C123/1.0")

    def test_a_channel_in_which_nothing_was_asked_is_left_alone(self, desk: Desk) -> None:
        desk.say()
        desk.become(Status.EXPIRED)
        desk.say()
        assert list(desk.telling().channels(desk.said)) == []


class TestTwoWriters:
    def test_no_reference_is_lost(self) -> None:
        """A message whose reference nobody knows would keep its buttons for ever."""
        base = Correspondence(cutover="service@production.1", revision=1, headline="h", begun_by=1)
        theirs = base.with_told(told("ann", posts=("D1/1",), posted="open")).model_copy(update={"version": 2})
        ours = base.with_told(told("ann", posts=("D1/2",), posted="open")).with_told(told("ben"))
        ours = ours.with_post(Post(role="operations", conversation="C1", reference="C1/1", shown="sha256:" + "0" * 64))
        result = merged(theirs, ours, again=NOW)
        assert result.told[0].posts == ("D1/1", "D1/2")
        assert [each.person for each in result.told] == ["ann", "ben"]
        assert (result.posts, result.seen, result.version) == (ours.posts, 0, 3)

    @pytest.mark.parametrize(("stored", "ours"), [(None, None), (None, 1), (1, None), (-1, 1)])
    def test_what_came_of_it_is_looked_at_soon_whatever_either_of_them_thought(
        self, stored: int | None, ours: int | None
    ) -> None:
        """The one who wrote first saw the end and left nothing due; whom the other asked has to be told of it."""
        base = Correspondence(cutover="service@production.1", revision=1, headline="h", begun_by=1)

        def with_due(hours: int | None) -> Correspondence:
            return base.model_copy(update={"due_at": None if hours is None else NOW + timedelta(hours=hours)})

        result = merged(with_due(stored), with_due(ours), again=NOW)
        assert result.due_at is not None
        assert result.due_at <= NOW


histories = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(0, 6)),
        st.tuples(st.just("decide"), names),
        st.tuples(st.just("facts"), crowds),
        st.tuples(st.just("lapse"), st.none()),
    ),
    max_size=6,
)


@given(crowds, seatings, histories, st.sampled_from([Status.APPROVED, Status.SUPERSEDED, Status.EXPIRED]))
def test_whatever_happens_each_look_says_all_and_the_end_closes_all(
    crowd: dict[str, Person], seats: list[RequiredSigner], history: list[tuple[str, Any]], end: Status
) -> None:
    desk = Desk(facts(**crowd), signers=tuple(seats))
    for what, value in history:
        desk.say(value if what == "wait" else 0)
        if what == "decide" and value in desk.facts.people:
            desk.decided(value, desk.facts.people[value].roles[0])
        elif what == "facts":
            desk.facts = facts(**value)
        elif what == "lapse":
            desk.become(Status.AWAITING_APPROVAL, decisions=())
        desk.say()
        assert [step for step in desk.plan().steps if step.mail] == [], "a second look has nothing to say"
        for each in desk.said.told:
            if each.state == "open":
                quorum.eligible(each.person, each.role, facts=desk.facts, barred=NOBODY)
    desk.become(end)
    desk.say()
    assert {each.state for each in desk.said.told} <= {"decided", end.value}
    assert "open" not in {each.mailed for each in desk.said.told}
    assert desk.plan().steps == ()
