"""What goes over HTTP in an attack, and who is attacked."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

FORM = "application/x-www-form-urlencoded"
Fields = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Seat:
    """A person, asked in one role."""

    person: str
    role: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer; header names in lower case."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """The page's own code of a refusal; empty where it has none."""
        if self.body.startswith("{"):
            return str(json.loads(self.body).get("reason", ""))
        found = re.search(r"<code>([A-Z][A-Z_]+)</code>|<small>([A-Z][A-Z_]+)</small>", self.body)
        return (found.group(1) or found.group(2)) if found else ""

    @property
    def answer(self) -> str:
        return f"{self.status} {'' if self.asks and self.status == 200 else self.code}".strip()

    @property
    def asks(self) -> bool:
        """Whether the page offers to approve."""
        return 'value="approve"' in self.body


@dataclass(frozen=True, slots=True)
class Ended:
    """How something ended that was asked over no page: a status of the protocol, and a code where there is one."""

    answer: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """One request: a post of a form, to be made at once with others."""

    link: str
    form: Fields


def changed(form: Fields, **entries: str | None) -> Fields:
    """The form with other values; None takes a field out."""
    kept = [(name, entries.get(name, value)) for name, value in form]
    added = [(name, value) for name, value in entries.items() if name not in dict(form)]
    return [(name, value) for name, value in kept + added if value is not None]
