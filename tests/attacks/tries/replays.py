"""The same request again: at once, after minutes, after an hour, or as another one's."""

from datetime import timedelta

from cutover.domain.record import Status
from tests.attacks.cases import Attempt, attack
from tests.attacks.exchange import changed
from tests.attacks.scene import Scene

FAMILY = "replay"
STANDS = "a decision that stands is the answer"
ONCE = "first guard: one form, one answer"
SPENT = "nonce spent with the decision"
UNDECIDED = "one person decides once"
SEATS = "one person fills one seat"
PROVED = "nonce proved, for this link"
HOUR = "forms end after an hour"


@attack(
    FAMILY, "the posted form again, at once", by=(STANDS, ONCE, SPENT, UNDECIDED, SEATS), answer="303", after="decided"
)  # fmt: skip
def again_at_once(scene: Scene) -> Attempt:
    link = scene.link()
    form = scene.form(link)
    scene.post(link, form)
    reply = scene.post(link, form)
    return Attempt(reply, len(scene.decisions()) > 1)


@attack(
    FAMILY, "the posted form again after six minutes, when nothing but the record remembers it",
    by=(STANDS, SPENT, UNDECIDED, SEATS), answer="303", after="decided", stack=False,
)  # fmt: skip
def again_after_minutes(scene: Scene) -> Attempt:
    link = scene.link()
    form = scene.form(link)
    scene.post(link, form)
    _minutes_pass(scene, 6)
    reply = scene.post(link, form)
    return Attempt(reply, len(scene.decisions()) > 1)


@attack(
    FAMILY, "the form of an approval again, as a refusal", by=(UNDECIDED, SPENT), answer="409 ALREADY_DECIDED",
    after="decided",
)  # fmt: skip
def again_as_a_refusal(scene: Scene) -> Attempt:
    link = scene.link()
    form = scene.form(link)
    scene.post(link, form)
    reply = scene.post(link, changed(form, decision="refuse", reason="turned round"))
    return Attempt(reply, any(each.decision == "refuse" for each in scene.decisions()))


@attack(
    FAMILY, "a deferral that was taken up again, posted once more within five minutes", by=(ONCE, SPENT), answer="303",
    alone=True,
)  # fmt: skip
def a_deferral_again(scene: Scene) -> Attempt:
    link, form = _deferred_and_taken_up(scene)
    reply = scene.post(link, form)
    return Attempt(reply, scene.status is Status.DEFERRED)


@attack(FAMILY, "the same after six minutes", by=SPENT, answer="422 FORM_USED", stack=False)
def a_deferral_after_minutes(scene: Scene) -> Attempt:
    link, form = _deferred_and_taken_up(scene)
    _minutes_pass(scene, 6)
    reply = scene.post(link, form)
    return Attempt(reply, scene.status is Status.DEFERRED)


@attack(FAMILY, "a form that was never posted, found an hour later", by=HOUR, answer="422 FORM_EXPIRED", stack=False)
def an_old_form(scene: Scene) -> Attempt:
    link = scene.link()
    form = scene.form(link)
    scene.later(timedelta(hours=1))
    reply = scene.post(link, form)
    return Attempt(reply, bool(scene.decisions()))


@attack(FAMILY, "the nonce of another person's form", by=PROVED, answer="403 FORM_NOT_OURS")
def another_s_nonce(scene: Scene) -> Attempt:
    nonce = dict(scene.form(scene.link(scene.colleague)))["nonce"]
    link = scene.link()
    reply = scene.post(link, changed(scene.form(link), nonce=nonce))
    return Attempt(reply, bool(scene.decisions()))


@attack(FAMILY, "a nonce that is a link, which the same key has made", by=PROVED, answer="403 FORM_NOT_OURS")
def a_link_as_nonce(scene: Scene) -> Attempt:
    link = scene.link()
    reply = scene.post(link, changed(scene.form(link), nonce=link[:128]))
    return Attempt(reply, bool(scene.decisions()))


def _deferred_and_taken_up(scene: Scene) -> tuple[str, list[tuple[str, str]]]:
    link = scene.link()
    form = changed(scene.form(link, "defer"), until=_until(scene, link))
    assert scene.post(link, form).status == 303
    assert scene.post(link, scene.form(link, "resume")).status == 303
    assert scene.status is Status.AWAITING_APPROVAL
    return link, form


def _until(scene: Scene, link: str) -> str:
    """The latest time that the field takes."""
    field = scene.get(link).body.split('name="until"')[1].split(">")[0]
    return field.split('max="')[1].split('"')[0]


def _minutes_pass(scene: Scene, minutes: int) -> None:
    scene.later(timedelta(minutes=minutes))
    scene.forget()
