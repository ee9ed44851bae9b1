"""`cutover list`: what there is, the live ones first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cutover.domain import times
from cutover.domain.record import Admission, RevisionRecord
from cutover_cli.looking import screen
from cutover_cli.looking.finding import UNDER_WAY

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which to list; None: any."""

    product: str | None = None
    target: str | None = None
    status: frozenset[str] = frozenset()

    def keep(self, found: RevisionRecord | Admission) -> bool:
        """A refused announcement has no product and no target that anybody believed."""
        if self.status and found.status not in self.status:
            return False
        if isinstance(found, Admission):
            return self.product is None and self.target is None
        return self.product in {None, found.product} and self.target in {None, found.target}


def document_of(found: RevisionRecord | Admission) -> dict[str, Any]:
    """One line of the list, as plain JSON."""
    if isinstance(found, Admission):
        return {
            "cutover": None, "revision": None, "status": found.status.value, "reason": found.reason, "live": False,
            "product": None, "target": None, "window": None, "opens_at": None, "closes_at": None, "rehearsal": False,
            "requester": None, "moved_at": screen.instant(found.received_at), "admission": found.digest,
            "correlation_id": found.correlation_id,
        }  # fmt: skip
    return {
        "cutover": found.cutover, "revision": found.revision, "status": found.status.value, "reason": found.reason,
        "live": found.status in UNDER_WAY, "product": found.product, "target": found.target, "window": found.window,
        "opens_at": screen.instant(found.opens_at), "closes_at": screen.instant(found.closes_at),
        "rehearsal": found.rehearsal, "requester": found.requester, "moved_at": screen.instant(found.moved_at),
        "admission": found.admission, "correlation_id": found.correlation_id,
    }  # fmt: skip


def text_of(
    found: Iterable[RevisionRecord | Admission], *, more: bool, now: datetime
) -> "Iterable[RenderableType]":  # fmt: skip
    """One table."""
    rows = [_row(each, now) for each in found]
    if not rows:
        yield screen.line("nothing")
        return
    yield screen.table(("CUTOVER", "REV", "STATUS", "WINDOW (UTC)", "OPENS", "MOVED"), rows)
    if more:
        yield screen.cell("… and more: raise --limit, or say which", "dim")


def _row(found: RevisionRecord | Admission, now: datetime) -> tuple[Any, ...]:
    status = screen.status(found.status.value, found.reason)
    if isinstance(found, Admission):
        name = f"{found.digest.removeprefix('sha256:')[:12]} (announcement)"
        return name, "", status, "", "", times.distance(found.received_at, now)
    opens, closes = found.opens_at, found.closes_at
    window = times.span(opens, closes) if opens and closes else found.window
    distance = times.distance(opens, now) if opens and found.status in UNDER_WAY else ""
    return found.cutover, str(found.revision), status, window, distance, times.distance(found.moved_at, now)
