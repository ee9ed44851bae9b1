"""`cutover candidate`: every fault at once, signed only when there is none, announced once however often."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cutover.contracts.candidate import CANDIDATE_TYPE, Candidate
from cutover.contracts.event import MAX_BY_VALUE_BYTES
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.record import Status
from tests.building.keys import seal_bytes
from tests.building.policy import DEPLOYMENT, EXPIRES_AT
from tests.simulator.command_line import invoke, key_file, run, site_of
from tests.simulator.journeys import revise
from tests.simulator.world import World

AT = ("--at", "2026-03-02T09:01:00Z")


@pytest.fixture
def world() -> World:
    return World()


def said_by(world: World, **changes: Any) -> dict[str, Any]:
    said: dict[str, Any] = world.candidate().model_dump(mode="json", by_alias=True)
    return said | changes


def write(folder: Path, said: object) -> Path:
    file = folder / "candidate.json"
    file.write_text(json.dumps(said), "utf-8")
    return file


def signed(world: World, folder: Path, **changes: Any) -> Path:
    """An envelope of the world's candidate; made without the command, whose clock is this machine's."""
    file = folder / "signed.json"
    payload = canonical.encode(said_by(world, **changes))
    file.write_bytes(seal_bytes(CANDIDATE_TYPE, payload, world.deployment.key("candidate")))
    return file


# --- lint -----------------------------------------------------------------------------------------------


def test_a_whole_candidate_has_no_fault(world: World, tmp_path: Path) -> None:
    said = run(None, "candidate", "lint", write(tmp_path, said_by(world)), *AT)
    assert (said["result"], said["kind"], said["faults"], said["more"]) == ("good", "release", [], 0)


def test_yaml_says_the_same(world: World, tmp_path: Path) -> None:
    file = tmp_path / "candidate.yaml"
    file.write_text(yaml.safe_dump(said_by(world), allow_unicode=True), "utf-8")
    assert run(None, "candidate", "lint", file, *AT) == run(
        None, "candidate", "lint", write(tmp_path, said_by(world)), *AT
    )


def test_a_rehearsal_is_said_to_be_one(world: World, tmp_path: Path) -> None:
    file = write(tmp_path, said_by(world, rehearsal=True))
    assert run(None, "candidate", "lint", file, *AT)["kind"] == "rehearsal"
    assert "a rehearsal: 0 fault(s)" in invoke(None, "candidate", "lint", file, *AT).stdout


def test_every_fault_is_told_with_what_mends_it(world: World, tmp_path: Path) -> None:
    said = said_by(world, product="Web Shop", environment=["production"], commit="abc")
    del said["version"]
    said["components"][0]["artifact"]["digest"] = "md5:1"
    found = run(None, "candidate", "lint", write(tmp_path, said), *AT, expect=3)
    assert found["result"] == "faulty"
    assert {(each["field"], each["code"]) for each in found["faults"]} == {
        ("/product", "BAD_FORMAT"), ("/environment", "FIELD_UNKNOWN"), ("/commit", "BAD_FORMAT"),
        ("/version", "FIELD_MISSING"), ("/components/0/artifact/digest", "BAD_FORMAT"),
    }  # fmt: skip
    mends = {each["field"]: each["mend"] for each in found["faults"]}
    assert mends["/environment"] == "remove it; did you mean environments?"
    assert mends["/version"] == "add version"
    assert mends["/components/0/artifact/digest"] == "write sha256: and 64 lower-case hexadecimal digits"


def test_what_does_not_go_together_is_told_with_the_rest(world: World, tmp_path: Path) -> None:
    said = said_by(world, commit="abc")
    said["components"].append(said["components"][0])
    said["attestations"][0]["component"] = "web\x1b"
    found = run(None, "candidate", "lint", write(tmp_path, said), *AT, expect=3)
    assert {each["field"] for each in found["faults"]} >= {
        "/commit", "/components/1/name", "/attestations/0/component"
    }  # fmt: skip
    said["commit"], said["attestations"][0]["component"] = None, "web"
    assert run(None, "candidate", "lint", write(tmp_path, said), *AT, expect=3)["faults"]


@pytest.mark.parametrize("components", [None, 1, "x", [1, None, {}], {"name": "x"}])
def test_nonsense_is_told_like_any_fault(world: World, tmp_path: Path, components: object) -> None:
    said = said_by(world, components=components, attestations=components)
    assert run(None, "candidate", "lint", write(tmp_path, said), *AT, expect=3)["faults"]


def test_faults_that_are_not_told_are_counted(world: World, tmp_path: Path) -> None:
    said = said_by(world) | {f"x{number}": 1 for number in range(60)}
    found = run(None, "candidate", "lint", write(tmp_path, said), *AT, expect=3)
    assert len(found["faults"]) + found["more"] == 60


@pytest.mark.parametrize(
    ("field", "code", "change"),
    [
        ("/commit", "COMMIT_NOT_STATED", lambda said: said.update(commit=None)),
        ("/overlays", "OVERLAYS_MISSING", lambda said: said.update(overlays=None)),
        (
            "/components/0/artifact/digest",
            "ARTIFACT_NOT_DIGEST_PINNED",
            lambda said: said["components"][0]["artifact"].update(digest=None),
        ),
        (
            "/components/0/provenance",
            "PROVENANCE_INCOMPLETE",
            lambda said: said["components"][0].update(provenance=None),
        ),
        (
            "/components/0/dependencies",
            "DEPENDENCY_MANIFEST_MISSING",
            lambda said: said["components"][0].update(dependencies=None),
        ),
        ("/components/0/catalog", "CATALOG_ENTITY_MISSING", lambda said: said["components"][0].pop("catalog", None)),
    ],
)
def test_what_will_be_held_is_a_warning(
    world: World, tmp_path: Path, field: str, code: str, change: Callable[[dict[str, Any]], Any]
) -> None:
    said = said_by(world)
    change(said)
    found = run(None, "candidate", "lint", write(tmp_path, said), *AT)
    (warning,) = [each for each in found["warnings"] if each["field"] == field]
    assert warning["code"] == code
    assert f"will be held as {code}" in warning["message"]
    assert warning["mend"]


@pytest.mark.parametrize(
    ("at", "code"),
    [
        ("2026-03-02T08:55:00Z", None), ("2026-03-02T08:54:59Z", "NOT_YET_ISSUED"),
        ("2026-03-09T08:59:59Z", None), ("2026-03-09T09:00:00Z", "CANDIDATE_EXPIRED"),
    ],
)  # fmt: skip
def test_its_times_are_judged_at_an_instant(world: World, tmp_path: Path, at: str, code: str | None) -> None:
    file = write(tmp_path, said_by(world))
    found = run(None, "candidate", "lint", file, "--at", at, expect=3 if code else 0)
    assert [each["code"] for each in found["faults"]] == ([code] if code else [])


def test_a_translation_is_not_for_ci_to_write(world: World, tmp_path: Path) -> None:
    translated = {"contract": "cutover/candidate/v0", "original": "sha256:" + "a" * 64, "rules": "sha256:" + "b" * 64}
    found = run(None, "candidate", "lint", write(tmp_path, said_by(world, translated=translated)), *AT, expect=3)
    assert [each["code"] for each in found["faults"]] == ["TRANSLATION_NOT_OURS"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "YAML_REFUSED"), (b"[]", "YAML_REFUSED"), (b'{"a":', "UNREADABLE"), (b'{"a":1,"a":1}', "UNREADABLE"),
     (b"\xff", "UNREADABLE"), (b"a: &x 1\nb: *x", "YAML_REFUSED")],
)  # fmt: skip
def test_what_is_no_document_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "candidate.json").write_bytes(content)
    assert run(None, "candidate", "lint", tmp_path / "candidate.json", expect=3)["reason"] == reason


def test_a_number_that_json_cannot_hold_is_a_fault(tmp_path: Path) -> None:
    found = run(None, "candidate", "lint", write(tmp_path, {"sequence": 2**60}), expect=3)
    assert [each["code"] for each in found["faults"]] == ["NOT_CANONICAL"]


def test_a_missing_file_and_bad_usage(tmp_path: Path) -> None:
    assert run(None, "candidate", "lint", tmp_path / "none", expect=3)["reason"] == "UNREADABLE"
    assert run(None, "candidate", "lint", write(tmp_path, {}), "--at", "now", expect=2)["reason"] == "BAD_ARGUMENT"
    assert invoke(None, "candidate", "lint").exit_code == 2


def test_hostile_fields_do_not_drive_the_terminal(tmp_path: Path) -> None:
    file = write(tmp_path, {"[red]\x1b[2J\u202e\nfault  /FAKE: owned": 1})
    done = invoke(None, "candidate", "lint", file)
    assert done.exit_code == 3
    assert not set("\x1b\u202e") & set(done.output)
    assert not any(line.startswith("fault  /FAKE") for line in done.output.splitlines())
    assert "\x1b" not in invoke(None, "candidate", "lint", file, "--format", "json").output


OLDER = {
    "service": "Shop Service", "version": "1.4.0", "image": "shop/service", "tag": "1.4.0",
    "digest": "sha256:" + "a" * 64, "change": "CHG-17", "environment": "PROD", "approver": "Erin",
}  # fmt: skip


def test_a_document_of_the_older_contract_is_known(tmp_path: Path) -> None:
    said = run(None, "candidate", "lint", write(tmp_path, OLDER))
    assert (said["kind"], said["faults"]) == ("cutover/candidate/v0", [])
    assert "COMMIT_NOT_STATED" in {each["code"] for each in said["warnings"]}
    faulty = run(None, "candidate", "lint", write(tmp_path, OLDER | {"digest": "abc", "verdict": "go"}), expect=3)
    assert {(each["field"], each["code"]) for each in faulty["faults"]} == {
        ("/digest", "BAD_FORMAT"), ("/verdict", "FIELD_UNKNOWN")
    }  # fmt: skip


def test_a_document_of_the_older_contract_is_put_in_no_envelope(world: World, tmp_path: Path) -> None:
    words = "--key", key_file(world, "candidate", tmp_path), "--out", tmp_path / "out.json"
    said = run(None, "candidate", "sign", write(tmp_path, OLDER), *words, expect=2)
    assert said["reason"] == "BAD_ARGUMENT"
    assert not (tmp_path / "out.json").exists()


# --- sign -----------------------------------------------------------------------------------------------


def lasting(world: World) -> dict[str, Any]:
    """The command asks the clock of this machine."""
    return said_by(world, expires_at="2999-01-01T00:00:00Z")


def test_a_candidate_is_signed_in_its_canonical_bytes(world: World, tmp_path: Path) -> None:
    key, out = key_file(world, "candidate", tmp_path), tmp_path / "out.json"
    said = run(None, "candidate", "sign", write(tmp_path, lasting(world)), "--key", key, "--out", out)
    opened = dsse.open_envelope(
        dsse.parse(out.read_bytes()), payload_type=CANDIDATE_TYPE, purpose="candidate", keys=DEPLOYMENT.trusted_keys(),
        at=EXPIRES_AT,
    )  # fmt: skip
    assert Candidate.model_validate_json(opened.payload).product == "service"
    assert (said["payload"], said["admission"]) == (opened.digest, canonical.digest(out.read_bytes()))


def test_with_faults_nothing_is_written(world: World, tmp_path: Path) -> None:
    key, out = key_file(world, "candidate", tmp_path), tmp_path / "out.json"
    said = run(None, "candidate", "sign", write(tmp_path, {"x": 1}), "--key", key, "--out", out, expect=3)
    assert said["reason"] == "CANDIDATE_INVALID"
    assert said["faults"]
    expired = said_by(world, expires_at="2026-03-02T10:00:00Z")
    assert run(None, "candidate", "sign", write(tmp_path, expired), "--key", key, "--out", out, expect=3)
    assert not out.exists()


def test_a_key_that_others_can_read_signs_nothing(world: World, tmp_path: Path) -> None:
    key, out = key_file(world, "candidate", tmp_path), tmp_path / "out.json"
    key.chmod(0o644)
    file = write(tmp_path, lasting(world))
    assert run(None, "candidate", "sign", file, "--key", key, "--out", out, expect=2)["reason"] == "BAD_KEY_FILE"
    assert not out.exists()


def test_where_nothing_can_be_written_is_said(world: World, tmp_path: Path) -> None:
    key, file = key_file(world, "candidate", tmp_path), write(tmp_path, lasting(world))
    words = "candidate", "sign", file, "--key", key, "--out", tmp_path / "no" / "out.json"
    assert run(None, *words, expect=2)["reason"] == "UNWRITABLE"


# --- submit ---------------------------------------------------------------------------------------------


def test_a_candidate_is_announced_and_followed(world: World, tmp_path: Path) -> None:
    site, bus = site_of(world)
    said = run(site, "candidate", "submit", signed(world, tmp_path), "--wait", "--timeout", "0")
    assert (said["result"], said["by"], said["status"]) == ("announced", "value", "awaiting_approval")
    assert (said["cutover"], said["revision"]) == ("service@production.1", 1)
    assert [(source, kind) for source, kind, _ in bus.events] == [("cutover.ci", "ReleaseCandidate")]


def test_announcing_again_opens_nothing(world: World, tmp_path: Path) -> None:
    site, _ = site_of(world)
    file = signed(world, tmp_path)
    first = run(site, "candidate", "submit", file)
    again = run(site, "candidate", "submit", file)
    assert first["admission"] == again["admission"]
    assert (again["changes"], again["cutover"], again["revision"]) == (False, "service@production.1", 1)
    assert len(world.admissions()) == 1


def test_a_dry_run_announces_nothing(world: World, tmp_path: Path) -> None:
    site, bus = site_of(world)
    file = signed(world, tmp_path)
    planned = run(site, "candidate", "submit", file, "--dry-run", expect=10)
    assert (planned["result"], planned["by"], planned["kind"], bus.events) == ("planned", "value", "release", [])
    run(site, "candidate", "submit", file)
    assert run(site, "candidate", "submit", file, "--dry-run")["changes"] is False


def test_what_is_large_goes_by_reference(world: World, tmp_path: Path) -> None:
    site, bus = site_of(world)
    criteria = [f"{number} " + "x" * 4000 for number in range(20)]
    file = signed(world, tmp_path, rollback={**said_by(world)["rollback"], "criteria": criteria})
    assert file.stat().st_size > MAX_BY_VALUE_BYTES
    said = run(site, "candidate", "submit", file, "--wait", "--timeout", "0")
    assert (said["by"], said["status"]) == ("reference", "awaiting_approval")
    ((_, _, detail),) = bus.events
    assert detail["reference"]["sha256"] == said["admission"] == canonical.digest(file.read_bytes())
    assert run(site, "candidate", "submit", file)["changes"] is False


def test_a_candidate_that_is_held_says_what_holds_it(world: World, tmp_path: Path) -> None:
    site, _ = site_of(world)
    revise(world, "change", lambda said: said | {"state": "draft \x1b[1m"[:5]})
    file = signed(world, tmp_path)
    said = run(site, "candidate", "submit", file, "--wait", "--timeout", "0", expect=3)
    assert said["status"] == "held"
    assert said["holds"]
    assert {"code", "field", "found", "wanted", "mend", "owner"} == set(said["holds"][0])


def test_a_rehearsal_is_followed_to_its_end(world: World, tmp_path: Path) -> None:
    site, _ = site_of(world)
    file = signed(world, tmp_path, rehearsal=True)
    said = run(site, "candidate", "submit", file, "--wait", "--timeout", "0")
    assert (said["kind"], said["status"], said["holds"]) == ("rehearsal", "rehearsed", [])
    assert said["cutover"] == "service@production.rehearsal.1"


def test_a_rehearsal_that_found_something_says_what(world: World, tmp_path: Path) -> None:
    site, _ = site_of(world)
    revise(world, "flags", lambda said: [said["flags"][0].pop("owner"), said][1])
    file = signed(world, tmp_path, rehearsal=True)
    said = run(site, "candidate", "submit", file, "--wait", "--timeout", "0", expect=3)
    assert (said["status"], [each["code"] for each in said["holds"]]) == ("rehearsed", ["FLAG_OWNER_MISSING"])
    listed = run(site, "holds", "list", "service@production.rehearsal.1")["holds"]
    assert [each["code"] for each in listed] == ["FLAG_OWNER_MISSING"]
    shown = run(site, "holds", "show", "service@production.rehearsal.1")
    assert (shown["answer"], shown["commands"]) == (None, [])


def test_a_candidate_that_is_refused_says_why(world: World, tmp_path: Path) -> None:
    site, _ = site_of(world)
    said = run(
        site, "candidate", "submit", signed(world, tmp_path, window="never"), "--wait", "--timeout", "0", expect=3
    )
    assert (said["reason"], said["status"]) == ("WINDOW_UNKNOWN", "refused")


def test_nothing_is_decided_in_time(world: World, tmp_path: Path) -> None:
    site, _ = site_of(world, still=True)
    words = "candidate", "submit", signed(world, tmp_path), "--wait", "--timeout", "0"
    assert run(site, *words, expect=4)["reason"] == "NOT_ANSWERED"
    assert world.admissions()[0].status is Status.ADMITTING


def test_another_audience_is_not_bothered(world: World, tmp_path: Path) -> None:
    site, bus = site_of(world)
    file = signed(world, tmp_path, audience="cutover:other:123456789012:eu-central-1:dev")
    said = run(site, "candidate", "submit", file, expect=3)
    assert [each["code"] for each in said["faults"]] == ["WRONG_AUDIENCE"]
    assert bus.events == []


@pytest.mark.parametrize(
    "change", [lambda b: b[:-20], lambda _: b"{}", lambda _: b"", lambda b: b.replace(b"sig", b"sag")]
)
def test_what_is_no_envelope_is_not_announced(world: World, tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    site, bus = site_of(world)
    file = signed(world, tmp_path)
    file.write_bytes(change(file.read_bytes()))
    run(site, "candidate", "submit", file, expect=3)
    assert bus.events == []


def test_another_document_is_no_candidate(world: World, tmp_path: Path) -> None:
    site, bus = site_of(world)
    file = tmp_path / "waiver.json"
    file.write_bytes(seal_bytes("text/plain", b"{}", world.deployment.key("candidate")))
    assert run(site, "candidate", "submit", file, expect=2)["reason"] == "BAD_ARGUMENT"
    assert bus.events == []


def test_one_place_is_named(world: World, tmp_path: Path) -> None:
    assert run(None, "candidate", "submit", signed(world, tmp_path), expect=2)["reason"] == "BAD_ARGUMENT"
