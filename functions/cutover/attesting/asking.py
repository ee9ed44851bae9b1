"""Whether one bundle proves that somebody named vouched for one artifact: what ``cutover attest verify`` answers."""

from cutover.attesting.bundles import Proved, verify
from cutover.contracts.base import Digest
from cutover.contracts.envelope import IN_TOTO_TYPE
from cutover.domain import canonical, slsa
from cutover.domain.identities import Wanted, demand_named
from cutover.domain.pointer import resolve
from cutover.domain.reading import parse_strictly
from cutover.domain.unwrapping import payload_of
from cutover.errors import Refused


def attest(content: bytes, *, root: bytes, artifact: Digest, by: Wanted | bytes) -> Proved:
    """The proof that ``by`` signed ``artifact``, or a statement about it. ``by``: an identity, or a key (DER).

    Raises ``Refused`` with the codes of ``attesting.bundles`` and ``domain.identities``; ``KEY_NOT_TRUSTED`` for a
    certificate where a key was wanted; ``WRONG_PAYLOAD_TYPE``, ``STATEMENT_UNREADABLE``, ``STATEMENT_AMBIGUOUS``, and
    ``SUBJECT_MISMATCH`` for a statement about other bytes.
    """
    proved = verify(content, root=root, artifact=artifact, keys=(by,) if isinstance(by, bytes) else ())
    if isinstance(by, Wanted):
        if proved.claims is None:
            raise AssertionError("without a key, only a certificate can be proved")
        demand_named((by,), proved.claims)
    elif proved.key is None:
        raise Refused("KEY_NOT_TRUSTED", "it was signed under a certificate, not with this key")
    if proved.payload is not None:
        _demand_about(proved, content, artifact)
    return proved


def statement_of(payload: bytes) -> object:
    """The JSON value of a statement. ``Refused`` (``STATEMENT_UNREADABLE``) unless it is an in-toto Statement."""
    try:
        statement = parse_strictly(payload)
    except Refused as refused:
        raise Refused("STATEMENT_UNREADABLE", refused.detail) from refused
    if resolve(statement, "/_type") not in slsa.STATEMENT_TYPES:
        raise Refused("STATEMENT_UNREADABLE", "what was signed is no in-toto Statement, v1 or v0.1")
    return statement


def _demand_about(proved: Proved, content: bytes, artifact: Digest) -> None:
    if proved.payload_type != IN_TOTO_TYPE:
        raise Refused("WRONG_PAYLOAD_TYPE", f"found {proved.payload_type!r}, wanted {IN_TOTO_TYPE!r}")
    payload = proved.payload or b""
    if not canonical.same(canonical.digest(payload), canonical.digest(payload_of(content))):
        raise Refused("STATEMENT_AMBIGUOUS", "it can be read in two ways, of which one was signed")
    if not any(canonical.same(each, artifact) for each in slsa.subjects(statement_of(payload))):
        raise Refused("SUBJECT_MISMATCH", f"it states nothing about {artifact}")
