"""How CI announces a candidate on the bus: the ``detail`` of an EventBridge event."""

from typing import Annotated, Literal

from pydantic import model_validator

from cutover.contracts.base import SAID, Digest, Locator, Model, kind
from cutover.contracts.envelope import Envelope
from cutover.contracts.legacy import DetachedCandidate

MAX_BY_VALUE_BYTES = 65_536


class InboxObject(Model):
    """An envelope in the inbox bucket: for candidates that are too large to travel by value."""

    key: Locator
    version_id: Locator
    sha256: Digest


class CandidateEvent(Model):
    """``cutover/candidate-event/v1``: the signed envelope itself, or where it lies, or an older document.

    Exactly one of the three. ``detached``: a ``cutover/candidate/v0`` document with the signature beside it.
    """

    schema_: Annotated[Literal["cutover/candidate-event/v1"], SAID] = kind("cutover/candidate-event/v1")
    envelope: Envelope | None = None
    reference: InboxObject | None = None
    detached: DetachedCandidate | None = None

    @model_validator(mode="after")
    def _one(self) -> "CandidateEvent":
        if sum(each is not None for each in (self.envelope, self.reference, self.detached)) != 1:
            raise ValueError("give either envelope or reference (or, of an older contract, detached)")
        return self


class SignedEvent(Model):
    """``cutover/signed-event/v1``: a resolution, withdrawal, brake order or receipt on the bus."""

    schema_: Annotated[Literal["cutover/signed-event/v1"], SAID] = kind("cutover/signed-event/v1")
    envelope: Envelope
