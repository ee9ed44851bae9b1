"""Who may do what, by a policy: nobody is left out, nobody is added."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner

from cutover.contracts.manifest import RequiredSigner
from cutover.contracts.policy import Facts, Purpose, Rules
from cutover.domain import canonical
from cutover_cli.documentation import who as documented
from cutover_cli.main import app
from cutover_cli.who import PURPOSES, Duty, duties, holders
from tests.building.policy import DECIDED_AT, ISSUED_AT, Deployment


def test_every_purpose_says_whose_it_is_and_what_it_means() -> None:
    assert list(PURPOSES) == list(get_args(Purpose))


def found(does: str, rules: Rules, facts: Facts) -> list[Duty]:
    return [each for each in duties(rules, facts, DECIDED_AT[0]) if each.does == does]


def test_each_seat_of_each_target_names_who_holds_its_role() -> None:
    deployment = Deployment()
    rules, facts = deployment.rules(), deployment.facts()
    seats = rules.signers[deployment.target]
    said = found(f"approve at `{deployment.target}`", rules, facts)
    assert len(said) == len(seats)
    for seat, duty in zip(seats, said, strict=True):
        assert duty.people == tuple(sorted(name for name, who in facts.people.items() if seat.role in who.roles))


def test_a_passkey_is_said() -> None:
    deployment = Deployment()
    rules = deployment.rules().model_copy(
        update={"signers": {"vault": (RequiredSigner(role="operations", count=2, assurance="passkey"),)}}
    )
    (duty,) = found("approve at `vault`", rules, deployment.facts())
    assert duty.who == "2 of operations, with a passkey"


def test_only_a_person_with_role_and_key_waives() -> None:
    deployment = Deployment()
    facts = deployment.facts()
    (waiving,) = {key.person for key in facts.keys if key.purpose == "waiver"}
    assert waiving is not None
    waivable = {"rollback": facts.people[waiving].roles, "flags": ("unheld",)}
    rules = deployment.rules().model_copy(update={"waivable": waivable})
    (rollback,), (flags,) = (found(f"waive holds of `{each}`", rules, facts) for each in waivable)
    assert (rollback.people, flags.people) == ((waiving,), ())


def test_a_key_counts_in_its_time_and_for_its_products() -> None:
    facts = Deployment().facts()
    (key,) = (each for each in facts.keys if each.purpose == "brake")
    limited = key.model_copy(update={"products": ("service", "other")})
    said = {
        each.purpose: each.holders for each in holders(facts.model_copy(update={"keys": (limited,)}), DECIDED_AT[0])
    }
    assert said["brake"] == (f"{key.holder} (service, other)",)
    for never in (key.not_after, key.not_before - timedelta(seconds=1)):
        assert not any(each.holders for each in holders(facts, never) if each.purpose == "brake")


def test_a_team_that_the_facts_lack_is_said() -> None:
    deployment = Deployment()
    rules = deployment.rules().model_copy(update={"families": {"flags": "somebody"}})
    (duty,) = found("own the holds of `flags`", rules, deployment.facts())
    assert (duty.who, duty.people) == ("team somebody, which the facts do not know", ())


def test_a_revoked_key_is_nobodys() -> None:
    deployment = Deployment()
    facts = deployment.facts()
    by_purpose = {each.purpose: each.holders for each in holders(facts, DECIDED_AT[0])}
    assert by_purpose["candidate"]
    revoked = facts.model_copy(
        update={"keys": tuple(key.model_copy(update={"revoked_at": ISSUED_AT}) for key in facts.keys)}
    )
    assert {each.holders for each in holders(revoked, DECIDED_AT[0]) if each.purpose != "provenance"} == {()}


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_command_says_it_of_files(tmp_path: Path, form: str) -> None:
    deployment = Deployment()
    names = {"rules": deployment.rules(), "facts": deployment.facts()}
    for name, document in names.items():
        (tmp_path / f"{name}.json").write_bytes(canonical.encode_model(document))
    arguments = [word for name in names for word in (f"--{name}", str(tmp_path / f"{name}.json"))]
    result = CliRunner().invoke(app, ["policy", "who", *arguments, "--format", form])
    assert result.exit_code == 0, result.output
    if form == "json":
        document = json.loads(result.stdout)
        assert [each["purpose"] for each in document["purposes"]] == list(PURPOSES)
        assert all(each.keys() == {"does", "who", "people"} for each in document["duties"])
    else:
        assert f"approve at {deployment.target}: 1 of " in result.stdout


@pytest.mark.parametrize("made", [documented.people, documented.purposes, documented.functions])
def test_the_page_has_rows(made: Callable[[], str]) -> None:
    assert len(made().splitlines()) > 5


def test_the_page_says_who_signs_and_who_sends() -> None:
    """Read from what IAM is told: one role a key, and two that send."""
    rows = [line.strip("| ").split(" | ") for line in documented.functions().splitlines()[2:]]
    signing = {row[3].partition("signs with ")[2]: row[0] for row in rows if "signs with" in row[3]}
    assert signing == {"`bind`": "`Bind`", "`decide`": "`Approvals`", "`handoff`": "`HandOff`", "`ledger`": "`Seal`"}
    assert [row[0] for row in rows if "deployment queues" in row[4]] == ["`Deliveries`", "`HandOff`"]
    assert {row[0] for row in rows if "`handoffs/*`" in row[2]} == {"`HandOff`"}
