"""Secrets that the bytes of a record hide: nothing of it is stored, whatever the rules say."""

import json
from typing import Any

import pytest

from cutover.contracts.evidence import Collection, Section
from cutover.errors import Refused
from cutover.stages.collect.collecting import Collecting
from cutover.stages.collect.screening import NESTED, demand_nothing_hidden
from tests.simulator.journeys import rewrite
from tests.simulator.world import World

TOKEN = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"
SECRET = "S3cr3tValue99xyz"
"""Neither is anybody's: they are only shaped so."""
ESCAPED = '"\\u0067' + TOKEN[1:] + '"'
ENTITY = b"apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: service\n"
YAML = {
    "an escape": b'x: "\\x67' + TOKEN[1:].encode() + b'"\n',
    "over two lines": b'x: "' + TOKEN[:20].encode() + b"\\\n  " + TOKEN[20:].encode() + b'"\n',
    "a block": f"password: |\n  {SECRET}\n".encode(),
    "folded": f"password: >-\n  {SECRET}\n".encode(),
    "the next line": f"password:\n  {SECRET}\n".encode(),
    "a flow": f"x: {{password: {SECRET}}}\n".encode(),
    "a complex key": f"? password\n: {SECRET}\n".encode(),
    "name and value": f"env:\n  - name: DB_PASSWORD\n    value: {SECRET}\n".encode(),
}
JSON = {
    "an escape": f'{{"x":{ESCAPED}}}',
    "in a list": f'{{"x":[[1.5,{ESCAPED}]]}}',
    "in a key": f"{{{ESCAPED}:1}}",
    "the first of two": f'{{"x":{ESCAPED},"x":1}}',
    "the last of two": f'{{"x":1,"x":{ESCAPED}}}',
    "an escaped name": f'{{"\\u0070assword":"{SECRET}"}}',
    "in JSON in a text": json.dumps({"x": json.dumps({"password": SECRET})}),
    "an escape in JSON in a text": json.dumps({"x": f'{{"y":{ESCAPED}}}'}),
    "in a text in a text": json.dumps({"x": json.dumps(json.dumps({"password": SECRET}))}),
}


def collect(world: World, section: Section, secrets: Any) -> Collection:
    return Collecting(
        section=section, rules=world.rules().model_copy(update={"secrets": secrets}), facts=world.deployment.facts(),
        sources=world.wiring.sources, store=world.wiring.store, clock=world.clock,
    ).collect(world.candidate())  # fmt: skip


def collected(section: Section, name: str, payload: bytes, secrets: str) -> Collection:
    """What became of the record; the secret in it was not stored, and is not told."""
    world = World()
    rewrite(world, name, payload)
    before, record = set(world.wiring.store.objects.values()), world.records[name].record
    result = collect(world, section, secrets)
    others = {world.wiring.store.get(each.sha256, limit=2**20) for each in result.evidence if each.record != record}
    stored = b"".join(set(world.wiring.store.objects.values()) - others - before)
    read = stored + json.dumps([each.message for each in result.failures]).encode()
    assert not any(secret in read for secret in (TOKEN.encode(), TOKEN[1:].encode(), SECRET.encode()))
    if result.failures:
        assert record not in {each.record for each in result.evidence}
        assert stored == b"", "nothing of it is"
    return result


@pytest.mark.parametrize("spelled", YAML.values(), ids=YAML.keys())
def test_what_yaml_hides_is_refused(spelled: bytes) -> None:
    result = collected("catalog", "catalog", ENTITY + spelled, "refuse")
    assert [each.code for each in result.failures] == ["SOURCE_RECORD_HAS_SECRET"]


@pytest.mark.parametrize("spelled", YAML.values(), ids=YAML.keys())
def test_what_yaml_hides_is_taken_out_where_it_stands_or_refused(spelled: bytes) -> None:
    collected("catalog", "catalog", ENTITY + spelled, "redact")


@pytest.mark.parametrize("secrets", ["refuse", "redact"])
@pytest.mark.parametrize("section", ["change", "rollout", "flags", "rollback", "overlays", "catalog"])
def test_what_an_escape_hides_is_refused_in_any_section_of_small_records(section: Section, secrets: str) -> None:
    result = collected(section, section, JSON["an escape"].encode(), secrets)
    assert [each.code for each in result.failures] == ["SOURCE_RECORD_HAS_SECRET"]


@pytest.mark.parametrize("secrets", ["refuse", "redact"])
def test_what_an_escape_hides_in_a_signed_payload_is_refused(secrets: str) -> None:
    """``rewrite`` signs what it publishes as an attestation."""
    result = collected("attestations", "tests", JSON["an escape"].encode(), secrets)
    assert "SOURCE_RECORD_HAS_SECRET" in [each.code for each in result.failures]


def test_a_large_manifest_is_not_held_as_a_tree() -> None:
    """Its summary is looked through, which says what stands where in it."""
    manifest = f'{{"bomFormat":{ESCAPED},"specVersion":"1.6","version":1,"components":[]}}'.encode()
    demand_nothing_hidden(manifest, None, parsed=False)
    with pytest.raises(Refused) as caught:
        demand_nothing_hidden(manifest, json.dumps({"format": TOKEN}).encode(), parsed=False)
    assert caught.value.code == "SOURCE_RECORD_HAS_SECRET"


@pytest.mark.parametrize("content", JSON.values(), ids=JSON.keys())
def test_what_json_hides(content: str) -> None:
    with pytest.raises(Refused) as caught:
        demand_nothing_hidden(content.encode(), None, parsed=True)
    assert caught.value.code == "SOURCE_RECORD_HAS_SECRET"
    assert not {TOKEN, SECRET} & set(caught.value.detail.split())


@pytest.mark.parametrize(
    "content",
    [b"", b"nothing", b"{", b"\xff", b'{"a":"{"}', b'{"a":"\\ud800"}', b"[" * 9_000, b'{"pwd":"\\u003cunset\\u003e"}'],
    ids=range(8),
)  # fmt: skip
def test_what_hides_nothing(content: bytes) -> None:
    demand_nothing_hidden(content, None, parsed=True)


def test_what_was_redacted_is_no_secret_again() -> None:
    demand_nothing_hidden(b'{"password":"(redacted:password)"}', None, parsed=True)


def test_what_is_nested_too_deep_to_be_looked_through_is_not_screened() -> None:
    with pytest.raises(Refused) as caught:
        demand_nothing_hidden(b"[" * 900 + b"1" + b"]" * 900, None, parsed=True)
    assert caught.value.code == "SOURCE_RECORD_NOT_SCREENED"


def test_texts_in_texts_are_opened_within_bounds() -> None:
    """Deeper, they stay one text: nobody's record has so many, and each costs twice the escapes."""
    text = json.dumps({"password": SECRET})
    for _ in range(NESTED - 1):
        text = json.dumps(text)
    with pytest.raises(Refused):
        demand_nothing_hidden(json.dumps([text]).encode(), None, parsed=True)
