"""The calendar entry of a window: UTC instants, one id for a cutover, and nothing that opens anything."""

from datetime import UTC, timedelta

import pytest
from icalendar import Calendar

from cutover.domain.record import Status
from tests.approving import Answer, World
from tests.browser.showcase import hostile
from tests.builders import CLOSES_AT, OPENS_AT


def fetched(world: World, method: str = "GET") -> Answer:
    return world.send(method, f"{world.link()}/window.ics")


def event(answer: Answer) -> dict[str, object]:
    calendar = Calendar.from_ical(answer.body)
    assert calendar["METHOD"] == "PUBLISH"
    assert calendar["VERSION"] == "2.0"
    (found,) = calendar.walk("VEVENT")
    return {name: getattr(value, "dt", value) for name, value in found.items()}


def test_it_says_what_goes_where_and_when() -> None:
    world = World()
    answer = fetched(world)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert answer.headers["Cache-Control"] == "no-store"
    said = event(answer)
    assert (said["DTSTART"], said["DTEND"]) == (OPENS_AT.astimezone(UTC), CLOSES_AT.astimezone(UTC))
    assert "DTSTART:20260303T200000Z" in answer.body
    assert said["SUMMARY"] == "service 1.4.0 to production"
    assert said["LOCATION"] == "queue shop-production.fifo, account 123456789012"
    assert world.package.manifest_digest in str(said["DESCRIPTION"])


def test_it_holds_no_link_whatever_it_was_asked_with() -> None:
    world = World()
    text = fetched(world).body.replace("\r\n ", "")
    assert world.link() not in text
    assert "http" not in text
    assert not any(world.link()[start : start + 24] in text for start in range(0, len(world.link()) - 24, 8))


def test_the_same_record_gives_the_same_bytes_and_another_revision_the_same_id() -> None:
    world, other = World(), World()
    assert fetched(world).body == fetched(other).body
    uid = event(fetched(world))["UID"]
    world.become(Status.APPROVED, moved_at=world.record.moved_at + timedelta(minutes=3))
    assert event(fetched(world))["UID"] == uid


@pytest.mark.parametrize(
    ("status", "standing"),
    [
        (Status.AWAITING_APPROVAL, "TENTATIVE"), (Status.DEFERRED, "TENTATIVE"), (Status.AWAITING_WINDOW, "CONFIRMED"),
        (Status.HANDED_OFF, "CONFIRMED"), (Status.WITHDRAWN, "CANCELLED"), (Status.SUPERSEDED, "CANCELLED"),
    ],
)  # fmt: skip
def test_what_came_of_it(status: Status, standing: str) -> None:
    world = World()
    world.become(status)
    assert event(fetched(world))["STATUS"] == standing


def test_head_says_no_more_and_nothing_is_posted() -> None:
    world = World()
    assert (fetched(world, "HEAD").status, fetched(world, "HEAD").body) == (200, "")
    assert fetched(world, "POST").status in {404, 405}
    assert world.record.decisions == ()


def test_a_link_that_does_not_work_opens_no_entry() -> None:
    world = World()
    answer = world.send("GET", f"{world.link()[:-2]}AA/window.ics")
    assert answer.status in {403, 404}
    assert "BEGIN" not in answer.body


def test_hostile_words_stay_in_their_line() -> None:
    world = hostile()
    text = fetched(world).body
    assert event(fetched(world))["UID"]
    assert "\u202e" not in text
    assert (text.count("BEGIN:"), text.count("\r\nEND:")) == (2, 2)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
