"""`cutover check` says what the functions would say, of the same evidence, and leaves nothing behind."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from cutover.adapters.system_clock import SystemClock
from cutover.contracts.candidate import CANDIDATE_TYPE, Candidate, Reference
from cutover.contracts.sources import HttpSource
from cutover.domain import canonical
from cutover.errors import Refused, SourceUnavailable
from cutover_cli.check.outside import Outside
from cutover_cli.check.sources import sources
from cutover_cli.main import app
from tests.building.keys import seal_bytes
from tests.simulator.command_line import site_of
from tests.simulator.journeys import announced, awaiting_approval, handed_off, register_of, revise, rewrite
from tests.simulator.world import World
from tests.workflow.test_resolutions import withhold
from tests.workflow.test_translated import announce, detached, document, facts_of, legacy_world, rules_of


@pytest.fixture
def world() -> World:
    return World()


def outside(world: World, *, deployed: bool = False) -> Outside:
    site, _ = site_of(world)
    return Outside(lambda _audience, _clock: world.wiring.sources, world.clock, site if deployed else None)


def files(world: World, folder: Path, candidate: Candidate | None = None) -> tuple[str | Path, ...]:
    """The candidate as JSON, and the policy as its owners write it."""
    documents = {"candidate": candidate or world.candidate(), "rules": world.rules(), "facts": world.deployment.facts()}
    for name, each in documents.items():
        said = each.model_dump(mode="json", by_alias=True)
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(said, allow_unicode=True), "utf-8")
    return folder / "candidate.yaml", "--rules", folder / "rules.yaml", "--facts", folder / "facts.yaml"


def invoke(around: Outside, *words: str | Path) -> Result:
    return CliRunner().invoke(app, ["check", *map(str, words)], obj=around)


def run(around: Outside, *words: str | Path, expect: int = 0) -> dict[str, Any]:
    done = invoke(around, *words, "--format", "json")
    assert done.exit_code == expect, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def marks(holds: list[dict[str, Any]]) -> set[tuple[str, str, str, bool]]:
    return {(hold["code"], hold["field"], hold["fingerprint"], hold["resolution"] is not None) for hold in holds}


def nothing(_: World) -> None:
    """The release as it is."""


CHANGES: dict[str, Callable[[World], Any]] = {
    "nothing": nothing,
    "flags": lambda world: withhold(world, "flags"),
    "rollout": lambda world: withhold(world, "rollout"),
    "state": lambda world: revise(world, "change", lambda said: said | {"state": "draft"}),
    "unreadable": lambda world: rewrite(world, "rollback", b"\x00 no plan"),
    "scope": lambda world: revise(
        world, "change", lambda said: said | {"scope": {"components": [], "environments": []}}
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_it_finds_what_the_functions_find(world: World, tmp_path: Path, change: str) -> None:
    CHANGES[change](world)
    candidate = world.candidate()
    words = files(world, tmp_path, candidate)
    done = CliRunner().invoke(app, ["check", *map(str, words), "--format", "json"], obj=outside(world))
    said = json.loads(done.stdout)
    record = announced(world, candidate)
    real = register_of(world, record).model_dump(mode="json")
    assert marks(said["holds"]) == marks(real["holds"])
    assert said["warnings"] == real["warnings"]
    bound = record.status == "awaiting_approval"
    assert (said["result"], done.exit_code) == (("clean", 0) if bound else ("blocked", 3))


def test_nothing_is_left_behind(world: World, tmp_path: Path) -> None:
    words = files(world, tmp_path)
    before = dict(world.wiring.store.objects), dict(world.wiring.records._models)
    for around in (outside(world), outside(world, deployed=True)):
        run(around, *(words if around.site is None else words[:1]))
    assert (world.wiring.store.objects, world.wiring.records._models) == before
    assert world.admissions() == []
    assert world.wiring.mailer.sent == []


def test_what_would_be_bound_is_said(world: World, tmp_path: Path) -> None:
    said = run(outside(world), *files(world, tmp_path))
    bound = said["would_bind"]
    assert (bound["target"], bound["window"]["id"]) == ("production", "tuesday-evening")
    assert bound["valid_until"] == "2026-03-03T22:00:00Z"
    assert [each["role"] for each in bound["signers"]] == ["release-engineering", "operations"]
    assert said["kind"] == "release"
    assert {each["record"] for each in said["evidence"]} >= {"changes/CHG-17", "flags/service"}
    text = invoke(outside(world), *files(world, tmp_path)).stdout
    assert "would be bound, for production in tuesday-evening, valid until 2026-03-03T22:00:00Z" in text
    assert "not looked at: whether another release has the window" in text


def test_the_policy_of_a_stack_is_taken(world: World, tmp_path: Path) -> None:
    words = files(world, tmp_path)
    with_stack, alone = run(outside(world, deployed=True), words[0]), run(outside(world), *words)
    assert (with_stack.pop("not_looked_at"), len(alone.pop("not_looked_at"))) == ([], 2)
    assert with_stack == alone
    assert "not looked at" not in invoke(outside(world, deployed=True), words[0]).stdout


def later(world: World, **changes: Any) -> Candidate:
    """A candidate that is newer than any that the world has seen."""
    return world.candidate(**{"sequence": 2} | changes)


def test_a_newer_candidate_takes_the_place_of_its_own_product_s(world: World, tmp_path: Path) -> None:
    """Also of its slot: its release is not in its way."""
    awaiting_approval(world)
    file = files(world, tmp_path, later(world))[0]
    assert run(outside(world, deployed=True), file)["result"] == "clean"


def test_a_window_that_is_taken_is_found_in_a_stack(world: World, tmp_path: Path) -> None:
    handed_off(world)
    file, *policy = files(world, tmp_path, later(world))
    said = run(outside(world, deployed=True), file, expect=3)
    assert [hold["code"] for hold in said["holds"] if hold["resolution"] is None] == ["WINDOW_CONFLICT"]
    assert run(outside(world), file, *policy)["result"] == "clean", "files alone do not tell"


def test_a_candidate_that_is_not_newer_is_refused_by_a_stack(world: World, tmp_path: Path) -> None:
    awaiting_approval(world)
    file = files(world, tmp_path, world.candidate())[0]
    assert run(outside(world, deployed=True), file, expect=3)["reason"] == "NOT_NEWER"


def test_a_target_without_a_queue_is_not_deployed(world: World, tmp_path: Path) -> None:
    around = outside(world, deployed=True)
    assert around.site is not None
    bare = replace(around, site=replace(around.site, queues=lambda _target: None))
    assert run(bare, files(world, tmp_path)[0], expect=3)["reason"] == "UNKNOWN_TARGET"


@pytest.mark.parametrize(("key", "reason"), [("candidate", None), ("waiver", "WRONG_KEY_PURPOSE")])
def test_a_signed_candidate_is_judged_by_its_signature(
    world: World, tmp_path: Path, key: str, reason: str | None
) -> None:
    words, file = files(world, tmp_path), tmp_path / "signed.json"
    file.write_bytes(seal_bytes(CANDIDATE_TYPE, canonical.encode_model(world.candidate()), world.deployment.key(key)))
    said = run(outside(world), file, *words[1:], expect=3 if reason else 0)
    assert said["result"] == ("refused" if reason else "clean")
    assert said.get("reason") == reason


def test_a_rehearsal_is_said_to_be_one(world: World, tmp_path: Path) -> None:
    words = files(world, tmp_path, world.candidate(rehearsal=True))
    assert run(outside(world), *words)["kind"] == "rehearsal"
    assert "would be reported as clean" in invoke(outside(world), *words).stdout


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("UNKNOWN_TARGET", {"target": "moon"}),
        ("WINDOW_UNKNOWN", {"window": "never"}),
        ("WRONG_AUDIENCE", {"audience": "cutover:other:123456789012:eu-central-1:dev"}),
    ],
)
def test_what_would_be_refused_is_said(world: World, tmp_path: Path, reason: str, changes: dict[str, Any]) -> None:
    said = run(outside(world), *files(world, tmp_path, world.candidate(**changes)), expect=3)
    assert (said["result"], said["reason"]) == ("refused", reason)
    assert (
        f"would be refused: {reason}"
        in invoke(outside(world), *files(world, tmp_path, world.candidate(**changes))).stdout
    )


def test_a_candidate_with_faults_is_told_all_of_them(world: World, tmp_path: Path) -> None:
    words = files(world, tmp_path)
    (tmp_path / "candidate.yaml").write_text("product: x\nverdict: go\n", "utf-8")
    said = run(outside(world), *words, expect=3)
    assert said["reason"] == "CANDIDATE_INVALID"
    assert {"/verdict", "/version"} <= {fault["field"] for fault in said["faults"]}


def test_another_instant_finds_another_end(world: World, tmp_path: Path) -> None:
    words = files(world, tmp_path)
    assert run(outside(world), *words, "--at", "2026-03-03T22:00:00Z", expect=3)["reason"] == "WINDOW_PASSED"
    assert run(outside(world), *words, "--at", "noon", expect=2)["reason"] == "BAD_ARGUMENT"


@pytest.mark.parametrize("keep", [1, 3])
def test_a_policy_is_whole_or_a_stack_s(world: World, tmp_path: Path, keep: int) -> None:
    words = files(world, tmp_path)[:keep]
    assert run(outside(world), *words, expect=2)["reason"] == "BAD_ARGUMENT"


def test_a_trusted_root_that_the_facts_do_not_name(world: World, tmp_path: Path) -> None:
    (tmp_path / "root.json").write_text("{}", "utf-8")
    words = *files(world, tmp_path), "--trusted-root", tmp_path / "root.json"
    assert run(outside(world), *words, expect=2)["reason"] == "BAD_ARGUMENT"


class Failing:
    """A source system that is away, or says no."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def fetch(self, *_: Any, **__: Any) -> Any:
        raise self.error

    latest = artifact = fetch


@pytest.mark.parametrize(
    "error", [SourceUnavailable("SOURCE_UNREACHABLE", "nobody answers"), Refused("SOURCE_DENIED", "not with this role")]
)
def test_a_source_that_fails_is_a_hold(world: World, tmp_path: Path, error: Exception) -> None:
    around = Outside(lambda _audience, _clock: {"s3": Failing(error)}, world.clock)
    said = run(around, *files(world, tmp_path), expect=3)
    assert said["result"] == "blocked"
    assert said["evidence"] == []


def test_what_sources_say_does_not_drive_the_terminal(world: World, tmp_path: Path) -> None:
    hostile = "[red]draft[/red]\u202e"
    revise(world, "change", lambda said: said | {"state": hostile})
    done = invoke(outside(world), *files(world, tmp_path))
    assert done.exit_code == 3
    assert "\u202e" not in done.output


def test_a_check_of_tomorrow_leaves_the_clock_alone(world: World, tmp_path: Path) -> None:
    later = world.clock.now() + timedelta(hours=1)
    said = run(outside(world), *files(world, tmp_path), "--at", later.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert said["as_of"] == "2026-03-02T10:01:00Z"


# --- the contract before this one -----------------------------------------------------------------------


def older_files(folder: Path) -> tuple[World, tuple[str | Path, ...]]:
    """A document of v0, and a policy that lets its service announce so."""
    world = legacy_world()
    files(world, folder)
    for name, made in (("rules", rules_of(world)), ("facts", facts_of(world))):
        said = made.model_dump(mode="json", by_alias=True)
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(said, allow_unicode=True), "utf-8")
    (folder / "v0.json").write_bytes(document(world))
    return world, (folder / "v0.json", "--rules", folder / "rules.yaml", "--facts", folder / "facts.yaml")


def test_an_older_document_is_translated_and_held_as_it_would_be(tmp_path: Path) -> None:
    world, words = older_files(tmp_path)
    said = run(outside(world), *words, expect=3)
    admission = announce(world)
    assert admission.cutover is not None
    real = register_of(world, world.record(admission.cutover)).model_dump(mode="json")
    found, wanted = (
        {(hold["code"], hold["field"]) for hold in holds if hold["resolution"] is None}
        for holds in (said["holds"], real["holds"])
    )
    assert found == wanted
    assert "COMMIT_NOT_STATED" in {code for code, _ in found}


def test_an_older_announcement_is_judged_by_its_signature(tmp_path: Path) -> None:
    world, words = older_files(tmp_path)
    for key, result in (("candidate", "blocked"), ("waiver", "refused")):
        made = detached(world, document(world), world.deployment.key(key))
        (tmp_path / "announced.json").write_bytes(canonical.encode_model(made))
        assert run(outside(world), tmp_path / "announced.json", *words[1:], expect=3)["result"] == result


def test_a_service_that_may_not_is_refused(tmp_path: Path) -> None:
    world, words = older_files(tmp_path)
    (tmp_path / "v0.json").write_bytes(document(world, service="Unheard of"))
    assert run(outside(world), *words, expect=3)["reason"] == "UNKNOWN_SERVICE"


def test_facts_that_are_a_file_get_no_credential_unless_that_is_asked_for() -> None:
    """Somebody else may have written them: their hosts would be shown the deployment's password."""
    asked: list[str] = []

    class Secrets:
        def get_secret_value(self, **given: Any) -> dict[str, str]:
            asked.append(given["SecretId"])
            return {"SecretString": '{"token": "t"}'}

    source = HttpSource(kind="http", url="https://evil.example/{record}", version="/v", credential="servicenow")
    reference = Reference(source="changes", record="CHG-1", version="1")
    audience = "cutover:a:123456789012:eu-central-1:b"
    made = sources(lambda *_a, **_k: Secrets(), audience, SystemClock(), with_credentials=False)
    with pytest.raises(Refused) as refused:
        made["http"].fetch(source, reference, limit=1000)
    assert refused.value.code == "CREDENTIAL_WITHHELD"
    assert asked == []
