"""Secrets in what source systems send: found, and taken out or refused before anything is stored. Pure.

What is looked for has a form that says what it is (``tokens``), or stands under a name that says so (``assigned``).
What merely looks random is none: manifests and statements are full of digests and signatures.

A secret is replaced inside its own text, so JSON stays JSON and every JSON Pointer leads to where it led. The marker
says the kind; it needs no quotation in YAML, and nothing in it is a secret again: what was redacted stays as it is.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, islice
from typing import Literal

from cutover.contracts.evidence import Redaction
from cutover.domain.secrets import assigned, tokens
from cutover.errors import Refused

__all__ = ["Secret", "found", "redacted", "screened"]

MAX_FOUND = 10_000
"""A record with more is no record of a release; and each that is found costs memory."""
_TOLD = 10


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret stands: bytes ``start`` to ``end`` of the content. The secret itself is never kept or shown."""

    kind: str
    start: int
    end: int


def found(content: bytes) -> tuple[Secret, ...]:
    """Every secret in a body, in order and apart from each other. In linear time; 64 MiB take about two seconds.

    Raises ``Refused`` (``SOURCE_RECORD_NOT_SCREENED``) for a body in which there is too much to look at.
    """
    several = list(islice(chain(tokens.spans(content), assigned.spans(content)), MAX_FOUND + 1))
    if len(several) > MAX_FOUND:
        raise Refused("SOURCE_RECORD_NOT_SCREENED", f"it has more than {MAX_FOUND} secrets: none of it can be stored")
    spans = sorted(several, key=lambda each: (each[1], -each[2]))
    apart: list[Secret] = []
    for kind, start, end in spans:
        if apart and start < apart[-1].end:
            last = apart[-1]
            apart[-1] = Secret(last.kind, last.start, max(last.end, end))
        else:
            apart.append(Secret(kind, start, end))
    return tuple(apart)


def redacted(content: bytes, secrets: Iterable[Secret]) -> bytes:
    """The body with a marker of its kind in each secret's place. ``secrets``: what ``found`` gave for these bytes."""
    parts, at = [], 0
    for each in secrets:
        parts += [content[at : each.start], b"(redacted:" + each.kind.encode() + b")"]
        at = each.end
    return b"".join([*parts, content[at:]]) if parts else content


def screened(
    content: bytes, *, policy: Literal["redact", "refuse"], signed: bool
) -> tuple[bytes, tuple[Redaction, ...]]:
    """What may be stored of a record, and what was taken out of it.

    ``policy``: the rules' ``secrets``. ``signed``: an envelope or bundle, in whose payload secrets are looked for, too;
    it cannot be redacted, because its signature would not hold.

    Raises ``Refused`` (``SOURCE_RECORD_HAS_SECRET``, ``SOURCE_RECORD_NOT_SCREENED``).
    """
    secrets = found(content)
    if signed:
        inside = found(_payload(content))
        if secrets or inside:
            raise _refused(
                secrets or inside, "" if secrets else " of its payload", "a signed record cannot be redacted"
            )
    elif secrets and policy == "refuse":
        raise _refused(secrets, "", "the rules refuse it")
    counted = Counter(each.kind for each in secrets)
    redactions = tuple(Redaction(kind=kind, count=count) for kind, count in sorted(counted.items()))
    return redacted(content, secrets), redactions


def _payload(content: bytes) -> bytes:
    from cutover.domain.unwrapping import payload_of

    try:
        return payload_of(content)
    except Refused:  # not an envelope: whoever unwraps it will say so
        return b""


def _refused(secrets: tuple[Secret, ...], where: str, why: str) -> Refused:
    told = ", ".join(f"{each.kind} at byte {each.start}{where}" for each in secrets[:_TOLD])
    more = f" and {len(secrets) - _TOLD} more" if len(secrets) > _TOLD else ""
    return Refused(
        "SOURCE_RECORD_HAS_SECRET",
        f"{told}{more}; {why}",
        "take the secret out of the record, replace it wherever it is used, and announce the record's new version",
    )
