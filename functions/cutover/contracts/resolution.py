"""How one open hold is answered: a signed event, given by one person."""

from typing import Annotated, Literal

from pydantic import Field

from cutover.contracts.base import SAID, Audience, CutoverId, Digest, Instant, Model, Name, Revision, Text, kind
from cutover.contracts.candidate import Reference
from cutover.contracts.envelope import Envelope

RESOLUTION_TYPE = "application/vnd.cutover.resolution.v1+json"


class WaiverAnswer(Model):
    """A waiver for exactly this hold, in its own signed envelope."""

    kind: Literal["waiver"]
    waiver: Envelope


class EvidenceAnswer(Model):
    """The record was corrected at its source: here is its new version."""

    kind: Literal["evidence"]
    reference: Reference


class MendedAnswer(Model):
    """The cause was mended where it lay (a function, the facts, a queue's window): look again."""

    kind: Literal["mended"]
    note: Text


class Resolution(Model):
    """``cutover/resolution/v1``. The fingerprint names the hold; ``resolver`` is a person of the facts."""

    schema_: Annotated[Literal["cutover/resolution/v1"], SAID] = kind("cutover/resolution/v1")
    audience: Audience
    cutover: CutoverId
    revision: Revision
    fingerprint: Digest
    answer: Annotated[WaiverAnswer | EvidenceAnswer | MendedAnswer, Field(discriminator="kind")]
    resolver: Name
    resolved_at: Instant
