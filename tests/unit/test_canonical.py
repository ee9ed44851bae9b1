"""Canonical bytes: golden vectors, published vectors, and two encoders that must agree."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from cutover.domain import canonical
from cutover.errors import Refused

GOLDEN = sorted((Path(__file__).parent.parent / "vectors" / "canonical").glob("*.json"))
CASES = {path.stem: json.loads(path.read_text()) for path in GOLDEN}
WRITTEN = [name for name, case in CASES.items() if "canonical" in case]
REFUSED = [name for name, case in CASES.items() if "refused" in case]

characters = st.characters(exclude_categories=["Cs"])
scalars = st.none() | st.booleans() | st.integers(1 - 2**53, 2**53 - 1) | st.text(characters, max_size=8)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(characters, max_size=6), inner, max_size=4),
    max_leaves=20,
)


def test_the_vectors_are_there() -> None:
    assert len(WRITTEN) >= 9
    assert len(REFUSED) >= 15


@pytest.mark.parametrize("name", WRITTEN)
def test_golden_bytes(name: str) -> None:
    case = CASES[name]
    content = canonical.encode(json.loads(case["text"]))
    assert content == case["canonical"].encode()
    assert canonical.digest(content) == case["digest"]
    assert canonical.decode(content) == json.loads(case["text"])


@pytest.mark.parametrize("name", REFUSED)
def test_golden_refusals(name: str) -> None:
    with pytest.raises(Refused) as refused:
        canonical.decode(CASES[name]["text"].encode())
    assert refused.value.code == CASES[name]["refused"]


def published(vectors: Path, name: str) -> tuple[Any, bytes]:
    folder = vectors / "jcs"
    return json.loads((folder / "input" / name).read_bytes()), (folder / "output" / name).read_bytes()


@pytest.mark.parametrize("name", ["structures.json", "values.json"])
def test_published_cases_outside_the_profile_are_refused(vectors: Path, name: str) -> None:
    value, written = published(vectors, name)
    with pytest.raises(Refused, match="NOT_CANONICAL"):
        canonical.encode(value)
    if b"." in written:
        with pytest.raises(Refused, match="NOT_CANONICAL"):
            canonical.decode(written)


def without_floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_floats(item) for item in value if not isinstance(item, float)]
    return int(value) if isinstance(value, float) else value


@pytest.mark.parametrize("name", ["structures.json", "values.json"])
def test_published_cases_within_the_profile_have_the_published_bytes(vectors: Path, name: str) -> None:
    """What is left of them without their fractions, against the published output without its own."""
    value, written = published(vectors, name)
    assert canonical.encode(without_floats(value)) == rfc8785.dumps(without_floats(json.loads(written)))


def test_the_published_structure_has_the_published_bytes(vectors: Path) -> None:
    """Its one number is written 56.0, which canonical JSON writes 56."""
    value, written = published(vectors, "structures.json")
    assert canonical.encode(without_floats(value)) == written
    assert canonical.decode(written) == value


@given(documents)
def test_the_fast_encoder_agrees_with_rfc_8785(value: Any) -> None:
    content = canonical.encode(value)
    assert content == rfc8785.dumps(value)
    assert canonical.decode(content) == value


around = st.characters(min_codepoint=0xD700, max_codepoint=0x10400, exclude_categories=["Cs"])


@given(st.dictionaries(st.text(around, max_size=3), st.none()))
def test_keys_on_both_sides_of_the_surrogates_are_ordered_as_utf_16(value: dict[str, None]) -> None:
    assert list(orjson.loads(canonical.encode(value))) == sorted(value, key=lambda key: key.encode("utf-16-be"))


@given(st.binary(max_size=60))
def test_any_bytes_are_decoded_or_refused(content: bytes) -> None:
    try:
        again, code = canonical.encode(canonical.decode(content)), None
    except Refused as refused:
        again, code = content, refused.code
    assert again == content
    assert code in {None, "NOT_CANONICAL"}


@pytest.mark.parametrize("value", [{1: "a"}, {"a": float("nan")}, {"a": object()}, {"a": b"bytes"}, "\ud800"])
def test_values_that_are_not_of_the_profile_are_refused(value: Any) -> None:
    with pytest.raises(Refused) as refused:
        canonical.encode(value)
    assert refused.value.code == "NOT_CANONICAL"


def test_two_texts_are_the_same_or_not_whatever_they_have_in_them() -> None:
    for text in ("", "a", "\u00e9", "\ud800", "\udfff\ud800"):
        assert canonical.same(text, text)
        assert not canonical.same(text, text + "\ud800")
    assert canonical.same("\u00e9", b"\xc3\xa9")
    assert not canonical.same("\ud800", "\ufffd")


@pytest.mark.parametrize("depth", [canonical.MAX_DEPTH + 1, 2_000, 100_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    with pytest.raises(Refused, match="NOT_CANONICAL"):
        canonical.decode(b"[" * depth + b"]" * depth)


PROGRAM = """
from tests.builders import package
from cutover.domain import canonical
made = package()
print(canonical.digest(made.message), *sorted(made.documents), canonical.digest(made.trust))
"""


def test_another_process_with_other_settings_makes_the_same_bytes(repository: Path) -> None:
    """Time zone, locale and hash seed reach no byte of a message with all its documents."""
    folders = os.pathsep.join(str(repository / folder) for folder in (".", "functions", "cli"))
    answers = set()
    for zone, locale, seed in (
        ("UTC", "C", "0"),
        ("Pacific/Apia", "de_DE.UTF-8", "1"),
        ("Asia/Kolkata", "tr_TR", "77"),
    ):
        environment = {"TZ": zone, "LANG": locale, "LC_ALL": locale, "PYTHONHASHSEED": seed, "PYTHONPATH": folders}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, check=True, cwd=repository
        )
        answers.add(done.stdout)
    assert len(answers) == 1
    assert answers.pop().startswith(b"sha256:")
