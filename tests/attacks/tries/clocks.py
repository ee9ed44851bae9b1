"""Clocks that differ: at the last second of a link or a form, and times that are typed."""

from datetime import timedelta

from cutover.domain.record import Status
from tests.attacks.cases import Attempt, attack
from tests.attacks.exchange import changed
from tests.attacks.scene import Scene

FAMILY = "clock skew"
EXPIRY = "link's time is over"
HOUR = "forms end after an hour"
ZONE = "typed time in the page's zone"
BOUNDS = "a deferral has bounds"


@attack(FAMILY, "a link at the very second of its end: that second is over", by=EXPIRY, answer="410 LINK_EXPIRED",
        stack=False)  # fmt: skip
def a_link_at_its_end(scene: Scene) -> Attempt:
    link = scene.link(expires_at=scene.now + timedelta(minutes=1))
    form = scene.form(link)
    scene.later(timedelta(minutes=1))
    return Attempt(scene.post(link, form), bool(scene.decisions()))


@attack(FAMILY, "a form at the very second of its end, from a page that was made by a function whose clock is right",
        by=HOUR, answer="422 FORM_EXPIRED", stack=False)  # fmt: skip
def a_form_at_its_end(scene: Scene) -> Attempt:
    link = scene.link()
    form = scene.form(link)
    scene.later(timedelta(minutes=60))
    return Attempt(scene.post(link, form), bool(scene.decisions()))


@attack(FAMILY, "a deferral's time, stated in a zone that the page does not have", by=ZONE,
        answer="422 TIME_UNREADABLE")  # fmt: skip
def in_another_zone(scene: Scene) -> Attempt:
    return _deferred(scene, zone="Pacific/Kiritimati")


@attack(FAMILY, "a deferral beyond the end of the package, past the field's own bound", by=BOUNDS,
        answer="422 TIME_TOO_LATE")  # fmt: skip
def beyond_the_end(scene: Scene) -> Attempt:
    return _deferred(scene, until="2031-01-01T00:00")


@attack(FAMILY, "a deferral into the past, from a phone whose clock is slow", by=BOUNDS, answer="422 TIME_PAST")
def into_the_past(scene: Scene) -> Attempt:
    return _deferred(scene, until="2021-01-01T00:00")


def _deferred(scene: Scene, **entries: str) -> Attempt:
    link = scene.link()
    page = scene.get(link).body
    until = page.split('name="until" required min="')[1].split('"')[0]
    reply = scene.post(link, changed(scene.form(link, "defer"), **({"until": until} | entries)))
    return Attempt(reply, scene.status is Status.DEFERRED)
