"""Which keys and keyless identities were trusted at a given instant, and why the others were not: pure (row 32).

A key counts for its purpose from ``not_before`` until just before ``not_after``, and not from ``revoked_at`` on: the
very times that ``domain.envelope`` goes by. What is told here is told by today's facts or trust bundle. They keep ended
and revoked keys, because a signature is judged by the time at which it was recorded.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cutover.contracts.base import format_instant
from cutover.contracts.policy import KeylessIdentity, TrustedKey
from cutover.domain.record import Fault

Standing = Literal["trusted", "not yet", "ended", "revoked"]
Signatory = TrustedKey | KeylessIdentity


@dataclass(frozen=True, slots=True)
class Entry:
    """One key or identity at one instant. ``reason`` is for people, and empty where it was trusted."""

    signatory: Signatory
    standing: Standing
    reason: str

    @property
    def trusted(self) -> bool:
        return self.standing == "trusted"


def at(signatories: Iterable[Signatory], instant: datetime, *, purpose: str | None = None) -> tuple[Entry, ...]:
    """Each of them (for ``purpose``, if one is given) as it stood at ``instant``, in an order of its own."""
    chosen = (each for each in signatories if purpose in (None, each.purpose))
    return tuple(Entry(each, *_standing(each, instant)) for each in sorted(chosen, key=_order))


def _standing(one: Signatory, instant: datetime) -> tuple[Standing, str]:
    """Revocation is told first: it stays true, whatever else is true of the key."""
    if one.revoked_at is not None and instant >= one.revoked_at:
        return "revoked", f"revoked at {format_instant(one.revoked_at)}"
    if instant < one.not_before:
        return "not yet", f"valid from {format_instant(one.not_before)}"
    if instant >= one.not_after:
        return "ended", f"ended at {format_instant(one.not_after)}"
    return "trusted", ""


def name_of(one: Signatory) -> tuple[str, ...]:
    """What makes it this one, and no other: of a key its id, and of both the purpose."""
    if isinstance(one, TrustedKey):
        return ("key", one.purpose, one.id)
    return ("identity", one.purpose, one.issuer, one.identity, one.repository or "", one.ref or "")


def _order(one: Signatory) -> tuple[str, datetime, tuple[str, ...]]:
    return one.purpose, one.not_before, name_of(one)


def lost(before: Iterable[Signatory], after: Iterable[Signatory], *, issued_at: datetime) -> Iterator[Fault]:
    """What history a newer list would change: a fault for each (``KEY_HISTORY_LOST``, ``REVOCATION_TAKEN_BACK``).

    A key that disappears, or whose time is cut short before ``issued_at`` of the older list, would make what it signed
    in its time unverifiable: to take that back is what a revocation is for. A revocation may be said to have been
    earlier, never later: what it has ended stays ended. Pointers lead into the older list.
    """
    newer: dict[tuple[str, ...], list[Signatory]] = {}
    for each in after:
        newer.setdefault(name_of(each), []).append(each)
    for number, one in enumerate(before):
        where = f"/keys/{number}" if isinstance(one, TrustedKey) else f"/identities/{number}"
        there = newer.get(name_of(one), [])
        same = [each for each in there if _as_far(one, each, issued_at)]
        if not same:
            yield Fault(pointer=where, code="KEY_HISTORY_LOST", message=_lost(one, there))
        elif one.revoked_at is not None and not all(_revoked_by(each, one.revoked_at) for each in there):
            message = f"{called(one)} was revoked at {format_instant(one.revoked_at)}: that cannot be taken back"
            yield Fault(pointer=where, code="REVOCATION_TAKEN_BACK", message=message)


def _as_far(one: Signatory, other: Signatory, issued_at: datetime) -> bool:
    """Whether the other list knows it with the time that is over, and for what it counted then."""
    if isinstance(one, TrustedKey) and isinstance(other, TrustedKey) and one.public_key != other.public_key:
        return False
    products = not other.products or (bool(one.products) and set(one.products) <= set(other.products))
    return products and other.not_before <= one.not_before and other.not_after >= min(one.not_after, issued_at)


def _revoked_by(one: Signatory, instant: datetime) -> bool:
    return one.revoked_at is not None and one.revoked_at <= instant


def _lost(one: Signatory, there: list[Signatory]) -> str:
    if not there:
        return f"{called(one)} is not there any more: end or revoke it, and keep it"
    return f"{called(one)} would not count for what it signed: its beginning, end or products differ"


def called(one: Signatory) -> str:
    """A key or identity in words."""
    if isinstance(one, TrustedKey):
        return f"the {one.purpose} key {one.id[:19]}… of {one.holder}"
    return f"the {one.purpose} identity {one.identity} of {one.issuer}"
