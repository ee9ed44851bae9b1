"""The mail that invites somebody to register a passkey."""

from markupsafe import Markup, escape

from cutover.contracts.passkeys import Invitation
from cutover.contracts.people import Person
from cutover.domain import times
from cutover.domain.legible import legible
from cutover.ports import Mail

_TEXT = """\
{name}, you are invited to register a passkey, with which you approve releases.

Reason: {reason}
The link works until {until}, and registers one passkey:
{url}

Open it on a device that has your passkeys: a phone, a computer with a fingerprint reader, or one with a security key.
Afterwards the page shows a fingerprint. Tell it to whoever invited you, in person or by telephone: until then, and
until the owners of the policy have signed, the passkey counts for nothing.

The link is yours alone: do not forward it. If you did not expect this mail, tell the team that runs Cutover.
"""
_HTML = """\
<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{subject}</title></head>
<body style="font: 16px/1.5 sans-serif; max-width: 40em">
<p>{name}, you are invited to register a passkey, with which you approve releases.</p>
<p>Reason: {reason}</p>
<p><a href="{url}">Register a passkey</a>: the link works until {until}, and registers one.</p>
<p>Open it on a device that has your passkeys: a phone, a computer with a fingerprint reader, or one with a security
key. Afterwards the page shows a fingerprint. Tell it to whoever invited you, in person or by telephone: until then,
and until the owners of the policy have signed, the passkey counts for nothing.</p>
<p>The link is yours alone: do not forward it. If you did not expect this mail, tell the team that runs Cutover.</p>
</body></html>
"""
_SUBJECT = "Register a passkey for Cutover"


def compose(person: Person, said: Invitation, *, url: str) -> Mail:
    """To the address that the facts have for this person. ``url`` is a credential."""
    words = {
        "name": legible(person.name), "reason": legible(said.reason), "until": times.moment(said.expires_at),
        "url": url, "subject": _SUBJECT,
    }  # fmt: skip
    html = Markup(_HTML).format(**{name: escape(word) for name, word in words.items()})  # noqa: S704 - our own text
    return Mail(to=person.email, subject=_SUBJECT, text=_TEXT.format(**words), html=str(html))
