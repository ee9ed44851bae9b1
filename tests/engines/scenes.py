"""A release at one moment of its way, laid out in a table of the engine as often as a race wants it.

The way there is made once, in memory, by the simulated world and the real handlers. What is laid out is the
whole of it: every item, every stored object, the time.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from cutover.adapters import dynamodb_items as items
from cutover.adapters.dynamodb_commit import _mark
from cutover.adapters.dynamodb_records import DynamoRecords
from cutover.adapters.dynamodb_tokens import DynamoTokens
from cutover.contracts.base import Digest
from cutover.contracts.policy import Facts, Rules
from cutover.domain.record import Brake
from cutover.policies import PolicyReader
from cutover.ports import Clock, Fetched
from tests.building.policy import Deployment
from tests.engines import dynamodb_local
from tests.fakes.clock import FakeClock
from tests.fakes.queues import FakeExceptionQueue
from tests.fakes.store import InMemoryStore
from tests.simulator.wiring import SimulatedWiring
from tests.simulator.world import World

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

BATCH = 25
"""What one BatchWriteItem takes."""
_WARM: tuple[dict[Digest, tuple[Rules, Digest]], dict[Digest, tuple[Facts, Digest]]] = {}, {}
"""Policies by digest, as a warm function keeps them: which one is active it asks every time."""


@dataclass(frozen=True)
class Scene:
    """Everything that a release has left behind until ``now``. ``given`` is what its next stage is handed."""

    deployment: Deployment
    fingerprint: str
    now: datetime
    stored: tuple[items.Item, ...]
    objects: dict[str, bytes]
    sources: dict[tuple[str, str], list[Fetched]]
    given: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, world: World, given: dict[str, Any] | None = None) -> "Scene":
        records, settings = world.wiring.records, world.wiring.settings
        stored = [items.item_of(model) for model in records._models.values()]
        stored += [
            _mark(items.payload_key(payload), "PAYLOAD", {"cutover": cutover, "revision": revision})
            for payload, (cutover, revision) in records._payloads.items()
        ]
        stored += [_mark(items.nonce_key(nonce), "NONCE", {}) for nonce in records._nonces]
        return cls(
            deployment=world.deployment,
            fingerprint=settings.text("CUTOVER_ROOT_FINGERPRINT"),
            now=world.clock.now(),
            stored=tuple(stored),
            objects=dict(world.wiring.store.objects),
            sources=dict(world.wiring.bucket._versions),
            given=given or {},
        )


@dataclass
class Sent:
    """Implements ``DeploymentQueue``: keeps every send, repeated or not, after ``meanwhile`` had its turn."""

    messages: list[bytes] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None

    def send(self, target: str, *, body: bytes, group: str, deduplication_id: str) -> str:
        self.messages.append(body)
        self.meanwhile()
        return f"message-{deduplication_id}"


@dataclass
class Place:
    """A scene in a table of its own, with what all who act there share."""

    scene: Scene
    client: "DynamoDBClient"
    table: str
    clock: FakeClock
    store: InMemoryStore
    exceptions: FakeExceptionQueue
    deployment: Sent = field(default_factory=Sent)

    @classmethod
    def of(cls, scene: Scene, client: "DynamoDBClient", table: str) -> "Place":
        """Over a table in which the scene lies already."""
        clock, store = FakeClock(scene.now), InMemoryStore()
        store.objects.update(scene.objects)
        return cls(scene, client, table, clock, store, FakeExceptionQueue(clock))

    @property
    def records(self) -> DynamoRecords:
        return DynamoRecords(self.client, table=self.table)

    def wiring(self, records: DynamoRecords | None = None, clock: Clock | None = None) -> SimulatedWiring:
        """What one function has: adapters of its own, over the services that all share."""
        scene, time = self.scene, clock or self.clock
        wiring = SimulatedWiring(scene.deployment, scene.fingerprint, self.clock)
        wiring.clock = time
        wiring.bucket._versions.update(scene.sources)
        adapter = records or self.records
        policies = PolicyReader(records=adapter, store=self.store, fingerprint=scene.fingerprint)
        policies._rules, policies._facts = _WARM
        wiring.__dict__.update(
            records=adapter, policies=policies, tokens=DynamoTokens(self.client, table=self.table), store=self.store,
            exceptions=self.exceptions, deployment=self.deployment,
        )  # fmt: skip
        return wiring

    def put(self, model: BaseModel) -> None:
        """Writes an item past all conditions: for what a race is not about, such as the brake."""
        self.client.put_item(TableName=self.table, Item=items.item_of(model))

    def brake(self, *, engaged: bool) -> None:
        self.put(Brake(engaged=engaged))


@contextmanager
def laid_out(scene: Scene, client: "DynamoDBClient") -> Iterator[Place]:
    """The scene in a new table, which is gone afterwards."""
    with dynamodb_local.table(client) as table:
        write(client, table, [{"PutRequest": {"Item": item}} for item in scene.stored])
        yield Place.of(scene, client, table)


def write(client: "DynamoDBClient", table: str, requests: Sequence[dict[str, Any]]) -> None:
    """Puts and deletions of items past all conditions."""
    for first in range(0, len(requests), BATCH):
        batch: dict[str, Any] = {table: list(requests[first : first + BATCH])}
        assert not client.batch_write_item(RequestItems=batch)["UnprocessedItems"]
