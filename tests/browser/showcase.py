"""Releases to look at: one as it would be in a company, one whose every word is hostile."""

import copy
from typing import Any

from cutover.contracts.emergency import Emergency
from cutover.contracts.people import Person
from tests.approving import World

HOSTILE = "<script>alert('owned')</script>\u202egnp.exe\u200b\n{{ 7*7 }} " + "W" * 900 + "\n" * 20 + "end"


def release(emergency: Emergency | None = None) -> World:
    """Three components, a waived hold, a warning, and another release that was approved three weeks before."""
    world = World({"bundle": _company, "hold-register": warned}, before={"bundle": _before}, emergency=emergency)
    names = {"erin": "Erin Hale", "omar": "Omar Haddad", "bo": "Bo Lindqvist"}
    people = {
        person_id: Person.model_validate(person.model_copy(update={"name": names.get(person_id, person.name)}))
        for person_id, person in world.facts.people.items()
    }
    world.change_facts(people=people)
    return world


def plain() -> World:
    """A release without any exception."""
    return World({"bundle": _company, "hold-register": lambda said: said | {"holds": []}}, before={"bundle": _before})


def hostile() -> World:
    """Markup, controls, long words and many lines wherever the contracts let somebody write."""

    def change(bundle: dict[str, Any]) -> dict[str, Any]:
        line = HOSTILE.replace("\n", " ")[:480]
        release, step = bundle["release"], bundle["rollback"]["steps"][0]
        for field in (
            release["version"],
            bundle["change"]["title"],
            bundle["change"]["risk"],
            step["kind"] if "kind" in step else step["class"],
        ):
            field["value"] = line
        for field in (
            release["rationale"],
            bundle["rollback"]["criteria"][0],
            step["trigger"],
            bundle["waivers"][0]["reason"],
        ):
            field["value"] = HOSTILE
        provenance = bundle["components"][0]["provenance"]
        for field in (provenance["builder"], provenance["repository"], provenance["commit"]):
            field["value"] = line
        return bundle

    return World({"bundle": change})


def _company(bundle: dict[str, Any]) -> dict[str, Any]:
    said = bundle["release"]
    said["product"]["value"], said["version"]["value"] = "payments", "2026.3.1"
    said["rationale"]["value"] = "Refunds settle within one day, as agreed with the card schemes for March."
    bundle["change"]["number"]["value"] = "CHG-20417"
    bundle["change"]["title"]["value"] = "Same-day refunds for card payments"
    first = bundle["components"][0]
    bundle["components"] = [
        _component(first, name, mark)
        for name, mark in (("payments-api", "a3"), ("refund-worker", "5c"), ("ledger-migration", "e1"))
    ]
    step = bundle["rollback"]["steps"][0]
    step["name"]["value"] = "restore-2026.2.4"
    bundle["rollback"]["criteria"][0]["value"] = "More than 1 % of refunds fail within ten minutes."
    return bundle


def _before(bundle: dict[str, Any]) -> dict[str, Any]:
    """What was released before: an older version of two components, a smaller first cohort, no migration."""
    said = _company(bundle)
    said["release"]["version"]["value"] = "2026.2.4"
    said["release"]["commit"]["value"] = "b" * 40
    said["release"]["rationale"]["value"] = "Refunds are listed in the statement."
    said["change"]["number"]["value"] = "CHG-20166"
    said["change"]["title"]["value"] = "Refunds in statements"
    said["components"] = said["components"][:2]
    for component, mark in zip(said["components"], ("77", "5c"), strict=True):
        component["digest"]["value"] = "sha256:" + (mark + "94f07b1c") * 6 + "0d2e"
    said["components"][0]["size"]["value"] = 4_790_112
    said["components"][0]["provenance"]["commit"]["value"] = "b" * 40
    said["cohorts"][0]["share_percent"]["value"] = 5
    return said


def _component(like: dict[str, Any], name: str, mark: str) -> dict[str, Any]:
    made = copy.deepcopy(like)
    made["name"]["value"] = name
    made["digest"]["value"] = "sha256:" + (mark + "94f07b1c") * 6 + "0d2e"
    made["size"]["value"] = 4_812_345
    made["provenance"]["builder"]["value"] = "release.yml on ci.example.com"
    made["provenance"]["repository"]["value"] = f"https://git.example.com/payments/{name}"
    return made


def drifted(bundle: dict[str, Any]) -> dict[str, Any]:
    """The same release after its rollout plan was edited and a component was built anew."""
    said = _company(bundle)
    said["cohorts"][0]["share_percent"]["value"] = 50
    said["components"][1]["digest"]["value"] = "sha256:" + "1d94f07b1c" * 6 + "0d2e"
    return said


def warned(register: dict[str, Any]) -> dict[str, Any]:
    register["warnings"] = [
        {
            "rule": "artifacts.age",
            "code": "ARTIFACT_OLD",
            "field": "/components/1/digest",
            "found": "refund-worker was built 34 days ago",
            "wanted": "at most 30 days",
        }
    ]
    return register
