"""Seal: signed heads and notices of the ledger, kept where nobody who can write the table can change them."""

from datetime import timedelta

import pytest

from cutover.contracts.ledger import LEDGER_HEAD_TYPE, LedgerEntry, LedgerHead
from cutover.contracts.supersession import NOTICE_TYPE, Notice
from cutover.domain import canonical, ledger
from cutover.domain import envelope as dsse
from cutover.doors.seal.sealing import Seal, chains
from cutover.errors import DependencyUnavailable, DigestMismatch, DocumentMissing
from cutover.ports import LockedStore
from tests.fakes.faults import Faults, faulty
from tests.fakes.streams import stream_event
from tests.simulator.events import withdraw
from tests.simulator.journeys import announced, awaiting_window, forge, handed_off
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


def seal(world: World, chain: str = CHAIN, store: LockedStore | None = None) -> tuple[LedgerEntry, ...]:
    wiring = world.wiring
    sealing = Seal(
        audience=wiring.settings.audience, records=wiring.records, store=store or wiring.store,
        sealer=wiring.sealer("ledger"), announcements=wiring.announcements, clock=wiring.clock,
    )  # fmt: skip
    return sealing.seal(chain)


def notices(world: World, chain: str = CHAIN) -> list[Notice]:
    """The notices that were kept, each proved to be signed by the ledger's key, about the entry that it names."""
    entries, found = {entry.sequence: entry for entry in world.ledger(chain)}, []
    for key, content in sorted(world.wiring.store.objects.items()):
        if key.startswith(f"notices/{chain}/"):
            opened = dsse.open_envelope(
                dsse.parse(content), payload_type=NOTICE_TYPE, purpose="ledger",
                keys=world.deployment.trusted_keys(), at=world.clock.now(),
            )  # fmt: skip
            notice = Notice.model_validate_json(opened.payload)
            assert key == f"notices/{chain}/{notice.sequence:012d}.json"
            assert notice.entry == ledger.entry_digest(entries[notice.sequence])
            found.append(notice)
    return found


def lose_heads(world: World) -> None:
    """As if Seal had never run: its batches of the stream were lost."""
    for key in [key for key in world.wiring.store.objects if key.startswith(("ledger/", "notices/"))]:
        del world.wiring.store.objects[key]


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


def test_a_chain_that_was_rewritten_before_its_sealed_head_is_found() -> None:
    """Nothing new of such a chain is signed, neither a notice nor a head."""
    world = World()
    record = announced(world)
    seal(world)
    world.wiring.records.changes.clear()
    before = dict(world.wiring.store.objects)
    withdraw(world, record.cutover)
    forge(world, CHAIN)
    with pytest.raises(DigestMismatch, match="rewritten"):
        seal(world)
    made = {key for key in world.wiring.store.objects if key not in before}
    assert not any(key.startswith(("ledger/", "notices/")) for key in made)


def test_a_withdrawal_is_told_in_a_signed_notice() -> None:
    world = World()
    record = awaiting_window(world)
    withdraw(world, record.cutover)
    world.run()
    (notice,) = notices(world)
    assert (notice.event, notice.result, notice.cutover, notice.revision) == ("withdrawn", "WITHDRAWN", CHAIN, 1)
    assert notice.audience == world.deployment.audience
    assert notice.detail is not None
    assert "outage" in notice.detail


def test_a_withdrawal_that_came_too_late_is_told_too() -> None:
    world = World()
    record = handed_off(world)
    assert notices(world) == []
    withdraw(world, record.cutover)
    world.run()
    assert [notice.event for notice in notices(world)] == ["withdrawn-too-late"]


def test_a_supersession_is_told_with_its_differences() -> None:
    world = World()
    awaiting_window(world)
    world.announce(world.candidate(sequence=9, version="2.0.0"))
    world.run()
    (notice,) = notices(world)
    assert notice.supersession is not None
    assert (notice.event, notice.supersession.successor) == ("superseded", 2)
    assert "/version" in {each.pointer for each in notice.supersession.differences}
    entry = next(entry for entry in world.ledger() if entry.event == "superseded")
    assert entry.inputs["supersession"] == canonical.digest_model(notice.supersession)


def test_what_lost_batches_would_have_sealed_is_sealed_with_the_next_entry() -> None:
    world = World()
    record = awaiting_window(world)
    withdraw(world, record.cutover)
    world.run()
    lose_heads(world)
    withdraw(world, record.cutover, reason="Once more.")
    world.run()
    assert [notice.event for notice in notices(world)] == ["withdrawn"]
    assert [head.sequence for head in heads(world)] == [len(world.ledger())]


def test_whoever_asks_by_name_has_a_chain_sealed() -> None:
    world = World()
    record = awaiting_window(world)
    withdraw(world, record.cutover)
    world.run()
    lose_heads(world)
    assert world.invoke("doors.seal", {"chains": [CHAIN]}) == {"sealed": 1}
    assert len(notices(world)) == len(heads(world)) == 1


@pytest.mark.parametrize("call", ["store.put_notice", "store.put_ledger_head", "store.newest_ledger_head"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_head_never_stands_before_the_notices_that_it_vouches_for(call: str, when: str) -> None:
    world = World()
    record = awaiting_window(world)
    withdraw(world, record.cutover)
    world.run()
    lose_heads(world)
    faults = Faults()
    (faults.before if when == "before" else faults.after)(call)
    with pytest.raises(DependencyUnavailable):
        seal(world, store=faulty(world.wiring.store, "store", faults))
    assert faults.spent
    assert notices(world) or not heads(world)
    seal(world)
    assert len(notices(world)) == len(heads(world)) == 1


def test_a_notice_that_says_something_else_is_found() -> None:
    world = World()
    record = awaiting_window(world)
    withdraw(world, record.cutover)
    world.run()
    (notice,) = notices(world)
    lose_heads(world)
    forged = notice.model_copy(update={"result": "FORGED"})
    _, _, content = world.wiring.sealer("ledger").seal(forged, NOTICE_TYPE)
    world.wiring.store.put_notice(CHAIN, notice.sequence, content)
    with pytest.raises(DigestMismatch, match="another notice"):
        seal(world)
    assert heads(world) == []


def test_other_chains_have_no_notices() -> None:
    world = World()
    withdraw(world, "service@production.7")
    world.run()
    assert [entry.result for entry in world.ledger(ledger.ORDERS_CHAIN)] == ["UNKNOWN_CUTOVER"]
    assert notices(world, ledger.ORDERS_CHAIN) == []
    assert [head.sequence for head in heads(world, ledger.ORDERS_CHAIN)] == [1]


def test_what_one_chain_fails_with_keeps_no_other_waiting() -> None:
    """The bus is down, which is told; the notice of another chain of the batch is proof, and does not wait for it."""
    world = World()
    handed_off(world)
    withdraw(world, CHAIN)
    world.run()
    chains_ = [next(key.split("/")[1] for key in world.wiring.store.objects if key.startswith("ledger/adm")), CHAIN]
    lose_heads(world)
    world.wiring.announcements.refuse(2)
    with pytest.raises(DependencyUnavailable):
        world.invoke("doors.seal", {"chains": chains_})
    assert [each.event for each in notices(world)] == ["withdrawn-too-late"]
    assert heads(world) == []
    assert world.invoke("doors.seal", {"chains": chains_}) == {"sealed": 2}
    assert heads(world)


def test_a_rewritten_chain_is_what_is_raised_whatever_else_failed() -> None:
    world = World()
    handed_off(world)
    world.wiring.records.changes.clear()
    withdraw(world, CHAIN)
    world.wiring.records.changes.clear()
    forge(world, CHAIN)
    with pytest.raises(DigestMismatch):
        world.invoke("doors.seal", {"chains": ["no-such@chain.1", CHAIN]})


def test_what_no_later_entry_heals_is_sealed_within_the_hour() -> None:
    """Its batch was given up while the bus was down, and the chain has ended: nothing else would ever ask."""
    world = World()
    handed_off(world)
    lose_heads(world)
    assert world.invoke("doors.seal", {"repair": True})["sealed"] >= 2
    assert max(head.sequence for head in heads(world)) == len(world.ledger())
    lose_heads(world)
    world.clock.move(timedelta(days=1))
    world.invoke("doors.seal", {"repair": True})
    assert heads(world), "what was written yesterday too"
    lose_heads(world)
    world.clock.move(timedelta(days=1))
    assert world.invoke("doors.seal", {"repair": True}) == {"sealed": 0}
