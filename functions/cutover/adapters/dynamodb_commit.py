"""A ``Commit`` as the actions of one ``TransactWriteItems``, and its cancellation read back into parts."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from pydantic import BaseModel

from cutover.adapters import dynamodb_items as items
from cutover.adapters.commits import new_head
from cutover.adapters.dynamodb_guards import ABSENT, Guard, absent_or, equal
from cutover.domain.record import ActivePolicy, Admission, Brake, ChainHead, Lane, PasskeyUse, RevisionRecord, Slot
from cutover.errors import Conflict, DependencyUnavailable
from cutover.ports import Commit

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_THROTTLED = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"})


@dataclass(frozen=True, slots=True)
class Action:
    """One write or check of the transaction, and the part of ``Conflict`` that its failure is."""

    part: str
    request: "TransactWriteItemTypeDef"


def actions(table: str, commit: Commit, writer: str) -> tuple[Action, ...]:
    """Every condition and write of ``commit``; ``writer`` marks the ledger entry as this call's own."""
    build = _Builder(table)
    mark = {"writer": items.marshal(writer)}
    found = [
        build.put("ledger", items.item_of(new_head(commit)), _head_guard(commit.head_before)),
        *(build.put("ledger", items.item_of(entry) | mark, ABSENT) for entry in commit.entries),
    ]
    if commit.opened:
        found.append(build.save("opened", commit.opened, ABSENT))
    if commit.record:
        found.append(build.save("record", commit.record, _record_guard(commit.record_before)))
    if commit.admission:
        found.append(build.save("admission", commit.admission, _admission_guard(commit.admission_before)))
    if commit.lane:
        found.append(build.save("lane", commit.lane, _lane_guard(commit.lane_before, commit.current)))
    elif commit.current:
        found.append(build.check("lane", items.key_of(commit.current), _current_guard(commit.current)))
    if commit.claim:
        found.append(build.save("slot", commit.claim, absent_or(_ours(commit.claim))))
    if commit.release:
        found.append(build.delete("slot", items.key_of(commit.release), absent_or(_ours(commit.release))))
    if commit.brake:
        found.append(build.save("brake", commit.brake, _brake_guard(commit.brake_before)))
    if commit.policy:
        found.append(build.save("policy", commit.policy, _policy_guard(commit.policy_before)))
    return (*found, *_of_passkeys(build, commit), *_claims(build, commit))


def _of_passkeys(build: "_Builder", commit: Commit) -> list[Action]:
    found = []
    if commit.passkey:
        found.append(build.save("passkey", commit.passkey, _passkey_guard(commit.passkey_before)))
    if commit.enrolled:
        found.append(build.save("enrolled", commit.enrolled, ABSENT))
    return found


def _claims(build: "_Builder", commit: Commit) -> list[Action]:
    """The digests that count once: a candidate's payload, a form's nonce."""
    found = []
    if commit.payload and commit.opened:
        record = commit.opened
        owner: dict[str, str | int | None] = {"cutover": record.cutover, "revision": record.revision}
        guard = absent_or(equal(**owner))
        found.append(build.put("payload", _mark(items.payload_key(commit.payload), "PAYLOAD", owner), guard))
    if commit.nonce:
        spent = {"chain": commit.entries[0].chain, "sequence": commit.entries[0].sequence}
        found.append(build.put("nonce", _mark(items.nonce_key(commit.nonce), "NONCE", spent), ABSENT))
    return found


def cancelled(error: ClientError, sent: tuple[Action, ...]) -> Exception:
    """What a ``TransactionCanceledException`` means; the reasons stand in the order of the actions."""
    reasons = [str(reason.get("Code", "None")) for reason in error.response.get("CancellationReasons", [])]
    failed = [action.part for action, code in zip(sent, reasons, strict=False) if code == "ConditionalCheckFailed"]
    if failed:
        return Conflict(*dict.fromkeys(failed))
    if _THROTTLED.intersection(reasons):
        return DependencyUnavailable(f"TransactWriteItems: {', '.join(sorted(set(reasons)))}")
    if "TransactionConflict" in reasons:
        # Another transaction held an item. No condition was judged, so no part may be named: a nonce that was
        # only touched at the same time is not spent.
        return Conflict()
    return error


class _Builder:
    def __init__(self, table: str) -> None:
        self._table = table

    def put(self, part: str, item: items.Item, guard: Guard) -> Action:
        return self._action(part, "Put", {"Item": item}, guard)

    def save(self, part: str, model: BaseModel, guard: Guard) -> Action:
        return self.put(part, items.item_of(model), guard)

    def check(self, part: str, key: items.Item, guard: Guard) -> Action:
        return self._action(part, "ConditionCheck", {"Key": key}, guard)

    def delete(self, part: str, key: items.Item, guard: Guard) -> Action:
        return self._action(part, "Delete", {"Key": key}, guard)

    def _action(self, part: str, operation: str, on: dict[str, items.Item], guard: Guard) -> Action:
        request: Any = {operation: {"TableName": self._table, **on, **guard.arguments()}}
        return Action(part, request)


def _mark(key: items.Item, kind: str, fields: dict[str, Any]) -> items.Item:
    return key | {name: items.marshal(value) for name, value in fields.items()} | {"kind": items.marshal(kind)}


def _head_guard(before: ChainHead) -> Guard:
    return equal(sequence=before.sequence, entry=before.entry) if before.entry else ABSENT


def _record_guard(before: RevisionRecord | None) -> Guard:
    if before is None:
        return ABSENT
    return equal(version=before.version, status=before.status.value, decision_seq=before.decision_seq)


def _brake_guard(before: Brake | None) -> Guard:
    return equal(version=before.version, engaged=before.engaged) if before else ABSENT


def _policy_guard(before: ActivePolicy | None) -> Guard:
    return equal(version=before.version) if before else ABSENT


def _passkey_guard(before: PasskeyUse | None) -> Guard:
    return equal(version=before.version, sign_count=before.sign_count) if before else ABSENT


def _admission_guard(before: Admission | None) -> Guard:
    return equal(version=before.version, status=before.status.value) if before else ABSENT


def _lane_guard(before: Lane | None, current: Lane | None) -> Guard:
    if before is None:
        return ABSENT
    reading = current or before
    return equal(version=before.version, cutover=reading.cutover, revision=reading.revision)


def _current_guard(current: Lane) -> Guard:
    return equal(cutover=current.cutover, revision=current.revision)


def _ours(slot: Slot) -> Guard:
    return equal(cutover=slot.cutover, revision=slot.revision)
