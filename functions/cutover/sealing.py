"""Signing documents with a key of one purpose, and never storing a signature that does not verify."""

from pydantic import BaseModel

from cutover.contracts.base import Digest
from cutover.contracts.envelope import Envelope
from cutover.contracts.policy import Purpose, SignedReference, TrustedKey
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.errors import ConfigurationError
from cutover.ports import Clock, Signer, Store


class Sealer:
    """Seals documents for one purpose. A key that the facts do not trust for it is a ``ConfigurationError``."""

    def __init__(self, *, purpose: Purpose, signer: Signer, keys: tuple[TrustedKey, ...], clock: Clock) -> None:
        self._purpose = purpose
        self._signer = signer
        self._keys = keys
        self._clock = clock

    @property
    def key_id(self) -> Digest:
        """The key that it signs with."""
        return self._signer.key_id

    def seal(self, document: BaseModel, payload_type: str) -> tuple[SignedReference, Envelope, bytes]:
        """The envelope of a document's canonical bytes: where it will be stored, the envelope, its own bytes."""
        payload = canonical.encode_model(document)
        signature = self._signer.sign(dsse.pae(payload_type, payload))
        sealed = dsse.seal(payload_type, payload, (self._signer.key_id, signature))
        trusted = [
            key for key in self._keys
            if key.id == self._signer.key_id and key.purpose == self._purpose
            and key.not_before <= self._clock.now() < key.not_after and key.revoked_at is None
        ]  # fmt: skip
        if not trusted or not dsse.signers(sealed, {key.id: dsse.decode_base64(key.public_key) for key in trusted}):
            raise ConfigurationError(f"the facts do not trust this function's key for {self._purpose}")
        content = canonical.encode_model(sealed)
        reference = SignedReference(payload=canonical.digest(payload), envelope=canonical.digest(content))
        return reference, sealed, content

    def store(self, document: BaseModel, payload_type: str, store: Store) -> SignedReference:
        reference, _, content = self.seal(document, payload_type)
        store.put(content)
        return reference
