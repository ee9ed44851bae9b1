"""Pages, messages and logs that take a text as it comes."""

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment
from jinja2.sandbox import SandboxedEnvironment

from cutover.contracts.candidate import Candidate
from cutover.doors.approvals.door import Door
from cutover.messaging import mail, previewing, wording
from cutover.pages import rendering
from cutover.pages.gateway import Request
from cutover.pages.rendering import Reply
from cutover.runtime import observability
from tests.attacks.switches import Patch

_OTHERS = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)


def bare_pages(patch: Patch) -> None:
    made = rendering._environment

    def bare(folder: Path) -> Environment:
        return made(folder).overlay(autoescape=False, finalize=lambda value: value)

    patch.setattr(rendering, "_environment", bare)


def bare_mails(patch: Patch) -> None:
    bare = mail._environment().overlay(autoescape=False)
    patch.setattr(mail, "_environment", lambda: bare)


def as_written(patch: Patch) -> None:
    for module in (wording, previewing):
        patch.setattr(module, "legible", lambda text: text)


def computed(patch: Patch) -> None:
    """What was rendered is taken for a template once more."""
    rendered = rendering.Pages.render

    def render(self: rendering.Pages, template: str, **values: Any) -> str:
        return SandboxedEnvironment().from_string(_OTHERS.sub("", rendered(self, template, **values))).render()

    patch.setattr(rendering.Pages, "render", render)


def whole_documents(patch: Patch) -> None:
    """Events and answers in the log, and whatever a browser says of itself."""
    patch.setattr(observability, "_identity", lambda document: {"document": f"{document}"})
    answered = Door.answer

    def answer(door: Door, request: Request) -> Reply:
        door.log.info("request", extra={"headers": f"{dict(request.headers)}", "body": f"{request.body!r}"})
        return answered(door, request)

    patch.setattr(Door, "answer", answer)


class Lenient(Candidate):
    """A candidate whose texts are whatever was written."""

    version: str
    rationale: str
    authority: Any
    rollback: Any


def flush_left(patch: Patch) -> None:
    made = mail._environment()

    def environment() -> Environment:
        flush = made.overlay()
        flush.filters = made.filters | {"replace": lambda text, *_: text}
        return flush

    patch.setattr(mail, "_environment", environment)
