"""What the messages say. Every word of a release is made legible before it stands in one (``domain.legible``)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cutover.contracts.manifest import RequiredSigner
from cutover.contracts.people import Person
from cutover.domain import times
from cutover.domain.correspondence import Correspondence, State, Told
from cutover.domain.legible import legible
from cutover.domain.record import RevisionRecord
from cutover.domain.telling import ChannelStep
from cutover.messaging.message import Button, Message, Row
from cutover.messaging.previewing import MAX_PREVIEW, shortened
from cutover.packages import Package

MAX_HEADLINE = 130
"""Characters, so that a subject has room for what is asked before it."""
MAX_VERSION = 40
"""Of a version in it: whatever a candidate calls itself, target and window are not pushed out."""


class Again(StrEnum):
    """Why everybody who is missing is asked once more."""

    LAPSED = "This is asked again, because an approval that was given before does not count any more."
    TAKEN_UP = "This is asked again, because the release was deferred, and that is over."


_BECAME: dict[State, tuple[str, str]] = {
    "decided": ("You have decided", "nothing is left to do for you."),
    "filled": ("Nothing to do", "others have decided as {role}."),
    "left": ("Nothing to do", "you may not decide as {role} any more: the policy's facts have changed."),
    "deferred": ("Nothing to do now", "the release was put off{until}. Whoever is missing then is asked again."),
    "approved": ("Nothing to do", "everybody who had to has approved."),
    "declined": ("Nothing to do", "the release was declined. Only a new revision can answer that."),
    "superseded": ("Nothing to do", "a newer revision has taken its place. Your link decides nothing any more."),
    "expired": ("Nothing to do", "its time is over. Nothing was handed off."),
    "withdrawn": ("Nothing to do", "the release was withdrawn. Nothing was handed off."),
    "handed_off": ("Nothing to do", "the release was handed to its deployment queue."),
    "uncertain": ("Nothing to do", "it was sent once, and nobody acknowledged it. Its owners are told."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of one person's message; each is a credential."""

    decide: Button
    waiting: str | None = None
    calendar: str | None = None


def headline(package: Package) -> str:
    """``service 1.4.0 to production, Tue 3 Mar 2026, 21:00…``, at most ``MAX_HEADLINE`` characters."""
    release, predicate = package.bundle.release, package.manifest.predicate
    window = predicate.window
    when = times.span(window.opens_at, window.closes_at, times.zone(window.time_zone))
    version = shortened(legible(release.version.value), MAX_VERSION)
    said = f"{release.product.value} {version} to {predicate.destination.target}, {when}"
    return shortened(legible(said).replace("\n", " ").replace("\t", " "), MAX_HEADLINE)


def asking(
    person: Person, told: Told, package: Package, said: Correspondence, *, links: Links, expires_at: datetime,
    preview: str, again: Again | None = None, principal: Person | None = None, reminder: bool = False,
) -> Message:  # fmt: skip
    """The question to one person, or its reminder."""
    zone = times.zone(package.manifest.predicate.window.time_zone)
    lead = f"{legible(person.name)}, you are asked to decide as {_role(told.role)}."
    if principal is not None:
        lead += f" You stand in for {legible(principal.name)}."
    if again is not None:
        lead += f" {again.value}"
    if reminder:
        lead = f"{legible(person.name)}, this still waits for you as {_role(told.role)}."
    return Message(
        stage="reminded" if reminder else "asked",
        headline=f"Asked again: approve {said.headline}?" if again else f"Approve {said.headline}?",
        lead=lead,
        preview=preview,
        rows=(*_rows(package), Row("Works until", times.moment(expires_at, zone))),
        buttons=(links.decide,),
        waiting_url=links.waiting,
        calendar_url=links.calendar,
        cutover=said.cutover,
        revision=said.revision,
    )


def closing(told: Told, record: RevisionRecord, said: Correspondence) -> Message:
    """That there is nothing to do any more, and why."""
    return _closed(told.state, told.role, record, said)


def in_channel(
    step: ChannelStep, record: RevisionRecord, said: Correspondence, package: Package | None, *,
    names: tuple[str, ...], buttons: tuple[Button, ...], preview: str,
) -> Message:  # fmt: skip
    """A role's channel: the summary and who is asked; later what became of it."""
    if step.state != "open" or package is None:
        return _closed(step.state, step.role, record, said)
    return Message(
        stage="asked",
        headline=f"Approve {said.headline}?",
        lead=f"Asked as {_role(step.role)}. Each of them has a link of their own.",
        preview=preview,
        rows=_rows(package),
        asked=tuple(legible(name) for name in names),
        buttons=buttons,
        cutover=said.cutover,
        revision=said.revision,
    )


def _closed(state: State, role: str, record: RevisionRecord, said: Correspondence) -> Message:
    begins, why = _BECAME[state]
    zone = times.zone(said.time_zone) if said.time_zone else None
    until = f" until {times.moment(record.deferred_until, zone)}" if record.deferred_until else ""
    lead = f"{begins}: {why.format(role=_role(role), until=until)}"
    return Message(
        stage="closed",
        headline=f"Approve {said.headline}?",
        lead=lead,
        preview=shortened(lead, MAX_PREVIEW),
        cutover=said.cutover,
        revision=said.revision,
    )


def _rows(package: Package) -> tuple[Row, ...]:
    release, predicate = package.bundle.release, package.manifest.predicate
    window, destination = predicate.window, predicate.destination
    local = times.span(window.opens_at, window.closes_at, times.zone(window.time_zone))
    utc = times.span(window.opens_at, window.closes_at)
    queue = destination.queue_arn.rsplit(":", 1)[-1]
    emergency = release.emergency
    rows = [
        *([Row("Emergency", f"{emergency.incident.value}\n{emergency.reason.value}")] if emergency else []),
        Row("Why", release.rationale.value),
        Row("Window", local if local == utc else f"{local}\n{utc}"),
        Row("Queue", f"{queue}\naccount {destination.account}"),
        Row("Approvals needed", _seats(predicate.signers)),
        Row("Digest", package.digest),
    ]
    return tuple(Row(row.label, legible(row.text)) for row in rows)


def _seats(signers: tuple[RequiredSigner, ...]) -> str:
    """Who has approved by now is on the page: what a mail says of that would be old when it is read."""
    by = {"link": "", "passkey": ", by passkey"}
    return "\n".join(f"{seat.count} as {_role(seat.role)}{by[seat.assurance]}" for seat in signers)


def _role(role: str) -> str:
    return role.replace("-", " ")
