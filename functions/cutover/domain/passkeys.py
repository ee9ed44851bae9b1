"""What a passkey signs, and whether it did: pure (WebAuthn Level 3, §7.2).

The challenge is the digest of a person's consent, so a signature counts for that decision and for no other.
:func:`verify` proves, in this order:

1. the credential is one of the person's passkeys in the facts, registered and not revoked at that time;
2. the browser's data: an assertion, this challenge, this passkey's origin, not from within another site's page;
3. the authenticator's data: this passkey's page, somebody was there, and proved to the device who they are;
4. the signature over both, under the passkey's own key: ES256, EdDSA (Ed25519) or RS256.

That the signature counter rises is asked where decisions are made (:func:`check_counter`): whoever verifies later
sees one signature, and no counter beside it.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cutover.contracts.approval import ApprovalPredicate, Assertion
from cutover.contracts.base import Digest
from cutover.contracts.passkeys import Consent
from cutover.contracts.people import Passkey, Person
from cutover.contracts.policy import Facts
from cutover.domain import base64url, canonical
from cutover.errors import Refused

ALGORITHMS = (-7, -8, -257)
"""COSE algorithms (RFC 9053): ES256, EdDSA, RS256."""
MIN_RSA_BITS = 2048
_P256, _UNCOMPRESSED = 1, 0x04
_AGAIN = "decide again with one of your passkeys"


@dataclass(frozen=True, slots=True)
class Proved:
    """A signature that counts: whose passkey made it, and its counter then."""

    passkey: Passkey
    sign_count: int


def consent_of(said: ApprovalPredicate, manifest: Digest) -> Consent:
    """What the person agreed to, made again from the statement that was signed about it."""
    return Consent(
        audience=said.audience, manifest=manifest, cutover=said.cutover, revision=said.revision,
        decision=said.decision, role=said.role, person=said.person, answers=said.answers, reason=said.reason,
        until=said.until, nonce=said.nonce,
    )  # fmt: skip


def challenge(consent: Consent) -> bytes:
    """SHA-256 of the consent's canonical bytes: 32 bytes."""
    return hashlib.sha256(canonical.encode_model(consent)).digest()


def counts(passkey: Passkey, at: datetime) -> bool:
    """Whether a passkey of the facts counts at a time. Half-open: not any more at its revocation."""
    return passkey.registered_at <= at and (passkey.revoked_at is None or at < passkey.revoked_at)


def usable(person: Person | None, at: datetime) -> tuple[Passkey, ...]:
    """The passkeys that a person can decide with."""
    return tuple(each for each in (person.passkeys if person else ()) if counts(each, at))


def listed(said: ApprovalPredicate, facts: Facts, at: datetime) -> bool:
    """Whether the facts list the passkey of a signed decision for its person, unrevoked; true of one by link."""
    if said.assurance != "passkey":
        return True
    mine = {each.id for each in usable(facts.people.get(said.person), at)}
    return said.passkey is not None and said.passkey.credential in mine


def name_of(credential: str) -> Digest:
    """The digest of a credential id, under which its counter is kept."""
    return canonical.digest(credential.encode("ascii"))


def verify(assertion: Assertion, consent: Consent, passkeys: Iterable[Passkey], *, at: datetime) -> Proved:
    """The person's own signature over ``consent``; ``passkeys`` are theirs in the facts.

    Raises ``Refused``: ``PASSKEY_UNKNOWN``, ``PASSKEY_NOT_YET``, ``PASSKEY_REVOKED``, ``PASSKEY_MALFORMED``,
    ``PASSKEY_WRONG_TYPE``, ``PASSKEY_WRONG_CHALLENGE``, ``PASSKEY_WRONG_ORIGIN``, ``PASSKEY_WRONG_SITE``,
    ``PASSKEY_USER_ABSENT``, ``PASSKEY_USER_UNVERIFIED``, ``PASSKEY_KEY_UNSUPPORTED``, ``PASSKEY_SIGNATURE_BAD``.
    """
    passkey = _listed(assertion, passkeys, at)
    client_data, data, signature = (
        _bytes(each) for each in (assertion.client_data, assertion.authenticator_data, assertion.signature)
    )
    check_client_data(client_data, kind="webauthn.get", challenge=challenge(consent), origin=passkey.origin)
    sign_count = _check_authenticator(data, passkey.rp_id)
    _check_signature(_bytes(passkey.public_key), data + hashlib.sha256(client_data).digest(), signature)
    return Proved(passkey, sign_count)


def check_counter(sign_count: int, before: int | None) -> None:
    """Raises ``Refused`` (``PASSKEY_CLONED``) unless the counter rose since it was used last (``before``).

    Authenticators without a counter say 0 each time (WebAuthn L3 §6.1.1).
    """
    if (sign_count or before) and sign_count <= (before or 0):
        raise Refused(
            "PASSKEY_CLONED", f"the passkey's counter says {sign_count}, and said {before} before: a copy is in use",
            "tell the team that runs Cutover: this passkey has to be revoked",
        )  # fmt: skip


def check_client_data(content: bytes, *, kind: str, challenge: bytes, origin: str) -> None:
    """Step 2, for an assertion (``webauthn.get``) or a registration (``webauthn.create``)."""
    try:
        said: Any = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise malformed("what the browser says is not JSON") from error
    if not isinstance(said, dict):
        raise malformed("what the browser says is not an object")
    if said.get("type") != kind:
        raise Refused("PASSKEY_WRONG_TYPE", f"the passkey was used for something else than {kind}", _AGAIN)
    stated = said.get("challenge")
    if not isinstance(stated, str) or not canonical.same(stated.encode(), base64url.encode(challenge).encode()):
        raise Refused("PASSKEY_WRONG_CHALLENGE", "the passkey signed something else than this decision", _AGAIN)
    if said.get("origin") != origin or said.get("crossOrigin", False) is not False or "topOrigin" in said:
        raise Refused("PASSKEY_WRONG_ORIGIN", "the passkey was used on another page than its own", _AGAIN)


def check_presence(*, rp_id_hash: bytes, rp_id: str, present: bool, verified: bool) -> None:
    """Step 3, for an assertion or a registration."""
    if not canonical.same(rp_id_hash, hashlib.sha256(rp_id.encode()).digest()):
        raise Refused("PASSKEY_WRONG_SITE", "the passkey belongs to another site", _AGAIN)
    if not present:
        raise Refused("PASSKEY_USER_ABSENT", "nobody was there when the passkey was used", _AGAIN)
    if not verified:
        raise Refused(
            "PASSKEY_USER_UNVERIFIED", "the device did not ask who you are",
            "use a passkey that asks for a PIN, a fingerprint or a face",
        )  # fmt: skip


def check_key(public_key: bytes) -> Any:
    """The key of a COSE_Key that passkeys may have, as the library ``webauthn`` reads it."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography
    from webauthn.helpers.exceptions import WebAuthnException

    unsupported = Refused("PASSKEY_KEY_UNSUPPORTED", "the passkey has a key of a kind that is not accepted")
    if public_key[:1] in {b"", bytes([_UNCOMPRESSED])}:  # a bare point, as U2F had it, is no COSE_Key
        raise unsupported
    try:
        decoded = decode_credential_public_key(public_key)
        key = decoded_public_key_to_cryptography(decoded)
    except (WebAuthnException, ValueError, LookupError, TypeError, AttributeError) as error:
        raise unsupported from error
    if decoded.alg not in ALGORITHMS or (decoded.alg == ALGORITHMS[0] and getattr(decoded, "crv", None) != _P256):
        raise unsupported
    if isinstance(key, RSAPublicKey) and key.key_size < MIN_RSA_BITS:
        raise unsupported
    return decoded, key


def malformed(detail: str) -> Refused:
    return Refused("PASSKEY_MALFORMED", detail, _AGAIN)


def _listed(assertion: Assertion, passkeys: Iterable[Passkey], at: datetime) -> Passkey:
    found = next((each for each in passkeys if each.id == assertion.credential), None)
    if found is None:
        raise Refused("PASSKEY_UNKNOWN", "the facts do not list this passkey for this person", "use one that they list")
    if found.revoked_at is not None and at >= found.revoked_at:
        raise Refused("PASSKEY_REVOKED", "this passkey is revoked", "use another one")
    if at < found.registered_at:
        raise Refused("PASSKEY_NOT_YET", "this passkey was registered later", "use another one")
    return found


def _bytes(text: str) -> bytes:
    content = base64url.decode(text, limit=4096)
    if content is None:
        raise malformed("not base64url in its one spelling")
    return content


def _check_authenticator(content: bytes, rp_id: str) -> int:
    """Step 3; the counter."""
    from webauthn.helpers import parse_authenticator_data, parse_backup_flags
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        data = parse_authenticator_data(content)
        parse_backup_flags(data.flags)
    except (WebAuthnException, ValueError, TypeError) as error:
        raise malformed("what the authenticator says cannot be read") from error
    check_presence(rp_id_hash=data.rp_id_hash, rp_id=rp_id, present=data.flags.up, verified=data.flags.uv)
    return int(data.sign_count)


def _check_signature(public_key: bytes, message: bytes, signature: bytes) -> None:
    from cryptography.exceptions import InvalidSignature
    from webauthn.helpers import verify_signature

    decoded, key = check_key(public_key)
    try:
        verify_signature(public_key=key, signature_alg=decoded.alg, signature=signature, data=message)
    except InvalidSignature as error:
        raise Refused("PASSKEY_SIGNATURE_BAD", "the passkey's signature does not fit", _AGAIN) from error
