"""Why one revision followed another, field by field; and what Cutover says of an end, signed."""

from typing import Annotated, Literal

from pydantic import Field

from cutover.contracts.base import (
    SAID,
    Audience,
    Code,
    CutoverId,
    Digest,
    Instant,
    Line,
    Locator,
    Model,
    Name,
    Pointer,
    Revision,
    kind,
)

NOTICE_TYPE = "application/vnd.cutover.notice.v1+json"
MAX_DIFFERENCES = 200


class Refreshed(Model):
    """A record that changed at its source after the candidate named it. No version: it is gone there.

    ``answered``: a signed resolution named the version. Only then does a digest that the candidate pins count no more.
    """

    source: Name
    record: Locator
    version: Locator | None = None
    answered: bool = False


class Difference(Model):
    """One field, before and after; None where it was not there. Long values are cut."""

    pointer: Pointer
    before: Line | None
    after: Line | None


class Supersession(Model):
    """``cutover/supersession/v1``: what ended ``revision`` and opened ``successor``, and what differs.

    Stored before the transaction that names its digest. ``candidate`` and ``successor_candidate`` are payload digests.
    """

    schema_: Annotated[Literal["cutover/supersession/v1"], SAID] = kind("cutover/supersession/v1")
    audience: Audience
    cutover: CutoverId
    revision: Revision
    successor: Revision
    cause: Literal["newer-candidate", "resolved", "drift"]
    requester: Line
    at: Instant
    candidate: Digest
    successor_candidate: Digest
    differences: Annotated[tuple[Difference, ...], Field(max_length=MAX_DIFFERENCES)]
    resolutions: tuple[Digest, ...] = ()
    refreshed: tuple[Refreshed, ...] = ()


class Notice(Model):
    """``cutover/notice/v1``: one entry of the ledger as a document of its own, signed by the ledger key.

    It is made for what others must be able to hold in their hands: supersession, withdrawal, an uncertain hand-off.
    """

    schema_: Annotated[Literal["cutover/notice/v1"], SAID] = kind("cutover/notice/v1")
    audience: Audience
    cutover: CutoverId
    revision: Revision
    event: Name
    result: Code
    detail: Line | None
    at: Instant
    chain: Line
    sequence: Annotated[int, Field(ge=1)]
    entry: Digest
    supersession: Supersession | None = None
