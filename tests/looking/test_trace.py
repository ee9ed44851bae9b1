"""`cutover trace`: one correlation id from the event to the message."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from cutover.domain.record import Signal
from cutover_cli.looking import tracing
from cutover_cli.looking.finding import Found
from cutover_cli.site import Site, Stack
from tests.building.policy import OPENS_AT, RECEIVED_AT
from tests.looking.conftest import CUTOVER
from tests.simulator.command_line import invoke, run, site_of
from tests.simulator.events import waiting_world
from tests.simulator.resolving import hold_of, resolve, waived
from tests.simulator.world import World
from tests.workflow.test_resolutions import DRILL, FLAG, complete, held

MACHINE = "arn:aws:states:eu-central-1:123456789012:stateMachine:shop-dev"


def test_from_the_event_to_the_message(done: World, doing: Site) -> None:
    said = run(doing, "trace", CUTOVER)
    events = [each["event"] for each in said["steps"]]
    assert (events[0], events[1], events[-1]) == ("announced", "admitted", "handed-off")
    assert said["steps"][0]["chain"].startswith("admissions.")
    assert {each["chain"] for each in said["steps"][1:]} == {CUTOVER}
    assert (said["message_id"], said["correlation_id"]) == (done.record().message_id, "e-1")
    waited = next(each for each in said["steps"] if each["event"] == "handing-off")
    assert waited["gap_seconds"] == (OPENS_AT + timedelta(minutes=1) - RECEIVED_AT).total_seconds()


def test_every_id_of_the_story_leads_to_it(done: World, doing: Site) -> None:
    record = done.record()
    assert record.manifest is not None
    names = ["e-1", record.message_id, record.handoff_id, record.admission, record.candidate, record.manifest.payload]
    whole = run(doing, "trace", CUTOVER)
    for name in [*names, str(record.admission).removeprefix("sha256:")]:
        assert run(doing, "trace", str(name)) == whole, name


def test_what_nobody_knows_is_not_found(doing: Site) -> None:
    for name in ("e-2", "sha256:" + "0" * 64, "message-9", ""):
        assert run(doing, "trace", name, expect=3)["reason"] == "NOTHING_FOUND"


def test_days_bound_the_search(done: World, doing: Site) -> None:
    later = replace(doing, clock=type(done.clock)(done.clock.now() + timedelta(days=30)))
    assert run(later, "trace", "e-1", expect=3)["reason"] == "NOTHING_FOUND"
    assert run(later, "trace", "e-1", "--days", "40")["cutover"] == CUTOVER


def test_a_refused_announcement_has_a_story_too(holding: Site) -> None:
    said = run(holding, "trace", "e-refused")
    assert (said["cutover"], said["status"]) == (None, "refused")
    assert [each["event"] for each in said["steps"]] == ["announced", "refused"]
    assert "WRONG_VERSION" in invoke(holding, "trace", "e-refused").stdout


def test_waits_are_seen_at_a_glance(doing: Site) -> None:
    """The longest wait has the whole bar, what took no time has none."""
    lines = {line.split()[2]: line for line in invoke(doing, "trace", CUTOVER).stdout.splitlines() if "2026-" in line}
    bars = [line.count("\N{FULL BLOCK}") for line in lines.values()]
    assert max(bars) == 16
    assert bars.count(0) == len(bars) - 1


def test_where_it_is_narrow_a_bar_goes_before_a_word_is_broken(doing: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = invoke(doing, "trace", CUTOVER).stdout
    assert "approval-requested" in text
    assert "AWAITING_WINDOW" in text
    assert "WAIT " not in text
    monkeypatch.setenv("COLUMNS", "200")
    assert "WAIT " in invoke(doing, "trace", CUTOVER).stdout


def test_a_later_revision_keeps_the_correlation_and_has_an_execution_of_its_own() -> None:
    world = held("flags")
    resolve(world, hold_of(world, FLAG), complete(world, "flags"))
    resolve(world, hold_of(world, DRILL), waived(world, hold_of(world, DRILL)))
    site, _ = site_of(world)
    said = run(site, "trace", CUTOVER)
    assert {each["revision"] for each in said["steps"]} == {None, 1, 2}
    assert [each["name"].partition("-")[0] for each in said["executions"]] == ["revision"]
    assert {each["name"] for each in said["executions"]} <= world.machine.executions.keys()
    only = run(site, "trace", CUTOVER, "--revision", "1")
    assert {each["revision"] for each in only["steps"]} == {None, 1}
    assert {each["name"] for each in only["executions"]} <= world.machine.executions.keys()


def test_executions_are_those_that_ran(done: World, doing: Site) -> None:
    assert [each["name"] for each in run(doing, "trace", CUTOVER)["executions"]] == list(done.machine.executions)


def test_an_adopted_revision_names_each_execution(done: World, doing: Site) -> None:
    record = done.record().model_copy(update={"execution": 3, "signal": Signal.START})
    admission = doing.records.admission(record.admission)
    found = tracing.trace(doing, Found(record, admission), revision=None)
    assert [each.split("-")[0] for each in found.executions] == ["admission", "revision", "revision"]
    assert [each[-2:] for each in found.executions] == ["-1", "-2", "-3"]


def test_a_stack_says_where_to_look(doing: Site) -> None:
    stack = Stack("cutover-dev", {"StateMachineArn": MACHINE}, {}, pytest.fail)
    said = run(replace(doing, stack=stack), "trace", CUTOVER)
    arn = said["executions"][0]["arn"]
    assert arn.startswith("arn:aws:states:eu-central-1:123456789012:execution:shop-dev:admission-")
    assert said["logs"]["log_groups"] == "cutover-dev-"
    assert f'correlation_id = "e-1" or (cutover = "{CUTOVER}" and revision = 1)' in said["logs"]["query"]


def test_a_correlation_id_stays_one_string_of_the_query() -> None:
    """CI chose it: it must not become a condition of its own."""
    world = waiting_world(CUTOVER)
    evil = 'x" or 1 = 1 | fields secret \\'
    world.wiring.records._set(world.record().model_copy(update={"correlation_id": evil}))
    query = run(site_of(world)[0], "trace", CUTOVER)["logs"]["query"]
    (line,) = [each for each in query.splitlines() if each.startswith("| filter")]
    assert line.startswith(f"| filter correlation_id = {json.dumps(evil)} or (")
