"""What is said of a manifest before it is parsed: whether it is JSON at all, and whether all readers read it alike.

ijson's backends differ in what they take beyond RFC 8259 and in what they make of half a surrogate pair. So whatever
they could differ in is refused here, in linear time and at constant memory.
"""

import codecs
import re

from cutover.domain.dependencies.problems import Stopped

_UNREADABLE = "DEPENDENCY_UNREADABLE"
NOT_JSON = "it is not JSON, or ends too early"
MAX_MARKS = 5_000_000
"""Of commas, and of opening brackets: a realistic manifest of 64 MiB has a fourth of that."""
_CHUNK = 1_048_576
_WINDOW = 8 * 1_048_576
MAX_DIGITS = 600
"""In a row. Python converts at least 640; where it refuses, ijson 3.6's backend in C hands over a null pointer."""
_DIGITS = re.compile(rb"[0-9]++")
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_QUOTE = re.compile(rb'(?<!\\)"')
_WORD = re.compile(rb"[^][{},:0-9.eE+\-truefalsn \t\r\n]")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_PAIRED = re.compile(
    rb"(?:[^\\]++|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\(?!u[dD][89a-fA-F])(?s:.))*+"
)
_WORDS = re.compile(rb'(?:[^"+\x80-\xff]++|(?<=[eE])\+|"(?:[^"\\]++|\\(?s:.))*+")*+')
_START = re.compile(rb"[^\xef\xbb\xbf \t\r\n]")
_KNOWN = (
    (rb"\A(?:PK\x03\x04|\x1f\x8b|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd)", "a compressed file or archive"),
    (rb"\A\x0a\x03[12]\.[0-9]", "CycloneDX as protocol buffers"),
    (rb"\A(?:\xef\xbb\xbf)?\s*<(?s:.)*(?i:cyclonedx)", "CycloneDX as XML"),
    (rb"\A(?:\xef\xbb\xbf)?\s*<(?s:.)*(?i:spdx)", "SPDX as RDF/XML"),
    (rb"\A(?:\xef\xbb\xbf)?\s*<", "XML"),
    (rb"^SPDXVersion:", "SPDX as tag-value"),
    (rb"^(?:---|%YAML|[\"']?(?:bomFormat|spdxVersion|specVersion|SPDXID)[\"']?[ \t]*:)", "YAML"),
)
_FORMATS = tuple((re.compile(pattern, re.MULTILINE), name) for pattern, name in _KNOWN)
_HEAD = 4096


def demand_json(content: bytes, supported: str) -> None:
    """Raises ``Stopped`` unless a JSON object begins here: by the first bytes it names what it is instead."""
    start = _START.search(content)
    if start is not None and start.group() == b"{":
        return
    if start is None:
        raise Stopped(_UNREADABLE, "", "it has no content")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Stopped(_UNREADABLE, "", "it is not UTF-8")
    at = 0 if start.start() < _HEAD else start.start()  # a protocol buffer begins with what is space elsewhere
    head = content[at : at + 2 * _HEAD]
    named = [name for pattern, name in _FORMATS if pattern.search(head)]
    found = f"it is {named[0]}" if named else "it does not begin as a JSON object does"
    raise Stopped("DEPENDENCY_FORMAT_UNSUPPORTED", "", f"{found}; supported: {supported}")


def demand_one_reading(content: bytes) -> None:
    """Raises ``Stopped`` for what JSON's readers do not read alike (``DEPENDENCY_UNREADABLE``), or not soon."""
    if content.startswith(codecs.BOM_UTF8):
        raise Stopped(_UNREADABLE, "", "it begins with a byte order mark (RFC 8259 §8.1)")
    _demand_utf8(content)
    if _CONTROLS.search(content):
        raise Stopped(_UNREADABLE, "", "it has a control character that JSON does not take")
    if content.count(b",") > MAX_MARKS or content.count(b"{") + content.count(b"[") > MAX_MARKS:
        raise Stopped("DEPENDENCY_TOO_MANY", "", f"more than {MAX_MARKS} values")
    if _has_long_number(content):
        raise Stopped(_UNREADABLE, "", f"it has more than {MAX_DIGITS} digits in a row")
    if _has_long_text(content):
        raise Stopped(_UNREADABLE, "", f"it has a text of more than {_WINDOW} bytes")
    if _SURROGATE.search(content) and not _reaches_end(_PAIRED, content):
        raise Stopped(_UNREADABLE, "", "it has half of a surrogate pair")


def demand_plain_words(content: bytes) -> None:
    """Raises ``Stopped`` for what only the backend in Python takes: spaces beyond ASCII, and a number's sign ``+``."""
    if not _reaches_end(_WORDS, content):
        raise Stopped(_UNREADABLE, "", NOT_JSON)


def _has_long_number(content: bytes) -> bool:
    """Looks at every 600th byte only: a longer run covers one of them."""
    for at in range(0, len(content), MAX_DIGITS):
        found = _DIGITS.match(content, at, at + MAX_DIGITS + 1)
        if found is not None:
            before = content[max(0, at - MAX_DIGITS) : at]
            if found.end() - at + len(before) - len(before.rstrip(b"0123456789")) > MAX_DIGITS:
                return True
    return False


def _has_long_text(content: bytes) -> bool:
    """A text twice as long as a window fills at least one: no quotation mark in it, and what stands in texts only."""
    windows = ((at, at + _WINDOW) for at in range(0, len(content) - _WINDOW, _WINDOW))
    return any(not _QUOTE.search(content, *each) and _WORD.search(content, *each) for each in windows)


def _reaches_end(pattern: re.Pattern[bytes], content: bytes) -> bool:
    found = pattern.match(content)
    return found is not None and found.end() == len(content)


def _demand_utf8(content: bytes) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(content), _CHUNK):
            decoder.decode(content[at : at + _CHUNK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise Stopped(_UNREADABLE, "", "it is not UTF-8") from None
