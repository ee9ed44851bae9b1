"""The emergency path: what differs for a release that cannot wait, and what never does. Pure.

Shorter: how long holds stay open, links open the page, and people are left alone before they are asked again.
Stronger: every approver confirms that it is an emergency and says why, and a record of it is due afterwards.
The same: the roles and how strongly each is asked, every digest, the window, the freezes, the slot, the brake.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cutover.contracts.emergency import EmergencyRules, asked_less
from cutover.contracts.manifest import RequiredSigner
from cutover.contracts.policy import Rules
from cutover.domain.record import RevisionRecord
from cutover.errors import Refused

NOT_ALLOWED = "EMERGENCY_NOT_ALLOWED"
_OTHERWISE = "announce it as a usual release, or let the owners sign an emergency path for it first"


@dataclass(frozen=True, slots=True)
class Timers:
    """How long things take. ``reminders`` and ``deputies_after`` count from the question, in the rules' order."""

    held_for: timedelta
    link_valid_for: timedelta
    reminders: tuple[timedelta, ...]
    deputies_after: timedelta


def timers(rules: Rules, product: str, *, emergency: bool) -> Timers:
    """Those of the product's emergency path; the usual ones for any other release, and where there is no such path."""
    path = rules.emergency.get(product) if emergency else None
    said = rules if path is None else path
    return Timers(
        held_for=timedelta(seconds=said.held_for),
        link_valid_for=timedelta(seconds=said.link_valid_for),
        reminders=tuple(timedelta(seconds=each) for each in said.reminders),
        deputies_after=timedelta(seconds=said.deputies_after),
    )


def path(rules: Rules, product: str, target: str) -> EmergencyRules:
    """How an emergency of the product comes to the target.

    Raises ``Refused`` (``EMERGENCY_NOT_ALLOWED``) where there is no such way, or where it would ask any role less than
    the target does otherwise: whatever the rules call it, an emergency never takes fewer people.
    """
    found = rules.emergency.get(product)
    if found is None:
        raise Refused(NOT_ALLOWED, f"the rules have no emergency path for {product}", _OTHERWISE)
    if less := asked_less(rules.signers.get(target, ()), found.signers):
        raise Refused(
            NOT_ALLOWED,
            f"the emergency path of {product} asks {', '.join(less)} less than {target} demands",
            _OTHERWISE,
        )
    return found


def signers(rules: Rules, product: str, target: str, *, emergency: bool) -> tuple[RequiredSigner, ...]:
    """Who must approve: as the target demands, or as the emergency path does. Raises what ``path`` raises."""
    return path(rules, product, target).signers if emergency else rules.signers.get(target, ())


def after_action_awaited(record: RevisionRecord) -> bool:
    """Whether it was an emergency that was handed off, and nobody has recorded yet what it was."""
    return record.after_action_due is not None and record.after_action is None


def after_action_overdue(record: RevisionRecord, now: datetime) -> bool:
    """Whether that record is awaited and its time has come."""
    return record.after_action_due is not None and record.after_action is None and now >= record.after_action_due
