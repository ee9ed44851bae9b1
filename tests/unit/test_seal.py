"""Seal: signed heads of the ledger, kept where nobody who can write the table can change them."""

import pytest

from cutover.contracts.ledger import LEDGER_HEAD_TYPE, LedgerHead
from cutover.domain import envelope as dsse
from cutover.domain import ledger
from cutover.doors.seal.sealing import chains, seal_head
from cutover.errors import DigestMismatch, DocumentMissing
from tests.fakes.streams import stream_event
from tests.simulator.journeys import handed_off
from tests.simulator.world import World

CHAIN = "service@production.1"


def heads(world: World, chain: str = CHAIN) -> list[LedgerHead]:
    """The heads that were kept, each proved to be signed by the ledger's key."""
    found = []
    for key, content in sorted(world.wiring.store.objects.items()):
        if key.startswith(f"ledger/{chain}/"):
            opened = dsse.open_envelope(
                dsse.parse(content), payload_type=LEDGER_HEAD_TYPE, purpose="ledger",
                keys=world.deployment.trusted_keys(), at=world.clock.now(),
            )  # fmt: skip
            found.append(LedgerHead.model_validate_json(opened.payload))
    return found


def seal(world: World, chain: str = CHAIN) -> None:
    wiring = world.wiring
    seal_head(chain, records=wiring.records, heads=wiring.store, sealer=wiring.sealer("ledger"), clock=wiring.clock)


def test_the_last_entry_of_a_release_is_sealed() -> None:
    world = World()
    handed_off(world)
    entries = {entry.sequence: ledger.entry_digest(entry) for entry in world.ledger()}
    kept = heads(world)
    assert kept
    assert all(head.entry == entries[head.sequence] for head in kept)
    assert max(head.sequence for head in kept) == len(entries)


def test_admissions_are_sealed_too() -> None:
    world = World()
    digest = world.announce(key="waiver")
    world.run()
    chain = ledger.admissions_chain(digest)
    assert [head.sequence for head in heads(world, chain)][-1] == len(world.ledger(chain))


def test_sealing_again_changes_nothing() -> None:
    world = World()
    handed_off(world)
    before = dict(world.wiring.store.objects)
    seal(world)
    assert world.wiring.store.objects == before


def test_a_chain_that_was_rewritten_is_found() -> None:
    """Row 40: whoever rewrites the whole table cannot rewrite the heads."""
    world = World()
    handed_off(world)
    head = world.wiring.records.chain(CHAIN)
    world.wiring.records._set(head.model_copy(update={"entry": "sha256:" + "0" * 64}))
    with pytest.raises(DigestMismatch, match="rewritten"):
        seal(world)


def test_a_chain_without_entries_has_nothing_to_seal() -> None:
    with pytest.raises(DocumentMissing):
        seal(World(), "service@production.9")


def test_each_chain_that_grew_is_sealed_once_a_batch() -> None:
    world = World()
    handed_off(world)
    event = stream_event([*world.ledger(), world.record(), *world.ledger()])
    assert chains(event["Records"]) == (CHAIN,)
    assert world.invoke("doors.seal", event) == {"sealed": 1}
    assert chains([{}, {"dynamodb": {"Keys": {"pk": {"S": "CHAIN#x"}, "sk": {"S": "HEAD"}}}}]) == ()
