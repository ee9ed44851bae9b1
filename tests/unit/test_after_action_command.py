"""`cutover after-action`: signed at leisure, judged before it is sent, recorded once."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from cutover.contracts.base import format_instant
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.record import Status
from cutover_cli.site import SOURCE, Site
from tests.adapters import samples
from tests.building.policy import CLOSES_AT, EXPIRES_AT, OPENS_AT
from tests.simulator.command_line import WorldBus, invoke, key_file, run, site_of
from tests.simulator.world import World

CUTOVER = "service@production.1"
WITHIN = 3_600


@pytest.fixture
def world() -> World:
    """An emergency that was handed off a moment ago, as far as its record goes."""
    world = World()
    names = {"cutover": CUTOVER, "product": "service", "target": world.deployment.target}
    world.clock.move_to(OPENS_AT)
    record = samples.record(
        **names, status=Status.HANDED_OFF, expires_at=EXPIRES_AT, opens_at=OPENS_AT, closes_at=CLOSES_AT,
        after_action_within=WITHIN, after_action_due=OPENS_AT + timedelta(seconds=WITHIN),
    )  # fmt: skip
    samples.Writer(world.wiring.records, CUTOVER).commit(opened=record, lane=samples.lane(**names))
    world.wiring.records.changes.clear()
    return world


@pytest.fixture
def site(world: World) -> Site:
    return site_of(world)[0]


def bus_of(site: Site) -> WorldBus:
    assert isinstance(site.bus, WorldBus)
    return site.bus


def written(world: World, folder: Path, **changes: Any) -> Path:
    """What somebody has written down, before it is signed."""
    said: dict[str, Any] = {
        "schema": "cutover/after-action/v1", "audience": world.deployment.audience, "cutover": CUTOVER, "revision": 1,
        "author": "dana", "summary": "Orders failed for an hour.\nThe fix went out.", "follow_ups": ["Watch it"],
        "written_at": format_instant(world.clock.now()),
    }  # fmt: skip
    file = folder / "after.yaml"
    file.write_text(yaml.safe_dump(said | changes), "utf-8")
    return file


def signed(site: Site, world: World, folder: Path, *, purpose: Any = "after-action", **changes: Any) -> Path:
    out = folder / "after.json"
    key = key_file(world, purpose, folder)
    run(site, "after-action", "sign", written(world, folder, **changes), "--key", key, "--out", out)
    return out


def test_it_is_signed_as_it_was_written(world: World, site: Site, tmp_path: Path) -> None:
    out, key = tmp_path / "after.json", key_file(world, "after-action", tmp_path)
    answer = run(site, "after-action", "sign", written(world, tmp_path), "--key", key, "--out", out)
    payload = dsse.decode_base64(dsse.parse(out.read_bytes()).payload)
    assert answer["payload"] == canonical.digest(payload)
    assert answer["envelope"] == canonical.digest(out.read_bytes())
    assert (answer["cutover"], answer["revision"], answer["author"]) == (CUTOVER, 1, "dana")
    assert json.loads(payload)["summary"] == "Orders failed for an hour.\nThe fix went out."
    assert bus_of(site).events == []


def test_a_record_that_lacks_something_is_not_signed(world: World, site: Site, tmp_path: Path) -> None:
    key, out = key_file(world, "after-action", tmp_path), tmp_path / "after.json"
    done = invoke(
        site, "after-action", "sign", written(world, tmp_path, summary=""), "--key", key, "--out", out,
        "--format", "json",
    )  # fmt: skip
    assert done.exit_code == 3
    assert "DOCUMENT_REFUSED" in done.output
    assert not out.exists()


def test_it_is_submitted_and_recorded(world: World, site: Site, tmp_path: Path) -> None:
    out = signed(site, world, tmp_path)
    answer = run(site, "after-action", "submit", out)
    assert (answer["event"], answer["result"]) == ("after-action-recorded", "AFTER_ACTION_RECORDED")
    assert answer["chain"] == CUTOVER
    reference = world.record().after_action
    assert reference is not None
    assert reference.envelope == canonical.digest(out.read_bytes())
    again = run(site, "after-action", "submit", out, expect=3)
    assert again["reason"] == "AFTER_ACTION_KNOWN"


def test_the_text_says_what_came_of_it(world: World, site: Site, tmp_path: Path) -> None:
    done = invoke(site, "after-action", "submit", signed(site, world, tmp_path))
    assert done.exit_code == 0
    assert f"{CUTOVER} revision 1: recorded" in done.stdout


def test_a_dry_run_judges_it_and_sends_nothing(world: World, site: Site, tmp_path: Path) -> None:
    out = signed(site, world, tmp_path)
    planned = run(site, "after-action", "submit", out, "--dry-run", expect=10)
    assert (planned["result"], planned["author"], planned["due_at"]) == ("planned", "dana", "2026-03-03T21:00:00Z")
    assert planned["event"]["detail-type"] == "AfterAction"
    text = invoke(site, "after-action", "submit", out, "--dry-run")
    assert (text.exit_code, "would be recorded, due at 2026-03-03T21:00:00Z" in text.stdout) == (10, True)
    assert bus_of(site).events == []
    assert world.record().after_action is None


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"revision": 2}, "UNKNOWN_REVISION"),
        ({"author": "omar"}, "AUTHOR_DIFFERS"),
        ({"audience": "cutover:other:123456789012:eu-central-1:dev"}, "WRONG_AUDIENCE"),
        ({"written_at": "2026-03-03T19:00:00Z"}, "WRITTEN_TOO_EARLY"),
        ({"written_at": "2026-03-03T21:00:00Z"}, "WRITTEN_IN_FUTURE"),
        ({"purpose": "withdrawal"}, "WRONG_KEY_PURPOSE"),
    ],
)
def test_what_would_be_refused_is_refused_here(  # noqa: PLR0917  # each is a fixture or a parameter
    world: World, site: Site, tmp_path: Path, changes: dict[str, Any], code: str, dry: list[str]
) -> None:
    refused = run(site, "after-action", "submit", signed(site, world, tmp_path, **changes), *dry, expect=3)
    assert refused["reason"] == code
    assert bus_of(site).events == []


def test_who_does_not_wait_is_told_the_event(world: World, site: Site, tmp_path: Path) -> None:
    bus_of(site).lost = True
    assert run(site, "after-action", "submit", signed(site, world, tmp_path), "--no-wait")["result"] == "sent"
    unanswered = run(site, "after-action", "submit", tmp_path / "after.json", "--timeout", "0", expect=4)
    assert unanswered["reason"] == "NOT_ANSWERED"


class Overtaken(WorldBus):
    """Before what is sent arrives, the revision is no emergency's any more."""

    def put(self, detail_type: str, detail: str, *, source: str = SOURCE) -> str:
        record = self.world.record()
        changed = record.model_copy(update={"after_action_within": None, "version": record.version + 1})
        self.world.wiring.records._set(changed)
        return super().put(detail_type, detail, source=source)


def test_a_race_that_is_lost_is_told(world: World, site: Site, tmp_path: Path) -> None:
    """Judged here, and then something else was first: the door's word counts."""
    out = signed(site, world, tmp_path)
    refused = run(replace(site, bus=Overtaken(world)), "after-action", "submit", out, expect=3)
    assert refused["reason"] == "NOT_AN_EMERGENCY"
