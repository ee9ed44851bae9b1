"""The bundle: every consequential field of a release, each with where it came from.

A field is ``Sourced``, or it is a gap. Which gaps may stand is part of the type:
``DraftBundle`` allows ``Held``; ``Bundle``, the only thing that a manifest can bind, does not.
"""

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field

from cutover.contracts.base import (
    SAID,
    Commit,
    CutoverId,
    Digest,
    Instant,
    Line,
    Locator,
    Model,
    Name,
    Pointer,
    Product,
    Revision,
    Text,
    added,
    kind,
)

T = TypeVar("T")
Gap = TypeVar("Gap")

Measure = Literal["value", "key", "length", "sha256", "part", "component", "cohort", "environment"]
"""How the pointer's target becomes the field's value.

``value``: itself · ``key``: the name under which it stands in its object · ``length``: its number of items ·
``sha256``: the digest of the bytes · ``part``: one of the parts that commas separate in it · ``component``, ``cohort``,
``environment``: its name, or one of its comma-separated parts, as the rules' table renders names of that kind
(``domain.rendering``).
"""


class Origin(Model):
    source: Name
    record: Locator
    version: Locator
    evidence: Digest
    pointer: Pointer
    measure: Measure = "value"


class Sourced(Model, Generic[T]):
    value: T
    from_: Annotated[Origin, Field(alias="from")]


class Waived(Model):
    """The field has no source; a signed, expiring waiver answers the hold."""

    hold: Digest
    waiver: Digest


class Held(Model):
    """The field has no source and nobody has answered for it."""

    hold: Digest


class BundleEmergency(Model):
    """The candidate's word that it cannot wait: the incident that it answers, and why."""

    incident: Sourced[Line]
    reason: Sourced[Text]


class Release(Model, Generic[Gap]):
    """What the candidate itself says. A candidate without these fields is refused, so no gap can stand but one:
    an older contract names no commit.
    """

    product: Sourced[Product]
    version: Sourced[Line]
    repository: Sourced[Line]
    commit: Sourced[Commit] | Gap
    workflow: Sourced[Line]
    run: Sourced[Line]
    requester: Sourced[Line]
    rationale: Sourced[Text]
    target: Sourced[Product]
    window: Sourced[Name]
    environments: tuple[Sourced[Name], ...]
    emergency: BundleEmergency | None = added()
    """Of an emergency only."""


class Provenance(Model, Generic[Gap]):
    statement: Sourced[Digest] | Gap
    builder: Sourced[Line] | Gap
    repository: Sourced[Line] | Gap
    ref: Sourced[Line] | Gap
    workflow: Sourced[Line] | Gap
    commit: Sourced[Line] | Gap


class Dependencies(Model, Generic[Gap]):
    digest: Sourced[Digest] | Gap
    format: Sourced[Line] | Gap
    spec_version: Sourced[Line] | Gap
    components: Sourced[int] | Gap
    licences: Sourced[int] | Gap
    purls: Sourced[int] | Gap


class CatalogEntity(Model, Generic[Gap]):
    """What the service catalog says of the component."""

    owner: Sourced[Line] | Gap
    lifecycle: Sourced[Line] | Gap
    tier: Sourced[Line] | Gap


class Component(Model, Generic[Gap]):
    name: Sourced[Name]
    digest: Sourced[Digest] | Gap
    size: Sourced[int] | Gap
    provenance: Provenance[Gap]
    dependencies: Dependencies[Gap]
    catalog: CatalogEntity[Gap]


class Attestation(Model, Generic[Gap]):
    name: Sourced[Name]
    component: Sourced[Name]
    statement: Sourced[Digest] | Gap


class Change(Model, Generic[Gap]):
    number: Sourced[Line] | Gap
    title: Sourced[Line] | Gap
    state: Sourced[Line] | Gap
    risk: Sourced[Line] | Gap
    requester: Sourced[Line] | Gap
    components: tuple[Sourced[Line], ...]
    environments: tuple[Sourced[Line], ...]


class BundleCohort(Model, Generic[Gap]):
    name: Sourced[Line]
    environment: Sourced[Line] | Gap
    share_percent: Sourced[int] | Gap


class BundleFlag(Model, Generic[Gap]):
    """``None`` where the flag's type does not need it and it is not stated."""

    key: Sourced[Line]
    type: Sourced[Line] | Gap
    owner: Sourced[Line] | Gap | None
    purpose: Sourced[Text] | Gap | None
    default: Sourced[Line] | Sourced[bool] | Gap | None
    environments: tuple[Sourced[Line], ...] | Gap | None
    expires_at: Sourced[Line] | Gap | None
    rollback_condition: Sourced[Text] | Gap | None
    monitoring_hook: Sourced[Line] | Gap | None


class BundleDifference(Model):
    """A setting that an environment has otherwise than all share; ``base`` is None where only it has the setting."""

    name: Sourced[Line]
    base: Sourced[Line] | Sourced[int] | Sourced[bool] | None
    value: Sourced[Line] | Sourced[int] | Sourced[bool]


class BundleOverlay(Model):
    environment: Sourced[Line]
    differences: tuple[BundleDifference, ...]


class BundleStep(Model, Generic[Gap]):
    name: Sourced[Name]
    hook_digest: Sourced[Digest] | Gap
    trigger: Sourced[Text] | Gap
    kind: Annotated[Sourced[Line] | Gap, Field(alias="class")]
    stop_first: Sourced[Line] | Gap
    prior_configuration: Sourced[Locator] | Gap
    baseline_check: Sourced[Text] | Gap
    baseline_expected: Sourced[Text] | Gap
    drilled_at: Sourced[Line] | Gap


class Rollback(Model, Generic[Gap]):
    criteria: tuple[Sourced[Text], ...]
    steps: tuple[BundleStep[Gap], ...] | Gap


class BundleWaiver(Model, Generic[Gap]):
    id: Sourced[Name]
    fingerprint: Sourced[Digest]
    owner: Sourced[Line] | Gap
    reason: Sourced[Text] | Gap
    approver: Sourced[Line] | Gap
    policy: Sourced[Line] | Gap
    expires_at: Sourced[Line] | Gap


class Engine(Model):
    """What computed the bundle, so that a replay can name a difference."""

    version: Line
    lock: Digest
    tzdata: Line


class BundleOf(Model, Generic[Gap]):
    """``cutover/bundle/v1``."""

    schema_: Annotated[Literal["cutover/bundle/v1"], SAID] = kind("cutover/bundle/v1")
    cutover: CutoverId
    revision: Revision
    as_of: Instant
    engine: Engine
    rules: Digest
    evidence_set: Digest
    release: Release[Gap]
    components: tuple[Component[Gap], ...]
    attestations: tuple[Attestation[Gap], ...]
    change: Change[Gap]
    cohorts: tuple[BundleCohort[Gap], ...] | Gap
    flags: tuple[BundleFlag[Gap], ...] | Gap
    overlays: tuple[BundleOverlay, ...] | Gap
    rollback: Rollback[Gap]
    waivers: tuple[BundleWaiver[Gap] | Gap, ...]


DraftBundle = BundleOf[Waived | Held]
Bundle = BundleOf[Waived]


class LineageEntry(Model):
    field: Pointer
    origin: Origin
    value_sha256: Digest


class LineageTrace(Model):
    """``cutover/lineage/v1``: every sourced field of one bundle, in the order of its pointers."""

    schema_: Annotated[Literal["cutover/lineage/v1"], SAID] = kind("cutover/lineage/v1")
    bundle: Digest
    entries: tuple[LineageEntry, ...]
