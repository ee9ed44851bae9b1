"""``docs/asyncapi.yaml`` says what comes and goes: every event and message, no more, and each as the code has it.

AsyncAPI's own schema is not at hand without a network, so the structure is held here to its specification (3.0.0).
"""

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from cutover.contracts.handoff import HANDOFF_TYPE
from cutover.contracts.told import DETAIL_TYPES, SOURCE, ReleaseEvent
from cutover.domain import envelope as dsse
from cutover.domain import telling_events as telling
from cutover.domain.transitions import TABLE
from cutover_cli.schemas.published import DOCUMENTS
from infra.components.inbox import KINDS
from tests.simulator import events
from tests.unit.test_tallies import entry

Json = dict[str, Any]
ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "asyncapi.yaml"
ALLOWED = {
    "": {"asyncapi", "info", "defaultContentType", "servers", "channels", "operations", "components"},
    "info": {"title", "version", "description", "license"},
    "server": {"host", "protocol", "description", "variables"},
    "channel": {"address", "title", "description", "servers", "parameters", "messages"},
    "operation": {"action", "channel", "summary", "messages"},
    "message": {
        "name", "title", "summary", "contentType", "headers", "payload", "examples",
        "x-signed-document", "x-payload-type", "x-key-purpose",
    },
    "example": {"name", "payload"},
    "payload": {"schemaFormat", "schema"},
}  # fmt: skip
"""What AsyncAPI 3.0.0 has at each place, as far as it is used here, and our own extensions."""
BY_KIND = {detail_type: (kind, payload, purpose) for kind, (_, detail_type, payload, purpose) in events.KINDS.items()}
OF = {document.model: document for document in DOCUMENTS if document.version == 1}


@functools.cache
def document() -> Json:
    loaded: Json = yaml.safe_load(FILE.read_text("utf-8"))
    return loaded


def messages() -> Json:
    found: Json = document()["components"]["messages"]
    return found


NAMES = tuple(messages())
EACH = pytest.mark.parametrize("name", NAMES)


def resolved(reference: str) -> Any:
    """What a reference leads to: within the document, or a file beside it."""
    if not reference.startswith("#/"):
        return json.loads((FILE.parent / reference).read_text("utf-8"))
    found: Any = document()
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            assert set(value) == {"$ref"}, "nothing stands beside a reference"
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def of_channel(name: str) -> list[Json]:
    return [resolved(each["$ref"]) for each in document()["channels"][name]["messages"].values()]


def by_type(name: str) -> dict[str, Json]:
    """A channel's messages by their ``detail-type``, which is their name, too."""
    found = {each["headers"]["properties"]["detail-type"]["const"]: each for each in of_channel(name)}
    assert len(found) == len(of_channel(name))
    assert all(each["name"] == detail_type for detail_type, each in found.items())
    return found


def schema(message: Json) -> str:
    return str(message["payload"]["schema"]["$ref"])


def test_its_structure_is_that_of_asyncapi_3() -> None:
    found = document()
    assert found["asyncapi"] == "3.0.0"
    kinds = {"server": "servers", "channel": "channels", "operation": "operations"}
    parts = [("", found), ("info", found["info"])]
    parts += [(kind, each) for kind, plural in kinds.items() for each in found[plural].values()]
    parts += [("message", each) for each in messages().values()]
    parts += [("payload", each["payload"]) for each in messages().values()]
    parts += [("example", example) for each in messages().values() for example in each.get("examples", ())]
    for kind, each in parts:
        assert set(each) <= ALLOWED[kind], kind
    assert set(found["components"]) == {"messages"}
    assert {each["action"] for each in found["operations"].values()} == {"send", "receive"}
    for each in found["channels"].values():
        assert f"{{{next(iter(each['parameters']))}}}" == each["address"]


def test_every_reference_leads_somewhere() -> None:
    found = list(references(document()))
    assert len(found) > 100
    for each in found:
        assert resolved(each)


def test_each_message_is_of_one_channel_and_each_channel_of_one_operation() -> None:
    channels, operations = document()["channels"], document()["operations"]
    listed = [each["$ref"].rpartition("/")[2] for channel in channels.values() for each in channel["messages"].values()]
    assert sorted(listed) == sorted(NAMES)
    of = [each["channel"]["$ref"].rpartition("/")[2] for each in operations.values()]
    assert sorted(of) == sorted(channels)
    for operation, channel in zip(operations.values(), of, strict=True):
        named = [each["$ref"] for each in operation["messages"]]
        assert named == [f"#/channels/{channel}/messages/{each}" for each in channels[channel]["messages"]]


def test_what_is_taken_is_what_the_rules_of_the_stack_pick() -> None:
    found = by_type("inbox")
    assert found.keys() == {kind.detail_type for kind in KINDS.values()}
    for kind in KINDS.values():
        assert tuple(found[kind.detail_type]["headers"]["properties"]["source"]["enum"]) == kind.sources
        event = "candidate-event" if kind.detail_type == "ReleaseCandidate" else "signed-event"
        assert schema(found[kind.detail_type]) == f"./schemas/{event}.v1.json"


def test_what_is_signed_says_what_and_for_which_purpose() -> None:
    for detail_type, message in by_type("inbox").items():
        signed, said = message["x-signed-document"]["$ref"], (message["x-payload-type"], message["x-key-purpose"])
        if detail_type == "ReleaseCandidate":
            assert (signed, said[1]) == ("./schemas/candidate.v1.json", "candidate")
            continue
        model, payload_type, purpose = BY_KIND[detail_type]
        assert (signed, said) == (f"./schemas/{OF[model].file}", (payload_type, purpose))


def test_what_is_told_is_what_seal_tells() -> None:
    found = by_type("told")
    assert found.keys() == set(DETAIL_TYPES)
    for each in found.values():
        assert each["headers"]["properties"]["source"] == {"enum": [SOURCE]}
        assert schema(each) == "./schemas/release-event.v1.json"
    inbound = set(by_type("inbox"))
    assert not inbound & found.keys()


@pytest.mark.parametrize("detail_type", DETAIL_TYPES)
def test_an_example_of_what_is_told_could_be_one(detail_type: str) -> None:
    (example,) = by_type("told")[detail_type]["examples"]
    said = ReleaseEvent.model_validate_json(json.dumps(example["payload"]))
    made = entry(
        said.event, chain=said.chain, from_=said.previous, to=said.status, result=said.result, revision=said.revision
    )
    assert telling.detail_type(made) == detail_type
    assert (telling.event_of(made, said.audience).cutover, said.product) == (said.cutover, said.cutover and "service")
    row = TABLE.get(said.event)
    if row is not None:
        assert said.status == row.target
        assert said.previous in {status for statuses in row.writers.values() for status in statuses} | {None}


def test_queues_bring_holds_and_hand_offs() -> None:
    exceptions = {schema(each) for each in of_channel("exceptions")}
    assert exceptions == {"./schemas/hold-message.v1.json", "./schemas/owner-message.v1.json"}
    deployment = {each["x-payload-type"]: schema(each) for each in of_channel("deployment")}
    assert set(deployment.values()) == {"./schemas/envelope.v1.json"}
    assert HANDOFF_TYPE in deployment


@EACH
def test_examples_are_what_their_schemas_say(name: str) -> None:
    message = messages()[name]
    validator = Draft202012Validator(resolved(schema(message)))
    for example in message.get("examples", ()):
        assert [each.message for each in validator.iter_errors(example["payload"])] == []
    assert message.get("examples") or name == "handOff", "an envelope of a whole package is too long for a page"


@EACH
def test_what_an_example_signs_is_of_its_kind(name: str) -> None:
    message = messages()[name]
    if "x-signed-document" not in message or "examples" not in message:
        return
    payload = message["examples"][0]["payload"]
    envelope = payload.get("envelope", payload if "payloadType" in payload else None)
    if envelope is None:
        assert payload["reference"]
        return
    assert envelope["payloadType"] == message["x-payload-type"]
    signed = json.loads(dsse.decode_base64(envelope["payload"]))
    assert Draft202012Validator(resolved(message["x-signed-document"]["$ref"])).is_valid(signed)
