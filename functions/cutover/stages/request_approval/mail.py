"""The mail that asks: what, where and when in its first words, and one link."""

import functools
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from cutover.contracts.policy import Person
from cutover.domain import times
from cutover.domain.legible import legible
from cutover.packages import Package
from cutover.ports import Mail

MAX_SUBJECT = 150


def compose(person: Person, role: str, package: Package, *, url: str, expires_at: datetime) -> Mail:
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
    }
    values = {name: legible(value) for name, value in values.items()}
    subject = f"Approve {values['product']} {values['version']} to {values['target']}, {values['window']}?"
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
