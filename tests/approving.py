"""A release that awaits approval, with the page's door over fakes: for unit tests and for the browser."""

import base64
import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from aws_lambda_powertools.utilities.typing import LambdaContext

from cutover.contracts.approval import Approval, Decision
from cutover.contracts.emergency import Emergency
from cutover.contracts.ledger import LedgerEngine
from cutover.contracts.policy import Facts, Rules, SignedReference
from cutover.domain import canonical, links, personal_links
from cutover.domain import envelope as dsse
from cutover.domain.links import Link
from cutover.domain.personal_links import PersonalLink
from cutover.domain.policy import Policy
from cutover.domain.record import ActivePolicy, Lane, RevisionRecord, Status
from cutover.doors.approvals.app import build
from cutover.doors.approvals.deciding import Decider
from cutover.doors.approvals.door import Door
from cutover.doors.approvals.waiting import WaitingDoor
from cutover.policies import PolicyReader
from cutover.recorder import Recorder
from cutover.sealing import Sealer
from tests.builders import BOUND_AT, CUTOVER, DEPLOYMENT, REVISION, Alterations, Deployment, Package, package
from tests.fakes.clock import FakeClock
from tests.fakes.keys import LocalMac
from tests.fakes.queues import FakeExceptionQueue
from tests.fakes.records import InMemoryRecords
from tests.fakes.store import InMemoryStore

PAGE_URL = "https://page.example.com"
START = BOUND_AT + timedelta(minutes=1)
ENGINE = LedgerEngine(version="0.1.0", lock="sha256:" + "e" * 64)
ANSWERS = ("intent", "rollback", "timing", "destination")


@dataclass
class Answer:
    """One HTTP answer of the door, through the real resolver."""

    status: int
    body: str
    headers: Mapping[str, str]

    def field(self, name: str) -> str:
        """The value of the first form field of that name."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.body)
        assert found, f"the page has no field {name}"
        return html.unescape(found.group(1))

    @property
    def code(self) -> str:
        found = re.search(r"<code>([A-Z][A-Z_]+)</code>|<small>([A-Z][A-Z_]+)</small>", self.body)
        return (found.group(1) or found.group(2)) if found else ""


@dataclass
class LogLines:
    """Implements ``Log``; what was logged, as the fields of each line."""

    lines: list[dict[str, object]] = field(default_factory=list)

    def info(self, _msg: object, /, *, extra: Mapping[str, object] | None = None) -> None:
        self.lines.append(dict(extra or {}))

    def error(self, _msg: object, /, *, extra: Mapping[str, object] | None = None) -> None:
        self.lines.append(dict(extra or {}))


class World:
    """One deployment with one bound revision. ``alter`` changes its documents before they are signed.

    ``before``: there was another package, approved before; and how its documents were changed.
    """

    def __init__(
        self,
        alter: Alterations | None = None,
        *,
        before: Alterations | None = None,
        emergency: Emergency | None = None,
        deployment: Deployment = DEPLOYMENT,
        page_url: str = PAGE_URL,
    ) -> None:
        self.deployment = deployment
        self.page_url = page_url
        self.before = package(before, deployment=deployment) if before is not None else None
        self.package: Package = package(following(self.before, alter), deployment=deployment, emergency=emergency)
        self.clock = FakeClock(START)
        self.records = InMemoryRecords()
        self.store = InMemoryStore()
        self.mac = LocalMac(secret=b"s" * 32)
        self.exceptions = FakeExceptionQueue(self.clock)
        self.log = LogLines()
        self.facts, self.rules = self.package.facts, self.package.rules
        self.witness = deployment.key("decide")
        self.pinned: dict[str, Rules] = {}
        self.remembered: dict[str, str] = {}
        self.failures = 0
        self.root = self.store.put(canonical.encode_model(deployment.root()))
        self.predecessor = self.keep(self.before) if self.before else None
        self.manifest = self.keep(self.package)
        self.put(self._record(Status.AWAITING_APPROVAL))
        self.app = build(lambda: self.door, lambda: self.waiting_door)

    # --- what there is

    @property
    def record(self) -> RevisionRecord:
        record = self.records.revision(CUTOVER, REVISION)
        assert record is not None
        return record

    @property
    def door(self) -> Door:
        return Door(
            audience=self.deployment.audience,
            page_url=self.page_url,
            clock=self.clock,
            records=self.records,
            store=self.store,
            mac=self.mac,
            policy=self.policy,
            rules=lambda reference: self.pinned[reference.payload],
            decider=self.decider(),
            once=self.once,
            log=self.log,
            failed=self._count_failure,
        )

    @property
    def waiting_door(self) -> WaitingDoor:
        return WaitingDoor(
            audience=self.deployment.audience,
            clock=self.clock,
            records=self.records,
            store=self.store,
            mac=self.mac,
            policy=self.policy,
            rules=lambda reference: self.pinned[reference.payload],
            log=self.log,
            failed=self._count_failure,
        )

    def decider(self, records: Any = None) -> Decider:
        return Decider(
            audience=self.deployment.audience,
            clock=self.clock,
            records=records or self.records,
            store=self.store,
            sealer=self.sealer,
            recorder=self.recorder("approvals", records),
            policy=self.policy,
            exceptions=self.exceptions,
            once=self.once,
        )

    def recorder(self, role: str, records: Any = None) -> Recorder:
        return Recorder(records=records or self.records, clock=self.clock, role=role, engine=ENGINE)

    def sealer(self) -> Sealer:
        return Sealer(purpose="decide", signer=self.witness, keys=self.facts.keys, clock=self.clock)

    def policy(self) -> Policy:
        rules, facts = canonical.encode_model(self.rules), canonical.encode_model(self.facts)
        self.pinned[canonical.digest(rules)] = self.rules
        return Policy(
            self.rules,
            self.facts,
            self._signed(rules, self.deployment.sealed_rules(rules)),
            self._signed(facts, self.deployment.sealed_facts(facts)),
        )

    def once(self, key: str, action: Callable[[], str]) -> str:
        """As Powertools does it: a finished action's answer is remembered, a failed one is forgotten."""
        if key not in self.remembered:
            self.remembered[key] = action()
        return self.remembered[key]

    def policies(self) -> PolicyReader:
        """The reader over these records; the active policy is what ``facts`` and ``rules`` say now."""
        policy = self.policy()
        self.records.activate_policy(ActivePolicy(rules=policy.rules_reference, facts=policy.facts_reference))
        return PolicyReader(records=self.records, store=self.store, fingerprint=self.root)

    # --- what happens

    def keep(self, bound: Package) -> SignedReference:
        """A package's documents in the store."""
        for content in bound.documents.values():
            self.store.put(content)
        envelope = self.store.put(canonical.encode_model(bound.handoff.manifest))
        return SignedReference(payload=bound.manifest_digest, envelope=envelope)

    def put(self, record: RevisionRecord) -> None:
        """Stands in for whoever wrote the record before this page is asked."""
        self.records._set(record)
        self.records._set(
            Lane(
                product=record.product, target=record.target, number=1, cutover=record.cutover,
                revision=record.revision, issued_at=BOUND_AT, sequence=1,
            )
        )  # fmt: skip

    def become(self, status: Status, **changes: Any) -> None:
        self.put(self.record.model_copy(update={"status": status, "version": self.record.version + 1, **changes}))

    def change_facts(self, **changes: Any) -> None:
        self.facts = Facts.model_validate(self.facts.model_copy(update=changes))

    def change_rules(self, **changes: Any) -> None:
        self.rules = Rules.model_validate(self.rules.model_copy(update=changes))

    def link(self, person: str = "erin", role: str = "release-engineering", **changes: Any) -> str:
        link = Link(
            cutover=CUTOVER, revision=REVISION, manifest=self.package.manifest_digest, person=person, role=role,
            expires_at=START + timedelta(hours=12),
        )  # fmt: skip
        return links.make_link(link.model_copy(update=changes), audience=self.deployment.audience, mac=self.mac)

    def personal_link(self, person: str = "erin", **changes: Any) -> str:
        link = PersonalLink(person=person, expires_at=START + timedelta(hours=12)).model_copy(update=changes)
        return personal_links.make_link(link, audience=self.deployment.audience, mac=self.mac)

    def get(self, link: str, method: str = "GET") -> Answer:
        return self.send(method, link)

    def post(self, link: str, form: list[tuple[str, str]] | bytes, headers: Mapping[str, str] | None = None) -> Answer:
        body = form if isinstance(form, bytes) else urlencode(form).encode()
        given = {"content-type": "application/x-www-form-urlencoded", **(headers or {})}
        return self.send("POST", link, body, given)

    def send(
        self, method: str, link: str, body: bytes = b"", headers: Mapping[str, str] | None = None,
        path: str = "/approvals",
    ) -> Answer:  # fmt: skip
        answer = self.app.resolve(http_event(method, f"{path}/{link}", body, headers or {}), lambda_context())
        text = base64.b64decode(answer["body"]).decode() if answer.get("isBase64Encoded") else answer["body"]
        return Answer(answer["statusCode"], text, answer["headers"])

    def form(self, link: str, decision: Decision = "approve", **changes: str | None) -> list[tuple[str, str]]:
        """What the page's form sends when it is filled in as it should be; None leaves a field out."""
        page = self.get(link)
        fields: dict[str, str | None] = {
            "nonce": page.field("nonce"),
            "decision": decision,
            "digest": self.package.manifest_digest[7:15],
        }
        if decision == "approve":
            fields |= dict.fromkeys(ANSWERS, "yes") | {"risk": page.field("risk")}
        if decision == "approve" and self.package.manifest.predicate.emergency:
            fields |= {"emergency": "yes", "reason": "Orders fail until it is out."}
        if decision in {"refuse", "defer"}:
            fields["reason"] = "The drill is not done."
        if decision == "defer":
            fields |= {"zone": page.field("zone"), "until": "2026-03-03T12:00"}
        fields |= changes
        exceptions = [("exception", each.fingerprint) for each in self.package.register.holds]
        return [(name, value) for name, value in fields.items() if value is not None] + (
            exceptions if decision == "approve" else []
        )

    def decide(self, link: str, decision: Decision = "approve", **changes: str | None) -> Answer:
        return self.post(link, self.form(link, decision, **changes))

    def statements(self) -> list[Approval]:
        """The recorded decisions' statements, each opened with the witness key's trust."""
        return [self.statement(each.envelope, each.decided_at) for each in self.record.decisions]

    def statement(self, envelope: str, at: datetime) -> Approval:
        """A stored statement, if the witness key signed it."""
        opened = dsse.open_envelope(
            dsse.parse(self.store.get(envelope, limit=10**6)), payload_type="application/vnd.in-toto+json",
            purpose="decide", keys=self.facts.keys, at=at,
        )  # fmt: skip
        return Approval.model_validate_json(opened.payload)

    def snapshot(self) -> tuple[object, ...]:
        """Everything that a visit could have changed."""
        return (
            dict(self.records._models), set(self.records._nonces), dict(self.store.objects), dict(self.remembered)
        )  # fmt: skip

    def _count_failure(self) -> None:
        self.failures += 1

    def _signed(self, payload: bytes, envelope: bytes) -> SignedReference:
        return SignedReference(payload=canonical.digest(payload), envelope=self.store.put(envelope))

    def _record(self, status: Status) -> RevisionRecord:
        bound, policy = self.package.manifest.predicate, self.policy()
        return RevisionRecord(
            cutover=CUTOVER,
            revision=REVISION,
            product=self.package.candidate.product,
            target=bound.destination.target,
            status=status,
            moved_at=BOUND_AT,
            admission=canonical.digest(b"admission"),
            candidate=bound.candidate,
            correlation_id="correlation-1",
            requester=self.package.candidate.requester,
            window=bound.window.id,
            rules=policy.rules_reference,
            facts=policy.facts_reference,
            admitted_at=BOUND_AT,
            expires_at=bound.valid_until,
            manifest=self.manifest,
            predecessor=self.predecessor,
            bound_facts=policy.facts_reference,
            queue_arn=bound.destination.queue_arn,
            opens_at=bound.window.opens_at,
            closes_at=bound.window.closes_at,
            valid_until=bound.valid_until,
            due_at=bound.valid_until,
        )


def following(before: Package | None, alter: Alterations | None) -> Alterations:
    """``alter``, and the manifest names the package that was approved before."""
    altered = dict(alter or {})
    if before is None:
        return altered
    otherwise = altered.get("manifest", lambda manifest: manifest)

    def change(manifest: dict[str, Any]) -> dict[str, Any]:
        manifest["predicate"]["predecessor"] = before.manifest_digest
        changed: dict[str, Any] = otherwise(manifest)
        return changed

    return altered | {"manifest": change}


def successor(before: Package, alter: Alterations | None = None) -> Package:
    """The package of revision 2 of the same cutover; ``alter``: what it has otherwise."""
    otherwise = dict(alter or {})

    def renumbered(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        change = otherwise.get(name, lambda document: document)
        return lambda document: change(document) | {"revision": REVISION + 1}

    def bound(manifest: dict[str, Any]) -> dict[str, Any]:
        manifest["predicate"]["revision"] = REVISION + 1
        return manifest

    altered = {"bundle": renumbered("bundle"), "hold-register": renumbered("hold-register"), "manifest": bound}
    return package(following(before, altered))


def http_event(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """An API Gateway HTTP API event, payload format 2.0."""
    return {
        "version": "2.0",
        "routeKey": "ANY /approvals/{link}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": dict(headers),
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "page.example.com",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "t"},
            "requestId": "request-1",
            "routeKey": "ANY /approvals/{link}",
            "stage": "$default",
            "time": "02/Mar/2026:09:04:00 +0000",
            "timeEpoch": int(datetime(2026, 3, 2, 9, 4, tzinfo=UTC).timestamp() * 1000),
        },
        "isBase64Encoded": bool(body),
        "body": base64.b64encode(body).decode() if body else None,
    }


class _Context(LambdaContext):
    """A context with time left."""

    _aws_request_id = "invocation-1"
    _function_name = "approvals"
    _memory_limit_in_mb = 512
    _invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:approvals"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 30_000


def lambda_context() -> LambdaContext:
    return _Context()
