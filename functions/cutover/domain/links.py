"""Approval links: short, bound to one question to one person, and worth nothing without the links key.

A link is base64url without padding over ``body || HMAC-SHA-256``. The body, in this order::

    version 1 | audience tag 8 | key name | cutover | revision 3 | manifest digest 32
    | person | role | expiry 5 (seconds since 1970)          strings: one byte of length, then ASCII

It holds no task token and no secret, and proves possession of a mailbox, no more. What is
authenticated is ``domain || audience || NUL || body``: the whole audience, so that a tag of eight
bytes only has to tell an honest mistake from an attack. The form's nonce has a domain of its own,
so neither can pass for the other. Checks run in the order of their codes in :func:`open_link`.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError

from cutover.contracts.base import CutoverId, Digest, Instant, Model, Name, Revision
from cutover.domain import base64url, canonical
from cutover.domain.mac import Mac
from cutover.errors import ConfigurationError, Refused

MAX_LINK_CHARACTERS = 430
MAX_URL_CHARACTERS = 500
"""Mail programs break longer links; every name may have its full length and the link still fits."""
MAX_KEY_NAME = 16

_DOMAIN = b"cutover/approval-link/v1\0"
_VERSION = 1
_TAG, _DIGEST, _MAC, _EXPIRY, _REVISION = 8, 32, 32, 5, 3
_NEW_LINK = "open the newest message that you were sent, or ask for a new one"


class Link(Model):
    """What one link asks: may ``manifest`` go, says ``person`` in ``role``?"""

    cutover: CutoverId
    revision: Revision
    manifest: Digest
    person: Name
    role: Name
    expires_at: Instant


def make_link(link: Link, *, audience: str, mac: Mac) -> str:
    """The link's text: at most ``MAX_LINK_CHARACTERS`` of ``A-Z a-z 0-9 - _``."""
    body = b"".join(
        (
            bytes([_VERSION]),
            _tag(audience),
            _string(_key_name(mac)),
            _string(link.cutover),
            link.revision.to_bytes(_REVISION, "big"),
            bytes.fromhex(link.manifest.removeprefix("sha256:")),
            _string(link.person),
            _string(link.role),
            int(link.expires_at.timestamp()).to_bytes(_EXPIRY, "big"),
        )
    )
    return base64url.encode(body + mac.generate(_message(audience, body)))


def url(page_url: str, text: str) -> str:
    """Where the link leads; ``ConfigurationError`` when the page's own address is too long for a mail."""
    whole = f"{page_url.rstrip('/')}/approvals/{text}"
    if len(whole) >= MAX_URL_CHARACTERS:
        raise ConfigurationError(f"a link of {len(whole)} characters: the page's address is too long")
    return whole


def open_link(text: str, *, audience: str, mac: Mac, now: datetime) -> Link:
    """The question that an authentic, current link asks.

    Raises ``Refused``: ``LINK_MALFORMED``, ``LINK_VERSION_UNKNOWN``, ``LINK_WRONG_AUDIENCE``,
    ``LINK_KEY_UNKNOWN``, ``LINK_NOT_OURS`` (the HMAC differs), ``LINK_EXPIRED``; in this order.
    """
    content = base64url.decode(text, limit=MAX_LINK_CHARACTERS)
    if content is None or len(content) <= _MAC:
        raise _malformed()
    # A reader that accepts what it does not know can be talked down to a weaker format. A later version
    # adds its own branch here, and this one ends with the last link of its kind.
    if content[0] != _VERSION:
        raise Refused("LINK_VERSION_UNKNOWN", f"links of version {content[0]} are not accepted", _NEW_LINK)
    body, code = content[:-_MAC], content[-_MAC:]
    tag, key_name, link = _parse(body)
    if not canonical.same(tag, _tag(audience)):
        raise Refused("LINK_WRONG_AUDIENCE", "the link was made by another Cutover", "open it where it was made")
    if key_name != _key_name(mac):
        raise Refused("LINK_KEY_UNKNOWN", "the key that made the link is not in use", _NEW_LINK)
    if not mac.verify(_message(audience, body), code):
        raise Refused("LINK_NOT_OURS", "the link was changed, or Cutover did not make it", _NEW_LINK)
    if now >= link.expires_at:
        raise Refused("LINK_EXPIRED", "the link has expired", _NEW_LINK)
    return link


@dataclass(slots=True)
class _Reader:
    """Takes a body apart; a length that does not fit is ``LINK_MALFORMED``."""

    rest: bytes

    def take(self, size: int) -> bytes:
        taken, self.rest = self.rest[:size], self.rest[size:]
        if len(taken) != size:
            raise _malformed()
        return taken

    def string(self) -> str:
        try:
            return self.take(self.take(1)[0]).decode("ascii")
        except UnicodeDecodeError as error:
            raise _malformed() from error


def _parse(body: bytes) -> tuple[bytes, str, Link]:
    reader = _Reader(body[1:])
    tag, key_name = reader.take(_TAG), reader.string()
    try:
        link = Link(
            cutover=reader.string(),
            revision=int.from_bytes(reader.take(_REVISION), "big"),
            manifest="sha256:" + reader.take(_DIGEST).hex(),
            person=reader.string(),
            role=reader.string(),
            expires_at=_instant(reader.take(_EXPIRY)),
        )
    except ValidationError as error:
        raise _malformed() from error
    if reader.rest:
        raise _malformed()
    return tag, key_name, link


def _malformed() -> Refused:
    return Refused("LINK_MALFORMED", "the link is incomplete or was changed", "copy the whole link, or " + _NEW_LINK)


def _instant(seconds: bytes) -> datetime:
    try:
        return datetime.fromtimestamp(int.from_bytes(seconds, "big"), UTC)
    except (ValueError, OverflowError) as error:
        raise _malformed() from error


def _tag(audience: str) -> bytes:
    return hashlib.sha256(audience.encode("ascii")).digest()[:_TAG]


def _string(text: str) -> bytes:
    encoded = text.encode("ascii")
    return bytes([len(encoded)]) + encoded


def _key_name(mac: Mac) -> str:
    name = mac.key_name
    if not (name.isascii() and name.isprintable() and 0 < len(name) <= MAX_KEY_NAME):
        raise ConfigurationError(f"the links key needs a name of 1 to {MAX_KEY_NAME} ASCII characters")
    return name


def _message(audience: str, body: bytes) -> bytes:
    return _DOMAIN + audience.encode("ascii") + b"\0" + body
