"""A Sigstore bundle, read: what it holds, and at what times it says that it was signed. Nothing is proved here."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import (
    BasicConstraints,
    Certificate,
    DuplicateExtension,
    ExtensionNotFound,
    load_der_x509_certificate,
)

from cutover.domain import bundle_signers
from cutover.domain.reading import parse_strictly
from cutover.errors import Refused

if TYPE_CHECKING:
    from sigstore_models.bundle.v1 import Bundle
    from sigstore_models.rekor.v1 import TransparencyLogEntry

MAX_BUNDLE_BYTES = 4 * 1_048_576
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = 253_402_300_799
"""The last second of the year 9999."""


@dataclass(frozen=True)
class Read:
    """One bundle: the library's model of it, and its signing certificate, where it was not signed with a bare key."""

    content: bytes
    bundle: "Bundle"
    certificate: Certificate | None

    @property
    def entry(self) -> "TransparencyLogEntry":
        return self.bundle.verification_material.tlog_entries[0]

    @cached_property
    def integrated_at(self) -> datetime | None:
        """When the log says that it took the entry in, if it has signed that (an inclusion promise)."""
        seconds = self.entry.integrated_time
        if not seconds or self.entry.inclusion_promise is None:
            return None
        if seconds > _LAST:
            raise Refused("BUNDLE_UNREADABLE", "its integrated time is in no calendar")
        return _EPOCH + timedelta(seconds=seconds)

    @cached_property
    def stamped_at(self) -> tuple[datetime, ...]:
        """The times of its timestamps (RFC 3161)."""
        from rfc3161_client import decode_timestamp_response

        data = self.bundle.verification_material.timestamp_verification_data
        stamps = data.rfc3161_timestamps if data is not None else []
        try:
            return tuple(decode_timestamp_response(each.signed_timestamp).tst_info.gen_time for each in stamps)
        except ValueError as error:
            raise Refused("BUNDLE_UNREADABLE", "a timestamp in it is none of RFC 3161") from error

    @property
    def claimed(self) -> tuple[datetime, ...]:
        """Every time at which it says that it was signed: those that can be proved are among them."""
        return tuple(filter(None, (self.integrated_at, *self.stamped_at)))


def read(content: bytes) -> Read:
    """A bundle of version 0.1 to 0.3 with one log entry. ``Refused``: ``BUNDLE_TOO_LARGE``, ``BUNDLE_UNREADABLE``,
    ``BUNDLE_WITH_ROOT`` (it brings a certificate authority of its own along).
    """
    if len(content) > MAX_BUNDLE_BYTES:
        raise Refused("BUNDLE_TOO_LARGE", f"{len(content)} bytes; at most {MAX_BUNDLE_BYTES}")
    try:
        document = parse_strictly(content)
    except Refused as refused:
        raise Refused("BUNDLE_UNREADABLE", refused.detail) from refused
    from sigstore_models.bundle.v1 import Bundle

    try:
        bundle = Bundle.from_json(content)
        chain = _certificates(bundle)
        rooted = any(_is_root(each) for each in chain)
    except (ValueError, DuplicateExtension) as error:
        raise Refused("BUNDLE_UNREADABLE", "not a Sigstore bundle that we know, or not well formed") from error
    if len(bundle.verification_material.tlog_entries) != 1:
        raise Refused("BUNDLE_UNREADABLE", f"{len(bundle.verification_material.tlog_entries)} log entries, wanted one")
    if rooted:
        raise Refused("BUNDLE_WITH_ROOT", "it brings a root certificate along; roots come from the policy only")
    if not chain and bundle.verification_material.public_key is None:
        raise Refused("BUNDLE_UNREADABLE", "it has no certificate, and names no key")
    if not _spelt_as_published(document, bundle, chain):
        raise Refused("BUNDLE_UNREADABLE", "it is spelt in a way that not every reader reads alike")
    return Read(content, bundle, chain[0] if chain else None)


def _certificates(bundle: "Bundle") -> list[Certificate]:
    """The signing certificate first."""
    material = bundle.verification_material
    if material.certificate is not None:
        return [load_der_x509_certificate(material.certificate.raw_bytes)]
    listed = material.x509_certificate_chain.certificates if material.x509_certificate_chain is not None else []
    return [load_der_x509_certificate(each.raw_bytes) for each in listed]


def _spelt_as_published(document: Any, bundle: "Bundle", chain: list[Certificate]) -> bool:
    """Whether ``bundle_signers`` finds the signer that the library finds, who takes more spellings: ``raw_bytes``,
    base64 with line ends.
    """
    envelope = bundle.dsse_envelope
    signature = envelope.signatures[0].sig if envelope is not None and envelope.signatures else None
    try:
        certificate, signed = bundle_signers.certificate_in(document), bundle_signers.envelope_in(document)
    except Refused:
        return False
    return certificate == (chain[0].public_bytes(Encoding.DER) if chain else None) and signed == (
        (envelope.payload_type, envelope.payload, signature) if envelope is not None else None
    )


def _is_root(certificate: Certificate) -> bool:
    try:
        constraints = certificate.extensions.get_extension_for_class(BasicConstraints).value
    except ExtensionNotFound:
        return False
    return constraints.ca and certificate.issuer == certificate.subject
