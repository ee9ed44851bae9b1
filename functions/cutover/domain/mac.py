"""What links and forms need of the links key. ``ports.Mac`` is one."""

from dataclasses import dataclass
from typing import Protocol


class Mac(Protocol):
    """HMAC-SHA-256 under one key, or under a key and those that it replaces."""

    @property
    def key_name(self) -> str:
        """A short public name of the key that makes new ones, carried in the link."""

    def generate(self, message: bytes) -> bytes: ...

    def verify(self, message: bytes, mac: bytes) -> bool: ...

    def named(self, key_name: str) -> "Mac | None":
        """The key of that name, if what it made is still accepted."""


@dataclass(frozen=True, slots=True)
class Overlapping:
    """Implements ``Mac`` while a key is replaced: ``current`` makes links, ``before`` only prove those already sent.

    Taking a key out of ``before`` revokes it: its links are unknown from then on.
    """

    current: Mac
    before: tuple[Mac, ...] = ()

    @property
    def key_name(self) -> str:
        return self.current.key_name

    def generate(self, message: bytes) -> bytes:
        return self.current.generate(message)

    def verify(self, message: bytes, mac: bytes) -> bool:
        return any(key.verify(message, mac) for key in (self.current, *self.before))

    def named(self, key_name: str) -> Mac | None:
        return next((key for key in (self.current, *self.before) if key.key_name == key_name), None)
