"""A deployment of Cutover as documents: its root, rules, facts and trust file, and the keys behind them."""

import functools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, get_args

from cutover.contracts.emergency import EmergencyRules
from cutover.contracts.manifest import RequiredSigner, Window
from cutover.contracts.people import Person
from cutover.contracts.policy import (
    FACTS_TYPE,
    RULES_TYPE,
    TRUST_TYPE,
    Allowance,
    BuildOrigin,
    Calendar,
    Facts,
    Owner,
    Purpose,
    Rendering,
    Root,
    Rules,
    Team,
    TrustBundle,
    TrustedKey,
    TrustFile,
)
from cutover.contracts.sources import BucketSource
from cutover.domain import canonical
from tests.building.keys import Key, seal, seal_bytes


def instant(text: str) -> datetime:
    """``2026-03-02T09:00`` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


KEYS_FROM, KEYS_UNTIL = instant("2026-01-01T00:00"), instant("2027-01-01T00:00")
ISSUED_AT = instant("2026-03-02T09:00")
EXPIRES_AT = instant("2026-03-09T09:00")
RECEIVED_AT = instant("2026-03-02T09:01")
AS_OF = instant("2026-03-02T09:02")
BOUND_AT = instant("2026-03-02T09:03")
DECIDED_AT = (instant("2026-03-02T10:00"), instant("2026-03-02T11:00"))
OPENS_AT, CLOSES_AT = instant("2026-03-03T20:00"), instant("2026-03-03T22:00")

FAMILIES = (
    "artifacts", "attestations", "dependencies", "change", "rollout", "flags", "rollback", "overlays", "catalog",
    "waivers", "lineage",
)  # fmt: skip
WAIVABLE = FAMILIES
ROLES = ("release-engineering", "operations")
PRODUCTS = ("service", "other", "billing", "worker")
BUILT = BuildOrigin(
    builders=("https://example.com/builder",),
    repositories=("https://example.com/shop/service",),
    refs=("refs/heads/main",),
    workflows=("release.yml",),
)
"""Where the one release of the tests is built, whatever product it is announced as."""
EMERGENCY_PATH = EmergencyRules(
    signers=tuple(RequiredSigner(role=role) for role in reversed(ROLES)),
    held_for=4 * 3_600,
    link_valid_for=7_200,
    reminders=(900, 1_800),
    deputies_after=600,
    after_action_within=2 * 86_400,
)
"""How an emergency of ``service`` is asked, and of no other product. Its seats stand in another order than usual, so
that it shows whose they are.
"""
RISK = "risk"
"""Whoever has this role may waive, and is asked for no approval."""
PEOPLE_OF_KEYS: dict[str, str] = {"waiver": "ruth", "resolution": "omar", "after-action": "dana"}
"""Whose the keys are that only a person can have."""


@dataclass(frozen=True)
class Deployment:
    """One Cutover. Another ``name`` gives another audience, other owners and other keys."""

    name: str = "shop"
    target: str = "production"
    window: str = "tuesday-evening"
    products: tuple[str, ...] = ()
    emergency: bool = False
    """Whether ``service`` has an emergency path."""
    people: dict[str, Any] = field(default_factory=dict)

    @property
    def audience(self) -> str:
        return f"cutover:{self.name}:123456789012:eu-central-1:dev"

    @property
    def queue_arn(self) -> str:
        return f"arn:aws:sqs:eu-central-1:123456789012:{self.name}-{self.target}.fifo"

    def bucket_of(self, source: str) -> str:
        """Where a source of this deployment keeps its records."""
        return f"{self.name}-{source}"

    def key(self, purpose: str) -> Key:
        """The key of one purpose, or of an owner (``owner/ana``, ``owner/otto``)."""
        return _key(f"{self.name}/{purpose}")

    @property
    def owners(self) -> tuple[Key, Key]:
        return self.key("owner/ana"), self.key("owner/otto")

    def root(self) -> Root:
        ana, otto = self.owners
        return Root(
            audience=self.audience,
            owners=(
                Owner(id="ana", public_key=ana.public_base64),
                Owner(id="otto", public_key=otto.public_base64),
            ),
        )

    def trusted_keys(self) -> tuple[TrustedKey, ...]:
        """One valid key for every purpose."""
        return tuple(self.trusted_key(purpose) for purpose in get_args(Purpose))

    def trusted_key(self, purpose: Purpose, **changes: Any) -> TrustedKey:
        key = self.key(purpose)
        known = TrustedKey(
            id=key.key_id,
            purpose=purpose,
            holder=f"{purpose} of {self.name}",
            public_key=key.public_base64,
            not_before=KEYS_FROM,
            not_after=KEYS_UNTIL,
            person=PEOPLE_OF_KEYS.get(purpose),
        )
        return known.model_copy(update=changes)

    def the_window(self) -> Window:
        return Window(id=self.window, opens_at=OPENS_AT, closes_at=CLOSES_AT, time_zone="Europe/Berlin")

    def rules(self) -> Rules:
        return Rules(
            audience=self.audience,
            version=1,
            severities={},
            families=dict.fromkeys(FAMILIES, "release-engineering"),
            attestations={"tests": "https://example.com/tests/v1"},
            signers={self.target: tuple(RequiredSigner(role=role) for role in ROLES)},
            contracts=("cutover/candidate/v1",),
            evidence_max_age=7 * 86_400,
            drill_max_age=90 * 86_400,
            held_for=3 * 86_400,
            link_valid_for=86_400,
            open_margin=5,
            close_margin=5,
            lease=60,
            waivable=dict.fromkeys(WAIVABLE, (RISK,)),
            builds=dict.fromkeys(PRODUCTS, BUILT),
            rendering=Rendering(
                components={"service": ("Service",)},
                cohorts={"first": (), "all": ("everyone",)},
                environments={self.target: (), "production": ("prod",)},
            ),
            emergency={"service": EMERGENCY_PATH} if self.emergency else {},
            allowances={name: {"replicas": Allowance(type="integer", minimum=1, maximum=50)} for name in PRODUCTS},
        )

    def facts(self) -> Facts:
        """``erin`` may sit on the first seat, ``omar`` on the second, ``bo`` on either; ``dana`` asked for it.

        ``ruth`` may waive, and approves nothing.
        """
        return Facts(
            audience=self.audience,
            version=1,
            issued_at=instant("2026-03-01T00:00"),
            teams={
                "release-engineering": Team(
                    name="Release engineering",
                    channel="#releases",
                    escalation="pagerduty:releases",
                    groups=("group:default/orders",),
                ),
                "operations": Team(name="Operations", channel="#operations", escalation="pagerduty:operations"),
            },
            people={
                "erin": _person("Erin", ROLES[:1]),
                "omar": _person("Omar", ROLES[1:]),
                "bo": _person("Bo", ROLES),
                "dana": _person("Dana", ROLES, identities=("dana@ci", "dana@change")),
                "ruth": _person("Ruth", (RISK,)),
            },
            keys=self.trusted_keys(),
            calendars={self.target: Calendar(windows=(self.the_window(),))},
            sources={
                name: BucketSource(kind="s3", bucket=self.bucket_of(name)) for name in ("records", "registry", "ci")
            },
        )

    def trust_bundle(self) -> TrustBundle:
        return TrustBundle(
            audience=self.audience,
            keys=tuple(key.model_copy(update={"person": None}) for key in self.trusted_keys()),
            issued_at=instant("2026-03-01T00:00"),
            expires_at=instant("2026-12-01T00:00"),
        )

    def sealed_rules(self, payload: bytes | None = None) -> bytes:
        """The stored envelope of the rules, or of these payload bytes, signed by both owners."""
        return seal_bytes(RULES_TYPE, payload or canonical.encode_model(self.rules()), *self.owners)

    def sealed_facts(self, payload: bytes | None = None) -> bytes:
        return seal_bytes(FACTS_TYPE, payload or canonical.encode_model(self.facts()), *self.owners)

    def trust_file(self, payload: bytes | None = None) -> bytes:
        """``trust.json``: the root and the trust bundle (or these payload bytes), signed by both owners."""
        sealed = seal(TRUST_TYPE, payload or canonical.encode_model(self.trust_bundle()), *self.owners)
        return canonical.encode_model(TrustFile(root=self.root(), bundle=sealed))


@functools.cache
def _key(name: str) -> Key:
    return Key(name)


def _person(name: str, roles: tuple[str, ...], identities: tuple[str, ...] = ()) -> Person:
    return Person(
        name=name,
        email=f"{name.lower()}@example.com",
        team="release-engineering",
        roles=roles,
        identities=identities,
    )


DEPLOYMENT = Deployment()
OTHER_DEPLOYMENT = Deployment(name="other")
