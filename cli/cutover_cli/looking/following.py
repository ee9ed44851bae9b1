"""Waiting until a release has ended: polled, told on standard error, and ended by what came of it."""

import time
from collections.abc import Callable

from cutover.domain import times
from cutover.domain.record import FINAL, RevisionRecord, Status
from cutover_cli.admissions import GOOD, NotDecided
from cutover_cli.looking.standing import look
from cutover_cli.output import Exit, oneline
from cutover_cli.site import Site

POLL_SECONDS = 2.0


def watched(site: Site, record: RevisionRecord, *, seconds: float, stay: bool) -> RevisionRecord:
    """The record once it has ended, with its progress on standard error. ``stay``: do not go on to what superseded it.

    Raises ``NotDecided`` where it has not ended in time.
    """
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True, highlight=False, markup=False, emoji=False).status(Text("looking")) as shown:
        return follow(
            site, record, seconds=seconds, stay=stay, say=lambda text: shown.update(Text(text)),
            pause=lambda: time.sleep(POLL_SECONDS),
        )  # fmt: skip


def follow(
    site: Site, record: RevisionRecord, *, seconds: float, stay: bool, say: Callable[[str], None],
    pause: Callable[[], None],
) -> RevisionRecord:  # fmt: skip
    """Looks again after each pause; ``say`` hears of each change."""
    deadline, seen = time.monotonic() + seconds, (0, 0)
    while True:
        record = site.records.revision(record.cutover, record.revision) or record
        if record.status is Status.SUPERSEDED and not stay:
            record = site.records.revision(record.cutover, record.revision + 1) or record
        if record.status in FINAL and (stay or record.status is not Status.SUPERSEDED):
            return record
        if seen != (record.revision, record.version):
            seen = (record.revision, record.version)
            say(_said(site, record))
        if time.monotonic() >= deadline:
            raise NotDecided(f"{record.cutover} revision {record.revision} is {record.status} after {seconds:.0f} s")
        pause()


def _said(site: Site, record: RevisionRecord) -> str:
    then = look(site, record).next
    when = f", {times.moment(then.at)}" if then.at else ""
    return oneline(f"{record.cutover} revision {record.revision} is {record.status}; next: {then.what}{when}")


def exit_of(record: RevisionRecord) -> Exit:
    """Done where it was handed off or rehearsed, partly where nobody knows, refused where it has ended otherwise."""
    if record.status is Status.UNCERTAIN:
        return Exit.PARTLY
    return Exit.DONE if record.status in GOOD else Exit.REFUSED
