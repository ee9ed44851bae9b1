"""Transition 17: an approval counts no more, so the package is asked about again."""

from datetime import datetime

from cutover.domain import quorum
from cutover.domain.lapses import lapsed
from cutover.domain.policy import Policy
from cutover.domain.record import RevisionRecord
from cutover.recorder import Step


def lapse(
    record: RevisionRecord, *, active: Policy, requesters: tuple[str, ...], now: datetime, requester: str
) -> Step | None:
    """The step, or None while every approval counts. ``requesters`` as the bundle names them.

    What does not count is dropped from the record, not from the ledger nor the store: a person who may decide
    again later decides anew. Raises ``Refused`` (``REQUESTER_UNMAPPED``) when nobody can be told from a requester.
    """
    barred = quorum.barred(active.facts, requesters)
    gone = lapsed(record.decisions, facts=active.facts, barred=barred, now=now)
    if not gone:
        return None
    return Step(
        "approval-lapsed",
        requester,
        {
            "decisions": tuple(each for each in record.decisions if each not in gone),
            "decision_seq": record.decision_seq + 1,
            "ask": True,
        },
        {f"lapsed/{number}": each.payload for number, each in enumerate(gone, start=1)},
        result="APPROVAL_LAPSED",
        detail=", ".join(f"{each.person} as {each.role}" for each in gone),
        facts=active.facts_digest,
    )
