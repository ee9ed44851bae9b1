"""A consumer of one deployment queue: proves each message offline, acts once, answers with a signed receipt.

``Consumer.poll`` handles one message and deletes it last. Whatever it raises, and wherever it is killed, the message
comes again. ``deploy`` starts something under the hand-off's id, and never twice; ``deployed`` finds it by that id.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cutover.contracts.delivery import DELIVERY_ORDER_TYPE
from cutover.contracts.event import SignedEvent
from cutover.contracts.handoff import RECEIPT_TYPE, DocumentReference, Handoff, Receipt
from cutover.domain import canonical, envelope
from cutover.domain.verification import Report, verify_handoff
from cutover.ports import Signer


class Left(Exception):
    """Nobody whom we trust addressed this to us now, or we cannot read it. It comes again, or ends a dead letter."""


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """``trust``, ``root``: a trust file and its fingerprint, from elsewhere. ``table``: our own, by ``handoff_id``."""

    sqs: Any
    dynamodb: Any
    events: Any
    queue_url: str
    queue_arn: str
    audience: str
    trust: bytes
    root: str
    table: str
    bus: str
    signer: Signer
    fetch: Callable[[DocumentReference], bytes]
    deploy: Callable[[Handoff], Mapping[str, Any]]
    deployed: Callable[[Handoff], Mapping[str, Any] | None]  # answers for what was started, also after its window
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def poll(self, *, wait: int = 20) -> str | None:
        """What came of the next message: ``test``, ``duplicate``, ``accepted``, …; None where there is none."""
        for each in self.sqs.receive_message(QueueUrl=self.queue_url, WaitTimeSeconds=wait).get("Messages", ()):
            taken = self.take(each["Body"].encode())
            self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=each["ReceiptHandle"])
            return taken
        return None

    def take(self, body: bytes) -> str:
        if envelope.parse(body).payload_type == DELIVERY_ORDER_TYPE:
            return "test"  # `cutover target test`: it arrived, and that is all it is for
        first = self._verified(body, {})  # without its documents: who sent it, and to whom
        if failed := [each.code for each in first.steps[:4] if each.outcome != "ok"]:
            raise Left(failed[0])
        handoff = Handoff.model_validate_json(envelope.decode_base64(envelope.parse(body).payload))
        if (handoff.audience, handoff.queue_arn) != (self.audience, self.queue_arn) or self.now() < handoff.not_before:
            raise Left("another audience, another queue, or too early")
        item = self._kept(handoff, "cutover", {"S": handoff.cutover})
        if "receipt" not in item:
            item = self._kept(handoff, "receipt", {"S": self._decided(body, handoff).decode()})
        if "answered" in item:
            return "duplicate"
        self._answer(item["receipt"]["S"].encode())
        self._kept(handoff, "answered", {"BOOL": True})
        return Receipt.model_validate_json(item["receipt"]["S"]).outcome

    def _kept(self, handoff: Handoff, name: str, value: dict[str, Any]) -> dict[str, Any]:
        """All that is known of a hand-off, with this besides; where another was first, theirs stands."""
        where = {"TableName": self.table, "Key": {"handoff_id": {"S": handoff.handoff_id}}}
        first = {"UpdateExpression": f"SET {name} = if_not_exists({name}, :to)", "ReturnValues": "ALL_NEW"}
        return dict(self.dynamodb.update_item(**where, **first, ExpressionAttributeValues={":to": value})["Attributes"])

    def _decided(self, body: bytes, handoff: Handoff) -> bytes:
        """Deployed if it proves itself. Else it is refused in Cutover's ledger: it would never prove itself again."""
        if (said := self.deployed(handoff)) is None:
            report = self._verified(body, {each.digest: self.fetch(each) for each in handoff.documents})
            if report.code in ("DOCUMENT_MISSING", "DOCUMENT_ALTERED"):  # that is our store, and not the hand-off
                raise Left(report.code)
            refused = {"outcome": "rejected", "cause": "other", "detail": f"{report.code}: {report.detail}"[:1000]}
            said = self.deploy(handoff) if report.verified else refused
        receipt = Receipt(audience=self.audience, handoff_id=handoff.handoff_id, received_at=self.now(), **said)
        return canonical.encode_model(receipt)

    def _verified(self, body: bytes, documents: Mapping[str, bytes]) -> Report:
        return verify_handoff(body, trust=self.trust, documents=documents, now=(now := self.now()), at=now,
                              queue_arn=self.queue_arn, fingerprint=self.root)  # fmt: skip

    def _answer(self, receipt: bytes) -> None:
        """The same bytes each time: Cutover writes a receipt down once."""
        signature = self.signer.sign(envelope.pae(RECEIPT_TYPE, receipt))
        sealed = SignedEvent(envelope=envelope.seal(RECEIPT_TYPE, receipt, (self.signer.key_id, signature)))
        event = {"EventBusName": self.bus, "Source": "cutover.operators", "DetailType": "Receipt"}
        told = self.events.put_events(Entries=[event | {"Detail": sealed.model_dump_json(by_alias=True)}])
        if told["FailedEntryCount"]:
            raise Left("the bus did not take the receipt")
