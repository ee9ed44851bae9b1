"""`cutover report`: one file, written whole; numbers as JSON; and nothing overwritten that is not its own."""

import json
import re
from pathlib import Path

import pytest

from cutover_cli.reporting.page import GENERATOR
from cutover_cli.site import Site
from tests.simulator.command_line import invoke, run, site_of
from tests.simulator.journeys import announced, awaiting_approval, handed_off
from tests.simulator.world import World

CUTOVER = "service@production.1"


@pytest.fixture
def world() -> World:
    world = World()
    handed_off(world)
    return world


@pytest.fixture
def site(world: World) -> Site:
    return site_of(world)[0]


def test_the_page_and_the_numbers_are_of_the_same_report(site: Site, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    said = run(site, "report", "--out", out, "--since", "2026-03-01")
    assert said["questions"]["accepted"] == {
        "number": 0, "of": 1, "besides": {},
        "over_time": {"accepted": [0, 0, 0], "reopened": [0, 0, 0], "no-receipt": [0, 0, 1]},
    }  # fmt: skip
    assert said["periods"] == ["2026-03-01", "2026-03-02", "2026-03-03"]
    assert said["windows"] == {"hit": 1, "missed": 0, "uncertain": 0, "given_up": 0}
    assert [each["role"] for each in said["approvals"]] == ["operations", "release-engineering"]
    (told,) = said["cutovers"]
    assert (told["cutover"], [each["status"] for each in told["revisions"]]) == (CUTOVER, ["handed_off"])
    html = out.read_text("utf-8")
    assert CUTOVER in html
    assert "0 of 1" in html
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_the_numbers_alone_need_no_file(site: Site) -> None:
    assert run(site, "report")["period"] == "day"


def test_its_heads_are_those_of_the_ledger(site: Site, world: World) -> None:
    heads = {each["chain"]: each for each in run(site, "report")["ledger"]}
    assert heads[CUTOVER] == world.wiring.records.chain(CUTOVER).model_dump(mode="json")


def test_the_json_answer_names_nobody(site: Site) -> None:
    assert not re.search(r"\b(erin|omar|dana)\b", json.dumps(run(site, "report")))


def test_in_words(site: Site, tmp_path: Path) -> None:
    done = invoke(site, "report", "--out", tmp_path / "r.html", "--days", "7")
    assert done.exit_code == 0
    assert "Accepted without reopening: 0 of 1" in done.stdout
    assert "written to" in done.stdout


def test_without_people(site: Site, tmp_path: Path) -> None:
    pages = []
    for number, more in enumerate(([], ["--without-people"])):
        out = tmp_path / f"{number}.html"
        assert invoke(site, "report", "--out", out, *more).exit_code == 0
        pages.append(out.read_text("utf-8"))
    assert "erin as release-engineering" in pages[0]
    assert not re.search(r"\b(erin|omar|dana)\b", pages[1])
    assert "release-engineering" in pages[1]


def test_a_report_replaces_a_report(site: Site, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    out.write_text(f"<!doctype html>{GENERATOR} an older one", "utf-8")
    run(site, "report", "--out", out)
    assert "an older one" not in out.read_text("utf-8")


def test_and_nothing_else(site: Site, tmp_path: Path) -> None:
    out = tmp_path / "notes.html"
    out.write_text("what I wrote", "utf-8")
    assert run(site, "report", "--out", out, expect=3)["reason"] == "NOT_A_REPORT"
    assert out.read_text("utf-8") == "what I wrote"
    run(site, "report", "--out", out, "--force")
    assert GENERATOR in out.read_text("utf-8")


@pytest.mark.parametrize(
    "words",
    [
        ["--since", "yesterday"],
        ["--since", "2026-03-02", "--until", "2026-03-01"],
        ["--since", "2026-03-02", "--days", "3"],
        ["--since", "2019-01-01"],
    ],
)
def test_bad_spans_are_bad_arguments(site: Site, words: list[str]) -> None:
    assert run(site, "report", *words, expect=2)["reason"] == "BAD_ARGUMENT"


def test_a_page_has_to_be_written_somewhere(site: Site, tmp_path: Path) -> None:
    assert invoke(site, "report").exit_code == 2
    assert run(site, "report", "--out", tmp_path / "no" / "such" / "r.html", expect=2)["reason"] == "UNWRITABLE"


def test_what_waits_now_is_open_although_it_began_before() -> None:
    """Nothing was written of it in the span: the table names it, and its chain tells the rest."""
    world = World()
    awaiting_approval(world)
    site, _ = site_of(world)
    world.clock.move_to(world.record().admitted_at.replace(day=3, hour=12))
    said = run(site, "report", "--since", "2026-03-03")
    assert [(each["role"], each["open"]["count"]) for each in said["approvals"]] == [
        ("operations", 1), ("release-engineering", 1)
    ]  # fmt: skip
    assert said["approvals"][0]["open"]["longest_seconds"] == 27 * 3_600
    assert said["questions"]["binding"]["of"] == 0


def test_an_open_hold_has_its_owner_and_its_age() -> None:
    world = World()
    announced(world, world.candidate(waivers=()))
    site, _ = site_of(world)
    world.clock.move_to(world.record().admitted_at.replace(hour=15))
    (hold,) = run(site, "report")["holds"]
    assert (hold["code"], hold["owner"]) == ("ROLLBACK_DRILL_MISSING", "release-engineering")
    assert (hold["open"]["count"], hold["open"]["longest_seconds"]) == (1, 6 * 3_600)


def test_damaged_documents_are_counted_and_not_believed(site: Site, world: World) -> None:
    entry = next(each for each in world.ledger() if each.event == "approved")
    (key,) = (each for each in world.wiring.store.objects if entry.inputs["envelope"].removeprefix("sha256:") in each)
    world.wiring.store.objects[key] = b"{}"
    said = run(site, "report")
    assert said["documents_not_read"] == 1
    assert [each["role"] for each in said["approvals"]] == [None, "release-engineering"]
