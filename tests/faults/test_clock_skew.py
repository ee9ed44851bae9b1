"""Functions whose clocks are apart by seconds: what one has dated, another accepts."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.simulator.journeys import assert_consistent, handed_off
from tests.simulator.world import World

APART = timedelta(seconds=2)


class Off(FakeClock):
    """Another clock, off by so much."""

    def __init__(self, clock: FakeClock, by: timedelta) -> None:
        super().__init__(clock.now())
        self._clock = clock
        self._by = by

    def now(self) -> datetime:
        return self._clock.now() + self._by


class SkewedWorld(World):
    """One function's clock is off."""

    def __init__(self, function: str, by: timedelta) -> None:
        self.function, self.by = function, by
        super().__init__()

    def invoke(self, module: str, event: Any) -> Any:
        if module != self.function:
            return super().invoke(module, event)
        self.wiring.clock = Off(self.clock, self.by)
        self.wiring.__dict__.pop("policies", None)
        try:
            return super().invoke(module, event)
        finally:
            self.wiring.clock = self.clock
            self.wiring.__dict__.pop("policies", None)


FUNCTIONS = (
    "doors.intake", "stages.admit", "stages.collect", "stages.assemble", "stages.verify", "stages.bind",
    "stages.request_approval", "doors.approvals", "stages.await_token", "stages.hand_off", "doors.relay", "doors.seal",
)  # fmt: skip


@pytest.mark.parametrize("by", [-APART, APART], ids=["behind", "ahead"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_clock_that_is_off_by_seconds_stops_no_release(function: str, by: timedelta) -> None:
    world = SkewedWorld(function, by)
    handed_off(world)
    assert_consistent(world)
    assert len(world.messages()) == 1
