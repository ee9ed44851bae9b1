"""The two pages of an invitation: one that asks, and one that says what was registered."""

from pathlib import Path
from typing import Any

import orjson
from markupsafe import Markup

from cutover.contracts.people import Passkey, Person
from cutover.domain import enrolling, times
from cutover.domain.invitation_links import InvitationLink
from cutover.errors import AmbiguousCompletion, Refused, TransientError
from cutover.pages.rendering import Pages, Reply, running, script, sentence

_FOLDER = Path(__file__).parent / "templates"
_PAGES = Pages(_FOLDER)
_BAD_ENTRY = 422
_AGAIN = "Try again in a minute. If it stays, tell the team that runs Cutover the reference below."
_TITLES = {
    "LINK_EXPIRED": "This link has expired", "LINK_WRONG_AUDIENCE": "This link belongs elsewhere",
    "LINK_MALFORMED": "This link is incomplete", "FORM_CROSS_SITE": "This form came from another site",
    "INVITATION_USED": "This invitation was used already", "PERSON_UNKNOWN": "You cannot register a passkey now",
}  # fmt: skip
_STATUS = {
    "LINK_MALFORMED": 404, "LINK_VERSION_UNKNOWN": 404, "LINK_EXPIRED": 410, "FORM_TOO_LARGE": 413,
    "FORM_WRONG_TYPE": 415, "FORM_MALFORMED": 400, "FORM_FIELD_UNKNOWN": 400, "INVITATION_USED": _BAD_ENTRY,
    "NO_POLICY": 503,
}  # fmt: skip
_FORBIDDEN = 403


def asking(
    person: Person, link: InvitationLink, *, nonce: str, options: dict[str, Any], problem: Refused | None, audience: str
) -> Reply:
    """``options``: what the page's script hands to the browser."""
    text = script(_FOLDER / "register.js")
    html = _PAGES.render(
        "register.html", person=person, ends=times.moment(link.expires_at), nonce=nonce, problem=problem,
        options=orjson.dumps(options).decode(), audience=audience,
        script=Markup(text),  # noqa: S704 - our own file, as its hash in the policy says
    )  # fmt: skip
    return Reply(_BAD_ENTRY if problem else 200, html, running(text))


def registered(person: Person, passkey: Passkey, *, audience: str) -> Reply:
    """With the fingerprint that the person tells to whoever invited them."""
    html = _PAGES.render(
        "registered.html", person=person, fingerprint=enrolling.fingerprint(passkey), audience=audience,
        listed=passkey in person.passkeys, at=times.moment(passkey.registered_at),
    )  # fmt: skip
    return Reply(200, html)


def refusal(refused: Refused, /, *, reference: str) -> Reply:
    """To whoever has no invitation that counts now, or did not use the page's own form."""
    title = _TITLES.get(refused.code, "This was not accepted")
    html = _PAGES.render(
        "refused.html", title=title, detail=sentence(refused.detail), mend=sentence(refused.mend), code=refused.code,
        reference=reference,
    )  # fmt: skip
    return Reply(_STATUS.get(refused.code, _FORBIDDEN), html)


def trouble(error: Exception, /, *, reference: str) -> Reply:
    """For what is no refusal: never more than a reference for whoever has to look into it."""
    passing = isinstance(error, (TransientError, AmbiguousCompletion))
    title = "Cutover cannot be reached just now" if passing else "Something went wrong"
    detail = "Open your link again: it shows what is registered."
    code = "SERVICE_UNAVAILABLE" if passing else "INTERNAL_ERROR"
    html = _PAGES.render("refused.html", title=title, detail=detail, mend=_AGAIN, code=code, reference=reference)
    return Reply(503, html, {"Retry-After": "10"}) if passing else Reply(500, html)
