"""How CI announces a candidate on the bus: the ``detail`` of an EventBridge event."""

from typing import Annotated, Literal

from pydantic import model_validator

from cutover.contracts.base import SAID, Digest, Locator, Model, kind
from cutover.contracts.envelope import Envelope

MAX_BY_VALUE_BYTES = 65_536


class InboxObject(Model):
    """An envelope in the inbox bucket: for candidates that are too large to travel by value."""

    key: Locator
    version_id: Locator
    sha256: Digest


class CandidateEvent(Model):
    """``cutover/candidate-event/v1``: the signed envelope itself, or where it lies; exactly one of the two."""

    schema_: Annotated[Literal["cutover/candidate-event/v1"], SAID] = kind("cutover/candidate-event/v1")
    envelope: Envelope | None = None
    reference: InboxObject | None = None

    @model_validator(mode="after")
    def _one(self) -> "CandidateEvent":
        if (self.envelope is None) == (self.reference is None):
            raise ValueError("give either envelope or reference")
        return self


class SignedEvent(Model):
    """``cutover/signed-event/v1``: a resolution, withdrawal, brake order or receipt on the bus."""

    schema_: Annotated[Literal["cutover/signed-event/v1"], SAID] = kind("cutover/signed-event/v1")
    envelope: Envelope
