"""What lint finds among people: the same one twice, deputies, absences, passkeys, and emergencies."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from cutover.contracts.emergency import asked_less
from cutover.contracts.manifest import RequiredSigner
from cutover.contracts.people import Absence, Passkey, SlackWorkspace
from cutover.contracts.policy import Facts, Rules
from cutover_cli import strict_yaml
from cutover_cli.linting import deputies
from cutover_cli.policy_lint import lint, warnings
from tests.building.policy import CLOSES_AT, DEPLOYMENT, EMERGENCY_PATH, OPENS_AT, ROLES
from tests.unit.test_policy_linting import DAY, NOW, facts, found, rules, warned

PEOPLE = "/facts/people"
KEY = Passkey(
    id="AAAA", public_key="pQECAyYgASFYIA", rp_id="example.com", origin="https://page.example.com", registered_at=NOW
)


def who(**people: dict[str, Any]) -> Facts:
    """A good policy's facts, with some of its people changed."""
    said = facts()
    changed = {name: said.people[name].model_copy(update=update) for name, update in people.items()}
    return said.model_copy(update={"people": {**said.people, **changed}})


def passkey(**changes: Any) -> Passkey:
    return KEY.model_copy(update=changes)


def deputy(**whose: str) -> Facts:
    return who(**{name: {"stands_in_for": tuple(others.split())} for name, others in whose.items()})


@pytest.mark.parametrize(
    ("code", "where", "said"),
    [
        ("PERSON_TWICE", f"{PEOPLE}/omar/email", lambda: who(omar={"email": "Erin+ops@EXAMPLE.com"})),
        ("SLACK_SHARED", f"{PEOPLE}/omar/slack", lambda: who(omar={"slack": "U001"}, erin={"slack": "U001"})),
        (
            "PASSKEY_SHARED", f"{PEOPLE}/omar/passkeys/0",
            lambda: who(omar={"passkeys": (KEY,)}, erin={"passkeys": (KEY,)}),
        ),
        (
            "PASSKEY_SHARED", f"{PEOPLE}/omar/passkeys/0",
            lambda: who(omar={"passkeys": (passkey(id="BBBB"),)}, erin={"passkeys": (KEY,)}),
        ),
        ("PASSKEY_TWICE", f"{PEOPLE}/erin/passkeys/1", lambda: who(erin={"passkeys": (KEY, KEY)})),
        ("PERSON_UNKNOWN", f"{PEOPLE}/erin/stands_in_for/0", lambda: deputy(erin="nobody")),
        ("DEPUTY_OF_THEMSELVES", f"{PEOPLE}/erin/stands_in_for/1", lambda: deputy(erin="bo erin")),
        ("DEPUTY_WITHOUT_ROLE", f"{PEOPLE}/erin/stands_in_for/0", lambda: deputy(erin="omar")),
        ("DEPUTIES_IN_A_CIRCLE", f"{PEOPLE}/bo/stands_in_for", lambda: deputy(bo="omar", omar="bo")),
        ("DEPUTIES_IN_A_CIRCLE", f"{PEOPLE}/bo/stands_in_for", lambda: deputy(bo="omar", omar="dana", dana="bo")),
    ],
)  # fmt: skip
def test_people_who_are_none_or_cannot_stand_in(code: str, where: str, said: Callable[[], Facts]) -> None:
    """One person under two names can fill no seat either, so where few are left the quorum is impossible besides."""
    assert (code, where) in found(rules(), said())
    assert {each for each, _ in found(rules(), said())} <= {code, "QUORUM_IMPOSSIBLE"}


def test_deputies_of_deputies_are_no_circle() -> None:
    assert found(rules(), deputy(bo="omar erin", omar="dana", erin="dana")) == set()


def test_a_circle_is_named_once_and_in_its_order() -> None:
    (fault,) = lint(rules(), deputy(bo="omar", omar="dana", dana="bo"), targets=["production"])
    assert fault.message.startswith("bo stands in for omar stands in for dana stands in for bo:")


@pytest.mark.parametrize(
    ("code", "field", "changes"),
    [
        ("PASSKEY_ORIGIN_BAD", "origin", {"origin": "http://page.example.com"}),
        ("PASSKEY_ORIGIN_BAD", "origin", {"origin": "https://page.example.com/approvals"}),
        ("PASSKEY_ORIGIN_BAD", "origin", {"origin": "https://page.example.com/"}),
        ("PASSKEY_ORIGIN_BAD", "origin", {"origin": "https://x@page.example.com"}),
        ("PASSKEY_ORIGIN_BAD", "origin", {"origin": "page.example.com"}),
        ("PASSKEY_PAGE_DIFFERS", "rp_id", {"rp_id": "example.org"}),
        ("PASSKEY_PAGE_DIFFERS", "rp_id", {"rp_id": "le.com"}),
        ("PASSKEY_PAGE_DIFFERS", "rp_id", {"rp_id": "www.page.example.com"}),
        ("PASSKEY_PAGE_DIFFERS", "rp_id", {"rp_id": "com"}),
    ],
)
def test_a_passkey_is_of_a_page_that_a_browser_would_offer_it_to(
    code: str, field: str, changes: dict[str, Any]
) -> None:
    assert found(rules(), who(erin={"passkeys": (passkey(**changes),)})) == {
        (code, f"{PEOPLE}/erin/passkeys/0/{field}")
    }


@pytest.mark.parametrize(
    "changes",
    [
        {}, {"rp_id": "page.example.com"}, {"origin": "https://example.com"}, {"origin": "https://page.example.com:8443"},
        {"origin": "http://localhost:4566", "rp_id": "localhost"},
        {"origin": "http://abc.execute-api.localhost:4566", "rp_id": "abc.execute-api.localhost"},
    ],
)  # fmt: skip
def test_passkeys_without_fault(changes: dict[str, Any]) -> None:
    assert found(rules(), who(erin={"passkeys": (passkey(**changes),)})) == set()


def test_a_role_that_demands_passkeys_names_who_has_none() -> None:
    demanding = {"production": (RequiredSigner(role=ROLES[0], assurance="passkey"), RequiredSigner(role=ROLES[1]))}
    (fault,) = lint(rules(signers=demanding), facts(), targets=["production"])
    assert (fault.code, fault.pointer) == ("QUORUM_IMPOSSIBLE", "/rules/signers/production")
    assert "erin has no passkey" in fault.message
    had = KEY.model_copy(update={"registered_at": facts().issued_at})
    assert found(rules(signers=demanding), who(erin={"passkeys": (had,)})) == set()


def test_a_channel_of_a_role_that_nobody_holds() -> None:
    workspace = SlackWorkspace(team="T001", app="A001", channels={"operations": "C001", "marketing": "C002"})
    assert found(rules(), facts(slack=workspace)) == {("ROLE_UNKNOWN", "/facts/slack/channels/marketing")}
    assert warned(rules(), who(erin={"slack": "U001"})) == {("SLACK_UNUSED", f"{PEOPLE}/erin/slack")}


# --- absences -------------------------------------------------------------------------------------------


def away(*people: str, start: Any = OPENS_AT, end: Any = CLOSES_AT) -> Facts:
    return who(**{name: {"absences": (Absence(starts_at=start, ends_at=end),)} for name in people})


WINDOW = "/facts/calendars/production/windows/0"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (away("omar"), set()),
        (away("omar", "bo", "dana"), {("ROLE_EMPTY_IN_WINDOW", WINDOW)}),
        (away("omar", "bo", "dana", start=CLOSES_AT, end=CLOSES_AT + DAY), set()),
        (away("omar", "bo", "dana", start=OPENS_AT - DAY, end=OPENS_AT), set()),
        (away("omar", "bo", "dana", start=OPENS_AT - DAY, end=OPENS_AT + DAY), {("ROLE_EMPTY_IN_WINDOW", WINDOW)}),
    ],
)
def test_a_window_in_which_nobody_of_a_role_is_there(said: Facts, wanted: set[tuple[str, str]]) -> None:
    assert warned(rules(), said) == wanted


def test_the_window_is_named_and_one_that_is_over_is_not() -> None:
    said = away("omar", "bo", "dana")
    (warning,) = warnings(rules(), said, now=NOW)
    assert warning.message.startswith("tuesday-evening (2026-03-03T20:00:00Z): 0 of 1 needed as operations")
    assert warnings(rules(), said, now=CLOSES_AT) == ()


# --- emergencies ----------------------------------------------------------------------------------------


def urgent(**changes: Any) -> Rules:
    return rules(emergency={"service": EMERGENCY_PATH.model_copy(update=changes)})


def test_a_good_emergency_path_has_neither_fault_nor_warning() -> None:
    assert found(urgent(), facts()) == set()
    assert warned(urgent(), facts()) == set()


SEATS = EMERGENCY_PATH.signers
PATH = "/rules/emergency/service"


@pytest.mark.parametrize(
    ("code", "where", "said"),
    [
        ("PRODUCT_UNKNOWN", "/rules/emergency/moon", lambda: rules(emergency={"moon": EMERGENCY_PATH})),
        ("REMINDERS_UNORDERED", f"{PATH}/reminders", lambda: urgent(reminders=(600, 300))),
        ("REMINDERS_UNORDERED", f"{PATH}/reminders", lambda: urgent(reminders=(600, 600))),
        ("REMINDERS_UNORDERED", "/rules/reminders", lambda: rules(reminders=(7200, 3600))),
        ("DUE_AT_ONCE", f"{PATH}/after_action_within", lambda: urgent(after_action_within=0)),
        ("ROLE_TWICE", f"{PATH}/signers", lambda: urgent(signers=(*SEATS, SEATS[0]))),
        (
            "QUORUM_IMPOSSIBLE", f"{PATH}/signers",
            lambda: urgent(signers=(*SEATS, RequiredSigner(role="security"))),
        ),
        (
            "QUORUM_IMPOSSIBLE", f"{PATH}/signers",
            lambda: urgent(signers=(SEATS[0], RequiredSigner(role=SEATS[1].role, assurance="passkey"))),
        ),
    ],
)  # fmt: skip
def test_faults_of_emergency_paths(code: str, where: str, said: Callable[[], Rules]) -> None:
    assert found(said(), facts()) == {(code, where)}


def test_what_an_emergency_would_be_held_for_and_who_could_not_write_of_it() -> None:
    assert warned(urgent(signers=SEATS[:1]), facts()) == {("EMERGENCY_HELD", f"{PATH}/signers")}
    keyless = tuple(key for key in facts().keys if key.purpose != "after-action")
    assert warned(urgent(), facts(keys=keyless)) == {("AFTER_ACTION_WITHOUT_KEY", "/facts/keys")}


def test_an_after_action_key_is_one_person_s() -> None:
    keys = tuple(
        key.model_copy(update={"person": None}) if key.purpose == "after-action" else key for key in facts().keys
    )
    ((code, _),) = found(rules(), facts(keys=keys))
    assert code == "KEY_WITHOUT_PERSON"
    assert DEPLOYMENT.trusted_key("after-action").person == "dana"


# --- the examples ---------------------------------------------------------------------------------------

POLICY = Path(__file__).parents[2] / "examples" / "policy"


def commented(file: str, first: str) -> Any:
    """The block of a commented example that begins with this line, as if its comment signs were not there."""
    lines = (POLICY / file).read_text("utf-8").split(f"{first}\n", 1)[1].splitlines()
    block = itertools.takewhile(lambda line: line.startswith("#   "), lines)
    return strict_yaml.read("\n".join(line.removeprefix("#   ") for line in block), file)


def test_the_example_of_an_emergency_path_is_one() -> None:
    ((product, said),) = commented("rules.yaml", "# emergency:").items()
    example = strict_yaml.read((POLICY / "rules.yaml").read_text("utf-8"), "rules.yaml")
    written = Rules.model_validate_json(orjson.dumps(example | {"emergency": {product: said}}))
    assert product in written.builds
    assert not any(asked_less(usual, written.emergency[product].signers) for usual in written.signers.values())


def test_the_example_of_a_deputy_is_one() -> None:
    example = strict_yaml.read((POLICY / "facts.yaml").read_text("utf-8"), "facts.yaml")
    ((name, said),) = commented("facts.yaml", "# What else a person may have:\n#").items()
    written = Facts.model_validate_json(orjson.dumps(example | {"people": {**example["people"], name: said}}))
    assert list(deputies.faults(written)) == []
    assert written.people[name].stands_in_for == ("omar",)


# --- what the contract itself refuses -------------------------------------------------------------------


def dumped(**changes: Any) -> dict[str, Any]:
    said = urgent().model_dump(mode="json", by_alias=True)
    said["emergency"]["service"] |= changes
    return said


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"held_for": 400_000}, "no time"), ({"link_valid_for": 100_000}, "no time"),
        ({"deputies_after": 7_201}, "no time"), ({"reminders": [14_401]}, "no time"),
        ({"reminders": [60, 90_000]}, "no time"),
        ({"signers": [{"role": "operations"}]}, "asks less"),
        ({"signers": [{"role": "operations"}, {"role": "security"}]}, "asks less"),
    ],
)  # fmt: skip
def test_rules_of_an_emergency_that_takes_longer_or_asks_less_are_none(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Rules.model_validate_json(orjson.dumps(dumped(**changes)))


def test_more_reminders_than_usual_are_no_longer_time() -> None:
    said = Rules.model_validate_json(orjson.dumps(dumped(reminders=[60, 120, 180, 240])))
    assert said.emergency["service"].reminders[3] == 240


def test_one_passkey_seat_does_not_stand_for_a_second_person() -> None:
    """By link once and by passkey once are two people: one who has a passkey is one of them."""
    usual = [{"role": "operations", "count": 1}, {"role": "operations", "count": 1, "assurance": "passkey"}]
    said = dumped(signers=[{"role": "operations", "count": 1, "assurance": "passkey"}])
    said["signers"] = {"production": usual}
    with pytest.raises(ValueError, match="asks less"):
        Rules.model_validate_json(orjson.dumps(said))
    said["emergency"]["service"]["signers"] = [{"role": "operations", "count": 2, "assurance": "passkey"}]
    assert Rules.model_validate_json(orjson.dumps(said)).signers["production"][1].assurance == "passkey"
