"""What Bind decides of a case, and the documents that it makes of the decision: pure."""

from dataclasses import dataclass
from typing import Literal

from cutover.contracts.base import Code
from cutover.contracts.bundle import Bundle
from cutover.contracts.handoff import Tombstone
from cutover.contracts.holds import ClearedRegister, HoldRegister
from cutover.contracts.manifest import Manifest
from cutover.domain import binding, holds
from cutover.domain.binding import Binding, Case
from cutover.domain.record import named

REHEARSED = "REHEARSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """``event`` is the row's; ``reason`` is why it is not bound; ``cleared`` is there only where it is."""

    event: Literal["bound", "held", "declined", "rehearsed"]
    result: Code
    register: HoldRegister
    reason: Code | None = None
    detail: str | None = None
    cleared: ClearedRegister | None = None


def decide(case: Case) -> Decided:
    """Of a rehearsal, the register with whatever is open is all that comes: no manifest, no slot, no message."""
    register = binding.register_of(case)
    found = holds.open_holds(register)
    if case.record.rehearsal:
        detail = f"{len(found)} holds are open" if found else "nothing would have held it"
        return Decided(
            event="rehearsed", result=REHEARSED, register=register, reason=found[0].code if found else None,
            detail=detail,
        )  # fmt: skip
    if denied := holds.denied(register):
        return Decided(event="declined", result=denied[0].code, register=register, reason=denied[0].code)
    cleared = holds.cleared(register)
    if cleared is None:
        return Decided(event="held", result=found[0].code, register=register, reason=found[0].code)
    return Decided(event="bound", result="BOUND", register=register, cleared=cleared)


def manifest_of(case: Case, cleared: ClearedRegister, bundle: Bundle, *, audience: str) -> Manifest:
    """What people are asked to approve, once nothing keeps the case from being bound."""
    record, taken = case.record, case.inputs
    return Binding(
        record=record, audience=audience, destination=named(taken.destination, "destination"), window=case.window,
        rules=case.rules, signers=case.signers, facts=taken.facts.payload, bundle=bundle,
        lineage=named(record.lineage, "lineage"), register=cleared,
        evidence_set=named(record.evidence_set, "evidence set"), bound_at=taken.at,
        valid_until=binding.valid_until(case, cleared),
        predecessor=taken.predecessor.payload if taken.predecessor else None,
    ).manifest()  # fmt: skip


def tombstone(case: Case, decided: Decided) -> Tombstone:
    """What stands in the store before a revision that Bind ends has ended. Raises KeyError for one that it does not."""
    status, reason = {
        "declined": ("declined", decided.result), "rehearsed": ("rehearsed", REHEARSED),
    }[decided.event]  # fmt: skip
    record = case.record
    return Tombstone(cutover=record.cutover, revision=record.revision, status=status, reason=reason, at=case.now)
