"""Secrets that stand under a name that says so: JSON keys, settings of a name and a value, YAML, assignments.

A name must end in such a word (``db_password``, ``clientSecret``): ``tokenUrl`` or ``secretName`` tell of something
else. Of the value it depends on the word: what is called a password is one, unless it is a placeholder; what is called
a token or a key must look like one, because many are names of something that is kept elsewhere.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from cutover.domain.secrets.in_yaml import InYaml
from cutover.domain.secrets.tokens import Span, is_placeholder
from cutover.errors import Refused


class _Word(NamedTuple):
    """A literal that is searched for, and what must stand before and behind it, all in lower case."""

    literal: bytes
    before: re.Pattern[bytes] | None
    behind: re.Pattern[bytes]
    kind: str


_NOTHING = re.compile(b"")
_WORDS = (
    _Word(b"pass", None, re.compile(b"word|wd|phrase"), "password"),
    _Word(b"pwd", None, _NOTHING, "password"),
    _Word(b"secret", None, _NOTHING, "named-secret"),
    _Word(b"token", None, _NOTHING, "named-secret"),
    _Word(b"key", re.compile(rb"(?:api|access|secret|private|account)[_-]?\Z"), _NOTHING, "named-secret"),
    _Word(b"credential", None, re.compile(b"s?"), "named-secret"),
    _Word(b"authorization", None, _NOTHING, "named-secret"),
)
_TEXT = rb'(?P<it>(?:[^"\\]|\\(?s:.))*+)"'
_SAID = re.compile(rb"\"\s*+:\s*+\"" + _TEXT)
_NAMED = re.compile(rb'"name"\s{0,9}:\s{0,9}"[^"\\]{0,128}\Z', re.IGNORECASE)
_VALUE = re.compile(rb'"(?:value|base|default)"\s{0,9}:\s{0,9}"' + _TEXT, re.IGNORECASE)
_WINDOW = 2048
MAX_PLACES = 250_000
"""So often a body may have one of the words: each place costs microseconds, and a large manifest has thousands."""
_ASSIGNED = re.compile(rb"=(?P<it>[^\s\"'`&;,\\()<>]{8,256}+)")
_BEARER = re.compile(rb"bearer\s{1,4}(?P<it>[A-Za-z0-9._~+/-]{20,4000}+=*)", re.IGNORECASE)
_ELSEWHERE = re.compile(
    rb"arn:|vault:|ssm:|op://|gs://|s3://|https?://|file:|env:|ref[+:]|projects/|secrets?/|/", re.IGNORECASE
)
"""How a value begins that says where a secret is kept."""
_LOOKS_RANDOM = re.compile(rb"(?=[^\s]{8,4096}\Z)(?=[^0-9A-Z]*+[0-9A-Z])(?=[^A-Za-z]*+[A-Za-z])")


def spans(content: bytes) -> Iterator[Span]:
    """Kind, start and end of every value that its name calls a secret. They may overlap.

    Raises ``Refused`` (``SOURCE_RECORD_NOT_SCREENED``) beyond ``MAX_PLACES``.
    """
    lowered = content.lower()
    for word in _WORDS:
        yield from _under(word, content, lowered)
    if b"bearer" in lowered:
        for match in _BEARER.finditer(content):
            yield from _judged("bearer-token", *match.span("it"), content)


def _under(word: _Word, content: bytes, lowered: bytes) -> Iterator[Span]:
    in_yaml = InYaml(content) if content[:1024].lstrip()[:1] not in {b"{", b"["} else None
    looked_from = -1
    for at, end in _places(lowered, word):
        if match := _SAID.match(content, end) or _ASSIGNED.match(content, end):
            kind = word.kind if match.re is _SAID else "assigned-secret"
            yield from _judged(kind, *match.span("it"), content)
            continue
        if content[end : end + 1] == b'"' and _NAMED.search(content, max(0, at - 200), at):
            start, stop = _object(content, at, end)
            if start != looked_from:  # a hostile body has one setting with many names, and is searched once
                looked_from = start
                for value in _VALUE.finditer(content, start, stop):
                    yield from _judged(word.kind, *value.span("it"), content)
        for place in in_yaml.values(at, end) if in_yaml is not None else ():
            yield from _judged(word.kind, *place, content)


def _places(lowered: bytes, word: _Word) -> Iterator[tuple[int, int]]:
    """Where the word stands, from its literal on, in a body in lower case."""
    at, count = lowered.find(word.literal), 0
    while at != -1:
        end = at + len(word.literal)
        behind = word.behind.match(lowered, end)
        if behind is not None and (word.before is None or word.before.search(lowered, max(0, at - 9), at)):
            count += 1
            if count > MAX_PLACES:
                raise _too_many(word)
            yield at, behind.end()
        at = lowered.find(word.literal, end)


def _too_many(word: _Word) -> Refused:
    return Refused(
        "SOURCE_RECORD_NOT_SCREENED",
        f"it names a {word.literal.decode()} more than {MAX_PLACES} times: too often to look at each",
        "publish a record that tells of the release and of nothing else",
    )


def _object(content: bytes, at: int, end: int) -> tuple[int, int]:
    """From the last brace before to the first one behind, as far as a setting may be long."""
    start = max(content.rfind(b"{", max(0, at - _WINDOW), at), content.rfind(b"}", max(0, at - _WINDOW), at), 0)
    behind = [each for each in (content.find(mark, end, end + _WINDOW) for mark in (b"{", b"}")) if each != -1]
    return start, min(behind, default=end + _WINDOW)


def _judged(kind: str, start: int, end: int, content: bytes) -> Iterator[Span]:
    end = start + len(content[start:end].rstrip())
    value = content[start:end]
    if not value or is_placeholder(value) or _ELSEWHERE.match(value):
        return
    if kind == "password" or _LOOKS_RANDOM.match(value):
        yield kind, start, end
