"""What must hold after every attack: it gained nothing, the person can still decide, and no log has a secret."""

import re
from collections.abc import Iterable, Iterator

from tests.attacks.cases import Attack, Attempt
from tests.attacks.exchange import Seat
from tests.attacks.scene import Scene

WINDOW = 16
_WORD = re.compile(r"[A-Za-z0-9_-]{16,}")
SEE_OTHER, OK = 303, 200


def judge(attack: Attack, scene: Scene) -> None:
    """Runs the case and everything that is asked of it but the logs."""
    attempt = attack.run(scene)
    assert attempt.gained is attack.works, (attack.name, attempt.reply.answer)
    assert attempt.reply.answer in attack.answers, (attack.name, attempt.reply.answer, attempt.reply.body[:300])
    afterwards(attack, attempt, scene)


def afterwards(attack: Attack, attempt: Attempt, scene: Scene) -> None:
    """The person's own decision works, or stands; or the release says that it is over."""
    seat = attempt.whose or scene.me
    if attack.after == "decides":
        reply = scene.decide(seat)
        assert reply.status == SEE_OTHER, (attack.name, reply.answer)
    if attack.after != "over":
        assert [each.role for each in scene.decisions(seat.person)] == [seat.role], attack.name
        return
    _over(scene, seat)


def _over(scene: Scene, seat: Seat) -> None:
    page = scene.get(scene.link(seat))
    assert "<form" not in page.body, page.answer
    assert page.status < 500


def leaks(secrets: Iterable[str], lines: Iterable[str]) -> set[str]:
    """The lines in which any sixteen characters in a row of a link or nonce stand."""
    pieces = {piece for text in secrets for piece in _pieces(text)}
    return {line for line in lines if any(not pieces.isdisjoint(_pieces(word)) for word in _WORD.findall(line))}


def _pieces(text: str) -> Iterator[str]:
    return (text[at : at + WINDOW] for at in range(len(text) - WINDOW + 1))
