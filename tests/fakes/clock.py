"""A clock that tests move."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class FakeClock:
    """Implements ``Clock``. It stands until it is moved, and only ever forward."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def move(self, by: timedelta) -> datetime:
        if by < timedelta():
            raise ValueError("time does not run backwards")
        self._now += by
        return self._now

    def move_to(self, instant: datetime) -> datetime:
        return self.move(instant - self._now)
