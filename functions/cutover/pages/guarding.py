"""Whatever happens while a page is made, a person gets an answer, and the log a line without a link."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cutover.errors import Refused
from cutover.pages.gateway import Log, Request
from cutover.pages.rendering import Reply


class Pages(Protocol):
    """The pages that a door shows instead of the one that was asked for. ``reference``: for whoever looks into it."""

    def refusal(self, refused: Refused, /, *, reference: str) -> Reply: ...

    def trouble(self, error: Exception, /, *, reference: str) -> Reply: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """``failed`` counts what is no refusal: a page hides the failure from Lambda."""

    pages: Pages
    log: Log
    failed: Callable[[], None]

    def answer(self, request: Request, event: str, make: Callable[[dict[str, object]], Reply]) -> Reply:
        """What ``make`` answers; never raises. ``make`` puts into its argument what the log should say."""
        told: dict[str, object] = {"external_ref": request.id}
        try:
            reply = make(told)
        except Refused as refused:
            told |= {"result": "failed", "reason": refused.code}
            reply = self.pages.refusal(refused, reference=request.id)
        except Exception as error:  # noqa: BLE001 - a person gets a page and a reference, never nothing
            self.note(error, event, told)
            return self.pages.trouble(error, reference=request.id)
        self.log.info("page", extra={"event_name": event, "result": "succeeded"} | told)
        return reply

    def note(self, error: Exception, event: str, told: dict[str, object]) -> None:
        self.failed()
        # No trace: it quotes messages, and messages may quote input. Where it was raised says enough.
        where = traceback.extract_tb(error.__traceback__)[-1]
        line = {"reason": type(error).__name__, "where": f"{where.name}:{where.lineno}", "result": "failed"}
        self.log.error("page", extra={"event_name": event} | told | line)
