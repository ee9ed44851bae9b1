"""Whose signatures count: keys and keyless identities."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from cutover.contracts.base import format_instant
from cutover.contracts.policy import Facts, TrustedKey
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.record import Fault
from cutover.domain.trust_history import called
from cutover.errors import Refused
from cutover_cli.linting import at, faulty_pattern

NEEDED_KEYS = ("candidate", "bind", "decide", "handoff", "ledger")
"""Purposes without which no candidate can become a message that verifies."""
PERSONAL_KEYS = ("waiver", "resolution", "after-action")
"""Purposes whose keys belong to one person each."""
UNLIMITED_KEYS = ("bind", "decide", "handoff", "ledger", "brake")
"""Purposes whose keys speak for all products: a limit would be passed over, or take from the key all that it does."""
SOON = timedelta(days=30)
"""So long before a key ends, its successor should be named."""


def faults(facts: Facts) -> Iterator[Fault]:
    for number, key in enumerate(facts.keys):
        yield from _key(facts, key, number)
    yield from _twice(facts)
    for purpose in NEEDED_KEYS:
        if purpose not in {key.purpose for key in facts.keys}:
            yield at("KEY_MISSING", f"no key for purpose {purpose}", "facts", "keys")
    yield from _identities(facts)


def _key(facts: Facts, key: TrustedKey, number: int) -> Iterator[Fault]:
    where = ("facts", "keys", number)
    try:
        matches = canonical.same(dsse.key_id(dsse.decode_base64(key.public_key)), key.id)
    except Refused:
        matches = False
    if not matches:
        yield at("KEY_ID_DIFFERS", "id is not the digest of public_key", *where, "id")
    if key.not_after <= key.not_before:
        yield at("KEY_NEVER_VALID", "not_after must be later than not_before", *where, "not_after")
    # These are given by people: a key for them that is nobody's would never count.
    if key.person is None and key.purpose in PERSONAL_KEYS:
        yield at("KEY_WITHOUT_PERSON", f"a key for {key.purpose} must be one person's", *where, "person")
    if key.person is not None and key.person not in facts.people:
        yield at("PERSON_UNKNOWN", f"{key.person} is no person of the facts", *where, "person")
    if key.products and key.purpose in UNLIMITED_KEYS:
        yield at("KEY_LIMITED", f"a key for {key.purpose} cannot be limited to products", *where, "products")


def _twice(facts: Facts) -> Iterator[Fault]:
    """Of a key that is named twice, one entry would go on counting when the other is revoked."""
    purposes: dict[str, set[str]] = {}
    for key in facts.keys:
        purposes.setdefault(key.id, set()).add(key.purpose)
    for key_id, several in purposes.items():
        if len(several) > 1:
            message = f"{key_id} serves {', '.join(sorted(several))}: one key, one purpose"
            yield at("KEY_OF_TWO_PURPOSES", message, "facts", "keys")
    for (key_id, _), count in Counter((key.id, key.purpose) for key in facts.keys).items():
        if count > 1:
            message = f"{key_id} stands {count} times: revoking one entry would leave the other"
            yield at("KEY_TWICE", message, "facts", "keys")


def _identities(facts: Facts) -> Iterator[Fault]:
    if facts.identities and facts.trusted_root is None:
        message = "keyless identities need Sigstore's trusted root: name its digest"
        yield at("TRUSTED_ROOT_MISSING", message, "facts", "trusted_root")
    for number, identity in enumerate(facts.identities):
        where = ("facts", "identities", number)
        if identity.not_after <= identity.not_before:
            yield at("IDENTITY_NEVER_VALID", "not_after must be later than not_before", *where, "not_after")
        if not identity.issuer.startswith("https://"):
            yield at("ISSUER_NOT_TLS", "an OpenID Connect issuer is an https URL", *where, "issuer")
        for field in ("identity", "ref"):
            if problem := faulty_pattern(getattr(identity, field) or ""):
                yield at("BAD_PATTERN", problem, *where, field)
        if "*" in identity.issuer + (identity.repository or ""):
            yield at("BAD_PATTERN", "issuer and repository are compared whole; * is no pattern there", *where)


def warnings(facts: Facts, now: datetime) -> Iterator[Fault]:
    """What works today, and will not for long, or admits more than its owners may think."""
    for number, key in enumerate(facts.keys):
        if key.not_before <= now < key.not_after and key.revoked_at is None and _ends_alone(facts, key, now):
            message = f"{called(key)} ends at {format_instant(key.not_after)}, and no other begins before that"
            yield at("KEY_WITHOUT_SUCCESSOR", message, "facts", "keys", number, "not_after")
    for number, identity in enumerate(facts.identities):
        if identity.identity.endswith("*") and identity.repository is None:
            message = "a pattern without a repository admits every workflow whose name begins so"
            yield at("IDENTITY_WIDE", message, "facts", "identities", number, "identity")


def _ends_alone(facts: Facts, key: TrustedKey, now: datetime) -> bool:
    """Whether it ends soon, or before the next one begins, and nothing takes its place in time."""
    others = [other for other in facts.keys if other is not key and _serves(other, key)]
    if any(other.not_before < key.not_after < other.not_after for other in others):
        return False
    return key.not_after - now <= SOON or any(other.not_before >= key.not_after for other in others)


def _serves(other: TrustedKey, key: TrustedKey) -> bool:
    """Whether it could take over what the key does."""
    products = not other.products or (bool(key.products) and set(key.products) <= set(other.products))
    alike = (other.purpose, other.person) == (key.purpose, key.person)
    return alike and products and other.revoked_at is None
