"""The simulator's world as the simulation runs it: streams that lie and wait, queues, and faults in every function."""

import copy
import functools
import json
import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from cutover.contracts.ledger import LedgerEntry
from cutover.contracts.policy import Facts, Purpose, Rules
from cutover.domain import canonical
from cutover.domain.record import Admission, RevisionRecord, Token
from cutover.ports import Signer
from infra.plan import FUNCTIONS
from tests.building.policy import Deployment
from tests.fakes.streams import stream_event
from tests.simulation.chaos import Chaos, guarded
from tests.simulation.idempotency import SharedIdempotency, Shelf
from tests.simulator.interpreter import Interpreter
from tests.simulator.wiring import SimulatedWiring
from tests.simulator.world import World

APART = frozenset({"bucket", "sources", "workflow", "idempotency", "engine"})
PORTS = tuple(
    name for name, each in vars(SimulatedWiring).items()
    if isinstance(each, functools.cached_property) and name not in APART
)  # fmt: skip
"""Whatever the simulator's wiring has as a port of its own, a new one too."""
TIMEOUTS = {f"{plan.kind}s.{plan.module}": plan.timeout_seconds for plan in FUNCTIONS.values()}
TWICE = 0.02
LINKS_VALID_FOR = 2 * 86_400
CLOSE_MARGIN = 30
"""Seconds: more than HandOff's timeout and two clocks' skew together, so that no send begins after the close."""


@dataclass
class Message:
    """What lies in a queue for a door. ``tries``: deliveries that failed."""

    door: str
    body: str
    tries: int = 0


class DirectWorkflow:
    """Implements ``Workflow``: what the relay says reaches the machine at once."""

    def __init__(self, machine: Interpreter) -> None:
        self._machine = machine

    def start(self, name: str, document: dict[str, object]) -> None:
        self._machine.start(name, json.loads(canonical.encode(document)))

    def succeed(self, token: Token) -> bool:
        return self._machine.succeed(token.value)


class FaultyWiring(SimulatedWiring):
    """What handlers get: every port of the world, with faults at its calls."""

    def __init__(self, world: "Environment", chaos: Chaos) -> None:
        real = world.wiring
        fingerprint = real.settings.text("CUTOVER_ROOT_FINGERPRINT")
        super().__init__(world.deployment, fingerprint, world.clock)
        self.settings = real.settings
        self.clock = chaos
        self._chaos = chaos
        self.shelf = Shelf(world.clock)
        for name in PORTS:
            self.__dict__[name] = guarded(getattr(real, name), name, chaos)
        self.__dict__["sources"] = {"s3": guarded(real.bucket, "source", chaos)}
        self.__dict__["workflow"] = guarded(DirectWorkflow(world.machine), "workflow", chaos)

    def signer(self, purpose: Purpose) -> Signer:
        return guarded(super().signer(purpose), "signer", self._chaos)

    @property
    def idempotency(self) -> SharedIdempotency:
        """A layer of its own for each function, over one table."""
        return self.shelf.layer(self._chaos.function)


class Environment(World):
    """A world that can be copied, and then armed: from there on its functions fail and its streams wait."""

    def __init__(self) -> None:
        self.chaos: Chaos | None = None
        self.queue: list[Message] = []
        self.streams: dict[str, list[BaseModel]] = {"doors.relay": [], "doors.seal": []}
        self.known_facts: dict[str, Facts] = {}
        self.known_rules: dict[str, Rules] = {}
        """Everything that the owners ever published, by payload digest."""
        super().__init__(Deployment(emergency=True))

    def rules(self) -> Rules:
        return super().rules().model_copy(update={"close_margin": CLOSE_MARGIN, "link_valid_for": LINKS_VALID_FOR})

    def publish(self, *, rules: Rules | None = None, facts: Facts | None = None, version: int = 1) -> None:
        rules, facts = rules or self.rules(), facts or self.deployment.facts()
        self.known_rules[canonical.digest_model(rules)] = rules
        self.known_facts[canonical.digest_model(facts)] = facts
        super().publish(rules=rules, facts=facts, version=version)

    def invoke(self, module: str, event: Any) -> Any:
        chaos = self.chaos
        if chaos is None:
            return super().invoke(module, event)
        return chaos.invoke(module, event, lambda: World.invoke(self, module, event))

    def invoke_stage(self, name: str, payload: Any) -> Any:
        """Now and then a function runs twice for one task; the second answer counts."""
        chaos = self.chaos
        answer = super().invoke_stage(name, payload)
        if chaos is not None and chaos.rate and chaos.source.random() < TWICE:
            chaos.met["duplicate", name] += 1
            chaos.trace(f"{name} runs twice")
            answer = super().invoke_stage(name, payload)
        return answer

    def arm(self, source: random.Random, kind: type[Chaos] = Chaos) -> Chaos:
        """From here on faults can happen, and nothing happens by itself."""
        chaos = kind(source, self.clock, TIMEOUTS)
        self.chaos, self.installed = chaos, FaultyWiring(self, chaos)
        self.machine._pause = self.wait
        self.gather()
        return chaos

    def wait(self, seconds: float) -> None:
        """Between two tries of a task time passes."""
        self.clock.move(timedelta(seconds=min(seconds, 30)))

    def forget(self) -> None:
        """The Powertools table is empty."""
        if isinstance(self.installed, FaultyWiring):
            self.installed.shelf.clear()

    def gather(self) -> list[BaseModel]:
        """Moves what was written to the streams of the tables; returns it."""
        records, tokens = self.wiring.records.changes, self.wiring.tokens.changes
        written: list[BaseModel] = [*records, *tokens]
        records.clear()
        tokens.clear()
        self.streams["doors.relay"] += [
            each for each in written if isinstance(each, (Admission, RevisionRecord, Token))
        ]
        self.streams["doors.seal"] += [each for each in written if isinstance(each, LedgerEntry)]
        return written

    def stream(self, door: str, batch: list[BaseModel]) -> bool:
        """A batch of a table's stream reaches one of its readers. Raises what the reader raises."""
        self.invoke(door, stream_event(batch))
        return True

    def deliver(self, body: str) -> dict[str, Any]:
        """What comes over the bus lies in its queue, and Lambda fetches it when the schedule says so."""
        if self.chaos is None:
            return super().deliver(body)
        self.queue.append(Message("doors.intake", body))
        return {}

    def receive(self, message: Message) -> bool:
        """Whether a queue's function took the message. Raises what the function raises."""
        event = {"messageId": "m-1", "body": message.body, "eventSource": "aws:sqs", "attributes": {}}
        answer = self.invoke(message.door, {"Records": [event]})
        return not (answer or {}).get("batchItemFailures")


def copied(world: Environment) -> Environment:
    """The same world once more. What cannot change is shared: keys, and everything that is frozen."""
    world.wiring.__dict__.pop("policies", None)
    records, wiring = world.wiring.records, world.wiring
    shared = (world.deployment, records._lock, wiring._making, wiring.settings)
    memo: dict[int, Any] = {id(each): each for each in shared}
    memo[id(world.machine._definition)] = world.machine._definition
    frozen = (*records._models.values(), *records.changes, *world.wiring.tokens.changes, *world.records.values())
    memo |= {id(model): model for model in frozen}
    memo |= {id(mail): mail for mail in world.wiring.mailer.sent}
    return copy.deepcopy(world, memo)
