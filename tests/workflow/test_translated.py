"""The contract before this one on the real definition: announced, held, answered by people, handed off, verified."""

import base64
import dataclasses
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cutover.contracts.base import Digest
from cutover.contracts.candidate import CANDIDATE_TYPE, Candidate, Reference
from cutover.contracts.evidence import ArtifactRecord, EvidenceSet
from cutover.contracts.handoff import Handoff
from cutover.contracts.holds import Hold
from cutover.contracts.legacy import V0, DetachedCandidate
from cutover.contracts.policy import Facts, Legacy, Rules
from cutover.contracts.resolution import EvidenceAnswer
from cutover.domain import canonical, reliance
from cutover.domain import envelope as dsse
from cutover.domain.checks import FAMILIES
from cutover.domain.record import Admission, RevisionRecord
from cutover.domain.refreshed import UNPINNED
from cutover.domain.verification import Report, verify_handoff
from tests.building.keys import Key, seal
from tests.building.policy import CLOSES_AT, OPENS_AT, RECEIVED_AT
from tests.fakes.sources import FakeSources
from tests.simulator.journeys import AFTER_OPENING, open_holds, told
from tests.simulator.resolving import resolve, result, waived
from tests.simulator.world import ARTIFACT_BYTES, World
from tests.verifier.independent import accepts
from tests.verifier.judging import schemas
from tests.workflow.test_refused import assert_refused

ARTIFACT = canonical.digest(ARTIFACT_BYTES)
RECORDS = ("change", "rollout", "flags", "rollback")


class Registry(FakeSources):
    """Names artifacts by digest, as OCI registries do."""

    def artifact(self, name: str, source: Any, reference: Reference, *, limit: int) -> bytes:
        record = ArtifactRecord(
            source=name, record=reference.record, version=reference.version, sha256=ARTIFACT, size=len(ARTIFACT_BYTES),
            latest=reference.version, latest_sha256=ARTIFACT,
        )  # fmt: skip
        return canonical.encode_model(record)

    def latest(self, _source: Any, reference: Reference) -> str | None:
        return reference.version


def service(world: World, **changes: Any) -> Legacy:
    said = Legacy(
        product="service", component="service", repository="https://example.com/shop/service", workflow="release.yml",
        requester="dana@ci", registry="images", changes="records", records="records",
        rollout=world.records["rollout"].record, flags=world.records["flags"].record,
        rollback=world.records["rollback"].record, criteria=("More than 1 % of orders fail.",),
        targets={"PROD": "production", "ELSEWHERE": "elsewhere"}, valid_for=7 * 86_400,
    )  # fmt: skip
    return said.model_copy(update=changes)


def rules_of(world: World, **changes: Any) -> Rules:
    said: dict[str, Any] = {
        "contracts": ("cutover/candidate/v1", V0), "legacy": {"Shop Service": service(world)},
        "waivable": dict.fromkeys(FAMILIES, ("risk",)),
    }  # fmt: skip
    return world.rules().model_copy(update=said | changes)


def facts_of(world: World) -> Facts:
    said = world.deployment.facts().model_dump(mode="json", by_alias=True)
    said["sources"]["images"] = {"kind": "oci", "host": "images.example.com"}
    return Facts.model_validate_json(canonical.encode(said))


def legacy_world(**changes: Any) -> World:
    """One whose rules list the older contract, and a service that still announces it."""
    world = World()
    world.wiring.sources["oci"] = Registry()
    world.publish(rules=rules_of(world, **changes), facts=facts_of(world), version=2)
    return world


def document(world: World, **changes: Any) -> bytes:
    said = {
        "service": "Shop Service", "version": "1.4.0", "image": "shop/service", "tag": "1.4.0", "digest": ARTIFACT,
        "change": world.records["change"].record, "environment": "PROD", "approver": "Erin",
    }  # fmt: skip
    return json.dumps({name: value for name, value in (said | changes).items() if value is not None}).encode()


def detached(world: World, content: bytes, key: Key | None = None) -> DetachedCandidate:
    signer = key or world.deployment.key("candidate")
    return DetachedCandidate(
        contract="cutover/candidate/v0", document=base64.b64encode(content).decode(),
        signature=base64.b64encode(signer.sign(content)).decode(), keyid=signer.key_id,
    )  # fmt: skip


def announce(world: World, made: DetachedCandidate | None = None, event_id: str = "e-1") -> Admission:
    """A v0 document on the bus, and what follows; the admission that it made."""
    made = made or detached(world, document(world))
    detail = {"schema": "cutover/candidate-event/v1", "detached": made.model_dump()}
    world.deliver(json.dumps({"id": event_id, "detail-type": "ReleaseCandidate", "detail": detail}))
    world.run()
    return world.admission(canonical.digest(canonical.encode_model(made)))


def candidate_of(world: World, record: RevisionRecord) -> Candidate:
    return Candidate.model_validate_json(world.wiring.store.get(record.candidate, limit=2**20))


# --- admitted, and held --------------------------------------------------------------------------------


def test_it_is_admitted_as_what_it_was_translated_into() -> None:
    world = legacy_world()
    content = document(world)
    admission = announce(world)
    record = world.record()
    found = candidate_of(world, record)
    assert (admission.status, admission.payload) == ("collecting", canonical.digest(content))
    assert found.translated is not None
    assert (found.translated.contract, found.translated.original) == (V0, canonical.digest(content))
    assert found.translated.rules == record.rules.payload
    assert (found.window, found.issued_at, found.requester) == (world.deployment.window, RECEIVED_AT, "dana@ci")
    assert record.relies_on == (world.deployment.key("candidate").key_id,)
    opened = world.ledger()[0]
    assert (opened.event, opened.inputs) == (
        "admitted",
        {"candidate": record.candidate, "envelope": admission.digest, "original": canonical.digest(content)},
    )


def test_lineage_keeps_the_original() -> None:
    """The evidence set leads from the candidate to the announcement, and so to the very bytes that were signed."""
    world = legacy_world()
    content = document(world)
    admission = announce(world)
    digest = world.record().evidence_set
    assert digest is not None
    evidence = EvidenceSet.model_validate_json(world.wiring.store.get(digest, limit=2**20)).candidate
    assert (evidence.sha256, evidence.unwraps) == (world.record().candidate, admission.digest)
    kept = world.wiring.store.get(admission.digest, limit=2**20)
    assert base64.b64decode(json.loads(kept)["document"]) == content


def test_what_it_does_not_say_is_held() -> None:
    """Everything that v0 cannot say, each by name; nothing of what it says."""
    world = legacy_world()
    announce(world)
    record = world.record()
    assert record.status == "held"
    found = {hold.code for hold in open_holds(world, record)}
    assert found >= {
        "COMMIT_NOT_STATED", "PROVENANCE_INCOMPLETE", "ATTESTATION_MISSING", "DEPENDENCY_MANIFEST_MISSING",
        "SOURCE_VERSION_UNPINNED",
    }  # fmt: skip
    assert not {code for code in found if code.startswith(("ARTIFACT", "REQUESTER", "WINDOW"))}
    unpinned = [hold for hold in open_holds(world, record) if hold.code == "SOURCE_VERSION_UNPINNED"]
    assert len(unpinned) == len(RECORDS)
    by_record = {
        each.record: each.version for message in told(world) if message.answer for each in message.answer.records
    }
    assert by_record == {world.records[name].record: UNPINNED for name in RECORDS}


# --- the whole way -------------------------------------------------------------------------------------


def answer(world: World, record: RevisionRecord) -> None:
    """Somebody says which versions are meant; then somebody else waives what v0 cannot say."""
    by_record = {world.records[name].record: world.records[name] for name in RECORDS}
    messages = {message.hold.fingerprint: message for message in told(world)}
    holds = open_holds(world, record)
    for hold in holds:
        about = messages[hold.fingerprint].answer
        if about is not None and about.records:
            _evidence(world, hold, by_record[about.records[0].record], record)
    for hold in holds:
        about = messages[hold.fingerprint].answer
        if about is None or not about.records:
            found = result(world, resolve(world, hold, waived(world, hold), record))
            assert found in {"RESOLUTION_RECORDED", "HOLDS_RESOLVED"}, (hold.code, world.ledger()[-1].detail)


def _evidence(world: World, hold: Hold, meant: Any, record: RevisionRecord) -> None:
    reference = Reference.model_validate(meant.reference())
    event = resolve(world, hold, EvidenceAnswer(kind="evidence", reference=reference), record)
    assert result(world, event) == "RESOLUTION_RECORDED", hold


def released() -> World:
    """From the older document to the queue."""
    world = legacy_world()
    revise_drill(world)
    announce(world)
    answer(world, world.record())
    record = world.record(revision=2)
    assert record.status == "awaiting_approval", [(each.code, each.field) for each in open_holds(world, record)]
    assert record.decisions == (), "Erin, whom the document names, has approved nothing"
    for person in ("erin", "omar"):
        world.decide(person)
        world.run()
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record(revision=2).status == "handed_off"
    return world


def revise_drill(world: World) -> None:
    """The plan's step was drilled: nothing but what v0 cannot say is to be answered."""
    said = json.loads(world.records["rollback"].payload)
    for step in said["steps"]:
        step["drilled_at"] = "2026-03-01T09:00:00Z"
    world.records["rollback"] = world.upload(
        dataclasses.replace(world.records["rollback"], payload=json.dumps(said).encode())
    )


def judged(world: World, message: bytes, replaced: dict[Digest, bytes] | None = None) -> Report:
    handoff = Handoff.model_validate_json(dsse.decode_base64(dsse.parse(message).payload))
    documents = {each.digest: world.wiring.store.get(each.digest, limit=2**26) for each in handoff.documents}
    trust, having = world.deployment.trust_file(), documents | (replaced or {})
    report = verify_handoff(message, trust=trust, documents=having, now=OPENS_AT)
    second = accepts(message, trust=trust, documents=having, now=OPENS_AT, schemas=schemas())
    assert second == report.verified, f"the verifiers disagree: {report.code} ({report.detail})"
    return report


def test_it_is_handed_off_and_verified() -> None:
    """The package holds the announcement; the translation is made again from it, with the rules of the package."""
    world = released()
    (message,) = world.messages()
    report = judged(world, message)
    assert report.verified, (report.code, report.detail)
    record = world.record(revision=2)
    assert reliance.signers(world.wiring.store.get(record.admission, limit=2**20)) == (
        world.deployment.key("candidate").key_id,
    )
    assert world.deployment.key("candidate").key_id in record.relies_on


# --- who may waive what it does not say --------------------------------------------------------------


def named_change(world: World, record: RevisionRecord) -> None:
    """Somebody says which version of the change is meant, to one of the holds that it left."""
    hold = next(each for each in open_holds(world, record) if each.field == "/change/number")
    _evidence(world, hold, world.records["change"], record)


def test_nobody_waives_before_it_is_said_which_change_is_meant() -> None:
    """Whoever asked for the change may waive nothing of it, and that its record says."""
    world = legacy_world()
    announce(world)
    record = world.record()
    hold = next(each for each in open_holds(world, record) if each.code == "COMMIT_NOT_STATED")
    assert result(world, resolve(world, hold, waived(world, hold), record)) == "WAIVER_NOT_PERMITTED"
    named_change(world, record)
    world.clock.move(timedelta(seconds=1))
    assert result(world, resolve(world, hold, waived(world, hold), record)) == "RESOLUTION_RECORDED"


def test_a_waiver_by_who_asked_for_the_change_is_recorded_and_counts_for_nothing() -> None:
    """The next revision reads who asked for it, and asks again who may waive."""
    world = legacy_world()
    revise_drill(world)
    said = json.loads(world.records["change"].payload) | {"requester": "ruth@change"}
    world.records["change"] = world.upload(
        dataclasses.replace(world.records["change"], payload=json.dumps(said).encode())
    )
    facts = facts_of(world)
    ruth = facts.people["ruth"].model_copy(update={"identities": ("ruth@change",)})
    world.publish(
        rules=rules_of(world), facts=facts.model_copy(update={"people": {**facts.people, "ruth": ruth}}), version=3
    )
    announce(world)
    waived_holds = {each.code for each in open_holds(world, world.record()) if not _by_evidence(world, each)}
    answer(world, world.record())
    record = world.record(revision=2)
    assert record.status == "held"
    assert {each.code for each in open_holds(world, record)} == waived_holds


def _by_evidence(world: World, hold: Hold) -> bool:
    about = {message.hold.fingerprint: message for message in told(world)}[hold.fingerprint].answer
    return about is not None and bool(about.records)


# --- once, and in order --------------------------------------------------------------------------------


def test_the_same_document_is_one_revision_whoever_signs_it_again() -> None:
    """The payload is claimed by the document's own bytes: another signature is another announcement of the same."""
    world = legacy_world()
    content = document(world)
    other = world.deployment.key("candidate/other")
    facts = facts_of(world)
    trusted = world.deployment.trusted_key("candidate", id=other.key_id, public_key=other.public_base64)
    world.publish(rules=rules_of(world), facts=facts.model_copy(update={"keys": (*facts.keys, trusted)}), version=3)
    first = announce(world)
    world.clock.move(timedelta(minutes=1))
    second = announce(world, detached(world, content, other), "e-2")
    assert (first.status, first.revision) == ("collecting", 1)
    assert (second.status, second.reason) == ("refused", "ALREADY_ADMITTED")
    assert announce(world, event_id="e-3") == world.admission(first.digest)
    assert world.wiring.records.revision("service@production.1", 2) is None


def test_a_later_document_supersedes() -> None:
    world = legacy_world()
    announce(world)
    world.clock.move(timedelta(minutes=1))
    second = announce(world, detached(world, document(world, version="1.4.1")), "e-2")
    assert (second.cutover, second.revision) == ("service@production.1", 2)
    assert world.record().status == "superseded"
    opened = [entry for entry in world.ledger() if entry.event == "opened"][-1]
    assert opened.inputs["original"] == canonical.digest(document(world, version="1.4.1"))


def test_a_candidate_that_was_issued_before_it_is_not_newer() -> None:
    """It is issued when it is received."""
    world = legacy_world()
    announce(world)
    digest = world.announce(world.candidate(), event_id="e-2")
    world.run()
    assert world.admission(digest).reason == "NOT_NEWER"


def test_what_it_is_translated_into_does_not_depend_on_when_admit_looks() -> None:
    """Admit can be late, or look twice: what counts is when it was received."""
    early, late = legacy_world(), legacy_world()
    announce(early)
    moved: list[str] = []

    def before(name: str, _payload: Any) -> None:
        if name == "Admit" and not moved:
            late.clock.move(timedelta(minutes=3))
            moved.append(name)

    late.before_invoke = before
    announce(late)
    assert moved == ["Admit"]
    assert late.record().candidate == early.record().candidate
    assert late.record().admitted_at == early.record().admitted_at + timedelta(minutes=3)


# --- refused -------------------------------------------------------------------------------------------


def test_every_fault_is_told() -> None:
    world = legacy_world()
    made = detached(world, document(world, digest=None, change=None, tag="a b", rehearsal="true"))
    assert_refused(world, announce(world, made), "CANDIDATE_INVALID", "/tag", "/digest", "/change", "/rehearsal")


Change = Callable[[World], dict[str, Any]]


@pytest.mark.parametrize(
    ("rules", "said", "reason", "pointer"),
    [
        ({"contracts": ("cutover/candidate/v1",)}, {}, "WRONG_VERSION", "/contract"),
        ({"legacy": {}}, {}, "UNKNOWN_SERVICE", "/"),
        ({}, {"service": "another"}, "UNKNOWN_SERVICE", "/"),
        ({}, {"environment": "TEST"}, "UNKNOWN_ENVIRONMENT", "/"),
        ({}, {"environment": "ELSEWHERE"}, "WINDOW_UNKNOWN", "/"),
    ],
)
def test_what_the_rules_do_not_know_is_refused(
    rules: dict[str, Any], said: dict[str, Any], reason: str, pointer: str
) -> None:
    world = legacy_world(**rules)
    assert_refused(world, announce(world, detached(world, document(world, **said))), reason, pointer)


def test_after_the_last_window() -> None:
    world = legacy_world()
    world.clock.move_to(CLOSES_AT - timedelta(seconds=5))
    assert_refused(world, announce(world), "WINDOW_UNKNOWN", "/")


@pytest.mark.parametrize(("key", "reason"), [("waiver", "WRONG_KEY_PURPOSE"), ("nobody's", "UNTRUSTED_SIGNATURE")])
def test_another_s_signature_is_refused(key: str, reason: str) -> None:
    """Before anything in the document is looked at: this one is not even JSON."""
    world = legacy_world()
    assert_refused(world, announce(world, detached(world, b"{", world.deployment.key(key))), reason, "/")


def test_a_key_of_another_product_is_refused() -> None:
    world = legacy_world()
    facts = facts_of(world)
    keys = tuple(
        each.model_copy(update={"products": ("billing",)}) if each.purpose == "candidate" else each
        for each in facts.keys
    )
    world.publish(rules=rules_of(world), facts=facts.model_copy(update={"keys": keys}), version=3)
    assert_refused(world, announce(world), "OUT_OF_SCOPE", "/product")


def test_a_candidate_that_calls_itself_translated_is_refused() -> None:
    """Only Cutover translates: CI signs the older document, or a candidate of this contract."""
    world = legacy_world()
    announce(world)
    forged = candidate_of(world, world.record()).model_copy(update={"sequence": 5})
    digest = world.announce(forged, event_id="e-2")
    world.run()
    assert_refused(world, world.admission(digest), "TRANSLATION_NOT_OURS", "/translated")


def test_one_in_an_envelope_is_no_announcement() -> None:
    world = legacy_world()
    digest = world.announce(document(world), event_id="e-2")
    world.run()
    assert world.admission(digest).status == "refused"


@pytest.mark.parametrize("field", ["document", "signature", "keyid", "contract"])
def test_an_announcement_with_a_field_missing_is_refused_at_the_door(field: str) -> None:
    world = legacy_world()
    said = detached(world, document(world)).model_dump()
    del said[field]
    detail = {"schema": "cutover/candidate-event/v1", "detached": said}
    world.deliver(json.dumps({"id": "e-1", "detail": detail}))
    world.run()
    admission = world.admissions()[-1]
    assert (admission.status, admission.reason) == ("refused", "FIELD_MISSING")
    assert [fault.pointer for fault in admission.faults] == [f"/detail/detached/{field}"]


def test_by_reference_it_is_the_same_announcement() -> None:
    world = legacy_world()
    made = canonical.encode_model(detached(world, document(world)))
    version = world.wiring.inbox.put("v0", made)
    reference = {"key": "v0", "version_id": version, "sha256": canonical.digest(made)}
    detail = {"schema": "cutover/candidate-event/v1", "reference": reference}
    world.deliver(json.dumps({"id": "e-1", "detail": detail}))
    world.run()
    assert world.admission(canonical.digest(made)).status == "collecting"


def test_nothing_but_canonical_bytes_is_an_announcement() -> None:
    world = legacy_world()
    made = json.dumps(detached(world, document(world)).model_dump()).encode()
    version = world.wiring.inbox.put("v0", made)
    reference = {"key": "v0", "version_id": version, "sha256": canonical.digest(made)}
    world.deliver(json.dumps({"id": "e-1", "detail": {"schema": "cutover/candidate-event/v1", "reference": reference}}))
    world.run()
    assert world.admissions()[-1].reason == "NOT_CANONICAL"


def test_an_envelope_and_a_document_at_once_are_refused() -> None:
    world = legacy_world()
    envelope = seal(CANDIDATE_TYPE, canonical.encode_model(world.candidate()), world.deployment.key("candidate"))
    detail = {
        "schema": "cutover/candidate-event/v1", "envelope": envelope.model_dump(by_alias=True),
        "detached": detached(world, document(world)).model_dump(),
    }  # fmt: skip
    world.deliver(json.dumps({"id": "e-1", "detail": detail}))
    world.run()
    assert (world.admissions()[-1].status, world.admissions()[-1].reason) == ("refused", "BAD_VALUE")
