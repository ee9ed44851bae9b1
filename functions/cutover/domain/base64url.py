"""base64url without padding (RFC 4648, section 5), in its one spelling."""

import base64
import binascii


def encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def decode(text: str, *, limit: int) -> bytes | None:
    """The bytes; None for more than ``limit`` characters, and for any spelling but the one that ``encode`` gives.

    The alphabet, the length and the unused bits of the last character are all checked by encoding again.
    """
    if not text.isascii() or len(text) > limit:
        return None
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return content if encode(content) == text else None
