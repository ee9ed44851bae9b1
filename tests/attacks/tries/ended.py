"""Decisions about what is over, and decisions that come late, twice, or against each other."""

from datetime import timedelta

from cutover.domain.record import Status
from tests.attacks.cases import Attempt, attack
from tests.attacks.exchange import Sent
from tests.attacks.scene import Scene

ENDED, LATE = "ended revision", "late and at once"
OPEN = "only what is asked is decided"
TABLE = "transitions of the protocol"
VALID = "package's time is over"
EXPIRY = "link's time is over"
ATOMIC = "one transaction, conditional on what was read"
CURRENT = "only the current revision is decided"
MANIFEST = "link's package is the revision's"


def _after(scene: Scene, how: str, decision: str = "approve") -> Attempt:
    """The form was open; then the release ended; then it is posted."""
    link = scene.link()
    form = scene.form(link, decision)  # type: ignore[arg-type]  # one of the decisions below
    scene.finish(how)
    reply = scene.post(link, form)
    return Attempt(reply, bool(scene.decisions()))


@attack(ENDED, "approve what a newer revision took the place of", by=(OPEN, TABLE, CURRENT), answer="409 SUPERSEDED",
        after="over", alone=True)  # fmt: skip
def superseded(scene: Scene) -> Attempt:
    return _after(scene, "superseded")


@attack(ENDED, "refuse it", by=(OPEN, TABLE, CURRENT), answer="409 SUPERSEDED", after="over", stack=False)
def superseded_refused(scene: Scene) -> Attempt:
    return _after(scene, "superseded", "refuse")


@attack(ENDED, "approve what was withdrawn", by=(OPEN, TABLE), answer="409 WITHDRAWN", after="over", alone=True)
def withdrawn(scene: Scene) -> Attempt:
    return _after(scene, "withdrawn")


@attack(ENDED, "approve what has expired", by=(OPEN, TABLE), answer="409 EXPIRED", after="over", stack=False)
def expired(scene: Scene) -> Attempt:
    return _after(scene, "expired")


@attack(ENDED, "a link whose time is over", by=EXPIRY, answer="410 LINK_EXPIRED")
def an_expired_link(scene: Scene) -> Attempt:
    link = scene.link(expires_at=scene.now - timedelta(seconds=1))
    reply = scene.get(link)
    if reply.asks:
        reply = scene.post(link, scene.form(link))
    return Attempt(reply, bool(scene.decisions()))


@attack(ENDED, "a personal link whose time is over, for the fresh links on its page", by=EXPIRY,
        answer="410 LINK_EXPIRED")  # fmt: skip
def an_expired_personal_link(scene: Scene) -> Attempt:
    link = scene.personal(scene.me.person, expires_at=scene.now - timedelta(seconds=1))
    reply = scene.send("GET", link, at="waiting")
    return Attempt(reply, reply.status == 200)


@attack(ENDED, "a link to another package than this revision has", by=MANIFEST, answer="200 MANIFEST_DIFFERS")
def another_package(scene: Scene) -> Attempt:
    link = scene.link(manifest="sha256:" + "0" * 64)
    reply = scene.get(link)
    if reply.asks:
        reply = scene.post(link, scene.form(link))
    return Attempt(reply, bool(scene.decisions()))


@attack(LATE, "after it was handed off", by=(OPEN, TABLE), answer="409 HANDED_OFF", after="over", stack=False)
def after_the_hand_off(scene: Scene) -> Attempt:
    return _after(scene, "handed_off", "refuse")


@attack(LATE, "when the package's time is over, before anybody has noticed", by=VALID, answer="409 PACKAGE_EXPIRED",
        after="over", stack=False)  # fmt: skip
def after_its_time(scene: Scene) -> Attempt:
    valid_until = scene.record.valid_until
    assert valid_until is not None
    link = scene.link(expires_at=valid_until + timedelta(days=1))
    scene.later(valid_until - scene.now - timedelta(minutes=1))
    form = scene.form(link)
    scene.later(timedelta(minutes=1))
    return Attempt(scene.post(link, form), bool(scene.decisions()))


@attack(LATE, "one form, posted by four at once", by=ATOMIC, answer=("303", "503 OUTCOME_UNKNOWN"),
        after="decided")  # fmt: skip
def one_form_at_once(scene: Scene) -> Attempt:
    link = scene.link()
    form = scene.form(link)
    replies = scene.at_once([Sent(link, form)] * 4)
    return Attempt(replies[0], scene.written() > 1)


@attack(LATE, "approve and refuse by the same person at once", by=ATOMIC,
        answer=("303", "409 ALREADY_DECIDED", "409 DECLINED"), after="decided", alone=True)  # fmt: skip
def contrary_at_once(scene: Scene) -> Attempt:
    link = scene.link()
    yes, no = scene.form(link), scene.form(link, "refuse")
    replies = scene.at_once([Sent(link, yes), Sent(link, no)])
    return Attempt(replies[0], [each.status for each in replies].count(303) > 1)


@attack(LATE, "approve by one person, refuse by another, at once", by=ATOMIC, answer=("303", "409 DECLINED"),
        after="over", alone=True)  # fmt: skip
def contrary_people_at_once(scene: Scene) -> Attempt:
    """Whoever comes first, one refusal ends it: an approval never stands over it."""
    mine, theirs = scene.link(), scene.link(scene.colleague)
    yes, no = scene.form(mine), scene.form(theirs, "refuse")
    replies = scene.at_once([Sent(mine, yes), Sent(theirs, no)])
    return Attempt(replies[0], scene.status is not Status.DECLINED)
