"""What a drill does and how it may end, as data; and where what was found differs from it."""

import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

EXPECTED = Path(__file__).with_name("expected.toml")
Lines = tuple[str, ...]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Ending(_Data):
    """Everything that is compared, each field whole and in its order. No field may be left out."""

    revisions: Annotated[Lines, Field(min_length=1)]
    """Of each revision its status, and why: ``1 superseded: DRIFTED``."""
    ledger: Annotated[Lines, Field(min_length=1)]
    """Each entry: revision, event, result."""
    refused: Lines
    """What somebody or something tried in vain, and the code that they were told."""
    messages: Annotated[int, Field(ge=0)]
    """So many lay in the deployment queue, copies counted."""
    verify: Lines
    """What ``cutover verify`` said when it was asked: about which message, when, and its code."""
    notices: Lines
    """Signed notices, each proved: revision, event, result."""
    exceptions: Lines
    """Holds told to their owners through the exceptions queue: revision and code, in alphabetical order."""
    mails: Lines
    """To whom and with which subject, as often as it was sent, in alphabetical order."""


class Possible(Ending):
    """One ending of several, where it is open who comes first."""

    when: Annotated[str, Field(min_length=1)]


class Drill(_Data):
    name: Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$")]
    title: Annotated[str, Field(min_length=1)]
    steps: Annotated[Lines, Field(min_length=1)]
    """What is done, in plain words: the runner says the same as it does it."""
    ending: Annotated[tuple[Possible, ...], Field(min_length=1)]


class Expectations(_Data):
    drill: tuple[Drill, ...]

    def of(self, name: str) -> Drill:
        return next(each for each in self.drill if each.name == name)


class Found(_Data):
    """What a drill that was played came to."""

    steps: Lines
    ending: Ending


class Difference(_Data):
    field: str
    expected: Any
    found: Any


def read(file: Path = EXPECTED) -> Expectations:
    """Raises ``ValueError`` where the file is no TOML, or not complete."""
    return Expectations.model_validate(tomllib.loads(file.read_text("utf-8")))


def differences(drill: Drill, found: Found) -> list[Difference]:
    """None when it ended as one of the drill's endings has it; else what differs from the nearest of them."""
    steps = _compared({"steps": drill.steps}, {"steps": found.steps})
    seen = found.ending.model_dump()
    return steps + min((_compared(_said(each), seen) for each in drill.ending), key=len)


def _said(ending: Possible) -> dict[str, Any]:
    return ending.model_dump(exclude={"when"})


def _compared(expected: dict[str, Any], found: dict[str, Any]) -> list[Difference]:
    return [
        Difference(field=name, expected=value, found=found[name])
        for name, value in expected.items()
        if value != found[name]
    ]
