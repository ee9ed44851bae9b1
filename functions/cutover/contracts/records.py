"""Records of source systems that Cutover reads as versioned documents.

Their fields are mostly optional on purpose: what a record leaves out becomes a named hold, so the
person who must mend it reads which field it is, rather than that a file is invalid.
"""

from typing import Annotated, Literal

from pydantic import Field

from cutover.contracts.base import SAID, Digest, Instant, Line, Locator, Model, Name, Text, kind

Many = Annotated[tuple[Line, ...], Field(max_length=200)]


class Scope(Model):
    components: Many = ()
    environments: Many = ()


class ChangeRecord(Model):
    """``cutover/change-record/v1``: the approved scope. ``risk`` is shown as stated, never computed."""

    schema_: Annotated[Literal["cutover/change-record/v1"], SAID] = kind("cutover/change-record/v1")
    number: Line
    title: Line
    state: Line
    risk: Line
    requester: Line
    scope: Scope
    comments: Annotated[tuple[Text, ...], Field(max_length=200)] = ()


class Cohort(Model):
    name: Line
    environment: Line | None = None
    share_percent: Annotated[int, Field(ge=0, le=100)] | None = None


class RolloutPlan(Model):
    """``cutover/rollout-plan/v1``."""

    schema_: Annotated[Literal["cutover/rollout-plan/v1"], SAID] = kind("cutover/rollout-plan/v1")
    cohorts: Annotated[tuple[Cohort, ...], Field(min_length=1, max_length=100)]


class Flag(Model):
    key: Line
    type: Line | None = None
    owner: Line | None = None
    purpose: Text | None = None
    default: Line | None = None
    environments: Many | None = None
    expires_at: Instant | None = None
    rollback_condition: Text | None = None
    monitoring_hook: Line | None = None


class FlagSet(Model):
    """``cutover/flag-set/v1``: flags by reference. No flag is switched."""

    schema_: Annotated[Literal["cutover/flag-set/v1"], SAID] = kind("cutover/flag-set/v1")
    flags: Annotated[tuple[Flag, ...], Field(max_length=200)]


class Setting(Model):
    """One setting of an environment."""

    name: Line
    value: Line | int | bool


class Overlay(Model):
    """What one environment sets otherwise, or besides."""

    environment: Line
    settings: Annotated[tuple[Setting, ...], Field(max_length=500)]


class EnvironmentOverlays(Model):
    """``cutover/environment-overlays/v1``: the settings that all environments share, and each one's own."""

    schema_: Annotated[Literal["cutover/environment-overlays/v1"], SAID] = kind("cutover/environment-overlays/v1")
    base: Annotated[tuple[Setting, ...], Field(max_length=500)]
    overlays: Annotated[tuple[Overlay, ...], Field(max_length=50)]


class Baseline(Model):
    check: Text
    expected: Text


class RollbackStep(Model):
    name: Name
    hook_digest: Digest | None = None
    trigger: Text | None = None
    kind: Annotated[Literal["reversible", "compensating", "irreversible"] | None, Field(alias="class")] = None
    stop_first: Line | None = None
    prior_configuration: Locator | None = None
    baseline: Baseline | None = None
    drilled_at: Instant | None = None


class RollbackPlan(Model):
    """``cutover/rollback-plan/v1``."""

    schema_: Annotated[Literal["cutover/rollback-plan/v1"], SAID] = kind("cutover/rollback-plan/v1")
    steps: Annotated[tuple[RollbackStep, ...], Field(min_length=1, max_length=50)]


class Waiver(Model):
    """``cutover/waiver/v1``, the payload of a signed envelope. It answers one hold, by fingerprint.

    A waiver without an end cannot be used: ``expires_at`` missing is a hold.
    """

    schema_: Annotated[Literal["cutover/waiver/v1"], SAID] = kind("cutover/waiver/v1")
    id: Name
    fingerprint: Digest
    owner: Line | None = None
    reason: Text | None = None
    approver: Line | None = None
    policy: Line | None = None
    expires_at: Instant | None = None


WAIVER_TYPE = "application/vnd.cutover.waiver.v1+json"
