"""The bound package as it is read back: nothing in it that the manifest's digests do not prove."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pydantic import ValidationError

from cutover.contracts.base import Digest, Model
from cutover.contracts.bundle import Bundle
from cutover.contracts.envelope import IN_TOTO_TYPE, Envelope
from cutover.contracts.holds import ClearedRegister
from cutover.contracts.manifest import Manifest
from cutover.contracts.policy import SignedReference, TrustedKey
from cutover.domain import canonical, quorum
from cutover.domain import envelope as dsse
from cutover.errors import DigestMismatch, IntegrityError, Refused
from cutover.loading import parsed
from cutover.ports import Store

MAX_DOCUMENT_BYTES = 16 * 1_048_576
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Package:
    """What people are asked about. ``digest`` is the manifest's payload digest: what they approve."""

    digest: Digest
    manifest: Manifest
    bundle: Bundle
    register: ClearedRegister

    def requesters(self) -> tuple[str, ...]:
        return quorum.requesters(self.bundle)


def read_package(store: Store, reference: SignedReference, *, keys: tuple[TrustedKey, ...], now: datetime) -> Package:
    """The manifest that ``reference`` names and its documents, each checked against its digest.

    1. The envelope's bytes are the stored ones (``Store.get``).
    2. A key trusted for ``bind`` at its own ``bound_at`` has signed it (``Refused``, as in ``domain.envelope``): the
       time is under the signature, and a key whose time has run out since has still bound it.
    3. No key that signed it is revoked by ``now`` (``Refused``, ``KEY_REVOKED``).
    4. Its payload is the one that was asked for, in canonical bytes.
    5. Bundle and hold register are the manifest's subjects, and of the same cutover and revision.

    Raises ``IntegrityError`` when the store holds something else than was bound.
    """
    envelope = dsse.parse(store.get(reference.envelope, limit=dsse.MAX_ENVELOPE_BYTES))
    manifest = _document(Manifest, dsse.decode_base64(envelope.payload))
    bound_at = manifest.predicate.bound_at
    opened = dsse.open_envelope(envelope, payload_type=IN_TOTO_TYPE, purpose="bind", keys=keys, at=bound_at)
    _demand_standing(envelope, keys, now)
    if not canonical.same(opened.digest, reference.payload):
        raise DigestMismatch(f"the envelope holds {opened.digest}, not {reference.payload}")
    subjects = {subject.name: "sha256:" + subject.digest.sha256 for subject in manifest.subject}
    bundle = _document(Bundle, store.get(subjects["bundle"], limit=MAX_DOCUMENT_BYTES))
    register = _document(ClearedRegister, store.get(subjects["hold-register"], limit=MAX_DOCUMENT_BYTES))
    bound = (manifest.predicate.cutover, manifest.predicate.revision)
    if (bundle.cutover, bundle.revision) != bound or (register.cutover, register.revision) != bound:
        raise IntegrityError("the manifest's documents are of another cutover or revision")
    return Package(opened.digest, manifest, bundle, register)


def _demand_standing(envelope: Envelope, keys: tuple[TrustedKey, ...], now: datetime) -> None:
    revoked = {key.id for key in keys if key.revoked_at is not None and key.revoked_at <= now}
    if any(signature.keyid in revoked for signature in envelope.signatures):
        raise Refused("KEY_REVOKED", "a key that signed the package is revoked", "release it again under a new key")


def _document(model: type[M], content: bytes) -> M:
    canonical.decode(content)
    try:
        return parsed(model, content)
    except ValidationError as error:
        raise IntegrityError(f"what was bound as {model.__name__} is not one") from error
