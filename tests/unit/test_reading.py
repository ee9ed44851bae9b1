"""Records of strangers in YAML and JSON: whatever is wrong with one is a refusal, told in one short line."""

from collections.abc import Callable
from typing import Any

import pytest

from cutover.domain import bounded, strict_yaml
from cutover.domain.reading import MAX_DEPTH, UNREADABLE, parse_strictly, parse_yaml
from cutover.domain.unwrapping import unwrap
from cutover.errors import Refused

LONG = "x" * 6000
HOSTILE = (
    "a: " + "1" * 5000,
    "a: -" + "9" * 4301,
    'a: "\\UFFFFFFFF"',
    'a: "\\U00110000"',
    "%YAML 1." + "1" * 5000 + "\n---\na: 1",
    "a: 1." + "5" * 5000,
    f"a: !{LONG} 1",
    "a: !foo%07bar 1",
    "a: !%0a%1b[31m 1",
    f"%TAG ! tag:{LONG}:\n---\na: !x 1",
    f"a: *{LONG}",
    f"{LONG}: 1\n{LONG}: 2",
    '"\\u2028\\u0007": 1\n"\\u2028\\u0007": 2',
    "a: \x01",
    "[" * 5000,
    "a: " + "{a: " * 5000,
    "- 1",
    "a: b: c",
)


def refused(read: Callable[[Any], object], said: Any) -> Refused:
    with pytest.raises(Refused) as refusal:
        read(said)
    return refusal.value


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:20])
def test_whatever_is_wrong_with_yaml_is_one_short_line(text: str) -> None:
    for code, read, said in (
        (strict_yaml.REFUSED, strict_yaml.read, text),
        (UNREADABLE, parse_yaml, text.encode()),
        (UNREADABLE, lambda content: unwrap("catalog", content), text.encode()),
    ):
        refusal = refused(read, said)
        assert refusal.code == code
        assert refusal.detail == bounded.line(refusal.detail)


def test_what_is_told_begins_with_its_place() -> None:
    """Even where what is told is cut: the place is what helps."""
    assert refused(strict_yaml.read, f"a: 1\nb: !{LONG} 1").detail.startswith("2:4: ")


@pytest.mark.parametrize("text", ['a: "\\ud800"', "a: 9007199254740992"])
def test_yaml_that_no_json_can_say_is_refused(text: str) -> None:
    assert refused(lambda content: unwrap("catalog", content), text.encode()).code == "NOT_CANONICAL"


@pytest.mark.parametrize("content", [b'{"a":1,"a":2}', b"[" * 100_000, b'{"a":NaN}', b"1" * 5000, b"\xff", b""])
def test_whatever_is_wrong_with_json_is_one_short_line(content: bytes) -> None:
    refusal = refused(parse_strictly, content)
    assert (refusal.code, refusal.detail) == (UNREADABLE, bounded.line(refusal.detail))


@pytest.mark.parametrize("around", [("[", "]"), ('{"a":', "}")])
def test_json_may_be_nested_so_deep_and_no_deeper_whoever_reads_it(around: tuple[str, str]) -> None:
    """The parser's own limit is that of the caller's stack: two functions would not agree."""
    opens, closes = around

    def nested(depth: int) -> bytes:
        return (opens * depth + "1" + closes * depth).encode()

    assert parse_strictly(nested(MAX_DEPTH))
    with pytest.raises(Refused, match="nested deeper"):
        parse_strictly(nested(MAX_DEPTH + 1))
    assert len(parse_strictly(b'{"a": "' + b"[{" * 1000 + b'\\"", "b": [' + b"[]," * 999 + b"[]]}")["b"]) == 1000
