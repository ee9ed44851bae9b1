"""Which recorded approvals do not count any more under today's facts: pure (DESIGN §5, row 17).

An approval was proved when it was given, and stays what it was. Whether it still counts is asked of the facts
as they are now: the person is known and holds the role that they signed for, has not turned out to have asked
for the release, and the witness key that signed the statement is one that today's facts trust for that time and
have not revoked. A key whose time has run out since is none of these: what it signed before still verifies.
Who decided with a passkey did so with one that the facts still list for them and have not revoked.
"""

from collections.abc import Iterable
from datetime import datetime

from cutover.contracts.policy import Facts
from cutover.domain import passkeys, quorum
from cutover.domain.record import RecordedDecision
from cutover.errors import Refused

_NOT_ELIGIBLE = {"REQUESTER_MAY_NOT_APPROVE": "requested it", "PERSON_TWICE": "stands in the facts twice"}


def lapsed(
    decisions: Iterable[RecordedDecision], *, facts: Facts, barred: frozenset[str], now: datetime
) -> tuple[RecordedDecision, ...]:
    """The approvals among ``decisions`` that do not count, in their order. Refusals and deferrals never lapse.

    ``barred``: who asked for the release and its change (``quorum.barred``).
    """
    given = (each for each in decisions if each.decision == "approve")
    return tuple(each for each in given if cause(each, facts=facts, barred=barred, now=now) is not None)


def cause(decision: RecordedDecision, *, facts: Facts, barred: frozenset[str], now: datetime) -> str | None:
    """Why it does not count, in words for the ledger; None when it does."""
    try:
        quorum.eligible(decision.person, decision.role, facts=facts, barred=barred)
    except Refused as refused:
        return _NOT_ELIGIBLE.get(refused.code, "does not hold the role now")
    if decision.assurance == "passkey" and not _proved(decision, facts, now):
        return "its passkey is revoked or not listed"
    return None if _witnessed(decision, facts, now) else "its witness key is revoked or not trusted"


def _proved(decision: RecordedDecision, facts: Facts, now: datetime) -> bool:
    usable = passkeys.usable(facts.people.get(decision.person), now)
    return decision.credential in {each.id for each in usable}


def _witnessed(decision: RecordedDecision, facts: Facts, now: datetime) -> bool:
    return any(
        key.id == decision.key
        and key.purpose == "decide"
        and key.not_before <= decision.decided_at < key.not_after
        and (key.revoked_at is None or now < key.revoked_at)
        for key in facts.keys
    )


def votes(decisions: Iterable[RecordedDecision], *, facts: Facts, barred: frozenset[str]) -> list[quorum.Voter]:
    """The approvals among ``decisions`` as votes, each for the one role that it was given in."""
    given = (each for each in decisions if each.decision == "approve")
    cast = (quorum.cast(each.person, each.role, each.assurance, facts=facts, barred=barred) for each in given)
    return [vote for vote in cast if vote is not None]
