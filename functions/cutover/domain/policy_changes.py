"""What one policy says otherwise than another, for the people who are to sign it: pure.

Lists whose items have names are compared by these, so that a key or a window that is put in between changes nothing
else. Each difference belongs to one of three questions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from cutover.contracts.policy import Facts, Rules, TrustBundle
from cutover.domain import canonical
from cutover.domain.differences import leaves

Question = Literal["who", "what", "where"]
QUESTIONS: Mapping[Question, str] = {
    "who": "who approves, waives and signs",
    "what": "what is checked",
    "where": "where from, where to, and when",
}
_WHO = frozenset({"signers", "waivable", "people", "teams", "keys", "identities", "trusted_root"})
_WHERE = frozenset(
    {
        "audience", "version", "issued_at", "expires_at", "calendars", "sources", "open_margin", "close_margin",
        "lease", "held_for", "link_valid_for", "probe_every", "probe_before",
    }
)  # fmt: skip
_NAMES: dict[str, Callable[[Any], str]] = {
    "keys": lambda each: f"{each['purpose']} {each['id']}",
    "identities": lambda each: " ".join(
        str(each[name]) for name in ("purpose", "issuer", "identity", "repository", "ref") if each[name] is not None
    ),
    "windows": lambda each: str(each["id"]),
    "freezes": lambda each: str(each["id"]),
    "signers": lambda each: str(each["role"]),
}
"""Of these lists, what names an item."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field; ``before`` or ``after`` is None where it was not, or is not any more, there."""

    question: Question
    pointer: str
    before: str | None
    after: str | None


def changes(old: Rules | Facts | TrustBundle | None, new: Rules | Facts | TrustBundle) -> tuple[Change, ...]:
    """Every field in which two policies of one kind differ, by question and pointer; all of the new without an old."""
    before, after = (_leaves(each) if each else {} for each in (old, new))
    found = (
        Change(_question(where), where, before.get(where), after.get(where))
        for where in before.keys() | after.keys()
        if before.get(where) != after.get(where) and not _filled(where, before, after)
    )
    order = list(QUESTIONS)
    return tuple(sorted(found, key=lambda change: (order.index(change.question), change.pointer)))


def _leaves(policy: Rules | Facts | TrustBundle) -> dict[str, str]:
    return dict(leaves(_named(orjson.loads(canonical.encode_model(policy)))))


def _filled(where: str, before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """Whether all that is said here is that a list or table was, or became, empty: its items say it, too."""
    one, other = (after, before) if where in before else (before, after)
    return where not in one and other[where] == "{}" and any(each.startswith(f"{where}/") for each in one)


def _question(where: str) -> Question:
    """What nobody has sorted is a matter of checks: new rules are."""
    field = where.split("/")[1]
    return "who" if field in _WHO else "where" if field in _WHERE else "what"


def _named(value: Any, field: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _named(item, key if key in _NAMES else field) for key, item in value.items()}
    name = _NAMES.get(field)
    if name is None or not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return value
    found: dict[str, Any] = {}
    for item in value:
        found[_free(name(item), found)] = item
    return found


def _free(name: str, taken: Mapping[str, Any]) -> str:
    """Two items of one name are both shown."""
    number = 2
    free = name
    while free in taken:
        free = f"{name} ({number})"
        number += 1
    return free
