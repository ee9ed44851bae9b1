"""What a candidate pins by digest is compared, wherever the record is named."""

import pytest

from cutover.contracts.candidate import Candidate
from cutover.contracts.evidence import Collection
from cutover.domain import canonical
from cutover.stages.collect.collecting import Collecting
from cutover.stages.collect.referring import references
from tests.simulator.world import World

WRONG = canonical.digest(b"something else")


def named_twice(world: World, *digests: str | None) -> Candidate:
    """The candidate with its provenance named once for each of these digests."""
    candidate = world.candidate()
    (component,) = candidate.components
    assert component.provenance is not None
    named = [component.provenance.model_copy(update={"digest": each}) for each in digests]
    (attestation,) = candidate.attestations
    stated = tuple(
        attestation.model_copy(update={"name": f"a{number}", "statement": each}) for number, each in enumerate(named)
    )  # fmt: skip
    return candidate.model_copy(
        update={"components": (component.model_copy(update={"provenance": named[0]}),), "attestations": stated[1:]}
    )


def collect(world: World, candidate: Candidate) -> Collection:
    return Collecting(
        section="attestations", rules=world.rules(), facts=world.deployment.facts(), sources=world.wiring.sources,
        store=world.wiring.store, clock=world.clock,
    ).collect(candidate)  # fmt: skip


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("right", [True, False])
def test_a_pin_counts_where_the_record_is_also_named_without_one(order: int, right: bool) -> None:
    world = World()
    said = canonical.digest(world.records["provenance"].content()) if right else WRONG
    found = collect(world, named_twice(world, *(None, said)[::order]))
    assert [each.code for each in found.failures] == ([] if right else ["SOURCE_DIGEST_DIFFERS"])
    assert len(found.evidence) == (2 if right else 0), "the record and its payload, fetched once"


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_pins_both_count(order: int) -> None:
    world = World()
    right = canonical.digest(world.records["provenance"].content())
    (failure,) = collect(world, named_twice(world, *(right, WRONG)[::order])).failures
    assert failure.code == "SOURCE_DIGEST_DIFFERS"
    assert failure.message.endswith(WRONG)


def test_a_record_is_listed_once_with_all_that_is_pinned_of_it() -> None:
    world = World()
    candidate = named_twice(world, WRONG, None, WRONG, canonical.digest(b""))
    provenance = candidate.components[0].provenance
    assert provenance is not None
    assert references(candidate, "attestations") == {
        provenance.model_copy(update={"digest": None}): (WRONG, canonical.digest(b""))
    }
