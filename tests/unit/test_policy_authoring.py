"""Authoring policy and keys: what people write is read in one way or refused, and both owners sign it."""

import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cutover.contracts.policy import Facts, Root, Rules, TrustedKey
from cutover.domain import envelope as dsse
from cutover.domain.strict_yaml import MAX_BYTES
from cutover.errors import Refused
from cutover_cli import policy, policy_governing, signing, strict_yaml
from cutover_cli.policy_lint import SHORTEST_CLOSE_MARGIN, lint
from cutover_cli.signing import KeyFileError, LocalKey
from cutover_cli.strict_yaml import YamlRefused
from tests.fakes.records import InMemoryRecords
from tests.fakes.store import InMemoryStore

AUDIENCE = "cutover:cutover:000000000000:us-east-1:development"


@pytest.fixture(scope="module")
def examples(repository: Path) -> Path:
    return repository / "examples" / "policy"


@pytest.fixture
def rules(examples: Path) -> Rules:
    return policy.read(Rules, examples / "rules.yaml")


@pytest.fixture
def facts(examples: Path) -> Facts:
    return policy.read(Facts, examples / "facts.yaml")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\na: 2", "p.yaml:2:1: the key 'a' stands twice"),
        ("a: {b: 1, b: 2}", "p.yaml:1:11: the key 'b' stands twice"),
        ("a: &x 1\nb: *x", "p.yaml:1:4: anchors and aliases"),
        ("a: !!str 3", "p.yaml:1:4: the tag"),
        ("a: 1.5", "p.yaml:1:4: 1.5 is a float"),
        ("a: .inf", "p.yaml:1:4: .inf is a float"),
        ("1: a", "p.yaml:1:1: a key must be text"),
        ("- 1", "p.yaml: expected a mapping"),
        ("a: b\n---\na: c", "p.yaml:2:1"),
        ("a: [", "p.yaml:1:5"),
        ("a: " + "x" * MAX_BYTES, "p.yaml: larger than"),
    ],
)
def test_yaml_that_could_mean_two_things_is_refused(text: str, problem: str) -> None:
    with pytest.raises(YamlRefused) as refused:
        strict_yaml.read(text, "p.yaml")
    assert str(refused.value).startswith(problem)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("yes", "yes"), ("2026-01-01", "2026-01-01"), ("010", "010"), ("0x10", "0x10"), ("1_000", "1_000"),
        ("12:30", "12:30"), ("-5", -5), ("0", 0), ("true", True), ("~", None), ("'1'", "1"),
    ],
)  # fmt: skip
def test_a_scalar_means_what_yaml_1_2_says(written: str, meant: object) -> None:
    assert strict_yaml.read(f"a: {written}", "p.yaml") == {"a": meant}


def test_the_example_policy_is_one_once_its_keys_are_filled_in(rules: Rules, facts: Facts) -> None:
    faults = lint(rules, facts, targets=["staging"])
    assert {(fault.code, fault.pointer) for fault in faults} == {("KEY_MISSING", "/facts/keys")}


def test_an_unknown_field_is_refused_with_its_place(examples: Path) -> None:
    text = (examples / "rules.yaml").read_text("utf-8") + "\nverdict: go\n"
    with pytest.raises(policy.PolicyRefused) as refused:
        policy.parse(Rules, text, "rules.yaml")
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [("/verdict", "FIELD_UNKNOWN")]


def _with_window(facts: Facts, **changes: Any) -> Facts:
    calendar = facts.calendars["staging"]
    second = calendar.windows[0].model_copy(update=changes)
    windows = calendar.model_copy(update={"windows": (*calendar.windows, second)})
    return facts.model_copy(update={"calendars": {"staging": windows}})


def _person(facts: Facts, name: str, **changes: Any) -> Facts:
    return facts.model_copy(update={"people": {**facts.people, name: facts.people[name].model_copy(update=changes)}})


@pytest.mark.parametrize(
    ("code", "where", "change"),
    [
        ("WINDOWS_OVERLAP", "/facts/calendars/staging/windows", lambda f: _with_window(f, id="other")),
        ("WINDOW_ID_TWICE", "/facts/calendars/staging/windows", _with_window),
        ("TIME_ZONE_UNKNOWN", "/facts/calendars/staging/windows/1", lambda f: _with_window(f, time_zone="Mars/North")),
        ("IDENTITY_SHARED", "/facts/people/lea/identities/1", lambda f: _person(f, "ana", identities=("lea",))),
        ("TEAM_UNKNOWN", "/facts/people/ana/team", lambda f: _person(f, "ana", team="nobody")),
        ("AUDIENCES_DIFFER", "/facts/audience", lambda f: f.model_copy(update={"audience": AUDIENCE[:-3] + "x"})),
        (
            "QUORUM_IMPOSSIBLE",
            "/rules/signers/staging",
            lambda f: f.model_copy(update={"people": {"lea": f.people["lea"]}}),
        ),
    ],
)
def test_lint_says_what_no_schema_can(
    rules: Rules, facts: Facts, code: str, where: str, change: Callable[[Facts], Facts]
) -> None:
    found = {(fault.code, fault.pointer) for fault in lint(rules, change(facts), targets=["staging"])}
    assert (code, where) in found


def _key(facts: Facts, **changes: Any) -> Facts:
    said: dict[str, Any] = {
        "id": "sha256:" + "0" * 64, "holder": "somebody", "public_key": "",
        "not_before": datetime(2026, 1, 1, tzinfo=UTC), "not_after": datetime(2027, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    return facts.model_copy(update={"keys": (*facts.keys, TrustedKey(**said | changes))})


@pytest.mark.parametrize(
    ("code", "where", "change"),
    [
        ("KEY_WITHOUT_PERSON", "/facts/keys/0/person", lambda f: _key(f, purpose="waiver")),
        ("KEY_WITHOUT_PERSON", "/facts/keys/0/person", lambda f: _key(f, purpose="resolution")),
        ("KEY_LIMITED", "/facts/keys/0/products", lambda f: _key(f, purpose="bind", products=("web",))),
        ("KEY_LIMITED", "/facts/keys/0/products", lambda f: _key(f, purpose="brake", products=("web",))),
        ("PERSON_UNKNOWN", "/facts/keys/0/person", lambda f: _key(f, purpose="waiver", person="zoe")),
        (
            "SOURCE_RESERVED",
            "/facts/sources/resolutions",
            lambda f: f.model_copy(update={"sources": {"resolutions": f.sources["ci"]}}),
        ),
        ("ROLE_UNKNOWN", "/rules/waivable/rollback/0", lambda f: _person(f, "omar", roles=())),
    ],
)
def test_lint_looks_at_whose_keys_and_sources_they_are(
    rules: Rules, facts: Facts, code: str, where: str, change: Callable[[Facts], Facts]
) -> None:
    """Lea holds every role; without her, what the others hold shows."""
    people = {name: person for name, person in facts.people.items() if name != "lea"}
    changed = change(facts.model_copy(update={"people": people}))
    assert (code, where) in {(each.code, each.pointer) for each in lint(rules, changed, targets=["staging"])}


@pytest.mark.parametrize(
    "purpose", ["candidate", "provenance", "attestation", "waiver", "resolution", "withdrawal", "receipt"]
)
def test_a_key_limited_to_products_is_no_fault(rules: Rules, facts: Facts, purpose: Any) -> None:
    found = lint(rules, _key(facts, purpose=purpose, products=("web",)), targets=["staging"])
    assert "KEY_LIMITED" not in {fault.code for fault in found}


@pytest.mark.parametrize("purpose", ["waiver", "resolution", "candidate"])
def test_a_person_s_key_is_no_fault(rules: Rules, facts: Facts, purpose: Any) -> None:
    found = lint(rules, _key(facts, purpose=purpose, person="omar"), targets=["staging"])
    assert {"KEY_WITHOUT_PERSON", "PERSON_UNKNOWN"} & {fault.code for fault in found} == set()


@pytest.mark.parametrize(
    ("code", "where", "waivable"),
    [
        ("FAMILY_UNKNOWN", "/rules/waivable/astrology", {"astrology": ("operations",)}),
        ("FAMILY_UNKNOWN", "/rules/waivable/bind", {"bind": ("operations",)}),
        ("FAMILY_WAIVED_BY_NOBODY", "/rules/waivable/rollback", {"rollback": ()}),
        ("ROLE_UNKNOWN", "/rules/waivable/rollback/1", {"rollback": ("operations", "chief")}),
    ],
)
def test_lint_knows_which_families_there_are_and_which_roles(
    rules: Rules, facts: Facts, code: str, where: str, waivable: dict[str, tuple[str, ...]]
) -> None:
    assert rules.waivable
    changed = rules.model_copy(update={"waivable": waivable})
    assert (code, where) in {(fault.code, fault.pointer) for fault in lint(changed, facts, targets=["staging"])}


def test_a_margin_in_which_a_send_can_still_be_under_way_is_a_fault(rules: Rules, facts: Facts) -> None:
    hasty = rules.model_copy(update={"close_margin": SHORTEST_CLOSE_MARGIN - 1})
    assert ("CLOSE_MARGIN_TOO_SHORT", "/rules/close_margin") in {
        (fault.code, fault.pointer) for fault in lint(hasty, facts, targets=["staging"])
    }
    enough = rules.model_copy(update={"close_margin": SHORTEST_CLOSE_MARGIN})
    assert lint(enough, facts, targets=["staging"]) == lint(rules, facts, targets=["staging"])


def test_a_target_that_is_not_deployed_is_a_fault(rules: Rules, facts: Facts) -> None:
    found = {(fault.code, fault.pointer) for fault in lint(rules, facts, targets=["production"])}
    assert ("TARGET_NOT_DEPLOYED", "/rules/signers/staging") in found
    assert ("TARGET_NOT_DEPLOYED", "/facts/calendars/staging") in found


def test_a_key_file_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ci.pem"
    made = signing.load_or_create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert signing.load_or_create(path).key_id == made.key_id
    assert [each.name for each in path.parent.iterdir()] == ["ci.pem"]
    with pytest.raises(FileExistsError):
        signing.create(path)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    signing.create(tmp_path / "ci.pem")
    (tmp_path / "ci.pem").chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        signing.load(tmp_path / "ci.pem")


def test_a_key_of_another_curve_is_refused(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    path = tmp_path / "ci.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match="not a P-256 key"):
        signing.load(path)


def test_what_a_local_key_seals_verifies_as_that_key() -> None:
    key, other = (LocalKey(ec.generate_private_key(ec.SECP256R1())) for _ in range(2))
    sealed = signing.seal("text/plain", b"hello", key)
    known = {key.key_id: key.public_key, other.key_id: other.public_key}
    assert dsse.signers(sealed, known) == {key.key_id}


@pytest.fixture
def owners() -> dict[str, LocalKey]:
    return {name: LocalKey(ec.generate_private_key(ec.SECP256R1())) for name in ("one", "two")}


@pytest.fixture
def root(owners: dict[str, LocalKey]) -> Root:
    return policy.root_of(AUDIENCE, owners)


def test_a_policy_that_one_owner_signed_changes_nothing(
    rules: Rules, facts: Facts, owners: dict[str, LocalKey], root: Root
) -> None:
    store, records = InMemoryStore(), InMemoryRecords()
    signed = policy.sign(rules, *owners.values()), policy.sign(facts, owners["one"])
    with pytest.raises(Refused, match="POLICY_NOT_SIGNED_BY_BOTH"):
        policy_governing.activate(root, *signed, targets=["staging"], store=store, records=records)
    assert records.policy() is None


def test_a_policy_with_faults_changes_nothing(
    rules: Rules, facts: Facts, owners: dict[str, LocalKey], root: Root
) -> None:
    store, records = InMemoryStore(), InMemoryRecords()
    signed = policy.sign(rules, *owners.values()), policy.sign(facts, *owners.values())
    with pytest.raises(policy.PolicyRefused, match="KEY_MISSING"):
        policy_governing.activate(root, *signed, targets=["staging"], store=store, records=records)
    assert records.policy() is None
