"""The sealed text of a link: short, made for one purpose, and worth nothing without the links key.

base64url without padding over ``body || HMAC-SHA-256``. The body, in this order::

    version 1 | audience tag 8 | key name | what the link says     strings: one byte of length, then ASCII

What is authenticated is ``domain || audience || NUL || body``. Each purpose has a domain of its own, so that no
link can pass for another's; and the whole audience stands in it, so that a tag of eight bytes only has to tell
an honest mistake from an attack. Checks run in the order of their codes in :func:`unseal`.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import ValidationError

from cutover.contracts.approval import Channel
from cutover.contracts.base import Digest
from cutover.domain import base64url, canonical
from cutover.domain.mac import Mac
from cutover.errors import ConfigurationError, Refused

T = TypeVar("T")
MAX_LINK_CHARACTERS = 430
MAX_URL_CHARACTERS = 500
"""Mail programs break longer links; every name may have its full length and the link still fits."""
MAX_KEY_NAME = 16
NEW_LINK = "open the newest message that you were sent, or ask for a new one"

_CHANNELS: dict[Channel, bytes] = {"email": b"", "slack": b"\x01"}
_TAG, _DIGEST, _MAC, _EXPIRY = 8, 32, 32, 5


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a link is for: the domain of its MAC, and the version of what it says."""

    domain: bytes
    version: int


def string(text: str) -> bytes:
    encoded = text.encode("ascii")
    return bytes([len(encoded)]) + encoded


def digest(value: Digest) -> bytes:
    return bytes.fromhex(value.removeprefix("sha256:"))


def instant(moment: datetime) -> bytes:
    """Whole seconds since 1970, in five bytes."""
    return int(moment.timestamp()).to_bytes(_EXPIRY, "big")


def channel(value: Channel) -> bytes:
    """Nothing for mail, as links were before they came in any other way."""
    return _CHANNELS[value]


@dataclass(slots=True)
class Reader:
    """Takes a body apart; a length that does not fit is ``LINK_MALFORMED``."""

    rest: bytes

    def take(self, size: int) -> bytes:
        taken, self.rest = self.rest[:size], self.rest[size:]
        if len(taken) != size:
            raise malformed()
        return taken

    def string(self) -> str:
        try:
            return self.take(self.take(1)[0]).decode("ascii")
        except UnicodeDecodeError as error:
            raise malformed() from error

    def digest(self) -> Digest:
        return "sha256:" + self.take(_DIGEST).hex()

    def channel(self) -> Channel:
        """The last thing that a link says."""
        found = next((name for name, mark in _CHANNELS.items() if mark == self.rest), None)
        if found is None:
            raise malformed()
        self.rest = b""
        return found

    def instant(self) -> datetime:
        try:
            return datetime.fromtimestamp(int.from_bytes(self.take(_EXPIRY), "big"), UTC)
        except (ValueError, OverflowError) as error:
            raise malformed() from error


def seal(purpose: Purpose, says: Iterable[bytes], *, audience: str, mac: Mac) -> str:
    """The link's text: ``A-Z a-z 0-9 - _``, at most ``MAX_LINK_CHARACTERS`` of them for whatever Cutover puts in it."""
    body = b"".join((bytes([purpose.version]), _tag(audience), string(_key_name(mac)), *says))
    return base64url.encode(body + mac.generate(_message(purpose, audience, body)))


def unseal(text: str, purpose: Purpose, read: Callable[[Reader], T], *, audience: str, mac: Mac) -> T:
    """What an authentic link says, as ``read`` takes it from the body. Whether its time is over is the caller's to ask.

    Raises ``Refused``: ``LINK_MALFORMED``, ``LINK_VERSION_UNKNOWN``, ``LINK_WRONG_AUDIENCE``, ``LINK_KEY_UNKNOWN``,
    ``LINK_NOT_OURS`` (the HMAC differs); in this order.
    """
    content = base64url.decode(text, limit=MAX_LINK_CHARACTERS)
    if content is None or len(content) <= _MAC:
        raise malformed()
    # A reader that accepts what it does not know can be talked down to a weaker format. A later version
    # adds its own branch here, and this one ends with the last link of its kind.
    if content[0] != purpose.version:
        raise Refused("LINK_VERSION_UNKNOWN", f"links of version {content[0]} are not accepted", NEW_LINK)
    body, code = content[:-_MAC], content[-_MAC:]
    tag, key_name, said = _parse(body, read)
    if not canonical.same(tag, _tag(audience)):
        raise Refused("LINK_WRONG_AUDIENCE", "the link was made by another Cutover", "open it where it was made")
    key = mac.named(key_name)
    if key is None:
        raise Refused("LINK_KEY_UNKNOWN", "the key that made the link is not in use", NEW_LINK)
    if not key.verify(_message(purpose, audience, body), code):
        raise Refused("LINK_NOT_OURS", "the link was changed, or Cutover did not make it", NEW_LINK)
    return said


def current(expires_at: datetime, now: datetime) -> None:
    """Raises ``Refused`` (``LINK_EXPIRED``) when a link's time is over."""
    if now >= expires_at:
        raise Refused("LINK_EXPIRED", "the link has expired", NEW_LINK)


def url(page_url: str, path: str, text: str) -> str:
    """Where a link leads; ``ConfigurationError`` when the page's own address is too long for a mail."""
    whole = f"{page_url.rstrip('/')}/{path}/{text}"
    if len(whole) >= MAX_URL_CHARACTERS:
        raise ConfigurationError(f"a link of {len(whole)} characters: the page's address is too long")
    return whole


def malformed() -> Refused:
    return Refused("LINK_MALFORMED", "the link is incomplete or was changed", "copy the whole link, or " + NEW_LINK)


def _parse(body: bytes, read: Callable[[Reader], T]) -> tuple[bytes, str, T]:
    reader = Reader(body[1:])
    tag, key_name = reader.take(_TAG), reader.string()
    try:
        said = read(reader)
    except ValidationError as error:
        raise malformed() from error
    if reader.rest:
        raise malformed()
    return tag, key_name, said


def _tag(audience: str) -> bytes:
    return hashlib.sha256(audience.encode("ascii")).digest()[:_TAG]


def _key_name(mac: Mac) -> str:
    name = mac.key_name
    if not (name.isascii() and name.isprintable() and 0 < len(name) <= MAX_KEY_NAME):
        raise ConfigurationError(f"the links key needs a name of 1 to {MAX_KEY_NAME} ASCII characters")
    return name


def _message(purpose: Purpose, audience: str, body: bytes) -> bytes:
    return purpose.domain + audience.encode("ascii") + b"\0" + body
