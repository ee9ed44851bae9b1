"""What differs between a revision as it is stored and as it is computed anew, and why."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cutover.contracts.base import Digest
from cutover.contracts.bundle import Engine
from cutover.contracts.handoff import Tombstone
from cutover.contracts.ledger import LedgerEngine


class Cause(StrEnum):
    """Why something is not the same."""

    CORRUPTED = "stored output corrupted"
    """Other bytes stand under its digest, or none that can be read."""
    MISSING = "stored output missing"
    """Nothing stands under its digest any more."""
    ENGINE = "engine differs"
    """Another version of Cutover made it."""
    INPUT_CORRUPTED = "input corrupted"
    INPUT_MISSING = "input missing"
    INPUT_NOT_RECORDED = "input not recorded"
    """An older Cutover did not write down all that it took."""
    RECORD = "record contradicts ledger"
    """Somebody changed the table beside the protocol, or the ledger's entries."""
    UNEXPLAINED = "same engine, other result"
    """Inputs and engine are the same: the code was changed under one version, or the ledger tells of another result."""


INPUTS = frozenset({Cause.INPUT_CORRUPTED, Cause.INPUT_MISSING, Cause.INPUT_NOT_RECORDED})


@dataclass(frozen=True, slots=True)
class Difference:
    """One place of one document: ``stored`` and ``recomputed`` are values there, or digests of the whole (``/``)."""

    document: str
    cause: Cause
    pointer: str = ""
    stored: str | None = None
    recomputed: str | None = None
    recreated: bool = False
    """The recomputed bytes have the digest that was recorded: they can stand there again."""

    def value(self) -> dict[str, Any]:
        return {
            "document": self.document, "pointer": self.pointer, "stored": self.stored, "recomputed": self.recomputed,
            "cause": self.cause.value, "recreated": self.recreated,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """``decided`` and ``result`` as the ledger has them. ``recreated``: what is missing or corrupted, by its digest."""

    cutover: str
    revision: int
    decided: str | None
    result: str | None
    engines: tuple[LedgerEngine, ...]
    engine: Engine
    compared: tuple[str, ...]
    differences: tuple[Difference, ...]
    recreated: dict[Digest, bytes] = field(default_factory=dict, repr=False)
    missing: tuple[Digest, ...] = ()
    """Those of them that are not in the store at all, so that its write-once port takes them."""
    tombstone: Tombstone | None = None
    """Where it is not in the store any more, and the ledger tells of the same end. It cannot be taken back: it is put
    there only where nothing else is wrong."""

    @property
    def same_engine(self) -> bool:
        return all((each.version, each.lock) == (self.engine.version, self.engine.lock) for each in self.engines)

    @property
    def cannot(self) -> bool:
        """An input is not there, so that nothing can be said of what was decided."""
        return any(each.cause in INPUTS for each in self.differences)

    @property
    def restorable(self) -> bool:
        """Nothing is wrong but that documents are missing, and each of them was made again."""
        found = self.differences
        return bool(found) and all(each.cause is Cause.MISSING and each.recreated for each in found)

    @property
    def outcome(self) -> str:
        if not self.differences:
            return "identical"
        if self.cannot:
            return "not replayed"
        return "outputs missing" if self.restorable else "differs"
