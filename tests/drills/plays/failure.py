"""A source that fails, and a function that is killed between sending the message and learning that it arrived."""

from collections.abc import Iterator

from tests.drills.between import Meddling, between
from tests.drills.story import MINUTE, SOON, Story
from tests.local.releasing import wait

_TRIES = 3
"""So often the function's own client asks before it gives up: then the state machine tries the whole step again."""


def partial_failure(story: Story) -> None:
    stage = story.stage
    story.step("CI announces a release; the source of its rollout plan fails, and then answers")
    fails = Iterating(["fail"] * _TRIES)
    with between(stage.releases.stack, "Collect", "S3", _of("GET", "rollouts/", fails), emulator=stage.emulator):
        story.announce()
        story.asked()
    assert fails.spent, "the source was not asked so often"
    story.step("Erin and Omar approve")
    story.approve("erin", "omar")
    story.release.until("awaiting_window")
    story.step("The window opens; the message is sent, and HandOff is killed before it learns so")
    kills = Iterating(["kill"])
    with between(stage.releases.stack, "HandOff", "SQS", _of("POST", "", kills), emulator=stage.emulator):
        story.open_window()
        wait(lambda: kills.spent or None, SOON, lambda: "nothing was sent")
        story.step("Its lease runs out; the same message is sent again")
        stage.time.move(2 * MINUTE)
        story.release.until("handed_off")
    story.verify("a consumer")


class Iterating:
    """What comes to one call after the other; then they pass."""

    def __init__(self, what: list[str]) -> None:
        self._what: Iterator[str] = iter(what)
        self._left = len(what)

    def __call__(self) -> str:
        self._left = max(0, self._left - 1)
        return next(self._what, "pass")

    @property
    def spent(self) -> bool:
        return self._left == 0


def _of(method: str, path: str, what: Iterating) -> Meddling:
    """To calls of that method whose path has this in it."""
    return lambda asked, at: what() if asked == method and path in at else "pass"
