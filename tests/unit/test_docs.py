"""The documentation tells the truth where that can be checked: made parts, links, and commands."""

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import typer.main

from cutover.contracts.base import Model
from cutover.contracts.candidate import Candidate
from cutover.contracts.event import CandidateEvent
from cutover.contracts.told import DETAIL_TYPES
from cutover.domain import binding, checks
from cutover.domain.failures import FAILURES
from cutover_cli.doctor.examining import CHECKS
from cutover_cli.documentation import __main__ as documentation
from cutover_cli.documentation.reading import codes_of, mends_of
from cutover_cli.documentation.tables import fill
from cutover_cli.main import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|(?:src|href|srcset)=\"([^\"]+)\"")
_SVG = "{http://www.w3.org/2000/svg}"
EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them, and those that stand in it."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a id="([^"]+)"></a>', text))


def links(page: Path) -> Iterator[str]:
    for match in _LINK.finditer(without_code(page.read_text("utf-8"))):
        target = match[1] or match[2]
        if not re.match(r"[a-z]+:", target):
            yield target


def without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def code(page: Path) -> str:
    """What stands in code, blocks and spans, one piece a line."""
    text = page.read_text("utf-8")
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", without_code(text))])


def made_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z.-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def is_command(words: list[str]) -> bool:
    """Whether these words begin with a command of ``cutover``, and every option among them is one of that command."""
    command: object = typer.main.get_command(app)
    for word in words:
        commands: dict[str, object] | None = getattr(command, "commands", None)
        if word.startswith("-"):
            if word not in options_of(command):
                return False
        elif commands is not None:
            if word not in commands:
                return False
            command = commands[word]
    return True


def options_of(command: object) -> set[str]:
    return {name for each in getattr(command, "params", ()) for name in (*each.opts, *each.secondary_opts, "--help")}


def test_commands_and_options_that_do_not_exist_are_found() -> None:
    assert is_command(["--show-config"])
    assert is_command(["brake", "release", "--dry-run"])
    assert not is_command(["--show-everything"])
    assert not is_command(["brake", "lift"])
    assert not is_command(["brake", "status", "--dry-run"])


@pytest.mark.parametrize("path", [documentation.PICTURE, *documentation.PAGES], ids=str)
def test_what_is_made_is_what_is_committed(path: Path) -> None:
    made = documentation.made(ROOT)
    assert (ROOT / path).read_text("utf-8") == made[path], "run: .venv/bin/python -m cutover_cli.documentation"


def test_a_made_part_that_went_stale_is_found() -> None:
    page = "<!-- made: statuses -->\n| old |\n<!-- end: statuses -->\n"
    assert "| old |" not in fill(page)
    assert "`awaiting_window`" in fill(page)


def test_the_picture_shows_the_main_road_and_every_end() -> None:
    tree = ET.parse(ROOT / documentation.PICTURE)  # noqa: S314  # a file of our own
    words = [text.text for text in tree.iter(f"{_SVG}text")]
    road = [
        "Admit",
        "Collect",
        "Assemble",
        "Verify",
        "Bind",
        "RequestApproval",
        "AwaitApproval",
        "AwaitWindow",
        "HandOff",
    ]
    assert [word for word in words if word in road] == road
    assert {"AwaitResolution", "refused", "declined", "expired"} <= set(words)
    assert tree.find(f"{_SVG}title") is not None


def test_the_documents_of_the_contract_are_valid() -> None:
    blocks = re.findall(r"```json\n(.*?)```", (ROOT / "docs" / "contract.md").read_text("utf-8"), re.DOTALL)
    models: dict[str, type[Model]] = {"cutover/candidate/v1": Candidate, "cutover/candidate-event/v1": CandidateEvent}
    said = [json.loads(block)["schema"] for block in blocks]
    assert set(said) == set(models)
    for name, block in zip(said, blocks, strict=True):
        models[name].model_validate_json(block)


def test_the_contract_names_every_event_that_is_told() -> None:
    page = (ROOT / "docs" / "contract.md").read_text("utf-8")
    told = page.partition("\n## What is told\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"`((?:Release|Rehearsal|Brake|Policy) [^`]+)`", told)) == set(DETAIL_TYPES)


def test_every_blocker_of_bind_is_explained() -> None:
    codes = set(re.findall(r'blocker\(\s*"([A-Z_]+)"', inspect.getsource(binding)))
    assert codes
    assert codes <= explained()


def explained() -> set[str]:
    """The codes that the page of the checks explains, each where its anchor stands."""
    return set(re.findall(r'<a id="[a-z0-9_]+"></a>`([A-Z0-9_]+)`', (ROOT / "docs" / "checks.md").read_text("utf-8")))


def test_every_code_of_a_hold_is_explained() -> None:
    """Whoever has one in hand finds it: those that rules give, those of missing fields, those of sources."""
    ruled = {code for rules in checks.FAMILIES.values() for rule in rules for code in codes_of(rule.check)}
    assert {"SCOPE_CONFLICT", "NAME_UNKNOWN", "WAIVER_NOT_PERMITTED"} <= ruled
    assert ruled | set(FAILURES) | {"WAIVER_ANSWERS_NOTHING"} <= explained()


@EACH_PAGE
def test_codes_of_sources_that_pages_name_exist(page: Path) -> None:
    assert set(re.findall(r"\bSOURCE_[A-Z_]+", code(page))) <= explained()


def test_each_anchor_of_the_checks_stands_once() -> None:
    found = re.findall(r'<a id="([^"]+)"></a>', (ROOT / "docs" / "checks.md").read_text("utf-8"))
    assert len(set(found)) == len(found)


def test_codes_and_mends_are_read_from_what_a_rule_calls() -> None:
    """``change.approved`` chooses between two; ``flags.outlives-window`` leaves the code to another function."""
    rules = {rule.id: rule.check for rules in checks.FAMILIES.values() for rule in rules}
    assert set(codes_of(rules["change.approved"])) == {"CHANGE_CLOSED", "CHANGE_NOT_APPROVED"}
    assert len(mends_of(rules["change.approved"])) == 2
    assert set(codes_of(rules["flags.outlives-window"])) == {
        "FLAG_EXPIRED",
        "FLAG_EXPIRES_BEFORE_WINDOW",
        "FLAG_EXPIRY_UNREADABLE",
    }
    assert codes_of(rules["rollout.names-known"]) == ("NAME_UNKNOWN",)


@EACH_PAGE
def test_relative_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), f"{page.name}: {link}"
        if anchor:
            assert anchor in anchors(target.read_text("utf-8")), f"{page.name}: {link}"


@EACH_PAGE
def test_commands_exist(page: Path) -> None:
    said = code(page)
    for target in re.findall(r"(?:^|[\s&;])make ([a-z][a-z.-]*)", said):
        assert target in made_targets(), f"{page.name}: make {target}"
    for words in re.findall(r"(?:^|/bin/)cutover((?: [a-z-]+)+)", said, re.MULTILINE):
        assert is_command(words.split()), f"{page.name}: cutover{words}"
    for module in re.findall(r"python -m ((?:infra|cutover_cli|bench)[\w.]*)", said):
        path = ROOT / ("cli" if module.startswith("cutover_cli") else ".") / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), f"{page.name}: {module}"


@EACH_PAGE
def test_checks_of_the_doctor_exist(page: Path) -> None:
    assert set(re.findall(r"--only ([a-z-]+)", code(page))) <= set(CHECKS)


@EACH_PAGE
def test_files_named_in_code_exist(page: Path) -> None:
    known = ("functions/", "cli/", "infra/", "statemachine/", "tests/", "docs/", "examples/", "bench/")
    for span in re.findall(r"`([^`\s]+)`", without_code(page.read_text("utf-8"))):
        if span.startswith(known) and not re.search(r"[*<{]", span):
            assert (ROOT / span.rstrip("/")).exists(), f"{page.name}: {span}"
