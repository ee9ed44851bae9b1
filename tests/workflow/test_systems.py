"""A release whose records lie in other people's systems, on the real definition: from ServiceNow, AppConfig and
Backstage to the queue, with the real sources over a network and an AWS in memory.
"""

import copy
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError

from cutover.contracts.candidate import Candidate, Reference
from cutover.contracts.handoff import Handoff
from cutover.contracts.policy import ChangeStates, Facts, Rendering, Rules
from cutover.contracts.resolution import EvidenceAnswer
from cutover.domain import envelope as dsse
from cutover.domain.verification import verify_handoff
from cutover.ports import Credential
from cutover.sources.appconfig import AppConfigVersions
from cutover.sources.backstage import BackstageCatalog
from cutover.sources.servicenow import ServiceNowChanges
from tests.building.policy import OPENS_AT
from tests.fakes.web import Asked, FakeWeb, RotatingCredentials, Said
from tests.simulator.journeys import (
    AFTER_OPENING,
    announced,
    assert_consistent,
    awaiting_approval,
    awaiting_window,
    open_holds,
)
from tests.simulator.resolving import Answer, hold_of, mended, resolve, result
from tests.simulator.world import World

NUMBER, PROFILE, ENTITY = "CHG0030001", "abc1234/pro5678", "component:default/service"
WHO = "6816f79cc0a8016401c5a33be04be441"
CHANGE = {
    "number": NUMBER, "short_description": "Cancel orders", "state": "-1", "risk": "3", "requested_by": WHO,
    "u_components": "Service", "u_environments": "PRD", "sys_mod_count": "4",
}  # fmt: skip
FLAGS: dict[str, Any] = {
    "version": "1",
    "flags": {"orders-cancel": {"name": "Cancel", "description": "Cancel orders within an hour"}},
    "values": {
        "orders-cancel": {
            "enabled": False, "type": "release", "owner": "orders", "environments": ["PRD"],
            "expires_at": "2026-06-01T00:00:00Z", "rollback_condition": "More than 1 % of cancellations fail.",
            "monitoring_hook": "dashboards/orders",
        }
    },
}  # fmt: skip
SERVICE: dict[str, Any] = {
    "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
    "metadata": {"name": "service", "etag": "e1", "labels": {"tier": "1"}},
    "spec": {"type": "service", "lifecycle": "production", "owner": "group:default/orders"},
}  # fmt: skip


class Systems:
    """ServiceNow, Backstage and AppConfig, as one company has them. ``status``: what a website answers instead."""

    def __init__(self) -> None:
        self.change: dict[str, Any] = dict(CHANGE)
        self.entity = copy.deepcopy(SERVICE)
        self.versions = [copy.deepcopy(FLAGS)]
        self.status: dict[str, int] = {}

    def says(self, asked: Asked) -> Said:
        parts = urlsplit(asked.target)
        if status := self.status.get(parts.path.split("/")[2]):
            return Said(status)
        if parts.path == "/api/now/table/change_request":
            assert parse_qs(parts.query)["sysparm_query"] == [f"number={NUMBER}"]
            return Said(content=json.dumps({"result": [self.change]}).encode())
        if parts.path == "/api/catalog/entities/by-name/component/default/service":
            return Said(content=json.dumps(self.entity).encode())
        return Said(404)

    # What of botocore's client the source asks for.

    def get_hosted_configuration_version(self, **asked: Any) -> dict[str, Any]:
        assert f"{asked['ApplicationId']}/{asked['ConfigurationProfileId']}" == PROFILE
        number = asked["VersionNumber"]
        if not 0 < number <= len(self.versions):
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetHostedConfigurationVersion")
        content = json.dumps(self.versions[number - 1]).encode()
        return {"Content": io.BytesIO(content), "ContentType": "application/json", "VersionNumber": number}

    def list_hosted_configuration_versions(self, **_: Any) -> dict[str, Any]:
        return {"Items": [{"VersionNumber": number + 1} for number in range(len(self.versions))]}


class Company(World):
    def __init__(self) -> None:
        super().__init__()
        self.systems = Systems()
        credentials = RotatingCredentials(reader=(Credential(token="old"), Credential(token="new")))
        web = FakeWeb(self.systems.says)
        self.wiring.sources.update(
            servicenow=ServiceNowChanges(web, credentials),
            backstage=BackstageCatalog(web, credentials),
            appconfig=AppConfigVersions(self.systems),  # type: ignore[arg-type]
        )
        self.publish(rules=self.company_rules(), facts=self.company_facts(), version=2)

    def company_rules(self) -> Rules:
        rules = self.rules()
        known = rules.rendering.environments
        rendering = Rendering(
            components=rules.rendering.components, cohorts=rules.rendering.cohorts,
            environments={**known, "production": (*known["production"], "PRD")},
        )  # fmt: skip
        states = ChangeStates(approved=("-2", "-1"), closed=("3", "4"))
        return rules.model_copy(update={"rendering": rendering, "change_states": states})

    def company_facts(self) -> Facts:
        said = self.deployment.facts().model_dump(mode="json", by_alias=True)
        said["sources"] |= {
            "changes": {"kind": "servicenow", "host": "shop.service-now.com", "credential": "reader"},
            "toggles": {"kind": "appconfig"},
            "catalog": {"kind": "backstage", "host": "backstage.shop.example", "credential": "reader"},
        }
        said["people"]["dana"]["identities"].append(WHO)
        return Facts.model_validate_json(json.dumps(said))

    def candidate(self, **changes: Any) -> Candidate:
        candidate = super().candidate()
        (component,) = candidate.components
        known: dict[str, Any] = {
            "change": Reference(source="changes", record=NUMBER, version=self.systems.change["sys_mod_count"]),
            "flags": Reference(source="toggles", record=PROFILE, version="1"),
            "components": (component.model_copy(update={"catalog": self.service()}),),
        }
        return candidate.model_copy(update=known | changes)

    def service(self) -> Reference:
        return Reference(source="catalog", record=ENTITY, version=self.systems.entity["metadata"]["etag"])

    def codes(self) -> set[tuple[str, str]]:
        return {(hold.code, hold.field) for hold in open_holds(self, self.record())}


def test_it_is_handed_off_and_verified_without_asking_these_systems_again() -> None:
    world = Company()
    awaiting_window(world)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record().status == "handed_off"
    (message,) = world.messages()
    handoff = Handoff.model_validate_json(dsse.decode_base64(dsse.parse(message).payload))
    documents = {each.digest: world.wiring.store.get(each.digest, limit=2**26) for each in handoff.documents}
    report = verify_handoff(message, trust=world.deployment.trust_file(), documents=documents, now=OPENS_AT)
    assert report.verified, report.document()
    bundle = json.loads(documents[next(each.digest for each in handoff.documents if each.name == "bundle")])
    said = {
        "risk": bundle["change"]["risk"], "scope": bundle["change"]["environments"][0],
        "flag": bundle["flags"][0]["key"], "default": bundle["flags"][0]["default"],
        "owner": bundle["components"][0]["catalog"]["owner"],
    }  # fmt: skip
    origins = {
        name: (field["value"], field["from"]["source"], field["from"]["pointer"]) for name, field in said.items()
    }
    assert origins == {
        "risk": ("3", "changes", "/result/0/risk"),
        "scope": ("production", "changes", "/result/0/u_environments"),
        "flag": ("orders-cancel", "toggles", "/flags/orders-cancel"),
        "default": (False, "toggles", "/values/orders-cancel/enabled"),
        "owner": ("group:default/orders", "catalog", "/spec/owner"),
    }
    assert_consistent(world)


def looked(world: World) -> dict[str, int]:
    world.clock.move(timedelta(minutes=16))
    return {outcome: count for outcome, count in world.tick().items() if count}


def test_a_newer_count_of_a_change_that_says_the_same_ends_nothing() -> None:
    world = Company()
    awaiting_approval(world)
    world.systems.change |= {"sys_mod_count": "5", "work_notes": "Called the team."}
    assert looked(world) == {"looked": 1}
    assert world.record().status == "awaiting_approval"


def scope_grows(systems: Systems) -> None:
    systems.change |= {"sys_mod_count": "5", "u_components": "Service, billing"}


def flag_is_switched(systems: Systems) -> None:
    systems.versions.append(copy.deepcopy(FLAGS))
    systems.versions[1]["values"]["orders-cancel"]["enabled"] = True


def tier_changes(systems: Systems) -> None:
    systems.entity["metadata"] |= {"etag": "e2", "labels": {"tier": "2"}}


@pytest.mark.parametrize("change", [scope_grows, flag_is_switched, tier_changes])
def test_a_value_that_changed_in_its_system_makes_the_next_revision(change: Callable[[Systems], None]) -> None:
    world = Company()
    awaiting_approval(world)
    change(world.systems)
    assert looked(world) == {"superseded": 1}
    assert (world.record().status, world.record().reason) == ("superseded", "DRIFTED")


# --- bad input, from the system to the hold ----------------------------------------------------------------


def without_owner(systems: Systems) -> None:
    del systems.entity["spec"]["owner"]


def ownerless_flag(systems: Systems) -> None:
    del systems.versions[0]["values"]["orders-cancel"]["owner"]


def unknown_type(systems: Systems) -> None:
    systems.versions[0]["values"]["orders-cancel"]["type"] = "kill-switch"


def closed(systems: Systems) -> None:
    systems.change["state"] = "3"


def another_environment(systems: Systems) -> None:
    systems.change["u_environments"] = "UAT"


def not_announced(systems: Systems) -> None:
    systems.change["number"] = "CHG0030002"


BAD: dict[str, tuple[Callable[[Systems], None], tuple[str, str]]] = {
    "an entity without owner": (without_owner, ("CATALOG_OWNER_MISSING", "/components/0/catalog/owner")),
    "a flag without owner": (ownerless_flag, ("FLAG_OWNER_MISSING", "/flags/0/owner")),
    "a flag of unknown type": (unknown_type, ("FLAG_TYPE_UNKNOWN", "/flags/0/type")),
    "a closed change": (closed, ("CHANGE_CLOSED", "/change/state")),
    "an environment that nobody knows": (another_environment, ("NAME_UNKNOWN", "/change/environments/0")),
    "an answer about another change": (not_announced, ("SOURCE_ANSWER_UNEXPECTED", "")),
}


@pytest.mark.parametrize("name", BAD)
def test_what_a_system_says_wrong_is_a_hold_with_its_code(name: str) -> None:
    spoil, hold = BAD[name]
    world = Company()
    spoil(world.systems)
    assert announced(world).status == "held"
    assert hold in world.codes()


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "SOURCE_UNAUTHORIZED"), (403, "SOURCE_DENIED"), (404, "SOURCE_RECORD_MISSING"),
        (429, "SOURCE_THROTTLED"), (500, "SOURCE_FAILING"), (503, "SOURCE_FAILING"),
    ],
)  # fmt: skip
def test_a_system_that_does_not_answer_is_a_hold_and_what_came_is_kept(status: int, code: str) -> None:
    world = Company()
    world.systems.status = {"now": status, "catalog": status}
    record = announced(world)
    assert record.status == "held"
    assert (code, "") in world.codes()
    assert not {field for _, field in world.codes() if field.startswith(("/flags", "/cohorts", "/overlays"))}
    assert_consistent(world)


def answer_all(world: World, answer: Answer) -> None:
    """One answer to every hold that is open."""
    held = world.record()
    results = [result(world, resolve(world, hold, answer, held)) for hold in open_holds(world, held)]
    assert results[-1] == "HOLDS_RESOLVED"
    assert world.record(revision=2).status == "awaiting_approval"


def test_a_hold_of_a_system_is_over_when_it_is_mended() -> None:
    """Row 53: somebody renews the credential; nothing is deployed, and the next revision asks again."""
    world = Company()
    world.systems.status = {"catalog": 401}
    announced(world)
    assert ("SOURCE_UNAUTHORIZED", "") in world.codes()
    world.systems.status = {}
    answer_all(world, mended())


def test_a_record_that_was_edited_since_is_answered_by_naming_its_version() -> None:
    world = Company()
    candidate = world.candidate()
    world.systems.entity["metadata"]["etag"] = "e2"
    held = announced(world, candidate)
    assert hold_of(world, "SOURCE_VERSION_DIFFERS", held).found.endswith("has version e2")
    answer_all(world, EvidenceAnswer(kind="evidence", reference=world.service()))
