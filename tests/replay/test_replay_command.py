"""`cutover replay`, before a world: what it says, what it puts back, and what other rules would have decided."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cutover.contracts.policy import Facts, Rules
from cutover.domain import canonical
from cutover.errors import DependencyUnavailable
from cutover_cli.engine import this_engine
from cutover_cli.site import Site
from tests.fakes.faults import Faults, faulty
from tests.replay.ground import key_of
from tests.replay.test_replay import denied
from tests.simulator.command_line import invoke, run, site_of
from tests.simulator.journeys import announced, awaiting_approval, handed_off, rewrite
from tests.simulator.world import World

CUTOVER = "service@production.1"


@pytest.fixture(scope="module")
def released() -> World:
    """Nobody changes it but to put it back as it was."""
    world = World()
    handed_off(world)
    return world


@pytest.fixture
def site(released: World) -> Site:
    return site_of(released)[0]


@pytest.fixture
def lost(released: World) -> Any:
    """A document that is gone, and its digest. It stands again afterwards."""
    digest = released.record().bundle
    assert digest is not None
    stored = released.wiring.store.objects.pop(key_of(digest))
    yield digest, stored
    released.wiring.store.objects[key_of(digest)] = stored


def test_identical(site: Site) -> None:
    said = run(site, "replay", CUTOVER)
    assert (said["result"], said["decided"], said["differences"]) == ("identical", "bound", [])
    assert (said["cutover"], said["revision"], said["code"]) == (CUTOVER, 1, "BOUND")
    assert len(said["compared"]) == 16


def test_another_engine_is_named_first(site: Site) -> None:
    """The world's functions call themselves 0.0.0; the command says what it is itself."""
    done = invoke(site, "replay", CUTOVER)
    assert done.exit_code == 0
    first, second, last = done.stdout.splitlines()
    mine = this_engine()
    assert first == (
        f"engine differs: made by 0.0.0 (lock 000000000000); replayed by {mine.version} (lock {mine.lock[7:19]})"
    )
    assert second == f"{CUTOVER} revision 1: bound (BOUND)"
    assert last == "identical: 16 documents were made again, byte by byte the same"
    said = run(site, "replay", CUTOVER)["engine"]
    assert said == {
        "same": False, "recorded": [{"version": "0.0.0", "lock": "sha256:" + "0" * 64}],
        "this": mine.model_dump(mode="json"),
    }  # fmt: skip


def test_what_is_missing_is_dry_first_and_then_put_back(site: Site, lost: tuple[str, bytes], tmp_path: Path) -> None:
    digest, stored = lost
    said = run(site, "replay", CUTOVER, "--out", tmp_path / "made", expect=10)
    assert (said["result"], said["written"], said["restored"]) == ("outputs missing", [digest], [])
    assert [(each["document"], each["cause"]) for each in said["differences"]] == [("bundle", "stored output missing")]
    assert (tmp_path / "made" / digest.removeprefix("sha256:")).read_bytes() == stored
    assert key_of(digest) not in site.documents.objects  # type: ignore[attr-defined]
    done = invoke(site, "replay", CUTOVER, "--restore")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (
        0, "restored: all that was missing stands in the store again, with the same digests",
    )  # fmt: skip
    assert site.documents.get(digest, limit=2**24) == stored
    assert run(site, "replay", CUTOVER)["result"] == "identical"


def test_corrupted_bytes_are_reported_and_never_overwritten(
    released: World, site: Site, lost: tuple[str, bytes], tmp_path: Path
) -> None:
    digest, stored = lost
    released.wiring.store.objects[key_of(digest)] = b"{}"
    said = run(site, "replay", CUTOVER, "--restore", "--out", tmp_path, expect=3)
    assert (said["result"], said["restored"], said["written"]) == ("differs", [], [digest])
    assert [each["cause"] for each in said["differences"]] == ["stored output corrupted"]
    assert released.wiring.store.objects[key_of(digest)] == b"{}"
    assert (tmp_path / digest.removeprefix("sha256:")).read_bytes() == stored


def test_what_can_be_put_back_is_even_if_something_else_differs(
    released: World, site: Site, lost: tuple[str, bytes]
) -> None:
    register = released.record().hold_register
    assert register is not None
    stored = released.wiring.store.objects[key_of(register)]
    released.wiring.store.objects[key_of(register)] = b"{}"
    try:
        said = run(site, "replay", CUTOVER, "--restore", expect=5)
    finally:
        released.wiring.store.objects[key_of(register)] = stored
    assert (said["result"], said["restored"]) == ("differs", [lost[0]])


def test_a_tombstone_is_put_back_only_where_nothing_else_is_wrong() -> None:
    """Nobody can take one away again."""
    world, record = denied()
    site, objects, register = site_of(world)[0], world.wiring.store.objects, record.hold_register
    assert register is not None
    stored = objects.pop(f"tombstones/{CUTOVER}/1.json")
    kept = objects[key_of(register)]
    objects[key_of(register)] = b"{}"
    assert run(site, "replay", CUTOVER, "--restore", expect=3)["restored"] == []
    assert not site.documents.has_tombstone(CUTOVER, 1)
    objects[key_of(register)] = kept
    assert run(site, "replay", CUTOVER, "--restore")["restored"] == ["tombstone"]
    assert objects[f"tombstones/{CUTOVER}/1.json"] == stored


def test_an_input_that_is_lost_ends_it(released: World, site: Site, tmp_path: Path) -> None:
    key = key_of(released.record().candidate)
    stored = released.wiring.store.objects.pop(key)
    try:
        said = run(site, "replay", CUTOVER, expect=3)
        other = run(site, "replay", CUTOVER, "--policy", rules_file(released, tmp_path / "rules.json"), expect=3)
    finally:
        released.wiring.store.objects[key] = stored
    assert said["result"] == "not replayed"
    assert [(each["document"], each["cause"]) for each in said["differences"]] == [("candidate", "input missing")]
    assert other["reason"] == "INPUT_LOST"


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (("service@production.9",), 3, "UNKNOWN_REVISION"),
        ((CUTOVER, "--revision", "7"), 3, "UNKNOWN_REVISION"),
        (("nonsense",), 2, "BAD_ARGUMENT"),
    ],
)
def test_what_there_is_not(site: Site, words: tuple[str, ...], code: int, reason: str) -> None:
    assert run(site, "replay", *words, expect=code)["reason"] == reason


def test_a_store_that_does_not_answer_is_a_remote_failure(released: World) -> None:
    faults = Faults()
    faults.before("store.get", DependencyUnavailable("S3"), times=99)
    site = site_of(released)[0]
    broken = Site(
        site.audience, site.records, site.bus, site.clock, store=faulty(site.documents, "store", faults),
        fingerprint=site.fingerprint,
    )  # fmt: skip
    assert run(broken, "replay", CUTOVER, expect=4)["reason"] == "REMOTE_FAILED"


# --- other rules ---------------------------------------------------------------------------------------


def write(model: Rules | Facts, file: Path) -> Path:
    file.write_bytes(canonical.encode_model(model))
    return file


def rules_file(world: World, file: Path, **changes: Any) -> Path:
    return write(world.rules().model_copy(update=changes), file)


def changed(said: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {each["rule"]: (each["then"], each["now"]) for each in said["rules"] if each["differs"]}


def test_the_same_rules_change_nothing(released: World, site: Site, tmp_path: Path) -> None:
    said = run(site, "replay", CUTOVER, "--policy", rules_file(released, tmp_path / "rules.json"))
    assert (said["differs"], changed(said), said["package"]) == (False, {}, [])
    assert said["then"] == said["now"] == {"decided": "bound", "code": "BOUND"}
    assert said["policy"]["rules"]["same"]


def test_one_severity_shows_exactly_its_rule(tmp_path: Path) -> None:
    """A newer build only warns under the rules that were pinned."""
    world = World()
    world.publish(rules=world.rules().model_copy(update={"severities": {"artifacts.nothing-newer": "warn"}}))
    world.wiring.bucket.put("shop-registry", world.records["artifact"].record, b"built again")
    awaiting_approval(world)
    for severity in ("hold", "deny"):
        given = rules_file(world, tmp_path / "rules.json", severities={"artifacts.nothing-newer": severity})
        said = run(site_of(world)[0], "replay", CUTOVER, "--policy", given, expect=10)
        assert changed(said) == {"artifacts.nothing-newer": ("warn", severity)}
        assert said["then"] == {"decided": "bound", "code": "BOUND"}
        ended = {"hold": "held", "deny": "declined"}[severity]
        assert said["now"] == {"decided": ended, "code": "SUPERSESSION_UNRESOLVED"}


def test_another_age_of_drills_shows_exactly_that_rule(tmp_path: Path) -> None:
    """The step was drilled: as long ago as the rules that were pinned allow."""
    world = World()
    plan = json.loads(world.records["rollback"].payload)
    drilled = world.clock.now() - timedelta(days=20)
    for step in plan["steps"]:
        step["drilled_at"] = drilled.strftime("%Y-%m-%dT%H:%M:%SZ")
    rewrite(world, "rollback", json.dumps(plan).encode())
    record = announced(world, world.candidate(waivers=()))
    assert record.status == "awaiting_approval"
    given = rules_file(world, tmp_path / "rules.json", drill_max_age=86_400)
    said = run(site_of(world)[0], "replay", CUTOVER, "--policy", given, expect=10)
    ((rule, outcomes),) = changed(said).items()
    assert rule.startswith("rollback.")
    assert outcomes == ("pass", "hold")
    assert said["now"]["decided"] == "held"
    text = invoke(site_of(world)[0], "replay", CUTOVER, "--policy", given).stdout
    assert f"~ {rule}" in text
    assert "the revision: bound (BOUND) -> held" in text
    assert "nothing is replayed" in text


def test_facts_without_the_approver_would_not_have_been_bound(released: World, site: Site, tmp_path: Path) -> None:
    facts = released.deployment.facts()
    nobody = {name: person.model_copy(update={"roles": ("engineering",)}) for name, person in facts.people.items()}
    given = write(facts.model_copy(update={"people": nobody}), tmp_path / "facts.json")
    said = run(site, "replay", CUTOVER, "--policy", given, expect=10)
    assert changed(said)["bind.quorum-impossible"] == ("pass", "hold")
    assert said["now"]["decided"] == "held"


def test_other_signers_are_shown_in_the_manifest(released: World, site: Site, tmp_path: Path) -> None:
    rules = released.rules()
    said = json.loads(canonical.encode_model(rules))
    said["signers"][released.deployment.target].pop()
    given = write(Rules.model_validate_json(json.dumps(said)), tmp_path / "rules.json")
    found = run(site, "replay", CUTOVER, "--policy", given, expect=10)
    assert changed(found) == {}
    assert {(each["document"], each["pointer"]) for each in found["package"]} == {
        ("manifest", f"/predicate/signers/1/{field}") for field in ("assurance", "count", "role")
    }


def test_a_waived_rule_is_waived_then_and_open_now(released: World, site: Site, tmp_path: Path) -> None:
    """Under rules that let nobody waive its family."""
    given = rules_file(released, tmp_path / "rules.json", waivable={})
    said = run(site, "replay", CUTOVER, "--policy", given, expect=10)
    assert changed(said)["rollback.drilled-at"] == ("waived", "hold")
    assert said["now"]["decided"] == "held"


def test_it_restores_nothing_under_another_policy(released: World, site: Site, tmp_path: Path) -> None:
    given = rules_file(released, tmp_path / "rules.json")
    assert run(site, "replay", CUTOVER, "--policy", given, "--restore", expect=2)["reason"] == "BAD_ARGUMENT"
    assert run(site, "replay", CUTOVER, "--policy", given, "--policy", given, expect=2)["reason"] == "BAD_ARGUMENT"
