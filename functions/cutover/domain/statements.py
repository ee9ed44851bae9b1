"""A statement whose signature was proved, whatever it was signed with."""

from dataclasses import dataclass

from cutover.contracts.base import Digest


@dataclass(frozen=True, slots=True)
class Signed:
    """An in-toto statement's bytes, and who signed it.

    ``keys`` are the ids of trusted keys. Under a certificate there are none, and what it says of itself counts:
    ``issuer`` and ``identity`` always, ``repository``, ``ref``, ``workflow`` and ``commit`` where it has them.
    """

    payload: bytes
    keys: tuple[Digest, ...] = ()
    issuer: str | None = None
    identity: str | None = None
    repository: str | None = None
    ref: str | None = None
    workflow: str | None = None
    commit: str | None = None
