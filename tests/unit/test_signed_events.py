"""Signed events: whatever cannot be read or trusted is kept, noted once, and changes nothing."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cutover.contracts.base import Model
from cutover.domain import canonical
from cutover.domain.record import Status
from cutover.doors.signed_events import nonce_of
from tests.building.keys import Key, seal
from tests.building.policy import KEYS_FROM, KEYS_UNTIL, OTHER_DEPLOYMENT
from tests.simulator.events import (
    KINDS,
    Sent,
    brake_order,
    deliver,
    delivery_order,
    receipt,
    sent,
    signed,
    told,
    waiting_world,
    withdrawal,
)
from tests.simulator.world import World

CUTOVER = "service@production.1"
HOSTILE = ["\u202egnp.exe", "a\u0000b", "</script><script>", "x" * 5000, "\U0001f600" * 200, "{{7*7}}", "\ud800"]
DOORS: dict[str, Callable[[World], Model]] = {
    "withdrawals": lambda world: withdrawal(world, CUTOVER),
    "brake_orders": lambda world: brake_order(world, "engage"),
    "deliveries": lambda world: delivery_order(world, "test", target="production"),
    "receipts": lambda world: receipt(world, "sha256:" + "7" * 64),
}
EACH_DOOR = pytest.mark.parametrize("door", DOORS)


@pytest.fixture
def world() -> World:
    return waiting_world(CUTOVER)


def assert_only_noted(world: World, event: Sent, code: str, *, kept: str | None = None) -> None:
    """The bytes stand in the store, and one entry says why they did not count; again, nothing is added."""
    before = world.record(), world.wiring.records.brake(), world.ledger(), world.ledger("brake")
    for number in range(2):
        assert deliver(world, event, message_id=f"m-{number}") == {"batchItemFailures": []}
        world.wiring.idempotency.clear()
    name = kept or event.envelope
    assert world.wiring.store.get(name, limit=2**21)
    (entry,) = [each for each in world.ledger("orders") if name in each.inputs.values()]
    assert (entry.result, entry.transition, entry.revision) == (code, None, None)
    assert (world.record(), world.wiring.records.brake(), world.ledger(), world.ledger("brake")) == before


def unreadable(door: str, body: str) -> tuple[Sent, str]:
    """A message whose body is no signed event, and under which name it is kept."""
    return Sent(door, body, "", ""), canonical.digest(body.encode("utf-8", "surrogatepass"))


@EACH_DOOR
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{ not json", "NOT_JSON"),
        ("[]", "EVENT_MALFORMED"),
        ('{"id": "o-1", "detail": 7}', "EVENT_MALFORMED"),
        ('{"id": "o-1", "detail": {}}', "FIELD_MISSING"),
        ('{"id": "o-1", "detail": {"schema": "cutover/candidate-event/v1"}}', "VALUE_NOT_ALLOWED"),
        ('{"id": "o-1", "detail": {"schema": "cutover/signed-event/v1", "envelope": {}}}', "FIELD_MISSING"),
    ],
)
def test_what_is_no_signed_event(world: World, door: str, body: str, code: str) -> None:
    event, kept = unreadable(door, body)
    assert_only_noted(world, event, code, kept=kept)


@EACH_DOOR
def test_an_event_that_is_too_large_is_not_opened(world: World, door: str) -> None:
    document = DOORS[door](world)
    event = signed(world, document, payload=b'"' + b"x" * 70_000 + b'"')
    kept = canonical.digest(event.body.encode())
    assert_only_noted(world, event, "EVENT_TOO_LARGE", kept=kept)


@EACH_DOOR
@pytest.mark.parametrize("key", [Key("nobody"), OTHER_DEPLOYMENT.key("withdrawal")], ids=["nobody's", "another's"])
def test_a_key_that_the_facts_do_not_trust(world: World, door: str, key: Key) -> None:
    _, detail_type, kind, _ = KINDS[type(DOORS[door](world))]
    envelope = seal(kind, canonical.encode_model(DOORS[door](world)), key)
    assert_only_noted(world, sent(door, detail_type, envelope), "UNTRUSTED_SIGNATURE")


@EACH_DOOR
@pytest.mark.parametrize("purpose", ["candidate", "resolution", "handoff", "ledger"])
def test_a_key_of_another_purpose(world: World, door: str, purpose: str) -> None:
    assert_only_noted(world, signed(world, DOORS[door](world), key=purpose), "WRONG_KEY_PURPOSE")


@pytest.mark.parametrize(
    ("door", "other"),
    [(door, kind) for door in DOORS for name, _, kind, _ in KINDS.values() if name != door],
)
def test_a_signature_over_another_type_of_payload(world: World, door: str, other: str) -> None:
    assert_only_noted(world, signed(world, DOORS[door](world), payload_type=other), "WRONG_PAYLOAD_TYPE")


@EACH_DOOR
def test_a_signature_over_other_bytes(world: World, door: str) -> None:
    _, detail_type, kind, purpose = KINDS[type(DOORS[door](world))]
    content = canonical.encode_model(DOORS[door](world))
    honest = seal(kind, content, world.deployment.key(purpose))
    forged = seal(kind, content.replace(b"2026", b"2027", 1), world.deployment.key(purpose))
    envelope = forged.model_copy(update={"signatures": honest.signatures})
    assert_only_noted(world, sent(door, detail_type, envelope), "UNTRUSTED_SIGNATURE")


@EACH_DOOR
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"revoked_at": KEYS_FROM}, "KEY_REVOKED"),
        ({"not_before": KEYS_UNTIL - timedelta(days=1)}, "KEY_NOT_VALID"),
        ({"not_after": KEYS_FROM + timedelta(days=1)}, "KEY_NOT_VALID"),
    ],
)
def test_a_key_counts_at_the_moment_of_arrival(world: World, door: str, changes: dict[str, Any], code: str) -> None:
    purpose = KINDS[type(DOORS[door](world))][3]
    keys = tuple(
        key.model_copy(update=changes) if key.purpose == purpose else key for key in world.deployment.trusted_keys()
    )
    world.publish(facts=world.deployment.facts().model_copy(update={"keys": keys, "version": 2}), version=2)
    assert_only_noted(world, signed(world, DOORS[door](world)), code)


@EACH_DOOR
def test_another_cutover_s_document(world: World, door: str) -> None:
    document = DOORS[door](world).model_copy(update={"audience": OTHER_DEPLOYMENT.audience})
    assert_only_noted(world, signed(world, document), "WRONG_AUDIENCE")


@EACH_DOOR
@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda content: content + b" ", "NOT_CANONICAL"),
        (lambda content: content.replace(b"{", b'{"audience":"x",', 1), "NOT_CANONICAL"),
        (lambda content: b"\xef\xbb\xbf" + content, "NOT_CANONICAL"),
        (lambda _: b"{", "NOT_CANONICAL"),
        (lambda _: b"{}", "FIELD_MISSING"),
        (lambda _: b"[]", "BAD_VALUE"),
        (lambda _: b"null", "BAD_VALUE"),
    ],
)
def test_a_payload_has_one_spelling_and_one_contract(
    world: World, door: str, change: Callable[[bytes], bytes], code: str
) -> None:
    document = DOORS[door](world)
    event = signed(world, document, payload=change(canonical.encode_model(document)))
    assert_only_noted(world, event, code)


@EACH_DOOR
@pytest.mark.parametrize("text", [each for each in HOSTILE if "\ud800" not in each])
def test_hostile_text_is_kept_and_quoted_on_one_line(world: World, door: str, text: str) -> None:
    """Where the contract takes it, and where it does not: no message fails, and no entry is made unreadable."""
    said = json.loads(canonical.encode_model(DOORS[door](world)))
    for name in {"requester", "reason", "detail"} & {*said, "detail"}:
        if name in said or door == "receipts":
            said[name] = text
    event = signed(world, DOORS[door](world), payload=canonical.encode(said))
    assert deliver(world, event) == {"batchItemFailures": []}
    (entry,) = told(world, event, CUTOVER)
    assert entry.detail is not None
    assert entry.detail.isprintable()
    assert len(entry.detail.encode()) <= 512


@EACH_DOOR
@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("place", ["keyid", "payloadType", "key", "id"])
def test_hostile_text_around_the_document(world: World, door: str, text: str, place: str) -> None:
    body = json.loads(signed(world, DOORS[door](world), key="candidate").body)
    envelope = body["detail"]["envelope"]
    if place == "keyid":
        envelope["signatures"][0]["keyid"] = text
    elif place == "payloadType":
        envelope["payloadType"] = text
    elif place == "key":
        envelope[text] = text
    else:
        body["id"] = text
    event = Sent(door, json.dumps(body), "", "")
    entries = len(world.ledger("orders"))
    assert deliver(world, event) == {"batchItemFailures": []}
    (entry,) = world.ledger("orders")[entries:]
    assert entry.correlation_id.isascii()
    assert entry.correlation_id.isprintable()
    assert entry.detail is None or entry.detail.isprintable()
    assert world.record().status is Status.AWAITING_WINDOW


@EACH_DOOR
def test_who_could_not_be_trusted_can_be_later(world: World, door: str) -> None:
    """The note does not spend the order: the owners trust its key by now, and it comes again."""
    purpose = KINDS[type(DOORS[door](world))][3]
    known = world.deployment.trusted_keys()
    keys = tuple(key for key in known if key.purpose != purpose)
    facts = world.deployment.facts()
    world.publish(facts=facts.model_copy(update={"keys": keys, "version": 2}), version=2)
    event = signed(world, DOORS[door](world))
    assert_only_noted(world, event, "UNTRUSTED_SIGNATURE")
    world.publish(facts=facts.model_copy(update={"keys": known, "version": 3}), version=3)
    deliver(world, event)
    assert len(told(world, event, CUTOVER)) == 2


@EACH_DOOR
def test_the_same_document_in_two_envelopes_has_one_effect(world: World, door: str) -> None:
    """Each ECDSA signature is another one, and a second signer can be added: the payload is what counts."""
    document = DOORS[door](world)
    _, detail_type, kind, purpose = KINDS[type(document)]
    content = canonical.encode_model(document)
    one = signed(world, document)
    two = sent(door, detail_type, seal(kind, content, Key("nobody"), world.deployment.key(purpose)), event_id="o-2")
    assert one.envelope != two.envelope
    for event in (one, two):
        assert deliver(world, event) == {"batchItemFailures": []}
    assert len(told(world, one, CUTOVER)) == 1
    assert told(world, two, CUTOVER) == []


@EACH_DOOR
def test_without_a_policy_the_message_stays_in_the_queue(world: World, door: str) -> None:
    """Nobody can be trusted then; that is the deployment's fault, and no order is lost by it."""
    event = signed(world, DOORS[door](world))
    policy = world.wiring.records._models.pop(("ActivePolicy",))
    assert deliver(world, event) == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert told(world, event, CUTOVER) == []
    world.wiring.records._models[("ActivePolicy",)] = policy
    assert deliver(world, event) == {"batchItemFailures": []}
    assert len(told(world, event, CUTOVER)) == 1


def test_a_key_limited_to_products_withdraws_only_these(world: World) -> None:
    for number, products in enumerate([("another",), ("another", "service")], start=2):
        keys = tuple(
            key.model_copy(update={"products": products}) if key.purpose == "withdrawal" else key
            for key in world.deployment.trusted_keys()
        )
        facts = world.deployment.facts().model_copy(update={"keys": keys, "version": number})
        world.publish(facts=facts, version=number)
        event = signed(world, withdrawal(world, CUTOVER))
        if number == 2:
            assert_only_noted(world, event, "OUT_OF_SCOPE")
        else:
            deliver(world, event)
            assert world.record().status is Status.WITHDRAWN


def test_nonces_are_of_their_own_kind(world: World) -> None:
    event = signed(world, withdrawal(world, CUTOVER))
    assert len({nonce_of("order", event.payload), nonce_of("envelope", event.payload), event.payload}) == 3
