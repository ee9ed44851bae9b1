"""`cutover list` and `cutover show`: what there is, and where one stands."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from cutover.contracts.base import format_instant
from cutover.domain.record import Brake, Status
from cutover_cli.looking import finding, screen
from cutover_cli.looking.standing import Standing, next_of
from cutover_cli.site import Site
from tests.building.policy import CLOSES_AT, OPENS_AT, RECEIVED_AT
from tests.looking.conftest import CUTOVER
from tests.simulator.command_line import invoke, run, site_of
from tests.simulator.events import waiting_world, withdraw
from tests.simulator.journeys import awaiting_approval
from tests.simulator.world import World


def test_what_is_live_and_what_moved_is_listed_once(holding: Site) -> None:
    listed = run(holding, "list")
    assert [(each["cutover"], each["status"], each["reason"]) for each in listed["cutovers"]] == [
        (CUTOVER, "held", "FLAG_OWNER_MISSING"),
        (None, "refused", "WRONG_VERSION"),
    ]
    assert listed["more"] is False
    assert listed["cutovers"][0]["opens_at"] == format_instant(OPENS_AT)


@pytest.mark.parametrize(
    ("words", "expect"),
    [
        (("--product", "service"), [CUTOVER]),
        (("--product", "other"), []),
        (("--target", "production", "--status", "held"), [CUTOVER]),
        (("--status", "bound"), []),
        (("--status", "refused"), [None]),
        (("--status", "refused", "--status", "held"), [CUTOVER, None]),
    ],
)
def test_only_what_is_asked_for(holding: Site, words: tuple[str, ...], expect: list[str | None]) -> None:
    assert [each["cutover"] for each in run(holding, "list", *words)["cutovers"]] == expect


def test_what_has_ended_is_found_by_its_days_only(done: World, doing: Site) -> None:
    day = f"{OPENS_AT:%Y-%m-%d}"
    assert [each["cutover"] for each in run(doing, "list", "--since", day)["cutovers"]] == [CUTOVER]
    assert run(doing, "list", "--until", f"{RECEIVED_AT:%Y-%m-%d}")["cutovers"] == []
    assert run(doing, "list", "--since", format_instant(done.clock.now() + timedelta(minutes=1)))["cutovers"] == []


def test_what_is_live_is_listed_however_old() -> None:
    world = World()
    awaiting_approval(world)
    site, _ = site_of(world)
    world.clock.move(timedelta(days=40))
    assert [each["cutover"] for each in run(site, "list")["cutovers"]] == [CUTOVER]


def test_a_limit_says_that_there_are_more(holding: Site) -> None:
    listed = run(holding, "list", "--limit", "1")
    assert (len(listed["cutovers"]), listed["more"]) == (1, True)
    assert "and more" in invoke(holding, "list", "--limit", "1").stdout


@pytest.mark.parametrize(
    "words",
    [
        ("--since", "yesterday"),
        ("--since", "2026-13-01"),
        ("--since", "2026-03-02", "--until", "2026-03-01"),
        ("--since", "2020-01-01", "--until", "2026-01-01"),
        ("--status", "fine"),
    ],
)
def test_what_cannot_be_asked(holding: Site, words: tuple[str, ...]) -> None:
    assert run(holding, "list", *words, expect=2)["reason"] == "BAD_ARGUMENT"


def test_days_end_where_they_are_said_to(doing: Site) -> None:
    """Half-open: the entry of the first second is in, that of the last is not."""
    span = finding.Span.of(format_instant(RECEIVED_AT), format_instant(OPENS_AT), now=OPENS_AT, days=7)
    found = [each.event for each in span.entries(doing)]
    assert found[-1] == "announced"
    assert "handed-off" not in found


# --- show -----------------------------------------------------------------------------------------------------


def test_who_approved_and_who_is_missing(asking: Site) -> None:
    said = run(asking, "show", CUTOVER)
    assert [(each["role"], each["person"], each["decision"]) for each in said["decisions"]] == [
        ("release-engineering", "erin", "approve")
    ]
    assert said["missing"] == [
        {"role": "operations", "count": 1, "assurance": "link", "people": ["bo", "omar"], "away": []}
    ]
    assert said["next"] == {
        "what": "whoever is missing decides, or it expires",
        "at": None,
        "until": format_instant(CLOSES_AT),
    }


def test_window_digest_and_documents(asked: World, asking: Site) -> None:
    said, record = run(asking, "show", CUTOVER), asked.record()
    assert record.manifest is not None
    assert said["digest"] == record.manifest.payload
    assert said["documents"]["bundle"] == record.bundle
    assert said["window"]["local"] == "Tue 3 Mar 2026, 21:00\N{EN DASH}23:00 CET"
    text = invoke(asking, "show", CUTOVER).stdout
    assert "21:00\N{EN DASH}23:00 CET" in text
    assert "20:00\N{EN DASH}22:00 UTC" in text
    assert record.manifest.payload in text


def test_who_was_written_to(asking: Site) -> None:
    said = {each["person"]: (each["state"], each["mail"]) for each in run(asking, "show", CUTOVER)["messages"]}
    assert said["erin"] == ("decided", "sent")
    assert said["omar"] == ("open", "sent")


def test_a_site_that_knows_no_messages_still_shows(asking: Site) -> None:
    assert run(replace(asking, messages=None), "show", CUTOVER)["messages"] is None


def test_what_was_handed_off_says_its_message(done: World, doing: Site) -> None:
    said, record = run(doing, "show", CUTOVER), done.record()
    assert (said["message_id"], said["handoff_id"]) == (record.message_id, record.handoff_id)
    assert said["next"]["what"] == "nothing: it has ended"


def test_the_brake_is_said_where_it_stops_something() -> None:
    world = waiting_world(CUTOVER)
    site, _ = site_of(world)
    assert run(site, "show", CUTOVER)["next"]["what"] == "it is handed off"
    world.wiring.records.set_brake(Brake(engaged=True))
    assert "until the brake is released" in run(site, "show", CUTOVER)["next"]["what"]
    assert "engaged" in invoke(site, "show", CUTOVER).stdout


def test_what_cannot_be_read_is_said_and_the_rest_is_shown(asked: World, asking: Site) -> None:
    """Without a root no policy is proved, so no package is either."""
    said = run(replace(asking, fingerprint=None), "show", CUTOVER)
    assert said["status"] == "awaiting_approval"
    assert [each.partition(":")[0] for each in said["unread"]] == ["the active policy"]
    assert said["missing"] == []


def test_an_older_revision_is_shown_where_it_is_asked_for(asking: Site) -> None:
    assert run(asking, "show", CUTOVER, "--revision", "1")["revision"] == 1
    assert run(asking, "show", CUTOVER, "--revision", "2", expect=3)["reason"] == "UNKNOWN_REVISION"
    assert run(asking, "show", "nothing", expect=2)["reason"] == "BAD_ARGUMENT"


@pytest.mark.parametrize("status", Status)
def test_every_status_has_something_next(status: Status) -> None:
    world = waiting_world(CUTOVER)
    record = world.record().model_copy(update={"status": status})
    assert next_of(Standing(record=record, now=world.clock.now())).what


def test_hostile_text_does_not_drive_the_terminal() -> None:
    """A requester that would clear the screen, write from right to left, and end our line."""
    world = waiting_world(CUTOVER)
    records = world.wiring.records
    evil = "\N{ESCAPE}[2J\N{RIGHT-TO-LEFT OVERRIDE}anad\nservice@production.2  handed_off [red]x[/] :warning:"
    record = world.record()
    records._set(record.model_copy(update={"requester": evil, "correlation_id": evil}))
    site, _ = site_of(world)
    for command in ("show", "trace", "explain"):
        text = invoke(site, command, CUTOVER).stdout
        assert "\N{ESCAPE}" not in text
        assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in text
        assert not any(line.startswith("service@production.2") for line in text.splitlines())


def test_a_narrow_terminal_loses_nothing(asking: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    text = invoke(asking, "show", CUTOVER).stdout
    head, *rows = text.splitlines()
    assert head == f"{CUTOVER} revision 1  awaiting_approval"
    copied = [row for row in rows if len(row) > 40]
    assert copied
    assert [row for row in copied if not re.fullmatch(r"\S.*  sha256:[0-9a-f]{64}", row)] == []
    whole = "".join(text.split())
    assert "operations" in whole
    assert "release-engineering" in whole


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (41, "41 s"), (200, "3 min 20 s"), (7_200, "2 h"), (7_205, "2 h"), (273_600, "3 d 4 h")],
)
def test_durations(seconds: int, said: str) -> None:
    assert screen.duration(seconds) == said


def test_withdrawn_is_explained_by_the_ledger() -> None:
    world = World()
    awaiting_approval(world)
    withdraw(world, CUTOVER)
    world.run()
    site, _ = site_of(world)
    said = run(site, "explain", CUTOVER)
    assert said["status"] == "withdrawn"
    assert "provider has an outage" in said["causes"][0]["found"]
