"""The real definition on moto's Step Functions, and our own small interpreter beside it: both go the same way."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from moto import mock_aws

from tests.building.policy import CLOSES_AT
from tests.simulator.events import withdraw
from tests.simulator.journeys import AFTER_OPENING, assert_consistent, revise
from tests.simulator.world import World
from tests.workflow.moto_world import MotoWorld, install


@pytest.fixture
def moto_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[MotoWorld]:
    config: Any = {"stepfunctions": {"execute_state_machine": True}, "lambda": {"use_docker": False}}
    with mock_aws(config=config):
        world = MotoWorld()
        install(world, monkeypatch)
        yield world


def happy(world: World) -> None:
    world.announce()
    world.run()
    for person in ("erin", "omar"):
        world.decide(person)
        world.run()
    world.clock.move_to(AFTER_OPENING)
    world.tick()


def refused(world: World) -> None:
    world.announce(key="waiver")
    world.run()


def held_until_expiry(world: World) -> None:
    world.announce(world.candidate(waivers=()))
    world.run()
    assert world.record().status == "held"
    world.clock.move_to(world.record().expires_at)
    world.tick()


def declined(world: World) -> None:
    world.announce()
    world.run()
    world.decide("omar", "refuse")
    world.run()


def expired(world: World) -> None:
    world.announce()
    world.run()
    assert world.record().status == "awaiting_approval"
    world.clock.move_to(CLOSES_AT)
    world.tick()


def a_family_crashes(world: World) -> None:
    """The branch's own Catch; a bug, so moto too tries it again as often as any."""

    def crash(name: str, payload: dict[str, str]) -> None:
        if name == "Verify" and payload["family"] == "rollback":
            raise ZeroDivisionError

    world.before_invoke = crash
    held_until_expiry(world)


def it_fails(world: World) -> None:
    def fail(name: str, _payload: object) -> None:
        if name == "Bind":
            raise ZeroDivisionError

    world.before_invoke = fail
    world.announce()
    world.run()


JOURNEYS: dict[str, tuple[Callable[[World], None], str, str, str]] = {
    "happy": (happy, "handed_off", "SUCCEEDED", "HandedOff"),
    "refused": (refused, "refused", "SUCCEEDED", "Refused"),
    "held until expiry": (held_until_expiry, "expired", "SUCCEEDED", "Expired"),
    "declined": (declined, "declined", "SUCCEEDED", "Declined"),
    "expired": (expired, "expired", "SUCCEEDED", "Expired"),
}


@pytest.mark.parametrize(("journey", "status", "execution", "last"), JOURNEYS.values(), ids=JOURNEYS.keys())
def test_the_definition_on_moto(
    moto_world: MotoWorld, journey: Callable[[World], None], status: str, execution: str, last: str
) -> None:
    """It ends as it should; and the interpreter that carries all other tests visits the same states."""
    journey(moto_world)
    assert (moto_world.status(), moto_world.visited()[-1]) == (execution, last)
    if status == "refused":
        assert moto_world.admissions()[0].status == status
    else:
        assert moto_world.record().status == status
        assert_consistent(moto_world)
    assert len(moto_world.messages()) == (status == "handed_off")

    simulated = World()
    journey(simulated)
    ours, theirs = simulated.execution().visited, moto_world.visited()
    assert Counter(ours) == Counter(theirs)
    branches = {name for name in theirs if name.startswith(("Collect", "Verify"))}
    assert [name for name in ours if name not in branches] == [name for name in theirs if name not in branches]


def superseded(world: World) -> None:
    """The older one ends where it waits; the newer one's own execution goes on."""
    world.announce()
    world.run()
    world.announce(world.candidate(version="1.4.1", sequence=2))
    world.run()
    approved_and_handed_off(world)


def drifted(world: World) -> None:
    """The successor has an execution that nobody announced."""
    world.announce()
    world.run()
    revise(world, "rollout", lambda said: said["cohorts"][0].update(share_percent=7))
    world.clock.move(timedelta(minutes=16))
    world.tick()
    approved_and_handed_off(world)


def adopted(world: World) -> None:
    """The execution was stopped while it waited for people."""
    world.announce()
    world.run()
    if isinstance(world, MotoWorld):
        world.stop()
    else:
        stopped = world.execution()
        world.wiring.workflow.time_out(str(stopped.token))
        world.machine.stop(stopped.name)
    for person in ("erin", "omar"):
        world.decide(person)
        world.run()
    world.clock.move(timedelta(minutes=2))
    world.tick()
    world.clock.move_to(AFTER_OPENING)
    world.tick()


def withdrawn(world: World) -> None:
    world.announce()
    world.run()
    withdraw(world, "service@production.1")
    world.run()


def rehearsed(world: World) -> None:
    """Beside a release that waits for people, and with a hold."""
    world.announce()
    world.run()
    world.announce(world.candidate(rehearsal=True, waivers=()))
    world.run()
    assert world.record("service@production.rehearsal.1").status == "rehearsed"
    approved_and_handed_off(world)


def approved_and_handed_off(world: World) -> None:
    for person in ("erin", "omar"):
        world.decide(person)
        world.run()
    world.clock.move_to(AFTER_OPENING)
    world.tick()


SEVERAL: dict[str, tuple[Callable[[World], None], list[str], int]] = {
    "superseded": (superseded, ["Superseded", "HandedOff"], 1),
    "drifted": (drifted, ["Superseded", "HandedOff"], 1),
    "adopted": (adopted, ["AwaitApproval", "HandedOff"], 1),
    "withdrawn": (withdrawn, ["Withdrawn"], 0),
    "rehearsed": (rehearsed, ["HandedOff", "Rehearsed"], 1),
}


@pytest.mark.parametrize(("journey", "lasts", "sent"), SEVERAL.values(), ids=SEVERAL)
def test_executions_beside_and_after_each_other_on_moto(
    moto_world: MotoWorld, journey: Callable[[World], None], lasts: list[str], sent: int
) -> None:
    """One begins with a candidate, the other with a revision; both readers take each the same way."""
    journey(moto_world)
    assert [moto_world.visited(name)[-1] for name in moto_world.names()] == lasts
    assert len(moto_world.messages()) == sent
    simulated = World()
    journey(simulated)
    ours = {name: Counter(each.visited) for name, each in simulated.machine.executions.items()}
    assert ours == {name: Counter(moto_world.visited(name)) for name in moto_world.names()}


@pytest.mark.parametrize(
    ("journey", "last"), [(a_family_crashes, "Expired"), (it_fails, "Failed")], ids=["a branch", "a stage"]
)
def test_both_readers_retry_and_catch_alike(
    moto_world: MotoWorld, monkeypatch: pytest.MonkeyPatch, journey: Callable[[World], None], last: str
) -> None:
    """Moto waits between tries with ``time.sleep``; here that takes no time."""
    retrier = "moto.stepfunctions.parser.asl.component.common.retry.retrier_decl"
    monkeypatch.setattr(f"{retrier}.time", SimpleNamespace(sleep=lambda _seconds: None))
    calls: Counter[str] = Counter()
    counted(moto_world, calls)
    journey(moto_world)
    assert moto_world.visited()[-1] == last
    simulated = World()
    again: Counter[str] = Counter()
    counted(simulated, again)
    journey(simulated)
    assert set(simulated.execution().visited) == set(moto_world.visited())
    assert calls == again


def counted(world: World, calls: Counter[str]) -> None:
    """Count how often each stage is called, tries included."""
    real = world.invoke_stage

    def invoke(name: str, payload: dict[str, str]) -> object:
        calls[name] += 1
        return real(name, payload)

    world.invoke_stage = invoke  # type: ignore[method-assign]
    world.machine._invoke = invoke


def test_only_references_flow() -> None:
    """At most 8 KiB, whatever flows; no token, link, mail address or document in it (DESIGN §9)."""
    world = World()
    happy(world)
    size = max(len(json.dumps(document)) for document in world.machine.flowed)
    assert 0 < size <= 8192
    text = json.dumps(world.machine.flowed)
    assert "@example.com" not in text
    assert "token-" not in text
