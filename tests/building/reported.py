"""Ledger entries for reports: by hand and without a chain's digests, which no report looks at, and by hypothesis."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from cutover.contracts.ledger import LedgerActor, LedgerEngine, LedgerEntry
from cutover.domain.transitions import TABLE
from tests.building.policy import instant

START = instant("2026-03-02T09:00")
DIGEST = "sha256:" + "0" * 64
ENGINE = LedgerEngine(version="0.1.0", lock=DIGEST)
RESULTS = ("DONE", "RECEIPT_ACCEPTED", "RECEIPT_REJECTED", "RECEIPT_CORRECTED", "KEY_REVOKED", "WINDOW_CLOSED")
EVENTS = (*TABLE, "receipt", "opened", "withdrawn-too-late", "approval-requested-again", "something-else")


def entry(event: str = "admitted", **more: Any) -> LedgerEntry:
    """Of the first revision of one cutover, written by ``bind`` at the start unless told otherwise."""
    said: dict[str, Any] = {
        "chain": "service@production.1", "sequence": 1, "previous": None, "at": START, "event": event,
        "transition": None, "revision": 1, "from_": None, "to": None, "engine": ENGINE, "rules": None, "facts": None,
        "actor": LedgerActor(role="bind", requester="dana@ci"), "inputs": {}, "result": "DONE", "correlation_id": "e-1",
    }  # fmt: skip
    return LedgerEntry.model_construct(**said | more)


def told(*steps: tuple[str, str | None, float], chain: str = "service@production.1", **more: Any) -> list[LedgerEntry]:
    """A chain of (event, status that it leads to, hours after the start)."""
    found: list[LedgerEntry] = []
    status: str | None = None
    for number, (event, to, hours) in enumerate(steps, start=1):
        at = START + timedelta(hours=hours)
        found.append(entry(event, chain=chain, sequence=number, at=at, from_=status, to=to, **more))
        status = to or status
    return found


@st.composite
def ledgers(draw: st.DrawFn) -> list[LedgerEntry]:
    """Some chains of whatever events, with clocks that run back now and then; a rehearsal and admissions among them."""
    found = []
    for chain in draw(st.lists(st.sampled_from(CHAINS), unique=True, min_size=1)):
        at = START
        for sequence in range(1, draw(st.integers(1, 12)) + 1):
            at += timedelta(minutes=draw(st.integers(-30, 3_000)))
            found.append(_any(draw, chain, sequence, at))
    return found


CHAINS = ("service@production.1", "service@production.2", "other@staging.1", "worker@production.rehearsal.1", "orders")


def _any(draw: st.DrawFn, chain: str, sequence: int, at: datetime) -> LedgerEntry:
    event = draw(st.sampled_from(EVENTS))
    row = TABLE.get(event)
    to = row.target.value if row and row.target else None
    return entry(
        event, chain=chain, sequence=sequence, at=at, to=to, revision=draw(st.integers(1, 3)),
        result=draw(st.sampled_from(RESULTS)), detail=draw(st.sampled_from([None, "version-drift: x", "y"])),
        actor=LedgerActor(role=draw(st.sampled_from(["bind", "approvals"])), requester="dana@ci"),
        inputs=draw(st.sampled_from([{}, {"lapsed/1": DIGEST}, {"decision": DIGEST, "envelope": DIGEST}])),
    )  # fmt: skip
