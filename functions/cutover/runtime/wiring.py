"""The composition root: adapters with their clients, made on first use and kept while the function is warm."""

import functools
import os
from typing import TYPE_CHECKING

from cutover.runtime.people import People
from cutover.runtime.settings import Settings
from cutover.runtime.sources import Asking

if TYPE_CHECKING:
    from cutover.doors.clock.ticking import Report, Ticking


class Wiring(Asking, People):
    """Everything that a handler can ask for. Each adapter imports only when it is asked for."""

    def ticking(self, report: "Report") -> "Ticking":
        """One tick of the clock; ``report`` is told what could not be looked after."""
        from cutover.doors.clock.ending import Ending
        from cutover.doors.clock.repairing import Repairing
        from cutover.doors.clock.ticking import Ticking
        from cutover.doors.clock.watching import Watching

        records, store, clock, policies = self.records, self.store, self.clock, self.policies
        recorder = self.recorder("clock")
        return Ticking(
            records=records,
            clock=clock,
            ending=Ending(
                recorder=recorder, store=store, clock=clock, policies=policies, destinations=self.destinations,
                active=functools.cache(policies.active),
            ),
            repairing=Repairing(records=records, recorder=recorder, clock=clock),
            watching=Watching(
                records=records, recorder=recorder, store=store, clock=clock, policies=policies,
                drifting=self.drifting, succession=self.succession(),
            ),
            report=report,
        )  # fmt: skip


_installed: dict[str, Wiring] = {}


def wired() -> Wiring:
    """The wiring of this process: of its environment, unless another was installed."""
    if "wiring" not in _installed:
        _installed["wiring"] = Wiring(Settings(os.environ))
    return _installed["wiring"]


def install(wiring: Wiring) -> None:
    """Let handlers run over other adapters: how tests drive the real handlers."""
    _installed["wiring"] = wiring
