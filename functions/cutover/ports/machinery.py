"""Time, executions and keys."""

from datetime import datetime
from typing import Protocol

from cutover.contracts.base import Digest
from cutover.domain.mac import Mac as Mac  # noqa: PLC0414 - a port like the others, said to be one
from cutover.domain.record import Token


class Clock(Protocol):
    def now(self) -> datetime:
        """The present, aware, in UTC."""


class Workflow(Protocol):
    """Step Functions, as the relay sees it."""

    def start(self, name: str, document: dict[str, object]) -> None:
        """Start an execution. One of that name that exists already counts as started."""

    def succeed(self, token: Token) -> bool:
        """Wake a waiting execution. False when nobody waits on that token any more."""


class Signer(Protocol):
    """A key of one purpose (ECDSA P-256, SHA-256)."""

    @property
    def key_id(self) -> Digest:
        """SHA-256 of the public key's SubjectPublicKeyInfo in DER."""

    def sign(self, message: bytes) -> bytes:
        """An ASN.1 DER signature over SHA-256 of ``message``."""
