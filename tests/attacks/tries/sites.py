"""What other sites can make a browser do with the page: post to it, or frame it."""

from tests.attacks.cases import Attempt, attack
from tests.attacks.exchange import Reply
from tests.attacks.scene import Scene

POSTS, FRAMES = "cross-site post", "framing"
ORIGIN = "form from the page's own origin"
ANCESTORS = "frame-ancestors"
XFO = "X-Frame-Options"
STRANGE = "https://strange.example"


def _posted(scene: Scene, decision: str = "approve", **headers: str) -> Attempt:
    link = scene.link()
    form = scene.form(link, decision)  # type: ignore[arg-type]  # one of the two that are asked for below
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Attempt(scene.post(link, form, named), bool(scene.decisions()))


@attack(POSTS, "the filled form, from another site", by=ORIGIN, answer="403 FORM_CROSS_SITE")
def from_another_site(scene: Scene) -> Attempt:
    return _posted(scene, origin=STRANGE, sec_fetch_site="cross-site")


@attack(POSTS, "a refusal, from an old browser that states no more than its origin", by=ORIGIN,
        answer="403 FORM_CROSS_SITE")  # fmt: skip
def from_an_old_browser(scene: Scene) -> Attempt:
    return _posted(scene, "refuse", origin=STRANGE)


@attack(POSTS, "from a sandboxed frame, whose origin is null", by=ORIGIN, answer="403 FORM_CROSS_SITE")
def from_a_sandbox(scene: Scene) -> Attempt:
    return _posted(scene, origin="null", sec_fetch_site="cross-site")


@attack(POSTS, "with a null origin and nothing else", by=ORIGIN, answer="403 FORM_CROSS_SITE")
def from_nowhere(scene: Scene) -> Attempt:
    return _posted(scene, origin="null")


@attack(POSTS, "from a sibling under the same domain", by=ORIGIN, answer="403 FORM_CROSS_SITE")
def from_a_sibling(scene: Scene) -> Attempt:
    return _posted(scene, sec_fetch_site="same-site")


@attack(POSTS, "the page's own origin claimed, which the browser contradicts", by=ORIGIN, answer="403 FORM_CROSS_SITE")
def with_a_borrowed_origin(scene: Scene) -> Attempt:
    return _posted(scene, origin=scene.origin, sec_fetch_site="cross-site")


@attack(FRAMES, "a frame over the buttons, in a browser of today", by=(ANCESTORS, XFO), answer="200")
def in_a_frame(scene: Scene) -> Attempt:
    reply = scene.get(scene.link())
    return Attempt(reply, not (_policy_forbids(reply) or _header_forbids(reply)))


@attack(FRAMES, "a frame in a browser that knows no frame-ancestors", by=XFO, answer="200")
def in_an_old_frame(scene: Scene) -> Attempt:
    reply = scene.get(scene.link())
    return Attempt(reply, not (_header_forbids(reply)))


@attack(FRAMES, "a frame around a page that refuses: it says whose link it is", by=(ANCESTORS, XFO),
        answer="403 LINK_NOT_OURS")  # fmt: skip
def a_refusal_in_a_frame(scene: Scene) -> Attempt:
    link = scene.link()
    reply = scene.get(link[:-1] + ("A" if link[-1] != "A" else "Q"))
    return Attempt(reply, not (_policy_forbids(reply) or _header_forbids(reply)))


def _policy_forbids(reply: Reply) -> bool:
    """CSP Level 3, 6.4.2: only 'none' keeps out every ancestor."""
    directives = [each.split() for each in reply.headers.get("content-security-policy", "").split(";")]
    return ["frame-ancestors", "'none'"] in directives


def _header_forbids(reply: Reply) -> bool:
    """HTML, 7.1.8: any other word than these counts as nothing."""
    return reply.headers.get("x-frame-options", "").upper() == "DENY"
