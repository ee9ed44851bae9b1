"""Links whose key was replaced or revoked."""

from cutover.domain import base64url
from tests.attacks.cases import Attempt, attack
from tests.attacks.exchange import changed
from tests.attacks.scene import Scene
from tests.attacks.tries.altered import CODE_BYTES, MAC, raw
from tests.attacks.tries.replays import PROVED

FAMILY = "keys"
RING = "keys that were taken out count no more"


@attack(
    FAMILY,
    "a link of a key that was replaced and then revoked",
    by=RING,
    answer="403 LINK_KEY_UNKNOWN",
)
def of_a_revoked_key(scene: Scene) -> Attempt:
    link = scene.link()
    scene.rotate()
    scene.revoke()
    reply = scene.get(link)
    if reply.asks:
        reply = scene.post(link, scene.form(link))
    return Attempt(reply, bool(scene.decisions()))


@attack(FAMILY, "a form that was open when the key was revoked", by=RING, answer="403 LINK_KEY_UNKNOWN")
def open_when_revoked(scene: Scene) -> Attempt:
    link = scene.link()
    scene.rotate()
    form = scene.form(link)
    scene.revoke()
    return Attempt(scene.post(link, form), bool(scene.decisions()))


@attack(FAMILY, "a link of the old key, renamed to the new one", by=MAC, answer="403 LINK_NOT_OURS")
def renamed_after_rotation(scene: Scene) -> Attempt:
    link = raw(scene.link())
    scene.rotate()
    new = raw(scene.link())
    link = new[:-CODE_BYTES] + link[-CODE_BYTES:]
    reply = scene.get(base64url.encode(link))
    if reply.asks:
        text = base64url.encode(link)
        reply = scene.post(text, scene.form(text))
    return Attempt(reply, bool(scene.decisions()))


@attack(FAMILY, "a nonce of the revoked key under a new link", by=PROVED, answer="403 FORM_NOT_OURS")
def a_nonce_of_a_revoked_key(scene: Scene) -> Attempt:
    nonce = dict(scene.form(scene.link()))["nonce"]
    scene.rotate()
    scene.revoke()
    link = scene.link()
    return Attempt(scene.post(link, changed(scene.form(link), nonce=nonce)), bool(scene.decisions()))
