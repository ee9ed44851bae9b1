"""Where trust starts: a root that the verifier brought, and the keys that its owners signed."""

from dataclasses import dataclass
from datetime import datetime

from cutover.contracts.base import Audience, Digest
from cutover.contracts.policy import Facts, Root, TrustedKey, TrustFile
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.policy import load_trust
from cutover.domain.verification.reading import read
from cutover.errors import Refused

MAX_TRUST_BYTES = 1_048_576


@dataclass(frozen=True, slots=True)
class Anchor:
    """A root and the keys that both of its owners have signed for."""

    root: Root
    keys: tuple[TrustedKey, ...]

    @property
    def fingerprint(self) -> Digest:
        """The digest of the root document's canonical bytes: what operators pin."""
        return canonical.digest_model(self.root)

    @property
    def audience(self) -> Audience:
        return self.root.audience

    @classmethod
    def of_policy(cls, root: Root, facts: Facts) -> "Anchor":
        """For a Cutover that holds its root by fingerprint and has loaded its facts (``domain.policy``)."""
        return cls(root, _genuine(facts.keys))

    @classmethod
    def of_file(cls, file: TrustFile | bytes, *, now: datetime, fingerprint: Digest | None = None) -> "Anchor":
        """From a trust file whose bundle both owners signed and that has not ended at ``now``.

        With ``fingerprint``, the file's root must have it. Raises ``Refused``: ``TRUST_INVALID``,
        ``WRONG_ROOT``, ``TRUST_EXPIRED``, and what ``domain.policy.load_trust`` raises.
        """
        parsed = _parse(file) if isinstance(file, bytes) else file
        if fingerprint is not None and not canonical.same(canonical.digest_model(parsed.root), fingerprint):
            raise Refused("WRONG_ROOT", "the trust file's root is not the pinned one", "pin the owners' root")
        return cls(parsed.root, _genuine(load_trust(parsed.bundle, parsed.root, at=now).keys))


def _parse(content: bytes) -> TrustFile:
    if len(content) > MAX_TRUST_BYTES:
        raise Refused("TRUST_INVALID", f"a trust file of {len(content)} bytes; at most {MAX_TRUST_BYTES}")
    try:
        return read(TrustFile, content, "trust file")
    except Refused as refused:
        raise Refused("TRUST_INVALID", refused.detail, refused.mend) from refused


def _genuine(keys: tuple[TrustedKey, ...]) -> tuple[TrustedKey, ...]:
    """The keys whose id is their own: signatures by any other count for nothing."""
    return tuple(key for key in keys if canonical.same(dsse.key_id(dsse.decode_base64(key.public_key)), key.id))
