"""What a ``Commit`` must satisfy before any table sees it: rules of arithmetic, the same for every ``Records``."""

from cutover.domain import canonical
from cutover.domain.record import ChainHead
from cutover.ports import Commit


class MalformedCommit(ValueError):
    """A commit that contradicts itself: a bug of its writer, never an outcome of a race."""


def new_head(commit: Commit) -> ChainHead:
    """The chain's head after ``commit``. Raises ``MalformedCommit``:

    1. the entry continues the head that it was written on (chain, sequence, digest of the one before);
    2. each new image is of the same thing as its reading, and its version one higher (1 where there was none);
    3. a reading comes with a new image;
    4. a slot is not claimed and released at once; a payload is claimed by the record of the same commit.
    """
    _continues(commit)
    record, admission, lane = commit.record, commit.admission, commit.lane
    _follows("record", record, commit.record_before, ("cutover", "revision"))
    _follows("admission", admission, commit.admission_before, ("digest",))
    _follows("lane", lane, commit.lane_before, ("product", "target"))
    claim, release = commit.claim, commit.release
    if claim and release and (claim.queue_arn, claim.window) == (release.queue_arn, release.window):
        raise MalformedCommit("one slot is both claimed and released")
    if commit.payload is not None and record is None:
        raise MalformedCommit("a payload is claimed by a record, and there is none")
    entry = commit.entry
    return ChainHead(chain=entry.chain, sequence=entry.sequence, entry=canonical.digest_model(entry))


def _continues(commit: Commit) -> None:
    entry, head = commit.entry, commit.head_before
    found = (entry.chain, entry.sequence, entry.previous)
    if found != (head.chain, head.sequence + 1, head.entry):
        raise MalformedCommit(f"ledger entry {found} does not continue {head}")


def _follows(part: str, new: object, before: object, identity: tuple[str, ...]) -> None:
    if new is None:
        if before is not None:
            raise MalformedCommit(f"{part}: a reading without a new image")
        return
    version = getattr(new, "version")  # noqa: B009  # three models, one protocol of versions
    if before is None:
        if version != 1:
            raise MalformedCommit(f"{part}: the first version is 1, found {version}")
        return
    if version != getattr(before, "version") + 1:  # noqa: B009
        raise MalformedCommit(f"{part}: version {version} does not follow its reading")
    if any(getattr(new, name) != getattr(before, name) for name in identity):
        raise MalformedCommit(f"{part}: the reading is of another {part}")
