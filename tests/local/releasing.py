"""Releases on the local stack, as CI, approvers, operators and time bring them: nothing in here writes a record.

Time cannot be moved there. ``age`` makes a record older instead: what the clock would find after that long.
"""

import dataclasses
import json
import re
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import orjson
from pydantic import BaseModel

from cutover.adapters.dynamodb_records import DynamoRecords
from cutover.adapters.s3_store import S3Store
from cutover.contracts.base import format_instant
from cutover.contracts.candidate import CANDIDATE_TYPE, Candidate
from cutover.contracts.manifest import Window
from cutover.contracts.policy import Calendar, Facts, Purpose, Rules, SignedReference, TrustedKey
from cutover.contracts.sources import BucketSource
from cutover.domain import canonical, checks
from cutover.domain import envelope as dsse
from cutover.domain.record import ActivePolicy, Admission, Brake, Lane, RevisionRecord, Status
from cutover_cli.local import lifecycle
from cutover_cli.local.stack import LocalStack
from cutover_cli.local.surroundings import ACCOUNT, REGION
from tests.building.keys import Key, seal
from tests.building.policy import BUILT, Deployment
from tests.building.records import Record, candidate_of, release_records, waiver_record
from tests.simulator.world import ARTIFACT_BYTES, fill

T = TypeVar("T")
REPOSITORY = Path(__file__).resolve().parents[2]
TARGET = "staging"
KMS: dict[str, str] = {
    "bind": "BindKeyArn", "decide": "DecideKeyArn", "handoff": "HandoffKeyArn", "ledger": "LedgerKeyArn",
}  # fmt: skip
WINDOWS = 80
"""Occurrences that are all open now, so that many releases can be under way: no calendar that lint would take."""


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True)
class StackDeployment(Deployment):
    """The deployment that a local stack is. Its own keys stand in KMS; all others are ours."""

    target: str = TARGET
    audience_name: str = "cutover:cutover:000000000000:eu-central-1:development"
    queue: str = ""
    bucket: str = ""
    kms: dict[str, bytes] = field(default_factory=dict, hash=False, compare=False)

    @property
    def audience(self) -> str:
        return self.audience_name

    @property
    def queue_arn(self) -> str:
        return self.queue

    def trusted_key(self, purpose: Purpose, **changes: Any) -> TrustedKey:
        known = super().trusted_key(purpose, **changes)
        if purpose in self.kms:
            spki = self.kms[purpose]
            known = known.model_copy(update={"id": dsse.key_id(spki), "public_key": b64encode(spki).decode()})
        day = timedelta(days=1)
        return known.model_copy(update={"not_before": now() - day, "not_after": now() + 30 * day})

    def rules(self) -> Rules:
        families = dict.fromkeys(checks.FAMILIES, "release-engineering")
        known = super().rules()
        (allowed, *_) = known.allowances.values()
        return known.model_copy(
            update={
                "families": families,
                "builds": dict.fromkeys(PRODUCTS, BUILT),
                "allowances": dict.fromkeys(PRODUCTS, allowed),
            }
        )

    def facts(self) -> Facts:
        opens, closes = now() - timedelta(minutes=2), now() + timedelta(hours=3)
        windows = tuple(
            Window(id=f"now-{number}", opens_at=opens, closes_at=closes, time_zone="UTC") for number in range(WINDOWS)
        )
        known = super().facts()
        return known.model_copy(
            update={
                "issued_at": now(),
                "calendars": {self.target: Calendar(windows=windows)},
                "sources": {name: BucketSource(kind="s3", bucket=self.bucket) for name in known.sources},
            }
        )


PRODUCTS = (
    "newer", "older", "drift", "stopped", "withdrawn", "late", "braked", "waived", "closing", "refused", "repaired",
    "slack", "consumed", "reported",
    *(f"killed-{number:02d}" for number in range(WINDOWS)),
)  # fmt: skip
"""What the tests release: each its own product, so that none waits for another's lane."""


class Releases:
    """One local stack with a policy of ours."""

    def __init__(self, stack: LocalStack, deployment: StackDeployment) -> None:
        self.stack = stack
        self.deployment = deployment
        self.records = DynamoRecords(stack.clients.dynamodb, table=stack.outputs["TableName"])
        self.store = S3Store(stack.clients.s3, bucket=stack.outputs["StoreBucket"])
        self.version = 0

    def publish(self, *, facts: Facts | None = None, rules: Rules | None = None) -> None:
        """Both owners sign; the policy is active."""
        self.version += 1
        sealed_rules = self.deployment.sealed_rules(canonical.encode_model(rules or self.deployment.rules()))
        known = (facts or self.deployment.facts()).model_copy(update={"version": self.version})
        sealed_facts = self.deployment.sealed_facts(canonical.encode_model(known))
        self.store.put(canonical.encode_model(self.deployment.root()))
        self.records.activate_policy(
            ActivePolicy(rules=self._keep(sealed_rules), facts=self._keep(sealed_facts), version=self.version)
        )
        if self.records.brake() is None:
            self.records.set_brake(Brake(engaged=False))

    def _keep(self, envelope: bytes) -> SignedReference:
        payload = b64decode(json.loads(envelope)["payload"])
        return SignedReference(payload=canonical.digest(payload), envelope=self.store.put(envelope))

    def put_event(self, detail_type: str, envelope: BaseModel, *, schema: str, source: str = "cutover.ci") -> None:
        detail = {"schema": schema, "envelope": envelope.model_dump(by_alias=True, mode="json")}
        answer = self.stack.clients.events.put_events(
            Entries=[
                {
                    "EventBusName": self.stack.outputs["BusName"], "Source": source, "DetailType": detail_type,
                    "Detail": json.dumps(detail),
                }
            ]
        )  # fmt: skip
        assert answer["FailedEntryCount"] == 0

    def operate(self, detail_type: str, payload_type: str, document: BaseModel, key: Key) -> None:
        """An operator's signed event."""
        sealed = seal(payload_type, canonical.encode_model(document), key)
        self.put_event(detail_type, sealed, schema="cutover/signed-event/v1", source="cutover.operators")

    def tick(self) -> dict[str, int]:
        """The clock function runs once, besides its own schedule."""
        well, answer = self.stack.invoke("Clock")
        assert well, answer
        return {name: count for name, count in orjson.loads(answer).items() if count}

    def age(self, record: RevisionRecord, by: timedelta) -> None:
        """As if nobody had looked at the record for so long, and its window had been open as long."""
        earlier, opened = format_instant(now() - by), record.wake_at is not None and record.wake_at <= now()
        key = {"pk": {"S": f"CUTOVER#{record.cutover}"}, "sk": {"S": f"REVISION#{record.revision:06d}"}}
        self.stack.clients.dynamodb.update_item(
            TableName=self.stack.outputs["TableName"], Key=key,
            UpdateExpression="SET due_at = :earlier, moved_at = :earlier" + (", wake_at = :earlier" if opened else ""),
            ConditionExpression="attribute_exists(live)", ExpressionAttributeValues={":earlier": {"S": earlier}},
        )  # fmt: skip

    def messages(self, product: str) -> list[bytes]:
        """What the deployment queue holds of one product, each message as often as it is there."""
        url = self.stack.outputs[f"Target{TARGET.capitalize()}QueueUrl"]
        found = []
        for _ in range(10):
            batch = self.stack.receive(url, hide_seconds=1)
            found += [each["Body"].encode() for each in batch]
            if not batch:
                break
        return [each for each in dict.fromkeys(found) if f'"{product}@{TARGET}' in _handoff(each)]


def _handoff(body: bytes) -> str:
    return b64decode(json.loads(body)["payload"]).decode()


@dataclass
class Release:
    """One product on its way. ``window`` is an occurrence of its own."""

    of: Releases
    product: str
    window: str
    drilled: bool = True
    records: dict[str, Record] = field(default_factory=dict)
    announced: int = 0
    issued_at: datetime = field(default_factory=lambda: now() - timedelta(minutes=1))

    def __post_init__(self) -> None:
        for name, record in release_records(self.of.deployment).items():
            self.records[name] = self.upload(dataclasses.replace(record, record=f"{self.product}/{record.record}"))
        ends = format_instant(now() + timedelta(days=30))
        self.revise("flags", lambda said: said["flags"][0].update(expires_at=ends))
        if self.drilled:
            self.revise("rollback", lambda said: said["steps"][0].update(drilled_at=format_instant(now())))

    def upload(self, record: Record) -> Record:
        content = ARTIFACT_BYTES if record.section == "artifacts" else record.content()
        put = self.of.stack.clients.s3.put_object(Bucket=self.of.deployment.bucket, Key=record.record, Body=content)
        return dataclasses.replace(record, version=put["VersionId"])

    def revise(self, name: str, change: Callable[[Any], Any]) -> None:
        said = orjson.loads(self.records[name].payload)
        change(said)
        self.records[name] = self.upload(dataclasses.replace(self.records[name], payload=orjson.dumps(said)))

    def announce(self, **changes: Any) -> str:
        """A candidate that is newer than the one before it, by its sequence; its admission's digest."""
        self.announced += 1
        reference = waiver_record(self.of.deployment, "sha256:" + "0" * 64)
        candidate = candidate_of(self.of.deployment, self.records, reference).model_copy(
            update={
                "product": self.product, "window": self.window, "waivers": (), "sequence": self.announced,
                "issued_at": self.issued_at, "expires_at": now() + timedelta(hours=4), **changes,
            }
        )  # fmt: skip
        payload = canonical.encode_model(Candidate.model_validate_json(canonical.encode_model(candidate)))
        envelope = seal(CANDIDATE_TYPE, payload, self.of.deployment.key("candidate"))
        self.of.put_event("ReleaseCandidate", envelope, schema="cutover/candidate-event/v1")
        return canonical.digest(canonical.encode_model(envelope))

    @property
    def lane(self) -> Lane | None:
        return self.of.records.lane(self.product, TARGET)

    def record(self, revision: int | None = None) -> RevisionRecord | None:
        lane = self.lane
        return self.of.records.revision(lane.cutover, revision or lane.revision) if lane else None

    def until(self, *statuses: str, revision: int | None = None, seconds: float = 180) -> RevisionRecord:
        def ready() -> RevisionRecord | None:
            found = self.record(revision)
            return found if found is not None and found.status.value in statuses else None

        return wait(ready, seconds, lambda: f"{self.product} {statuses}: {self.record(revision)!r}")

    def admission(self, digest: str, status: Status) -> Admission:
        def ready() -> Admission | None:
            found = self.of.records.admission(digest)
            return found if found is not None and found.status is status else None

        return wait(ready, 60, lambda: f"admission {self.of.records.admission(digest)!r}")

    def links(self, revision: int | None = None) -> dict[str, str]:
        """The newest link of each person that asks about a revision of this product: by its manifest's digest."""
        record = self.record(revision)
        if record is None or record.manifest is None:
            return {}
        digest, found = record.manifest.payload.removeprefix("sha256:"), dict[str, str]()
        for mail in self.of.stack.mail():
            link = re.search(r"https?://\S+/approvals/\S+", mail.text)
            if link and digest in mail.text:
                found[mail.to[0].partition("@")[0]] = link[0]
        return found

    def page(self, url: str) -> httpx.Response:
        address = self.of.stack.page(url)
        with httpx.Client(headers=address.headers, timeout=30, trust_env=False) as browser:
            return browser.get(address.url)

    def decide(self, person: str, decision: str = "approve", url: str | None = None) -> httpx.Response:
        """The person's newest mail is opened, and the page's own form answered."""
        url = url or wait(lambda: self.links().get(person), 30, lambda: f"no mail to {person}")
        address = self.of.stack.page(url)
        with httpx.Client(headers=address.headers, timeout=30, trust_env=False) as browser:
            shown = browser.get(address.url)
            filled: dict[str, Any] = {}
            for name, value in fill(shown.text, decision):
                filled.setdefault(name, []).append(value)
            origin = "{0.scheme}://{0.netloc}".format(urlsplit(address.browser_url))
            return browser.post(address.url, data=filled, headers={"Origin": origin})

    def approve(self) -> None:
        for person in ("erin", "omar"):
            answer = self.decide(person)
            assert answer.status_code == httpx.codes.SEE_OTHER, (answer.status_code, answer.text[:500])


def wait(ready: Callable[[], T | None], seconds: float, what: Callable[[], str]) -> T:
    """Polls; fails with what was waited for when the time is over."""
    deadline = time.monotonic() + seconds
    while (found := ready()) is None:
        assert time.monotonic() < deadline, f"waited {seconds} s for {what()}"
        time.sleep(0.1)
    return found


def bring_up(state_dir: Path) -> Releases:
    """A stack of its own, anchored at our owners' root, with our policy active."""
    configured = json.loads((REPOSITORY / "infra" / "deployment.json").read_text("utf-8"))
    audience = f"cutover:{configured['instance']}:{ACCOUNT}:{REGION}:development"
    named = StackDeployment(audience_name=audience)
    stack = lifecycle.up(canonical.digest(canonical.encode_model(named.root())), state_dir=state_dir)
    assert stack.outputs["Audience"] == audience
    sqs, kms = stack.clients.sqs, stack.clients.kms
    url = stack.outputs[f"Target{TARGET.capitalize()}QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    keys = {purpose: kms.get_public_key(KeyId=stack.outputs[output])["PublicKey"] for purpose, output in KMS.items()}
    described = dataclasses.replace(named, queue=queue, bucket=stack.outputs["SourcesBucket"], kms=keys)
    releases = Releases(stack, described)
    releases.publish()
    return releases
