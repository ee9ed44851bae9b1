"""A statement whose signature was proved, whatever it was signed with: pure.

``open_dsse`` proves a signature of a trusted key; ``assumed`` proves nothing, and is for comparing what was judged.
"""

from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from cutover.contracts.base import Digest
from cutover.contracts.envelope import IN_TOTO_TYPE, Envelope
from cutover.contracts.policy import Facts, Purpose
from cutover.domain import envelope as dsse
from cutover.domain.unwrapping import payload_of
from cutover.errors import Refused


@dataclass(frozen=True, slots=True)
class Signed:
    """An in-toto statement's bytes, and who signed it.

    ``keys`` are the ids of trusted keys. Under a certificate there are none, and what it says of itself counts:
    ``issuer`` and ``identity`` always; ``repository``, ``ref``, ``workflow``, ``commit`` and ``event`` (what started
    the run) where it has them.
    """

    payload: bytes
    keys: tuple[Digest, ...] = ()
    issuer: str | None = None
    identity: str | None = None
    repository: str | None = None
    ref: str | None = None
    workflow: str | None = None
    commit: str | None = None
    event: str | None = None


def open_dsse(content: bytes, *, purpose: Purpose, facts: Facts, product: str, at: datetime) -> Signed:
    """The statement in a DSSE envelope, signed at ``at`` by a key that the facts trust for the purpose and product.

    Raises ``Refused`` as ``domain.envelope.open_envelope`` does, and ``NOT_AN_ENVELOPE``.
    """
    try:
        envelope = Envelope.model_validate_json(content)
    except ValidationError as error:
        raise Refused("NOT_AN_ENVELOPE", "neither a DSSE envelope nor a Sigstore bundle") from error
    opened = dsse.open_envelope(
        envelope, payload_type=IN_TOTO_TYPE, purpose=purpose, keys=facts.keys, at=at, product=product
    )
    return Signed(opened.payload, tuple(key.id for key in opened.keys))


def assumed(content: bytes, *, purpose: Purpose, facts: Facts, product: str, at: datetime) -> Signed:  # noqa: ARG001
    """The statement, unproved: where two readings of the same checks are only held against each other.

    What they differ in makes another revision, and that one is verified anew.
    """
    return Signed(payload_of(content))
