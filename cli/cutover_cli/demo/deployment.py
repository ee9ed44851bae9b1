"""Makes the local stack the demo's own: who is trusted, which window is open, where evidence lies."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cutover.contracts.base import Audience, format_instant
from cutover.contracts.policy import Facts, Purpose, Root, Rules, TrustBundle, TrustedKey, TrustFile
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover_cli import policy
from cutover_cli.demo import statements
from cutover_cli.demo.build import Checkout
from cutover_cli.demo.identities import Identities
from cutover_cli.local.emulator import ACCOUNT, REGION
from cutover_cli.local.synth import STAGE

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

EXAMPLES = Path("examples/policy")
PRODUCT = "cutover"
TARGET = "staging"
OPENED_BEFORE = timedelta(minutes=1)
OPEN_FOR = timedelta(hours=2)
_KEYS_BEFORE = timedelta(minutes=5)  # clocks of one machine still differ by a truncated second
_KEYS_FOR = timedelta(days=90)
_KMS_KEYS: tuple[tuple[Purpose, str, str], ...] = (
    ("bind", "Cutover: manifests", "BindKeyArn"),
    ("decide", "Cutover: witnessed decisions", "DecideKeyArn"),
    ("handoff", "Cutover: hand-offs", "HandoffKeyArn"),
    ("ledger", "Cutover: ledger heads", "LedgerKeyArn"),
)


@dataclass(frozen=True, slots=True)
class Site:
    """What the configuration of the development stage says, before anything is deployed."""

    audience: Audience
    environment: str
    targets: frozenset[str]


def site(root: Path) -> Site:
    """From `infra/deployment.json` of the checkout at `root`. Raises KeyError where it lacks the demo's target."""
    configured = json.loads((root / "infra" / "deployment.json").read_text("utf-8"))
    environments = {each["name"]: each["environment"] for each in configured["stages"][STAGE]["targets"]}
    audience = f"cutover:{configured['instance']}:{ACCOUNT}:{REGION}:{STAGE}"
    return Site(audience, environments[TARGET], frozenset(environments))


@dataclass(frozen=True, slots=True)
class Deployment:
    """Root, rules and facts of one run, not yet signed."""

    root: Root
    rules: Rules
    facts: Facts

    @property
    def window(self) -> str:
        """The id of the one window that is open now."""
        return self.facts.calendars[TARGET].windows[0].id

    @property
    def closes_at(self) -> datetime:
        """When that window closes."""
        return self.facts.calendars[TARGET].windows[0].closes_at


def trusted_keys(
    identities: Identities, kms: "KMSClient", outputs: Mapping[str, str], *, at: datetime
) -> tuple[TrustedKey, ...]:
    """The demo's keys, and the stack's KMS keys as KMS itself publishes them."""

    def every() -> Iterator[tuple[Purpose, str, bytes, str | None]]:
        for purpose, holder, key, person in identities.trusted:
            yield purpose, holder, key.public_key, person
        for purpose, holder, output in _KMS_KEYS:
            yield purpose, holder, kms.get_public_key(KeyId=outputs[output])["PublicKey"], None

    return tuple(
        TrustedKey(
            id=dsse.key_id(spki),
            purpose=purpose,
            holder=holder,
            public_key=base64.b64encode(spki).decode(),
            not_before=at - _KEYS_BEFORE,
            not_after=at + _KEYS_FOR,
            person=person,
        )
        for purpose, holder, spki, person in every()
    )


def describe(
    examples: Path,
    *,
    root: Root,
    keys: tuple[TrustedKey, ...],
    bucket: str,
    at: datetime,
    version: int,
    source: Checkout,
) -> Deployment:
    """The example policy with this run's audience, keys, sources and a window that opened a minute ago.

    What may be released was built by the demo, from the checkout's own repository and branch.

    Each run has its own occurrence of the calendar, named after its time: a slot that was handed off stays taken.
    """
    window = {
        "id": f"{TARGET}-{at:%Y%m%dt%H%M%Sz}",
        "opens_at": format_instant(at - OPENED_BEFORE),
        "closes_at": format_instant(at + OPEN_FOR),
        "time_zone": "UTC",
    }
    build = {
        "builders": [statements.BUILDER],
        "repositories": [source.repository],
        "refs": [source.ref],
        "workflows": [statements.WORKFLOW],
    }
    rules = policy.read(
        Rules, examples / "rules.yaml", overrides={"audience": root.audience, "builds": {PRODUCT: build}}
    )
    written = policy.read(Facts, examples / "facts.yaml")
    overrides: dict[str, Any] = {
        "audience": root.audience,
        "issued_at": format_instant(at),
        "version": version,
        "keys": [key.model_dump(mode="json") for key in keys],
        "calendars": {TARGET: {"windows": [window]}},
        "sources": {name: {"kind": "s3", "bucket": bucket} for name in written.sources},
    }
    return Deployment(root, rules, policy.read(Facts, examples / "facts.yaml", overrides=overrides))


def root_of(identities: Identities, audience: Audience) -> Root:
    """The root document: the two owners' public keys."""
    return policy.root_of(audience, identities.owners)


def trust_file(deployment: Deployment, identities: Identities, *, at: datetime) -> bytes:
    """The trust file that a verifier is given, signed by both owners, in canonical bytes.

    Whose a key is stands in the facts, which lie in the package: a verifier's file names no people.
    """
    bundle = TrustBundle(
        audience=deployment.root.audience,
        keys=tuple(key.model_copy(update={"person": None}) for key in deployment.facts.keys),
        issued_at=at,
        expires_at=at + _KEYS_FOR,
    )
    sealed = policy.sign(bundle, *identities.owners.values())
    return canonical.encode_model(TrustFile(root=deployment.root, bundle=sealed))
