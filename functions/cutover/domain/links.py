"""Approval links: each bound to one question to one person (``domain.link_text`` has the format).

What a link says, in this order::

    cutover | revision 3 | manifest digest 32 | person | role | expiry 5 (seconds since 1970) | channel 0 or 1

It holds no task token and no secret, and proves possession of a mailbox, no more.
"""

from datetime import datetime

from cutover.contracts.approval import Channel
from cutover.contracts.base import CutoverId, Digest, Instant, Model, Name, Revision
from cutover.domain import link_text
from cutover.domain.link_text import Purpose, Reader
from cutover.domain.mac import Mac

_PURPOSE = Purpose(b"cutover/approval-link/v1\0", version=1)
_REVISION = 3


class Link(Model):
    """What one link asks: may ``manifest`` go, says ``person`` in ``role``?"""

    cutover: CutoverId
    revision: Revision
    manifest: Digest
    person: Name
    role: Name
    expires_at: Instant
    channel: Channel = "email"
    """By which way it was sent."""


def make_link(link: Link, *, audience: str, mac: Mac) -> str:
    """The link's text."""
    says = (
        link_text.string(link.cutover),
        link.revision.to_bytes(_REVISION, "big"),
        link_text.digest(link.manifest),
        link_text.string(link.person),
        link_text.string(link.role),
        link_text.instant(link.expires_at),
        link_text.channel(link.channel),
    )
    return link_text.seal(_PURPOSE, says, audience=audience, mac=mac)


def url(page_url: str, text: str) -> str:
    """Where the link leads; ``ConfigurationError`` when the page's own address is too long for a mail."""
    return link_text.url(page_url, "approvals", text)


def open_link(text: str, *, audience: str, mac: Mac, now: datetime) -> Link:
    """The question that an authentic, current link asks.

    Raises ``Refused`` with the codes of ``link_text.unseal``, or ``LINK_EXPIRED``.
    """
    link = link_text.unseal(text, _PURPOSE, _read, audience=audience, mac=mac)
    link_text.current(link.expires_at, now)
    return link


def _read(reader: Reader) -> Link:
    return Link(
        cutover=reader.string(),
        revision=int.from_bytes(reader.take(_REVISION), "big"),
        manifest=reader.digest(),
        person=reader.string(),
        role=reader.string(),
        expires_at=reader.instant(),
        channel=reader.channel(),
    )
