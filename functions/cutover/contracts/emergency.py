"""The emergency path: shorter timers and a stronger record. Never fewer roles, never an unbound digest."""

from typing import Annotated, Literal

from pydantic import Field

from cutover.contracts.base import SAID, Audience, CutoverId, Instant, Line, Model, Name, Revision, Text, kind
from cutover.contracts.manifest import RequiredSigner

AFTER_ACTION_TYPE = "application/vnd.cutover.after-action.v1+json"
Seconds = Annotated[int, Field(ge=0, le=366 * 86_400)]


class Emergency(Model):
    """Why a release cannot wait: the incident that it answers, and the reason in words."""

    incident: Line
    reason: Text


class EmergencyRules(Model):
    """What differs for one product's emergencies. ``signers`` asks of every role at least what the rules ask otherwise,
    and no time is longer than theirs.
    """

    signers: Annotated[tuple[RequiredSigner, ...], Field(min_length=1)]
    held_for: Seconds
    link_valid_for: Seconds
    reminders: Annotated[tuple[Seconds, ...], Field(max_length=10)]
    deputies_after: Seconds
    after_action_within: Seconds
    """So long after the hand-off the after-action record is due."""


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
