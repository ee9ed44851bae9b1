"""Proves one Sigstore bundle offline against one trusted root: the only code that does, for every caller.

In this order, each cause with its own code:

1. it can be read (``attesting.reading``): ``BUNDLE_TOO_LARGE``, ``BUNDLE_UNREADABLE``, ``BUNDLE_WITH_ROOT``
2. it says when it was signed, within its certificate's validity: ``TIME_NOT_PROVEN``, ``CERTIFICATE_NOT_VALID``
3. the root had authorities and logs then: ``TRUSTED_ROOT_UNREADABLE``, ``AUTHORITY_NOT_VALID``, ``LOG_NOT_VALID``
4. of a certificate, by the library's own verifier: that time, by a log's promise or a timestamp authority
   (``TIME_NOT_PROVEN``); the chain up to the root (``CERTIFICATE_NOT_TRUSTED``); the certificate's own log
   (``CERTIFICATE_NOT_LOGGED``); inclusion, checkpoint and promise of the entry (``LOG_PROOF_INVALID``); the signature
   (``SIGNATURE_INVALID``); the entry speaks of this signature (``LOG_ENTRY_MISMATCH``, ``LOG_ENTRY_UNSUPPORTED``);
   the digest beside the signature is the artifact's (``MESSAGE_DIGEST_MISMATCH``); anything else ``BUNDLE_REFUSED``
5. of a bare key, by ``attesting.managed``, which has the same codes, and ``KEY_NOT_TRUSTED`` where no given key signed

Whose identity counts is asked afterwards (``domain.identities``): a proof says who, never whether they may.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import Certificate, ExtensionNotFound

from cutover.attesting.reading import Read, read
from cutover.attesting.roots import trusted_root
from cutover.contracts.base import Digest
from cutover.domain.certificates import claims
from cutover.domain.identities import Claims
from cutover.errors import Refused

if TYPE_CHECKING:
    from sigstore.verify import Verifier

_CODES = (
    ("invalid log entry", "LOG_PROOF_INVALID"),
    ("failed to verify SCT", "CERTIFICATE_NOT_LOGGED"),
    ("not enough sources of verified time", "TIME_NOT_PROVEN"),
    ("no Timestamp Authorities", "TIME_NOT_PROVEN"),
    ("too many signed timestamp", "TIME_NOT_PROVEN"),
    ("duplicate timestamp", "TIME_NOT_PROVEN"),
    ("Integrated time only supported", "LOG_ENTRY_UNSUPPORTED"),
    ("Unsupported", "LOG_ENTRY_UNSUPPORTED"),
    ("Expected entry type", "LOG_ENTRY_UNSUPPORTED"),
    ("Expected log entry version", "LOG_ENTRY_UNSUPPORTED"),
    ("DSSE: invalid signature", "SIGNATURE_INVALID"),
    ("Signature is invalid", "SIGNATURE_INVALID"),
    ("Bundle message digest mismatch", "MESSAGE_DIGEST_MISMATCH"),
    ("log entry", "LOG_ENTRY_MISMATCH"),
    ("transparency log entry", "LOG_ENTRY_MISMATCH"),
    ("invalid signing cert", "CERTIFICATE_NOT_VALID"),
    ("Key usage", "CERTIFICATE_NOT_TRUSTED"),
    ("Extended usage", "CERTIFICATE_NOT_TRUSTED"),
)
"""How the library begins to say why. It decides: a word that it changes can change a code, and lets nothing in."""

_WHY = {
    "LOG_PROOF_INVALID": "the proof that a trusted log has it does not hold",
    "CERTIFICATE_NOT_LOGGED": "no trusted log of certificates has signed for its certificate",
    "TIME_NOT_PROVEN": "neither a log's promise nor a trusted authority's timestamp proves when it was signed",
    "LOG_ENTRY_UNSUPPORTED": "its log entry is of a kind that cannot be compared with it",
    "LOG_ENTRY_MISMATCH": "its log entry is of another signature, artifact or certificate",
    "SIGNATURE_INVALID": "its certificate's key did not sign this",
    "MESSAGE_DIGEST_MISMATCH": "the digest beside its signature is not the artifact's",
    "CERTIFICATE_NOT_VALID": "it was not signed while its certificate was valid",
    "CERTIFICATE_NOT_TRUSTED": "its certificate is not for signing",
}
_GIVING_UP = (ValueError, TypeError, LookupError, ArithmeticError, UnsupportedAlgorithm, ExtensionNotFound)
"""What its parts raise of hostile input besides its own errors."""


@dataclass(frozen=True, slots=True)
class Proved:
    """A bundle that holds: its statement (None for a signature over an artifact), who signed it, and when.

    ``times`` are all that it claims; a proven one is among them. By ``key``, a SubjectPublicKeyInfo, or by whom the
    certificate names: one of the two. ``signature`` is told of a key only.
    """

    payload: bytes | None
    payload_type: str | None
    times: tuple[datetime, ...]
    signature: bytes = b""
    key: bytes | None = None
    claims: Claims | None = None


class _Anybody:
    """The library's question who may have signed; it is answered afterwards, by what the policy trusts at the time."""

    def verify(self, cert: Certificate) -> None:
        """Accepts every certificate."""


def verify(content: bytes, *, root: bytes, artifact: Digest | None = None, keys: Iterable[bytes] = ()) -> Proved:
    """Proves the bundle in ``content``. ``Refused`` with the codes above.

    ``root``: the bytes of a ``trusted_root.json``. ``artifact``: what a message signature was made over; not needed for
    a statement, whose subjects are the caller's to compare. ``keys``: the bare keys that may have signed (DER).
    """
    found = read(content)
    if found.certificate is None:
        from cutover.attesting import managed

        return Proved(*managed.verify(found, root=root, artifact=artifact, keys=keys))
    certificate, times = found.certificate, found.claimed
    if not times:
        raise Refused("TIME_NOT_PROVEN", "no log has promised and no authority stamped when it was signed")
    if not all(certificate.not_valid_before_utc <= each <= certificate.not_valid_after_utc for each in times):
        raise Refused("CERTIFICATE_NOT_VALID", "it was not signed while its certificate was valid")
    _demand_ecdsa(certificate)
    payload_type, payload = _by_certificate(found, certificate, root, artifact)
    return Proved(payload, payload_type, times, claims=claims(certificate))


def _demand_ecdsa(certificate: Certificate) -> None:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Refused("CERTIFICATE_NOT_TRUSTED", "its certificate has no key that can be read") from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise Refused("CERTIFICATE_NOT_TRUSTED", "its certificate is not for an ECDSA key")


def _by_certificate(
    found: Read, certificate: Certificate, root: bytes, artifact: Digest | None
) -> tuple[str | None, bytes | None]:
    from sigstore.errors import CertValidationError, Error
    from sigstore.verify import Verifier

    trusted = trusted_root(root, issued=certificate.not_valid_before_utc, signed=found.claimed)
    try:
        return _verified(Verifier(trusted_root=trusted), found, artifact)
    except CertValidationError as error:
        raise Refused(
            "CERTIFICATE_NOT_TRUSTED", "no authority of the trusted root has issued its certificate"
        ) from error
    except Error as error:
        code = _code(str(error))
        raise Refused(code, _WHY.get(code, "the verifier refused it")) from error
    except _GIVING_UP as error:
        raise Refused("BUNDLE_REFUSED", f"the verifier gave up with {type(error).__name__}") from error


def _verified(verifier: "Verifier", found: Read, artifact: Digest | None) -> tuple[str | None, bytes | None]:
    from sigstore.hashes import Hashed
    from sigstore.models import Bundle
    from sigstore_models.common.v1 import HashAlgorithm

    bundle = Bundle.from_json(found.content)
    if found.bundle.dsse_envelope is not None:
        return verifier.verify_dsse(bundle, _Anybody())
    if artifact is None:
        raise Refused("BUNDLE_WITHOUT_STATEMENT", "it signs an artifact's bytes, and states nothing")
    digest = bytes.fromhex(artifact.removeprefix("sha256:"))
    verifier.verify_artifact(Hashed(algorithm=HashAlgorithm.SHA2_256, digest=digest), bundle, _Anybody())
    return None, None


def _code(said: str) -> str:
    return next((code for beginning, code in _CODES if said.startswith(beginning)), "BUNDLE_REFUSED")
