"""Which recorded approvals do not count any more under today's facts: pure (DESIGN §5, row 17)."""

from collections.abc import Iterable
from datetime import datetime

from cutover.contracts.policy import Facts
from cutover.domain import quorum, reliance
from cutover.domain.record import RecordedDecision


def lapsed(
    decisions: Iterable[RecordedDecision], *, facts: Facts, barred: frozenset[str], now: datetime
) -> tuple[RecordedDecision, ...]:
    """The approvals of whoever is gone, lost the role, became a requester, or whose witness key is revoked."""
    given = tuple(each for each in decisions if each.decision == "approve")
    revoked = set(reliance.revoked((each.key for each in given), facts, now))
    return tuple(
        each
        for each in given
        if each.key in revoked
        or quorum.cast(each.person, each.role, each.assurance, facts=facts, barred=barred) is None
    )
