"""Keys: one purpose each, one role each, and a key policy that refuses everybody else."""

import json

import pytest

from infra.config import LinksKeys, load
from tests.infra.reading import Assembled, listed
from tests.infra.synthesis import synthesize

MAKING_LINKS = ("Approvals", "Feedback", "Invitations", "Messenger", "Passkeys", "RequestApproval")
USES = [
    ("Bind", "kms:Sign", ["{Bind/Role}"]),
    ("Decide", "kms:Sign", ["{Approvals/Role}"]),
    ("Handoff", "kms:Sign", ["{HandOff/Role}"]),
    ("Ledger", "kms:Sign", ["{Seal/Role}"]),
    ("Links", "kms:GenerateMac", [f"{{{name}/Role}}" for name in MAKING_LINKS]),
    ("Links", "kms:VerifyMac", ["{Approvals/Role}", "{Passkeys/Role}"]),
]
USING = ("kms:Sign", "kms:Verify", "kms:GenerateMac", "kms:VerifyMac", "kms:Encrypt", "kms:Decrypt")


@pytest.mark.parametrize(("key", "action", "roles"), USES)
def test_role_policies_let_only_these_roles(stage: Assembled, key: str, action: str, roles: list[str]) -> None:
    able = {
        f"{{{name}/Role}}"
        for name, granted in stage.permissions.items()
        for each in granted
        if (each.action, each.resource) == (action, f"{{Keys/{key}}}")
    }
    assert able == set(roles)


@pytest.mark.parametrize(("key", "action", "roles"), USES)
def test_the_key_policy_lets_only_these_roles(stage: Assembled, key: str, action: str, roles: list[str]) -> None:
    naming = [each for each in stage.statements(stage.resources[f"Keys/{key}"]) if action in listed(each["Action"])]
    (allowed,) = [each for each in naming if each["Effect"] == "Allow"]
    (denied,) = [each for each in naming if each["Effect"] == "Deny"]
    assert sorted(listed(allowed["Principal"]["AWS"])) == sorted(roles)
    assert denied["Principal"] == {"AWS": "*"}
    assert sorted(denied["Condition"].pop("ArnNotEquals").pop("aws:PrincipalArn")) == sorted(roles)
    assert not denied["Condition"]


@pytest.mark.parametrize("key", ["Bind", "Decide", "Handoff", "Ledger", "Links"])
def test_the_account_looks_after_a_signing_key_and_cannot_use_it(stage: Assembled, key: str) -> None:
    statements = stage.statements(stage.resources[f"Keys/{key}"])
    (account,) = [each for each in statements if each["Sid"] == "AccountAdministers"]
    assert not [action for action in account["Action"] if "*" in action or action in USING]
    assert "kms:CreateGrant" not in account["Action"]  # a grant would hand the use on
    assert {"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:GetPublicKey"} <= set(account["Action"])


def test_no_role_may_use_another_keys_material(stage: Assembled) -> None:
    signing = {f"{{Keys/{key}}}" for key, _, _ in USES}
    used = {
        (each.action, each.resource)
        for granted in stage.permissions.values()
        for each in granted
        if each.resource in signing
    }
    named = {("kms:GetPublicKey", f"{{Keys/{key}}}") for key, action, _ in USES if action == "kms:Sign"}
    assert used == named | {(action, f"{{Keys/{key}}}") for key, action, _ in USES}


def test_who_signs_can_ask_which_key_that_is(stage: Assembled) -> None:
    asked = {
        name: [each.resource for each in granted if each.action == "kms:GetPublicKey"]
        for name, granted in stage.permissions.items()
    }
    signed = {
        name: [each.resource for each in granted if each.action == "kms:Sign"]
        for name, granted in stage.permissions.items()
    }
    assert asked == signed
    assert sorted(filter(None, asked.values())) == [
        [f"{{Keys/{key}}}"] for key in ("Bind", "Decide", "Handoff", "Ledger")
    ]


def test_specs(stage: Assembled) -> None:
    specs = {
        key.path.removeprefix("Keys/"): (key.properties.get("KeySpec"), key.properties.get("KeyUsage"))
        for key in stage.of("AWS::KMS::Key")
    }
    signing = ("ECC_NIST_P256", "SIGN_VERIFY")
    assert specs == {
        "Data": (None, None),
        **dict.fromkeys(("Bind", "Decide", "Handoff", "Ledger"), signing),
        "Links": ("HMAC_256", "GENERATE_VERIFY_MAC"),
    }


def test_the_data_key_rotates_and_serves_events_and_alarms(stage: Assembled) -> None:
    key = stage.resources["Keys/Data"]
    assert key.properties["EnableKeyRotation"] is True
    served = {each["Principal"]["Service"]: each for each in stage.statements(key) if each["Principal"].get("Service")}
    assert served.keys() == {"events.amazonaws.com", "cloudwatch.amazonaws.com"}
    for each in served.values():
        assert each["Condition"]["StringEquals"] == {"aws:SourceAccount": "{AWS::AccountId}"}


def test_production_keeps_its_keys(production: Assembled, development: Assembled) -> None:
    assert {key.body["DeletionPolicy"] for key in production.of("AWS::KMS::Key")} == {"Retain"}
    assert {key.body["DeletionPolicy"] for key in development.of("AWS::KMS::Key")} == {"Delete"}


@pytest.fixture(scope="module")
def rotating(tmp_path_factory: pytest.TempPathFactory) -> Assembled:
    """A stage whose second links key makes links while the first one is still accepted."""
    deployment = load()
    keys = LinksKeys(current=2, accepted=(1,))
    development = deployment.stages.development.model_copy(update={"links_keys": keys})
    stages = deployment.stages.model_copy(update={"development": development})
    changed = deployment.model_copy(update={"stages": stages})
    return synthesize(tmp_path_factory.mktemp("rotating"), deployment=changed)["development"]


CHECKING = {name for key, action, roles in USES if action == "kms:VerifyMac" for name in roles}
MAKING = {name for key, action, roles in USES if action == "kms:GenerateMac" for name in roles}


def test_the_first_links_key_stays_the_one_that_it_was(stage: Assembled, rotating: Assembled) -> None:
    """An update of the stack must not put another key in its place: every link that was sent would be void."""

    def first(assembled: Assembled) -> list[str]:
        return [logical for logical, path in assembled.paths.items() if path == "Keys/Links"]

    assert first(stage) == first(rotating)


def test_the_current_links_key_makes_links_and_both_prove_them(rotating: Assembled) -> None:
    able: dict[tuple[str, str], set[str]] = {}
    for name, granted in rotating.permissions.items():
        for each in granted:
            if each.action.endswith("Mac"):
                able.setdefault((each.action, each.resource), set()).add(f"{{{name}/Role}}")
    assert able == {
        ("kms:GenerateMac", "{Keys/Links2}"): MAKING,
        ("kms:VerifyMac", "{Keys/Links2}"): CHECKING,
        ("kms:VerifyMac", "{Keys/Links}"): CHECKING,
    }


def test_nobody_makes_links_with_an_accepted_key(rotating: Assembled) -> None:
    (denied,) = [
        each for each in rotating.statements(rotating.resources["Keys/Links"]) if each["Action"] == "kms:GenerateMac"
    ]
    assert (denied["Effect"], denied["Principal"]) == ("Deny", {"AWS": "*"})
    assert not denied.get("Condition")


def test_functions_are_told_the_links_keys_by_name_the_current_one_first(stage: Assembled, rotating: Assembled) -> None:
    def told(assembled: Assembled) -> dict[str, str]:
        variables = assembled.render(assembled.function("Approvals")["Environment"]["Variables"])
        found: dict[str, str] = json.loads(variables["CUTOVER_LINKS_KEYS"])
        return found

    assert list(told(stage).items()) == [("links-1", "{Keys/Links}")]
    assert list(told(rotating).items()) == [("links-2", "{Keys/Links2}"), ("links-1", "{Keys/Links}")]
