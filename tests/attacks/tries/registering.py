"""Attacks on invitations: to have a passkey of the attacker's own registered in somebody's name."""

from datetime import timedelta
from typing import Any

from cutover.domain import base64url
from tests.attacks.cases import Attempt, attack
from tests.attacks.exchange import Reply
from tests.attacks.scene import Scene
from tests.attacks.tries.altered import CODE_BYTES, MAC, raw
from tests.attacks.tries.ended import ATOMIC, EXPIRY
from tests.attacks.tries.passkeys import FAMILY
from tests.attacks.tries.passkeys import ORIGIN as PASSKEY_ORIGIN
from tests.attacks.tries.sites import ORIGIN, STRANGE

PASSED = "whoever registered nothing is shown no fingerprint"


def _registers(scene: Scene, person: str, link: str, headers: dict[str, str] | None = None, **said: Any) -> Attempt:
    """Whatever the link opens is used with a passkey of the attacker's."""
    mine = scene.authenticator("attacker")
    page: Reply = scene.send("GET", link, at="passkeys")
    reply = scene.register(link, page, mine, headers, **said) if 'name="nonce"' in page.body else page
    return Attempt(reply, base64url.encode(mine.credential) in scene.registered(person))


@attack(FAMILY, "an invitation with another person in it", by=MAC, answer="403 LINK_NOT_OURS")
def an_invitation_of_another(scene: Scene) -> Attempt:
    theirs, mine = raw(scene.invitation(scene.colleague.person)), raw(scene.invitation(scene.me.person))
    link = scene.secret(base64url.encode(theirs[:-CODE_BYTES] + mine[-CODE_BYTES:]))
    return _registers(scene, scene.colleague.person, link)


@attack(FAMILY, "an invitation whose time is over", by=EXPIRY, answer="410 LINK_EXPIRED")
def an_old_invitation(scene: Scene) -> Attempt:
    person = scene.me.person
    return _registers(scene, person, scene.invitation(person, expires_at=scene.now - timedelta(seconds=1)))


@attack(FAMILY, "an invitation that was used, by a page that was open before", by=ATOMIC, answer="422 INVITATION_USED",
        stack=False)  # fmt: skip
def a_used_invitation(scene: Scene) -> Attempt:
    person, mine = scene.me.person, scene.authenticator("attacker")
    link = scene.invitation(person)
    opened = scene.send("GET", link, at="passkeys")
    scene.register(link, scene.send("GET", link, at="passkeys"), scene.authenticator("new"))
    reply = scene.register(link, opened, mine)
    return Attempt(reply, base64url.encode(mine.credential) in scene.registered(person))


@attack(FAMILY, "a passkey that was made on a page that looks like this one", by=PASSKEY_ORIGIN,
        answer="422 PASSKEY_WRONG_ORIGIN")  # fmt: skip
def made_on_another_page(scene: Scene) -> Attempt:
    person = scene.me.person
    return _registers(scene, person, scene.invitation(person), origin="https://page.example.org")


@attack(FAMILY, "a registration that another site posts", by=ORIGIN, answer="403 FORM_CROSS_SITE")
def posted_by_another_site(scene: Scene) -> Attempt:
    person = scene.me.person
    return _registers(scene, person, scene.invitation(person), {"origin": STRANGE, "sec-fetch-site": "cross-site"})


@attack(FAMILY, "the attacker's passkey, registered first, so that the person tells its fingerprint", by=PASSED,
        answer="422 INVITATION_USED")  # fmt: skip
def passed_off(scene: Scene) -> Attempt:
    person, mine, theirs = scene.me.person, scene.authenticator("attacker"), scene.authenticator("new")
    link = scene.invitation(person)
    opened = scene.send("GET", link, at="passkeys")
    scene.register(link, scene.send("GET", link, at="passkeys"), mine)
    assert base64url.encode(mine.credential) in scene.registered(person)
    reply = scene.register(link, opened, theirs)
    return Attempt(reply, 'class="digest"' in reply.body)
