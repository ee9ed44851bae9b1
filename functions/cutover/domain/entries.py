"""Ledger entries: what is told of an event, and how it is appended to a chain."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cutover.contracts.base import Digest
from cutover.contracts.ledger import LedgerActor, LedgerEngine, LedgerEntry
from cutover.domain import bounded
from cutover.domain.record import Admission, ChainHead, RevisionRecord, Status
from cutover.domain.transitions import Transition


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a ledger entry tells, beside its place in the chain."""

    event: str
    result: str
    requester: str
    correlation_id: str
    status: Status | None = None
    row: Transition | None = None
    before: Status | None = None
    revision: int | None = None
    rules: Digest | None = None
    facts: Digest | None = None
    inputs: dict[str, Digest]
    detail: str | None = None

    @classmethod
    def of(cls, record: RevisionRecord, event: str, **more: Any) -> "Told":
        """About a revision, as it is after the event."""
        facts = more.pop("facts", None) or record.facts.payload
        return cls(
            event=event, status=record.status, revision=record.revision, rules=record.rules.payload, facts=facts,
            correlation_id=record.correlation_id, **{"inputs": {}, **more},
        )  # fmt: skip

    @classmethod
    def of_order(cls, event: str, *, requester: str, **more: Any) -> "Told":
        """About a signed event that is no revision's, or that belongs to none."""
        return cls(event=event, requester=requester, **more)

    @classmethod
    def of_admission(cls, admission: Admission, event: str, **more: Any) -> "Told":
        """About an admission that has no revision."""
        return cls(
            event=event, status=admission.status, requester=admission.correlation_id,
            correlation_id=admission.correlation_id, inputs={"envelope": admission.digest}, **more,
        )  # fmt: skip


def entry_after(head: ChainHead, told: Told, *, at: datetime, role: str, engine: LedgerEngine) -> LedgerEntry:
    """The next entry of the chain that ends with ``head``. Its detail is bounded here, for every writer."""
    return LedgerEntry(
        chain=head.chain, sequence=head.sequence + 1, previous=head.entry, at=at, engine=engine,
        actor=LedgerActor(role=role, requester=told.requester), event=told.event,
        transition=told.row.number if told.row else None, revision=told.revision,
        from_=told.before.value if told.before else None, to=told.status.value if told.row and told.status else None,
        rules=told.rules, facts=told.facts, inputs=told.inputs, result=told.result,
        detail=bounded.line(told.detail) if told.detail else None,
        correlation_id=told.correlation_id,
    )  # fmt: skip
