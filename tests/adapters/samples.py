"""Small, complete records and commits: what a test does not name, it does not care for."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from cutover.contracts.base import Digest
from cutover.contracts.ledger import LedgerActor, LedgerEngine, LedgerEntry
from cutover.contracts.policy import SignedReference
from cutover.domain.ledger import head_of
from cutover.domain.record import Admission, ChainHead, Lane, RevisionRecord, Slot, Status, Token
from cutover.ports import Commit, Records
from tests.fakes.clock import START

CUTOVER = "shop@eu.1"
QUEUE = "arn:aws:sqs:eu-west-1:000000000000:eu.fifo"


def digest_of(word: str) -> Digest:
    return "sha256:" + hashlib.sha256(word.encode()).hexdigest()


def signed(word: str) -> SignedReference:
    return SignedReference(payload=digest_of(word), envelope=digest_of(word + " envelope"))


def record(**fields: Any) -> RevisionRecord:
    defaults: dict[str, Any] = {
        "cutover": CUTOVER,
        "revision": 1,
        "product": "shop",
        "target": "eu",
        "status": Status.COLLECTING,
        "moved_at": START,
        "admission": digest_of("admission"),
        "candidate": digest_of("candidate"),
        "correlation_id": "c-1",
        "requester": "ci",
        "window": "w-1",
        "rules": signed("rules"),
        "facts": signed("facts"),
        "admitted_at": START,
        "expires_at": START + timedelta(days=1),
    }
    return RevisionRecord(**defaults | fields)


def admission(**fields: Any) -> Admission:
    defaults: dict[str, Any] = {
        "digest": digest_of("admission"),
        "status": Status.ADMITTING,
        "received_at": START,
        "correlation_id": "c-1",
    }
    return Admission(**defaults | fields)


def lane(**fields: Any) -> Lane:
    defaults: dict[str, Any] = {
        "product": "shop",
        "target": "eu",
        "number": 1,
        "cutover": CUTOVER,
        "revision": 1,
        "issued_at": START,
        "sequence": 1,
    }
    return Lane(**defaults | fields)


def slot(**fields: Any) -> Slot:
    defaults: dict[str, Any] = {"queue_arn": QUEUE, "window": "w-1", "cutover": CUTOVER, "revision": 1}
    return Slot(**defaults | fields)


def token(value: str = "secret", stored_at: datetime = START, **fields: Any) -> Token:
    defaults: dict[str, Any] = {"cutover": CUTOVER, "revision": 1, "state": "AwaitApproval"}
    return Token(value=value, stored_at=stored_at, **defaults | fields)


def entry(head: ChainHead, **fields: Any) -> LedgerEntry:
    """An entry that continues ``head``."""
    defaults: dict[str, Any] = {
        "chain": head.chain,
        "sequence": head.sequence + 1,
        "previous": head.entry,
        "at": START,
        "event": "test",
        "transition": None,
        "revision": None,
        "from_": None,
        "to": None,
        "actor": LedgerActor(role="tests", requester="tests"),
        "engine": LedgerEngine(version="0", lock=digest_of("lock")),
        "rules": None,
        "facts": None,
        "inputs": {},
        "result": "DONE",
        "correlation_id": "c-1",
    }
    return LedgerEntry(**defaults | fields)


def following(head: ChainHead, count: int) -> tuple[LedgerEntry, ...]:
    """So many entries, the first after ``head`` and each after the one before."""
    made: list[LedgerEntry] = []
    for _ in range(count):
        made.append(entry(head))
        head = head_of(made[-1])
    return tuple(made)


@dataclass(frozen=True)
class Writer:
    """Commits to ``records`` as a recorder would: on the chain's head as it stands."""

    records: Records
    chain: str = CUTOVER

    def plan(self, *, entries: int = 1, **parts: Any) -> Commit:
        head = self.records.chain(self.chain)
        return Commit(entries=following(head, entries), head_before=head, **parts)

    def commit(self, *, entries: int = 1, **parts: Any) -> Commit:
        commit = self.plan(entries=entries, **parts)
        self.records.commit(commit)
        return commit

    def on(self, chain: str) -> "Writer":
        return replace(self, chain=chain)


def advanced(before: RevisionRecord, status: Status, **fields: Any) -> RevisionRecord:
    return before.model_copy(update={"status": status, "version": before.version + 1, **fields})
