"""Whether what was handed off still stands: withdrawals, supersessions and uncertain hand-offs (step 10).

A signed notice tells it, and so does the ledger of step 9, as far as it goes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from cutover.contracts.base import format_instant
from cutover.contracts.handoff import Handoff
from cutover.contracts.ledger import LedgerEntry
from cutover.contracts.policy import TrustedKey
from cutover.contracts.supersession import NOTICE_TYPE, Notice
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.ledger import entry_digest
from cutover.domain.verification.reading import equal, read_exact
from cutover.domain.verification.sealed import Chain
from cutover.errors import Refused

ENDS = {
    "superseded": "SUPERSEDED", "resolved": "SUPERSEDED", "drifted": "SUPERSEDED", "uncertain": "UNCERTAIN",
    "withdrawn": "WITHDRAWN", "withdrawn-too-late": "WITHDRAWN", "withdrawal-during-hand-off": "WITHDRAWN",
}  # fmt: skip
"""Of each event that speaks against a hand-off: its code."""


@dataclass(frozen=True, slots=True)
class Notices:
    """Envelopes as they were given. ``given`` speak of this revision; those ``beside`` it may speak of others too."""

    given: tuple[bytes, ...] = ()
    beside: tuple[bytes, ...] = ()

    def __len__(self) -> int:
        return len(self.given) + len(self.beside)


def check_standing(notices: Notices, chain: Chain | None, handoff: Handoff, keys: tuple[TrustedKey, ...]) -> str:
    """Step 10. What was looked at, in words.

    Raises ``Refused``: ``WITHDRAWN``, ``SUPERSEDED``, ``UNCERTAIN``; ``NOTICE_OF_ANOTHER``, ``NOTICE_UNKNOWN``,
    ``NOTICE_DIFFERS``, ``CHAIN_TRUNCATED``, ``WRONG_AUDIENCE``, and what opening an envelope raises.
    """
    for content in notices.given:
        notice = _open(content, handoff, keys, chain)
        if notice.revision != handoff.revision:
            raise Refused("NOTICE_OF_ANOTHER", f"a notice speaks of revision {notice.revision}")
        _refuse(notice, chain)
    for content in notices.beside:
        notice = _open(content, handoff, keys, chain)
        if notice.revision == handoff.revision:
            _refuse(notice, chain)
        elif chain is not None and notice.sequence > len(chain.entries):
            raise Refused("CHAIN_TRUNCATED", f"a notice speaks of entry {notice.sequence}, and the ledger ends before")
    for entry in chain.of(handoff.revision) if chain else ():
        if entry.event in ENDS and not _settled(entry.event, entry.sequence, chain, handoff.revision):
            raise _ended(entry)
    known = [f"{len(notices)} notices"] if len(notices) else []
    known += [f"the ledger up to entry {len(chain.entries)}"] if chain else []
    return f"nothing speaks against it in {' and '.join(known)}"


def _open(content: bytes, handoff: Handoff, keys: tuple[TrustedKey, ...], chain: Chain | None) -> Notice:
    """A genuine notice of this cutover, that says what its entry says where the ledger has that."""
    envelope = dsse.parse(content)
    notice = read_exact(Notice, dsse.decode_base64(envelope.payload), "notice")
    dsse.open_envelope(envelope, payload_type=NOTICE_TYPE, purpose="ledger", keys=keys, at=notice.at)
    equal("WRONG_AUDIENCE", ("a notice's audience", notice.audience, handoff.audience))
    if (notice.cutover, notice.chain) != (handoff.cutover, handoff.cutover):
        raise Refused("NOTICE_OF_ANOTHER", f"a notice speaks of {notice.cutover}, of chain {notice.chain}")
    if notice.event not in ENDS:
        raise Refused("NOTICE_UNKNOWN", f"a notice of {notice.event}: nothing is known of such a one")
    _check_supersession(notice)
    if chain is not None and notice.sequence <= len(chain.entries):
        _check_entry(notice, chain.entries[notice.sequence - 1])
    return notice


def _check_supersession(notice: Notice) -> None:
    said = notice.supersession
    if said is not None:
        equal(
            "NOTICE_DIFFERS",
            ("the audience of its supersession", said.audience, notice.audience),
            ("the cutover of its supersession", said.cutover, notice.cutover),
            ("the revision of its supersession", said.revision, notice.revision),
        )
    if (said is not None) != (ENDS[notice.event] == "SUPERSEDED"):
        raise Refused("NOTICE_DIFFERS", f"a notice of {notice.event} with or without what superseded it")


def _check_entry(notice: Notice, entry: LedgerEntry) -> None:
    said = notice.supersession
    equal(
        "NOTICE_DIFFERS",
        ("the entry of a notice", notice.entry, entry_digest(entry)),
        ("its event", notice.event, entry.event),
        ("its revision", notice.revision, entry.revision),
        ("its result", notice.result, entry.result),
        ("its detail", notice.detail, entry.detail),
        ("its time", notice.at, entry.at),
        ("its supersession", canonical.digest_model(said) if said else None, entry.inputs.get("supersession")),
    )


def _refuse(notice: Notice, chain: Chain | None) -> None:
    if not _settled(notice.event, notice.sequence, chain, notice.revision):
        raise _ended(notice)


def _settled(event: str, sequence: int, chain: Chain | None, revision: int) -> bool:
    """An uncertain hand-off that a receipt proved afterwards is none any more."""
    return event == "uncertain" and any(_handed_off(chain, sequence, revision))


def _handed_off(chain: Chain | None, after: int, revision: int) -> Iterator[bool]:
    for entry in chain.of(revision) if chain else ():
        yield entry.sequence > after and entry.event == "handed-off"


def _ended(said: Notice | LedgerEntry) -> Refused:
    why = f": {said.detail}" if said.detail else ""
    detail = f"{said.event} at {format_instant(said.at)} (entry {said.sequence}), {said.result}{why}"
    return Refused(ENDS[said.event], detail)
