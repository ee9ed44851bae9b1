"""One-time nonces for the page's form: stateless until they are spent.

base64url without padding over ``body || HMAC-SHA-256``; the body is version 1 | expiry 5 (seconds
since 1970) | random 16. What is authenticated is ``domain || audience || NUL || SHA-256(link) || body``:
a nonce serves the form of one link, and its domain keeps it apart from links under the same key.
A page that is only looked at leaves no trace; the recorder spends the nonce with the decision.
"""

import hashlib
from datetime import UTC, datetime, timedelta

from cutover.contracts.base import Digest
from cutover.domain import base64url, canonical
from cutover.domain.mac import Mac
from cutover.errors import Refused

FORM_VALID_FOR = timedelta(hours=1)
MAX_NONCE_CHARACTERS = 128

_DOMAIN = b"cutover/approval-form/v1\0"
_VERSION = 1
_RANDOM, _MAC, _EXPIRY = 16, 32, 5
_BODY = 1 + _EXPIRY + _RANDOM


def make_nonce(link_text: str, *, audience: str, mac: Mac, now: datetime, random: bytes) -> str:
    """A nonce for one form of one link, good for ``FORM_VALID_FOR``. ``random``: 16 bytes, never used twice."""
    if len(random) != _RANDOM:
        raise ValueError(f"a nonce needs {_RANDOM} random bytes")
    expires = int((now + FORM_VALID_FOR).timestamp())
    body = bytes([_VERSION]) + expires.to_bytes(_EXPIRY, "big") + random
    return base64url.encode(body + mac.generate(_message(link_text, audience, body)))


def open_nonce(text: str, link_text: str, *, audience: str, mac: Mac, now: datetime) -> Digest:
    """The digest under which this nonce is spent. Raises ``Refused``: ``FORM_NOT_OURS``, ``FORM_EXPIRED``."""
    again = "open the page again and decide there"
    not_ours = Refused("FORM_NOT_OURS", "the form was not made by this page", again)
    content = base64url.decode(text, limit=MAX_NONCE_CHARACTERS)
    if content is None or len(content) != _BODY + _MAC or content[0] != _VERSION:
        raise not_ours
    body, code = content[:_BODY], content[_BODY:]
    if not mac.verify(_message(link_text, audience, body), code):
        raise not_ours
    if now >= datetime.fromtimestamp(int.from_bytes(body[1 : 1 + _EXPIRY], "big"), UTC):
        raise Refused("FORM_EXPIRED", "the page was open for more than an hour", again)
    return canonical.digest(content)


def _message(link_text: str, audience: str, body: bytes) -> bytes:
    return _DOMAIN + audience.encode("ascii") + b"\0" + hashlib.sha256(link_text.encode()).digest() + body
