"""Attacks on a seat that demands a passkey: what a link, a form or somebody else's authenticator can do there."""

from typing import Any

from cutover.domain.record import Status
from tests.attacks.cases import Attempt, attack
from tests.attacks.exchange import Fields, changed
from tests.attacks.scene import Scene
from tests.attacks.tries import scanners
from tests.attacks.tries.people import UNDECIDED
from tests.building.passkeys import PRESENT, Authenticator

FAMILY = "passkeys"
ENOUGH = "a seat's assurance is demanded"
CONSENT = "the challenge is what the form says"
ORIGIN = "passkey's own origin"
LISTED = "passkeys count by the signed facts"
PRESENCE = "user verified, at the passkey's own site"
SIGNATURE = "passkey's signature proved"
COUNTER = "signature counter rises"
LINK_ALONE = "422 ASSURANCE_TOO_LOW"


def _approve(scene: Scene, by: Authenticator | None = None, /, **said: Any) -> Attempt:
    """The form as it should be, with an assertion of which one thing is otherwise."""
    link = scene.link()
    form = scene.signed(link, scene.form(link), by, **said)
    return Attempt(scene.post(link, form), bool(scene.decisions()))


def _by_link(scene: Scene, decision: str) -> Attempt:
    link = scene.link()
    form = scene.form(link, decision)  # type: ignore[arg-type]  # one of those below
    return Attempt(scene.post(link, form), bool(scene.decisions()) or scene.status is Status.DEFERRED)


@attack(FAMILY, "the filled form, without a passkey", by=ENOUGH, answer=LINK_ALONE, passkey=True)
def by_link_alone(scene: Scene) -> Attempt:
    return _by_link(scene, "approve")


@attack(FAMILY, "a refusal, to end the release", by=ENOUGH, answer=LINK_ALONE, passkey=True)
def refused_by_link(scene: Scene) -> Attempt:
    return _by_link(scene, "refuse")


@attack(FAMILY, "the scanner that types every hexadecimal string that it sees", by=ENOUGH, answer=LINK_ALONE,
        passkey=True)  # fmt: skip
def by_what_it_sees(scene: Scene) -> Attempt:
    return scanners.submit_what_it_sees(scene)


@attack(FAMILY, "a signed refusal, posted as an approval", by=CONSENT, answer="422 PASSKEY_WRONG_CHALLENGE",
        passkey=True)  # fmt: skip
def a_refusal_as_an_approval(scene: Scene) -> Attempt:
    link = scene.link()
    refusal = scene.signed(link, scene.form(link, "refuse"))
    approval = _with_assertion_of(refusal, changed(scene.form(link), nonce=dict(refusal)["nonce"]))
    return Attempt(scene.post(link, approval), bool(scene.decisions()))


@attack(FAMILY, "a signature of the same answers, under the nonce of a fresh page", by=CONSENT,
        answer="422 PASSKEY_WRONG_CHALLENGE", passkey=True)  # fmt: skip
def on_a_fresh_page(scene: Scene) -> Attempt:
    link = scene.link()
    old = scene.signed(link, scene.form(link))
    return Attempt(scene.post(link, _with_assertion_of(old, scene.form(link))), bool(scene.decisions()))


@attack(FAMILY, "a signature for another role's link of the same package", by=CONSENT,
        answer="422 PASSKEY_WRONG_CHALLENGE", passkey=True, stack=False)  # fmt: skip
def for_another_role(scene: Scene) -> Attempt:
    engineer, operator = (scene.link(seat) for seat in scene.twice)
    signed = scene.signed(operator, scene.form(operator), scene.authenticator(scene.twice[0].person))
    reply = scene.post(engineer, _with_assertion_of(signed, scene.form(engineer)))
    return Attempt(reply, bool(scene.decisions(scene.twice[0].person)))


@attack(FAMILY, "a signature that was given to a page that looks like this one", by=ORIGIN,
        answer="422 PASSKEY_WRONG_ORIGIN", passkey=True)  # fmt: skip
def given_to_another_page(scene: Scene) -> Attempt:
    return _approve(scene, origin="https://page.example.org")


@attack(FAMILY, "a signature given within a frame of another site", by=ORIGIN, answer="422 PASSKEY_WRONG_ORIGIN",
        passkey=True)  # fmt: skip
def given_in_a_frame(scene: Scene) -> Attempt:
    return _approve(scene, crossOrigin=True, topOrigin="https://strange.example")


@attack(FAMILY, "a colleague's passkey, of the same page", by=LISTED, answer="422 PASSKEY_UNKNOWN", passkey=True)
def a_colleague_s(scene: Scene) -> Attempt:
    return _approve(scene, scene.authenticator(scene.twice[0].person))


@attack(FAMILY, "a passkey that nobody has signed into the facts", by=LISTED, answer="422 PASSKEY_UNKNOWN",
        passkey=True)  # fmt: skip
def a_stranger_s(scene: Scene) -> Attempt:
    return _approve(scene, scene.authenticator("stranger"))


@attack(FAMILY, "a stolen key that asks nobody who they are", by=PRESENCE, answer="422 PASSKEY_USER_UNVERIFIED",
        passkey=True)  # fmt: skip
def nobody_verified(scene: Scene) -> Attempt:
    return _approve(scene, flags=PRESENT)


@attack(FAMILY, "the data of another site's sign-in", by=PRESENCE, answer="422 PASSKEY_WRONG_SITE", passkey=True)
def of_another_site(scene: Scene) -> Attempt:
    return _approve(scene, rp_id="strange.example")


@attack(FAMILY, "the credential's public name, with a signature of the attacker's own key", by=SIGNATURE,
        answer="422 PASSKEY_SIGNATURE_BAD", passkey=True)  # fmt: skip
def with_another_key(scene: Scene) -> Attempt:
    link = scene.link()
    forged = scene.signed(link, scene.form(link), scene.authenticator("stranger"), named=scene.authenticator())
    return Attempt(scene.post(link, forged), bool(scene.decisions()))


@attack(FAMILY, "a copy of the passkey, whose counter is behind", by=COUNTER, answer="422 PASSKEY_CLONED",
        passkey=True, alone=True)  # fmt: skip
def a_copy(scene: Scene) -> Attempt:
    link = scene.link()
    field = scene.get(link).body.split('name="until"')[1].split(">")[0]
    deferral = changed(scene.form(link, "defer"), until=field.split('max="')[1].split('"')[0])
    assert scene.post(link, scene.signed(link, deferral)).status == 303
    assert scene.post(link, scene.signed(link, scene.form(link, "resume"))).status == 303
    form = scene.signed(link, scene.form(link), sign_count=1)
    return Attempt(scene.post(link, form), bool(scene.decisions()))


@attack(FAMILY, "a decision with the passkey, turned round with the same passkey", by=UNDECIDED,
        answer="409 ALREADY_DECIDED", after="decided", passkey=True)  # fmt: skip
def turned_round(scene: Scene) -> Attempt:
    link = scene.link()
    refusal = scene.form(link, "refuse")
    assert scene.decide().status == 303
    reply = scene.post(link, scene.signed(link, refusal))
    return Attempt(reply, len(scene.decisions()) > 1)


def _with_assertion_of(signed: Fields, form: Fields) -> Fields:
    return changed(form, assertion=dict(signed)["assertion"])
