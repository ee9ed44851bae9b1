"""Invitation links: each lets one person register one passkey (``domain.link_text`` has the format).

What a link says, in this order::

    person | invitation's payload digest 32 | expiry 5 (seconds since 1970)

Whoever has it can register a passkey in that person's name. So what is registered counts for nothing until the person
has confirmed its fingerprint and the policy's owners have signed it into the facts.
"""

from datetime import datetime

from cutover.contracts.base import Digest, Instant, Model, Name
from cutover.domain import link_text
from cutover.domain.link_text import Purpose, Reader
from cutover.domain.mac import Mac

_PURPOSE = Purpose(b"cutover/invitation-link/v1\0", version=1)


class InvitationLink(Model):
    """``person`` may register a passkey, as the invitation with this digest says."""

    person: Name
    invitation: Digest
    expires_at: Instant


def make_link(link: InvitationLink, *, audience: str, mac: Mac) -> str:
    """The link's text."""
    says = (link_text.string(link.person), link_text.digest(link.invitation), link_text.instant(link.expires_at))
    return link_text.seal(_PURPOSE, says, audience=audience, mac=mac)


def url(page_url: str, text: str) -> str:
    """Where the link leads; ``ConfigurationError`` when the page's own address is too long for a mail."""
    return link_text.url(page_url, "passkeys", text)


def open_link(text: str, *, audience: str, mac: Mac, now: datetime) -> InvitationLink:
    """Whom an authentic, current link invites.

    Raises ``Refused`` with the codes of ``link_text.unseal``, or ``LINK_EXPIRED``.
    """
    link = link_text.unseal(text, _PURPOSE, _read, audience=audience, mac=mac)
    link_text.current(link.expires_at, now)
    return link


def _read(reader: Reader) -> InvitationLink:
    return InvitationLink(person=reader.string(), invitation=reader.digest(), expires_at=reader.instant())
