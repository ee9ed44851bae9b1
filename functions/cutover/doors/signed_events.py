"""Signed events (resolutions, withdrawals, brake orders, receipts, …), from a queue's message to a trusted document.

1. The message is an event whose detail is a ``SignedEvent``. Its envelope's bytes are stored, or else what came.
2. A key that the active facts trust for this purpose has signed it, as of now.
3. Its payload is canonical, of the door's contract, and meant for this Cutover.
4. Where it names a cutover, its key may speak for that product.

Whatever fails is kept and gets one entry on the ledger's chain ``orders``. Every event has one entry for good,
whatever came of it: the entry spends a nonce that is made from the payload (of what is not trusted: from the stored
bytes), in the same transaction as its effect. So nothing that is sent again, by anybody, has an effect again. What may
pass (a service that fails, no policy yet) is raised, and the queue brings the message again.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeVar

from pydantic import ValidationError

from cutover.contracts.base import Digest
from cutover.contracts.brake import BrakeOrder
from cutover.contracts.delivery import DeliveryOrder
from cutover.contracts.emergency import AfterAction
from cutover.contracts.envelope import Envelope
from cutover.contracts.event import MAX_BY_VALUE_BYTES, SignedEvent
from cutover.contracts.handoff import Receipt, Withdrawal
from cutover.contracts.passkeys import Invitation
from cutover.contracts.policy import Purpose, TrustedKey
from cutover.contracts.resolution import Resolution
from cutover.domain import canonical, ledger
from cutover.domain import envelope as dsse
from cutover.domain.entries import Told
from cutover.domain.faults import faults_of
from cutover.domain.policy import Policy
from cutover.doors.events import Event, read_event
from cutover.errors import Conflict, Refused
from cutover.journal import Journal
from cutover.ports import Clock, Store

D = TypeVar("D", Resolution, Withdrawal, BrakeOrder, Receipt, AfterAction, Invitation, DeliveryOrder)
REPEATED = "REPEATED"
NOT_THEIRS = frozenset({"OUT_OF_SCOPE", "RESOLVER_DIFFERS", "RESOLVER_UNKNOWN", "AUTHOR_DIFFERS", "AUTHOR_UNKNOWN"})
"""Refusals of a trusted document because of who signed it: another may sign the same bytes, and be obeyed."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[D]):
    """What a door takes: one contract under one payload type, signed for one purpose."""

    contract: type[D]
    payload_type: str
    purpose: Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Generic[D]):
    """A trusted document. ``payload`` is its digest, ``envelope`` that of the stored envelope it came in."""

    document: D
    payload: Digest
    envelope: Digest
    keys: tuple[TrustedKey, ...]
    correlation_id: str
    policy: Policy

    @property
    def holder(self) -> str:
        """Who signed it, in the words of the facts: what the document says of its requester is a claim."""
        return self.keys[0].holder

    @property
    def nonce(self) -> Digest:
        """Spent by the one ledger entry that this document leads to."""
        return nonce_of("order", self.payload)

    def nonce_of_refusal(self, refused: Refused) -> Digest:
        """A refused order stays refused, whoever sends it again. But who may not give it must not use it up for whoever
        may: then only this envelope is spent.
        """
        return nonce_of("envelope", self.envelope) if refused.code in NOT_THEIRS else self.nonce

    @property
    def inputs(self) -> dict[str, Digest]:
        """For that entry: by these, whoever sent the event finds what came of it."""
        return {"order": self.payload, "envelope": self.envelope}

    def speaking_for(self, cutover: str) -> "Order[D]":
        """The same, by those of its keys that may speak for the cutover's product; ``Refused`` (``OUT_OF_SCOPE``)."""
        return replace(self, keys=dsse.within(self.keys, cutover.partition("@")[0]))

    def speaking_for_all(self) -> "Order[D]":
        """The same, by those of its keys that are not limited to products; ``Refused`` (``OUT_OF_SCOPE``)."""
        keys = tuple(key for key in self.keys if not key.products)
        if not keys:
            raise Refused("OUT_OF_SCOPE", "its signer may speak for some products only, and this concerns all")
        return replace(self, keys=keys)


def nonce_of(kind: Literal["order", "envelope"], digest: Digest) -> Digest:
    """A nonce of its own kind: no form's is like it, and what anybody sends is never like a trusted payload."""
    return canonical.digest(f"signed event\n{kind}\n{digest}".encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedEvents(Generic[D]):
    """The events of one kind, for one deployment (``audience``). ``policy`` is asked anew for each of them.

    ``refusals``: the chain that tells of trusted events that are refused.
    """

    kind: Kind[D]
    audience: str
    store: Store
    journal: Journal
    policy: Callable[[], Policy]
    clock: Clock
    refusals: str = ledger.ORDERS_CHAIN

    def take(self, body: str, *, message_id: str, obey: Callable[[Order[D]], str]) -> dict[str, str]:
        """Obey a trusted event, note any other. The answer: the stored bytes' digest, and what came of it.

        ``obey`` spends the order's nonce in whatever it writes and answers a code; its ``Refused`` is noted, and its
        ``Conflict`` about a spent nonce says that the event has had its effect (``REPEATED``).
        """
        event = read_event(body, message_id=message_id)
        try:
            envelope = _envelope(event)
        except Refused as refused:
            return self._untrusted(self.store.put(event.whole), event.correlation_id, refused)
        kept, policy = self.store.put(canonical.encode_model(envelope)), self.policy()
        try:
            order = self._open(envelope, kept, event.correlation_id, policy)
        except Refused as refused:
            return self._untrusted(kept, event.correlation_id, refused)
        return {"envelope": kept, "result": self._obeyed(order, obey)}

    def _open(self, envelope: Envelope, kept: Digest, correlation_id: str, policy: Policy) -> Order[D]:
        opened = dsse.open_envelope(
            envelope, payload_type=self.kind.payload_type, purpose=self.kind.purpose, keys=policy.facts.keys,
            at=self.clock.now(),
        )  # fmt: skip
        canonical.decode(opened.payload)
        try:
            document = self.kind.contract.model_validate_json(opened.payload)
        except ValidationError as error:
            first = faults_of(error)[0]
            raise Refused(first.code, f"{first.pointer}: {first.message}") from error
        if document.audience != self.audience:
            raise Refused("WRONG_AUDIENCE", f"it is meant for {document.audience}; this is {self.audience}")
        order = Order(
            document=document, payload=opened.digest, envelope=kept, keys=opened.keys,
            correlation_id=correlation_id, policy=policy,
        )  # fmt: skip
        cutover = getattr(document, "cutover", None)
        return order if cutover is None else order.speaking_for(cutover)

    def _obeyed(self, order: Order[D], obey: Callable[[Order[D]], str]) -> str:
        try:
            return obey(order)
        except Refused as refused:
            told = Told.of_order(
                f"{self.kind.purpose}-refused", requester=order.holder, correlation_id=order.correlation_id,
                facts=order.policy.facts_digest, inputs=order.inputs, result=refused.code, detail=refused.detail,
            )  # fmt: skip
            return (
                refused.code
                if self.journal.note_order(self.refusals, told, nonce=order.nonce_of_refusal(refused))
                else REPEATED
            )
        except Conflict as conflict:
            if "nonce" not in conflict.parts:
                raise
            return REPEATED

    def _untrusted(self, kept: Digest, correlation_id: str, refused: Refused) -> dict[str, str]:
        told = Told.of_order(
            f"{self.kind.purpose}-not-trusted", requester=correlation_id, correlation_id=correlation_id,
            inputs={"envelope": kept}, result=refused.code, detail=refused.detail,
        )  # fmt: skip
        noted = self.journal.note_order(ledger.ORDERS_CHAIN, told, nonce=nonce_of("envelope", kept))
        return {"envelope": kept, "result": refused.code if noted else REPEATED}


def _envelope(event: Event) -> Envelope:
    """The envelope in an event's detail; ``Refused`` with the first fault."""
    if event.fault is not None:
        raise Refused(event.fault.code, f"{event.fault.pointer}: {event.fault.message}")
    if len(event.kept) > MAX_BY_VALUE_BYTES:
        raise Refused("EVENT_TOO_LARGE", f"{len(event.kept)} bytes; at most {MAX_BY_VALUE_BYTES}")
    try:
        return SignedEvent.model_validate_json(event.kept).envelope
    except ValidationError as error:
        first = faults_of(error)[0]
        raise Refused(first.code, f"/detail{first.pointer.rstrip('/')}: {first.message}") from error
