"""Candidates, products and windows at once: one live revision a product and target, one owner a slot."""

import pytest

from cutover.domain import schedule
from cutover.domain.record import Lane, RevisionRecord, Signal, Slot
from cutover.errors import Fenced
from tests.engines import actors, ways
from tests.engines.actors import CUTOVER
from tests.engines.racing import Contender, Outcome
from tests.engines.rounds import ROUNDS, Course
from tests.engines.scenes import Place, Scene
from tests.engines.soundness import Table
from tests.simulator.wiring import SimulatedWiring


def admits(digest: str) -> Contender:
    def act(wiring: SimulatedWiring) -> object:
        return actors.admit(wiring, digest)

    return Contender(act)


def binds(scene: Scene, cutover: str) -> Contender:
    def act(wiring: SimulatedWiring) -> object:
        return actors.bind(wiring, scene.given[cutover])

    return Contender(act)


def newest_is_current(table: Table, sequence: int) -> tuple[str, ...]:
    """However they came in: the newest candidate's revision lives, and every other ended or never began."""
    (lane,) = table.all(Lane)
    assert (lane.sequence, lane.ended) == (sequence, None)
    revisions = sorted(table.all(RevisionRecord), key=lambda each: each.revision)
    assert [each.status for each in revisions[:-1]] == ["superseded"] * (len(revisions) - 1)
    assert revisions[-1].revision == lane.revision == len(revisions)
    return tuple(event for each in revisions for event in table.taken(CUTOVER, each.revision))


@pytest.mark.parametrize("sequences", [(1, 2), (1, 2, 3)], ids=["two", "three"])
def test_candidates_of_a_lane_that_is_free(course: Course, sequences: tuple[int, ...]) -> None:
    """3/3, and 3/4 where the newer one comes second."""
    scene = ways.announced(*sequences)

    def judge(table: Table, _place: Place, outcomes: list[Outcome]) -> int:
        assert [outcome.error for outcome in outcomes] == [None] * len(sequences)
        assert newest_is_current(table, sequences[-1])[0] == "admitted"
        return len(table.all(RevisionRecord))

    tally = course.run(scene, lambda _: [admits(each) for each in scene.given["admissions"]], judge)
    assert set(tally.ways) <= set(range(1, len(sequences) + 1))


def test_candidates_that_both_supersede(course: Course) -> None:
    """4/4, over a revision that people are deciding on."""
    scene = ways.half_approved(2, 3)

    def judge(table: Table, _place: Place, outcomes: list[Outcome]) -> int:
        assert [outcome.error for outcome in outcomes] == [None] * 2
        newest_is_current(table, 3)
        return len(table.all(RevisionRecord))

    tally = course.run(scene, lambda _: [admits(each) for each in scene.given["admissions"]], judge)
    assert set(tally.ways) <= {2, 3}


def test_one_candidate_admitted_many_times_opens_one_revision(course: Course) -> None:
    """Powertools' table is empty; the payload, the admission and the lane are not."""
    scene = ways.announced(1)

    def judge(table: Table, _place: Place, outcomes: list[Outcome]) -> int:
        assert {outcome.value.status for outcome in outcomes} == {"collecting"}
        assert newest_is_current(table, 1) == ("admitted",)
        return len(table.all(RevisionRecord))

    tally = course.run(scene, lambda _: [admits(each) for each in scene.given["admissions"] * 4], judge)
    assert tally.ways == {1: ROUNDS}


def test_two_products_want_one_window_of_one_queue(course: Course) -> None:
    """10/10: one is bound, the other held with the reason; each is bound by two at once."""
    scene = ways.about_to("Bind", *ways.PRODUCTS)
    cutovers = [f"{product}@production.1" for product in ways.PRODUCTS]

    def judge(table: Table, _place: Place, outcomes: list[Outcome]) -> str:
        assert [outcome.error for outcome in outcomes] == [None] * 4
        (slot,) = table.all(Slot)
        (loser,) = [cutover for cutover in cutovers if cutover != slot.cutover]
        assert (table.record(slot.cutover).status, table.record(loser).status) == ("bound", "held")
        assert table.record(loser).reason == "WINDOW_CONFLICT"
        assert [table.taken(each).count(event) for each, event in ((slot.cutover, "bound"), (loser, "held"))] == [1, 1]
        return slot.cutover

    course.run(scene, lambda _: [binds(scene, each) for each in cutovers * 2], judge)


def test_an_execution_that_is_taken_for_lost_and_writes_after_all(course: Course) -> None:
    """25/6: it is fenced, or it was in time and stays the one that serves."""
    scene = ways.about_to("Assemble")

    def assembles(wiring: SimulatedWiring) -> object:
        return actors.assemble(wiring, scene.given[CUTOVER])

    def enter(place: Place) -> list[Contender]:
        record = place.records.revision(CUTOVER, 1)
        assert record is not None
        place.clock.move_to(schedule.stalled_at(record) or record.moved_at)
        return [Contender(assembles), Contender(assembles), Contender(actors.tick), Contender(actors.tick)]

    def judge(table: Table, _place: Place, outcomes: list[Outcome]) -> tuple[str, ...]:
        record, fenced = table.record(CUTOVER), [isinstance(outcome.error, Fenced) for outcome in outcomes[:2]]
        if record.execution == 1:
            assert (record.status, fenced) == ("verifying", [False, False])
        else:
            assert (record.status, record.execution, record.signal) == ("collecting", 2, Signal.START)
            assert fenced == [True, True]
        return tuple(table.taken(CUTOVER))

    assert set(course.run(scene, enter, judge).ways) <= {("admitted", "assembled"), ("admitted", "adopted")}
