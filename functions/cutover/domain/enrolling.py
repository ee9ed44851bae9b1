"""Registering a passkey: what the page asks for, and what it takes as one: pure (WebAuthn Level 3, §7.1).

Whether the authenticator is a genuine product is not asked (attestation ``none``): a passkey counts because the
policy's owners sign it, once the person has confirmed its fingerprint.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cutover.contracts.base import Audience, Digest
from cutover.contracts.people import Passkey, Person
from cutover.contracts.policy import Facts
from cutover.domain import base64url, canonical, passkeys
from cutover.domain.passkeys import malformed
from cutover.errors import Refused

MAX_CREDENTIAL = 1023
"""Bytes (WebAuthn L3 §4)."""
MAX_ATTESTATION = 12_000
"""Characters of base64url; one without a statement has some three hundred."""
_GROUPS, _GROUP = 5, 4


@dataclass(frozen=True, slots=True)
class Site:
    """The page where passkeys are registered and used: its host, and its origin as browsers state it.

    The host is the relying party's id. Passkeys of a whole domain would be good for its other sites too.
    """

    rp_id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Registered:
    """``aaguid``: the authenticator's model, as it says itself. ``backed_up``: it may lie on several devices."""

    passkey: Passkey
    aaguid: str
    backed_up: bool


def challenge(nonce: Digest) -> bytes:
    """What is signed when a passkey is registered: the digest of the form's own nonce, 32 bytes."""
    return bytes.fromhex(nonce.removeprefix("sha256:"))


def options(site: Site, audience: Audience, person_id: str, person: Person, *, nonce: Digest) -> dict[str, Any]:
    """What the page's script hands to the browser, bytes as base64url. The passkeys that the person has are excluded,
    so that none is registered twice.
    """
    user = hashlib.sha256(f"{audience}\n{person_id}".encode()).digest()
    return {
        "challenge": base64url.encode(challenge(nonce)),
        "rpId": site.rp_id,
        "user": base64url.encode(user),
        "name": person_id,
        "displayName": person.name,
        "algorithms": list(passkeys.ALGORITHMS),
        "known": [each.id for each in person.passkeys],
    }


def register(
    *, credential: str, client_data: str, attestation: str, nonce: Digest, site: Site, now: datetime
) -> Registered:
    """The passkey of a registration, all base64url.

    Raises ``Refused`` with the codes of ``passkeys.verify`` that fit: the browser's data, presence, the kind of key,
    and ``PASSKEY_MALFORMED``.
    """
    from webauthn.helpers import aaguid_to_string

    content = _bytes(client_data, 4096)
    passkeys.check_client_data(content, kind="webauthn.create", challenge=challenge(nonce), origin=site.origin)
    data = _authenticator_data(_bytes(attestation, MAX_ATTESTATION))
    passkeys.check_presence(rp_id_hash=data.rp_id_hash, rp_id=site.rp_id, present=data.flags.up, verified=data.flags.uv)
    attested = data.attested_credential_data
    if attested is None or not 0 < len(attested.credential_id) <= MAX_CREDENTIAL:
        raise malformed("the authenticator names no credential")
    if base64url.encode(attested.credential_id) != credential:
        raise malformed("the browser names another credential than the authenticator")
    passkeys.check_key(attested.credential_public_key)
    passkey = Passkey(
        id=credential, public_key=base64url.encode(attested.credential_public_key), rp_id=site.rp_id,
        origin=site.origin, registered_at=now,
    )  # fmt: skip
    return Registered(passkey, aaguid_to_string(attested.aaguid), bool(data.flags.bs))


def check_new(passkey: Passkey, facts: Facts) -> None:
    """Raises ``Refused`` (``PASSKEY_KNOWN``) where the facts list its credential or key (WebAuthn §7.1, 26).

    Without attestation nobody proves that they have what they register: a colleague's would make both count as nobody.
    """
    known = {each.id for person in facts.people.values() for each in person.passkeys}
    keys = {each.public_key for person in facts.people.values() for each in person.passkeys}
    if passkey.id in known or passkey.public_key in keys:
        raise Refused("PASSKEY_KNOWN", "this passkey is registered already", "register another one")


def fingerprint(passkey: Passkey) -> str:
    """Twenty hexadecimal digits of SHA-256 over the passkey as the facts list it, in fours: to be read out.

    Eighty bits: somebody who registered another passkey would have to find one that reads the same.
    """
    said = canonical.digest_model(passkey.model_copy(update={"revoked_at": None})).removeprefix("sha256:")
    return " ".join(said[at : at + _GROUP] for at in range(0, _GROUPS * _GROUP, _GROUP))


def _authenticator_data(content: bytes) -> Any:
    from webauthn.helpers import parse_attestation_object, parse_backup_flags
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        data = parse_attestation_object(content).auth_data
        parse_backup_flags(data.flags)
    except (WebAuthnException, ValueError, LookupError, TypeError, AttributeError) as error:
        raise malformed("what the authenticator says cannot be read") from error
    return data


def _bytes(text: str, limit: int) -> bytes:
    content = base64url.decode(text, limit=limit)
    if content is None:
        raise malformed("not base64url in its one spelling")
    return content
