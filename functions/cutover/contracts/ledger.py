"""Ledger entries and the signed heads of their chains."""

from typing import Annotated, Literal

from pydantic import Field

from cutover.contracts.base import SAID, Code, Digest, Instant, Line, Model, Name, Revision, kind

LEDGER_HEAD_TYPE = "application/vnd.cutover.ledger-head.v1+json"


class LedgerActor(Model):
    """Who wrote: the executing function, and the person or system that asked for it."""

    role: Name
    requester: Line


class LedgerEngine(Model):
    version: Line
    lock: Digest


class LedgerEntry(Model):
    """``cutover/ledger-entry/v1``. Its digest covers ``previous``: entries form a chain."""

    schema_: Annotated[Literal["cutover/ledger-entry/v1"], SAID] = kind("cutover/ledger-entry/v1")
    chain: Line
    sequence: Annotated[int, Field(ge=1)]
    previous: Digest | None
    at: Instant
    event: Name
    transition: Annotated[int, Field(ge=1, le=26)] | None
    revision: Revision | None
    from_: Annotated[Name | None, Field(alias="from")]
    to: Name | None
    actor: LedgerActor
    engine: LedgerEngine
    rules: Digest | None
    facts: Digest | None
    inputs: dict[Line, Digest]
    result: Code
    detail: Line | None = None
    correlation_id: Line


class LedgerHead(Model):
    """``cutover/ledger-head/v1``: signed by the ledger key and kept in the Object Lock bucket."""

    schema_: Annotated[Literal["cutover/ledger-head/v1"], SAID] = kind("cutover/ledger-head/v1")
    chain: Line
    sequence: Annotated[int, Field(ge=1)]
    entry: Digest
    at: Instant
