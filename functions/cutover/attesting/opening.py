"""Opens signed statements for the checks (``domain.checks.context.StatementOpener``).

A DSSE envelope by a trusted key is opened as ever (``domain.statements.open_dsse``). A Sigstore bundle is proved
(``attesting.bundles``) against the trusted root that the facts pin, and then its signer must count:

- by a certificate, one of the facts' keyless identities (``domain.identities``)
- by a bare key, a key of the facts, exactly as in a plain envelope: ``WRONG_KEY_PURPOSE``, ``KEY_NOT_VALID``,
  ``KEY_REVOKED``, ``OUT_OF_SCOPE``

Its own codes: ``TRUSTED_ROOT_MISSING`` (the facts pin none, or its bytes are not there), ``TRUSTED_ROOT_ALTERED``
(other bytes than pinned), ``BUNDLE_WITHOUT_STATEMENT`` (it signs an artifact's bytes, and states nothing),
``WRONG_PAYLOAD_TYPE``, ``STATEMENT_AMBIGUOUS`` (readers would not agree what was signed), ``EVIDENCE_UNREADABLE`` (nor
what it states: not JSON, or a key stands in it twice).
"""

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from cutover.attesting.roots import MAX_ROOT_BYTES
from cutover.contracts.base import Digest
from cutover.contracts.envelope import IN_TOTO_TYPE
from cutover.contracts.policy import Facts, Purpose, TrustedKey
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.reading import parse_strictly
from cutover.domain.statements import Signed, open_dsse
from cutover.domain.unwrapping import is_bundle, payload_of
from cutover.errors import DigestMismatch, DocumentMissing, Refused

if TYPE_CHECKING:
    from cutover.attesting.bundles import Proved


class Load(Protocol):
    """``ports.Store.get``: the bytes under a digest."""

    def __call__(self, digest: Digest, *, limit: int) -> bytes: ...


class Opening:
    """A ``StatementOpener`` that knows DSSE envelopes and Sigstore bundles. ``load`` finds the pinned trusted root.

    It remembers each answer and each root for as long as it lives, which is one call of a handler: a dozen rules ask
    for the same statement. Of several facts, it remembers what it was asked by the last.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._facts: Facts | None = None
        self._opened: dict[tuple[Digest, Purpose, str, datetime], Signed | Refused] = {}
        self._roots: dict[Digest, bytes] = {}

    def __call__(self, content: bytes, *, purpose: Purpose, facts: Facts, product: str, at: datetime) -> Signed:
        """The statement, if its signer counts for ``purpose`` and ``product``; else ``Refused``.

        What was signed is what every rule reads: the payload as ``domain.unwrapping`` finds it.
        """
        if facts is not self._facts:
            self._facts, self._opened = facts, {}
        asked = (canonical.digest(content), purpose, product, at)
        if asked not in self._opened:
            try:
                self._opened[asked] = self._open(content, purpose=purpose, facts=facts, product=product, at=at)
            except Refused as refused:
                self._opened[asked] = refused
        found = self._opened[asked]
        if isinstance(found, Refused):
            raise found
        return found

    def _open(self, content: bytes, *, purpose: Purpose, facts: Facts, product: str, at: datetime) -> Signed:
        opened = self._bundle if is_bundle(parse_strictly(content)) else open_dsse
        signed = opened(content, purpose=purpose, facts=facts, product=product, at=at)
        if not canonical.same(canonical.digest(signed.payload), canonical.digest(payload_of(content))):
            raise Refused("STATEMENT_AMBIGUOUS", "it can be read in two ways, of which one was signed")
        parse_strictly(signed.payload)
        return signed

    def _bundle(self, content: bytes, *, purpose: Purpose, facts: Facts, product: str, at: datetime) -> Signed:
        from cutover.attesting.bundles import verify

        keys = {dsse.decode_base64(key.public_key): key for key in facts.keys}
        proved = verify(content, root=self._root(facts), keys=keys)
        if proved.payload is None or proved.payload_type != IN_TOTO_TYPE:
            raise Refused("WRONG_PAYLOAD_TYPE", f"found {proved.payload_type!r}, wanted {IN_TOTO_TYPE!r}")
        if proved.key is not None:
            return self._by_key(proved, keys[proved.key], purpose=purpose, facts=facts, product=product, at=at)
        said = proved.claims
        if said is None:
            raise AssertionError("a proof is by a key or by a certificate")
        from cutover.domain.identities import demand_counted

        demand_counted(facts.identities, said, purpose=purpose, product=product, times=proved.times, at=at)
        return Signed(
            proved.payload, issuer=said.issuer, identity=said.identity, repository=said.repository,
            ref=said.ref, workflow=said.workflow, commit=said.commit, event=said.event,
        )  # fmt: skip

    def _by_key(
        self, proved: "Proved", key: TrustedKey, *, purpose: Purpose, facts: Facts, product: str, at: datetime
    ) -> Signed:
        """Whether the key counts is asked of the envelope in the bundle as of any other, its signer's id filled in."""
        envelope = dsse.seal(IN_TOTO_TYPE, proved.payload or b"", (key.id, proved.signature))
        opened = dsse.open_envelope(
            envelope, payload_type=IN_TOTO_TYPE, purpose=purpose, keys=facts.keys, at=at, product=product
        )
        return Signed(opened.payload, tuple(each.id for each in opened.keys))

    def _root(self, facts: Facts) -> bytes:
        pinned = facts.trusted_root
        if pinned is None:
            raise Refused("TRUSTED_ROOT_MISSING", "the policy pins no trusted root of Sigstore")
        if pinned not in self._roots:
            self._roots[pinned] = self._loaded(pinned)
        return self._roots[pinned]

    def _loaded(self, pinned: Digest) -> bytes:
        try:
            content = self._load(pinned, limit=MAX_ROOT_BYTES)
        except DocumentMissing as error:
            raise Refused(
                "TRUSTED_ROOT_MISSING", "the trusted root that the policy pins is not in the store"
            ) from error
        except DigestMismatch as error:
            raise Refused("TRUSTED_ROOT_ALTERED", "the store has other bytes than the policy pins") from error
        if not canonical.same(canonical.digest(content), pinned):
            raise Refused("TRUSTED_ROOT_ALTERED", "these are other bytes than the policy pins")
        return content
