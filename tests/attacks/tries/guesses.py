"""Guessing: links, cutovers and nonces of which nothing was seen."""

import random

from cutover.domain import base64url, links
from tests.attacks.cases import Attempt, attack
from tests.attacks.exchange import changed
from tests.attacks.scene import Scene
from tests.attacks.tries.altered import CODE_BYTES, MAC, raw
from tests.attacks.tries.replays import PROVED
from tests.fakes.keys import LocalMac

FAMILY = "guessing"


@attack(FAMILY, "the right question, with twelve codes at random", by=MAC, answer="403 LINK_NOT_OURS")
def at_random(scene: Scene) -> Attempt:
    dice, body = random.Random(7), raw(scene.link())[:-CODE_BYTES]  # noqa: S311 - an attacker's dice
    guesses = [base64url.encode(body + dice.randbytes(CODE_BYTES)) for _ in range(12)]
    replies = [scene.get(guess) for guess in guesses]
    return Attempt(replies[-1], any(each.asks for each in replies))


@attack(FAMILY, "the right question, sealed with a key of the attacker's own", by=MAC, answer="403 LINK_NOT_OURS")
def with_a_guessed_key(scene: Scene) -> Attempt:
    guessed = LocalMac(scene.mac.key_name, b"guessed" * 5)
    link = scene.secret(links.make_link(scene.question(scene.me), audience=scene.audience, mac=guessed))
    reply = scene.get(link)
    if reply.asks:
        reply = scene.post(link, scene.form(link))
    return Attempt(reply, bool(scene.decisions()))


@attack(FAMILY, "asks, cutover by cutover, which exist: what does is answered as what does not", by=MAC,
        answer="403 LINK_NOT_OURS")  # fmt: skip
def which_exist(scene: Scene) -> Attempt:
    known = scene.question(scene.me)
    product, _, number = known.cutover.rpartition(".")
    asked = [known, *(known.model_copy(update={"cutover": f"{product}.{int(number) + more}"}) for more in (1, 2, 3))]
    replies = []
    for each in asked:
        made = raw(links.make_link(each, audience=scene.audience, mac=scene.mac))
        replies.append(scene.get(base64url.encode(made[:-CODE_BYTES] + b"guess" * 6 + b"!!")))
    seen = {(each.status, each.code, _without_reference(each.body)) for each in replies}
    return Attempt(replies[-1], len(seen) > 1)


@attack(FAMILY, "nonces at random, posted with an authentic link", by=PROVED, answer="403 FORM_NOT_OURS")
def nonces(scene: Scene) -> Attempt:
    dice, link = random.Random(8), scene.link()  # noqa: S311 - an attacker's dice
    form = scene.form(link)
    guesses = [base64url.encode(b"\1" + dice.randbytes(53)) for _ in range(6)]
    reply = scene.get(link)
    for guess in guesses:
        reply = scene.post(link, changed(form, nonce=guess))
        if scene.decisions():
            break
    return Attempt(reply, bool(scene.decisions()))


def _without_reference(body: str) -> str:
    """A page's reference is the request's own."""
    return body.split("eference", maxsplit=1)[0]
