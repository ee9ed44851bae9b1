"""Personal links: each shows one person what waits for them (``domain.link_text`` has the format).

What a link says, in this order::

    person | expiry 5 (seconds since 1970) | channel 0 or 1

It decides nothing. The page behind it makes approval links for whatever waits, so it is worth as much as these:
it proves possession of a mailbox, no more.
"""

from datetime import datetime

from cutover.contracts.approval import Channel
from cutover.contracts.base import Instant, Model, Name
from cutover.domain import link_text
from cutover.domain.link_text import Purpose, Reader
from cutover.domain.mac import Mac

_PURPOSE = Purpose(b"cutover/personal-link/v1\0", version=1)


class PersonalLink(Model):
    """What waits for ``person``?"""

    person: Name
    expires_at: Instant
    channel: Channel = "email"
    """By which way it was sent."""


def make_link(link: PersonalLink, *, audience: str, mac: Mac) -> str:
    """The link's text."""
    says = (link_text.string(link.person), link_text.instant(link.expires_at), link_text.channel(link.channel))
    return link_text.seal(_PURPOSE, says, audience=audience, mac=mac)


def url(page_url: str, text: str) -> str:
    """Where the link leads; ``ConfigurationError`` when the page's own address is too long for a mail."""
    return link_text.url(page_url, "waiting", text)


def open_link(text: str, *, audience: str, mac: Mac, now: datetime) -> PersonalLink:
    """Whose link an authentic, current one is.

    Raises ``Refused`` with the codes of ``link_text.unseal``, or ``LINK_EXPIRED``.
    """
    link = link_text.unseal(text, _PURPOSE, _read, audience=audience, mac=mac)
    link_text.current(link.expires_at, now)
    return link


def _read(reader: Reader) -> PersonalLink:
    return PersonalLink(person=reader.string(), expires_at=reader.instant(), channel=reader.channel())
