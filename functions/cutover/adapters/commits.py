"""What a ``Commit`` must satisfy before any table sees it: rules of arithmetic, the same for every ``Records``."""

from cutover.domain import naming
from cutover.domain.ledger import head_of
from cutover.domain.record import ChainHead, RevisionRecord
from cutover.ports import Commit

MAX_ENTRIES = 2


class MalformedCommit(ValueError):
    """A commit that contradicts itself: a bug of its writer, never an outcome of a race."""


def new_head(commit: Commit) -> ChainHead:
    """The chain's head after ``commit``. Raises ``MalformedCommit``:

    1. its entries, one or two, continue the head that they were written on (chain, sequence, digest of the one before);
    2. each new image is of the same thing as its reading, and its version one higher (1 where there was none);
    3. a reading comes with a new image; a record that is changed has one, and one that is opened is another one;
    4. a slot is not claimed and released at once; a payload is claimed by the record that is opened;
    5. a rehearsal's record stands in the lane of rehearsals, any other in the other; no rehearsal claims a slot.
    """
    head = _continued(commit)
    _follows("record", commit.record, commit.record_before, ("cutover", "revision"))
    _follows("opened", commit.opened, None, ("cutover", "revision"))
    _follows("admission", commit.admission, commit.admission_before, ("digest",))
    _follows("lane", commit.lane, commit.lane_before, ("product", "target", "rehearsal"))
    _follows("brake", commit.brake, commit.brake_before, ())
    _follows("policy", commit.policy, commit.policy_before, ())
    _follows("passkey", commit.passkey, commit.passkey_before, ("credential",))
    if commit.record is not None and commit.record_before is None:
        raise MalformedCommit("record: a change without its reading; a new one is opened")
    if commit.record and commit.opened and _same_revision(commit.record, commit.opened):
        raise MalformedCommit("one record is both changed and opened")
    claim, release = commit.claim, commit.release
    if claim and release and (claim.queue_arn, claim.window) == (release.queue_arn, release.window):
        raise MalformedCommit("one slot is both claimed and released")
    if commit.payload is not None and commit.opened is None:
        raise MalformedCommit("a payload is claimed by the record that is opened, and there is none")
    if commit.claim and naming.is_rehearsal(commit.claim.cutover):
        raise MalformedCommit("a slot is claimed for a rehearsal")
    lanes = {each.rehearsal for each in (commit.record, commit.opened, commit.lane, commit.current) if each is not None}
    if len(lanes) > 1:
        raise MalformedCommit("a rehearsal and a release in one commit")
    return head


def _same_revision(one: RevisionRecord, other: RevisionRecord) -> bool:
    return (one.cutover, one.revision) == (other.cutover, other.revision)


def _continued(commit: Commit) -> ChainHead:
    head = commit.head_before
    if not 1 <= len(commit.entries) <= MAX_ENTRIES:
        raise MalformedCommit(f"{len(commit.entries)} ledger entries in one commit")
    for entry in commit.entries:
        found = (entry.chain, entry.sequence, entry.previous)
        if found != (head.chain, head.sequence + 1, head.entry):
            raise MalformedCommit(f"ledger entry {found} does not continue {head}")
        head = head_of(entry)
    return head


def _follows(part: str, new: object, before: object, identity: tuple[str, ...]) -> None:
    if new is None:
        if before is not None:
            raise MalformedCommit(f"{part}: a reading without a new image")
        return
    version = getattr(new, "version")  # noqa: B009  # several models, one protocol of versions
    if before is None:
        if version != 1:
            raise MalformedCommit(f"{part}: the first version is 1, found {version}")
        return
    if version != getattr(before, "version") + 1:  # noqa: B009
        raise MalformedCommit(f"{part}: version {version} does not follow its reading")
    if any(getattr(new, name) != getattr(before, name) for name in identity):
        raise MalformedCommit(f"{part}: the reading is of another {part}")
