"""Findings of checks, holds, and the register of holds that stands beside a bundle."""

from typing import Annotated, Literal

from pydantic import Field

from cutover.contracts.base import (
    SAID,
    Audience,
    Code,
    CutoverId,
    Digest,
    Instant,
    Model,
    Name,
    Pointer,
    Revision,
    Text,
    kind,
)
from cutover.contracts.candidate import Reference

Outcome = Literal["pass", "warn", "hold", "deny"]


class Finding(Model):
    """What one rule says of one field: found, wanted, and what would mend it."""

    rule: Name
    family: Name
    outcome: Outcome
    code: Code
    field: Pointer
    subject: Digest
    owner: Name
    found: Text
    wanted: Text
    mend: Text
    evidence: tuple[Digest, ...] = ()


class Findings(Model):
    """``cutover/findings/v1``: the report of one family of checks. ``rules`` names every rule that ran."""

    schema_: Annotated[Literal["cutover/findings/v1"], SAID] = kind("cutover/findings/v1")
    cutover: CutoverId
    revision: Revision
    family: Name
    rules: tuple[Name, ...]
    findings: tuple[Finding, ...]


class HoldResolution(Model):
    waiver: Digest
    expires_at: Instant


class Hold(Model):
    """One unresolved field or check. ``fingerprint`` is what a waiver answers: rule, field, subject."""

    id: Digest
    fingerprint: Digest
    code: Code
    field: Pointer
    severity: Literal["hold", "deny"]
    owner: Name
    rule: Name
    subject: Digest
    found: Text
    wanted: Text
    mend: Text
    evidence: tuple[Digest, ...]
    opened_at: Instant
    opened_by: Name
    expires_at: Instant
    resolution: HoldResolution | None = None


class Warn(Model):
    rule: Name
    code: Code
    field: Pointer
    found: Text
    wanted: Text


class HoldRegister(Model):
    """``cutover/hold-register/v1``, with whatever is open."""

    schema_: Annotated[Literal["cutover/hold-register/v1"], SAID] = kind("cutover/hold-register/v1")
    cutover: CutoverId
    revision: Revision
    holds: tuple[Hold, ...]
    warnings: tuple[Warn, ...]


class ResolvedHold(Hold):
    resolution: HoldResolution


class ClearedRegister(Model):
    """The only register that a manifest can bind: every hold in it carries its resolution."""

    schema_: Annotated[Literal["cutover/hold-register/v1"], SAID] = kind("cutover/hold-register/v1")
    cutover: CutoverId
    revision: Revision
    holds: tuple[ResolvedHold, ...]
    warnings: tuple[Warn, ...]


class HowToAnswer(Model):
    """What can answer a hold: a signed ``cutover/resolution/v1`` of this revision and fingerprint, sent to the bus."""

    detail_type: Literal["HoldResolution"] = "HoldResolution"
    audience: Audience
    kinds: tuple[Literal["waiver", "evidence", "mended"], ...]
    waivable_by: tuple[Name, ...] = ()
    """Whoever holds one of these roles, and asked neither for the release nor for its change, may waive it."""
    records: tuple[Reference, ...] = ()
    """The records whose corrected version answers it, at the version that was held."""


class HoldMessage(Model):
    """``cutover/hold-message/v1``: one message in the exception queue for each open hold.

    The hold says whose it is, what would mend it, and until when; ``answer`` is there unless it takes a new candidate.
    """

    schema_: Annotated[Literal["cutover/hold-message/v1"], SAID] = kind("cutover/hold-message/v1")
    cutover: CutoverId
    revision: Revision
    correlation_id: Annotated[str, Field(max_length=128)]
    hold: Hold
    answer: HowToAnswer | None = None
