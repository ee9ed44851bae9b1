"""Errors around the commit: whoever has decided never reads that they have not, and a refusal is always told."""

from collections.abc import Callable
from typing import Any

import pytest

from cutover.domain.record import Status
from cutover.errors import Conflict, DependencyUnavailable
from cutover.ports import Commit
from tests.approving import World
from tests.simulator import journeys
from tests.simulator.world import World as Simulated


@pytest.fixture
def world() -> World:
    return World()


def failing(*_: object, **__: object) -> None:
    raise DependencyUnavailable("the test says so")


def forbidden(*_: object, **__: object) -> None:
    raise PermissionError("the test says so")


@pytest.mark.parametrize("broken", [failing, forbidden])
def test_a_refusal_that_could_not_be_told_stands_and_a_repeat_tells_it(
    world: World, broken: Callable[..., None]
) -> None:
    link = world.link()
    form = world.form(link, "refuse")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.exceptions, "send", broken)
        for tries in (1, 2):
            assert world.post(link, form).status == 303
            assert world.failures == tries
    assert world.record.status is Status.DECLINED
    assert "You have refused this release" in world.get(link).body
    assert world.exceptions.messages == []
    assert world.post(link, form).status == 303
    assert len(world.exceptions.messages) == 1
    assert world.failures == 2


def test_a_repeated_approval_tells_nobody(world: World) -> None:
    link = world.link()
    form = world.form(link)
    world.post(link, form)
    world.decide(world.link("omar", "operations"), "refuse")
    told = len(world.exceptions.messages)
    world.become(world.record.status)
    assert world.post(link, form).status == 303
    assert len(world.exceptions.messages) == told == 1


def test_a_guard_that_cannot_save_its_answer_changes_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def once(_key: str, action: Callable[[], str]) -> str:
        action()
        raise DependencyUnavailable("the idempotency table did not answer")

    link = world.link()
    form = world.form(link)
    monkeypatch.setattr(world, "once", once)
    assert world.post(link, form).status == 303
    assert world.failures == 1
    assert "You have approved this release" in world.get(link).body


def test_a_commit_whose_answer_was_lost_is_answered_from_the_record(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = world.records.commit

    def lost(own: Commit) -> None:
        commit(own)
        raise DependencyUnavailable("the answer was lost")

    form = world.form(world.link())
    monkeypatch.setattr(world.records, "commit", lost)
    assert world.post(world.link(), form).status == 303
    assert world.record.decision_seq == 1


def test_a_decision_that_is_not_on_record_is_not_said_to_be(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    form = world.form(world.link())
    monkeypatch.setattr(world.records, "commit", failing)
    answer = world.post(world.link(), form)
    assert (answer.status, answer.code) == (503, "SERVICE_UNAVAILABLE")
    assert "Nothing was decided" in answer.body


def test_a_record_that_does_not_answer_leaves_the_outcome_open(world: World) -> None:
    """The commit took effect, its answer was lost, and then the table was gone."""
    commit = world.records.commit
    form = world.form(world.link())
    with pytest.MonkeyPatch.context() as patch:

        def lost(own: Commit) -> None:
            commit(own)
            patch.setattr(world.records, "revision", failing)
            raise DependencyUnavailable("the answer was lost")

        patch.setattr(world.records, "commit", lost)
        answer = world.post(world.link(), form)
    assert (answer.status, answer.code) == (503, "OUTCOME_UNKNOWN")
    assert "Nothing was decided" not in answer.body
    assert "You have approved this release" in world.get(world.link()).body


def test_a_form_that_is_being_answered_elsewhere_has_no_outcome_yet(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_key: str, _action: Callable[[], str]) -> str:
        raise Conflict("form")

    form = world.form(world.link())
    monkeypatch.setattr(world, "once", busy)
    answer = world.post(world.link(), form)
    assert (answer.status, answer.code) == (503, "OUTCOME_UNKNOWN")


def test_the_handler_counts_a_crash_that_became_a_page(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = Simulated()
    journeys.awaiting_approval(world)
    link = world.links()["erin"]

    def failures() -> list[Any]:
        return [line for line in capsys.readouterr().out.splitlines() if '"Failed":[1.0]' in line.replace(" ", "")]

    failures()
    assert world.http("GET", link)["statusCode"] == 200
    assert failures() == []
    monkeypatch.setattr(world.wiring.records, "revision", failing)
    assert world.http("GET", link)["statusCode"] == 503
    (line,) = failures()
    assert '"approvals"' in line
