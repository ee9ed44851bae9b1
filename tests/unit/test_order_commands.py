"""`cutover withdraw` and `cutover brake`: signed here, obeyed there, and told by the ledger's one entry."""

import io
import json
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner, Result

from cutover.domain.record import Brake, Status
from cutover.errors import DependencyUnavailable
from cutover_cli.main import app
from cutover_cli.site import SOURCE, Site
from tests.fakes.faults import Faults, faulty
from tests.simulator.events import Sent, deliver, engage, plan, waiting_world
from tests.simulator.journeys import awaiting_window, handed_off
from tests.simulator.world import World
from tests.workflow.test_withdrawal import handing_off

CUTOVER = "service@production.1"
DOORS = {"Withdrawal": "withdrawals", "BrakeOrder": "brake_orders"}


class WorldBus:
    """The bus of a world: an event reaches its door at once, unless ``lost``."""

    def __init__(self, world: World) -> None:
        self.world, self.lost = world, False
        self.details: list[str] = []

    def put(self, detail_type: str, detail: str, *, source: str = SOURCE) -> str:
        self.details.append(detail)
        if not self.lost:
            body = json.dumps({"id": "o-1", "detail-type": detail_type, "detail": json.loads(detail)})
            with redirect_stdout(io.StringIO()):  # a function's metrics are lines of its own log
                deliver(self.world, Sent(DOORS[detail_type], body, "", ""))
        return "o-1"


@pytest.fixture
def world() -> World:
    return waiting_world(CUTOVER)


@pytest.fixture
def bus(world: World) -> WorldBus:
    return WorldBus(world)


@pytest.fixture
def site(world: World, bus: WorldBus) -> Site:
    return Site(world.deployment.audience, world.wiring.records, bus, world.clock)


@pytest.fixture
def keys(world: World, tmp_path: Path) -> Path:
    """A folder with a key file for each purpose."""
    for purpose in ("withdrawal", "brake", "candidate"):
        private = world.deployment.key(purpose).private
        file = tmp_path / f"{purpose}.pem"
        file.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.chmod(0o600)
    return tmp_path


def invoke(site: Site, *words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], obj=site)


def run(site: Site, *words: str | Path, expect: int = 0) -> dict[str, Any]:
    """The JSON answer of ``cutover`` with these words."""
    done = invoke(site, *words, "--format", "json")
    assert done.exit_code == expect, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def withdraw(site: Site, keys: Path, *words: str | Path, expect: int = 0, key: str = "withdrawal") -> dict[str, Any]:
    given = ("--reason", "No longer needed", "--key", keys / f"{key}.pem", "--requester", "dana")
    return run(site, "withdraw", CUTOVER, *given, *words, expect=expect)


def brake(site: Site, keys: Path, *words: str | Path, expect: int = 0, key: str = "brake") -> dict[str, Any]:
    given = ("--reason", "Payments fail", "--key", keys / f"{key}.pem", "--requester", "dana")
    return run(site, "brake", *words, *given, expect=expect)


# --- withdraw -------------------------------------------------------------------------------------------


def test_a_release_is_withdrawn(world: World, site: Site, keys: Path) -> None:
    answer = withdraw(site, keys)
    assert (answer["result"], answer["chain"], answer["revision"]) == ("WITHDRAWN", CUTOVER, 1)
    assert answer["detail"] == "dana: No longer needed"
    assert world.record().status is Status.WITHDRAWN


def test_the_text_says_what_came_of_it(site: Site, keys: Path) -> None:
    done = invoke(site, "withdraw", CUTOVER, "--reason", "a\u202eb", "--key", keys / "withdrawal.pem")
    assert done.exit_code == 0
    assert f"{CUTOVER} revision 1 withdrawn" in done.stdout
    assert "\u202e" not in done.stdout, "what others wrote is shown legibly"


def test_an_order_is_meant_for_one_revision(world: World, site: Site, keys: Path) -> None:
    assert withdraw(site, keys, "--revision", "2", expect=3)["reason"] == "UNKNOWN_REVISION"
    assert world.record().status is Status.AWAITING_WINDOW
    assert withdraw(site, keys, "--revision", "1")["result"] == "WITHDRAWN"


def test_too_late_is_a_refusal(site: Site, keys: Path) -> None:
    world = World()
    handed_off(world)
    late = replace(site, records=world.wiring.records, bus=WorldBus(world), clock=world.clock)
    assert withdraw(late, keys, expect=3)["reason"] == "WITHDRAWN_TOO_LATE"


def test_during_the_hand_off_is_partly(site: Site, keys: Path) -> None:
    world = World()
    handing_off(world)
    meanwhile = replace(site, records=world.wiring.records, bus=WorldBus(world), clock=world.clock)
    assert withdraw(meanwhile, keys, expect=5)["result"] == "WITHDRAWN_DURING_HAND_OFF"


def test_a_key_that_is_not_trusted_for_it(world: World, site: Site, keys: Path) -> None:
    assert withdraw(site, keys, key="candidate", expect=3)["reason"] == "WRONG_KEY_PURPOSE"
    assert world.record().status is Status.AWAITING_WINDOW


def test_who_does_not_wait_is_told_the_event(world: World, site: Site, bus: WorldBus, keys: Path) -> None:
    bus.lost = True
    answer = withdraw(site, keys, "--no-wait")
    assert (answer["result"], answer["event"]) == ("sent", "o-1")
    assert len(bus.details) == 1


def test_nobody_answers(site: Site, bus: WorldBus, keys: Path) -> None:
    bus.lost = True
    assert withdraw(site, keys, "--timeout", "0", expect=4)["reason"] == "NOT_ANSWERED"


@pytest.mark.parametrize("cutover", ["service", "service@production", "a@b.0", "a b@c.1", "--x"])
def test_a_cutover_has_a_form(site: Site, bus: WorldBus, keys: Path, cutover: str) -> None:
    done = invoke(site, "withdraw", "--reason", "x", "--key", keys / "withdrawal.pem", "--", cutover)
    assert done.exit_code == 2
    assert bus.details == []


@pytest.mark.parametrize("reason", ["", "x" * 5000, "a\x00b"])
def test_a_reason_is_a_text(site: Site, bus: WorldBus, keys: Path, reason: str) -> None:
    done = invoke(site, "withdraw", CUTOVER, "--reason", reason, "--key", keys / "withdrawal.pem")
    assert done.exit_code == 2
    assert bus.details == []


def test_a_key_file_that_others_can_read_is_not_used(site: Site, bus: WorldBus, keys: Path) -> None:
    (keys / "withdrawal.pem").chmod(0o644)
    assert withdraw(site, keys, expect=2)["reason"] == "BAD_KEY_FILE"
    assert bus.details == []


@pytest.mark.parametrize("where", [[], ["--local", "--stack", "cutover-development"]])
def test_one_place_is_named(keys: Path, where: list[str]) -> None:
    words = ["withdraw", CUTOVER, "--reason", "x", "--key", str(keys / "withdrawal.pem"), *where]
    assert CliRunner().invoke(app, words).exit_code == 2


@pytest.mark.parametrize(
    "error", [DependencyUnavailable("the table"), EndpointConnectionError(endpoint_url="https://example.com")]
)
def test_a_service_that_fails_is_a_remote_failure(world: World, site: Site, keys: Path, error: Exception) -> None:
    faults = Faults()
    faults.before("records.chain", error)
    failing = replace(site, records=faulty(world.wiring.records, "records", faults))
    assert withdraw(failing, keys, expect=4)["reason"] == "REMOTE_FAILED"
    assert faults.spent


# --- brake ----------------------------------------------------------------------------------------------


def test_the_brake_is_engaged_seen_and_released(world: World, site: Site, keys: Path) -> None:
    assert run(site, "brake", "status")["state"] == "off"
    assert brake(site, keys, "engage")["result"] == "ENGAGED"
    seen = run(site, "brake", "status")
    assert (seen["state"], seen["entry"]["detail"]) == ("engaged", "dana: Payments fail")
    shown = run(site, "brake", "release", "--dry-run", expect=10)
    assert [(each["cutover"], each["status"]) for each in shown["frees"]] == [(CUTOVER, "awaiting_window")]
    assert shown["plan"] == plan(world)
    assert brake(site, keys, "release", "--plan", shown["plan"])["result"] == "RELEASED"
    assert run(site, "brake", "status")["state"] == "off"
    assert run(site, "brake", "release", "--dry-run") == {"plan": None, "frees": []}


def test_a_dry_run_changes_nothing(world: World, site: Site, bus: WorldBus) -> None:
    engage(world)
    before = world.wiring.records.brake(), world.ledger("brake")
    done = invoke(site, "brake", "release", "--dry-run")
    assert done.exit_code == 10
    assert f"{CUTOVER} revision 1  awaiting_window  2026-03-03T20:00:00Z to 2026-03-03T22:00:00Z" in done.stdout
    assert f"plan  {plan(world)}" in done.stdout
    assert (world.wiring.records.brake(), world.ledger("brake"), bus.details) == (*before, [])


def test_a_plan_that_went_stale_is_refused(site: Site, keys: Path) -> None:
    world = World()
    awaiting_window(world)
    site = replace(site, records=world.wiring.records, bus=WorldBus(world), clock=world.clock)
    brake(site, keys, "engage")
    shown = run(site, "brake", "release", "--dry-run", expect=10)["plan"]
    world.decide("bo", "refuse")
    world.run()
    assert brake(site, keys, "release", "--plan", shown, expect=3)["reason"] == "PLAN_DIFFERS"
    assert run(site, "brake", "status")["state"] == "engaged"


@pytest.mark.parametrize("missing", ["--plan", "--reason", "--key"])
def test_a_release_needs_all_of_it(world: World, site: Site, bus: WorldBus, keys: Path, missing: str) -> None:
    engage(world)
    given = {"--plan": plan(world), "--reason": "Over", "--key": str(keys / "brake.pem")}
    del given[missing]
    words = [word for pair in given.items() for word in pair]
    assert run(site, "brake", "release", *words, expect=2)["reason"] == "BAD_ARGUMENT"
    assert bus.details == []


@pytest.mark.parametrize("given", ["abc", "sha256:" + "0" * 63, "sha256:" + "G" * 64])
def test_a_plan_is_a_digest(site: Site, bus: WorldBus, keys: Path, given: str) -> None:
    assert brake(site, keys, "release", "--plan", given, expect=2)["reason"] == "BAD_ARGUMENT"
    assert bus.details == []


def test_engaging_again_is_done_again(site: Site, keys: Path) -> None:
    brake(site, keys, "engage")
    done = invoke(site, "brake", "engage", "--reason", "Me too", "--key", keys / "brake.pem")
    assert done.exit_code == 0
    assert "the brake is engaged\nENGAGED_AGAIN" in done.stdout


@pytest.mark.parametrize("words", [["engage"], ["release", "--plan", "sha256:" + "0" * 64]])
def test_whose_key_does_not_count_changes_nothing(world: World, site: Site, keys: Path, words: list[str]) -> None:
    before = world.wiring.records.brake()
    assert brake(site, keys, *words, key="withdrawal", expect=3)["reason"] == "WRONG_KEY_PURPOSE"
    assert world.wiring.records.brake() == before


def test_who_does_not_wait_for_the_brake(site: Site, bus: WorldBus, keys: Path) -> None:
    bus.lost = True
    assert brake(site, keys, "engage", "--no-wait")["result"] == "sent"
    assert brake(site, keys, "engage", "--timeout", "0", expect=4)["reason"] == "NOT_ANSWERED"


def test_a_brake_of_which_nobody_knows_is_said_to_be_unknown(world: World, site: Site) -> None:
    del world.wiring.records._models[("Brake",)]
    assert run(site, "brake", "status")["state"] == "unknown"
    assert "nothing is handed off" in invoke(site, "brake", "status").stdout
    assert run(site, "brake", "release", "--dry-run")["plan"] is None


def test_a_brake_that_was_set_without_an_order(world: World, site: Site, keys: Path) -> None:
    world.wiring.records.set_brake(Brake(engaged=True, since=world.clock.now() - timedelta(hours=1)))
    seen = run(site, "brake", "status")
    assert (seen["state"], seen["since"], seen["entry"]) == ("engaged", "2026-03-02T08:01:00Z", None)
    shown = run(site, "brake", "release", "--dry-run", expect=10)["plan"]
    assert brake(site, keys, "release", "--plan", shown)["result"] == "RELEASED"


def test_a_plan_that_is_too_large_is_said_to_be(world: World, site: Site) -> None:
    engage(world)
    record = world.record()
    world.wiring.records.waiting = lambda statuses, *, limit: iter([record] * limit)  # type: ignore[method-assign]  # noqa: ARG005
    assert run(site, "brake", "release", "--dry-run", expect=3)["reason"] == "PLAN_TOO_LARGE"
