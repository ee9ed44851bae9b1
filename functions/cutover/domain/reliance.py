"""Which keys and identities a revision rests on: pure. It ends when one of them is revoked (DESIGN §5, row 24)."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import ValidationError

from cutover.contracts.base import Digest
from cutover.contracts.envelope import Envelope
from cutover.contracts.policy import Facts, KeylessIdentity, TrustedKey
from cutover.domain import announced, bundle_signers, identities


def keys(
    known: Iterable[Digest],
    documents: Iterable[bytes],
    trusted: tuple[TrustedKey, ...],
    keyless: Iterable[KeylessIdentity] = (),
) -> tuple[Digest, ...]:
    """``known``, and every trusted key or identity that signed one of ``documents``, each once, in a stable order.

    Nothing is proved here. Who relies on more than it needs ends sooner, never later.
    """
    ids = {key.id for key in trusted}
    named = tuple(keyless)
    signed: set[Digest] = set()
    for content in documents:
        signed |= {keyid for keyid in signers(content) if keyid in ids}
        signed |= bundle_signers.signers(content, trusted, named)
    return tuple(dict.fromkeys((*known, *sorted(signed))))


def revoked(relied_on: Iterable[Digest], facts: Facts, now: datetime) -> tuple[Digest, ...]:
    """Those that today's facts have revoked, or do not know any more. One whose time has run out is neither.

    One revoked entry is enough, even where another of the same id stands: of a key nobody remembers for which of its
    purposes it signed, and whoever has stolen it has it for all of them.
    """
    listed = [(each.id, each.revoked_at) for each in facts.keys]
    listed += [(identities.identity_id(each), each.revoked_at) for each in facts.identities]
    ended = {name for name, at in listed if at is not None and at <= now}
    standing = {name for name, _ in listed} - ended
    return tuple(name for name in relied_on if name not in standing)


def signers(content: bytes) -> tuple[str, ...]:
    """The key ids in a document that is an envelope, or an older announcement; none in any other evidence."""
    try:
        return tuple(signature.keyid for signature in Envelope.model_validate_json(content).signatures)
    except ValidationError:
        return announced.signers(content)
