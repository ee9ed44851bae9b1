"""Every command that changes something can say what it would change, by the code that changes it, and then does not."""

from pathlib import Path

import pytest
import typer.main

from cutover.domain.record import Brake, Status
from cutover_cli.documentation.commands import commands
from cutover_cli.main import app
from cutover_cli.site import Site
from tests.simulator.command_line import WorldBus, invoke, key_file, run, site_of
from tests.simulator.events import waiting_world
from tests.simulator.journeys import handed_off
from tests.simulator.world import World
from tests.workflow.test_withdrawal import handing_off

CUTOVER = "service@production.1"
COMMANDS = dict(commands(typer.main.get_command(app), "cutover"))
CHANGE = {
    "cutover after-action submit", "cutover brake engage", "cutover brake release", "cutover candidate submit",
    "cutover holds resolve", "cutover passkey invite", "cutover policy activate", "cutover policy keys",
    "cutover policy propose", "cutover policy sign", "cutover receipt", "cutover schemas", "cutover target resend",
    "cutover target test", "cutover trust import", "cutover withdraw",
}  # fmt: skip
"""A deployment, a trust store, the published schemas, or facts that are there already."""
LOOK = {
    "cutover attest verify", "cutover brake status", "cutover candidate lint", "cutover check", "cutover doctor",
    "cutover explain", "cutover holds list", "cutover holds show", "cutover ledger show", "cutover ledger verify",
    "cutover list", "cutover local env", "cutover local mails", "cutover local status", "cutover passkey list",
    "cutover pending", "cutover policy diff", "cutover policy lint", "cutover policy who", "cutover sbom inspect",
    "cutover show", "cutover target snippet", "cutover trace", "cutover trust history", "cutover verify",
}  # fmt: skip
OF_THEIR_OWN = {
    "cutover demo", "cutover init", "cutover local down", "cutover local put", "cutover local up", "cutover policy key",
}  # fmt: skip
"""They make or end what is only on this machine, and is theirs; what is there already, `init` never overwrites."""


def options(words: str) -> set[str]:
    return {name for each in COMMANDS[words].params for name in each.opts}


def test_every_command_is_known_for_what_it_does() -> None:
    """A command that writes one file that it was given, and nothing else, shows by --out what it writes."""
    writes = {words for words in COMMANDS if "--out" in options(words)} - CHANGE - LOOK
    assert CHANGE | LOOK | OF_THEIR_OWN | writes >= set(COMMANDS), "say whether it changes something"
    assert not CHANGE & (LOOK | OF_THEIR_OWN)


@pytest.mark.parametrize("words", sorted(CHANGE & set(COMMANDS)))
def test_what_changes_something_has_a_dry_run(words: str) -> None:
    assert "--dry-run" in options(words)


@pytest.mark.parametrize("words", sorted(LOOK & set(COMMANDS)))
def test_what_only_looks_asks_for_no_reason(words: str) -> None:
    """Every order says why: nothing that sends one is known for looking by mistake."""
    assert not {each.name for each in COMMANDS[words].params} & {"reason", "requester", "dry_run"}


@pytest.mark.parametrize("words", sorted(CHANGE & set(COMMANDS)))
def test_a_dry_run_is_explained(words: str) -> None:
    (option,) = [each for each in COMMANDS[words].params if "--dry-run" in each.opts]
    assert option.is_flag
    assert option.help


# --- those that are new ---------------------------------------------------------------------------------------


def site_and_bus(world: World) -> tuple[Site, WorldBus]:
    return site_of(world)


def withdraw(
    site: Site, folder: Path, world: World, *words: str, expect: int, purpose: str = "withdrawal"
) -> dict[str, object]:
    key = key_file(world, purpose, folder)  # type: ignore[arg-type]
    return run(site, "withdraw", CUTOVER, "--reason", "No longer", "--key", key, "--dry-run", *words, expect=expect)


def test_a_withdrawal_is_judged_and_not_sent(tmp_path: Path) -> None:
    world = waiting_world(CUTOVER)
    site, bus = site_and_bus(world)
    said = withdraw(site, tmp_path, world, expect=10)
    assert (said["outcome"], said["revision"], said["status"]) == ("WITHDRAWN", 1, "awaiting_window")
    assert bus.events == []
    assert world.record().status is Status.AWAITING_WINDOW
    assert not world.wiring.store.has_tombstone(CUTOVER, 1)
    text = invoke(site, "withdraw", CUTOVER, "--reason", "x", "--key", tmp_path / "withdrawal.pem", "--dry-run")
    assert "would be withdrawn" in text.stdout


@pytest.mark.parametrize(
    ("words", "purpose", "reason"),
    [
        (("--revision", "2"), "withdrawal", "UNKNOWN_REVISION"),
        ((), "candidate", "WRONG_KEY_PURPOSE"),
    ],
)
def test_what_would_be_refused_is_refused_here(
    tmp_path: Path, words: tuple[str, ...], purpose: str, reason: str
) -> None:
    world = waiting_world(CUTOVER)
    site, bus = site_and_bus(world)
    assert withdraw(site, tmp_path, world, *words, expect=3, purpose=purpose)["reason"] == reason
    assert bus.events == []


def test_a_dry_withdrawal_tells_how_late_it_is(tmp_path: Path) -> None:
    during, after = World(), World()
    handing_off(during)
    handed_off(after)
    assert withdraw(site_of(during)[0], tmp_path, during, expect=10)["outcome"] == "WITHDRAWN_DURING_HAND_OFF"
    assert withdraw(site_of(after)[0], tmp_path, after, expect=3)["reason"] == "WITHDRAWN_TOO_LATE"


def test_what_is_planned_is_what_comes_of_it(tmp_path: Path) -> None:
    world = waiting_world(CUTOVER)
    site, _ = site_and_bus(world)
    planned = withdraw(site, tmp_path, world, expect=10)
    done = run(site, "withdraw", CUTOVER, "--reason", "No longer", "--key", tmp_path / "withdrawal.pem")
    assert done["result"] == planned["outcome"]


def test_the_brake_says_whom_it_would_stop(tmp_path: Path) -> None:
    world = waiting_world(CUTOVER)
    site, bus = site_and_bus(world)
    key = key_file(world, "brake", tmp_path)
    words = ("brake", "engage", "--reason", "Payments fail", "--key", key)
    said = run(site, *words, "--dry-run", expect=10)
    assert said["stops"] == [{"cutover": CUTOVER, "revision": 1, "status": "awaiting_window"}]
    assert said["state"] == "off"
    assert world.wiring.records.brake() == Brake(engaged=False)
    assert bus.events == []
    assert f"  {CUTOVER} revision 1  awaiting_window" in invoke(site, *words, "--dry-run").stdout
    other = key_file(world, "withdrawal", tmp_path)
    wrong = run(site, *words[:-1], other, "--dry-run", expect=3)
    assert wrong["reason"] == "WRONG_KEY_PURPOSE"
