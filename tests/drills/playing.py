"""Plays drills one after the other, and compares how each of them ended with how it has to end."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from tests.drills.ending import Difference, Drill, Expectations, Found, differences
from tests.drills.plays import PLAYS
from tests.drills.stage import Stage, playable
from tests.drills.story import Story

SETTLED = 30.0
"""Seconds of this machine after which nothing more is expected to follow from what was done: mails, notices, heads."""
Say = Callable[[str], None]


class Result(BaseModel):
    """One drill that was played. ``differences`` is empty when it ended as expected."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    seconds: float
    found: Found
    differences: tuple[Difference, ...]


class Playing:
    """Drills on one stage. ``folder`` is for the files that `cutover verify` reads."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self._stage, self._folder = stage, folder
        self._played: list[tuple[Drill, Story, Result]] = []

    def play(self, drill: Drill, say: Say) -> Result:
        """One drill; ``say`` hears of its steps. It may take a while until everybody was told what followed."""
        folder = self._folder / drill.name
        folder.mkdir()
        began = time.monotonic()
        story = Story(self._stage, drill.name, say, folder)
        PLAYS[drill.name](story)
        deadline = time.monotonic() + SETTLED
        while differences(drill, found := story.found()) and time.monotonic() < deadline:
            time.sleep(0.2)
        result = _result(drill, found, time.monotonic() - began)
        self._played.append((drill, story, result))
        return result

    def again(self) -> list[Result]:
        """All that were played as they stand now: nothing came to any of them since."""
        return [_result(drill, story.found(), before.seconds) for drill, story, before in self._played]


@contextmanager
def playing(state_dir: Path, expected: Expectations) -> Iterator[Playing]:
    """A stage, until the block ends."""
    with playable(state_dir, tuple(each.name for each in expected.drill)) as stage:
        folder = state_dir / "files"
        folder.mkdir()
        yield Playing(stage, folder)


def _result(drill: Drill, found: Found, seconds: float) -> Result:
    return Result(
        name=drill.name, title=drill.title, seconds=round(seconds, 1), found=found,
        differences=tuple(differences(drill, found)),
    )  # fmt: skip
