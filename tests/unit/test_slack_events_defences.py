"""Each defence of the door that Slack calls is switched off, and the attacks that it keeps out get in."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from cutover.domain import canonical
from cutover.doors.slack_events import door, proving, reading
from cutover.doors.slack_events.proving import Request
from tests.unit.test_slack_events import ATTACKS, UNSIGNED, World

Patch = pytest.MonkeyPatch
DEFENCES: dict[str, tuple[Callable[[Patch], None], str]] = {
    "the signature": (
        lambda patch: patch.setattr(proving, "prove", _believed),
        "no signature|a signature of another version|a short signature|two signatures|a signature in capitals|"
        "a signature beyond ASCII|another secret|an empty secret|another body|a body with white space|another time|"
        "the same time with a zero|a challenge of somebody else",
    ),
    "the signature's comparison": (
        lambda patch: patch.setattr(canonical, "same", lambda *_: True),
        "another secret|an empty secret|another body|a body with white space",
    ),
    "the age": (
        lambda patch: patch.setattr(proving, "MAX_AGE", timedelta.max),
        "an old one|one of the future|an old challenge|the end of time",
    ),
    "the workspace and the app": (
        lambda patch: patch.setattr(reading.Told, "check", lambda *_: None),
        "another team|no team|another app|a button in another team|a button of another app",
    ),
    "the person": (
        lambda patch: patch.setattr(door, "_demand_known", lambda *_: None),
        "a button, and a stranger|a button, and nobody",
    ),
    "the size": (lambda patch: patch.setattr(proving, "MAX_BODY", 10**9), "a large body"),
    "the form": (
        lambda patch: patch.setattr(proving, "check_form", lambda *_: None),
        "a form as JSON|a button as JSON|plain text|no content type|two content types|a large body",
    ),
    "the challenge's characters": (
        lambda patch: patch.setattr(reading, "_CHALLENGE", re.compile(".*", re.DOTALL)),
        "a challenge with markup|no challenge",
    ),
}  # fmt: skip
CASES = [(defence, attack) for defence, (_, named) in DEFENCES.items() for attack in named.split("|")]
STAYS_OUT = {"the end of time": "its signature is another one's"}
"""What a second defence keeps out when the first is off."""
WITHOUT_ONE = {
    "an empty body", "no time", "two times", "a time in words", "a time in other digits", "a negative time",
    "a long time", "a button as an event", "an event as a button", "two payloads", "no payload", "many fields",
    "bytes as a form", "bytes as JSON", "a list", "deep JSON", "GET instead", "HEAD instead", "PUT instead",
    "another path",
}  # fmt: skip
"""What cannot be read at all, or has no address: there is nothing that could be taken instead."""


def _believed(request: Request, *, signing_secret: str) -> str:
    assert signing_secret
    return canonical.digest(request.body)


@pytest.fixture
def patched() -> Iterator[Patch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.mark.parametrize(("defence", "attack"), CASES)
def test_without_its_defence_an_attack_gets_in(patched: Patch, defence: str, attack: str) -> None:
    request, status, _ = ATTACKS[attack]
    assert World().tell(request)[0] == status
    off, _ = DEFENCES[defence]
    off(patched)
    assert World().tell(request)[0] == (401 if attack in STAYS_OUT else 200)


def test_without_its_memory_a_request_is_taken_twice() -> None:
    class Forgetful(World):
        def once(self, key: str, action: Callable[[], str]) -> str:
            return action()

    for world, answers, told in ((World(), [200, 403], 1), (Forgetful(), [200, 200], 2)):
        assert [world.tell(UNSIGNED)[0] for _ in range(2)] == answers
        assert len(world.told) == told


def test_every_attack_is_held_by_a_defence_that_was_switched_off() -> None:
    assert {attack for _, attack in CASES} | WITHOUT_ONE == set(ATTACKS)
