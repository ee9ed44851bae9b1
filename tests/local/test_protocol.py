"""The protocol on the local stack: real functions, tables, streams, queues and the real state machine."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from cutover.contracts.base import Digest
from cutover.contracts.brake import BRAKE_ORDER_TYPE, BrakeOrder
from cutover.contracts.delivery import DELIVERY_ORDER_TYPE, DeliveryOrder
from cutover.contracts.handoff import WITHDRAWAL_TYPE, Handoff, Withdrawal
from cutover.contracts.holds import HoldRegister
from cutover.contracts.records import WAIVER_TYPE, Waiver
from cutover.contracts.resolution import RESOLUTION_TYPE, Resolution, WaiverAnswer
from cutover.contracts.supersession import NOTICE_TYPE, Notice, Supersession
from cutover.contracts.told import SOURCE, ReleaseEvent
from cutover.domain import brake as braking
from cutover.domain import canonical, holds, ledger
from cutover.domain import envelope as dsse
from cutover.domain.record import Admission, Brake, RevisionRecord, Status
from cutover.domain.tallies import tallies
from cutover.doors.brake_orders.planning import release_plan
from cutover_cli.local import lifecycle
from cutover_cli.site import EventBridgeBus, Site
from examples.consumer.consumer import Consumer
from tests.building.keys import seal
from tests.local.releasing import TARGET, Release, Releases, bring_up, now, wait
from tests.simulator.command_line import run

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("protocol")]


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Releases]:
    state = Path(tmp_path_factory.mktemp("protocol"))
    yield bring_up(state)
    lifecycle.down(state_dir=state)


Told = Callable[[str], dict[tuple[int, int], str]]


@pytest.fixture(scope="module")
def told(releases: Releases) -> Told:
    """What a rule of somebody else's has picked of a cutover's events: the detail-type by revision and sequence."""
    clients, bus, heard = releases.stack.clients, releases.stack.outputs["BusName"], list[dict[str, Any]]()
    url = clients.sqs.create_queue(QueueName="somebody-else")["QueueUrl"]
    arn = clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    clients.events.put_rule(Name="somebody-else", EventBusName=bus, EventPattern=json.dumps({"source": [SOURCE]}))
    clients.events.put_targets(Rule="somebody-else", EventBusName=bus, Targets=[{"Id": "1", "Arn": arn}])

    def of(cutover: str) -> dict[tuple[int, int], str]:
        while received := clients.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            heard.extend(json.loads(each["Body"]) for each in received)
            for each in received:
                clients.sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        said = [(each["detail-type"], ReleaseEvent.model_validate_json(json.dumps(each["detail"]))) for each in heard]
        ours = sorted((each.revision or 0, each.sequence, kind) for kind, each in said if each.cutover == cutover)
        return {(revision, sequence): kind for revision, sequence, kind in ours}

    return of


def execution_of(releases: Releases, record: RevisionRecord) -> str:
    """The ARN of the execution that serves a revision."""
    admission = releases.records.admission(record.admission)
    assert isinstance(admission, Admission)
    mine = admission.digest.removeprefix("sha256:")[:40]
    return next(arn for arn in releases.stack.executions() if mine in arn)


def assert_one_effect(releases: Releases, release: Release, handed_off: RevisionRecord) -> None:
    assert len(releases.messages(release.product)) == 1
    entries = list(releases.records.ledger(handed_off.cutover))
    ledger.verify_chain(entries, chain=handed_off.cutover)
    assert ledger.status_by_ledger(entries, handed_off.revision) == "handed_off"
    sent = [entry for entry in entries if entry.to == "handed_off"]
    assert len(sent) == 1


def ends(releases: Releases, arn: str, state: str) -> None:
    wait(lambda: state in releases.stack.states(arn) or None, 30, lambda: str(releases.stack.states(arn)))


def test_a_newer_candidate_ends_the_older_one_and_everybody_is_told(releases: Releases, told: Told) -> None:
    release = Release(releases, "newer", "now-0")
    release.announce()
    first = release.until("awaiting_approval", revision=1)
    arn = execution_of(releases, first)
    old = wait(lambda: release.links(1).get("erin"), 30, lambda: "no mail")
    release.announce(version="1.4.1")
    release.until("awaiting_approval", revision=2)
    assert releases.store.has_tombstone(first.cutover, 1)
    assert release.until("superseded", revision=1).reason == "NEWER_CANDIDATE"
    ends(releases, arn, "Superseded")
    shown = release.page(old)
    assert "<form" not in shown.text
    release.approve()
    handed_off = release.until("handed_off", revision=2)
    assert_one_effect(releases, release, handed_off)
    wait(lambda: "Release Handed Off" in told(first.cutover).values() or None, 30, lambda: str(told(first.cutover)))
    whole, before = told(first.cutover), ["Release Admitted", "Release Collected", "Release Bound"]
    asked, after = ["Release Approval Requested"], ["Release Scheduled", "Release Hand-Off Started"]
    assert [kind for (revision, _), kind in whole.items() if revision == 1] == [*before, *asked, "Release Superseded"]
    assert [kind for (revision, _), kind in whole.items() if revision == 2] == [
        *before, *asked, "Release Approved", *after, "Release Handed Off",
    ]  # fmt: skip


def test_an_older_candidate_changes_nothing(releases: Releases) -> None:
    release = Release(releases, "older", "now-1")
    release.announce(sequence=5)
    release.until("awaiting_approval")
    refused = release.admission(release.announce(sequence=4), Status.REFUSED)
    assert refused.reason == "NOT_NEWER"
    assert (release.until("awaiting_approval").revision, release.record(2)) == (1, None)


def test_a_source_that_changed_makes_the_next_revision(releases: Releases) -> None:
    """The clock asks; the successor runs as an execution of its own and can be handed off."""
    release = Release(releases, "drift", "now-2")
    release.announce()
    first = release.until("awaiting_approval")
    release.revise("rollout", lambda said: said["cohorts"][0].update(share_percent=7))
    releases.age(first, timedelta(minutes=20))
    releases.tick()
    assert release.until("superseded", revision=1).reason == "DRIFTED"
    second = release.until("awaiting_approval", revision=2)
    assert second.supersession is not None
    document = Supersession.model_validate_json(releases.store.get(second.supersession, limit=2**20))
    assert [(each.pointer, each.after) for each in document.differences] == [("/cohorts/0/share_percent", "7")]
    release.approve()
    assert_one_effect(releases, release, release.until("handed_off", revision=2))


def test_a_stopped_execution_is_taken_over(releases: Releases) -> None:
    release = Release(releases, "stopped", "now-3")
    release.announce()
    record = release.until("awaiting_approval")
    releases.stack.clients.stepfunctions.stop_execution(executionArn=execution_of(releases, record))
    release.approve()
    approved = release.until("approved")
    releases.age(approved, timedelta(minutes=20))
    assert releases.tick().get("adopted") == 1
    handed_off = release.until("handed_off")
    assert handed_off.execution == 2
    assert_one_effect(releases, release, handed_off)


def withdraw(releases: Releases, cutover: str) -> None:
    said = Withdrawal(
        audience=releases.deployment.audience, cutover=cutover, requester="dana", reason="Not today.", issued_at=now()
    )
    releases.operate("Withdrawal", WITHDRAWAL_TYPE, said, releases.deployment.key("withdrawal"))


def brake(releases: Releases, action: Literal["engage", "release"], plan: Digest | None = None) -> None:
    said = BrakeOrder(
        audience=releases.deployment.audience, action=action, requester="dana", reason="An incident.",
        issued_at=now(), plan=plan,
    )  # fmt: skip
    releases.operate("BrakeOrder", BRAKE_ORDER_TYPE, said, releases.deployment.key("brake"))


def until_brake(releases: Releases, *, engaged: bool) -> Brake:
    def ready() -> Brake | None:
        found = releases.records.brake()
        return found if found is not None and found.engaged is engaged else None

    return wait(ready, 60, lambda: f"brake {releases.records.brake()!r}")


def test_a_withdrawal_ends_it(releases: Releases) -> None:
    release = Release(releases, "withdrawn", "now-4")
    release.announce()
    record = release.until("awaiting_approval")
    arn, link = execution_of(releases, record), release.links()["erin"]
    withdraw(releases, record.cutover)
    assert release.until("withdrawn").reason == "WITHDRAWN"
    ends(releases, arn, "Withdrawn")
    assert "<form" not in release.page(link).text
    assert releases.messages(release.product) == []


def test_a_withdrawal_that_comes_too_late_is_noticed_and_changes_nothing(releases: Releases) -> None:
    release = Release(releases, "late", "now-5")
    release.announce()
    release.until("awaiting_approval")
    release.approve()
    record = release.until("handed_off")
    withdraw(releases, record.cutover)

    def noticed() -> Notice | None:
        listed = releases.stack.clients.s3.list_objects_v2(
            Bucket=releases.stack.outputs["StoreBucket"], Prefix=f"notices/{record.cutover}/"
        )
        for each in listed.get("Contents", []):
            body = releases.stack.clients.s3.get_object(
                Bucket=releases.stack.outputs["StoreBucket"], Key=each.get("Key", "")
            )["Body"].read()
            opened = dsse.open_envelope(
                dsse.parse(body), payload_type=NOTICE_TYPE, purpose="ledger",
                keys=releases.deployment.facts().keys, at=now(),
            )  # fmt: skip
            return Notice.model_validate_json(opened.payload)
        return None

    notice = wait(noticed, 60, lambda: "no signed notice")
    assert (notice.event, notice.revision) == ("withdrawn-too-late", record.revision)
    assert release.until("handed_off").status is Status.HANDED_OFF
    assert_one_effect(releases, release, record)


def test_the_brake_stops_what_is_approved_and_is_released_by_its_plan(releases: Releases) -> None:
    release = Release(releases, "braked", "now-6")
    release.announce()
    release.until("awaiting_approval")
    release.decide("erin")
    brake(releases, "engage")
    engaged = until_brake(releases, engaged=True)
    try:
        shown = release.page(release.links()["omar"]).text
        assert "brake" in shown
        assert 'value="approve"' not in shown
        brake(releases, "release", "sha256:" + "0" * 64)
        assert releases.messages(release.product) == []
    finally:
        brake(releases, "release", braking.digest_of(release_plan(engaged, releases.records)))
        until_brake(releases, engaged=False)
    release.decide("omar")
    assert_one_effect(releases, release, release.until("handed_off"))
    results = [entry.result for entry in releases.records.ledger(ledger.BRAKE_CHAIN)]
    assert results == ["ENGAGED", "PLAN_DIFFERS", "RELEASED"]


def test_a_waiver_for_its_last_hold_makes_the_next_revision(releases: Releases) -> None:
    release = Release(releases, "waived", "now-7", drilled=False)
    release.announce()
    record = release.until("held")
    register = HoldRegister.model_validate_json(releases.store.get(record.hold_register or "", limit=2**24))
    (hold,) = holds.open_holds(register)
    waiver = Waiver(
        id="drill-later", fingerprint=hold.fingerprint, owner="operations", reason="The drill is next week.",
        approver="ruth", policy="OPS-4", expires_at=now() + timedelta(days=2),
    )  # fmt: skip
    sealed = seal(WAIVER_TYPE, canonical.encode_model(waiver), releases.deployment.key("waiver"))
    said = Resolution(
        audience=releases.deployment.audience, cutover=record.cutover, revision=1, fingerprint=hold.fingerprint,
        answer=WaiverAnswer(kind="waiver", waiver=sealed), resolver="omar", resolved_at=now(),
    )  # fmt: skip
    releases.operate("HoldResolution", RESOLUTION_TYPE, said, releases.deployment.key("resolution"))
    assert release.until("superseded", revision=1).reason == "HOLDS_RESOLVED"
    release.until("awaiting_approval", revision=2)
    release.approve()
    assert_one_effect(releases, release, release.until("handed_off", revision=2))


def test_the_report_counts_what_the_table_tells(releases: Releases) -> None:
    """By the index of days and the one of what waits; the roles by the documents in the store."""
    release = Release(releases, "reported", "now-9")
    release.announce()
    record = release.until("awaiting_approval")
    site = Site(releases.deployment.audience, releases.records, EventBridgeBus(releases.stack.clients.events, ""))
    said = run(replace(site, store=releases.store), "report", "--days", "2")
    counted = Counter(
        tally.name for head in said["ledger"] for each in releases.records.ledger(head["chain"])
        for tally in tallies(each)
    )  # fmt: skip
    assert said["questions"]["binding"]["number"] == counted["Bound"] >= 1
    assert (said["questions"]["accepted"]["of"] or 0) == counted["HandedOff"]
    assert said["questions"]["supersession"]["of"] == counted["Superseded"]
    assert {each["role"] for each in said["approvals"] if each["open"]["count"]} == {
        "release-engineering",
        "operations",
    }
    assert record.cutover in {each["cutover"] for each in said["cutovers"] if each["open"]}
    assert said["documents_not_read"] == 0


def consumer(releases: Releases, deployed: list[str]) -> Consumer:
    """The example's consumer at the target's queue, with a table of its own."""
    clients, outputs, ours = releases.stack.clients, releases.stack.outputs, releases.deployment
    clients.dynamodb.create_table(
        TableName="consumer", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "handoff_id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "handoff_id", "KeyType": "HASH"}],
    )  # fmt: skip
    bundle = ours.trust_bundle().model_copy(update={"issued_at": now(), "expires_at": now() + timedelta(days=1)})

    answer = {"outcome": "corrected", "cause": "version-drift"}

    def deploy(handoff: Handoff) -> dict[str, str]:
        deployed.append(handoff.handoff_id)
        return answer

    return Consumer(
        sqs=clients.sqs, dynamodb=clients.dynamodb, events=clients.events, table="consumer", bus=outputs["BusName"],
        queue_url=outputs[f"Target{TARGET.capitalize()}QueueUrl"], queue_arn=ours.queue_arn, audience=ours.audience,
        trust=ours.trust_file(canonical.encode_model(bundle)), root=canonical.digest_model(ours.root()),
        signer=ours.key("receipt"), deploy=deploy,
        deployed=lambda handoff: answer if handoff.handoff_id in deployed else None,
        fetch=lambda each: releases.store.get(each.digest, limit=each.size),
    )  # fmt: skip


def deliver(releases: Releases, **said: Any) -> None:
    order = DeliveryOrder(
        audience=releases.deployment.audience, requester="dana", reason="Is it there?", issued_at=now(), **said
    )
    releases.operate("DeliveryOrder", DELIVERY_ORDER_TYPE, order, releases.deployment.key("delivery"))


def test_a_consumer_answers_once_and_knows_a_repetition_and_a_test(releases: Releases) -> None:
    """The last of this file: the example takes whatever lies in the queue by now, and proves each."""
    release = Release(releases, "consumed", "now-8")
    release.announce()
    release.until("awaiting_approval")
    release.approve()
    record, deployed = release.until("handed_off"), list[str]()
    ours = consumer(releases, deployed)

    def told(chain: str, event: str) -> str | None:
        return next((each.result for each in releases.records.ledger(chain) if each.event == event), None)

    def polled(wanted: str) -> bool | None:
        return ours.poll(wait=1) == wanted or None

    deliver(releases, action="resend", handoff_id=record.handoff_id)
    assert wait(lambda: told(record.cutover, "resent"), 60, lambda: "not sent again") == "RESENT"
    wait(lambda: (polled("corrected") and record.handoff_id in deployed) or None, 120, lambda: str(deployed))
    wait(lambda: polled("duplicate"), 60, lambda: "no duplicate came")
    assert wait(lambda: told(record.cutover, "receipt"), 60, lambda: "no receipt") == "RECEIPT_CORRECTED"
    deliver(releases, action="test", target=TARGET)
    assert wait(lambda: told(ledger.ORDERS_CHAIN, "tested"), 60, lambda: "no test was sent") == "TESTED"
    wait(lambda: polled("test"), 60, lambda: "no test came")
    assert deployed.count(record.handoff_id or "") == 1
