"""Intake: one bad message does not hold up its batch; a failing service leaves the message where it was."""

import json
from typing import Any

import pytest

from cutover.contracts.candidate import CANDIDATE_TYPE
from cutover.domain import canonical
from cutover.doors.intake.announcing import read
from cutover.errors import DependencyUnavailable
from tests.building.keys import seal
from tests.fakes.sources import FakeInbox
from tests.simulator.world import World


def body(world: World, event_id: Any = "e-1", **changes: Any) -> str:
    envelope = seal(
        CANDIDATE_TYPE, canonical.encode_model(world.candidate(**changes)), world.deployment.key("candidate")
    )
    detail = {"schema": "cutover/candidate-event/v1", "envelope": envelope.model_dump(by_alias=True)}
    return json.dumps({"id": event_id, "detail": detail})


def batch(*bodies: str) -> dict[str, Any]:
    return {
        "Records": [
            {"messageId": f"m-{n}", "body": each, "eventSource": "aws:sqs", "attributes": {}}
            for n, each in enumerate(bodies, 1)
        ]
    }


def test_a_batch_with_a_bad_message_in_its_middle() -> None:
    world = World()
    answer = world.invoke("doors.intake", batch(body(world), "{", body(world, product="other")))
    assert answer == {"batchItemFailures": []}
    assert [bool(admission.fault) for admission in world.admissions()] == [False, True, False]


def test_a_message_that_fails_comes_again_and_the_others_do_not() -> None:
    world = World()
    real = world.wiring.store.put
    second = body(world, product="other")

    def put(content: bytes) -> str:
        if len(world.admissions()) == 1:
            raise DependencyUnavailable("the store")
        return real(content)

    world.wiring.store.put = put  # type: ignore[method-assign]
    assert world.invoke("doors.intake", batch(body(world), second)) == {
        "batchItemFailures": [{"itemIdentifier": "m-2"}]
    }
    world.wiring.store.put = real  # type: ignore[method-assign]
    assert world.invoke("doors.intake", batch(second)) == {"batchItemFailures": []}
    world.run()
    assert len(world.machine.executions) == 2


@pytest.mark.parametrize(
    ("event_id", "correlation"),
    [("e-1", "e-1"), (None, "m-1"), (7, "m-1"), ("", "m-1"), ("x" * 129, "m-1"), ("a\nb", "m-1"), ("ä", "m-1")],
)
def test_the_event_s_id_follows_the_release_if_it_is_one(event_id: Any, correlation: str) -> None:
    world = World()
    world.invoke("doors.intake", batch(body(world, event_id)))
    world.run()
    assert world.admissions()[0].correlation_id == correlation
    assert {entry.correlation_id for entry in world.ledger()} == {correlation}


def test_an_envelope_by_value_or_by_reference_is_one_admission() -> None:
    """Its bytes are what counts, not the way by which they came."""
    world, inbox = World(), FakeInbox()
    by_value = read(body(world), message_id="m-1", inbox=inbox)
    version = inbox.put("c", by_value.content)
    reference = {"key": "c", "version_id": version, "sha256": canonical.digest(by_value.content)}
    detail = {"schema": "cutover/candidate-event/v1", "reference": reference}
    by_reference = read(json.dumps({"id": "e-1", "detail": detail}), message_id="m-1", inbox=inbox)
    assert by_reference == by_value


def test_another_spelling_of_the_event_is_the_same_envelope() -> None:
    world = World()
    plain = body(world)
    said = json.loads(plain)
    said["detail"] = dict(reversed(list(said["detail"].items())))
    first = read(plain, message_id="m-1", inbox=FakeInbox())
    assert read(json.dumps(said, indent=4), message_id="m-2", inbox=FakeInbox()).content == first.content


def test_what_could_not_be_read_is_kept_as_it_came() -> None:
    said = '{"detail": {"schema": "x", "b": 1, "a": [2]}}'
    assert read(said, message_id="m-1", inbox=FakeInbox()).content == said.encode()
    assert read("{ not json", message_id="m-1", inbox=FakeInbox()).content == b"{ not json"


@pytest.mark.parametrize("depth", [200, 300, 900, 5000])
@pytest.mark.parametrize("opening", ['{"a":', "["])
def test_what_nests_too_deeply_is_kept_as_it_came_and_refused(depth: int, opening: str) -> None:
    """It can be read deeper than it can be written; neither is a reason to lose it."""
    world = World()
    closing = "}" if opening.startswith("{") else "]"
    said = '{"id":"e-1","detail":{"x":' + opening * depth + "1" + closing * depth + "}}"
    assert world.invoke("doors.intake", batch(said)) == {"batchItemFailures": []}
    world.run()
    (admission,) = world.admissions()
    assert admission.status == "refused"
    kept = world.wiring.store.get(admission.digest, limit=2**20)
    assert b"1".join([opening.encode() * depth, closing.encode() * depth]) in kept


@pytest.mark.parametrize("letter", ["\u00e9", "\U0001f600", "\u202e", "\x00", "/", "~"])
def test_a_long_hostile_key_is_a_refusal_not_a_failing_execution(letter: str) -> None:
    world = World()
    detail = {"schema": "cutover/candidate-event/v1", **{letter * 400 + str(n): 1 for n in range(60)}}
    world.invoke("doors.intake", batch(json.dumps({"id": "e-1", "detail": detail})))
    world.run()
    (admission,) = world.admissions()
    assert (admission.status, admission.reason) == ("refused", "FIELD_UNKNOWN")
    assert world.execution().status == "SUCCEEDED"
