"""Whose certificates count: what a proved certificate says, against the identities that the policy trusts. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cutover.contracts.base import Digest
from cutover.contracts.policy import KeylessIdentity, Purpose
from cutover.domain import canonical
from cutover.domain.patterns import admits
from cutover.errors import Refused


@dataclass(frozen=True, slots=True)
class Claims:
    """Whom the certificate authority knew: each part as the certificate spells it, None where it says nothing."""

    issuer: str
    identity: str
    repository: str | None = None
    ref: str | None = None
    workflow: str | None = None
    commit: str | None = None
    event: str | None = None


class Named(Protocol):
    """Who is wanted: ``contracts.policy.KeylessIdentity`` is one."""

    @property
    def issuer(self) -> str: ...
    @property
    def identity(self) -> str: ...
    @property
    def repository(self) -> str | None: ...
    @property
    def ref(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Somebody named on the command line; like ``KeylessIdentity``, without purpose, time and products."""

    issuer: str
    identity: str
    repository: str | None = None
    ref: str | None = None


def demand_named(wanted: Iterable[Named], claims: Claims) -> None:
    """Raises ``Refused`` unless the certificate is of one of ``wanted``.

    ``IDENTITY_NOT_TRUSTED``: no such issuer with such an identity. ``SOURCE_NOT_TRUSTED``: it was for another
    repository or ref than that identity counts for, or does not say for which.
    """
    _named(wanted, claims)


def demand_counted(
    known: Iterable[KeylessIdentity],
    claims: Claims,
    *,
    purpose: Purpose,
    product: str,
    times: Iterable[datetime],
    at: datetime,
) -> None:
    """Raises ``Refused`` unless the certificate counts for this purpose and product.

    Its identity must have been valid at each of ``times``, when it signed, and must not be revoked at ``at``, when it
    is asked: what is pending is blocked by a revocation, whenever it was signed.
    Codes: those of ``demand_named``, ``WRONG_IDENTITY_PURPOSE``, ``IDENTITY_NOT_VALID``, ``IDENTITY_REVOKED``,
    ``OUT_OF_SCOPE``.
    """
    named = [each for each in _named(known, claims) if isinstance(each, KeylessIdentity)]
    meant = _some(named, [each for each in named if each.purpose == purpose], "WRONG_IDENTITY_PURPOSE", purpose)
    signed = tuple(times)
    valid = [each for each in meant if all(each.not_before <= time < each.not_after for time in signed)]
    standing = [
        each for each in _some(meant, valid, "IDENTITY_NOT_VALID", "that time") if not _revoked(each, signed, at)
    ]
    _some(valid, standing, "IDENTITY_REVOKED", "anything any more: it is revoked")
    _some(
        standing, [each for each in standing if not each.products or product in each.products], "OUT_OF_SCOPE", product
    )


def identity_id(identity: KeylessIdentity) -> Digest:
    """What a revision relies on that rests on this identity: whom it names, what for and since when, not how long.

    So one that is listed again after it was revoked is another: what rested on the first stays ended.
    """
    said = identity.model_dump(
        mode="json", include={"purpose", "issuer", "identity", "repository", "ref", "not_before"}
    )
    return canonical.digest(canonical.encode(said))


def relied(known: Iterable[KeylessIdentity], claims: Claims, *, begins: datetime, ends: datetime) -> list[Digest]:
    """The ids of those identities that the certificate is of; none of a certificate of nobody.

    ``begins`` and ``ends`` are the certificate's: when in between it signed is not asked. So every identity is named
    that can have counted then, which one that was revoked before cannot; all of them, where none can.
    """
    known = [each for each in known if each.issuer == claims.issuer and admits(each.identity, claims.identity)]
    fitting = [each for each in known if _of_source(each, claims)]
    counted = [
        each
        for each in fitting
        if each.not_before <= ends and begins < each.not_after and not _revoked(each, (), begins)
    ]
    return [identity_id(each) for each in counted or fitting]


def _named(wanted: Iterable[Named], claims: Claims) -> list[Named]:
    found = [each for each in wanted if each.issuer == claims.issuer and admits(each.identity, claims.identity)]
    if not found:
        raise Refused("IDENTITY_NOT_TRUSTED", f"signed by {claims.identity}, whom {claims.issuer} knows")
    fitting = [each for each in found if _of_source(each, claims)]
    if not fitting:
        raise Refused(
            "SOURCE_NOT_TRUSTED", f"signed for {claims.repository or 'no repository'} at {claims.ref or 'no ref'}"
        )
    return fitting


def _of_source(wanted: Named, claims: Claims) -> bool:
    repository = wanted.repository is None or wanted.repository == claims.repository
    return repository and (wanted.ref is None or (claims.ref is not None and admits(wanted.ref, claims.ref)))


def _revoked(identity: KeylessIdentity, signed: tuple[datetime, ...], at: datetime) -> bool:
    return identity.revoked_at is not None and max((at, *signed)) >= identity.revoked_at


def _some(before: list[KeylessIdentity], found: list[KeylessIdentity], code: str, why: str) -> list[KeylessIdentity]:
    if not found:
        raise Refused(code, f"{before[0].identity} does not count for {why}")
    return found
