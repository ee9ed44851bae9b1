"""Signed events at once with each other and with the hand-off: each has one effect and one entry in the ledger."""

from cutover.domain.record import Brake, RevisionRecord
from tests.engines import actors, ways
from tests.engines.actors import CUTOVER
from tests.engines.racing import Contender, Outcome
from tests.engines.rounds import ROUNDS, Course
from tests.engines.scenes import Place
from tests.engines.soundness import Table
from tests.simulator.events import Sent
from tests.simulator.wiring import SimulatedWiring


def arrives(event: Sent) -> Contender:
    def act(wiring: SimulatedWiring) -> object:
        return actors.takes(wiring, event)

    return Contender(act)


def no_errors(outcomes: list[Outcome]) -> None:
    assert [outcome.error for outcome in outcomes] == [None] * len(outcomes)


def test_a_withdrawal_when_the_hand_off_begins(course: Course) -> None:
    """24/18, the withdrawal delivered twice: withdrawn in time; or stopped under its lease; or too late, and told."""
    scene = ways.withdrawing()
    (event,) = scene.given["events"]
    contenders = [arrives(event), arrives(event), Contender(actors.hand_off), Contender(actors.hand_off)]

    def judge(table: Table, place: Place, outcomes: list[Outcome]) -> tuple[str, str]:
        no_errors(outcomes)
        record, told = table.record(CUTOVER), table.told(event.payload)
        assert len(place.deployment.messages) == (record.status == "handed_off")
        assert (
            told.event
            in {
                "withdrawn": {"withdrawn"},
                "handing_off": {"withdrawal-during-hand-off"},
                "handed_off": {"withdrawal-during-hand-off", "withdrawn-too-late"},
            }[record.status]
        )
        assert place.store.has_tombstone(CUTOVER, 1) or told.event == "withdrawn-too-late"
        return record.status, told.event

    course.run(scene, lambda _: contenders, judge)


def test_answers_to_all_holds_at_once(course: Course) -> None:
    """8/8/9: all of them count, and the last one opens the one next revision."""
    scene = ways.held()
    events = scene.given["events"][:3]

    def judge(table: Table, place: Place, outcomes: list[Outcome]) -> int:
        no_errors(outcomes)
        before, after = table.record(CUTOVER), table.record(CUTOVER, 2)
        assert table.taken(CUTOVER)[-3:] == ["resolution-recorded", "resolution-recorded", "resolved"]
        assert {each.payload for each in before.resolutions} == {event.payload for event in events}
        assert (after.status, len(after.waivers), len(after.refreshed)) == ("collecting", 1, 2)
        assert sorted(outcome.value for outcome in outcomes).count("HOLDS_RESOLVED") == 1
        assert {table.told(event.payload).revision for event in events} == {1}
        assert place.store.has_tombstone(CUTOVER, 1)
        return len(table.all(RevisionRecord))

    assert course.run(scene, lambda _: [arrives(event) for event in events], judge).ways == {2: ROUNDS}


def test_two_answers_to_one_hold_and_one_of_them_twice(course: Course) -> None:
    """8/8: one answer counts, the other is refused, and the one that came twice had its effect once."""
    scene = ways.held()
    one, other = scene.given["events"][0], scene.given["events"][3]

    def judge(table: Table, _place: Place, outcomes: list[Outcome]) -> str:
        no_errors(outcomes)
        record = table.record(CUTOVER)
        results = sorted(table.told(event.payload).result for event in (one, other))
        assert results == ["ANSWERED_ALREADY", "RESOLUTION_RECORDED"]
        assert (record.status, len(record.resolutions), len(record.waivers)) == ("held", 1, 1)
        assert "REPEATED" in {outcome.value for outcome in outcomes}
        return "one" if record.resolutions[0].payload == one.payload else "other"

    course.run(scene, lambda _: [arrives(one), arrives(one), arrives(other)], judge)


def test_the_last_answer_when_a_newer_candidate_comes(course: Course) -> None:
    """9/4: one after the other, or the candidate alone; in the end the newer candidate's revision lives."""
    scene = ways.held(2)
    (newer,) = scene.given["admissions"]
    contenders = [arrives(event) for event in scene.given["events"][:3]]

    def judge(table: Table, _place: Place, outcomes: list[Outcome]) -> tuple[str, ...]:
        no_errors(outcomes)
        revisions = sorted(table.all(RevisionRecord), key=lambda each: each.revision)
        assert [each.status for each in revisions[:-1]] == ["superseded"] * (len(revisions) - 1)
        assert (revisions[-1].status, revisions[-1].refreshed) == ("collecting", ())
        assert revisions[-1].candidate != revisions[0].candidate
        return tuple(each.reason or "" for each in revisions[:-1])

    def admits(wiring: SimulatedWiring) -> object:
        return actors.admit(wiring, newer)

    tally = course.run(scene, lambda _: [*contenders, Contender(admits)], judge)
    assert set(tally.ways) <= {("NEWER_CANDIDATE",), ("HOLDS_RESOLVED", "NEWER_CANDIDATE")}


def test_a_release_of_the_brake_when_somebody_engages_it(course: Course) -> None:
    """Whichever comes first, it is engaged in the end: a release frees only what its dry run showed."""
    scene = ways.braked()
    release, engage = scene.given["events"]

    def judge(table: Table, _place: Place, outcomes: list[Outcome]) -> tuple[str, str]:
        no_errors(outcomes)
        (brake,) = table.all(Brake)
        assert (brake.engaged, brake.order) == (True, engage.payload)
        results = table.told(release.payload).result, table.told(engage.payload).result
        assert results in {("RELEASED", "ENGAGED"), ("PLAN_DIFFERS", "ENGAGED_AGAIN")}
        assert brake.version == 3 + (results[0] == "RELEASED")
        return results

    contenders = [arrives(release), arrives(release), arrives(engage), arrives(engage)]
    course.run(scene, lambda _: contenders, judge)


def test_the_brake_when_the_hand_off_begins(course: Course) -> None:
    """Sent before it was engaged, or not at all."""
    scene = ways.about_to_brake()
    (event,) = scene.given["events"]

    def judge(table: Table, place: Place, outcomes: list[Outcome]) -> str:
        no_errors(outcomes)
        record = table.record(CUTOVER)
        assert table.told(event.payload).result == "ENGAGED"
        assert len(place.deployment.messages) == (record.status == "handed_off")
        assert record.status == "handed_off" or record.reason == "BRAKE_ENGAGED"
        return record.status

    contenders = [arrives(event), arrives(event), Contender(actors.hand_off), Contender(actors.hand_off)]
    course.run(scene, lambda _: contenders, judge)


def test_a_receipt_when_another_attempt_begins(course: Course) -> None:
    """19/20: it arrived, so at the most the same envelope is sent once more; it is handed off once."""
    scene = ways.acknowledging()
    (event,) = scene.given["events"]

    def judge(table: Table, place: Place, outcomes: list[Outcome]) -> tuple[str, ...]:
        no_errors(outcomes)
        record, taken = table.record(CUTOVER), table.taken(CUTOVER)
        assert (record.status, taken.count("handed-off")) == ("handed_off", 1)
        assert table.told(event.payload).result == "RECEIPT_ACCEPTED"
        assert len(place.deployment.messages) == taken.count("handing-off-again")
        assert set(place.deployment.messages) <= {place.store.get_handoff(record.handoff_id or "")}
        return tuple(taken[-2:])

    contenders = [arrives(event), arrives(event), Contender(actors.hand_off), Contender(actors.hand_off)]
    course.run(scene, lambda _: contenders, judge)
