"""Bodies that are no form of this page: too large, misspelt, of another type, or sent by another method."""

import json
from urllib.parse import urlencode

from tests.attacks.cases import Attempt, attack
from tests.attacks.exchange import FORM, Fields, Reply, changed
from tests.attacks.scene import Scene

SHAPES, METHODS = "oversize and malformed", "methods and content types"
SIZE = "forms are small"
FIELDS = "few fields"
KNOWN = "its own fields only"
SINGLE = "each field once"
READABLE = "fields that can be read"
TEXT = "reasons that can be read"
TYPE = "forms are forms"
POSTS = "only a post decides"
ROUTES = "three methods have a route"
LENGTH = "links are short"
HUGE = 1_000_000
_UNREAD = {"FORM_TOO_LARGE", "FORM_MALFORMED"}


def _raw(scene: Scene, made: bytes, link: str) -> Attempt:
    reply = scene.post(link, made)
    return Attempt(reply, bool(scene.decisions()))


def _filled(scene: Scene) -> tuple[str, Fields]:
    link = scene.link()
    return link, scene.form(link)


@attack(SHAPES, "a filled form in a body of a megabyte", by=SIZE, answer="413 FORM_TOO_LARGE")
def a_megabyte(scene: Scene) -> Attempt:
    link, form = _filled(scene)
    return _raw(scene, urlencode(changed(form, reason=" " * HUGE)).encode(), link)


@attack(SHAPES, "ten thousand fields", by=(SIZE, FIELDS), answer="413 FORM_TOO_LARGE")
def ten_thousand_fields(scene: Scene) -> Attempt:
    link, form = _filled(scene)
    reply = scene.post(link, urlencode(form).encode() + b"&exception=x" * 10_000)
    return Attempt(reply, reply.code not in _UNREAD)


@attack(SHAPES, "three hundred fields in less than sixteen kilobytes", by=FIELDS, answer="400 FORM_MALFORMED")
def three_hundred_fields(scene: Scene) -> Attempt:
    link, form = _filled(scene)
    reply = scene.post(link, urlencode(form).encode() + b"&exception=x" * 300)
    return Attempt(reply, reply.code not in _UNREAD)


@attack(SHAPES, "two decisions in one form, the harmless one first", by=SINGLE, answer="400 FORM_MALFORMED")
def two_decisions(scene: Scene) -> Attempt:
    link, form = _filled(scene)
    return _raw(scene, urlencode([("decision", "refuse"), *form]).encode(), link)


@attack(SHAPES, "a field that the page does not have", by=KNOWN, answer="400 FORM_FIELD_UNKNOWN")
def a_field_too_many(scene: Scene) -> Attempt:
    link, form = _filled(scene)
    return _raw(scene, urlencode([*form, ("role", "operations")]).encode(), link)


@attack(SHAPES, "bytes that are no text", by=READABLE, answer="400 FORM_MALFORMED")
def no_text(scene: Scene) -> Attempt:
    link, form = _filled(scene)
    return _raw(scene, urlencode(form).encode() + b"&reason=%ff%fe", link)


@attack(SHAPES, "control characters in the reason", by=TEXT, answer="400 REASON_UNREADABLE")
def control_characters(scene: Scene) -> Attempt:
    link, form = _filled(scene)
    reply = scene.post(link, changed(form, reason="\x1b[2Jbell \x07"))
    return Attempt(reply, bool(scene.decisions()) or reply.status >= 500)


@attack(SHAPES, "a link of three thousand characters", by=LENGTH, answer="404 LINK_MALFORMED")
def a_long_link(scene: Scene) -> Attempt:
    link = scene.link()
    reply = scene.get("A" * 3_000 + link)
    return Attempt(reply, reply.code == "LINK_VERSION_UNKNOWN")


@attack(METHODS, "the filled form by PUT", by=(ROUTES, POSTS), answer="404")
def by_put(scene: Scene) -> Attempt:
    return _by(scene, "PUT")


@attack(METHODS, "by PATCH", by=(ROUTES, POSTS), answer="404")
def by_patch(scene: Scene) -> Attempt:
    return _by(scene, "PATCH")


@attack(METHODS, "by DELETE", by=(ROUTES, POSTS), answer="404")
def by_delete(scene: Scene) -> Attempt:
    return _by(scene, "DELETE")


@attack(METHODS, "by GET, in its body", by=POSTS, answer="200")
def by_get(scene: Scene) -> Attempt:
    return _by(scene, "GET")


@attack(METHODS, "by GET, in its query", by=(POSTS, TYPE), answer="200")
def in_the_query(scene: Scene) -> Attempt:
    link, form = _filled(scene)
    reply = scene.send("GET", link, query=urlencode(form))
    return Attempt(reply, bool(scene.decisions()))


@attack(METHODS, "by GET that says it is a POST", by=POSTS, answer="200")
def by_an_override(scene: Scene) -> Attempt:
    return _by(scene, "GET", **{"x-http-method-override": "POST", "x-method-override": "POST", "x-http-method": "POST"})


@attack(METHODS, "as JSON", by=TYPE, answer="415 FORM_WRONG_TYPE")
def as_json(scene: Scene) -> Attempt:
    link, form = _filled(scene)
    reply = scene.send("POST", link, headers={"content-type": "application/json"}, body=json.dumps(dict(form)).encode())
    return Attempt(reply, bool(scene.decisions()))


@attack(METHODS, "as plain text, which any site may send without asking", by=TYPE, answer="415 FORM_WRONG_TYPE")
def as_text(scene: Scene) -> Attempt:
    return _by(scene, "POST", **{"content-type": "text/plain"})


@attack(METHODS, "without saying what it is", by=TYPE, answer="415 FORM_WRONG_TYPE")
def as_nothing(scene: Scene) -> Attempt:
    return _by(scene, "POST", **{"content-type": ""})


@attack(METHODS, "as multipart", by=TYPE, answer="415 FORM_WRONG_TYPE")
def as_multipart(scene: Scene) -> Attempt:
    return _by(scene, "POST", **{"content-type": f"multipart/form-data; boundary={FORM}"})


def _by(scene: Scene, method: str, **headers: str) -> Attempt:
    link, form = _filled(scene)
    reply: Reply = scene.send(method, link, headers={"content-type": FORM, **headers}, body=urlencode(form).encode())
    return Attempt(reply, bool(scene.decisions()))
