"""What the catalog says of a component, from JSON and from YAML; an entity without owner, lifecycle or tier."""

from typing import Any

import pytest

from tests.unit.assembling_release import Release, place, value

AT = "/components/0/catalog"
NONE = {("CATALOG_ENTITY_MISSING", f"{AT}/{name}") for name in ("owner", "lifecycle", "tier")}
YAML = """
# as a repository has it
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: service
  labels:
    tier: "1"
spec:
  type: service
  lifecycle: production
  owner: group:default/orders
"""


def entity(**changes: Any) -> dict[str, Any]:
    whole = {
        "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
        "metadata": {"name": "service", "labels": {"tier": "1"}},
        "spec": {"type": "service", "lifecycle": "production", "owner": "group:default/orders"},
    }  # fmt: skip
    return {**whole, **changes}


def catalog(record: Any) -> Any:
    return Release({"entity": record}).section("components")[0]["catalog"]


@pytest.mark.parametrize("record", [entity(), YAML.encode()], ids=["JSON", "YAML"])
def test_an_entity_says_owner_lifecycle_and_tier(record: Any) -> None:
    found = catalog(record)
    assert {name: value(said) for name, said in found.items()} == {
        "owner": "group:default/orders", "lifecycle": "production", "tier": "1",
    }  # fmt: skip
    assert [place(found[name])[0] for name in ("owner", "lifecycle", "tier")] == [
        "/spec/owner", "/spec/lifecycle", "/metadata/labels/tier",
    ]  # fmt: skip


def test_of_yaml_the_pointer_leads_into_what_was_made_of_it() -> None:
    made = Release({"entity": YAML.encode()})
    (collection,) = made.evidence_set.collections
    whole, derived = collection.evidence
    assert derived.unwraps == whole.sha256
    owner = made.section("components")[0]["catalog"]["owner"]
    assert owner["from"]["evidence"] == derived.sha256


@pytest.mark.parametrize(
    ("metadata", "spec", "tier", "at"),
    [
        ({"labels": {"tier": "1"}, "annotations": {"cutover/tier": "2"}}, {"tier": "3"}, "1", "/metadata/labels/tier"),
        ({"annotations": {"cutover/tier": "2"}}, {"tier": "3"}, "2", "/metadata/annotations/cutover~1tier"),
        ({"labels": {}}, {"tier": "3"}, "3", "/spec/tier"),
    ],
    ids=["label", "annotation", "spec"],
)
def test_the_tier_stands_where_an_organisation_puts_it(metadata: Any, spec: Any, tier: str, at: str) -> None:
    found = catalog(entity(metadata=metadata, spec=spec))["tier"]
    assert (value(found), place(found)) == (tier, (at, "value"))


@pytest.mark.parametrize("name", ["owner", "lifecycle", "tier"])
@pytest.mark.parametrize("said", [None, 1, "", "two\nlines", ["group:default/orders"], {"group": "orders"}, "x" * 513])
def test_an_entity_without_one_of_them_is_a_named_gap(name: str, said: Any) -> None:
    """The issue's bad input: an entity without owner."""
    whole = entity()
    whole["metadata"]["labels"].pop("tier")
    whole["spec"] = {"owner": "group:default/orders", "lifecycle": "production", "tier": "1", name: said}
    assert Release({"entity": whole}).gaps(AT) == {(f"CATALOG_{name.upper()}_MISSING", f"{AT}/{name}")}


def test_a_tier_that_yaml_takes_for_a_number_is_no_text() -> None:
    made = Release({"entity": YAML.replace('"1"', "1").encode()})
    (found,) = [each for each in made.made.findings if each.code == "CATALOG_TIER_MISSING"]
    assert "quote" in found.mend
    assert made.gaps(AT) == {("CATALOG_TIER_MISSING", f"{AT}/tier")}


OTHERS: list[Any] = [
    entity(kind="Group"), entity(kind="component"), entity(kind=None), entity(apiVersion="v1"),
    entity(apiVersion="evil.example/backstage.io/v1"), entity(apiVersion=1), entity(apiVersion="backstage.io"),
    {}, [], None, 7, "entity", [entity()], b"", b"\xff", b"[" * 100_000,
    b'{"apiVersion":"backstage.io/v1","kind":"Component","kind":"Component","spec":{"owner":"a"}}',
    YAML.encode() + b"---" + YAML.encode(), YAML.encode() + b"kind: Group\n",
    b"apiVersion: &a backstage.io/v1\nkind: *a",
    b"- " * 10_000, b"{kind: Component, apiVersion: backstage.io/v1}", b"\x00: a", YAML.encode() + b"x: 1.5\n",
]  # fmt: skip


@pytest.mark.parametrize("record", OTHERS, ids=lambda record: repr(record)[:40])
def test_what_is_no_component_of_a_catalog_is_no_entity(record: Any) -> None:
    assert Release({"entity": record}).gaps(AT) == NONE


def test_no_entity_at_all_is_missing_and_about_this_artifact() -> None:
    component = {
        "name": "svc", "provenance": None, "dependencies": None, "catalog": None,
        "artifact": {"source": "records", "record": "artifact", "version": "v1", "digest": None},
    }  # fmt: skip
    other = {**component, "artifact": {**component["artifact"], "version": "v2"}}  # type: ignore[dict-item]
    made = [Release({}, announced={"components": [each]}) for each in (component, other)]
    assert [release.gaps(AT) for release in made] == [NONE, NONE]
    subjects = [{each.subject for each in release.made.findings if each.family == "catalog"} for release in made]
    assert not subjects[0] & subjects[1]


def test_yaml_is_read_up_to_a_size_that_takes_no_time_and_json_beyond() -> None:
    """A megabyte of YAML would keep a function busy for half a minute."""
    pad = "# " + "x" * (65_536 - len(YAML) - 2)
    assert Release({"entity": (YAML + pad).encode()}).gaps(AT) == set()
    assert Release({"entity": (YAML + pad + "x").encode()}).gaps(AT) == NONE
    assert Release({"entity": entity(pad="x" * 900_000)}).gaps(AT) == set()
