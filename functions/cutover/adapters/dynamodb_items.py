"""How records lie in the table: keys, and models as native attributes.

Mapping, the same for every kind:

- ``pk`` and ``sk`` as in ``key_of``; ``kind`` names the model.
- A model's fields are attributes under their JSON names: text and instants (canonical spelling, so that they
  sort) as ``S``, integers ``N``, booleans ``BOOL``, nested documents ``M``, tuples ``L``. None is not stored.
- A correspondence carries ``live = "messages"`` while not everything is said.
- Revisions and admissions carry ``live = "1"`` while the clock must look at them: see ``is_waiting``.
- A ledger entry carries ``writer``, the random name of the commit that wrote it: see ``DynamoRecords.commit``; and
  ``day``, the date of its time in UTC, by which an index finds what all chains tell of one day.
"""

from datetime import UTC, date, datetime
from functools import singledispatch
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from cutover.contracts.base import Digest
from cutover.contracts.ledger import LedgerEntry
from cutover.domain.correspondence import Correspondence
from cutover.domain.record import (
    SETTLED,
    ActivePolicy,
    Admission,
    Brake,
    ChainHead,
    Enrolled,
    Lane,
    PasskeyUse,
    RevisionRecord,
    Slot,
    Status,
    Token,
)
from cutover.errors import EntryUnreadable, IntegrityError

Attribute = dict[str, Any]
"""One DynamoDB attribute value, such as ``{"S": "text"}``."""
Item = dict[str, Attribute]
M = TypeVar("M", bound=BaseModel)

KINDS: dict[str, type[BaseModel]] = {
    "REVISION": RevisionRecord,
    "ADMISSION": Admission,
    "LANE": Lane,
    "HEAD": ChainHead,
    "LEDGER": LedgerEntry,
    "SLOT": Slot,
    "POLICY": ActivePolicy,
    "BRAKE": Brake,
    "TOKEN": Token,
    "PASSKEY": PasskeyUse,
    "ENROLMENT": Enrolled,
    "MESSAGES": Correspondence,
}
_KIND_OF = {model: kind for kind, model in KINDS.items()}
_BESIDE_THE_MODEL = frozenset({"pk", "sk", "kind", "live", "writer", "day"})
OPEN_MESSAGES = "messages"
LEDGER_PREFIX = "LEDGER#"
LAST_SEQUENCE = 10**12 - 1
"""As many as twelve digits can tell apart."""


def key(pk: str, sk: str) -> Item:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def revision_key(cutover: str, revision: int) -> Item:
    return key(f"CUTOVER#{cutover}", f"REVISION#{revision:06d}")


def admission_key(digest: Digest) -> Item:
    return key(f"ADMISSION#{digest}", "ADMISSION")


def lane_key(product: str, target: str, *, rehearsal: bool) -> Item:
    return key(f"LANE#{product}@{target}{'.rehearsal' if rehearsal else ''}", "LANE")


def head_key(chain: str) -> Item:
    return key(f"CHAIN#{chain}", "HEAD")


def ledger_key(chain: str, sequence: int) -> Item:
    return key(f"CHAIN#{chain}", f"{LEDGER_PREFIX}{sequence:012d}")


def slot_key(queue_arn: str, window: str) -> Item:
    return key(f"SLOT#{queue_arn}#{window}", "SLOT")


def payload_key(payload: Digest) -> Item:
    return key(f"PAYLOAD#{payload}", "PAYLOAD")


def nonce_key(nonce: Digest) -> Item:
    return key(f"NONCE#{nonce}", "NONCE")


def passkey_key(credential: Digest) -> Item:
    return key(f"PASSKEY#{credential}", "PASSKEY")


def enrolment_key(person: str, invitation: Digest) -> Item:
    return key(f"ENROLMENT#{person}", invitation)


def token_key(cutover: str, revision: int) -> Item:
    return key(f"CUTOVER#{cutover}#{revision:06d}", "TOKEN")


def messages_key(cutover: str, revision: int) -> Item:
    return key(f"MESSAGES#{cutover}#{revision:06d}", "MESSAGES")


POLICY_KEY = key("POLICY", "ACTIVE")
BRAKE_KEY = key("BRAKE", "BRAKE")


@singledispatch
def key_of(model: BaseModel) -> Item:
    """The key under which a model lies."""
    raise TypeError(f"no key for {type(model).__name__}")


key_of.register(RevisionRecord, lambda record: revision_key(record.cutover, record.revision))
key_of.register(Admission, lambda admission: admission_key(admission.digest))
key_of.register(Lane, lambda lane: lane_key(lane.product, lane.target, rehearsal=lane.rehearsal))
key_of.register(ChainHead, lambda head: head_key(head.chain))
key_of.register(LedgerEntry, lambda entry: ledger_key(entry.chain, entry.sequence))
key_of.register(Slot, lambda slot: slot_key(slot.queue_arn, slot.window))
key_of.register(Token, lambda token: token_key(token.cutover, token.revision))
key_of.register(Correspondence, lambda said: messages_key(said.cutover, said.revision))
key_of.register(PasskeyUse, lambda use: passkey_key(use.credential))
key_of.register(Enrolled, lambda enrolled: enrolment_key(enrolled.person, enrolled.invitation))
key_of.register(ActivePolicy, lambda _: POLICY_KEY)
key_of.register(Brake, lambda _: BRAKE_KEY)


def is_waiting(of: RevisionRecord | Admission) -> bool:
    """Whether the clock must look at it: it is not settled, or its end was not yet signalled."""
    if of.signal is not None:
        return True
    return of.status not in SETTLED if isinstance(of, RevisionRecord) else of.status is Status.ADMITTING


def item_of(model: BaseModel) -> Item:
    """The item that stores ``model``."""
    fields = model.model_dump(mode="json", by_alias=True, exclude_none=True)
    fields["kind"] = _KIND_OF[type(model)]
    if isinstance(model, (RevisionRecord, Admission)) and model.due_at is not None and is_waiting(model):
        fields["live"] = "1"
    if isinstance(model, Correspondence) and model.due_at is not None:
        fields["live"] = OPEN_MESSAGES
    if isinstance(model, LedgerEntry):
        fields["day"] = day_of(model.at)
    return key_of(model) | {name: marshal(value) for name, value in fields.items()}


def day_of(at: date) -> str:
    """The date of an instant in UTC (RFC 3339 full-date), or a date itself, as the index of days spells it."""
    return (at.astimezone(UTC) if isinstance(at, datetime) else at).strftime("%Y-%m-%d")


def name_of(item: Item) -> str:
    """An item's key, for messages."""
    return "/".join(value.get("S", "?") for value in (item.get("pk", {}), item.get("sk", {})))


def read(model: type[M], item: Item) -> M:
    """The model that ``item`` stores; ``IntegrityError`` when it stores none such."""
    fields = {name: unmarshal(value) for name, value in item.items() if name not in _BESIDE_THE_MODEL}
    for name, field in model.model_fields.items():
        if field.is_required():
            fields.setdefault(field.alias or name, None)
    try:
        return model.model_validate_json(orjson.dumps(fields))
    except ValidationError as error:
        raise IntegrityError(f"the item {name_of(item)} is not a {model.__name__}: {error}") from error


def entry_of(item: Item) -> LedgerEntry:
    """The entry that ``item`` stores. Raises ``EntryUnreadable``; ``IntegrityError`` where its key has no number."""
    try:
        return read(LedgerEntry, item)
    except IntegrityError as error:
        digits = item["sk"]["S"].removeprefix(LEDGER_PREFIX)
        if not digits.isdecimal():
            raise
        raise EntryUnreadable(int(digits), str(error)) from error


def model_of(item: Item) -> BaseModel | None:
    """What an item or a stream's new image stores, by its ``kind``; None for the kinds without a model."""
    model = KINDS.get(item.get("kind", {}).get("S", ""))
    return None if model is None else read(model, item)


def marshal(value: Any) -> Attribute:
    """A JSON value of the canonical profile as an attribute value."""
    match value:
        case bool():  # before int: True is one
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case dict():
            return {"M": {name: marshal(inner) for name, inner in value.items()}}
        case list() | tuple():
            return {"L": [marshal(inner) for inner in value]}
        case _:
            raise TypeError(f"no attribute for {type(value).__name__}")


def unmarshal(attribute: Attribute) -> Any:
    """The inverse of ``marshal``."""
    match attribute:
        case {"S": str(text)}:
            return text
        case {"N": str(number)}:
            return int(number)
        case {"BOOL": bool(flag)}:
            return flag
        case {"M": dict(inner)}:
            return {name: unmarshal(value) for name, value in inner.items()}
        case {"L": list(inner)}:
            return [unmarshal(value) for value in inner]
        case _:
            raise IntegrityError(f"an attribute of type {'/'.join(attribute)}, which Cutover never stores")
