"""What lint finds in a policy beyond its schema: each fault has an example, and a good policy has none."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from cutover.contracts.policy import (
    Allowance,
    BuildOrigin,
    ChangeStates,
    Facts,
    KeylessIdentity,
    Legacy,
    Rendering,
    Rules,
    TrustedKey,
)
from cutover.contracts.sources import CatalogSource, HttpSource, RegistrySource
from cutover.domain import checks
from cutover_cli.linting.places import faulty_host
from cutover_cli.policy_lint import lint, since, warnings
from tests.building.keys import Key
from tests.building.policy import DEPLOYMENT, KEYS_FROM, KEYS_UNTIL, instant

NOW = instant("2026-03-02T09:00")
DAY = timedelta(days=1)
DIGEST = "sha256:" + "a" * 64


def rules(**changes: Any) -> Rules:
    good: dict[str, Any] = {
        "families": dict.fromkeys(checks.FAMILIES, "release-engineering"), "waivable": {}, "severities": {},
        "close_margin": 60, "allowances": {}, "legacy": {}, "change_states": ChangeStates(),
        "builds": {"service": BuildOrigin(**{name: (f"{name}/*",) for name in BuildOrigin.model_fields})},
        "rendering": Rendering(
            components={"service": ("Service",)}, cohorts={"all": ()}, environments={"production": ("prod", "PRD")}
        ),
    }  # fmt: skip
    return DEPLOYMENT.rules().model_copy(update=good | changes)


def facts(**changes: Any) -> Facts:
    said = DEPLOYMENT.facts()
    teams = {
        name: team.model_copy(update={"channel": "#here", "escalation": "on-call", "groups": ()})
        for name, team in said.teams.items()
    }
    people = {name: person.model_copy(update={"team": "release-engineering"}) for name, person in said.people.items()}
    people["omar"] = people["omar"].model_copy(update={"team": "operations"})
    return said.model_copy(update={"teams": teams, "people": people} | changes)


def found(rules_: Rules, facts_: Facts) -> set[tuple[str, str]]:
    return {(each.code, each.pointer) for each in lint(rules_, facts_, targets=[DEPLOYMENT.target])}


def warned(rules_: Rules, facts_: Facts, now: datetime = NOW) -> set[tuple[str, str]]:
    return {(each.code, each.pointer) for each in warnings(rules_, facts_, now=now)}


def test_a_good_policy_has_neither_fault_nor_warning() -> None:
    assert found(rules(), facts()) == set()
    assert warned(rules(), facts()) == set()


def rendering(**changes: Any) -> Rendering:
    return rules().rendering.model_copy(update=changes)


def built(**changes: Any) -> dict[str, BuildOrigin]:
    return {"service": rules().builds["service"].model_copy(update=changes)}


def allowed(**said: Any) -> dict[str, dict[str, Allowance]]:
    return {"service": {"replicas": Allowance(**{"type": "integer"} | said)}}


def legacy(**changes: Any) -> dict[str, Legacy]:
    said: dict[str, Any] = {
        "product": "service", "component": "service", "repository": "https://example.com/service",
        "workflow": "release.yml", "requester": "dana@ci", "registry": "registry", "changes": "records",
        "records": "records", "rollout": "r", "flags": "f", "rollback": "b", "criteria": ("More than 1 % fail.",),
        "targets": {"prod": "production"}, "valid_for": 86_400,
    }  # fmt: skip
    return {"service": Legacy(**said | changes)}


FAMILIES = dict.fromkeys(checks.FAMILIES, "release-engineering")


@pytest.mark.parametrize(
    ("code", "where", "changes"),
    [
        ("FAMILY_MISSING", "/rules/families", {"families": {k: v for k, v in FAMILIES.items() if k != "rollback"}}),
        ("FAMILY_UNKNOWN", "/rules/families/astrology", {"families": {**FAMILIES, "astrology": "operations"}}),
        ("TEAM_UNKNOWN", "/rules/families/rollback", {"families": {**FAMILIES, "rollback": "nobody"}}),
        ("RULE_UNKNOWN", "/rules/severities/artifacts.never", {"severities": {"artifacts.never": "deny"}}),
        ("BUILD_ORIGIN_EMPTY", "/rules/builds/service/builders", {"builds": built(builders=())}),
        ("BUILD_ORIGIN_EMPTY", "/rules/builds/service/repositories", {"builds": built(repositories=())}),
        ("BAD_PATTERN", "/rules/builds/service/refs/0", {"builds": built(refs=("*",))}),
        ("BAD_PATTERN", "/rules/builds/service/workflows/1", {"builds": built(workflows=("a", "*/release.yml"))}),
        ("BAD_PATTERN", "/rules/builds/service/builders/0", {"builds": built(builders=("https://*.example.com/*",))}),
        (
            "SPELLING_SHARED", "/rules/rendering/environments/staging/0",
            {"rendering": rendering(environments={"production": ("prod",), "staging": ("prod",)})},
        ),
        (
            "SPELLING_SHARED", "/rules/rendering/components/service/0",
            {"rendering": rendering(components={"service": ("web",), "web": ()})},
        ),
        (
            "SPELLING_TWICE", "/rules/rendering/cohorts/all/1",
            {"rendering": rendering(cohorts={"all": ("everyone", "everyone")})},
        ),
        ("NO_CHANGE_APPROVED", "/rules/change_states/approved", {"change_states": ChangeStates(approved=())}),
        (
            "CHANGE_STATE_TWICE", "/rules/change_states/closed",
            {"change_states": ChangeStates(approved=("go",), closed=("done", "go"))},
        ),
        (
            "ALLOWANCE_INCOHERENT", "/rules/allowances/service/replicas/minimum",
            {"allowances": allowed(minimum=3, maximum=2)},
        ),
        ("ALLOWANCE_INCOHERENT", "/rules/allowances/service/replicas/one_of", {"allowances": allowed(one_of=("1",))}),
        (
            "ALLOWANCE_INCOHERENT", "/rules/allowances/service/replicas/maximum",
            {"allowances": allowed(type="string", maximum=2)},
        ),
        (
            "ALLOWANCE_INCOHERENT", "/rules/allowances/service/replicas/one_of",
            {"allowances": allowed(type="boolean", one_of=("true",))},
        ),
        (
            "ENVIRONMENT_UNKNOWN", "/rules/allowances/service/replicas/environments",
            {"allowances": allowed(environments=("prod",))},
        ),
        ("SOURCE_UNKNOWN", "/rules/legacy/service/registry", {"legacy": legacy(registry="nowhere")}),
        ("SOURCE_UNKNOWN", "/rules/legacy/service/changes", {"legacy": legacy(changes="nowhere")}),
        ("SOURCE_UNKNOWN", "/rules/legacy/service/records", {"legacy": legacy(records="nowhere")}),
        ("LEGACY_WITHOUT_TARGET", "/rules/legacy/service/targets", {"legacy": legacy(targets={})}),
        ("TARGET_WITHOUT_SIGNERS", "/rules/legacy/service/targets/prod", {"legacy": legacy(targets={"prod": "moon"})}),
    ],
)  # fmt: skip
def test_faults_of_rules(code: str, where: str, changes: dict[str, Any]) -> None:
    assert found(rules(**changes), facts()) == {(code, where)}


@pytest.mark.parametrize(
    "changes",
    [
        {"allowances": allowed(minimum=2, maximum=2, environments=("production",))},
        {"allowances": allowed(type="string", one_of=("a", "b"))},
        {"allowances": allowed(type="boolean")},
        {"legacy": legacy()},
        {"rendering": rendering(components={"service": ("service", "Service")})},
        {"rendering": Rendering(components={"a": ("x",)}, cohorts={"b": ("x",)}, environments={"c": ("x",)})},
    ],
)
def test_rules_that_have_no_fault(changes: dict[str, Any]) -> None:
    assert found(rules(**changes), facts()) == set()


def source(**sources: Any) -> dict[str, Any]:
    return {"sources": {**facts().sources, **sources}}


def registry(host: str = "registry.example.com", **said: Any) -> RegistrySource:
    return RegistrySource(kind="oci", host=host, **said)


def http(url: str, **said: Any) -> HttpSource:
    return HttpSource(kind="http", url=url, version="/version", **said)


def identity(**changes: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "purpose": "provenance", "issuer": "https://token.example.com", "identity": "https://example.com/build.yml@*",
        "repository": "https://example.com/service", "ref": "refs/heads/main", "not_before": KEYS_FROM,
        "not_after": KEYS_UNTIL,
    }  # fmt: skip
    return {"identities": (KeylessIdentity(**said | changes),), "trusted_root": DIGEST}


def keyed(purpose: str, name: str = "another", **changes: Any) -> dict[str, Any]:
    made = Key(f"linting/{name}")
    said: dict[str, Any] = {
        "id": made.key_id, "purpose": purpose, "holder": name, "public_key": made.public_base64,
        "not_before": KEYS_FROM, "not_after": KEYS_UNTIL,
    }  # fmt: skip
    return {"keys": (*facts().keys, TrustedKey(**said | changes))}


def grouped(**groups: tuple[str, ...]) -> dict[str, Any]:
    return {
        "teams": {
            name: team.model_copy(update={"groups": groups.get(name.partition("-")[0], ())})
            for name, team in facts().teams.items()
        }
    }


@pytest.mark.parametrize(
    ("code", "where", "changes"),
    [
        ("GROUP_SHARED", "/facts/teams/operations/groups/0", grouped(release=("group:a",), operations=("group:a",))),
        ("SOURCE_RESERVED", "/facts/sources/candidate", source(candidate=facts().sources["ci"])),
        ("SOURCE_RESERVED", "/facts/sources/cutover", source(cutover=facts().sources["ci"])),
        ("SOURCE_HOST_BAD", "/facts/sources/oci/host", source(oci=registry("localhost"))),
        ("SOURCE_HOST_BAD", "/facts/sources/oci/hosts", source(oci=registry(hosts=("169.254.169.254",)))),
        ("SOURCE_HOST_BAD", "/facts/sources/cat/host", source(cat=CatalogSource(kind="backstage", host="a..b"))),
        ("CREDENTIAL_MISSING", "/facts/sources/oci/credential", source(oci=registry(auth="basic"))),
        ("CREDENTIAL_UNUSED", "/facts/sources/oci/credential", source(oci=registry(credential="registry"))),
        ("SOURCE_NOT_ECR", "/facts/sources/oci/host", source(oci=registry(auth="ecr"))),
        ("SOURCE_NOT_TLS", "/facts/sources/web/url", source(web=http("http://example.com/{record}"))),
        ("SOURCE_HOST_BAD", "/facts/sources/web/url", source(web=http("https://{record}.example.com/"))),
        ("SOURCE_HOST_BAD", "/facts/sources/web/url", source(web=http("https://10.0.0.1/{record}"))),
        ("SOURCE_HOST_BAD", "/facts/sources/web/url", source(web=http("https://example.com:x/{record}"))),
        ("SOURCE_URL_WITH_CREDENTIAL", "/facts/sources/web/url", source(web=http("https://me:pw@example.com/{record}"))),
        ("TRUSTED_ROOT_MISSING", "/facts/trusted_root", identity() | {"trusted_root": None}),
        ("IDENTITY_NEVER_VALID", "/facts/identities/0/not_after", identity(not_after=KEYS_FROM)),
        ("ISSUER_NOT_TLS", "/facts/identities/0/issuer", identity(issuer="http://token.example.com")),
        ("BAD_PATTERN", "/facts/identities/0/identity", identity(identity="*")),
        ("BAD_PATTERN", "/facts/identities/0/ref", identity(ref="refs/*/main")),
        ("BAD_PATTERN", "/facts/identities/0", identity(repository="https://example.com/*")),
        ("KEY_TWICE", "/facts/keys", {"keys": (*facts().keys, facts().keys[0])}),
        ("KEY_NEVER_VALID", f"/facts/keys/{len(facts().keys)}/not_after", keyed("receipt", not_after=KEYS_FROM)),
    ],
)  # fmt: skip
def test_faults_of_facts(code: str, where: str, changes: dict[str, Any]) -> None:
    assert found(rules(), facts(**changes)) == {(code, where)}


@pytest.mark.parametrize(
    "changes",
    [
        identity(),
        source(oci=registry(auth="basic", credential="registry", hosts=("auth.example.com:8443",))),
        source(oci=registry("123456789012.dkr.ecr.eu-central-1.amazonaws.com", auth="ecr")),
        source(web=http("https://changes.example.com/api/{record}?fields=all", credential="changes")),
    ],
)
def test_facts_that_have_no_fault(changes: dict[str, Any]) -> None:
    assert found(rules(), facts(**changes)) == set()


@pytest.mark.parametrize(
    ("host", "good"),
    [
        ("example.com", True), ("registry:5000", True), ("8.8.8.8", True), ("localhost", False), ("127.0.0.1", False),
        ("10.1.2.3", False), ("169.254.169.254", False), ("printer.local", False), ("a-.com", False), ("a..b", False),
        ("example.com:0", False), ("example.com:65536", False), ("1.2.3", False), ("metadata.google.internal", False),
        ("x" * 64 + ".com", False), ("0x7f.1", False),
    ],
)  # fmt: skip
def test_hosts(host: str, good: bool) -> None:
    assert (faulty_host(host) is None) == good


@pytest.mark.parametrize(
    ("code", "where", "rules_", "facts_"),
    [
        ("NOTHING_MAY_BE_BUILT", "/rules/builds", {"builds": {}}, {}),
        ("BUILD_ORIGIN_EMPTY", "/rules/builds/service/refs", {"builds": built(refs=())}, {}),
        ("NO_NAMES", "/rules/rendering/cohorts", {"rendering": rendering(cohorts={})}, {}),
        ("IDENTITY_WIDE", "/facts/identities/0/identity", {}, identity(repository=None)),
        ("TEAM_WITHOUT_CHANNEL", "/facts/teams/release-engineering", {}, "channel"),
        ("TEAM_WITHOUT_ESCALATION", "/facts/teams/release-engineering", {}, "escalation"),
        ("TEAM_WITHOUT_PEOPLE", "/facts/teams/operations", {}, "people"),
    ],
)
def test_what_is_warned_of(code: str, where: str, rules_: dict[str, Any], facts_: Any) -> None:
    said = facts()
    if facts_ == "people":
        alone = {name: each for name, each in said.people.items() if name != "omar"}
        facts_ = {"people": alone} | grouped(operations=("group:ops",))
    elif isinstance(facts_, str):
        teams = {name: team.model_copy(update={facts_: None}) for name, team in said.teams.items()}
        facts_ = {"teams": teams}
    assert warned(rules(**rules_), facts(**facts_)) == {(code, where)}


# --- keys that end --------------------------------------------------------------------------------------


def successors(now: datetime, **changes: Any) -> set[str]:
    """The codes that are warned of for the receipt's key, when it may have a successor."""
    with_next = keyed("receipt", "next", **changes) if changes else {}
    place = next(number for number, key in enumerate(facts().keys) if key.purpose == "receipt")
    return {
        code for code, where in warned(rules(), facts(**with_next), now) if where == f"/facts/keys/{place}/not_after"
    }


@pytest.mark.parametrize(
    ("now", "changes", "wanted"),
    [
        (KEYS_UNTIL - 31 * DAY, {}, set()),
        (KEYS_UNTIL - 30 * DAY, {}, {"KEY_WITHOUT_SUCCESSOR"}),
        (KEYS_UNTIL - DAY, {"not_before": KEYS_UNTIL - DAY, "not_after": KEYS_UNTIL + DAY}, set()),
        (KEYS_UNTIL - DAY, {"not_before": KEYS_UNTIL, "not_after": KEYS_UNTIL + DAY}, {"KEY_WITHOUT_SUCCESSOR"}),
        (NOW, {"not_before": KEYS_UNTIL, "not_after": KEYS_UNTIL + DAY}, {"KEY_WITHOUT_SUCCESSOR"}),
        (KEYS_UNTIL - DAY, {"not_after": KEYS_UNTIL}, {"KEY_WITHOUT_SUCCESSOR"}),
        (
            KEYS_UNTIL - DAY,
            {"not_before": KEYS_FROM, "not_after": KEYS_UNTIL + DAY, "revoked_at": KEYS_UNTIL},
            {"KEY_WITHOUT_SUCCESSOR"},
        ),
        (
            KEYS_UNTIL - DAY,
            {"not_before": KEYS_FROM, "not_after": KEYS_UNTIL + DAY, "products": ("web",)},
            {"KEY_WITHOUT_SUCCESSOR"},
        ),
        (KEYS_UNTIL, {}, set()),
    ],
)
def test_a_key_that_ends_has_a_successor_in_time(now: datetime, changes: dict[str, Any], wanted: set[str]) -> None:
    assert successors(now, **changes) == wanted


def test_another_person_s_key_is_no_successor() -> None:
    end = {"not_before": KEYS_FROM, "not_after": KEYS_UNTIL + DAY}
    place = next(number for number, key in enumerate(facts().keys) if key.purpose == "waiver")
    for person, wanted in (("omar", True), ("ruth", False)):
        said = warned(rules(), facts(**keyed("waiver", person, person=person, **end)), KEYS_UNTIL - DAY)
        assert (("KEY_WITHOUT_SUCCESSOR", f"/facts/keys/{place}/not_after") in said) == wanted


# --- against an older one -------------------------------------------------------------------------------


def newer(**changes: Any) -> Facts:
    said = facts()
    return said.model_copy(update={"version": said.version + 1, "issued_at": said.issued_at + DAY} | changes)


def codes(new: Rules | Facts, old: Rules | Facts) -> list[tuple[str, str]]:
    return [(each.code, each.pointer) for each in since(new, old)]


@pytest.mark.parametrize(
    ("wanted", "new", "old"),
    [
        ([], facts, facts),
        ([], newer, facts),
        ([], rules, rules),
        ([("VERSION_NOT_RAISED", "/rules/version")], lambda: rules(lease=90), rules),
        ([], lambda: rules(lease=90, version=2), rules),
        ([("VERSION_NOT_RAISED", "/facts/version")], lambda: newer(version=1), facts),
        ([("NOT_NEWER", "/facts/issued_at")], lambda: newer(issued_at=facts().issued_at), facts),
        ([("AUDIENCES_DIFFER", "/facts/audience")], lambda: newer(audience=facts().audience + "x"), facts),
        ([("KEY_HISTORY_LOST", "/against/keys/0")], lambda: newer(keys=facts().keys[1:]), facts),
        ([("KEY_HISTORY_LOST", "/against/identities/0")], newer, lambda: facts(**identity())),
        (
            [("REVOCATION_TAKEN_BACK", "/against/keys/0")],
            newer,
            lambda: facts(
                keys=(facts().keys[0].model_copy(update={"revoked_at": NOW}), *facts().keys[1:])
            ),
        ),
    ],
)  # fmt: skip
def test_what_follows_an_older_policy(
    wanted: list[tuple[str, str]], new: Callable[[], Rules | Facts], old: Callable[[], Rules | Facts]
) -> None:
    assert codes(new(), old()) == wanted
