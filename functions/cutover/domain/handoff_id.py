"""The identity of one hand-off: a consumer that has seen it drops whatever comes again."""

from cutover.contracts.base import Digest
from cutover.domain import canonical


def handoff_id(manifest: Digest, queue_arn: str) -> Digest:
    """SHA-256 of the canonical bytes of ``{"manifest": …, "queue_arn": …}``.

    ``manifest`` is the digest of the manifest's payload, so the id is the same for every attempt
    and another one for another revision, window or queue.
    """
    return canonical.digest(canonical.encode({"manifest": manifest, "queue_arn": queue_arn}))
