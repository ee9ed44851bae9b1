"""Canonical bytes: RFC 8785 within a profile, and the digests made from them.

Profile: no floats; integers below 2^53 in magnitude; no duplicate keys; no lone surrogates;
strings never Unicode-normalised. Within it, and with every character at most U+D7FF, sorted
``orjson`` output equals RFC 8785; beyond that character the keys' UTF-16 order differs, so
``rfc8785`` writes those documents.
"""

import hashlib
import hmac
import re
from typing import Any

import orjson
import rfc8785
from pydantic import BaseModel

from cutover.contracts.base import Digest
from cutover.errors import Refused

INTEGER_LIMIT = 2**53
MAX_DEPTH = 64
_ABOVE_SURROGATES = re.compile(rb"[\xee-\xff]")
"""The first byte of U+E000 and more in UTF-8: from here on, code point order and UTF-16 order differ."""


def digest(content: bytes) -> Digest:
    """``sha256:`` and the lower-case hexadecimal SHA-256 of ``content``."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def same(left: str | bytes, right: str | bytes) -> bool:
    """Whether two digests or codes are equal, in time that does not tell where they differ.

    JSON of others can have half a surrogate pair in a text: it is another text, and no failure.
    """
    as_bytes = (text.encode(errors="surrogatepass") if isinstance(text, str) else text for text in (left, right))
    return hmac.compare_digest(*as_bytes)


def encode(value: Any) -> bytes:
    """The canonical bytes of a JSON value; ``Refused`` (``NOT_CANONICAL``) outside the profile."""
    try:
        _check(value, MAX_DEPTH)
        encoded = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        if not encoded.isascii() and _ABOVE_SURROGATES.search(encoded):
            return rfc8785.dumps(value)
    except (TypeError, UnicodeEncodeError, rfc8785.CanonicalizationError) as error:
        raise Refused("NOT_CANONICAL", f"the document is outside the profile: {error}") from error
    return encoded


def encode_model(model: BaseModel) -> bytes:
    """The canonical bytes of a contract model."""
    return encode(model.model_dump(mode="json", by_alias=True))


def digest_model(model: BaseModel) -> Digest:
    return digest(encode_model(model))


def decode(content: bytes) -> Any:
    """The JSON value, only if ``content`` is exactly its canonical bytes.

    Encoding again and comparing refuses duplicate keys, white space, another order, other
    escapes, a byte order mark and floats. Raises ``Refused`` (``NOT_CANONICAL``).
    """
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise Refused("NOT_CANONICAL", f"not JSON: {error}", "send canonical JSON (RFC 8785)") from error
    if encode(value) != content:
        raise Refused(
            "NOT_CANONICAL",
            "the bytes are not the canonical form of what they say",
            "write the document with RFC 8785: sorted keys, no white space, no duplicate keys, no floats",
        )
    return value


def _check(value: Any, depth: int) -> None:
    if depth == 0:
        raise Refused("NOT_CANONICAL", f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, str):  # most of them: asked first
        return
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise Refused("NOT_CANONICAL", "an object key is not a string")
            _check(item, depth - 1)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _check(item, depth - 1)
    elif isinstance(value, float):
        raise Refused("NOT_CANONICAL", "floats are outside the profile", "use integers or strings")
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) >= INTEGER_LIMIT:
        raise Refused("NOT_CANONICAL", "an integer is 2^53 or more in magnitude", "use a string")
