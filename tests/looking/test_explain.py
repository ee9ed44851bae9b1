"""`cutover explain`: every status says why, and whoever is held or refused is told what mends it and who acts."""

import shlex
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cutover.domain.record import LIVE, Brake, Status
from cutover_cli.looking.explaining import _Explaining
from cutover_cli.looking.standing import Standing
from cutover_cli.site import Site
from tests.building.policy import RECEIVED_AT
from tests.looking.conftest import CUTOVER
from tests.simulator.command_line import invoke, key_file, run, site_of
from tests.simulator.events import deliver, receipt, signed, waiting_world, withdraw
from tests.simulator.journeys import awaiting_approval, handed_off, repair
from tests.simulator.world import World
from tests.workflow.test_resolutions import complete
from tests.workflow.test_resolutions import held as held_world
from tests.workflow.test_withdrawal import handing_off


def test_each_hold_says_what_where_who_and_how(holding: Site) -> None:
    said = run(holding, "explain", CUTOVER)
    first = said["causes"][0]
    assert (first["code"], first["field"]) == ("FLAG_OWNER_MISSING", "/flags/0/owner")
    assert first["found"]
    assert first["wanted"]
    assert first["mend"]
    assert first["who"]["team"]["channel"] == "#releases"
    assert first["who"]["team"]["escalation"] == "pagerduty:releases"
    assert first["who"]["owner"] == "release-engineering"
    text = invoke(holding, "explain", CUTOVER).stdout
    assert "reached at #releases, then pagerduty:releases" in text


def test_its_commands_are_those_that_answer(tmp_path: Path) -> None:
    """Copied from the text, with key, person and version filled in."""
    world = held_world("flags")
    site, _ = site_of(world)
    text = invoke(site, "explain", CUTOVER).stdout
    (line,) = [each.strip() for each in text.splitlines() if "--evidence" in each and "flags" in each]
    version = complete(world, "flags").reference.version
    filled = {"KEY.pem": str(key_file(world, "resolution", tmp_path)), "PERSON": "omar", "NEW-VERSION": version}
    words = [filled.get(word, word) for word in shlex.split(line)]
    assert run(site, *words[1:])["result"] == "RESOLUTION_RECORDED"
    answered = [each for each in run(site, "explain", CUTOVER)["causes"] if each["answered_by"]]
    assert [each["code"] for each in answered] == ["FLAG_OWNER_MISSING"]
    assert "1 of 2 hold(s)" in invoke(site, "explain", CUTOVER).stdout


def test_commands_name_the_site_that_was_asked(holding: Site) -> None:
    said = run(holding, "explain", CUTOVER, "--stack", "cutover-production", "--region", "eu-west-1")
    commands = [each for cause in said["causes"] for each in cause["commands"]]
    assert commands
    assert all(each.endswith("--stack cutover-production --region eu-west-1") for each in commands)


def test_a_refused_announcement_tells_all_faults(held: World, holding: Site) -> None:
    admission = next(each for each in held.admissions() if each.status == "refused")
    by_event, by_digest = run(holding, "explain", "e-refused"), run(holding, "explain", admission.digest)
    assert by_event == by_digest
    assert len(by_event["causes"]) == len(admission.faults) > 10
    assert {"/product", "/expires_at"} <= {each["field"] for each in by_event["causes"]}
    text = invoke(holding, "explain", "e-refused").stdout
    assert text.count("cutover candidate submit") == 1, "what mends them all is said once"


def test_who_is_missing_is_named(asking: Site) -> None:
    (cause,) = run(asking, "explain", CUTOVER)["causes"]
    assert (cause["code"], cause["who"]["owner"], cause["who"]["people"]) == (
        "APPROVAL_MISSING",
        "operations",
        ["bo", "omar"],
    )


def test_a_refusal_is_explained_in_its_own_words() -> None:
    world = World()
    awaiting_approval(world)
    world.decide("omar", "refuse", reason="The failover drill of Monday did not pass.")
    world.run()
    said = run(site_of(world)[0], "explain", CUTOVER)
    assert said["status"] == "declined"
    assert [each["code"] for each in said["causes"]] == ["APPROVER_REFUSED"]
    assert "failover drill" in said["causes"][0]["found"]


def test_the_brake_and_a_blocked_hand_off() -> None:
    world = waiting_world(CUTOVER)
    world.wiring.records._set(world.record().model_copy(update={"reason": "FREEZE"}))
    site, _ = site_of(world)
    assert [each["code"] for each in run(site, "explain", CUTOVER)["causes"]] == ["FREEZE"]
    world.wiring.records.set_brake(Brake(engaged=True))
    said = run(site, "explain", CUTOVER)["causes"]
    assert [each["code"] for each in said] == ["BRAKE_ENGAGED", "FREEZE"]
    assert any("brake release --dry-run" in each for each in said[0]["commands"])


def test_what_goes_on_by_itself_is_stalled_only_when_it_is() -> None:
    world = waiting_world(CUTOVER)
    world.wiring.records._set(world.record().model_copy(update={"status": Status.VERIFYING, "moved_at": RECEIVED_AT}))
    site, _ = site_of(world)
    assert run(site, "explain", CUTOVER)["causes"] == []
    world.clock.move(timedelta(hours=1))
    assert [each["code"] for each in run(site, "explain", CUTOVER)["causes"]] == ["STALLED"]


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.ADMITTING, Status.REFUSED}))
def test_every_status_is_explained(done: World, doing: Site, status: Status) -> None:
    record = done.record().model_copy(update={"status": status, "expires_at": done.clock.now()})
    said = _Explaining(doing, Standing(record=record, now=done.clock.now()), []).explain()
    assert said.summary
    assert said.document()["status"] == status
    if status in LIVE:
        assert "ended" not in said.summary


def test_without_a_policy_holds_are_explained_still(holding: Site) -> None:
    said = run(replace(holding, fingerprint=None), "explain", CUTOVER)
    assert [each["code"] for each in said["causes"]] == ["FLAG_OWNER_MISSING", "ROLLBACK_DRILL_MISSING"]
    assert said["unread"]


@pytest.mark.parametrize("during", [False, True])
def test_a_withdrawal_that_came_too_late_is_said(during: bool) -> None:
    """Whether the message was in its queue already, or on its way there."""
    world = World()
    withdraw(world, (handing_off if during else handed_off)(world).cutover)
    world.run()
    if during:
        repair(world, 180)
        deliver(world, signed(world, receipt(world, world.record().handoff_id or "")))
    said = run(site_of(world)[0], "explain", CUTOVER)
    (cause,) = said["causes"]
    assert said["status"] == "handed_off"
    assert "withdrawn too late" in said["summary"]
    assert (world.record().handoff_id or "no id") in cause["mend"]
    assert cause["found"].split()[0] == ("withdrawal-during-hand-off" if during else "withdrawn-too-late")
