"""What the ledger counts for: the four questions, asked of entries as the real handlers write them."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from cutover.contracts.ledger import LedgerActor, LedgerEngine, LedgerEntry
from cutover.domain import checks
from cutover.domain.code_families import BIND, FAMILIES, SOURCES, family_of_code
from cutover.domain.failures import FAILURES
from cutover.domain.record import RevisionRecord, Status
from cutover.domain.tallies import CAUSES, SUPERSEDED_BY, Tally, superseded_handed_off, tallies, tallies_of
from cutover.domain.transitions import TABLE
from cutover_cli.documentation import families
from tests.building.policy import CLOSES_AT, OPENS_AT
from tests.simulator.events import deliver, engage, receipt, signed, withdraw
from tests.simulator.journeys import announced, awaiting_approval, awaiting_window, handed_off, revise
from tests.simulator.owners import with_facts
from tests.simulator.world import World

DIMENSIONS = {"status", "target", "cause", "outcome", "family"}
DIGEST = "sha256:" + "0" * 64


def entry(event: str, **more: Any) -> LedgerEntry:
    said = {
        "chain": "service@production.1", "sequence": 1, "previous": None, "at": OPENS_AT, "event": event,
        "transition": None, "revision": 1, "from_": None, "to": None,
        "actor": LedgerActor(role="receipts", requester="queue"), "engine": LedgerEngine(version="1", lock=DIGEST),
        "rules": None, "facts": None, "inputs": {}, "result": "DONE", "correlation_id": "id",
    }  # fmt: skip
    return LedgerEntry.model_validate(said | more)


def counted(world: World) -> Counter[str]:
    """All that the whole ledger counts for, by ``Name`` and ``Name value`` of its dimension."""
    found: Counter[str] = Counter()
    for each in world.wiring.records._all(LedgerEntry):
        for tally in tallies(each):
            assert set(tally.dimensions) <= DIMENSIONS
            found.update({" ".join((tally.name, *tally.dimensions.values())): tally.value})
    return found


def received(world: World, record: RevisionRecord, **said: Any) -> None:
    assert record.handoff_id is not None
    deliver(world, signed(world, receipt(world, record.handoff_id, **said)))


def test_a_release_that_was_accepted() -> None:
    world = World()
    received(world, handed_off(world))
    found = counted(world)
    assert found["HandedOff production"] == found["Receipts accepted"] == 1
    assert found["Admitted production"] == found["Bound production"] == 1
    assert found["SupersededHandedOff"] == 0
    assert not {"Corrections", "Held", "Superseded"} & {name.split()[0] for name in found}
    entered = {name.split()[1] for name in found if name.startswith("Entered")}
    assert {"collecting", "bound", "awaiting_approval", "approved", "awaiting_window", "handed_off"} <= entered


@pytest.mark.parametrize("cause", CAUSES)
def test_a_correction_by_its_cause(cause: str) -> None:
    world = World()
    received(world, handed_off(world), outcome="corrected", cause=cause, detail="other: what the queue saw")
    found = counted(world)
    assert found["Receipts corrected"] == found[f"Corrections {cause}"] == 1
    assert not any(name.startswith("Rejections") for name in found)


def test_a_rejection_without_a_cause() -> None:
    world = World()
    received(world, handed_off(world), outcome="rejected", detail="version-drift: we think so, and name no cause")
    assert counted(world)["Rejections unstated"] == counted(world)["Receipts rejected"] == 1


def test_a_receipt_that_tells_of_the_hand_off_counts_for_both() -> None:
    said = entry("handed-off", from_="uncertain", to="handed_off", result="RECEIPT_CORRECTED", detail="hidden-hold")
    assert tallies(said) == (
        Tally("Entered", dimensions={"status": "handed_off"}),
        Tally("HandedOff", dimensions={"target": "production"}),
        Tally("SupersededHandedOff", 0),
        Tally("Receipts", dimensions={"outcome": "corrected"}),
        Tally("Corrections", dimensions={"cause": "hidden-hold"}),
    )


def test_what_is_held_counts_by_the_family_of_its_first_code() -> None:
    world = World()
    revise(world, "flags", lambda said: said["flags"][0].pop("owner"))
    announced(world)
    assert counted(world)["Held flags"] == 1
    assert not counted(world)["Bound production"]


def test_an_approval_that_lapses() -> None:
    world = World()
    awaiting_window(world)
    with_facts(world, lambda said: said["people"]["erin"].update(roles=[]))
    world.clock.move_to(OPENS_AT)
    world.tick()
    found = counted(world)
    assert found["ApprovalsLapsed"] == 1
    assert found["Entered awaiting_approval"] == 2


def test_who_declined() -> None:
    world = World()
    awaiting_approval(world)
    world.decide("erin", "refuse", reason="The drill is missing.")
    assert counted(world)["Declined person"] == 1
    (tally,) = tallies(entry("declined", actor=LedgerActor(role="bind", requester="ci"), result="SCOPE_CONFLICT"))
    assert tally == Tally("Declined", dimensions={"cause": "rule"})


def test_a_newer_candidate_supersedes_and_is_admitted() -> None:
    world = World()
    awaiting_window(world)
    announced(world, world.candidate(sequence=9, version="2.0.0"))
    found = counted(world)
    assert found["Superseded newer-candidate"] == 1
    assert found["Admitted production"] == 2


def test_what_is_withdrawn_in_time_and_too_late() -> None:
    early, late = World(), World()
    withdraw(early, awaiting_window(early).cutover)
    withdraw(late, handed_off(late).cutover)
    assert counted(early)["Withdrawn order"] == 1
    assert not counted(early)["WithdrawnTooLate"]
    assert counted(late)["WithdrawnTooLate"] == 1
    assert not counted(late)["Withdrawn order"]


def test_what_expires_says_why() -> None:
    world = World()
    awaiting_approval(world)
    world.clock.move_to(CLOSES_AT)
    world.tick()
    assert counted(world)["Expired APPROVAL_EXPIRED"] == 1


def test_a_candidate_that_is_refused() -> None:
    world = World()
    world.announce(key="waiver")
    world.run()
    assert list(counted(world).values()) == [1]
    (name,) = counted(world)
    assert name.startswith("Refused ")


def test_the_brake_and_orders_answer_no_question() -> None:
    world = World()
    engage(world)
    withdraw(world, "service@production.7")
    assert not counted(world)


def test_of_rehearsals_only_that_they_were_is_counted() -> None:
    world = World()
    announced(world, world.candidate(rehearsal=True))
    assert counted(world) == {"Rehearsed": 1}


@pytest.mark.parametrize(("event", "cause"), SUPERSEDED_BY.items())
def test_every_supersession_has_its_cause(event: str, cause: str) -> None:
    assert Tally("Superseded", dimensions={"cause": cause}) in tallies(entry(event, to="superseded"))
    assert TABLE[event].target is Status.SUPERSEDED


def test_every_row_that_supersedes_is_known() -> None:
    assert {row.event for row in TABLE.values() if row.target is Status.SUPERSEDED} == set(SUPERSEDED_BY)


def test_a_hand_off_of_what_was_superseded_is_counted_and_found() -> None:
    """Nobody can write this by our code; whoever writes it by hand is counted."""
    ended = entry("superseded", to="superseded")
    forged = entry("handing-off", from_="superseded", to="handing_off", sequence=2)
    hidden = entry("handed-off", from_="handing_off", to="handed_off", sequence=3)
    follower = entry("handed-off", from_="handing_off", to="handed_off", sequence=4, revision=2)
    assert Tally("SupersededHandedOff", 1) in tallies(forged)
    assert superseded_handed_off([ended, forged, hidden, follower]) == (forged, hidden)


def test_it_is_counted_too_where_the_status_was_written_back() -> None:
    """By the chain: whoever writes the table back makes the entry say what it says then."""
    chain = [
        entry("superseded", from_="awaiting_window", to="superseded"),
        entry("handing-off", from_="awaiting_window", to="handing_off", sequence=2),
        entry("handed-off", from_="handing_off", to="handed_off", sequence=3),
    ]

    def rung(since: int) -> int:
        found = tallies_of([each for each in chain if each.sequence > since], iter(chain))
        return sum(each.value for each in found if each.name == "SupersededHandedOff")

    assert [rung(since) for since in range(4)] == [2, 2, 1, 0]
    blatant = [chain[0], entry("handing-off", from_="superseded", to="handing_off", sequence=2)]
    assert Counter(each.name for each in tallies_of(blatant, blatant) if each.value)["SupersededHandedOff"] == 1


def test_what_is_no_hand_off_does_not_read_the_chain() -> None:
    def never() -> Iterator[LedgerEntry]:
        yield pytest.fail("it was read")

    assert [each.name for each in tallies_of([entry("bound", to="bound")], never())] == ["Entered", "Bound"]


def test_every_code_of_a_hold_has_its_family() -> None:
    rows = re.findall(r"</a>`([A-Z_]+)` \|.*\| (\[.*\]\(.*\)) \|", families.index())
    assert len(rows) > 90
    for code, links in rows:
        named = set(re.findall(r"\[([a-z]+)\]", links))
        assert family_of_code(code) in (named if len(named) == 1 else {"names"}), code
    assert {family_of_code(code) for code in FAILURES} == {SOURCES}
    assert {family_of_code(code) for code in ("CHECK_FAILED", "QUORUM_IMPOSSIBLE", "WINDOW_CONFLICT")} == {BIND}
    assert set(FAMILIES.values()) == {*checks.FAMILIES, "names"}
