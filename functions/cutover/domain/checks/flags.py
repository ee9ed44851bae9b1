"""Row 7: every flag is of a known type, outlives the window, and is allowed where the release goes. None is switched.

What a flag must state, by its type, is a gap of the bundle where it is missing (``domain.flag_types``).
"""

from collections.abc import Iterator
from datetime import datetime

from cutover.contracts.base import format_instant, parse_instant
from cutover.domain import bounded
from cutover.domain.checks.context import Context, Problem, Rule
from cutover.domain.checks.fields import about, environments, listed, many, rendered, shown, sourced, unknown
from cutover.domain.flag_types import REQUIRED


def type_known(context: Context) -> Iterator[Problem]:
    """Every flag is of a type of which it is known what it must state."""
    for number, flag in enumerate(many(context.bundle.flags)):
        type_ = sourced(flag.type)
        if type_ is not None and type_.value not in REQUIRED:
            yield Problem(
                code="FLAG_TYPE_UNKNOWN",
                field=f"/flags/{number}/type",
                subject=type_.from_.evidence,
                found=bounded.line(f"flag {shown(flag.key.value)} is of type {shown(type_.value)}"),
                wanted=bounded.line(f"one of {listed(sorted(REQUIRED))}"),
                mend="say which of these types the flag has; answer with the flags' new version, or announce that",
                evidence=(type_.from_.evidence,),
            )


def outlives_window(context: Context) -> Iterator[Problem]:
    """No flag that ends has ended, or ends before the window closes."""
    for number, flag in enumerate(many(context.bundle.flags)):
        ends = sourced(flag.expires_at)
        code = _ended(ends.value, context) if ends is not None else None
        if ends is not None and code is not None:
            yield Problem(
                code=code,
                field=f"/flags/{number}/expires_at",
                subject=ends.from_.evidence,
                found=bounded.line(f"flag {shown(flag.key.value)} ends at {shown(ends.value)}"),
                wanted=f"an end not before that of the window, so written: {format_instant(context.window.closes_at)}",
                mend="extend the flag or take it out of the release, or choose an earlier window; "
                "answer with the flags' new version, or announce that",
                evidence=(ends.from_.evidence,),
            )


def _ended(said: object, context: Context) -> str | None:
    ends = _instant(said)
    if ends is None:
        return "FLAG_EXPIRY_UNREADABLE"
    if ends <= context.as_of:
        return "FLAG_EXPIRED"
    return "FLAG_EXPIRES_BEFORE_WINDOW" if ends < context.window.closes_at else None


def _instant(said: object) -> datetime | None:
    try:
        return parse_instant(said)
    except ValueError:
        return None


def in_scope(context: Context) -> Iterator[Problem]:
    """Every flag is allowed in every environment of the release."""
    going = environments(context)
    for number, flag in enumerate(many(context.bundle.flags)):
        if not isinstance(flag.environments, tuple):
            continue  # a gap
        allowed = {rendered(context, "environment", each.value) for each in flag.environments}
        evidence = flag.key.from_.evidence
        for name in dict.fromkeys(going):
            if name not in allowed:
                yield Problem(
                    code="FLAG_OUT_OF_SCOPE",
                    field=f"/flags/{number}/environments",
                    subject=about(evidence, name),
                    found=bounded.line(f"flag {shown(flag.key.value)} is allowed in {listed(sorted(allowed))}"),
                    wanted=bounded.line(f"allowed in {shown(name)} too, where the release goes"),
                    mend="allow the flag there, or take it out of the release; answer with the flags' new version, "
                    "or announce that",
                    evidence=(evidence,),
                )


def unique(context: Context) -> Iterator[Problem]:
    """No key names two flags."""
    first: dict[object, int] = {}
    for number, flag in enumerate(many(context.bundle.flags)):
        other = first.setdefault(flag.key.value, number)
        if other != number:
            yield Problem(
                code="FLAG_REPEATED",
                field=f"/flags/{number}/key",
                subject=flag.key.from_.evidence,
                found=bounded.line(f"the key {shown(flag.key.value)} stands at /flags/{other} already"),
                wanted="one flag for each key",
                mend="take one of the two out of the flag set; answer with its new version, or announce that",
                evidence=(flag.key.from_.evidence,),
            )


def names_known(context: Context) -> Iterator[Problem]:
    """The flags name only environments that the rules know."""
    places = (
        (f"/flags/{number}/environments/{n}", each)
        for number, flag in enumerate(many(context.bundle.flags))
        for n, each in enumerate(many(flag.environments))
    )
    return unknown(context, "environment", places)


RULES = (
    Rule("flags.type-known", type_known, reads=("flags",)),
    Rule("flags.outlives-window", outlives_window, reads=("flags",)),
    Rule("flags.in-scope", in_scope, reads=("flags",)),
    Rule("flags.unique", unique, reads=("flags",)),
    Rule("flags.names-known", names_known, reads=("flags",)),
)
