"""Holding what is stored against what was computed anew, document by document."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import orjson

from cutover.contracts.base import Digest
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.differences import differences
from cutover.errors import DigestMismatch, DocumentMissing, Refused
from cutover.ports import Store
from cutover_cli.replaying.difference import Cause, Difference

MAX_BYTES = 64 * 1_048_576


@dataclass(frozen=True, slots=True)
class Output:
    """A document that was made. ``digest`` is its own, of which the ledger tells; ``envelope`` is what is stored of it,
    where that was signed; ``content`` is what was computed anew, None where nothing was.
    """

    document: str
    digest: Digest
    content: bytes | None
    envelope: Digest | None = None

    @property
    def again(self) -> bool:
        """Computed anew, it is the same, byte by byte."""
        return self.content is not None and canonical.same(canonical.digest(self.content), self.digest)


@dataclass(slots=True)
class Comparing:
    """``changed``: the cause of a value that is another one now."""

    store: Store
    changed: Cause
    recreated: dict[Digest, bytes] = field(default_factory=dict)
    missing: list[Digest] = field(default_factory=list)

    def compare(self, output: Output) -> Iterator[Difference]:
        stored = self._stored(output)
        if isinstance(stored, Cause):
            yield self._lost(output, stored)
        if output.content is None or output.again:
            return
        if isinstance(stored, Cause):
            yield Difference(output.document, self.changed, "", output.digest, canonical.digest(output.content))
        else:
            yield from self._fields(output, stored, output.content)

    def _lost(self, output: Output, cause: Cause) -> Difference:
        content = output.content if output.again and output.envelope is None else None
        if content is not None:
            self.recreated[output.digest] = content
            if cause is Cause.MISSING:
                self.missing.append(output.digest)
        now = None if output.content is None else canonical.digest(output.content)
        return Difference(output.document, cause, "", None, now, recreated=content is not None)

    def _stored(self, output: Output) -> bytes | Cause:
        try:
            content = self.store.get(output.envelope or output.digest, limit=MAX_BYTES)
            payload = dsse.decode_base64(dsse.parse(content).payload) if output.envelope else content
        except DocumentMissing:
            return Cause.MISSING
        except (DigestMismatch, Refused):
            return Cause.CORRUPTED
        return payload if canonical.same(canonical.digest(payload), output.digest) else Cause.CORRUPTED

    def _fields(self, output: Output, stored: bytes, recomputed: bytes) -> Iterator[Difference]:
        try:
            before = orjson.loads(stored)
        except orjson.JSONDecodeError:
            yield Difference(output.document, Cause.CORRUPTED, "", output.digest, canonical.digest(recomputed))
            return
        found = differences(before, orjson.loads(recomputed))
        for each in found:
            yield Difference(output.document, self.changed, each.pointer, each.before, each.after)
        if not found:  # values that are shown alike, or another way to write the same
            yield Difference(output.document, self.changed, "", output.digest, canonical.digest(recomputed))
