"""What `cutover trust` says, as plain JSON and for people."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from cutover.contracts.base import format_instant
from cutover.contracts.policy import TrustedKey
from cutover.domain import trust_history
from cutover.domain.trust_history import Entry
from cutover_cli.output import oneline
from cutover_cli.trust_store import Change, TrustStore


def document_of(change: Change, store: TrustStore) -> dict[str, Any]:
    after = change.after
    return {
        "result": "changed" if change.changes else "unchanged",
        "audience": after.audience,
        "fingerprint": after.fingerprint,
        "file": str(store.file(after.audience)),
        "issued_at": format_instant(after.bundle.issued_at),
        "expires_at": format_instant(after.bundle.expires_at),
        "added": [key.model_dump(mode="json") for key in change.added],
        "altered": [new.model_dump(mode="json") for _, new in change.altered],
    }


def text_of(change: Change, *, dry: bool) -> str:
    after = change.after
    done = ("would be imported" if dry else "imported") if change.changes else "unchanged"
    return "\n".join(
        [
            f"{done}: {after.audience}",
            f"root        {after.fingerprint}",
            f"expires_at  {format_instant(after.bundle.expires_at)}",
            *(f"+ {oneline(trust_history.called(key))}" for key in change.added),
            *(f"~ {oneline(trust_history.called(new))}: {_altered(old, new)}" for old, new in change.altered),
        ]
    )


def _altered(old: TrustedKey, new: TrustedKey) -> str:
    was, now = (each.model_dump(mode="json") for each in (old, new))
    return oneline(", ".join(f"{name} {was[name]} is {now[name]}" for name in now if was[name] != now[name]))


def entry_of(entry: Entry) -> dict[str, Any]:
    return {
        "trusted": entry.trusted, "standing": entry.standing, "reason": entry.reason or None,
        "kind": "key" if isinstance(entry.signatory, TrustedKey) else "identity",
        **entry.signatory.model_dump(mode="json"),
    }  # fmt: skip


def table_of(entries: Iterable[Entry], instant: datetime, told_by: dict[str, Any]) -> str:
    said = ", ".join(f"{name} {value}" for name, value in told_by.items())
    rows = [f"on {format_instant(instant)}, as told by {oneline(said)}"]
    for entry in entries:
        one = entry.signatory
        name = f"{one.id} {one.holder}" if isinstance(one, TrustedKey) else f"{one.identity} of {one.issuer}"
        why = f"  ({entry.reason})" if entry.reason else ""
        rows.append(f"  {entry.standing:<8} {one.purpose:<12} {oneline(name)}{why}")
    return "\n".join(rows if len(rows) > 1 else [*rows, "  no key"])
