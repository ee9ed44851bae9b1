"""What links and forms need of the links key. ``ports.Mac`` is one."""

from typing import Protocol


class Mac(Protocol):
    """HMAC-SHA-256 under one key."""

    @property
    def key_name(self) -> str:
        """A short public name of the key, carried in the link."""

    def generate(self, message: bytes) -> bytes: ...

    def verify(self, message: bytes, mac: bytes) -> bool: ...
