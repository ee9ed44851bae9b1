"""The message itself: its envelope, its contract, and the manifest that it carries (steps 2 to 4)."""

from dataclasses import dataclass

from cutover.contracts.base import Digest
from cutover.contracts.envelope import IN_TOTO_TYPE, Envelope
from cutover.contracts.handoff import HANDOFF_TYPE, Handoff
from cutover.contracts.manifest import Manifest, ManifestPredicate
from cutover.contracts.policy import TrustedKey
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.handoff_id import handoff_id
from cutover.domain.verification.anchor import Anchor
from cutover.domain.verification.reading import equal, read_exact
from cutover.errors import Refused

MAX_MESSAGE_BYTES = 1_048_576
"""What one message in the queue can hold."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A manifest with a valid signature, and its digest: that of its payload."""

    manifest: Manifest
    digest: Digest

    @property
    def predicate(self) -> ManifestPredicate:
        return self.manifest.predicate


def open_message(message: bytes, anchor: Anchor) -> tuple[Envelope, bytes]:
    """Step 2. The envelope and its payload, signed by a key for hand-offs; when it was valid is step 7."""
    if len(message) > MAX_MESSAGE_BYTES:
        raise Refused("DOCUMENT_TOO_LARGE", f"a message of {len(message)} bytes; at most {MAX_MESSAGE_BYTES}")
    envelope = dsse.parse(message)
    if envelope.payload_type != HANDOFF_TYPE:
        raise Refused("WRONG_PAYLOAD_TYPE", f"found {envelope.payload_type!r}, wanted {HANDOFF_TYPE!r}")
    signed = dsse.signers(envelope, {key.id: dsse.decode_base64(key.public_key) for key in anchor.keys})
    if not signed:
        raise Refused("UNTRUSTED_SIGNATURE", "no key of the trust bundle has signed the message")
    if not signed & {key.id for key in anchor.keys if key.purpose == "handoff"}:
        raise Refused("WRONG_KEY_PURPOSE", "its signer is not trusted for purpose 'handoff'")
    return envelope, dsse.decode_base64(envelope.payload)


def read_handoff(payload: bytes, anchor: Anchor, queue_arn: str | None) -> Handoff:
    """Step 3. The hand-off, for this audience, naming itself rightly; for ``queue_arn`` where one is given."""
    handoff = read_exact(Handoff, payload, "hand-off")
    equal("WRONG_AUDIENCE", ("the message's audience", handoff.audience, anchor.audience))
    if queue_arn is not None:
        equal("WRONG_QUEUE", ("the message's queue", handoff.queue_arn, queue_arn))
    manifest = canonical.digest(dsse.decode_base64(handoff.manifest.payload))
    if handoff.inclusion is not None:
        raise Refused("INCLUSION_NOT_PROVED", "no message of v1 carries its place in the ledger", "give the ledger")
    equal("HANDOFF_ID_DIFFERS", ("handoff_id", handoff.handoff_id, handoff_id(manifest, handoff.queue_arn)))
    return handoff


def open_manifest(handoff: Handoff, keys: tuple[TrustedKey, ...]) -> Bound:
    """Step 4. The manifest, signed by a bind key at its ``bound_at``, binding what the message says."""
    manifest = read_exact(Manifest, dsse.decode_base64(handoff.manifest.payload), "manifest")
    bound = manifest.predicate
    opened = dsse.open_envelope(
        handoff.manifest, payload_type=IN_TOTO_TYPE, purpose="bind", keys=keys, at=bound.bound_at
    )
    equal(
        "MANIFEST_DIFFERS",
        ("the manifest's audience", bound.audience, handoff.audience),
        ("the manifest's cutover", bound.cutover, handoff.cutover),
        ("the manifest's revision", bound.revision, handoff.revision),
        ("the manifest's queue", bound.destination.queue_arn, handoff.queue_arn),
    )
    return Bound(manifest, opened.digest)
