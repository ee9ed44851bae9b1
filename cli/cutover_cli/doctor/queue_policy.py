"""What the policy of somebody else's queue says of who may send to it (IAM User Guide, Policy evaluation logic)."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

SENDING = frozenset({"*", "sqs:*", "sqs:send*", "sqs:sendmessage", "sqs:sendmessage*"})
UNLESS = frozenset({"arnnotequals", "arnnotlike", "stringnotequals"})
"""Conditions of a denial that leave out whom they list."""
ANYBODY = "*"


@dataclass(frozen=True, slots=True)
class Sending:
    """Which of the roles cannot send for sure, and whether only they can."""

    cannot: tuple[str, ...]
    open_to_all: bool
    closed: bool


def judged(policy: str, roles: Collection[str]) -> Sending:
    """Of a queue's policy, in JSON. One that nobody can read lets nobody send. Unknown conditions deny nobody."""
    statements = [each for each in _statements(policy) if _is_of_sending(each)]
    allows = [_principals(each, "Principal") for each in statements if each.get("Effect") == "Allow"]
    denials = [_denied(each) for each in statements if each.get("Effect") == "Deny"]
    sends = {role for role in roles if any({ANYBODY, role} & allowed for allowed in allows)}
    cannot = [role for role in roles if role not in sends or any(denies(role) for denies in denials)]
    closed = any(denies(ANYBODY) for denies in denials)
    return Sending(tuple(cannot), not closed and any(ANYBODY in allowed for allowed in allows), closed)


def _statements(policy: str) -> list[Mapping[str, Any]]:
    try:
        said = json.loads(policy or "{}")
    except json.JSONDecodeError:
        return []
    return [
        each for each in _listed(said.get("Statement") if isinstance(said, dict) else None) if isinstance(each, dict)
    ]


def _is_of_sending(statement: Mapping[str, Any]) -> bool:
    return any(str(each).lower() in SENDING for each in _listed(statement.get("Action")))


def _denied(statement: Mapping[str, Any]) -> Callable[[str], bool]:
    """Whom a denial keeps from sending, as far as is sure; ``*`` for everybody whom it does not leave out by name."""
    condition = statement.get("Condition") or {}
    excepted, named = _principals(statement, "NotPrincipal"), _principals(statement, "Principal")
    if not excepted and condition:
        excepted = _left_out(condition)
        if not excepted:
            return lambda _role: False
    if excepted:
        everybody = not named or ANYBODY in named
        return lambda role: (everybody or role in named) and role not in excepted
    return lambda role: role in named or ANYBODY in named


def _left_out(condition: Mapping[str, Any]) -> set[str]:
    """Whom one condition on the principal's ARN lists; nobody where there are others beside it."""
    if len(condition) != 1:
        return set()
    ((operator, keys),) = condition.items()
    if (
        operator.lower() not in UNLESS
        or not isinstance(keys, dict)
        or {each.lower() for each in keys} != {"aws:principalarn"}
    ):
        return set()
    return {str(each) for each in _listed(next(iter(keys.values())))}


def _principals(statement: Mapping[str, Any], key: str) -> set[str]:
    said = statement.get(key)
    return {str(each) for each in _listed(said.get("AWS") if isinstance(said, dict) else said)}


def _listed(said: Any) -> list[Any]:
    return said if isinstance(said, list) else [] if said is None else [said]
