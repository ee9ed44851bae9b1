"""`cutover trust`: given out, imported once by fingerprint, never older, never with another history; asked by date."""

import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from cutover.contracts.policy import FACTS_TYPE, TRUST_TYPE, Facts, TrustBundle, TrustedKey, TrustFile
from cutover.domain import canonical
from cutover_cli.main import app
from cutover_cli.site import Site
from tests.building.keys import seal, seal_bytes
from tests.building.policy import DEPLOYMENT, OTHER_DEPLOYMENT, Deployment, instant
from tests.fakes.records import InMemoryRecords

ISSUED, EXPIRES = instant("2026-03-01T00:00"), instant("2099-01-01T00:00")
ROOT = canonical.digest_model(DEPLOYMENT.root())
HOSTILE = "[bold]Bo[/bold]\u202e"


@pytest.fixture(autouse=True)
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


def invoke(*words: str | Path, obj: object = None) -> Result:
    return CliRunner().invoke(app, ["trust", *map(str, words)], obj=obj)


def run(*words: str | Path, expect: int = 0, obj: object = None) -> dict[str, Any]:
    done = invoke(*words, "--format", "json", obj=obj)
    assert done.exit_code == expect, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def bundle(keys: Iterable[TrustedKey] | None = None, **changes: Any) -> TrustBundle:
    whole = DEPLOYMENT.trust_bundle()
    said = {"issued_at": ISSUED, "expires_at": EXPIRES, "keys": whole.keys if keys is None else tuple(keys)}
    return whole.model_copy(update=said | changes)


def trust_file(path: Path, made: TrustBundle, of: Deployment = DEPLOYMENT, *, owners: int = 2) -> Path:
    sealed = seal(TRUST_TYPE, canonical.encode_model(made), *of.owners[:owners])
    path.write_bytes(canonical.encode_model(TrustFile(root=of.root(), bundle=sealed)))
    return path


def keys(change: Callable[[TrustedKey], TrustedKey | None], purpose: str = "bind") -> list[TrustedKey]:
    """The bundle's keys, with that of one purpose changed or left out."""
    changed = (change(key) if key.purpose == purpose else key for key in DEPLOYMENT.trust_bundle().keys)
    return [key for key in changed if key is not None]


@pytest.fixture
def imported(tmp_path: Path) -> Path:
    """The file of a first import."""
    file = trust_file(tmp_path / "trust.json", bundle())
    run("import", file, "--fingerprint", ROOT)
    return file


# --- export ---------------------------------------------------------------------------------------------


def test_what_is_exported_both_owners_can_sign(tmp_path: Path) -> None:
    facts = tmp_path / "facts.yaml"
    facts.write_text(yaml.safe_dump(DEPLOYMENT.facts().model_dump(mode="json", by_alias=True)), "utf-8")
    said = run("export", "--facts", facts, "--out", tmp_path / "trust.yaml", "--days", "30")
    made = TrustBundle.model_validate_json((tmp_path / "trust.yaml").read_bytes())
    assert said["digest"] == canonical.digest_model(made)
    assert made.expires_at - made.issued_at == timedelta(days=30)
    assert {key.id for key in made.keys} == {key.id for key in DEPLOYMENT.facts().keys}
    assert [key.person for key in made.keys if key.person] == [], "no verifier is told whose a key is"
    key = tmp_path / "ana.pem"
    policy = ["policy", "key", str(key)], ["policy", "sign", str(tmp_path / "trust.yaml"), "--key", str(key), "--out"]
    assert CliRunner().invoke(app, policy[0]).exit_code == 0
    assert CliRunner().invoke(app, [*policy[1], str(tmp_path / "signed.json")]).exit_code == 0


def test_signed_facts_are_read_too(tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    facts.write_bytes(seal_bytes(FACTS_TYPE, canonical.encode_model(DEPLOYMENT.facts()), *DEPLOYMENT.owners))
    assert run("export", "--facts", facts, "--out", tmp_path / "trust.yaml")["keys"] == len(DEPLOYMENT.facts().keys)


def test_the_active_facts_of_a_stack_are_exported(tmp_path: Path) -> None:
    from tests.simulator.world import World

    world = World()
    site = Site(
        world.deployment.audience, world.wiring.records, None,  # type: ignore[arg-type]
        world.clock, store=world.wiring.store, fingerprint=ROOT,
    )  # fmt: skip
    said = run("export", "--out", tmp_path / "trust.yaml", obj=site)
    assert said["keys"] == len(world.deployment.facts().keys)
    assert said["issued_at"] == "2026-03-02T09:01:00Z"


@pytest.mark.parametrize("words", [[], ["--local", "--stack", "x"], ["--facts", "f.yaml", "--local"]])
def test_one_place_is_named(tmp_path: Path, words: list[str]) -> None:
    assert run("export", "--out", tmp_path / "trust.yaml", *words, expect=2)["reason"] == "BAD_ARGUMENT"
    assert not (tmp_path / "trust.yaml").exists()


def test_facts_with_faults_are_told_all_at_once(tmp_path: Path) -> None:
    facts = tmp_path / "facts.yaml"
    facts.write_text("schema: cutover/facts/v1\nverdict: go\nversion: x\n", "utf-8")
    said = run("export", "--facts", facts, "--out", tmp_path / "trust.yaml", expect=3)
    assert {("/verdict", "FIELD_UNKNOWN"), ("/version", "BAD_VALUE"), ("/keys", "FIELD_MISSING")} <= {
        (fault["pointer"], fault["code"]) for fault in said["faults"]
    }


def test_a_stack_without_a_policy_is_refused(tmp_path: Path) -> None:
    site = Site(DEPLOYMENT.audience, InMemoryRecords(), None)  # type: ignore[arg-type]
    assert run("export", "--out", tmp_path / "trust.yaml", expect=2, obj=site)["reason"] == "BAD_ARGUMENT"


# --- import ---------------------------------------------------------------------------------------------


def test_the_first_import_needs_the_fingerprint(tmp_path: Path, data_home: Path) -> None:
    file = trust_file(tmp_path / "trust.json", bundle())
    assert run("import", file, expect=2)["reason"] == "BAD_ARGUMENT"
    assert run("import", file, "--fingerprint", "sha256:" + "0" * 64, expect=3)["reason"] == "WRONG_ROOT"
    assert not list(data_home.rglob("*.json"))
    said = run("import", file, "--fingerprint", ROOT)
    assert (said["result"], said["fingerprint"], len(said["added"])) == ("changed", ROOT, len(bundle().keys))
    assert Path(said["file"]).read_bytes() == file.read_bytes()
    assert [each.name for each in Path(said["file"]).parent.glob("*.json")] == [Path(said["file"]).name]


def test_importing_twice_changes_nothing(imported: Path) -> None:
    assert run("import", imported)["result"] == "unchanged"
    assert run("import", imported, "--dry-run")["result"] == "unchanged"


def test_a_newer_one_needs_no_fingerprint_and_says_what_it_changes(imported: Path, tmp_path: Path) -> None:
    revoked = ISSUED + timedelta(days=1)
    fresh = Deployment(name="fresh").trusted_key("bind")
    changed = [*keys(lambda key: key.model_copy(update={"revoked_at": revoked})), fresh]
    newer = trust_file(tmp_path / "newer.json", bundle(changed, issued_at=ISSUED + timedelta(days=2)))
    planned = run("import", newer, "--dry-run", expect=10)
    assert run("import", imported)["result"] == "unchanged", "a dry run changes nothing"
    said = run("import", newer)
    assert said == planned
    assert [key["id"] for key in said["added"]] == [fresh.id]
    assert [key["revoked_at"] for key in said["altered"]] == ["2026-03-02T00:00:00Z"]


@pytest.mark.parametrize(
    ("reason", "make"),
    [
        ("TRUST_NOT_NEWER", lambda: bundle(issued_at=ISSUED - timedelta(days=1))),
        ("TRUST_NOT_NEWER", lambda: bundle(expires_at=EXPIRES + timedelta(days=1))),
        ("TRUST_EXPIRED", lambda: bundle(issued_at=ISSUED + timedelta(days=1), expires_at=ISSUED + timedelta(days=2))),
        ("TRUST_NOT_YET_ISSUED", lambda: bundle(issued_at=EXPIRES - timedelta(days=1))),
        ("TRUST_REWRITES_HISTORY", lambda: bundle(keys(lambda _: None), issued_at=ISSUED + timedelta(days=1))),
    ],
)
def test_what_may_not_follow(imported: Path, tmp_path: Path, reason: str, make: Callable[[], TrustBundle]) -> None:
    file = trust_file(tmp_path / "newer.json", make())
    assert run("import", file, expect=3)["reason"] == reason
    assert run("import", file, "--fingerprint", ROOT, expect=3)["reason"] == reason
    assert run("import", imported)["result"] == "unchanged"


def test_a_revocation_is_not_taken_back(imported: Path, tmp_path: Path) -> None:
    day = timedelta(days=1)
    revoked = keys(lambda key: key.model_copy(update={"revoked_at": ISSUED}))
    run("import", trust_file(tmp_path / "2.json", bundle(revoked, issued_at=ISSUED + day)))
    said = run("import", trust_file(tmp_path / "3.json", bundle(issued_at=ISSUED + 2 * day)), expect=3)
    assert [fault["code"] for fault in said["faults"]] == ["REVOCATION_TAKEN_BACK"]


def test_one_owner_alone_is_refused(tmp_path: Path) -> None:
    file = trust_file(tmp_path / "trust.json", bundle(), owners=1)
    assert run("import", file, "--fingerprint", ROOT, expect=3)["reason"] == "POLICY_NOT_SIGNED_BY_BOTH"


def test_other_owners_of_the_same_audience_are_refused(imported: Path, tmp_path: Path) -> None:
    class Usurper(Deployment):
        @property
        def audience(self) -> str:
            return DEPLOYMENT.audience

    usurper = Usurper(name="usurper")
    file = trust_file(tmp_path / "theirs.json", bundle(issued_at=ISSUED + timedelta(days=1)), usurper)
    assert run("import", file, expect=3)["reason"] == "OTHER_ROOT"
    root = canonical.digest_model(usurper.root())
    assert run("import", file, "--fingerprint", root, expect=3)["reason"] == "OTHER_ROOT"


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"null", b"\xff", b"[" * 3000, b'{"root":1,"root":2}'])
def test_what_is_no_trust_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "trust.json").write_bytes(content)
    assert run("import", tmp_path / "trust.json", "--fingerprint", ROOT, expect=3)["reason"] == "TRUST_INVALID"


def test_a_half_written_file_is_refused_and_changes_nothing(imported: Path, tmp_path: Path) -> None:
    half = tmp_path / "half.json"
    half.write_bytes(imported.read_bytes()[:-200])
    assert run("import", half, expect=3)["reason"] == "TRUST_INVALID"
    assert run("import", imported)["result"] == "unchanged"


def test_a_file_that_is_none_is_unreadable(tmp_path: Path) -> None:
    assert run("import", tmp_path / "none.json", expect=3)["reason"] == "UNREADABLE"
    assert run("import", tmp_path, expect=3)["reason"] == "UNREADABLE"


def test_what_was_stored_is_proved_again(imported: Path, data_home: Path) -> None:
    (stored,) = data_home.rglob("*.json")
    stored.write_bytes(stored.read_bytes()[:-10])
    assert run("import", imported, expect=3)["reason"] == "STORED_TRUST_DAMAGED"
    assert run("history", expect=3)["reason"] == "STORED_TRUST_DAMAGED"


@pytest.mark.parametrize("given", ["abc", "sha256:" + "G" * 64, "sha256:", ""])
def test_a_fingerprint_is_a_digest(tmp_path: Path, given: str) -> None:
    file = trust_file(tmp_path / "trust.json", bundle())
    assert run("import", file, "--fingerprint", given, expect=2)["reason"] == "BAD_ARGUMENT"


# --- history --------------------------------------------------------------------------------------------


def standing(said: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(entry["standing"], entry["reason"]) for entry in said["entries"]]


@pytest.mark.parametrize(
    ("on", "wanted"),
    [
        ("2025-12-31T23:59:59Z", ("not yet", "valid from 2026-01-01T00:00:00Z")),
        ("2026-01-01", ("trusted", None)),
        ("2026-06-01T12:00:00Z", ("trusted", None)),
        ("2027-01-01", ("ended", "ended at 2027-01-01T00:00:00Z")),
    ],
)
def test_which_keys_were_trusted_on_a_date(imported: Path, on: str, wanted: tuple[str, str | None]) -> None:
    assert standing(run("history", "--on", on, "--purpose", "bind")) == [wanted]


def test_a_file_can_be_asked(tmp_path: Path) -> None:
    revoked = keys(lambda key: key.model_copy(update={"revoked_at": ISSUED}))
    file = trust_file(tmp_path / "trust.json", bundle(revoked))
    said = run("history", "--trust", file, "--on", "2026-03-01", "--purpose", "bind")
    assert standing(said) == [("revoked", "revoked at 2026-03-01T00:00:00Z")]
    assert said["told_by"] == {"root": ROOT, "imported": False, "issued_at": "2026-03-01T00:00:00Z"}


def test_a_file_that_has_ended_still_tells(tmp_path: Path) -> None:
    ended = bundle(issued_at=ISSUED, expires_at=ISSUED + timedelta(days=1))
    file = trust_file(tmp_path / "trust.json", ended)
    assert len(run("history", "--trust", file)["entries"]) == len(ended.keys)


def test_facts_tell_of_identities_too(tmp_path: Path) -> None:
    facts = DEPLOYMENT.facts().model_dump(mode="json", by_alias=True)
    facts["identities"] = [
        {"purpose": "provenance", "issuer": "https://token.example.com", "identity": "https://example.com/b.yml",
         "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z", "revoked_at": None,
         "repository": None, "ref": None, "products": []}
    ]  # fmt: skip
    file = tmp_path / "facts.yaml"
    file.write_text(yaml.safe_dump(facts), "utf-8")
    said = run("history", "--facts", file, "--purpose", "provenance", "--on", "2026-03-01")
    assert sorted(entry["kind"] for entry in said["entries"]) == ["identity", "key"]
    assert Facts.model_validate_json(json.dumps(facts)).identities


def test_several_imports_are_told_apart(imported: Path, tmp_path: Path) -> None:
    other = OTHER_DEPLOYMENT.trust_bundle().model_copy(update={"expires_at": EXPIRES})
    root = canonical.digest_model(OTHER_DEPLOYMENT.root())
    run("import", trust_file(tmp_path / "other.json", other, OTHER_DEPLOYMENT), "--fingerprint", root)
    assert run("history", expect=2)["reason"] == "BAD_ARGUMENT"
    assert run("history", "--audience", OTHER_DEPLOYMENT.audience)["told_by"]["root"] == root
    assert run("history", "--audience", "../../etc", expect=2)["reason"] == "BAD_ARGUMENT"


@pytest.mark.parametrize("on", ["yesterday", "2026-13-01", "2026-01-01T00:00:00+01:00", ""])
def test_a_bad_date_is_bad_usage(imported: Path, on: str) -> None:
    assert run("history", "--on", on, expect=2)["reason"] == "BAD_ARGUMENT"


def test_nothing_imported_is_said(data_home: Path) -> None:
    assert run("history", expect=2)["message"] == "no trust was imported yet"
    assert not data_home.exists(), "asking makes no folder"


def test_what_a_holder_is_called_does_not_drive_the_terminal(tmp_path: Path) -> None:
    hostile = keys(lambda key: key.model_copy(update={"holder": HOSTILE}))
    file = trust_file(tmp_path / "trust.json", bundle(hostile))
    done = invoke("history", "--trust", file, "--purpose", "bind")
    assert done.exit_code == 0
    assert "[bold]Bo[/bold][U+202E]" in done.stdout, "markup is text, and what reorders is named"
    assert len(done.stdout.splitlines()) == 2


def test_the_text_is_for_people(imported: Path) -> None:
    done = invoke("history", "--on", "2026-03-01", "--purpose", "bind")
    assert done.exit_code == 0
    assert done.stdout.startswith("on 2026-03-01T00:00:00Z, as told by root ")
    assert f"trusted  bind         {DEPLOYMENT.key('bind').key_id}" in done.stdout
