"""A version that names no bytes, such as the type of a referrer in a registry: what it leads to may be swapped."""

from datetime import timedelta
from typing import Any

from cutover.contracts.candidate import Candidate, Reference
from cutover.domain import canonical
from cutover.ports import Fetched
from tests.simulator.journeys import awaiting_approval
from tests.simulator.world import World
from tests.unit.test_collecting_hidden import TOKEN

TYPE = "application/vnd.backstage.entity"
PROBE = timedelta(minutes=16)


class Typed:
    """Buckets in which the catalog's entity is found by its type, as ``sources.oci`` finds a referrer."""

    def __init__(self, behind: Any, record: str, content: bytes) -> None:
        self._behind, self._record, self.content = behind, record, content

    def fetch(self, source: Any, reference: Reference, *, limit: int) -> Fetched:
        if reference.record != self._record:
            found: Fetched = self._behind.fetch(source, reference, limit=limit)
            return found
        assert reference.version in {TYPE, canonical.digest(self.content)}
        return Fetched(content=self.content, media_type="application/json", version=reference.version)

    def latest(self, source: Any, reference: Reference) -> str | None:
        now = canonical.digest(self.content)
        if reference.record == self._record:
            return reference.version if now in {reference.digest, reference.version} else now
        latest: str | None = self._behind.latest(source, reference)
        return latest

    def artifact(self, name: str, source: Any, reference: Reference, *, limit: int) -> bytes:
        made: bytes = self._behind.artifact(name, source, reference, limit=limit)
        return made


def by_type(world: World, *, comment: str = "") -> tuple[Candidate, Typed]:
    """The candidate, which names its entity by type; and the source that has it."""
    known = world.records["catalog"]
    typed = Typed(world.wiring.bucket, known.record, known.content().rstrip() + f"\n# {comment}\n".encode())
    world.wiring.sources["s3"] = typed
    candidate = world.candidate()
    (component,) = candidate.components
    assert component.catalog is not None
    catalog = component.catalog.model_copy(update={"version": TYPE})
    return candidate.model_copy(update={"components": (component.model_copy(update={"catalog": catalog}),)}), typed


def looked(world: World) -> dict[str, int]:
    world.clock.move(PROBE)
    return {outcome: count for outcome, count in world.tick().items() if count}


def test_a_swap_is_drift_and_the_next_revision_goes_by_what_is_there_now() -> None:
    world = World()
    candidate, typed = by_type(world)
    awaiting_approval(world, candidate)
    assert looked(world) == {"looked": 1}
    typed.content = typed.content.replace(b"production", b"experimental")
    assert looked(world) == {"superseded": 1}
    after = world.record(revision=2)
    assert [each.version for each in after.refreshed] == [canonical.digest(typed.content)]
    assert looked(world) == {"looked": 1}
    assert world.record(revision=2).status == after.status


def test_what_was_redacted_is_known_by_the_bytes_that_came() -> None:
    world = World()
    world.publish(rules=world.rules().model_copy(update={"secrets": "redact"}), version=2)
    candidate, typed = by_type(world, comment=TOKEN)
    record = awaiting_approval(world, candidate)
    assert TOKEN.encode() in typed.content
    assert TOKEN.encode() not in b"".join(world.wiring.store.objects.values())
    assert world.wiring.drifting.look(record).refreshed == ()
