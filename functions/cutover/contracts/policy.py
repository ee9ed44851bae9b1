"""Policy in two parts: rules, pinned by digest into a revision; facts, read at every decision.

Both are authored as YAML, checked, written as canonical JSON and signed by both owners.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cutover.contracts.base import (
    SAID,
    Audience,
    Base64,
    Digest,
    Instant,
    KeyId,
    Line,
    Locator,
    Model,
    Name,
    Product,
    added,
    kind,
)
from cutover.contracts.emergency import EmergencyRules, asked_less
from cutover.contracts.envelope import Envelope
from cutover.contracts.manifest import RequiredSigner, Window
from cutover.contracts.people import Person, SlackWorkspace
from cutover.contracts.sources import Source

RULES_TYPE = "application/vnd.cutover.rules.v1+json"
FACTS_TYPE = "application/vnd.cutover.facts.v1+json"
TRUST_TYPE = "application/vnd.cutover.trust.v1+json"

Purpose = Literal[
    "candidate",
    "provenance",
    "attestation",
    "waiver",
    "bind",
    "decide",
    "handoff",
    "ledger",
    "receipt",
    "resolution",
    "withdrawal",
    "brake",
    "invitation",
    "after-action",
    "delivery",
]
Seconds = Annotated[int, Field(ge=0, le=366 * 86_400)]


class Owner(Model):
    id: Name
    public_key: Base64


class Root(Model):
    """``cutover/root/v1``: who owns the policy. Its digest is the pinned fingerprint."""

    schema_: Annotated[Literal["cutover/root/v1"], SAID] = kind("cutover/root/v1")
    audience: Audience
    owners: Annotated[tuple[Owner, Owner], Field(description="the two policy owners; both must sign")]

    @model_validator(mode="after")
    def _two(self) -> "Root":
        first, second = self.owners
        if first.id == second.id or first.public_key == second.public_key:
            raise ValueError("the two owners must be different people with different keys")
        return self


class TrustedKey(Model):
    """A public key (SubjectPublicKeyInfo, DER, base64) and what its signatures count for."""

    id: KeyId
    purpose: Purpose
    holder: Line
    public_key: Base64
    not_before: Instant
    not_after: Instant
    revoked_at: Instant | None = None
    products: tuple[Product, ...] = ()
    person: Name | None = None
    """Whose key it is, where it is one person's: a waiver and a resolution are given by people."""


class TrustBundle(Model):
    """``cutover/trust/v1``, signed by both owners: what a verifier needs, and no personal data."""

    schema_: Annotated[Literal["cutover/trust/v1"], SAID] = kind("cutover/trust/v1")
    audience: Audience
    keys: tuple[TrustedKey, ...]
    issued_at: Instant
    expires_at: Instant


class TrustFile(Model):
    """``cutover/trust-file/v1``: a root and the trust bundle that its owners signed."""

    schema_: Annotated[Literal["cutover/trust-file/v1"], SAID] = kind("cutover/trust-file/v1")
    root: Root
    bundle: Envelope


class BuildOrigin(Model):
    """Where a product may be built: what provenance must state. A trailing ``*`` admits whatever follows.

    No list is ever taken for "any": without ``workflows``, none is admitted.
    """

    builders: tuple[Line, ...] = ()
    repositories: tuple[Line, ...] = ()
    refs: tuple[Line, ...] = ()
    workflows: tuple[Line, ...] = ()


class Rendering(Model):
    """How source systems spell the names of components, cohorts and environments (row 18): ours, each with theirs."""

    version: Annotated[int, Field(ge=1)] = 1
    components: dict[Name, tuple[Line, ...]] = Field(default_factory=dict)
    cohorts: dict[Name, tuple[Line, ...]] = Field(default_factory=dict)
    environments: dict[Name, tuple[Line, ...]] = Field(default_factory=dict)


class ChangeStates(Model):
    """In a change record's own words: the states in which it may be released, and those in which it is over."""

    approved: tuple[Line, ...] = ("approved",)
    closed: tuple[Line, ...] = ("closed", "cancelled")


class Allowance(Model):
    """How one setting may differ between environments: in its type and, where they are given, within these bounds."""

    type: Literal["string", "integer", "boolean"]
    one_of: tuple[Line, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    environments: tuple[Name, ...] = ()
    """Where it may differ; none named: everywhere."""


class Legacy(Model):
    """What ``cutover/candidate/v0`` cannot say of one service, said once by the policy's owners.

    ``targets`` maps the environments of v0 to targets. References of v0 have no version: where a source cannot be
    asked for one, that is a hold.
    """

    product: Product
    component: Name
    repository: Line
    workflow: Line
    requester: Line
    registry: Name
    changes: Name
    records: Name
    """The source that has the service's rollout plan, flags, overlays and rollback plan, under these names."""
    rollout: Locator
    flags: Locator
    rollback: Locator
    criteria: Annotated[tuple[Line, ...], Field(min_length=1)]
    targets: dict[Line, Product]
    valid_for: Seconds


class Rules(Model):
    """``cutover/rules/v1``."""

    schema_: Annotated[Literal["cutover/rules/v1"], SAID] = kind("cutover/rules/v1")
    audience: Audience
    version: Annotated[int, Field(ge=1)]
    severities: dict[Name, Literal["warn", "hold", "deny"]]
    families: dict[Name, Name]
    """Required families of checks, each with the team that owns its holds."""
    attestations: dict[Name, Line]
    """What CI must bring for every component, each name with the in-toto ``predicateType`` of its statement."""
    signers: dict[Product, Annotated[tuple[RequiredSigner, ...], Field(min_length=1)]]
    contracts: Annotated[tuple[Line, ...], Field(min_length=1)]
    evidence_max_age: Seconds
    drill_max_age: Seconds
    held_for: Seconds
    link_valid_for: Seconds
    open_margin: Seconds
    close_margin: Seconds
    lease: Annotated[int, Field(ge=30, le=900)]
    waivable: dict[Name, tuple[Name, ...]] = Field(default_factory=dict)
    """Families of checks whose holds can be waived at all, each with the roles that may. Any other cannot."""
    probe_every: Annotated[Seconds, Field(ge=60)] = 900
    """How often the sources and the facts of a waiting revision are looked at."""
    probe_before: Seconds = 14_400
    """So long before the window opens they are looked at in any case, while people are awake to answer."""
    builds: dict[Product, BuildOrigin] = Field(default_factory=dict)
    """Where each product may be built. Of a product that is not listed, no provenance is accepted."""
    rendering: Rendering = Rendering()
    change_states: ChangeStates = ChangeStates()
    allowances: dict[Product, dict[Line, Allowance]] = Field(default_factory=dict)
    """Which settings of a product may differ between environments. Any other difference is a hold."""
    secrets: Literal["redact", "refuse"] = "refuse"
    """What is done with a record of a source that has a secret in it."""
    legacy: dict[Line, Legacy] = Field(default_factory=dict)
    """The services that may still be announced as ``cutover/candidate/v0``."""
    reminders: tuple[Seconds, ...] = added((14_400, 86_400), max_length=10)
    """So long after they were asked, whoever is still missing is asked again."""
    deputies_after: Seconds = added(7_200)
    """So long after the question, those who stand in for whoever has not answered are asked too."""
    emergency: dict[Product, EmergencyRules] = added({})
    """The products that have an emergency path, and what differs there."""
    enforce_now: dict[Line, Line] = added({})
    """What these rules enforce without having warned of it, each with the reason: a check, ``families.…``,
    ``attestations.…``, ``drill_max_age``, ``evidence_max_age`` or ``secrets``."""

    @model_validator(mode="after")
    def _emergencies_ask_no_less(self) -> "Rules":
        for product, path in self.emergency.items():
            if self.signers and all(asked_less(usual, path.signers) for usual in self.signers.values()):
                raise ValueError(
                    f"emergency.{product}: of every target it asks less than usual, so none can be its own"
                )
            longer = (
                path.held_for > self.held_for
                or path.link_valid_for > self.link_valid_for
                or path.deputies_after > self.deputies_after
                or any(ours > usual for ours, usual in zip(path.reminders, self.reminders, strict=False))
            )
            if longer:
                raise ValueError(f"emergency.{product}: no time of an emergency is longer than the usual one")
        return self


class Team(Model):
    """Who owns holds, and services: ``groups`` are the service catalog's names for it (``group:default/payments``)."""

    name: Line
    channel: Line | None = None
    """Where the team is reached while it works, such as a Slack channel."""
    escalation: Line | None = None
    """Who is called when nobody answers there, such as an on-call schedule."""
    groups: tuple[Line, ...] = ()


class KeylessIdentity(Model):
    """Whose signatures count that were made under a certificate of Sigstore (Fulcio) instead of a key.

    ``identity`` is the certificate's subject alternative name, ``repository`` and ``ref`` are its source repository URI
    and ref; a certificate must have what is given here. ``identity`` and ``ref`` may end in ``*``: anything may follow.
    """

    purpose: Literal["provenance", "attestation"]
    issuer: Line
    identity: Line
    repository: Line | None = None
    ref: Line | None = None
    not_before: Instant
    not_after: Instant
    revoked_at: Instant | None = None
    products: tuple[Product, ...] = ()


class Freeze(Model):
    id: Name
    starts_at: Instant
    ends_at: Instant
    reason: Line


class Calendar(Model):
    windows: tuple[Window, ...]
    freezes: tuple[Freeze, ...] = ()


class Facts(Model):
    """``cutover/facts/v1``."""

    schema_: Annotated[Literal["cutover/facts/v1"], SAID] = kind("cutover/facts/v1")
    audience: Audience
    version: Annotated[int, Field(ge=1)]
    issued_at: Instant
    teams: dict[Name, Team]
    people: dict[Name, Person]
    keys: tuple[TrustedKey, ...]
    calendars: dict[Product, Calendar]
    sources: dict[Name, Source]
    identities: tuple[KeylessIdentity, ...] = ()
    slack: SlackWorkspace | None = added()
    trusted_root: Digest | None = None
    """Sigstore's trusted root by digest: certificate authorities, logs and timestamp authorities, kept in the store."""


class SignedReference(Model):
    """A signed document: the digest of its payload, and where its envelope is stored."""

    payload: Digest
    envelope: Digest
