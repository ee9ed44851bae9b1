"""The whole environment in memory: CI, bus, table streams, clock, people, queues, and the real handlers.

``World.run`` lets everything that can happen now happen, in one fixed order, until nothing is left
to do. Time moves only when a test moves it.
"""

import dataclasses
import importlib
import json
import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cutover.contracts.candidate import CANDIDATE_TYPE, Candidate
from cutover.contracts.policy import Facts, Rules, SignedReference
from cutover.domain import canonical, checks, ledger
from cutover.domain.holds import fingerprint
from cutover.domain.record import ActivePolicy, Admission, Brake, RevisionRecord
from cutover.runtime import wiring as runtime
from tests.building.keys import seal
from tests.building.policy import RECEIVED_AT, Deployment
from tests.building.records import Record, candidate_of, release_records, waiver_record
from tests.fakes.clock import FakeClock
from tests.fakes.streams import stream_event
from tests.simulator.interpreter import Execution, Interpreter
from tests.simulator.wiring import PAGE_URL, SimulatedWiring

DEFINITION = json.loads((Path(__file__).resolve().parents[2] / "statemachine/cutover.asl.json").read_text())
ARTIFACT_BYTES = b"the artifact's bytes"


@dataclass
class Context:
    """A Lambda context: enough for Powertools."""

    function_name: str
    memory_limit_in_mb: int = 512
    aws_request_id: str = "00000000-0000-4000-8000-000000000000"

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:eu-central-1:123456789012:function:{self.function_name}"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 20_000


class World:
    """One deployment and everybody around it."""

    def __init__(self, deployment: Deployment | None = None) -> None:
        self.deployment = deployment or Deployment()
        self.clock = FakeClock(RECEIVED_AT)
        root = canonical.encode_model(self.deployment.root())
        self.wiring = SimulatedWiring(self.deployment, canonical.digest(root), self.clock)
        self.installed: SimulatedWiring = self.wiring
        """What handlers get: the same ports, unless a test lets them fail."""
        self.wiring.store.put(root)
        self.machine = Interpreter(DEFINITION, self.invoke_stage, self.clock.now)
        self.before_invoke: Callable[[str, Any], None] = lambda _name, _payload: None
        self.publish()
        self.records = release_records(self.deployment)
        self._upload()

    # --- what a deployment is given ---------------------------------------------------------

    def rules(self) -> Rules:
        families = dict.fromkeys(checks.FAMILIES, "release-engineering")
        return self.deployment.rules().model_copy(update={"families": families})

    def publish(self, *, rules: Rules | None = None, facts: Facts | None = None, version: int = 1) -> None:
        """Make a policy active, signed by both owners."""
        sealed_rules = self.deployment.sealed_rules(canonical.encode_model(rules or self.rules()))
        sealed_facts = self.deployment.sealed_facts(canonical.encode_model(facts or self.deployment.facts()))
        self.wiring.records.activate_policy(
            ActivePolicy(rules=self.keep(sealed_rules), facts=self.keep(sealed_facts), version=version)
        )
        self.wiring.records.set_brake(Brake(engaged=False))

    def keep(self, envelope: bytes) -> SignedReference:
        """Store a signed document, and refer to it."""
        payload = json.loads(envelope)["payload"]
        return SignedReference(payload=canonical.digest(b64decode(payload)), envelope=self.wiring.store.put(envelope))

    def _upload(self) -> None:
        for name, record in self.records.items():
            self.records[name] = self.upload(record)

    def upload(self, record: Record) -> Record:
        """The record as its source system has it now: with the version that it got there."""
        bucket = self.deployment.bucket_of(record.source)
        content = ARTIFACT_BYTES if record.section == "artifacts" else record.content()
        return dataclasses.replace(record, version=self.wiring.bucket.put(bucket, record.record, content))

    # --- CI ---------------------------------------------------------------------------------

    def waiver(self) -> Record:
        """The waiver that answers the missing drill of the release's rollback step."""
        subject = canonical.digest(self.records["rollback"].payload)
        return waiver_record(
            self.deployment, fingerprint("rollback.drilled-at", "/rollback/steps/0/drilled_at", subject)
        )

    def candidate(self, **changes: Any) -> Candidate:
        waiver = self.upload(self.waiver())
        return candidate_of(self.deployment, self.records, waiver).model_copy(update=changes)

    def announce(
        self, candidate: Candidate | bytes | None = None, *, key: str = "candidate", event_id: str = "e-1"
    ) -> str:
        """Put a signed candidate (or any payload bytes) on the bus. The admission's digest."""
        candidate = self.candidate() if candidate is None else candidate
        payload = candidate if isinstance(candidate, bytes) else canonical.encode_model(candidate)
        envelope = seal(CANDIDATE_TYPE, payload, self.deployment.key(key))
        detail = {"schema": "cutover/candidate-event/v1", "envelope": envelope.model_dump(by_alias=True)}
        self.deliver(json.dumps({"id": event_id, "detail-type": "ReleaseCandidate", "detail": detail}))
        return canonical.digest(canonical.encode_model(envelope))

    def deliver(self, body: str) -> dict[str, Any]:
        """A message of the inbox queue reaches Intake."""
        message = {"messageId": "m-1", "body": body, "eventSource": "aws:sqs", "attributes": {}}
        answer: dict[str, Any] = self.invoke("doors.intake", {"Records": [message]})
        return answer

    # --- functions --------------------------------------------------------------------------

    def invoke(self, module: str, event: Any) -> Any:
        """The real handler of a stage or door, over this world's fakes."""
        runtime.install(self.installed)
        handler = importlib.import_module(f"cutover.{module}.handler").handler
        return handler(json.loads(json.dumps(event)), Context(module))

    def invoke_stage(self, name: str, payload: Any) -> Any:
        self.before_invoke(name, payload)
        return self.invoke("stages." + re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(), payload)

    # --- what happens by itself -------------------------------------------------------------

    def run(self, limit: int = 500) -> None:
        """Streams, relay and executions, until nothing is left to do now."""
        for _ in range(limit):
            if not self.step():
                return
        raise AssertionError("the world does not come to rest")

    def step(self) -> bool:
        """The next thing that can happen happens; False when there is none."""
        return self._stream() or self._relay() or self._advance()

    def tick(self) -> dict[str, int]:
        """The clock function runs once, and what it caused."""
        ticked: dict[str, int] = self.invoke("doors.clock", {})
        self.invoke("doors.messenger", {})
        self.run()
        return ticked

    def _stream(self) -> bool:
        changes = [*self.wiring.records.changes, *self.wiring.tokens.changes]
        self.wiring.records.changes.clear()
        self.wiring.tokens.changes.clear()
        kept = [each for each in changes if not isinstance(each, (Brake, ActivePolicy))]
        if not kept:
            return False
        self.streamed(stream_event(kept))
        return True

    def streamed(self, event: dict[str, Any]) -> None:
        """A batch of the tables' streams reaches the functions that read them."""
        self.invoke("doors.relay", event)
        self.invoke("doors.seal", event)
        self.invoke("doors.messenger", event)

    def _relay(self) -> bool:
        """What the relay told Step Functions reaches the interpreter."""
        done = False
        for name, document in self.wiring.workflow.executions.items():
            if name not in self.machine.executions:
                self.machine.start(name, json.loads(document))
                done = True
        for token in self.wiring.workflow.woken:
            self.machine.succeed(token.value)
            done = True
        self.wiring.workflow.woken.clear()
        return done

    def _advance(self) -> bool:
        moved = [self.machine.step(execution) for execution in list(self.machine.executions.values())]
        for execution in self.machine.executions.values():
            if execution.token is not None:
                self.wiring.workflow.wait(execution.token)
        return any(moved)

    # --- people -----------------------------------------------------------------------------

    def links(self) -> dict[str, str]:
        """The newest link in each person's mail."""
        found = {}
        for mail in self.wiring.mailer.sent:
            match = re.search(re.escape(PAGE_URL) + r"/approvals/(\S+)", mail.text)
            if match:
                found[mail.to.partition("@")[0]] = match[1]
        return found

    def http(self, method: str, link: str, body: str = "", headers: dict[str, str] | None = None) -> dict[str, Any]:
        """A request to the approvals page, as API Gateway hands it over."""
        path = f"/approvals/{link}"
        given = {"content-type": "application/x-www-form-urlencoded", **(headers or {"origin": PAGE_URL})}
        event = {
            "version": "2.0", "routeKey": f"{method} /approvals/{{link}}", "rawPath": path, "rawQueryString": "",
            "headers": given, "body": body, "isBase64Encoded": False, "pathParameters": {"link": link},
            "requestContext": {
                "requestId": "r-1", "stage": "$default",
                "http": {"method": method, "path": path, "sourceIp": "192.0.2.1"},
            },
        }  # fmt: skip
        answer: dict[str, Any] = self.invoke("doors.approvals", event)
        return answer

    def decide(self, person: str, decision: str = "approve", **entries: str) -> dict[str, Any]:
        """A person opens their newest link, fills in the page's own form, and sends it."""
        link = self.links()[person]
        page = self.http("GET", link)
        return self.http("POST", link, urlencode(fill(page["body"], decision, **entries)))

    # --- looking ----------------------------------------------------------------------------

    def admission(self, digest: str) -> Admission:
        found = self.wiring.records.admission(digest)
        assert found is not None
        return found

    def admissions(self) -> list[Admission]:
        """Every announcement, in order."""
        return self.wiring.records._all(Admission)

    def record(self, cutover: str | None = None, revision: int = 1) -> RevisionRecord:
        found = self.wiring.records.revision(cutover or f"service@{self.deployment.target}.1", revision)
        assert found is not None
        return found

    def execution(self) -> Execution:
        """The newest execution."""
        return list(self.machine.executions.values())[-1]

    def messages(self) -> list[bytes]:
        return [message.body for message in self.wiring.deployment.messages(self.deployment.target)]

    def ledger(self, chain: str | None = None) -> list[Any]:
        """A chain's entries, after proving that they are one chain."""
        name = chain or f"service@{self.deployment.target}.1"
        entries = list(self.wiring.records.ledger(name))
        ledger.verify_chain(entries, chain=name)
        return entries


class _Forms(HTMLParser):
    """Each form's fields: name, kind, value."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[list[tuple[str, str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append([])
        elif tag in {"input", "textarea", "button"} and "name" in given and self.forms:
            self.forms[-1].append((given["name"], given.get("type", tag), given.get("value", "")))


def fill(html: str, decision: str, **entries: str) -> list[tuple[str, str]]:
    """The page's form for a decision as a careful person fills it: all confirmed, the digest's start typed."""
    parser = _Forms()
    parser.feed(html)
    digest = re.search(r'class="digest"><b>([0-9a-f]{8})</b>', html)
    assert digest is not None, "the page shows no digest"
    typed = {"digest": digest[1], "reason": "Not on a Friday.", **entries}
    for form in parser.forms:
        if ("decision", "submit", decision) in form:
            return [
                (name, typed.get(name, value)) for name, kind, value in form if kind != "submit" or value == decision
            ]
    raise AssertionError(f"the page has no form to {decision}")
