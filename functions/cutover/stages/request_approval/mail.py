"""The mail that asks: what, where and when in its first words, and one link."""

import functools
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from cutover.contracts.people import Person
from cutover.domain import times
from cutover.domain.legible import legible
from cutover.packages import Package
from cutover.ports import Mail

MAX_SUBJECT = 150


class Again(StrEnum):
    """Why somebody who was asked before is asked again, in words for the mail."""

    LAPSED = "This is asked again, because an approval that was given before does not count any more."
    TAKEN_UP = "This is asked again, because the release was deferred, and that is over."


def compose(
    person: Person, role: str, package: Package, *, url: str, expires_at: datetime, again: Again | None = None
) -> Mail:
    """Text and HTML of the same content. Every word of the release is made legible before it is shown."""
    release, predicate = package.bundle.release, package.manifest.predicate
    window = predicate.window
    zone = times.zone(window.time_zone)
    values: dict[str, Any] = {
        "name": person.name,
        "role": role.replace("-", " "),
        "product": release.product.value,
        "version": release.version.value,
        "target": predicate.destination.target,
        "queue": predicate.destination.queue_arn.rsplit(":", 1)[-1],
        "account": predicate.destination.account,
        "window": times.span(window.opens_at, window.closes_at, zone),
        "window_utc": times.span(window.opens_at, window.closes_at),
        "digest": package.digest,
        "rationale": release.rationale.value,
        "url": url,
        "expires": times.moment(expires_at, zone),
        "again": again.value if again else "",
    }
    values = {name: legible(value) for name, value in values.items()}
    asks = "Asked again: approve" if again else "Approve"
    subject = f"{asks} {values['product']} {values['version']} to {values['target']}, {values['window']}?"
    if len(subject) > MAX_SUBJECT:
        subject = subject[: MAX_SUBJECT - 1] + "…"
    environment = _environment()
    return Mail(
        to=person.email,
        subject=subject,
        text=environment.get_template("mail.txt").render(values),
        html=environment.get_template("mail.html").render(values),
    )


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
