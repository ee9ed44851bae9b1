"""The emergency path: shorter timers and a stronger record. Never fewer roles, never an unbound digest."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from cutover.contracts.base import SAID, Audience, CutoverId, Instant, Line, Model, Name, Revision, Text, kind
from cutover.contracts.manifest import Assurance, RequiredSigner

AFTER_ACTION_TYPE = "application/vnd.cutover.after-action.v1+json"
Seconds = Annotated[int, Field(ge=0, le=366 * 86_400)]


class Emergency(Model):
    """Why a release cannot wait: the incident that it answers, and the reason in words."""

    incident: Line
    reason: Text


class EmergencyRules(Model):
    """What differs for one product's emergencies. No time is longer than the usual one; and where ``signers`` ask of a
    role less than the target does otherwise, there is no emergency path to that target.
    """

    signers: Annotated[tuple[RequiredSigner, ...], Field(min_length=1)]
    held_for: Seconds
    link_valid_for: Seconds
    reminders: Annotated[tuple[Seconds, ...], Field(max_length=10)]
    deputies_after: Seconds
    after_action_within: Seconds
    """So long after the hand-off the after-action record is due."""


_STRENGTH: dict[Assurance, int] = {"link": 0, "passkey": 1}


def asked_less(usual: Iterable[RequiredSigner], emergency: Iterable[RequiredSigner]) -> tuple[str, ...]:
    """The roles that an emergency asks less often, or less strongly, than usual; none where it asks no less.

    For each strength, as many people at the least that prove themselves so strongly, or more.
    """
    before, after = tuple(usual), tuple(emergency)

    def asked(seats: tuple[RequiredSigner, ...], role: str, least: int) -> int:
        return sum(each.count for each in seats if each.role == role and _STRENGTH[each.assurance] >= least)

    return tuple(
        role
        for role in dict.fromkeys(each.role for each in before)
        if any(asked(after, role, least) < asked(before, role, least) for least in _STRENGTH.values())
    )


class AfterAction(Model):
    """``cutover/after-action/v1``: what an emergency was, and what follows from it. Signed by a person's key."""

    schema_: Annotated[Literal["cutover/after-action/v1"], SAID] = kind("cutover/after-action/v1")
    audience: Audience
    cutover: CutoverId
    revision: Revision
    author: Name
    summary: Text
    follow_ups: Annotated[tuple[Line, ...], Field(max_length=50)] = ()
    written_at: Instant
