"""The command line before a world: its site is the world, and what it puts on the bus reaches its door at once."""

import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner, Result

from cutover.contracts.policy import Purpose
from cutover.domain import canonical
from cutover_cli.main import app
from cutover_cli.site import SOURCE, Site
from tests.simulator.events import Sent, deliver
from tests.simulator.world import World

DOORS = {
    "HoldResolution": "resolutions",
    "Withdrawal": "withdrawals",
    "BrakeOrder": "brake_orders",
    "AfterAction": "after_actions",
    "PasskeyInvitation": "invitations",
    "DeliveryOrder": "deliveries",
    "Receipt": "receipts",
}


class WorldBus:
    """The bus of a world, unless ``lost``. What follows from an event happens, unless the world stands ``still``."""

    def __init__(self, world: World, *, still: bool = False) -> None:
        self.world, self.lost, self.still = world, False, still
        self.events: list[tuple[str, str, Any]] = []

    def put(self, detail_type: str, detail: str, *, source: str = SOURCE) -> str:
        event_id = f"e-{len(self.events) + 1}"
        self.events.append((source, detail_type, json.loads(detail)))
        if not self.lost:
            body = json.dumps({"id": event_id, "detail-type": detail_type, "detail": json.loads(detail)})
            with redirect_stdout(io.StringIO()):  # a function's metrics are lines of its own log
                self._deliver(detail_type, body)
        return event_id

    def _deliver(self, detail_type: str, body: str) -> None:
        if detail_type == "ReleaseCandidate":
            self.world.deliver(body)
        else:
            deliver(self.world, Sent(DOORS[detail_type], body, "", ""))
        if not self.still:
            self.world.run()


class WorldInbox:
    """The inbox bucket of a world. Implements ``Uploads``."""

    def __init__(self, world: World) -> None:
        self.world = world

    def put(self, key: str, content: bytes) -> str:
        return self.world.wiring.inbox.put(key, content)


def site_of(world: World, *, still: bool = False) -> tuple[Site, WorldBus]:
    """A world as operators reach it, and its bus."""
    bus, wiring = WorldBus(world, still=still), world.wiring
    site = Site(
        world.deployment.audience, wiring.records, bus, world.clock, store=wiring.store, inbox=WorldInbox(world),
        fingerprint=canonical.digest_model(world.deployment.root()),
        queues={world.deployment.target: world.deployment.queue_arn}.get, messages=wiring.messages,
        targets=frozenset({world.deployment.target}),
    )  # fmt: skip
    return site, bus


def key_file(world: World, purpose: Purpose, folder: Path) -> Path:
    """A private key of the world's deployment, as its owner keeps it."""
    file = folder / f"{purpose}.pem"
    private = world.deployment.key(purpose).private
    file.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    file.chmod(0o600)
    return file


def invoke(site: Site | None, *words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], obj=site)


def run(site: Site | None, *words: str | Path, expect: int = 0) -> dict[str, Any]:
    """The JSON answer of ``cutover`` with these words."""
    done = invoke(site, *words, "--format", "json")
    assert done.exit_code == expect, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
