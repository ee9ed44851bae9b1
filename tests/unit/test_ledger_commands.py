"""`cutover ledger`: against a world, and against copies that somebody damaged on the way."""

import base64
import io
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from cutover.contracts.ledger import LedgerEntry
from cutover.contracts.ledger_export import CutoverExport
from cutover.domain import canonical, ledger
from cutover.errors import EntryUnreadable, IntegrityError
from cutover.ports import Unreadable
from cutover_cli.site import Site
from tests.building.ledger import head_of, rewritten
from tests.building.policy import OTHER_DEPLOYMENT
from tests.simulator.command_line import invoke, run, site_of
from tests.simulator.events import withdraw
from tests.simulator.journeys import announced, awaiting_window, handed_off
from tests.simulator.world import World

CHAIN = "service@production.1"
AT = ("--at", "2026-03-03T21:00:00Z")


def world_of(journey: Callable[[World], Any]) -> World:
    """A world in which this happened; what its functions log is theirs."""
    with redirect_stdout(io.StringIO()):
        world = World()
        journey(world)
    return world


@pytest.fixture(autouse=True)
def nothing_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything about a cutover that was handed off, as it was exported, and ``away``: heads kept elsewhere."""
    folder = tmp_path_factory.mktemp("kept")
    world = world_of(handed_off)
    site, _ = site_of(world)
    run(site, "ledger", "export", CHAIN, "--everything", "--out", folder / "all")
    run(site, "ledger", "heads", "--out", folder / "away")
    (folder / "all" / "trust.json").write_bytes(world.deployment.trust_file())
    return folder


@pytest.fixture(scope="module")
def late(kept: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The message alone, and the notice that says that it was withdrawn too late."""
    folder = tmp_path_factory.mktemp("late")
    world = world_of(handed_off)
    with redirect_stdout(io.StringIO()):
        withdraw(world, CHAIN)
        world.run()
    run(site_of(world)[0], "ledger", "export", CHAIN, "--everything", "--out", folder / "all")
    (folder / "all" / "trust.json").write_bytes(world.deployment.trust_file())
    (folder / "all" / "ledger.json").unlink()
    return folder


@pytest.fixture
def copy(kept: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    shutil.copytree(kept, tmp_path / "copy")
    return tmp_path / "copy"


def verify(folder: Path, *more: str | Path, expect: int = 0) -> dict[str, Any]:
    return run(None, "verify", folder / "all" / "handoff.json", *AT, *more, expect=expect)


def prove(folder: Path, *more: str | Path, expect: int = 0) -> dict[str, Any]:
    answer = run(None, "ledger", "verify", folder / "all" / "ledger.json", *AT, *more, expect=expect)
    (chain,) = answer["chains"]
    found: dict[str, Any] = chain
    return found


def prove_refused(folder: Path, *more: str | Path) -> str:
    return str(run(None, "ledger", "verify", folder / "all" / "ledger.json", *AT, *more, expect=3)["reason"])


def steps(report: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["code"] for step in report["steps"]}


def test_an_export_of_everything_is_verified_as_it_lies(kept: Path) -> None:
    report = verify(kept, "--head", kept / "away" / f"{CHAIN}.000000000009.json")
    assert report["code"] == "VERIFIED"
    assert set(steps(report).values()) == {"OK"}
    assert [each["person"] for each in report["handoff"]["decided"]] == ["erin", "omar"]
    assert {each["assurance"] for each in report["handoff"]["decided"]} == {"link"}
    assert prove(kept, "--head", kept / "away")["code"] == "VERIFIED"


def test_its_index_names_every_file_and_every_document(kept: Path) -> None:
    folder = kept / "all"
    index = CutoverExport.model_validate_json((folder / "index.json").read_bytes())
    there = {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}
    assert there == {*index.files, "index.json", "trust.json"}
    assert all(canonical.digest((folder / name).read_bytes()) == digest for name, digest in index.files.items())
    (revision,) = index.revisions
    assert revision.status == "handed_off"
    names = {each.name for each in revision.documents}
    assert {"candidate", "bundle", "lineage", "manifest", "hold-register", "decision/1", "handoff"} <= names
    assert any(name.startswith("evidence/") for name in names)
    assert all(each.file is not None for each in revision.documents)
    assert index.root is not None


def test_text_says_who_approved_and_what_was_not_given(kept: Path, tmp_path: Path) -> None:
    shutil.copytree(kept / "all" / "documents", tmp_path / "documents")
    for name in ("handoff.json", "trust.json"):
        shutil.copy(kept / "all" / name, tmp_path)
    said = invoke(None, "verify", tmp_path / "handoff.json", *AT).output
    assert "approve by erin as release-engineering, with a link, at 2026-03-02T09:01:00Z" in said
    assert [line.split()[:4] for line in said.splitlines()[8:10]] == [
        ["9", "ledger", "not", "given"], ["10", "standing", "not", "given"],
    ]  # fmt: skip


# What is given is judged


@pytest.mark.parametrize("name", ["000000000010.json", "withdrawn.dsse", "NOTICE.JSON"])
def test_a_notice_beside_counts_whatever_its_name_and_whatever_is_named_besides(
    late: Path, tmp_path: Path, name: str
) -> None:
    shutil.copytree(late, tmp_path / "copy")
    folder = tmp_path / "copy" / "all" / "notices"
    (only,) = folder.iterdir()
    assert verify(tmp_path / "copy", "--notice", only, expect=3)["code"] == "WITHDRAWN"
    only.rename(folder / name)
    assert verify(tmp_path / "copy", expect=3)["code"] == "WITHDRAWN"
    (tmp_path / "empty").mkdir()
    assert verify(tmp_path / "copy", "--notice", tmp_path / "empty", expect=3)["code"] == "UNREADABLE"
    (tmp_path / "given").mkdir()
    shutil.move(folder / name, tmp_path / "given")
    assert verify(tmp_path / "copy")["code"] == "VERIFIED", "nobody gave it"
    assert verify(tmp_path / "copy", "--notice", tmp_path / "given", expect=3)["code"] == "WITHDRAWN"


@pytest.mark.parametrize("spoil", [lambda each: each.write_text("a note"), lambda each: each.mkdir()])
def test_what_lies_among_notices_and_is_none_is_refused(copy: Path, spoil: Callable[[Path], object]) -> None:
    (copy / "all" / "notices").mkdir()
    (copy / "all" / "notices" / ".hidden").write_text("not meant")
    assert verify(copy)["code"] == "VERIFIED"
    spoil(copy / "all" / "notices" / "README")
    assert verify(copy, expect=3)["verified"] is False


def test_a_head_is_never_passed_over(copy: Path) -> None:
    (copy / "empty").mkdir()
    assert verify(copy, "--head", copy / "empty", expect=3)["code"] == "UNREADABLE"
    assert prove_refused(copy, "--head", copy / "empty") == "UNREADABLE"
    (copy / "all" / "ledger.json").unlink()
    assert verify(copy, "--head", copy / "away", expect=3)["code"] == "LEDGER_NOT_GIVEN"


def test_a_folder_has_heads_of_every_chain_and_must_have_one_of_this(copy: Path) -> None:
    assert len(list((copy / "away").iterdir())) > 1
    told = {step["name"]: step["detail"] for step in verify(copy, "--head", copy / "away")["steps"]}["ledger"]
    assert "cannot be excluded" not in told
    next((copy / "away").glob(f"{CHAIN}.*")).unlink()
    assert verify(copy, "--head", copy / "away", expect=3)["code"] == "HEAD_OF_ANOTHER_CHAIN"
    assert prove_refused(copy, "--head", copy / "away") == "HEAD_OF_ANOTHER_CHAIN"
    (copy / "away" / "what.dsse").write_text("not a head")
    assert verify(copy, "--head", copy / "away", expect=3)["code"] == "NOT_CANONICAL"


# Damaged copies


def flipped(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))


def edited(folder: Path, change: Callable[[list[Any]], object]) -> None:
    file = folder / "all" / "ledger.json"
    said = json.loads(file.read_bytes())
    change(said["entries"])
    file.write_bytes(canonical.encode(said))


def forged(entries: list[Any]) -> None:
    entries[2]["result"] = "FORGED"


def replaced_head(folder: Path) -> None:
    """The export's own head is one of before, so that the shorter chain ends in a genuine one."""
    file = folder / "all" / "ledger.json"
    said = json.loads(file.read_bytes())
    said["entries"] = said["entries"][:5]
    said["head"] = json.loads((folder / "all" / "heads" / "000000000005.json").read_bytes())
    file.write_bytes(canonical.encode(said))


DAMAGES: dict[str, tuple[Callable[[Path], object], str, list[tuple[int, str]]]] = {
    "an entry edited": (lambda f: edited(f, forged), "ENTRY_ALTERED", [(3, "ENTRY_ALTERED")]),
    "an entry deleted": (lambda f: edited(f, lambda e: e.pop(3)), "ENTRY_MISSING", [(4, "ENTRY_MISSING")]),
    "an entry twice": (lambda f: edited(f, lambda e: e.insert(3, e[3])), "ENTRY_REPEATED", [(4, "ENTRY_REPEATED")]),
    "reordered": (
        lambda f: edited(f, lambda e: e.insert(1, e.pop(2))), "ENTRY_OUT_OF_ORDER",
        [(2, "ENTRY_OUT_OF_ORDER"), (3, "ENTRY_OUT_OF_ORDER")],
    ),
    "the tail cut": (lambda f: edited(f, lambda e: e.pop()), "CHAIN_TRUNCATED", [(9, "CHAIN_TRUNCATED")]),
}  # fmt: skip


@pytest.mark.parametrize(("damage", "code", "found"), DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_ledger_is_refused_at_its_entry(
    copy: Path, damage: Callable[[Path], object], code: str, found: list[tuple[int, str]]
) -> None:
    damage(copy)
    proof = prove(copy, "--head", copy / "away", expect=3)
    assert (proof["outcome"], proof["verified"]) == ("broken", False)
    assert [(each["sequence"], each["code"]) for each in proof["findings"]] == found
    report = verify(copy, expect=3)
    assert (steps(report)["ledger"], report["code"]) == (code, code)
    said = invoke(None, "ledger", "verify", copy / "all" / "ledger.json", *AT).output
    assert f"entry {found[0][0]}  {code}" in said
    assert "VERIFIED" not in said


def test_a_tail_that_was_cut_with_its_head_is_found_by_a_head_kept_elsewhere_alone(copy: Path) -> None:
    replaced_head(copy)
    alone = prove(copy, expect=5)
    assert (alone["outcome"], alone["code"], alone["verified"]) == ("unanchored", "TAIL_NOT_EXCLUDED", False)
    said = invoke(None, "ledger", "verify", copy / "all" / "ledger.json", *AT).output
    assert said.startswith("UNANCHORED")
    assert "cannot be excluded" in said
    assert "VERIFIED" not in said.upper().replace("UNVERIFIED", "")
    assert prove(copy, "--head", copy / "away", expect=3)["findings"][0]["sequence"] == 6


def test_without_any_head_that_the_tail_is_there_cannot_be_said(copy: Path) -> None:
    file = copy / "all" / "ledger.json"
    file.write_bytes(canonical.encode({**json.loads(file.read_bytes()), "head": None}))
    assert prove(copy, expect=5)["code"] == "UNANCHORED"
    assert steps(verify(copy, expect=3))["ledger"] == "LEDGER_UNANCHORED"


def test_without_a_trust_file_no_head_counts(copy: Path) -> None:
    (copy / "all" / "trust.json").unlink()
    assert prove(copy, "--head", copy / "away", expect=5)["code"] == "UNANCHORED"
    assert "no trust file" in invoke(None, "ledger", "verify", copy / "all" / "ledger.json").output


@pytest.mark.parametrize("name", ["handoff.json", "ledger.json", "trust.json", "documents"])
def test_one_byte_changed_is_refused(copy: Path, name: str) -> None:
    file = copy / "all" / name
    flipped(next(file.iterdir()) if file.is_dir() else file)
    assert verify(copy, expect=3)["verified"] is False


def test_one_document_missing_is_refused(copy: Path) -> None:
    next((copy / "all" / "documents").iterdir()).unlink()
    assert verify(copy, expect=3)["code"] == "DOCUMENT_MISSING"


def test_a_head_of_another_deployment_is_refused(copy: Path) -> None:
    chain = json.loads((copy / "all" / "ledger.json").read_bytes())
    entry = type(STRANGE).model_validate_json(canonical.encode(chain["entries"][-1]))
    (copy / "strange.json").write_bytes(head_of(entry, key=OTHER_DEPLOYMENT.key("ledger")))
    answer = run(None, "ledger", "verify", copy / "all" / "ledger.json", *AT, "--head", copy / "strange.json", expect=3)
    assert answer["reason"] == "UNTRUSTED_SIGNATURE"


@pytest.mark.parametrize("payload", [b"", b"{}", b"[]", b"\xff"])
def test_a_head_that_is_none_is_refused(kept: Path, tmp_path: Path, payload: bytes) -> None:
    head = json.loads((kept / "away" / f"{CHAIN}.000000000009.json").read_bytes())
    head["payload"] = base64.b64encode(payload).decode()
    (tmp_path / "none.json").write_bytes(canonical.encode(head))
    words = (kept / "all" / "ledger.json", *AT, "--head", tmp_path / "none.json")
    assert run(None, "ledger", "verify", *words, expect=3)["reason"] in {"NOT_CANONICAL", "CONTRACT_INVALID"}


@pytest.mark.parametrize("content", [b"", b"{}", b'{"schema":"cutover/ledger-export/v1"}', b"[]", b"\xff"])
def test_what_is_no_export_is_refused(copy: Path, content: bytes) -> None:
    (copy / "all" / "ledger.json").write_bytes(content)
    answer = run(None, "ledger", "verify", copy / "all" / "ledger.json", *AT, expect=3)
    assert answer["reason"] in {"NOT_CANONICAL", "CONTRACT_INVALID"}
    assert verify(copy, expect=3)["verified"] is False


# A site


WITHDRAWN = world_of(lambda world: withdraw(world, awaiting_window(world).cutover))
with redirect_stdout(io.StringIO()):
    WITHDRAWN.run()
STRANGE = WITHDRAWN.ledger()[-1]


def live(site: Site, *more: str | Path, expect: int = 0) -> dict[str, dict[str, Any]]:
    return {each["chain"]: each for each in run(site, "ledger", "verify", *more, expect=expect)["chains"]}


def test_all_chains_of_a_site_are_verified_by_the_heads_in_its_bucket() -> None:
    site, _ = site_of(world_of(handed_off))
    proofs = live(site)
    assert CHAIN in proofs
    assert any(name.startswith("admissions.") for name in proofs)
    assert {each["outcome"] for each in proofs.values()} == {"verified"}


def rewrite(world: World, number: int) -> None:
    """Whoever can write the table makes the chain anew from one entry on, its head too."""
    entries = world.ledger()
    entries[number - 1] = entries[number - 1].model_copy(update={"result": "FORGED"})
    made = rewritten(entries, number + 1)
    for each in made:
        world.wiring.records._set(each)
    world.wiring.records._set(ledger.head_of(made[-1]))


@pytest.mark.parametrize(("number", "code"), [(1, "ENTRY_ALTERED"), (4, "ENTRY_ALTERED"), (9, "CHAIN_REWRITTEN")])
def test_a_chain_that_was_written_anew_in_the_table_is_found_at_its_entry(number: int, code: str) -> None:
    """Entries 8 and 9 were sealed together: of the last, its head tells that one of the two is not what it was."""
    world = world_of(handed_off)
    rewrite(world, number)
    (finding,) = live(site_of(world)[0], "--chain", CHAIN, expect=3)[CHAIN]["findings"]
    assert (finding["sequence"], finding["code"]) == (number, code)


@pytest.mark.parametrize("left", [0, 5])
def test_a_chain_that_was_cut_in_the_table_is_found(left: int) -> None:
    world = world_of(handed_off)
    records = world.wiring.records
    gone = world.ledger()[left:]
    records._models = {key: each for key, each in records._models.items() if each not in gone}
    (finding,) = live(site_of(world)[0], expect=3)[CHAIN]["findings"]
    assert (finding["sequence"], finding["code"]) == (left + 1, "CHAIN_TRUNCATED")


def test_entries_that_are_not_sealed_yet_are_said() -> None:
    world = world_of(announced)
    last = max(key for key in world.wiring.store.objects if key.startswith(f"ledger/{CHAIN}/"))
    del world.wiring.store.objects[last]
    assert live(site_of(world)[0], expect=5)[CHAIN]["code"] == "TAIL_UNSEALED"


@pytest.mark.parametrize("name", [CHAIN, "admissions."])
def test_a_chain_that_was_never_sealed_is_said(tmp_path: Path, name: str) -> None:
    world = world_of(handed_off)
    kept = world.wiring.store.objects
    gone = [key for key in kept if key.startswith(f"ledger/{name}")]
    (chain,) = {key.split("/")[1] for key in gone}
    for key in gone:
        del kept[key]
    site, _ = site_of(world)
    outcomes = {each: proof["outcome"] for each, proof in live(site, expect=5).items()}
    assert outcomes.pop(chain) == "unanchored"
    assert set(outcomes.values()) == {"verified"}
    assert run(site, "ledger", "heads", "--out", tmp_path)["unsealed"] == [chain]
    world.clock.move(timedelta(days=30))
    later = run(site, "ledger", "heads", "--out", tmp_path)["unsealed"]
    assert later == ([] if name == CHAIN else [chain]), "a schedule looks at some days only"
    assert live(site, expect=5)[chain]["outcome"] == "unanchored", "a proof looks at all of them"
    assert run(site, "ledger", "export", chain, "--out", tmp_path / "chain.json")["sealed"] is False


class Garbled:
    """Records of which somebody edited one entry, so that nobody can read it."""

    def __init__(self, records: Any, number: int) -> None:
        self._records, self._number = records, number

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)

    def ledger(self, chain: str, *, after: int = 0) -> Iterator[LedgerEntry]:
        for entry in self._records.ledger(chain, after=after):
            if (chain, entry.sequence) == (CHAIN, self._number):
                raise EntryUnreadable(self._number, f"the item {chain}/{self._number} is no entry")
            yield entry

    def written_on(self, day: date) -> Iterator[LedgerEntry | Unreadable]:
        for each in self._records.written_on(day):
            mine = (each.chain, each.sequence) == (CHAIN, self._number)
            yield Unreadable(f"{CHAIN}/{self._number}") if mine else each


@pytest.mark.parametrize("number", [1, 4, 9])
def test_an_entry_that_cannot_be_read_is_found_and_hides_no_other(tmp_path: Path, number: int) -> None:
    site, _ = site_of(world_of(handed_off))
    garbled = replace(site, records=Garbled(site.records, number))
    proofs = live(garbled, expect=3)
    found = [(each["sequence"], each["code"]) for each in proofs.pop(CHAIN)["findings"]]
    assert (number, "ENTRY_UNREADABLE") in found
    assert {each for each in found if each[0] != number} == set()
    assert {each["outcome"] for each in proofs.values()} == {"verified"}
    for words in (("ledger", "show", CHAIN), ("ledger", "export", CHAIN, "--out", tmp_path / "x"), ("replay", CHAIN)):
        assert run(garbled, *words, expect=3)["reason"] == "STORED_DATA_DAMAGED"
    looked = invoke(garbled, "ledger", "show", "--format", "json")
    assert len(json.loads(looked.stdout)["entries"]) == len(run(site, "ledger", "show")["entries"]) - 1
    assert f"{CHAIN}/{number} is no entry" in looked.stderr
    assert run(garbled, "report", "--out", tmp_path / "r.html", expect=3)["reason"] == "LEDGER_BROKEN"


class Keyless(Garbled):
    """As that, and its key has no number."""

    def ledger(self, chain: str, *, after: int = 0) -> Iterator[LedgerEntry]:
        try:
            yield from super().ledger(chain, after=after)
        except EntryUnreadable as error:
            raise IntegrityError("its key is none") from error


def test_an_item_without_a_number_hides_no_other_chain() -> None:
    site, _ = site_of(world_of(handed_off))
    proofs = live(replace(site, records=Keyless(site.records, 4)), expect=3)
    found = [(each["sequence"], each["code"], each["detail"]) for each in proofs.pop(CHAIN)["findings"]]
    assert (4, "ENTRY_UNREADABLE", "its key is none") in found
    assert {each["outcome"] for each in proofs.values()} == {"verified"}


def test_a_site_that_has_no_chain_says_so() -> None:
    assert run(site_of(World())[0], "ledger", "verify", expect=3)["reason"] == "NO_HEAD"


def test_a_kept_head_that_nobody_trusted_signed_is_told() -> None:
    world = world_of(handed_off)
    world.wiring.store.objects[f"ledger/{CHAIN}/000000000009.json"] = head_of(
        world.ledger()[-1], key=OTHER_DEPLOYMENT.key("ledger")
    )
    assert live(site_of(world)[0], expect=3)[CHAIN]["code"] == "UNTRUSTED_SIGNATURE"


def shown(*more: str) -> list[str]:
    site, _ = site_of(WITHDRAWN)
    return [each["entry"]["event"] for each in run(site, "ledger", "show", *more)["entries"]]


def test_entries_are_found_by_what_they_name() -> None:
    record = WITHDRAWN.record()
    assert record.manifest is not None
    whole = shown(CHAIN)
    assert whole[0] == "admitted"
    assert whole[-1] == "withdrawn"
    assert shown(CHAIN, "--limit", "2") == whole[-2:]
    assert shown("--code", "WITHDRAWN") == ["withdrawn"]
    assert shown("--event", "bound") == ["bound"]
    assert shown("--signer", "erin") == ["approval-given"]
    assert shown("--signer", "bind") == ["bound"]
    named = shown("--digest", record.manifest.payload.removeprefix("sha256:")[:12])
    assert named == ["bound", "approval-requested", "approval-given", "approved"]
    assert shown("--since", "2026-01-01", "--until", "2026-01-02") == []
    assert "announced" in shown(), "all chains"


def test_show_prints_a_table() -> None:
    said = invoke(site_of(WITHDRAWN)[0], "ledger", "show", CHAIN).output
    assert said.splitlines()[0].split()[:3] == ["At", "(UTC)", "Chain"]
    assert "WITHDRAWN" in said


@pytest.mark.parametrize("words", [("--digest", "xyz"), ("--digest", "abc"), ("--since", "yesterday"),
                                   ("--until", "0001-01-01"), ("--since", "0001-01-01", "--until", "0001-01-02"),
                                   ("--until", "1999-12-31")])  # fmt: skip
def test_a_bad_question_is_bad_usage(words: tuple[str, ...]) -> None:
    assert run(site_of(WITHDRAWN)[0], "ledger", "show", *words, expect=2)["reason"] == "BAD_ARGUMENT"


@pytest.mark.parametrize("words", [("show", "web@production.9"), ("verify", "--chain", "nothing")])
def test_an_unknown_chain_is_said(words: tuple[str, ...]) -> None:
    assert run(site_of(WITHDRAWN)[0], "ledger", *words, expect=3)["reason"] == "UNKNOWN_CHAIN"


def test_an_export_of_what_was_never_handed_off_has_no_message_and_its_notice(tmp_path: Path) -> None:
    site, _ = site_of(WITHDRAWN)
    run(site, "ledger", "export", CHAIN, "--everything", "--out", tmp_path / "all")
    assert not (tmp_path / "all" / "handoff.json").exists()
    assert len(list((tmp_path / "all" / "notices").iterdir())) == 1
    again = run(site, "ledger", "export", CHAIN, "--everything", "--out", tmp_path / "all", expect=2)
    assert again["reason"] == "BAD_ARGUMENT"


def test_a_document_that_the_store_lacks_is_named(tmp_path: Path) -> None:
    world = world_of(awaiting_window)
    bundle = world.record().bundle
    assert bundle is not None
    del world.wiring.store.objects[f"sha256/{bundle.removeprefix('sha256:')}"]
    answer = run(site_of(world)[0], "ledger", "export", CHAIN, "--everything", "--out", tmp_path / "all", expect=5)
    assert answer["missing"] == [f"revision 1: bundle {bundle}"]


def test_heads_that_were_kept_already_stay(tmp_path: Path) -> None:
    site, _ = site_of(WITHDRAWN)
    first = run(site, "ledger", "heads", "--out", tmp_path)
    assert any(name.startswith(CHAIN) for name in first["written"])
    assert run(site, "ledger", "heads", "--out", tmp_path)["written"] == []
    assert {each["outcome"] for each in live(site, "--head", tmp_path).values()} == {"verified"}
