"""A change window as a calendar entry (RFC 5545; METHOD:PUBLISH of RFC 5546 §3.2.1): pure.

It says what goes where and when, in UTC. It holds no link and no token: calendars are shared, copied and indexed.
"""

from datetime import datetime
from hashlib import sha256
from typing import Literal

from cutover.contracts.bundle import Bundle
from cutover.contracts.manifest import Manifest
from cutover.domain.legible import legible
from cutover.domain.record import FINAL, RevisionRecord, Status
from cutover.domain.transitions import AGREED

MEDIA_TYPE = "text/calendar; charset=utf-8; method=PUBLISH"
_GONE = FINAL - {Status.HANDED_OFF, Status.UNCERTAIN}
MAX_VERSION = 40
"""Characters of a version: calendars show the beginning of a summary, and the target has to be in it."""
Standing = Literal["TENTATIVE", "CONFIRMED", "CANCELLED"]


def entry(manifest: Manifest, bundle: Bundle, record: RevisionRecord, *, digest: str) -> bytes:
    """The entry of a cutover's window; a later revision of the cutover, or its end, replaces it in a calendar.

    ``digest`` is the manifest's. The same record gives the same bytes.
    """
    from icalendar import Calendar, Event

    predicate, release = manifest.predicate, bundle.release
    destination = predicate.destination
    queue = destination.queue_arn.rsplit(":", 1)[-1]
    event = Event()
    event.add("uid", _uid(predicate.audience, predicate.cutover))
    event.add("sequence", predicate.revision)
    event.add("dtstamp", _utc(record.moved_at))
    event.add("dtstart", _utc(predicate.window.opens_at))
    event.add("dtend", _utc(predicate.window.closes_at))
    version = _line(release.version.value)
    brief = version if len(version) <= MAX_VERSION else f"{version[: MAX_VERSION - 1]}…"
    event.add("summary", f"{release.product.value} {brief} to {destination.target}")
    event.add("location", _line(f"queue {queue}, account {destination.account}"))
    event.add(
        "description",
        f"{_line(predicate.cutover)} revision {predicate.revision}, window {_line(predicate.window.id)}\n{digest}",
    )
    event.add("status", _standing(record.status))
    event.add("transp", "TRANSPARENT")  # nobody is busy by it
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Cutover//change windows//EN")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content


def _uid(audience: str, cutover: str) -> str:
    """The same for every revision of a cutover, and for no other cutover anywhere (RFC 7986 §5.3)."""
    return sha256(f"{audience}\n{cutover}".encode()).hexdigest()[:40] + "@cutover"


def _standing(status: Status) -> Standing:
    if status in _GONE:
        return "CANCELLED"
    return "CONFIRMED" if status in {*AGREED, Status.HANDING_OFF, Status.HANDED_OFF, Status.UNCERTAIN} else "TENTATIVE"


def _utc(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)


def _line(text: str) -> str:
    return " ".join(legible(text).split())
