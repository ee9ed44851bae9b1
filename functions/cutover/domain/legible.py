"""Text that others wrote, made safe to read: what cannot be seen is shown, what reorders is named.

Escaping markup is the template's part. This is about characters that lie to the eye (Unicode TR36,
TR39, CVE-2021-42574): bidirectional controls, zero-width and other format characters, unusual
spaces and fillers, piles of combining marks. Nothing is removed and nothing is normalised.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

MAX_MARKS = 3
"""Written languages stack few marks on a letter; more is meant to cover the lines around it."""

# Letters and marks by category that print as nothing.
_BLANK = frozenset("\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800\u034f")
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text; when ``escaped``, the name of a character, such as ``U+202E``, not the character."""

    text: str
    escaped: bool


def runs(text: str) -> Iterator[Run]:
    """The text in pieces; joined with escapes in place, it tells everything that stands in it."""
    if text.isascii() and text.isprintable() and text:  # nearly always, and many times as fast
        yield Run(text, escaped=False)
        return
    plain: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if marks <= MAX_MARKS and not _deceives(character):
            plain.append(character)
            continue
        if plain:
            yield Run("".join(plain), escaped=False)
            plain = []
        yield Run(f"U+{ord(character):04X}", escaped=True)
    if plain:
        yield Run("".join(plain), escaped=False)


def legible(text: str) -> str:
    """The text for where only characters can be shown (mail subjects, plain text): escapes in brackets."""
    return "".join(f"[{run.text}]" if run.escaped else run.text for run in runs(text))


def _deceives(character: str) -> bool:
    if character in "\n\t":
        return False
    category = unicodedata.category(character)
    if category == "Zs":
        return character != " "
    return category in _HIDDEN or character in _BLANK or ord(character) in _VARIATION_SELECTORS
