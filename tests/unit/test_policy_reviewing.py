"""`cutover policy lint` and `diff`, and the trusted root that activating a policy brings along."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from cutover.contracts.base import Model
from cutover.contracts.policy import FACTS_TYPE, RULES_TYPE, Facts, Rules
from cutover.domain import canonical
from cutover.domain.policy_changes import changes
from cutover.errors import Refused
from cutover_cli import policy_governing
from cutover_cli.main import app
from tests.building.keys import seal, seal_bytes
from tests.building.policy import DEPLOYMENT
from tests.fakes.records import InMemoryRecords
from tests.fakes.store import InMemoryStore
from tests.unit.test_policy_linting import NOW, facts, identity, newer, rules

TARGET = ("--target", DEPLOYMENT.target)
AT = ("--at", "2026-03-02T09:00:00Z")


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["policy", *map(str, words)])


def run(*words: str | Path, expect: int = 0) -> dict[str, Any]:
    done = invoke(*words, "--format", "json")
    assert done.exit_code == expect, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def write(path: Path, document: Model) -> Path:
    said = document.model_dump(mode="json", by_alias=True)
    path.write_text(yaml.safe_dump(said, allow_unicode=True), "utf-8")
    return path


@pytest.fixture
def good(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path / "rules.yaml", rules()), write(tmp_path / "facts.yaml", facts())


def test_a_good_policy_passes(good: tuple[Path, Path]) -> None:
    assert run("lint", *good, *TARGET, *AT) == {"result": "good", "faults": [], "warnings": []}
    assert invoke("lint", *good, *TARGET, *AT).stdout == "0 fault(s), 0 warning(s)\n"


def test_faults_are_refused_and_all_told(good: tuple[Path, Path], tmp_path: Path) -> None:
    bad = write(tmp_path / "bad.yaml", rules(close_margin=5, families={}))
    said = run("lint", bad, good[1], *TARGET, *AT, expect=3)
    assert said["result"] == "faulty"
    assert {"CLOSE_MARGIN_TOO_SHORT", "FAMILY_MISSING"} == {fault["code"] for fault in said["faults"]}
    assert all({"pointer", "code", "message"} == set(fault) for fault in said["faults"])


def test_warnings_do_not_count(good: tuple[Path, Path], tmp_path: Path) -> None:
    file = write(tmp_path / "rules.yaml", rules(builds={}))
    said = run("lint", file, good[1], *TARGET, *AT)
    assert [each["code"] for each in said["warnings"]] == ["NOTHING_MAY_BE_BUILT"]


def test_keys_that_end_are_warned_of_today(good: tuple[Path, Path]) -> None:
    said = run("lint", *good, *TARGET, "--at", "2026-12-31T00:00:00Z")
    assert {each["code"] for each in said["warnings"]} == {"KEY_WITHOUT_SUCCESSOR"}


def test_signed_documents_are_linted_as_they_are(tmp_path: Path) -> None:
    files = tmp_path / "rules.json", tmp_path / "facts.json"
    for file, kind, document in zip(files, (RULES_TYPE, FACTS_TYPE), (rules(), facts()), strict=True):
        file.write_bytes(seal_bytes(kind, canonical.encode_model(document), *DEPLOYMENT.owners))
    assert run("lint", *files, *TARGET, *AT)["result"] == "good"


def test_an_older_policy_is_compared_with(good: tuple[Path, Path], tmp_path: Path) -> None:
    without = newer(keys=tuple(key for key in facts().keys if key.purpose != "receipt"))
    file = write(tmp_path / "newer.yaml", without)
    words = "lint", good[0], file, *TARGET, *AT, "--against", good[1], "--against", good[0]
    said = run(*words, expect=3)
    assert [fault["code"] for fault in said["faults"]] == ["KEY_HISTORY_LOST"]


@pytest.mark.parametrize("at", ["now", "2026-03-02", ""])
def test_a_bad_instant_is_bad_usage(good: tuple[Path, Path], at: str) -> None:
    assert run("lint", *good, *TARGET, "--at", at, expect=2)["reason"] == "BAD_ARGUMENT"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "YAML_REFUSED"), (b"{", "UNREADABLE"), (b'{"a":1,"a":2}', "UNREADABLE"), (b"\xff\xfe", "UNREADABLE"),
        (b"- 1", "YAML_REFUSED"), (b"{}", "DOCUMENT_REFUSED"), (b"schema: x", "DOCUMENT_REFUSED"),
        (b"x" * 5_000_000, "DOCUMENT_TOO_LARGE"), (b'{"a":' * 5000 + b"1" + b"}" * 5000, "UNREADABLE"),
    ],
)  # fmt: skip
def test_what_is_no_policy_is_refused(good: tuple[Path, Path], tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "bad").write_bytes(content)
    assert run("lint", tmp_path / "bad", good[1], *TARGET, expect=3)["reason"] == reason


def test_hostile_names_stay_on_their_line(good: tuple[Path, Path], tmp_path: Path) -> None:
    said = facts().model_dump(mode="json", by_alias=True)
    said["[red]evil\u001b[2J\u202e\nfault  FAKE"] = 1
    (tmp_path / "facts.yaml").write_text(yaml.safe_dump(said), "utf-8")
    done = invoke("lint", good[0], tmp_path / "facts.yaml", *TARGET)
    assert done.exit_code == 3
    assert "[red]evil" in done.output
    assert not set("\x1b\u202e") & set(done.output)
    assert not any(line.startswith("fault  FAKE") for line in done.output.splitlines())


# --- diff -----------------------------------------------------------------------------------------------


def test_nothing_differs(good: tuple[Path, Path]) -> None:
    said = run("diff", good[0], good[0])
    assert said == {"differs": False, "changes": {"who": [], "what": [], "where": []}}


def test_a_difference_is_told_by_question(tmp_path: Path) -> None:
    old = write(tmp_path / "old.yaml", facts())
    said = facts()
    new = write(
        tmp_path / "new.yaml", newer(keys=(*said.keys[1:], said.keys[0].model_copy(update={"revoked_at": NOW})))
    )
    answer = run("diff", old, new, expect=10)["changes"]
    key = said.keys[0]
    assert answer["who"] == [
        {"pointer": f"/keys/{key.purpose} {key.id}/revoked_at", "before": "null", "after": "2026-03-02T09:00:00Z"}
    ], "the order of keys says nothing"
    assert [each["pointer"] for each in answer["where"]] == ["/issued_at", "/version"]
    done = invoke("diff", old, new)
    assert done.exit_code == 10
    assert "who approves, waives and signs:\n  ~ /keys/" in done.stdout
    assert "what is checked: the same" in done.stdout


def test_kinds_are_not_compared_with_each_other(good: tuple[Path, Path]) -> None:
    assert run("diff", *good, expect=2)["reason"] == "BAD_ARGUMENT"


@pytest.mark.parametrize(
    ("question", "pointer", "change"),
    [
        ("who", "/signers/production/operations/count", "signers"),
        ("who", "/waivable/rollback/0", {"waivable": {"rollback": ("risk",)}}),
        ("what", "/drill_max_age", {"drill_max_age": 1}),
        ("what", "/builds/service/refs/0", "builds"),
        ("where", "/close_margin", {"close_margin": 61}),
    ],
)
def test_each_field_belongs_to_a_question(question: str, pointer: str, change: Any) -> None:
    old = rules()
    if change == "signers":
        first, second = old.signers["production"]
        change = {"signers": {"production": (second.model_copy(update={"count": 2}), first)}}
    elif change == "builds":
        origin = old.builds["service"].model_copy(update={"refs": ("refs/heads/main",)})
        change = {"builds": {"service": origin}}
    found = changes(old, old.model_copy(update=change))
    assert [(each.question, each.pointer) for each in found] == [(question, pointer)]


def test_what_comes_and_goes_has_one_side(tmp_path: Path) -> None:
    there, gone = facts(**identity()), facts()
    added, removed = changes(gone, there), changes(there, gone)
    assert added
    assert {each.before for each in added} <= {None, "null"}
    assert [(each.pointer, each.after) for each in added] == [(each.pointer, each.before) for each in removed]


# --- the trusted root -----------------------------------------------------------------------------------

ANCHORS = b'{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'


def activate(made: Facts, store: InMemoryStore, records: InMemoryRecords, trusted_root: bytes | None = None) -> None:
    signed = (
        seal(kind, canonical.encode_model(document), *DEPLOYMENT.owners)
        for kind, document in ((RULES_TYPE, rules()), (FACTS_TYPE, made))
    )
    policy_governing.activate(
        DEPLOYMENT.root(), *signed, targets=[DEPLOYMENT.target], store=store, records=records, trusted_root=trusted_root
    )


def test_the_trusted_root_is_stored_under_the_digest_that_was_signed() -> None:
    store, records = InMemoryStore(), InMemoryRecords()
    named = facts(**identity() | {"trusted_root": canonical.digest(ANCHORS)})
    with pytest.raises(Refused, match="TRUSTED_ROOT_MISSING"):
        activate(named, store, records)
    with pytest.raises(Refused, match="TRUSTED_ROOT_DIFFERS"):
        activate(named, store, records, ANCHORS + b" ")
    assert records.policy() is None
    activate(named, store, records, ANCHORS)
    assert store.get(canonical.digest(ANCHORS), limit=1000) == ANCHORS
    activate(named, store, records)
    assert records.policy() is not None
    assert records.policy().version == 2  # type: ignore[union-attr]


def test_a_trusted_root_that_nobody_signed_for_is_refused() -> None:
    store, records = InMemoryStore(), InMemoryRecords()
    with pytest.raises(Refused, match="TRUSTED_ROOT_NOT_NAMED"):
        activate(facts(), store, records, ANCHORS)
    assert records.policy() is None


def test_a_policy_document_is_told_by_its_schema(good: tuple[Path, Path]) -> None:
    from cutover_cli.policy_reviewing import document

    assert [type(document(file)) for file in good] == [Rules, Facts]
