"""A certificate authority of our own, with its log of certificates (RFC 6962), and bundles under its certificates."""

import hashlib
import struct
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ObjectIdentifier
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cutover.contracts.envelope import IN_TOTO_TYPE
from cutover.domain import envelope as dsse
from tests.attesting.log import Log, encoded
from tests.building.keys import Key
from tests.building.policy import AS_OF, KEYS_FROM

ISSUER, IDENTITY = "https://issuer.example", "https://ci.example/shop/release.yml@refs/heads/main"
TEN_MINUTES = timedelta(minutes=10)
_ARC, _SCTS = "1.3.6.1.4.1.57264.1.", ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
Leaf = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class Authority:
    """It issues code-signing certificates for ten minutes, each with the promise of its log."""

    key: Key = field(default_factory=lambda: Key("authority"))
    ct: Key = field(default_factory=lambda: Key("log of certificates"))
    log: Log = field(default_factory=Log)

    @property
    def name(self) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.key.name)])

    def certificate(self) -> x509.Certificate:
        """Its own, signed by itself."""
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        public = self.key.private.public_key()
        return (
            _begun(self.name, self.name, public, KEYS_FROM, KEYS_FROM + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self.key.private, SHA256())
        )

    def issue(
        self, leaf: Leaf, *, since: datetime = AS_OF, by: Key | None = None, signing: bool = True, code: bool = True
    ) -> x509.Certificate:
        """``by``: which log of certificates promises it. ``signing`` and ``code``: what it is for."""
        public = leaf.public_key()
        kinds = [ExtendedKeyUsageOID.CODE_SIGNING if code else ExtendedKeyUsageOID.TIME_STAMPING]
        usage = x509.KeyUsage(signing, False, not signing, False, False, False, False, False, False)
        issuer = x509.UnrecognizedExtension(ObjectIdentifier(f"{_ARC}8"), asn1.encode_der(ISSUER))
        builder = (
            _begun(x509.Name([]), self.name, public, since, since + TEN_MINUTES)
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage(kinds), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.private.public_key()), critical=False
            )
            .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(IDENTITY)]), critical=True)
            .add_extension(issuer, critical=False)
        )
        precertificate = builder.sign(self.key.private, SHA256()).tbs_certificate_bytes
        promises = self._promise(precertificate, since, by or self.ct)
        value = b"\x04" + _length(promises) + promises
        return builder.add_extension(x509.UnrecognizedExtension(_SCTS, value), critical=False).sign(
            self.key.private, SHA256()
        )

    def _promise(self, precertificate: bytes, at: datetime, ct: Key) -> bytes:
        """One signed certificate timestamp in a list (RFC 6962 §3.2 and §3.3)."""
        milliseconds = int(at.timestamp()) * 1000
        entry = hashlib.sha256(self.key.public).digest() + len(precertificate).to_bytes(3) + precertificate
        signature = ct.sign(struct.pack("!BBQH", 0, 0, milliseconds, 1) + entry + b"\x00\x00")
        log = hashlib.sha256(ct.public).digest()
        promise = b"\x00" + log + struct.pack("!QH", milliseconds, 0) + b"\x04\x03" + _sized(signature)
        return _sized(_sized(promise))

    def root(self, *, since: datetime = KEYS_FROM, until: datetime | None = None) -> bytes:
        """The trusted root that knows this authority in that time, and its two logs always."""
        known = orjson.loads(self.log.root())
        ct = orjson.loads(Log(self.ct).root())["tlogs"]
        period = {"start": since.isoformat()} | ({"end": until.isoformat()} if until else {})
        authority = {
            "subject": {"organization": "example", "commonName": self.key.name}, "uri": "https://ca.example",
            "certChain": {"certificates": [{"rawBytes": encoded(self.certificate().public_bytes(Encoding.DER))}]},
            "validFor": period,
        }  # fmt: skip
        return orjson.dumps(known | {"ctlogs": ct, "certificateAuthorities": [authority]})

    def bundle_said(self, payload: bytes, leaf: Leaf, certificate: x509.Certificate, at: datetime) -> dict[str, Any]:
        """The JSON value of a bundle: a statement signed under ``certificate``, and logged at ``at``."""
        message = dsse.pae(IN_TOTO_TYPE, payload)
        signed = (
            leaf.sign(message, ec.ECDSA(SHA256()))
            if isinstance(leaf, ec.EllipticCurvePrivateKey)
            else leaf.sign(message)
        )
        verifier = encoded(certificate.public_bytes(Encoding.PEM))
        body = {
            "apiVersion": "0.0.1", "kind": "dsse",
            "spec": {
                "envelopeHash": {"algorithm": "sha256", "value": "0" * 64},
                "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
                "signatures": [{"signature": encoded(signed), "verifier": verifier}],
            },
        }  # fmt: skip
        return {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": {"rawBytes": encoded(certificate.public_bytes(Encoding.DER))},
                "tlogEntries": [self.log.entry(body, at)],
            },
            "dsseEnvelope": {
                "payload": encoded(payload), "payloadType": IN_TOTO_TYPE, "signatures": [{"sig": encoded(signed)}],
            },
        }  # fmt: skip


def _begun(
    subject: x509.Name, issuer: x509.Name, public: Any, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(7)
        .not_valid_before(since)
        .not_valid_after(until)
    )


def _sized(content: bytes) -> bytes:
    return struct.pack("!H", len(content)) + content


def _length(content: bytes) -> bytes:
    """A length in DER, of up to 255 bytes."""
    return bytes([len(content)]) if len(content) < 128 else bytes([0x81, len(content)])
