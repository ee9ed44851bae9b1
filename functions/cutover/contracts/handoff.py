"""The hand-off message, and what may end or answer a revision."""

from typing import Annotated, Literal

from pydantic import Field

from cutover.contracts.base import (
    SAID,
    Arn,
    Audience,
    Code,
    CutoverId,
    Digest,
    Instant,
    Line,
    Locator,
    Model,
    Name,
    Revision,
    Text,
    kind,
)
from cutover.contracts.envelope import Envelope

HANDOFF_TYPE = "application/vnd.cutover.handoff.v1+json"
RECEIPT_TYPE = "application/vnd.cutover.receipt.v1+json"
WITHDRAWAL_TYPE = "application/vnd.cutover.withdrawal.v1+json"


class DocumentReference(Model):
    """A document of the package, by the digest of its stored bytes."""

    name: Line
    digest: Digest
    size: Annotated[int, Field(ge=1)]
    bucket: Locator
    key: Locator
    version_id: Locator


class LedgerPosition(Model):
    sequence: Annotated[int, Field(ge=1)]
    entry: Digest


class LedgerInclusion(Model):
    """A signed checkpoint of the ledger and the chain from the entry to it (hashes of the entries after it).

    No message of v1 carries it: the checkpoint is signed after the message is sent. A verifier refuses a message that
    does, because nothing here says how it would be proved.
    """

    checkpoint: Envelope
    path: tuple[Digest, ...]


class Handoff(Model):
    """``cutover/handoff/v1``: the DSSE payload of the one message.

    ``ledger`` is the entry that it was made after. That this entry, and the message's own, stand in the ledger, a
    ``LedgerExport`` proves; ``inclusion`` is null in every message of v1.
    """

    schema_: Annotated[Literal["cutover/handoff/v1"], SAID] = kind("cutover/handoff/v1")
    audience: Audience
    handoff_id: Digest
    cutover: CutoverId
    revision: Revision
    queue_arn: Arn
    manifest: Envelope
    approvals: Annotated[tuple[Envelope, ...], Field(min_length=1, max_length=20)]
    documents: Annotated[tuple[DocumentReference, ...], Field(max_length=1000)]
    not_before: Instant
    not_after: Instant
    ledger: LedgerPosition
    inclusion: LedgerInclusion | None = None


class Receipt(Model):
    """``cutover/receipt/v1``: the consumer's signed answer."""

    schema_: Annotated[Literal["cutover/receipt/v1"], SAID] = kind("cutover/receipt/v1")
    audience: Audience
    handoff_id: Digest
    outcome: Literal["accepted", "rejected", "corrected"]
    cause: Literal["version-drift", "hidden-hold", "incomplete-lineage", "other"] | None = None
    detail: Text | None = None
    received_at: Instant


class Withdrawal(Model):
    """``cutover/withdrawal/v1``. Without a revision it is meant for whichever is current."""

    schema_: Annotated[Literal["cutover/withdrawal/v1"], SAID] = kind("cutover/withdrawal/v1")
    audience: Audience
    cutover: CutoverId
    revision: Revision | None = None
    requester: Line
    reason: Text
    issued_at: Instant


class Tombstone(Model):
    """``cutover/tombstone/v1``: stands in the store before a revision ends in any way but a hand-off."""

    schema_: Annotated[Literal["cutover/tombstone/v1"], SAID] = kind("cutover/tombstone/v1")
    cutover: CutoverId
    revision: Revision
    status: Name
    reason: Code
    at: Instant
