"""A ledger chain in one file: what an auditor takes away, and proves without an account."""

from typing import Annotated, Literal

from pydantic import Field

from cutover.contracts.base import (
    SAID,
    Audience,
    CutoverId,
    Digest,
    Instant,
    Line,
    Locator,
    Model,
    Name,
    Revision,
    kind,
)
from cutover.contracts.envelope import Envelope
from cutover.contracts.ledger import LedgerEntry


class LedgerExport(Model):
    """``cutover/ledger-export/v1``: all entries of one chain, and the newest signed head that was kept of it.

    It carries nothing that vouches for itself: only its head, and heads that were kept elsewhere, say that the entries
    are those that were written.
    """

    schema_: Annotated[Literal["cutover/ledger-export/v1"], SAID] = kind("cutover/ledger-export/v1")
    chain: Line
    entries: Annotated[tuple[LedgerEntry, ...], Field(min_length=1, max_length=1_000_000)]
    head: Envelope | None


class ExportedDocument(Model):
    """What a revision calls a document, its digest, and the file that holds it; None where the store has it not."""

    name: Line
    digest: Digest
    file: Locator | None


class ExportedRevision(Model):
    revision: Revision
    status: Name
    documents: tuple[ExportedDocument, ...]


class CutoverExport(Model):
    """``cutover/cutover-export/v1``: the index of a folder that holds everything about one cutover.

    ``files`` are all files beside the index, each with its digest.
    """

    schema_: Annotated[Literal["cutover/cutover-export/v1"], SAID] = kind("cutover/cutover-export/v1")
    audience: Audience
    cutover: CutoverId
    exported_at: Instant
    root: Digest | None
    revisions: tuple[ExportedRevision, ...]
    files: dict[Locator, Digest]
