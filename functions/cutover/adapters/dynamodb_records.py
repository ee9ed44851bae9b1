"""The main table in DynamoDB."""

import uuid
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import date, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError
from pydantic import BaseModel

from cutover.adapters import dynamodb_items as items
from cutover.adapters.aws_errors import code_of, translated
from cutover.adapters.dynamodb_commit import actions, cancelled
from cutover.adapters.dynamodb_guards import Guard, absent_or_earlier, conditional, equal
from cutover.contracts.base import Digest, format_instant
from cutover.contracts.ledger import LedgerEntry
from cutover.domain.record import (
    ActivePolicy,
    Admission,
    Brake,
    ChainHead,
    Enrolled,
    Lane,
    PasskeyUse,
    RevisionRecord,
    Signal,
    Slot,
    Status,
)
from cutover.errors import Conflict, DependencyUnavailable, IntegrityError
from cutover.ports import Commit, Due, Unreadable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

DUE_INDEX = "due"
DAY_INDEX = "day"
M = TypeVar("M", bound=BaseModel)


class DynamoRecords:
    """Implements ``Records`` over one table; the layout is that of ``dynamodb_items``."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def admission(self, digest: Digest) -> Admission | None:
        return self._model(Admission, items.admission_key(digest))

    def revision(self, cutover: str, revision: int) -> RevisionRecord | None:
        return self._model(RevisionRecord, items.revision_key(cutover, revision))

    def lane(self, product: str, target: str, *, rehearsal: bool = False) -> Lane | None:
        return self._model(Lane, items.lane_key(product, target, rehearsal=rehearsal))

    def chain(self, chain: str) -> ChainHead:
        return self._model(ChainHead, items.head_key(chain)) or ChainHead(chain=chain)

    def ledger(self, chain: str, *, after: int = 0) -> Iterator[LedgerEntry]:
        first, last = items.ledger_key(chain, after + 1), items.ledger_key(chain, items.LAST_SEQUENCE)
        found = self._query(
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues={":pk": first["pk"], ":first": first["sk"], ":last": last["sk"]},
            ConsistentRead=True,
        )
        return (items.entry_of(item) for item in found)

    def written_on(self, day: date) -> Iterator[LedgerEntry | Unreadable]:
        found = self._query(
            IndexName=DAY_INDEX,
            KeyConditionExpression="#day = :day",
            ExpressionAttributeNames={"#day": "day"},
            ExpressionAttributeValues={":day": items.marshal(items.day_of(day))},
        )
        for item in found:
            try:
                yield items.read(LedgerEntry, item)
            except IntegrityError:
                yield Unreadable(items.name_of(item))

    def slot(self, queue_arn: str, window: str) -> Slot | None:
        return self._model(Slot, items.slot_key(queue_arn, window))

    def payload_owner(self, payload: Digest) -> tuple[str, int] | None:
        item = self._item(items.payload_key(payload))
        return (item["cutover"]["S"], int(item["revision"]["N"])) if item else None

    def policy(self) -> ActivePolicy | None:
        return self._model(ActivePolicy, items.POLICY_KEY)

    def activate_policy(self, policy: ActivePolicy) -> None:
        """``Conflict`` when a newer version is active already: a late activation must not roll it back."""
        with conditional("PutItem", "policy"):
            self._put(policy, absent_or_earlier(version=policy.version))

    def brake(self) -> Brake | None:
        return self._model(Brake, items.BRAKE_KEY)

    def set_brake(self, brake: Brake) -> None:
        with translated("PutItem"):
            self._put(brake)

    def spent(self, nonce: Digest) -> bool:
        return self._item(items.nonce_key(nonce)) is not None

    def passkey_use(self, credential: Digest) -> PasskeyUse | None:
        return self._model(PasskeyUse, items.passkey_key(credential))

    def enrolments(self, person: str) -> Iterator[Enrolled]:
        found = self._query(
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": items.enrolment_key(person, "")["pk"]},
            ConsistentRead=True,
        )
        return (items.read(Enrolled, item) for item in found)

    def commit(self, commit: Commit) -> None:
        """One ``TransactWriteItems``.

        An answer can be lost after the transaction took effect; botocore then sends it again, and the second
        try fails on what the first one wrote. So before a failure is reported the ledger entry is read back:
        if it carries the random ``writer`` of this very call, the commit succeeded. Equal content would prove
        nothing, since two functions can decide the same in the same second.
        """
        writer = uuid.uuid4().hex
        sent = actions(self._table, commit, writer)
        try:
            with translated("TransactWriteItems"):
                self._client.transact_write_items(TransactItems=[action.request for action in sent])
        except ClientError as error:
            if code_of(error) != "TransactionCanceledException":
                raise
            if not self._wrote(commit.entries[0], writer):
                raise cancelled(error, sent) from error
        except DependencyUnavailable:
            # A request still on its way can take effect later; who tries again reads first, and conditionally.
            if not self._wrote(commit.entries[0], writer):
                raise

    def clear_signal(self, of: RevisionRecord | Admission) -> None:
        if of.signal is not None:
            self._touch(of, equal(version=of.version, signal=of.signal.value), {"signal": None})

    def nudge(self, of: RevisionRecord | Admission, *, signal: Signal | None, due_at: datetime | None) -> None:
        guard = equal(
            version=of.version,
            signal=of.signal.value if of.signal else None,
            due_at=format_instant(of.due_at) if of.due_at else None,
        )
        self._touch(of, guard, {"signal": signal, "due_at": due_at})

    def due(self, now: datetime, *, limit: int) -> Iterator[Due]:
        found = self._query(
            IndexName=DUE_INDEX,
            KeyConditionExpression="#live = :live AND due_at <= :now",
            ExpressionAttributeNames={"#live": "live"},
            ExpressionAttributeValues={
                ":live": items.marshal("1"),
                ":now": items.marshal(format_instant(now)),
            },
            Limit=limit,
        )
        for _, item in zip(range(limit), found, strict=False):
            try:
                model = items.model_of(item)
            except IntegrityError:
                yield Unreadable(items.name_of(item))
                continue
            if isinstance(model, (RevisionRecord, Admission)):
                yield model

    def waiting(self, statuses: Collection[Status], *, limit: int) -> Iterator[RevisionRecord]:
        wanted = {f":s{number}": items.marshal(status.value) for number, status in enumerate(sorted(statuses))}
        found = self._query(
            IndexName=DUE_INDEX,
            KeyConditionExpression="#live = :live",
            FilterExpression=f"#status IN ({', '.join(wanted)})",
            ExpressionAttributeNames={"#live": "live", "#status": "status"},
            ExpressionAttributeValues={":live": items.marshal("1"), **wanted},
        )
        return islice(_readable(found), limit)

    def _touch(self, of: RevisionRecord | Admission, guard: Guard, update: dict[str, Any]) -> None:
        """Write only what ``update`` changes: the rest of the item may be newer than the reading."""
        before, after = items.item_of(of), items.item_of(of.model_copy(update=update))
        changed = [name for name in ("signal", "due_at", "live") if before.get(name) != after.get(name)]
        added = [name for name in changed if name in after]
        removed = [name for name in changed if name not in after]
        if not changed:
            return
        clauses = ["SET " + ", ".join(f"#{name} = :new_{name}" for name in added)] if added else []
        clauses += ["REMOVE " + ", ".join(f"#{name}" for name in removed)] if removed else []
        with suppress(Conflict), conditional("UpdateItem", "signal"):
            self._client.update_item(
                TableName=self._table,
                Key=items.key_of(of),
                UpdateExpression=" ".join(clauses),
                ConditionExpression=guard.expression,
                ExpressionAttributeNames=guard.names | {f"#{name}": name for name in changed},
                ExpressionAttributeValues=guard.values | {f":new_{name}": after[name] for name in added},
            )

    def _wrote(self, entry: LedgerEntry, writer: str) -> bool:
        item = self._item(items.key_of(entry))
        return item is not None and item.get("writer") == items.marshal(writer)

    def _model(self, model: type[M], key: items.Item) -> M | None:
        item = self._item(key)
        return None if item is None else items.read(model, item)

    def _item(self, key: items.Item) -> items.Item | None:
        with translated("GetItem"):
            answer: dict[str, Any] = {**self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)}
        return answer.get("Item")

    def _put(self, model: BaseModel, guard: Guard | None = None) -> None:
        arguments = guard.arguments() if guard else {}
        self._client.put_item(TableName=self._table, Item=items.item_of(model), **arguments)

    def _query(self, **query: Any) -> Iterator[items.Item]:
        while True:
            with translated("Query"):
                page: dict[str, Any] = {**self._client.query(TableName=self._table, **query)}
            yield from page["Items"]
            if not page.get("LastEvaluatedKey"):
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _readable(found: Iterator[items.Item]) -> Iterator[RevisionRecord]:
    for item in found:
        with suppress(IntegrityError):
            model = items.model_of(item)
            if isinstance(model, RevisionRecord):
                yield model
