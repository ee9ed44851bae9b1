"""`cutover pending`: what waits for whom now."""

from dataclasses import replace

import pytest

from cutover.contracts.base import format_instant
from cutover.domain.record import RevisionRecord, Status
from cutover_cli.looking.finding import Span
from cutover_cli.looking.pending import Whom, look_up
from cutover_cli.site import Site
from tests.building.policy import CLOSES_AT
from tests.looking.conftest import CUTOVER
from tests.simulator.command_line import invoke, run, site_of
from tests.simulator.journeys import awaiting_approval, handed_off
from tests.simulator.world import World


def test_an_approval_waits_for_its_role(asking: Site) -> None:
    (item,) = run(asking, "pending")["pending"]
    assert (item["kind"], item["role"], item["people"]) == ("approval", "operations", ["bo", "omar"])
    assert item["age_seconds"] == 3 * 3600
    assert item["until"] == format_instant(CLOSES_AT)
    assert "3 hours ago" in invoke(asking, "pending").stdout


def test_holds_wait_for_their_team(holding: Site) -> None:
    found = run(holding, "pending")["pending"]
    assert [(each["kind"], each["team"]) for each in found] == [("hold", "release-engineering")] * 2


@pytest.mark.parametrize(
    ("words", "many"),
    [
        (("--person", "omar"), 1),
        (("--person", "erin"), 0),
        (("--person", "nobody"), 0),
        (("--role", "operations"), 1),
        (("--role", "release-engineering"), 0),
        (("--role", "operations", "--person", "erin"), 0),
    ],
)
def test_only_what_is_asked_for(asking: Site, words: tuple[str, ...], many: int) -> None:
    assert len(run(asking, "pending", *words)["pending"]) == many


def test_a_team_has_its_holds_and_what_its_people_are_asked(asked: World, asking: Site, holding: Site) -> None:
    assert len(run(holding, "pending", "--team", "release-engineering")["pending"]) == 2
    assert run(holding, "pending", "--team", "payments")["pending"] == []
    team = asked.deployment.facts().people["omar"].team
    assert len(run(asking, "pending", "--team", team)["pending"]) == 1


def test_nothing_waits(doing: Site) -> None:
    assert run(doing, "pending") == {"pending": [], "unread": []}
    assert invoke(doing, "pending").stdout == "nothing waits for anybody\n"


def test_what_cannot_be_read_is_said(asking: Site) -> None:
    said = run(replace(asking, fingerprint=None), "pending", expect=5)
    assert said["unread"]
    assert said["pending"] == []


def test_a_deferral_waits_for_its_time() -> None:
    world = World()
    record = awaiting_approval(world)
    decision = _deferral(world)
    world.wiring.records._set(decision)
    (item,) = run(site_of(world)[0], "pending")["pending"]
    assert (item["kind"], item["people"], item["cutover"]) == ("deferral", ["omar"], record.cutover)
    assert item["until"] == format_instant(CLOSES_AT)


def _deferral(world: World) -> RevisionRecord:
    """As row 14 leaves the record."""
    world.decide("omar")
    world.run()
    record = world.record()
    (by,) = record.decisions
    return record.model_copy(
        update={"status": Status.DEFERRED, "deferral": by, "decisions": (), "deferred_until": CLOSES_AT}
    )


def test_what_is_left_after_the_end() -> None:
    """An uncertain hand-off, and the after-action record of an emergency."""
    world = World()
    record = handed_off(world)
    site, _ = site_of(world)
    world.wiring.records._set(record.model_copy(update={"after_action_due": CLOSES_AT}))
    (item,) = run(site, "pending")["pending"]
    assert (item["kind"], item["people"]) == ("after-action", ["dana"])
    assert run(site, "explain", CUTOVER)["causes"][0]["code"] == "AFTER_ACTION_DUE"
    world.wiring.records._set(record.model_copy(update={"status": Status.UNCERTAIN}))
    (item,) = run(site, "pending", "--days", "1")["pending"]
    assert item["kind"] == "uncertain"
    assert str(record.handoff_id) in item["what"]


def test_that_there_are_more_than_are_looked_at_is_said(asking: Site) -> None:
    span = Span.of(None, None, now=asking.clock.now(), days=1)
    for most, unread in ((0, ["more than 0 revisions wait: those that are due last are not looked at"]), (1, [])):
        found = look_up(asking, span, Whom(), most=most)
        assert (list(found.unread), len(found.items)) == (unread, most)
