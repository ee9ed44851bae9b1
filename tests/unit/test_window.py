"""Change windows: half-open, with margins, over both daylight-saving changes, and freezes that come late."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutover.contracts.manifest import Window
from cutover.contracts.policy import Calendar, Facts, Freeze
from cutover.domain.window import Margins, Phase, calendar, following, occurrence, phase, valid_until
from cutover.errors import Refused
from tests.building.policy import CLOSES_AT, DEPLOYMENT, OPENS_AT, instant

SECOND = timedelta(seconds=1)
NONE = Margins(timedelta(), timedelta())
FACTS = DEPLOYMENT.facts()
WINDOW = DEPLOYMENT.the_window()


def facts(*windows: Window, freezes: tuple[Freeze, ...] = ()) -> Facts:
    return FACTS.model_copy(update={"calendars": {"production": Calendar(windows=windows, freezes=freezes)}})


def at(now: datetime, window: Window = WINDOW, margins: Margins = NONE, known: Facts = FACTS) -> Phase:
    return phase(window, now, margins=margins, facts=known, target="production")


def later(days: int, name: str) -> Window:
    """The window again, so many days later."""
    moved = timedelta(days=days)
    return WINDOW.model_copy(update={"id": name, "opens_at": OPENS_AT + moved, "closes_at": CLOSES_AT + moved})


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (OPENS_AT - timedelta(days=30), "tuesday-evening"),
        (OPENS_AT, "tuesday-evening"),
        (CLOSES_AT - 6 * SECOND, "tuesday-evening"),
        (CLOSES_AT - 5 * SECOND, "b"),
        (CLOSES_AT, "b"),
        (CLOSES_AT + timedelta(days=1), "a"),
        (CLOSES_AT + timedelta(days=7) - 6 * SECOND, "a"),
    ],
)
def test_the_next_window_is_the_first_that_is_not_over(now: datetime, found: str) -> None:
    """In whatever order the calendar has them; with the room at its end that a hand-off needs."""
    known = facts(later(7, "a"), WINDOW, later(1, "b"))
    assert following(known, "production", now, margins=Margins(SECOND, 5 * SECOND)).id == found


def test_of_two_that_close_together_the_one_that_opens_first_is_next() -> None:
    known = facts(later(1, "z"), later(1, "a").model_copy(update={"opens_at": OPENS_AT + timedelta(hours=25)}))
    assert following(known, "production", OPENS_AT, margins=NONE).id == "z"


@pytest.mark.parametrize("known", [facts(), facts(WINDOW)], ids=["none at all", "one that is over"])
def test_no_window_that_is_still_to_come_is_said(known: Facts) -> None:
    with pytest.raises(Refused) as refused:
        following(known, "production", CLOSES_AT, margins=NONE)
    assert refused.value.code == "WINDOW_UNKNOWN"
    with pytest.raises(Refused) as refused:
        following(known, "staging", OPENS_AT, margins=NONE)
    assert refused.value.code == "WINDOW_UNKNOWN"


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (OPENS_AT - SECOND, Phase.BEFORE),
        (OPENS_AT, Phase.OPEN),
        (CLOSES_AT - SECOND, Phase.OPEN),
        (CLOSES_AT, Phase.CLOSED),
        (CLOSES_AT + timedelta(days=400), Phase.CLOSED),
    ],
)
def test_a_window_is_half_open(moment: datetime, expected: Phase) -> None:
    assert at(moment) is expected


def test_margins_make_room_for_skewed_clocks_at_both_ends() -> None:
    margins = Margins(timedelta(seconds=5), timedelta(seconds=7))
    assert [at(OPENS_AT + n * SECOND, margins=margins) for n in (4, 5)] == [Phase.BEFORE, Phase.OPEN]
    assert [at(CLOSES_AT - n * SECOND, margins=margins) for n in (8, 7)] == [Phase.OPEN, Phase.CLOSED]
    rules = DEPLOYMENT.rules()
    assert Margins.of(rules) == Margins(timedelta(seconds=rules.open_margin), timedelta(seconds=rules.close_margin))


def test_margins_that_leave_nothing_leave_the_window_closed() -> None:
    """Fails closed: never open, wherever now stands."""
    margins = Margins(timedelta(hours=3), timedelta(hours=3))
    moments = [OPENS_AT + timedelta(minutes=n) for n in range(-60, 240)]
    assert Phase.OPEN not in {at(moment, margins=margins) for moment in moments}


@given(
    st.integers(-7200, 4 * 3600).map(lambda seconds: OPENS_AT + seconds * SECOND),
    st.integers(0, 3600),
    st.integers(0, 3600),
)
def test_open_means_within_both_margins(now: datetime, opening: int, closing: int) -> None:
    margins = Margins(timedelta(seconds=opening), timedelta(seconds=closing))
    inside = OPENS_AT + margins.opening <= now < CLOSES_AT - margins.closing
    assert (at(now, margins=margins) is Phase.OPEN) is inside


BERLIN = ZoneInfo("Europe/Berlin")
CHANGES = {
    # Spring: 02:00 CET becomes 03:00 CEST at 01:00 UTC. A window from 01:00 to 04:00 local lasts two hours.
    "spring": (datetime(2026, 3, 29, 1, tzinfo=BERLIN), datetime(2026, 3, 29, 4, tzinfo=BERLIN), 2),
    # Autumn: 03:00 CEST becomes 02:00 CET at 01:00 UTC. The same window lasts four hours.
    "autumn": (datetime(2026, 10, 25, 1, tzinfo=BERLIN), datetime(2026, 10, 25, 4, tzinfo=BERLIN), 4),
}


@pytest.mark.parametrize(("opens", "closes", "hours"), CHANGES.values(), ids=CHANGES.keys())
def test_over_a_daylight_saving_change(opens: datetime, closes: datetime, hours: int) -> None:
    """Instants are UTC: what the wall clock shows twice is one hour of the window, what it skips is none."""
    window = Window(id="night", opens_at=opens, closes_at=closes, time_zone="Europe/Berlin")
    assert window.closes_at - window.opens_at == timedelta(hours=hours)
    known = facts(window)
    minutes = (window.opens_at - timedelta(hours=1) + timedelta(minutes=n) for n in range(7 * 60))
    assert sum(at(moment, window, known=known) is Phase.OPEN for moment in minutes) == hours * 60
    assert at(window.closes_at.astimezone(BERLIN), window, known=known) is Phase.CLOSED


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    """02:30 local exists twice on that night; fold says which one."""
    window = Window(
        id="night",
        opens_at=instant("2026-10-25T01:00"),
        closes_at=instant("2026-10-25T02:00"),
        time_zone="Europe/Berlin",
    )
    first = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    known = facts(window)
    assert at(first.astimezone(UTC), window, known=known) is Phase.BEFORE
    assert at(first.replace(fold=1).astimezone(UTC), window, known=known) is Phase.OPEN


def freeze(start: datetime, end: datetime) -> Freeze:
    return Freeze(id="freeze", starts_at=start, ends_at=end, reason="peak")


def test_a_freeze_is_half_open_too() -> None:
    start, end = OPENS_AT + timedelta(minutes=10), OPENS_AT + timedelta(minutes=20)
    known = facts(WINDOW, freezes=(freeze(start, end),))
    assert [at(moment, known=known) for moment in (start - SECOND, start, end - SECOND, end)] == [
        Phase.OPEN, Phase.FROZEN, Phase.FROZEN, Phase.OPEN,
    ]  # fmt: skip


def test_a_freeze_opens_nothing() -> None:
    known = facts(WINDOW, freezes=(freeze(OPENS_AT - timedelta(days=1), CLOSES_AT + timedelta(days=1)),))
    assert at(OPENS_AT - SECOND, known=known) is Phase.BEFORE
    assert at(CLOSES_AT, known=known) is Phase.CLOSED


def test_an_occurrence_is_found_by_its_id() -> None:
    assert occurrence(FACTS, "production", WINDOW.id) == WINDOW
    assert calendar(FACTS, "production").windows == (WINDOW,)


@pytest.mark.parametrize(
    ("known", "target", "window"),
    [
        (FACTS, "production", "another"),
        (FACTS, "staging", WINDOW.id),
        (facts(WINDOW, WINDOW.model_copy(update={"closes_at": CLOSES_AT + SECOND})), "production", WINDOW.id),
    ],
    ids=["no such window", "no calendar", "two of one id"],
)
def test_what_is_not_exactly_one_window_is_none(known: Facts, target: str, window: str) -> None:
    with pytest.raises(Refused) as refused:
        occurrence(known, target, window)
    assert refused.value.code == "WINDOW_UNKNOWN"
    assert refused.value.mend


@given(st.lists(st.integers(-(10**6), 10**6).map(lambda seconds: CLOSES_AT + seconds * SECOND)))
def test_a_package_ends_with_whatever_ends_first(ends: list[Any]) -> None:
    found = valid_until(WINDOW, iter(ends))
    assert found in {CLOSES_AT, *ends}
    assert all(found <= end for end in [CLOSES_AT, *ends])
