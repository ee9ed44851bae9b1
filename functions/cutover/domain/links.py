"""Approval links and form nonces: short, bound to one question, and worth nothing without the links key.

A link is base64url without padding over ``body || HMAC-SHA-256``. The body, in this order::

    version 1 | audience tag 8 | key name | cutover | revision 3 | manifest digest 32
    | person | role | expiry 5 (seconds since 1970)          strings: one byte of length, then ASCII

It holds no task token and no secret, and proves possession of a mailbox, no more. What is
authenticated is ``domain || audience || NUL || body``: the whole audience, so that a tag of eight
bytes only has to tell an honest mistake from an attack. The form's nonce has a domain of its own,
so neither can pass for the other. Checks run in the order of their codes in :func:`open_link`.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from cutover.contracts.base import CutoverId, Digest, Instant, Model, Name, Revision
from cutover.domain import canonical
from cutover.errors import ConfigurationError, Refused
from cutover.ports import Mac

MAX_LINK_CHARACTERS = 430
MAX_URL_CHARACTERS = 500
"""Mail programs break longer links; every name may have its full length and the link still fits."""
MAX_KEY_NAME = 16
FORM_VALID_FOR = timedelta(hours=1)

_LINK_DOMAIN = b"cutover/approval-link/v1\0"
_FORM_DOMAIN = b"cutover/approval-form/v1\0"
_VERSION = 1
_TAG, _DIGEST, _RANDOM, _MAC, _EXPIRY, _REVISION = 8, 32, 16, 32, 5, 3
_AGAIN = "open the page again and decide there"
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
    return _to_text(body + mac.generate(_message(_LINK_DOMAIN, audience, body)))


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
    content = _from_text(text, limit=MAX_LINK_CHARACTERS, code="LINK_MALFORMED")
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
    if not mac.verify(_message(_LINK_DOMAIN, audience, body), code):
        raise Refused("LINK_NOT_OURS", "the link was changed, or Cutover did not make it", _NEW_LINK)
    if now >= link.expires_at:
        raise Refused("LINK_EXPIRED", "the link has expired", _NEW_LINK)
    return link


def make_nonce(link_text: str, *, audience: str, mac: Mac, now: datetime, random: bytes) -> str:
    """A nonce for one form of one link, good for ``FORM_VALID_FOR``. ``random``: 16 bytes, never used twice.

    Nothing is stored: a page that is only looked at leaves no trace. Spending it is the recorder's.
    """
    expires = int((now + FORM_VALID_FOR).timestamp())
    body = bytes([_VERSION]) + expires.to_bytes(_EXPIRY, "big") + random
    if len(random) != _RANDOM:
        raise ValueError(f"a nonce needs {_RANDOM} random bytes")
    return _to_text(body + mac.generate(_form_message(link_text, audience, body)))


def open_nonce(text: str, link_text: str, *, audience: str, mac: Mac, now: datetime) -> Digest:
    """The digest under which this nonce is spent. Raises ``Refused``: ``FORM_NOT_OURS``, ``FORM_EXPIRED``."""
    content = _from_text(text, limit=128, code="FORM_NOT_OURS")
    body, code = content[:-_MAC], content[-_MAC:]
    if len(body) != 1 + _EXPIRY + _RANDOM or body[0] != _VERSION:
        raise Refused("FORM_NOT_OURS", "the form was not made by this page", _AGAIN)
    if not mac.verify(_form_message(link_text, audience, body), code):
        raise Refused("FORM_NOT_OURS", "the form was not made by this page", _AGAIN)
    if now >= _instant(body[1 : 1 + _EXPIRY]):
        raise Refused("FORM_EXPIRED", "the page was open for more than an hour", _AGAIN)
    return canonical.digest(content)


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


def _message(domain: bytes, audience: str, body: bytes) -> bytes:
    return domain + audience.encode("ascii") + b"\0" + body


def _form_message(link_text: str, audience: str, body: bytes) -> bytes:
    return _message(_FORM_DOMAIN, audience, hashlib.sha256(link_text.encode()).digest() + body)


def _to_text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _from_text(text: str, *, limit: int, code: str) -> bytes:
    """Bytes from their one spelling in base64url: no padding, no zero bits to play with."""
    refused = _malformed() if code == "LINK_MALFORMED" else Refused(code, "the form is not this page's", _AGAIN)
    if not text.isascii() or len(text) > limit:
        raise refused
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise refused from error
    if _to_text(content) != text or len(content) <= _MAC:
        raise refused
    return content
