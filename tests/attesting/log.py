"""A transparency log of one entry, and bundles by bare keys in it: what no library writes for us (Rekor v1).

The log's entry is the whole tree, so its leaf hash is its root hash (RFC 6962 §2.1).
"""

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from cutover.contracts.envelope import IN_TOTO_TYPE
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from tests.building.keys import Key
from tests.building.policy import AS_OF, KEYS_FROM


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def pem(key: Key) -> bytes:
    lines = base64.encodebytes(key.public).decode().replace("\n", "")
    wrapped = "\n".join(lines[n : n + 64] for n in range(0, len(lines), 64))
    return f"-----BEGIN PUBLIC KEY-----\n{wrapped}\n-----END PUBLIC KEY-----\n".encode()


@dataclass(frozen=True)
class Log:
    """A log with a key of its own. ``until``: when the trusted root says that its key ended."""

    key: Key = field(default_factory=lambda: Key("log"))
    since: datetime = KEYS_FROM
    until: datetime | None = None

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.key.public).digest()

    def root(self) -> bytes:
        period = {"start": self.since.isoformat()} | ({"end": self.until.isoformat()} if self.until else {})
        key = {"rawBytes": encoded(self.key.public), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": period}
        log = {
            "baseUrl": "https://log.example", "hashAlgorithm": "SHA2_256", "publicKey": key,
            "logId": {"keyId": encoded(self.id)},
        }  # fmt: skip
        said = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1", "tlogs": [log], "ctlogs": [],
            "certificateAuthorities": [], "timestampAuthorities": [],
        }  # fmt: skip
        return orjson.dumps(said)

    def entry(self, body: Any, at: datetime = AS_OF) -> dict[str, Any]:
        """The log's entry of ``body``: promised, included, and its checkpoint signed."""
        content = orjson.dumps(body)
        seconds = int(at.timestamp())
        promised = {"body": encoded(content), "integratedTime": seconds, "logID": self.id.hex(), "logIndex": 0}
        leaf = hashlib.sha256(b"\x00" + content).digest()
        note = f"log.example - 1\n1\n{encoded(leaf)}\n"
        signed = encoded(self.id[:4] + self.key.sign(note.encode()))
        return {
            "logIndex": "0", "logId": {"keyId": encoded(self.id)},
            "kindVersion": {"kind": body["kind"], "version": body["apiVersion"]}, "integratedTime": str(seconds),
            "inclusionPromise": {"signedEntryTimestamp": encoded(self.key.sign(canonical.encode(promised)))},
            "inclusionProof": {
                "logIndex": "0", "rootHash": encoded(leaf), "treeSize": "1", "hashes": [],
                "checkpoint": {"envelope": f"{note}\n\u2014 log.example {signed}\n"},
            },
            "canonicalizedBody": encoded(content),
        }  # fmt: skip


def entry_of(key: Key, payload: bytes, signature: bytes) -> dict[str, Any]:
    """What a log records of a DSSE envelope: dsse 0.0.1."""
    return {
        "apiVersion": "0.0.1", "kind": "dsse",
        "spec": {
            "envelopeHash": {"algorithm": "sha256", "value": "0" * 64},
            "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
            "signatures": [{"signature": encoded(signature), "verifier": encoded(pem(key))}],
        },
    }  # fmt: skip


def bundle_said(payload: bytes, key: Key, log: Log, *, payload_type: str = IN_TOTO_TYPE) -> dict[str, Any]:
    """The JSON value of a bundle: a DSSE envelope signed by a bare key, and logged."""
    signature = key.sign(dsse.pae(payload_type, payload))
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "publicKey": {"hint": "a hint that nobody trusts"},
            "tlogEntries": [log.entry(entry_of(key, payload, signature))],
        },
        "dsseEnvelope": {
            "payload": encoded(payload), "payloadType": payload_type, "signatures": [{"sig": encoded(signature)}],
        },
    }  # fmt: skip


def message_said(artifact: str, key: Key, log: Log, *, beside: str | None) -> dict[str, Any]:
    """The JSON value of a bundle over an artifact's bytes, with a digest beside its signature or none."""
    digest = bytes.fromhex(artifact.removeprefix("sha256:"))
    signature = key.private.sign(digest, ec.ECDSA(Prehashed(SHA256()), deterministic_signing=True))
    body = {
        "apiVersion": "0.0.1", "kind": "hashedrekord",
        "spec": {
            "data": {"hash": {"algorithm": "sha256", "value": digest.hex()}},
            "signature": {"content": encoded(signature), "publicKey": {"content": encoded(pem(key))}},
        },
    }  # fmt: skip
    hint = bytes.fromhex(beside.removeprefix("sha256:")) if beside is not None else None
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": "x"}, "tlogEntries": [log.entry(body)]},
        "messageSignature": {
            **({"messageDigest": {"algorithm": "SHA2_256", "digest": encoded(hint)}} if hint is not None else {}),
            "signature": encoded(signature),
        },
    }  # fmt: skip


def bundle(payload: bytes, key: Key, log: Log, *, payload_type: str = IN_TOTO_TYPE) -> bytes:
    return orjson.dumps(bundle_said(payload, key, log, payload_type=payload_type))
