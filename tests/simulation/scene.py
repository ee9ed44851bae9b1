"""A start world with its observer, and the means to write into it what no function would write."""

from typing import Any

from cutover.contracts.ledger import LedgerActor, LedgerEntry
from cutover.domain.record import Admission, Brake, RevisionRecord, Slot, Status
from tests.building.policy import CLOSES_AT
from tests.simulation.chaos import Invocation
from tests.simulation.environment import copied
from tests.simulation.observer import Name, Observer, Write, name_of
from tests.simulation.simulation import Simulation
from tests.simulation.starts import start


class Scene:
    """A copy of a start world, its observer, and its revision."""

    def __init__(self, name: str = "asked") -> None:
        self.sim = Simulation(copied(start(name)), seed=1)
        self.seen: Observer = self.sim.observer
        self.name: Name
        self.name, self.record = next(iter(self.seen.records.items()))

    def entry(self, event: str = "approved", number: int | None = 13, **changes: Any) -> LedgerEntry:
        """The next entry of the revision's chain; by default row 13 as it should be."""
        sequence, digest = self.seen.heads[self.name[0]]
        role = changes.pop("role", "approvals")
        said: dict[str, Any] = {
            "chain": self.name[0], "sequence": sequence + 1, "previous": digest, "at": self.record.admitted_at,
            "engine": self.sim.world.wiring.engine, "actor": LedgerActor(role=role, requester="erin"), "event": event,
            "transition": number, "revision": self.name[1], "from_": self.record.status.value, "to": "approved",
            "rules": None, "facts": None, "inputs": {}, "result": "DONE", "detail": None, "correlation_id": "c",
        }  # fmt: skip
        return LedgerEntry(**{**said, **changes})

    def image(self, **changes: Any) -> RevisionRecord:
        """The revision's next image; by default approved."""
        said = {"status": Status.APPROVED, "version": self.record.version + 1}
        return self.record.model_copy(update=said | changes)

    def write(
        self,
        *models: LedgerEntry | RevisionRecord | Admission | Slot,
        function: str = "doors.approvals",
        event: Any = None,
    ) -> Write:
        invocation = Invocation(function, 1, CLOSES_AT, event)
        return Write(
            function,
            invocation,
            [each for each in models if isinstance(each, LedgerEntry)],
            {name_of(each): each for each in models if isinstance(each, (RevisionRecord, Admission))},
            [each for each in models if isinstance(each, Slot)],
        )

    def sending(self) -> tuple[Invocation, dict[str, Any]]:
        """HandOff's invocation directly before a send that is right, and what it sends."""
        invocation = Invocation("stages.hand_off", 1, CLOSES_AT)
        policy = self.sim.world.wiring.records.policy()
        invocation.read = {
            "records.policy": (policy, 1), "records.commit": (None, 2), "records.brake": (Brake(engaged=False), 3),
            "store.has_tombstone": (False, 4), "attempt": (self.record.attempt, 2),
        }  # fmt: skip
        handoff_id = self.record.handoff_id or ""
        body = self.sim.world.wiring.store.get_handoff(handoff_id)
        return invocation, {"body": body, "deduplication_id": handoff_id.removeprefix("sha256:")}
