"""Bad input is refused with a stable reason, a ledger entry, and nothing lost; no execution breaks on it."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutover.contracts.candidate import CANDIDATE_TYPE, MAX_CANDIDATE_BYTES
from cutover.contracts.event import MAX_BY_VALUE_BYTES
from cutover.contracts.policy import Purpose
from cutover.domain import canonical, ledger
from cutover.domain.record import Admission
from tests.building.keys import Key, seal
from tests.building.policy import CLOSES_AT, ISSUED_AT, OTHER_DEPLOYMENT, RECEIVED_AT, Deployment
from tests.simulator.journeys import handed_off
from tests.simulator.world import World


def assert_refused(world: World, admission: Admission, reason: str, *pointers: str) -> None:
    """Row 31 and the issue's list: reason, places, ledger, bytes, and an execution that simply ended."""
    assert (admission.status, admission.reason) == ("refused", reason)
    assert [fault.pointer for fault in admission.faults] == list(pointers or ("/",))
    assert all(fault.message for fault in admission.faults)
    written = [
        entry
        for entry in world.ledger(ledger.admissions_chain(admission.digest))
        if entry.inputs == {"envelope": admission.digest}
    ]
    assert [(entry.event, entry.transition, entry.to) for entry in written] == [
        ("announced", 1, "admitting"),
        ("refused", 2, "refused"),
    ]
    assert written[-1].result == reason
    assert written[-1].actor.role == "admit"
    assert canonical.digest(world.wiring.store.get(admission.digest, limit=2**24)) == admission.digest
    assert world.execution().status == "SUCCEEDED"
    assert world.execution().visited == ["Begin", "Admit", "WasAdmitted", "Ended", "Refused"]
    assert world.messages() == []


def refuse(world: World, body: str) -> Admission:
    """Delivers a message and lets it go its way; the admission that it made."""
    assert world.deliver(body) == {"batchItemFailures": []}
    world.run()
    return world.admissions()[-1]


def event(**detail: Any) -> str:
    said = {"schema": "cutover/candidate-event/v1", **detail}
    return json.dumps({"id": "e-1", "detail-type": "ReleaseCandidate", "detail": said})


def enveloped(world: World, payload: bytes | None = None, *keys: Key, kind: str = CANDIDATE_TYPE) -> dict[str, Any]:
    content = canonical.encode_model(world.candidate()) if payload is None else payload
    return seal(kind, content, *(keys or (world.deployment.key("candidate"),))).model_dump(by_alias=True)


# --- the event ------------------------------------------------------------------------------------

BODIES = {
    "empty": ("", "NOT_JSON", "/"),
    "malformed": ('{"detail": ', "NOT_JSON", "/"),
    "lone surrogate": ('{"detail": "\ud800"}', "NOT_JSON", "/"),
    "a list": ("[1, 2]", "EVENT_MALFORMED", "/detail"),
    "a number": ("7", "EVENT_MALFORMED", "/detail"),
    "null": ("null", "EVENT_MALFORMED", "/detail"),
    "no detail": ('{"id": "e-1"}', "EVENT_MALFORMED", "/detail"),
    "detail is text": ('{"detail": "candidate"}', "EVENT_MALFORMED", "/detail"),
    "empty detail": ('{"detail": {}}', "FIELD_MISSING", "/detail/schema"),
    "neither envelope nor reference": (event(), "BAD_VALUE", "/detail"),
    "another version": ('{"detail": {"schema": "cutover/candidate-event/v9"}}', "VALUE_NOT_ALLOWED", "/detail/schema"),
    "unknown field": (event(priority="high"), "FIELD_UNKNOWN", "/detail/priority"),
    "hostile key": (event(**{"a/b~\x00\n": 1}), "FIELD_UNKNOWN", "/detail/a~1b~0��"),
    "no base64": (
        event(envelope={"payloadType": CANDIDATE_TYPE, "payload": "?", "signatures": []}),
        "BAD_FORMAT",
        "/detail/envelope/payload",
    ),
}


@pytest.mark.parametrize(("body", "reason", "pointer"), BODIES.values(), ids=BODIES.keys())
def test_an_event_that_is_none_is_kept_and_refused(body: str, reason: str, pointer: str) -> None:
    world = World()
    admission = refuse(world, body)
    assert_refused(world, admission, reason, pointer)


@settings(max_examples=60)
@given(
    body=st.one_of(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["id", "detail", "schema", "x"]), inner),
        ).map(json.dumps),
    )
)
def test_no_body_breaks_an_execution(body: str) -> None:
    world = World()
    admission = refuse(world, body)
    assert admission.status == "refused"
    assert world.execution().visited[-1] == "Refused"


def test_an_envelope_too_large_to_travel_by_value() -> None:
    world = World()
    body = event(envelope=enveloped(world, b" " * MAX_BY_VALUE_BYTES))
    assert_refused(world, refuse(world, body), "CANDIDATE_TOO_LARGE", "/detail")


def test_both_by_value_and_by_reference() -> None:
    world = World()
    reference = {"key": "c", "version_id": "v1", "sha256": canonical.digest(b"")}
    body = event(envelope=enveloped(world), reference=reference)
    assert_refused(world, refuse(world, body), "BAD_VALUE", "/detail")


def by_reference(world: World, content: bytes, *, digest: str | None = None) -> str:
    version = world.wiring.inbox.put("candidates/1", content)
    digest = digest or canonical.digest(content)
    return event(reference={"key": "candidates/1", "version_id": version, "sha256": digest})


def test_an_inbox_object_that_is_not_there() -> None:
    world = World()
    reference = {"key": "candidates/1", "version_id": "v9", "sha256": canonical.digest(b"")}
    assert_refused(world, refuse(world, event(reference=reference)), "CANDIDATE_UNREADABLE", "/detail")


def test_an_inbox_object_with_other_bytes() -> None:
    world = World()
    body = by_reference(world, b"{}", digest=canonical.digest(b"{ }"))
    assert_refused(world, refuse(world, body), "CANDIDATE_UNREADABLE", "/detail")


def test_an_inbox_object_that_is_too_large() -> None:
    world = World()
    body = by_reference(world, b" " * (2 * MAX_CANDIDATE_BYTES + 1))
    assert_refused(world, refuse(world, body), "CANDIDATE_TOO_LARGE", "/detail")


def test_a_large_candidate_by_reference_goes_its_way() -> None:
    world = World()
    rationale = "r" * 4096
    components = tuple(world.candidate().components[0].model_copy(update={"name": f"service-{n}"}) for n in range(50))
    candidate = world.candidate(rationale=rationale, components=components, attestations=())
    content = canonical.encode(enveloped(world, canonical.encode_model(candidate)))
    admission = refuse(world, by_reference(world, content))
    assert (admission.status, admission.digest) == ("collecting", canonical.digest(content))


# --- the envelope ---------------------------------------------------------------------------------


def test_unsigned() -> None:
    world = World()
    body = event(envelope={**enveloped(world), "signatures": []})
    assert_refused(world, refuse(world, body), "BAD_VALUE", "/detail/envelope/signatures")


ENVELOPES: dict[str, tuple[Callable[[World], dict[str, Any]], str]] = {
    "a stranger's key": (lambda w: enveloped(w, None, Key("nobody")), "UNTRUSTED_SIGNATURE"),
    "another deployment's key": (
        lambda w: enveloped(w, None, OTHER_DEPLOYMENT.key("candidate")),
        "UNTRUSTED_SIGNATURE",
    ),
    "a key for another purpose": (lambda w: enveloped(w, None, w.deployment.key("waiver")), "WRONG_KEY_PURPOSE"),
    "another payload type": (lambda w: enveloped(w, kind="application/vnd.in-toto+json"), "WRONG_PAYLOAD_TYPE"),
    "another's payload under the signature": (
        lambda w: {**enveloped(w), "payload": enveloped(w, b"{}")["payload"]},
        "UNTRUSTED_SIGNATURE",
    ),
    "not canonical: white space": (
        lambda w: enveloped(w, json.dumps(json.loads(canonical.encode_model(w.candidate()))).encode()),
        "NOT_CANONICAL",
    ),
    "not canonical: a key twice": (
        lambda w: enveloped(w, canonical.encode_model(w.candidate())[:-1] + b',"window":"tuesday-evening"}'),
        "NOT_CANONICAL",
    ),
    "not canonical: a float": (
        lambda w: enveloped(w, canonical.encode_model(w.candidate()).replace(b'"sequence":1', b'"sequence":1.5')),
        "NOT_CANONICAL",
    ),
    "not canonical: a large integer": (
        lambda w: enveloped(
            w, canonical.encode_model(w.candidate()).replace(b'"sequence":1', b'"sequence":%d' % 2**53)
        ),
        "NOT_CANONICAL",
    ),
    "not canonical: a byte order mark": (
        lambda w: enveloped(w, b"\xef\xbb\xbf" + canonical.encode_model(w.candidate())),
        "NOT_CANONICAL",
    ),
    "malformed JSON inside": (lambda w: enveloped(w, b'{"schema":'), "NOT_CANONICAL"),
    "nothing inside": (lambda w: enveloped(w, b""), "NOT_CANONICAL"),
}


@pytest.mark.parametrize(("make", "reason"), ENVELOPES.values(), ids=ENVELOPES.keys())
def test_an_envelope_that_does_not_count(make: Callable[[World], dict[str, Any]], reason: str) -> None:
    world = World()
    assert_refused(world, refuse(world, event(envelope=make(world))), reason)


KEYS = {
    "not yet valid": ({"not_before": RECEIVED_AT + timedelta(seconds=1)}, "KEY_NOT_VALID"),
    "ended": ({"not_after": RECEIVED_AT}, "KEY_NOT_VALID"),
    "revoked": ({"revoked_at": RECEIVED_AT}, "KEY_REVOKED"),
}


@pytest.mark.parametrize(("changes", "reason"), KEYS.values(), ids=KEYS.keys())
def test_a_key_counts_at_the_time_that_admit_recorded(changes: dict[str, Any], reason: str) -> None:
    """``issued_at`` lies within the key's validity: what the document says of its time is not asked."""
    world = World()
    publish_key(world, **changes)
    digest = world.announce()
    world.run()
    assert_refused(world, world.admission(digest), reason)


def publish_key(world: World, purpose: Purpose = "candidate", **changes: Any) -> None:
    keys = [key for key in world.deployment.trusted_keys() if key.purpose != purpose]
    keys.append(world.deployment.trusted_key(purpose, **changes))
    world.publish(facts=world.deployment.facts().model_copy(update={"keys": tuple(keys)}), version=2)


# --- the candidate --------------------------------------------------------------------------------


def announce(world: World, change: Callable[[dict[str, Any]], object]) -> Admission:
    said = orjson.loads(canonical.encode_model(world.candidate()))
    change(said)
    digest = world.announce(canonical.encode(said))
    world.run()
    return world.admission(digest)


CANDIDATES: dict[str, tuple[dict[str, Any], str, str]] = {
    "another version": ({"schema": "cutover/candidate/v9"}, "WRONG_VERSION", "/schema"),
    "an unknown field": ({"priority": "high"}, "CANDIDATE_INVALID", "/priority"),
    "a verdict": ({"risk_score": 3}, "CANDIDATE_INVALID", "/risk_score"),
    "another audience": ({"audience": OTHER_DEPLOYMENT.audience}, "WRONG_AUDIENCE", "/audience"),
    "expired": ({"expires_at": "2026-03-02T09:01:00Z"}, "CANDIDATE_EXPIRED", "/expires_at"),
    "issued in the future": ({"issued_at": "2026-03-02T09:06:01Z"}, "NOT_YET_ISSUED", "/issued_at"),
    "an unknown target": ({"target": "moon"}, "UNKNOWN_TARGET", "/target"),
    "a window that the calendar has not": ({"window": "next-week"}, "WINDOW_UNKNOWN", "/"),
    "times in the wrong order": ({"expires_at": "2026-03-02T09:00:00Z"}, "CANDIDATE_INVALID", "/"),
    "two components of one name": ({"components": None}, "CANDIDATE_INVALID", "/"),
    "a local time": ({"issued_at": "2026-03-02T10:00:00+01:00"}, "CANDIDATE_INVALID", "/issued_at"),
}


@pytest.mark.parametrize(("changes", "reason", "pointer"), CANDIDATES.values(), ids=CANDIDATES.keys())
def test_a_candidate_with_a_fault(changes: dict[str, Any], reason: str, pointer: str) -> None:
    world = World()

    def change(said: dict[str, Any]) -> None:
        twice = said["components"] * 2
        said.update({name: value or twice for name, value in changes.items()})

    assert_refused(world, announce(world, change), reason, pointer)


def test_all_faults_are_told_at_once_each_with_its_place() -> None:
    world = World()

    def change(said: dict[str, Any]) -> None:
        del said["requester"], said["rollback"]["criteria"]
        said["components"][0]["artifact"]["digest"] = "md5:abc"
        said["commit"] = "HEAD"
        said["command"] = "deploy"
        said["sequence"] = "1"

    assert_refused(
        world,
        announce(world, change),
        "CANDIDATE_INVALID",
        "/commit",
        "/requester",
        "/components/0/artifact/digest",
        "/rollback/criteria",
        "/sequence",
        "/command",
    )


def test_every_required_field_missing_is_a_fault_of_its_own() -> None:
    """Row 3 and row 21: the faults of an empty candidate are the contract's required fields."""
    world = World()
    digest = world.announce(b'{"schema":"cutover/candidate/v1"}')
    world.run()
    admission = world.admission(digest)
    required = [
        f"/{field.alias or name}" for name, field in type(world.candidate()).model_fields.items() if field.is_required()
    ]
    assert_refused(world, admission, "CANDIDATE_INVALID", *required)
    assert {fault.code for fault in admission.faults} == {"FIELD_MISSING"}


def test_a_candidate_that_does_not_say_what_it_is() -> None:
    """Told at the place where a document says it, whatever our code calls that field."""
    world = World()
    admission = announce(world, lambda said: said.pop("schema"))
    assert_refused(world, admission, "WRONG_VERSION", "/schema")


def test_a_product_outside_of_the_keys_scope() -> None:
    world = World()
    publish_key(world, products=("other",))
    digest = world.announce()
    world.run()
    assert_refused(world, world.admission(digest), "OUT_OF_SCOPE", "/product")


def test_a_contract_that_the_rules_do_not_accept_any_more() -> None:
    world = World()
    world.publish(rules=world.rules().model_copy(update={"contracts": ("cutover/candidate/v2",)}), version=2)
    digest = world.announce()
    world.run()
    assert_refused(world, world.admission(digest), "WRONG_VERSION", "/schema")


def test_a_window_that_has_passed() -> None:
    """It has, as soon as the closing margin has begun."""
    margin = timedelta(seconds=World().rules().close_margin)
    for moment, passed in ((CLOSES_AT - margin - timedelta(seconds=1), False), (CLOSES_AT - margin, True)):
        world = World()
        world.clock.move_to(moment)
        digest = world.announce()
        world.run()
        if passed:
            assert_refused(world, world.admission(digest), "WINDOW_PASSED", "/window")
        else:
            assert world.admission(digest).status == "collecting"


def test_issue_time_has_room_for_clock_skew() -> None:
    world = World()
    digest = world.announce(world.candidate(issued_at=RECEIVED_AT + timedelta(minutes=5)))
    world.run()
    assert world.admission(digest).status == "collecting"


def test_a_second_target_of_the_rules_must_be_deployed_too() -> None:
    world = World(Deployment())
    rules = world.rules()
    signers = {**rules.signers, "staging": rules.signers["production"]}
    world.publish(rules=rules.model_copy(update={"signers": signers}), version=2)
    digest = world.announce(world.candidate(target="staging"))
    world.run()
    assert_refused(world, world.admission(digest), "UNKNOWN_TARGET", "/target")


# --- order ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "older",
    [
        {"issued_at": ISSUED_AT - timedelta(seconds=1), "sequence": 9},
        {"sequence": 0},
        {"sequence": 1, "rationale": "the same moment and number, other words"},
    ],
    ids=["issued before", "a lower number", "the same number"],
)
def test_not_newer_than_the_current_one(older: dict[str, Any]) -> None:
    world = World()
    handed_off(world)
    world.clock.move_to(CLOSES_AT - timedelta(minutes=1))
    world.wiring.deployment.messages(world.deployment.target).clear()
    digest = world.announce(world.candidate(**older))
    world.run()
    assert_refused(world, world.admission(digest), "NOT_NEWER", "/issued_at")


def test_the_same_payload_in_another_envelope() -> None:
    """Its identity is the payload's digest: a second signature beside the first makes no second revision."""
    world = World()
    candidate = world.candidate()
    world.announce(candidate)
    world.run()
    payload = canonical.encode_model(candidate)
    body = event(envelope=enveloped(world, payload, world.deployment.key("candidate"), Key("nobody")))
    admission = refuse(world, body)
    assert_refused(world, admission, "ALREADY_ADMITTED")
    assert "service@production.1 revision 1" in admission.faults[0].message
