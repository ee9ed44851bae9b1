"""A source that is slow costs its own records: Collect ends in time, and keeps what has come."""

from datetime import timedelta
from typing import Any

import pytest

from cutover.contracts.candidate import Candidate, Reference
from cutover.contracts.evidence import Collection
from cutover.errors import Refused
from cutover.stages.collect.collecting import SECONDS, Collecting
from infra.plan import FUNCTIONS
from tests.simulator.world import World

FOR_ONE = 15
"""Seconds that one request may take (``sources.web``)."""


class Slow:
    """A source each of whose records takes some seconds, and comes or does not."""

    def __init__(self, world: World, seconds: float, *, comes: bool) -> None:
        self._world, self._seconds, self._comes = world, seconds, comes
        self.asked: list[str] = []

    def fetch(self, source: Any, reference: Reference, *, limit: int) -> Any:
        good = self._world.records["catalog"]
        if reference.record == good.record:
            return self._world.wiring.bucket.fetch(source, reference, limit=limit)
        self.asked.append(reference.record)
        self._world.clock.move(timedelta(seconds=self._seconds))
        if not self._comes:
            raise Refused("SOURCE_TOO_SLOW", "the body did not end in time")
        known = Reference(source=good.source, record=good.record, version=good.version)
        return self._world.wiring.bucket.fetch(source, known, limit=limit)


def entities(world: World, count: int, source: str) -> Candidate:
    """A candidate with an entity that comes at once, and so many that do not."""
    candidate = world.candidate()
    (first,) = candidate.components
    more = tuple(
        first.model_copy(
            update={"name": f"c{number}", "catalog": Reference(source=source, record=f"slow/{number}", version="1")}
        )
        for number in range(count)
    )
    return candidate.model_copy(update={"components": (first, *more)})


def collect(world: World, slow: Any, candidate: Candidate, *, patient: bool) -> Collection:
    facts = world.deployment.facts()
    sources = {**facts.sources, "other": facts.sources[world.records["catalog"].source]}
    return Collecting(
        section="catalog", rules=world.rules(), facts=facts.model_copy(update={"sources": sources}),
        sources={"s3": slow}, store=world.wiring.store, clock=world.clock,
    ).collect(candidate, patient=patient)  # fmt: skip


@pytest.mark.parametrize("patient", [True, False])
def test_a_source_that_is_too_slow_is_asked_once(patient: bool) -> None:
    world = World()
    slow = Slow(world, FOR_ONE, comes=False)
    began = world.clock.now()
    found = collect(world, slow, entities(world, 49, "other"), patient=patient)
    assert slow.asked == ["slow/0"]
    assert [each.record for each in found.evidence if each.unwraps is None] == [world.records["catalog"].record]
    assert [each.code for each in found.failures] == ["SOURCE_TOO_SLOW"] * 49
    assert "did not end" in found.failures[0].message
    assert "other was too slow with another record" in found.failures[1].message
    assert world.clock.now() - began == timedelta(seconds=FOR_ONE)


@pytest.mark.parametrize("seconds", [1, 7, 14])
def test_what_is_only_slow_comes_until_the_time_is_over_and_is_kept(seconds: int) -> None:
    world = World()
    slow = Slow(world, seconds, comes=True)
    began = world.clock.now()
    found = collect(world, slow, entities(world, 49, "other"), patient=True)
    asked = -(-SECONDS // seconds)
    assert len(slow.asked) == asked
    assert len([each for each in found.evidence if each.unwraps is None]) == 1 + asked
    assert [each.code for each in found.failures] == ["SOURCE_TOO_SLOW"] * (49 - asked)
    assert {each.message for each in found.failures} <= {
        "before it could be asked for, the time for all catalog was over"
    }
    assert world.clock.now() - began < timedelta(seconds=SECONDS + FOR_ONE)


def test_collect_has_the_time_that_it_gives_itself_and_that_of_one_request() -> None:
    assert FUNCTIONS["Collect"].timeout_seconds > SECONDS + FOR_ONE
