"""Links that were changed, cut, made old, or made elsewhere."""

from datetime import timedelta

from cutover.domain import base64url, links, personal_links
from tests.attacks.cases import Attempt, attack
from tests.attacks.exchange import Seat
from tests.attacks.scene import Scene

FAMILY = "altered link"
MAC = "link's code proved"
AUDIENCE = "link's audience compared"
VERSION = "link's version known"
WHOLE = "no link without its code"
DOMAIN = "each kind of link has its own domain"
CODE_BYTES = 32
ANOTHER_KIND = personal_links._PURPOSE.domain
OTHER = "cutover:other:123456789012:eu-central-1:production"


def raw(text: str) -> bytes:
    content = base64url.decode(text, limit=10_000)
    assert content is not None
    return content


def used(scene: Scene, link: str, seat: Seat | None = None) -> Attempt:
    """Whatever the link opens is used: what it shows, and what can be decided with it."""
    reply = scene.get(scene.secret(link))
    if reply.asks:
        reply = scene.post(link, scene.form(link))
    return Attempt(reply, bool(scene.decisions((seat or scene.me).person)))


def resealed(scene: Scene, seat: Seat, **changes: object) -> str:
    """My own link's code under somebody else's question."""
    other = base64url.decode(scene.link(seat, **changes), limit=10_000)
    assert other is not None
    return base64url.encode(other[:-CODE_BYTES] + raw(scene.link())[-CODE_BYTES:])


@attack(FAMILY, "another person in it", by=MAC, answer="403 LINK_NOT_OURS")
def another_person(scene: Scene) -> Attempt:
    return used(scene, resealed(scene, scene.colleague), scene.colleague)


@attack(FAMILY, "a later end in it", by=MAC, answer="403 LINK_NOT_OURS")
def a_later_end(scene: Scene) -> Attempt:
    ends = scene.question(scene.me).expires_at
    return used(scene, resealed(scene, scene.me, expires_at=ends + timedelta(days=1)))


@attack(FAMILY, "one bit of the code changed", by=MAC, answer="403 LINK_NOT_OURS")
def one_bit(scene: Scene) -> Attempt:
    content = raw(scene.link())
    return used(scene, base64url.encode(content[:-1] + bytes([content[-1] ^ 1])))


@attack(FAMILY, "its code cut off", by=WHOLE, answer="404 LINK_MALFORMED")
def stripped(scene: Scene) -> Attempt:
    return used(scene, base64url.encode(raw(scene.link())[:-CODE_BYTES]))


@attack(FAMILY, "its code replaced with zeros", by=MAC, answer="403 LINK_NOT_OURS")
def zeros(scene: Scene) -> Attempt:
    return used(scene, base64url.encode(raw(scene.link())[:-CODE_BYTES] + bytes(CODE_BYTES)))


@attack(FAMILY, "marked as of an older version, 0", by=(VERSION, MAC), answer="404 LINK_VERSION_UNKNOWN")
def downgraded(scene: Scene) -> Attempt:
    return used(scene, base64url.encode(b"\0" + raw(scene.link())[1:]))


@attack(FAMILY, "marked as of a later version, 2", by=(VERSION, MAC), answer="404 LINK_VERSION_UNKNOWN")
def of_a_later_version(scene: Scene) -> Attempt:
    return used(scene, base64url.encode(b"\2" + raw(scene.link())[1:]))


@attack(FAMILY, "made by another Cutover that has the same key", by=(AUDIENCE, MAC), answer="403 LINK_WRONG_AUDIENCE")
def of_another_audience(scene: Scene) -> Attempt:
    return used(scene, links.make_link(scene.question(scene.me), audience=OTHER, mac=scene.mac))


@attack(FAMILY, "the same, with this Cutover's tag put in", by=MAC, answer="403 LINK_NOT_OURS")
def retagged(scene: Scene) -> Attempt:
    foreign = raw(links.make_link(scene.question(scene.me), audience=OTHER, mac=scene.mac))
    ours = raw(scene.link())
    return used(scene, base64url.encode(foreign[:1] + ours[1:9] + foreign[9:]))


@attack(FAMILY, "made by the same key for another kind of link", by=DOMAIN, answer="403 LINK_NOT_OURS")
def of_another_kind(scene: Scene) -> Attempt:
    asked = raw(scene.link())
    body = asked[:-CODE_BYTES]
    code = scene.mac.generate(ANOTHER_KIND + scene.audience.encode() + b"\0" + body)
    return used(scene, base64url.encode(body + code))


@attack(FAMILY, "a personal link with another person in it, to see what waits for them", by=MAC,
        answer="403 LINK_NOT_OURS")  # fmt: skip
def another_person_s_list(scene: Scene) -> Attempt:
    theirs, mine = raw(scene.personal(scene.colleague.person)), raw(scene.personal(scene.me.person))
    link = scene.secret(base64url.encode(theirs[:-CODE_BYTES] + mine[-CODE_BYTES:]))
    reply = scene.send("GET", link, at="waiting")
    return Attempt(reply, reply.status == 200)
