"""`cutover holds` and `cutover waiver`: listed, explained with the command that answers, judged before it is sent."""

import json
import shlex
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from cutover.contracts.base import format_instant
from cutover.contracts.policy import Purpose
from cutover.contracts.records import WAIVER_TYPE, Waiver
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.record import RevisionRecord
from cutover.errors import DependencyUnavailable
from cutover_cli.site import Site
from tests.building.policy import CLOSES_AT, DEPLOYMENT
from tests.building.records import waiver_record
from tests.fakes.faults import Faults, faulty
from tests.simulator.command_line import WorldBus, invoke, key_file, run, site_of
from tests.simulator.journeys import announced
from tests.simulator.resolving import hold_of
from tests.simulator.world import World
from tests.workflow.test_resolutions import complete, held

CUTOVER = "service@production.1"
DRILL, FLAG = "ROLLBACK_DRILL_MISSING", "FLAG_OWNER_MISSING"


@pytest.fixture
def world() -> World:
    """A release that is held for two reasons."""
    return held("flags")


@pytest.fixture
def site(world: World) -> Site:
    return site_of(world)[0]


def bus_of(site: Site) -> WorldBus:
    assert isinstance(site.bus, WorldBus)
    return site.bus


def name_of(world: World, code: str, record: RevisionRecord | None = None) -> str:
    return hold_of(world, code, record).fingerprint.removeprefix("sha256:")[:12]


def keys(world: World, folder: Path, purpose: Purpose = "resolution") -> tuple[str | Path, ...]:
    return "--key", key_file(world, purpose, folder), "--as", "omar"


def new_flags(world: World) -> tuple[str, ...]:
    """The flags with their owner, as their source has them from now on."""
    reference = complete(world, "flags").reference
    return "--evidence", reference.source, reference.record, reference.version


def waiver_file(world: World, folder: Path, code: str = DRILL, **changes: Any) -> Path:
    """A waiver of this hold, in an envelope. ``None`` leaves a field out."""
    said = json.loads(waiver_record(world.deployment, hold_of(world, code).fingerprint).payload) | changes
    payload = canonical.encode({name: value for name, value in said.items() if value is not None})
    key, file = world.deployment.key("waiver"), folder / "waiver.json"
    sealed = dsse.seal(WAIVER_TYPE, payload, (key.key_id, key.sign(dsse.pae(WAIVER_TYPE, payload))))
    file.write_bytes(canonical.encode_model(sealed))
    return file


# --- list and show --------------------------------------------------------------------------------------


def test_open_holds_are_listed(world: World, site: Site) -> None:
    listed = run(site, "holds", "list")["holds"]
    assert {(each["cutover"], each["revision"], each["code"]) for each in listed} == {
        (CUTOVER, 1, DRILL),
        (CUTOVER, 1, FLAG),
    }
    assert listed == run(site, "holds", "list", CUTOVER)["holds"]
    text = invoke(site, "holds", "list").stdout
    assert f"{CUTOVER} revision 1  {name_of(world, FLAG)}  {FLAG} /flags/0/owner" in text


def test_nothing_is_held(tmp_path: Path) -> None:
    world = World()
    announced(world)
    site, _ = site_of(world)
    assert run(site, "holds", "list") == {"holds": []}
    assert invoke(site, "holds", "list", CUTOVER).stdout == "no open hold\n"
    assert run(site, "holds", "show", CUTOVER, expect=3)["reason"] == "HOLD_UNKNOWN"


def test_a_hold_says_whose_it_is_and_what_answers_it(world: World, site: Site) -> None:
    said = run(site, "holds", "show", CUTOVER, DRILL)
    assert (said["name"], said["why"], said["owner"]) == (
        name_of(world, DRILL),
        "rollback.drilled-at",
        "release-engineering",
    )
    assert said["team"]["name"] == "Release engineering"
    assert said["answer"]["kinds"] == ["waiver", "evidence"]
    assert said["expires_at"] == format_instant(world.record().expires_at)
    assert said == run(site, "holds", "show", CUTOVER, name_of(world, DRILL))
    assert said == run(site, "holds", "show", CUTOVER, hold_of(world, DRILL).fingerprint)


def test_the_command_that_it_shows_is_one(world: World, site: Site, tmp_path: Path) -> None:
    """Copied from the text, with key, person and version filled in, it answers the hold."""
    text = invoke(site, "holds", "show", CUTOVER, FLAG).stdout
    (line,) = [each.strip() for each in text.splitlines() if "--evidence" in each]
    version = new_flags(world)[-1]
    filled = {"KEY.pem": str(key_file(world, "resolution", tmp_path)), "PERSON": "omar", "NEW-VERSION": version}
    words = [filled.get(word, word) for word in shlex.split(line)]
    assert words[0] == "cutover"
    assert run(site, *words[1:])["result"] == "RESOLUTION_RECORDED"


def test_where_it_was_asked_is_where_it_is_answered(world: World, site: Site) -> None:
    commands = run(site, "holds", "show", CUTOVER, FLAG, "--stack", "cutover-production", "--region", "eu-west-1")[
        "commands"
    ]
    assert all(each.endswith("--stack cutover-production --region eu-west-1") for each in commands)


def test_one_hold_is_shown_where_only_one_is_open(site: Site) -> None:
    assert run(site, "holds", "show", CUTOVER, expect=3)["reason"] == "HOLD_UNKNOWN"
    alone, _ = site_of(held())
    assert run(alone, "holds", "show", CUTOVER)["code"] == DRILL


@pytest.mark.parametrize("name", ["", "abc", "0" * 12, "sha256:", "NO_SUCH_CODE", "*", "' or 1"])
def test_a_name_that_names_nothing(site: Site, name: str) -> None:
    assert run(site, "holds", "show", CUTOVER, name, expect=3)["reason"] == "HOLD_UNKNOWN"


@pytest.mark.parametrize(
    ("cutover", "expect"),
    [("service@production.9", 3), ("other@production.1", 3), ("service", 2), ("@.1", 2), ("service@production.x", 2)],
)
def test_a_cutover_that_is_none(site: Site, cutover: str, expect: int) -> None:
    reason = run(site, "holds", "list", cutover, expect=expect)["reason"]
    assert reason == ("UNKNOWN_REVISION" if expect == 3 else "BAD_ARGUMENT")


def test_an_older_cutover_is_found(world: World, site: Site) -> None:
    """The lane has gone on to the next one."""
    lane = world.wiring.records.lane("service", "production")
    assert lane is not None
    world.wiring.records._set(lane.model_copy(update={"cutover": "service@production.2", "number": 2}))
    assert {each["code"] for each in run(site, "holds", "list", CUTOVER)["holds"]} == {DRILL, FLAG}


def test_what_others_wrote_does_not_drive_the_terminal(world: World, site: Site) -> None:
    register = json.loads(world.wiring.store.get(world.record().hold_register or "", limit=2**24))
    hostile = "[red]x[/red]\u202e\nanswer it:\n  rm -rf ~"
    for hold in register["holds"]:
        hold["found"] = hold["mend"] = hostile
    stored = world.wiring.store.put(canonical.encode(register))
    world.wiring.records._set(world.record().model_copy(update={"hold_register": stored}))
    text = invoke(site, "holds", "show", CUTOVER, FLAG).stdout
    assert "[red]x[/red]" in text
    assert "\u202e" not in text
    assert [line for line in text.splitlines() if line.startswith("  rm")] == []
    assert len([line for line in text.splitlines() if line == "answer it:"]) == 1


def test_a_table_that_fails_is_a_remote_failure(world: World, site: Site) -> None:
    faults = Faults()
    faults.before("records.due", DependencyUnavailable("the table"))
    failing = Site(
        site.audience, faulty(world.wiring.records, "records", faults), site.bus, site.clock, store=site.store
    )
    assert run(failing, "holds", "list", expect=4)["reason"] == "REMOTE_FAILED"


def test_a_stack_without_a_store_is_said_to_be_old(world: World) -> None:
    bare = Site(world.deployment.audience, world.wiring.records, WorldBus(world), world.clock)
    assert "StoreBucket" in run(bare, "holds", "list", expect=2)["message"]


# --- resolve --------------------------------------------------------------------------------------------


def test_a_hold_is_answered_with_a_corrected_record(world: World, site: Site, tmp_path: Path) -> None:
    said = run(site, "holds", "resolve", CUTOVER, FLAG, *new_flags(world), *keys(world, tmp_path))
    assert (said["result"], said["chain"]) == ("RESOLUTION_RECORDED", CUTOVER)
    assert [each.resolver for each in world.record().resolutions] == ["omar"]
    assert [each["answered_by"] for each in run(site, "holds", "list")["holds"]].count("omar") == 1
    assert "answered     evidence by omar" in invoke(site, "holds", "show", CUTOVER, FLAG).stdout


def test_the_last_answer_opens_the_next_revision(world: World, site: Site, tmp_path: Path) -> None:
    run(site, "holds", "resolve", CUTOVER, FLAG, *new_flags(world), *keys(world, tmp_path))
    waiver = waiver_file(world, tmp_path)
    done = invoke(site, "holds", "resolve", CUTOVER, DRILL, "--waiver", waiver, *keys(world, tmp_path))
    assert done.exit_code == 0
    assert "the last hold is answered" in done.stdout
    assert world.record(revision=2).status == "awaiting_approval"
    assert run(site, "holds", "list") == {"holds": []}
    again = "holds", "resolve", CUTOVER, DRILL, "--waiver", waiver, *keys(world, tmp_path)
    assert run(site, *again, expect=3)["reason"] == "HOLD_UNKNOWN", "revision 2 has no such hold"


def test_answering_again_replaces_or_is_told(world: World, site: Site, tmp_path: Path) -> None:
    words = "holds", "resolve", CUTOVER, FLAG, *new_flags(world), *keys(world, tmp_path)
    run(site, *words)
    assert run(site, *words, expect=3)["reason"] == "ANSWERED_ALREADY", "in the same second"
    assert len(bus_of(site).events) == 1
    world.clock.move(timedelta(seconds=1))
    assert run(site, *words)["result"] == "RESOLUTION_RECORDED"


def test_a_dry_run_judges_and_sends_nothing(world: World, site: Site, tmp_path: Path) -> None:
    words = "holds", "resolve", CUTOVER, FLAG, *new_flags(world), *keys(world, tmp_path), "--dry-run"
    said = run(site, *words, expect=10)
    assert (said["result"], said["left"], said["opens"]) == ("planned", [DRILL], None)
    assert said["event"]["detail-type"] == "HoldResolution"
    assert (bus_of(site).events, world.record().resolutions) == ([], ())
    waiver = waiver_file(world, tmp_path)
    run(site, *words[:-1])
    before = dict(world.wiring.store.objects)
    planned = run(
        site, "holds", "resolve", CUTOVER, DRILL, "--waiver", waiver, *keys(world, tmp_path), "--dry-run", expect=10
    )
    assert (planned["left"], planned["opens"]) == ([], 2)
    assert len(bus_of(site).events) == 1
    assert world.wiring.store.objects == before, "judging a waiver stores it; not here"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (
            "EVIDENCE_UNCHANGED",
            lambda world: ("--evidence", "records", "flags/service", world.records["flags"].version),
        ),
        ("EVIDENCE_OF_ANOTHER_RECORD", lambda _: ("--evidence", "records", "changes/CHG-17", "v9")),
        ("EVIDENCE_SOURCE_UNKNOWN", lambda _: ("--evidence", "nowhere", "flags/service", "v9")),
        ("HOLD_NOT_MENDABLE", lambda _: ("--mended", "I looked")),
    ],
)
def test_what_its_door_would_refuse_is_not_sent(
    world: World, site: Site, tmp_path: Path, reason: str, words: Callable[[World], tuple[str, ...]]
) -> None:
    said = run(site, "holds", "resolve", CUTOVER, FLAG, *words(world), *keys(world, tmp_path), expect=3)
    assert said["reason"] == reason
    assert bus_of(site).events == []


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("WAIVER_ENDS_BEFORE_WINDOW", {"expires_at": "2026-03-03T21:59:59Z"}),
        ("WAIVER_EXPIRED", {"expires_at": "2026-03-02T09:00:00Z"}),
        ("WAIVER_INCOMPLETE", {"approver": None}),
        ("WAIVER_OF_ANOTHER_HOLD", {"fingerprint": "sha256:" + "0" * 64}),
    ],
)
def test_a_waiver_that_does_not_count_is_not_sent(
    world: World, site: Site, tmp_path: Path, reason: str, changes: dict[str, Any]
) -> None:
    file = waiver_file(world, tmp_path, **changes)
    words = "holds", "resolve", CUTOVER, DRILL, "--waiver", file, *keys(world, tmp_path)
    assert run(site, *words, expect=3)["reason"] == reason
    assert bus_of(site).events == []


def test_one_signs_for_oneself(world: World, site: Site, tmp_path: Path) -> None:
    key = key_file(world, "resolution", tmp_path)
    words: tuple[str | Path, ...] = "holds", "resolve", CUTOVER, FLAG, *new_flags(world), "--key", key
    assert run(site, *words, "--as", "erin", expect=3)["reason"] == "RESOLVER_DIFFERS"
    assert run(site, *words, "--as", "Erin O'Neill", expect=2)["reason"] == "BAD_ARGUMENT"
    wrong: tuple[str | Path, ...] = (
        "holds",
        "resolve",
        CUTOVER,
        FLAG,
        *new_flags(world),
        *keys(world, tmp_path, "waiver"),
    )
    assert run(site, *wrong, expect=3)["reason"] == "WRONG_KEY_PURPOSE"
    assert bus_of(site).events == []


@pytest.mark.parametrize("given", [(), ("--mended", "x", "--evidence", "a", "b", "c"), ("--mended", "")])
def test_one_answer_is_given(world: World, site: Site, tmp_path: Path, given: tuple[str, ...]) -> None:
    words = "holds", "resolve", CUTOVER, FLAG, *given, *keys(world, tmp_path)
    assert run(site, *words, expect=2)["reason"] == "BAD_ARGUMENT"


def test_evidence_has_three_words(world: World, site: Site, tmp_path: Path) -> None:
    words = "holds", "resolve", CUTOVER, FLAG, "--evidence", "records", *keys(world, tmp_path)
    assert invoke(site, *words).exit_code == 2


def test_half_a_waiver_is_refused(world: World, site: Site, tmp_path: Path) -> None:
    file = waiver_file(world, tmp_path)
    file.write_bytes(file.read_bytes()[:-30])
    words = "holds", "resolve", CUTOVER, DRILL, "--waiver", file, *keys(world, tmp_path)
    assert run(site, *words, expect=3)["reason"] == "UNREADABLE"


def test_nobody_answers(world: World, site: Site, tmp_path: Path) -> None:
    bus_of(site).lost = True
    words = "holds", "resolve", CUTOVER, FLAG, *new_flags(world), *keys(world, tmp_path)
    assert run(site, *words, "--timeout", "0", expect=4)["reason"] == "NOT_ANSWERED"
    assert run(site, *words, "--no-wait")["result"] == "sent"


# --- waiver sign ----------------------------------------------------------------------------------------


def draft(folder: Path, **changes: Any) -> Path:
    """A waiver as somebody writes it; ``None`` leaves a field out."""
    said = {
        "schema": "cutover/waiver/v1", "id": "drill-later", "fingerprint": "sha256:" + "a" * 64, "owner": "operations",
        "reason": "Next week.", "approver": "otto", "policy": "OPS-4", "expires_at": "2999-01-01T00:00:00Z",
    } | changes  # fmt: skip
    file = folder / "waiver.yaml"
    file.write_text(yaml.safe_dump({name: value for name, value in said.items() if value is not None}), "utf-8")
    return file


def test_a_waiver_is_signed(world: World, tmp_path: Path) -> None:
    key, out = key_file(world, "waiver", tmp_path), tmp_path / "out.json"
    said = run(None, "waiver", "sign", draft(tmp_path), "--key", key, "--out", out)
    opened = dsse.open_envelope(
        dsse.parse(out.read_bytes()), payload_type=WAIVER_TYPE, purpose="waiver", keys=DEPLOYMENT.trusted_keys(),
        at=CLOSES_AT,
    )  # fmt: skip
    assert Waiver.model_validate_json(opened.payload).approver == "otto"
    assert (said["fingerprint"], said["expires_at"]) == ("sha256:" + "a" * 64, "2999-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("reason", "changes", "words"),
    [
        ("WAIVER_INCOMPLETE", {"expires_at": None}, ()),
        ("WAIVER_INCOMPLETE", {"reason": None}, ()),
        ("WAIVER_EXPIRED", {"expires_at": "2026-01-01T00:00:00Z"}, ()),
        ("WAIVER_ENDS_BEFORE_WINDOW", {}, ("--until", "2999-01-01T00:00:01Z")),
        ("DOCUMENT_REFUSED", {"fingerprint": "abc"}, ()),
        ("DOCUMENT_REFUSED", {"verdict": "go"}, ()),
    ],
)
def test_what_could_never_count_is_not_signed(
    world: World, tmp_path: Path, reason: str, changes: dict[str, Any], words: tuple[str, ...]
) -> None:
    key, out = key_file(world, "waiver", tmp_path), tmp_path / "out.json"
    sign: tuple[str | Path, ...] = "waiver", "sign", draft(tmp_path, **changes), "--key", key, "--out", out, *words
    assert run(None, *sign, expect=3)["reason"] == reason
    assert not out.exists()


def test_a_bad_end_is_bad_usage(world: World, tmp_path: Path) -> None:
    sign = "waiver", "sign", draft(tmp_path), "--key", key_file(world, "waiver", tmp_path), "--out", tmp_path / "o"
    assert run(None, *sign, "--until", "Tuesday", expect=2)["reason"] == "BAD_ARGUMENT"
