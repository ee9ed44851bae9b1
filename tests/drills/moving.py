"""The time of a local stack: every function reads it from one file, which a drill moves."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cutover.adapters.moved_clock import MovedClock
from cutover.adapters.system_clock import SystemClock
from cutover_cli.local.stack import LocalStack
from infra.refusals import CLOCK


@dataclass(frozen=True)
class Time:
    """What the functions of one stack take for the time. It only goes on."""

    file: Path

    @classmethod
    def of(cls, stack: LocalStack, file: Path) -> "Time":
        """Tells every function of the stack where its time stands; no template that did this could be synthesised."""
        time = cls(file)
        time._write(0)
        client = stack.clients.lambda_
        for name in stack.functions.values():
            known = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
            client.update_function_configuration(
                FunctionName=name, Environment={"Variables": known | {CLOCK: str(file)}}
            )
        return time

    def now(self) -> datetime:
        """As the functions see it, to the second, UTC."""
        return MovedClock(SystemClock(), self.file).now().replace(microsecond=0)

    def move(self, by: timedelta) -> None:
        if by > timedelta():
            self._write(int(self.file.read_text("ascii")) + round(by.total_seconds()))

    def move_to(self, instant: datetime) -> None:
        """Nothing where that is past."""
        self.move(instant - self.now())

    def _write(self, seconds: int) -> None:
        """So that whoever reads meanwhile reads one of the two."""
        draft = self.file.with_suffix(".draft")
        draft.write_text(str(seconds), "ascii")
        draft.replace(self.file)
