"""What must hold after every attack: it gained nothing, the person can still decide, and no log has a secret."""

from collections.abc import Iterable

from tests.attacks.cases import Attack, Attempt
from tests.attacks.scene import Scene, Seat

WINDOW, STEP = 16, 4
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
    """The lines in which any sixteen characters of a link or nonce stand."""
    pieces = {text[at : at + WINDOW] for text in secrets for at in range(0, max(1, len(text) - WINDOW + 1), STEP)}
    return {line for line in lines if any(piece in line for piece in pieces)}
