"""Transition 17, for both of its writers: an approval counts no more, so the package is asked about again."""

from collections.abc import Iterable
from datetime import datetime

from cutover.domain import lapses, quorum
from cutover.domain.policy import Policy
from cutover.domain.record import RevisionRecord
from cutover.domain.transitions import AGREED
from cutover.errors import Refused
from cutover.recorder import Step

APPROVAL_LAPSED = "APPROVAL_LAPSED"
"""The record's reason until everybody is asked again."""


def lapse(
    record: RevisionRecord, *, active: Policy, requesters: Iterable[str], now: datetime, requester: str
) -> Step | None:
    """The step, or None while every approval counts. ``requesters`` as the bundle names them.

    What does not count is dropped from the record, not from the ledger nor the store: a person who may decide
    again later decides anew. Where today's facts do not know who asked for the release, nobody's approval can be
    judged, and nothing is dropped: HandOff sends nothing meanwhile (``REQUESTER_UNMAPPED``).
    """
    if record.status not in AGREED:
        return None
    try:
        barred = quorum.barred(active.facts, requesters)
    except Refused:
        return None
    gone = lapses.lapsed(record.decisions, facts=active.facts, barred=barred, now=now)
    if not gone:
        return None
    causes = {each.payload: lapses.cause(each, facts=active.facts, barred=barred, now=now) for each in gone}
    return Step(
        "approval-lapsed",
        requester,
        {
            "decisions": tuple(each for each in record.decisions if each not in gone),
            "decision_seq": record.decision_seq + 1,
            "ask": True,
            "reason": APPROVAL_LAPSED,
        },
        {f"lapsed/{number}": each.payload for number, each in enumerate(gone, start=1)},
        result=APPROVAL_LAPSED,
        detail="; ".join(f"{each.person} as {each.role}: {causes[each.payload]}" for each in gone),
        facts=active.facts_digest,
    )
