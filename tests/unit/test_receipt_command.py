"""`cutover receipt`: a consumer without code answers what it was handed."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cutover.domain.record import Status
from tests.simulator.command_line import invoke, key_file, run, site_of
from tests.simulator.events import delivery_order, signed
from tests.simulator.journeys import handed_off
from tests.simulator.world import World
from tests.workflow.test_withdrawal import uncertain

CUTOVER = "service@production.1"


def answered(world: World, folder: Path, *words: str, purpose: Any = "receipt", expect: int = 0) -> dict[str, Any]:
    """The answer to the message that lies in the queue."""
    site, _ = site_of(world, still=True)
    return run(
        site, "receipt", message(world, folder), "--key", key_file(world, purpose, folder), *words, expect=expect
    )


def message(world: World, folder: Path) -> Path:
    file = folder / "message.json"
    file.write_bytes(world.wiring.deployment.messages("production")[0].body)
    return file


def test_it_settles_what_is_uncertain(tmp_path: Path) -> None:
    world = World()
    uncertain(world)
    said = answered(world, tmp_path, "--outcome", "corrected", "--cause", "version-drift", "--detail", "1.4.1 runs.")
    assert (said["result"], said["chain"], said["detail"]) == (
        "RECEIPT_CORRECTED", CUTOVER, "version-drift: 1.4.1 runs."
    )  # fmt: skip
    assert world.record().status is Status.HANDED_OFF


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    handed_off(world)
    return world


def test_a_dry_run_shows_the_event_and_sends_nothing(world: World, tmp_path: Path) -> None:
    before = world.ledger()
    planned = answered(world, tmp_path, "--outcome", "accepted", "--dry-run", expect=10)
    assert planned["event"]["detail-type"] == "Receipt"
    assert planned["event"]["detail"]["schema"] == "cutover/signed-event/v1"
    assert world.ledger() == before


@pytest.mark.parametrize("words", [(), ("--dry-run",)], ids=["sent", "dry run"])
def test_a_key_for_something_else_answers_nothing(world: World, tmp_path: Path, words: tuple[str, ...]) -> None:
    said = answered(world, tmp_path, "--outcome", "accepted", *words, purpose="withdrawal", expect=3)
    assert said["reason"] == "WRONG_KEY_PURPOSE"


@pytest.mark.parametrize("words", [("rejected",), ("corrected",), ("accepted", "--cause", "other")])
def test_a_cause_is_for_what_was_not_simply_accepted(world: World, tmp_path: Path, words: tuple[str, ...]) -> None:
    assert answered(world, tmp_path, "--outcome", *words, expect=2)["reason"] == "BAD_ARGUMENT"


def test_what_was_not_handed_off_here_is_refused(world: World, tmp_path: Path) -> None:
    site, _ = site_of(World())
    words = (
        "receipt",
        message(world, tmp_path),
        "--outcome",
        "accepted",
        "--key",
        key_file(world, "receipt", tmp_path),
    )
    assert run(site, *words, expect=3)["reason"] == "UNKNOWN_HANDOFF"
    elsewhere = replace(site, audience=site.audience.replace("dev", "production"))
    assert run(elsewhere, *words, expect=3)["reason"] == "WRONG_AUDIENCE"


def test_only_a_hand_off_is_answered(world: World, tmp_path: Path) -> None:
    site, _ = site_of(world)
    file = tmp_path / "test.json"
    order = signed(world, delivery_order(world, "test", target="production"))
    file.write_bytes(b"{}")
    words = ("receipt", file, "--outcome", "accepted", "--key", key_file(world, "receipt", tmp_path))
    assert invoke(site, *words).exit_code == 3
    file.write_text(envelope_in(order.body), "utf-8")
    assert "no hand-off" in run(site, *words, expect=2)["message"]


def envelope_in(body: str) -> str:
    return json.dumps(json.loads(body)["detail"]["envelope"])
