"""The same bytes give the same summary whichever backend reads them, and however the bytes fall into buffers."""

import json
import os
import subprocess
import sys
from typing import Any

import ijson  # type: ignore[import-untyped]
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packageurl import PackageURL

from cutover.domain.dependencies import summarize
from cutover.domain.dependencies.purls import _PLAIN, is_purl
from cutover.domain.dependencies.streaming import CHUNK

PURLS = st.sampled_from(["pkg:npm/a@1", "pkg:npm/%40a/b@1?x=y", "pkg:", "pkg:maven/a", "é"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
LICENCES = st.lists(
    st.sampled_from([{"license": {"id": "MIT"}}, {"license": {"name": "x"}}, {"expression": "MIT"}, {}, 1]), max_size=2
)
KEYS = {
    "type": st.sampled_from(["library", "data", "x"]), "name": st.text(max_size=3), "purl": PURLS, "licenses": LICENCES,
    "bom-ref": st.sampled_from(["a", "b"]), "SPDXID": st.sampled_from(["SPDXRef-a", "SPDXRef-b"]),
    "downloadLocation": st.just("NONE"), "licenseConcluded": st.sampled_from(["NONE", "MIT"]),
    "externalRefs": st.lists(st.fixed_dictionaries({}, optional={"referenceType": st.just("purl"),
                                                                 "referenceLocator": PURLS}), max_size=2),
    "other": SCALARS,
}  # fmt: skip
COMPONENTS: st.SearchStrategy[Any] = st.recursive(
    st.fixed_dictionaries({}, optional=KEYS) | SCALARS,
    lambda inner: st.fixed_dictionaries({"components": st.lists(inner, max_size=3)}, optional=KEYS),
    max_leaves=5,
)
MANIFESTS = st.fixed_dictionaries(
    {},
    optional={
        "bomFormat": st.sampled_from(["CycloneDX", "x", 1]), "specVersion": st.sampled_from(["1.4", "1.7", "1", 1.4]),
        "spdxVersion": st.sampled_from(["SPDX-2.3", "SPDX-2.2", "x"]), "SPDXID": st.just("SPDXRef-DOCUMENT"),
        "components": st.lists(COMPONENTS, max_size=4) | SCALARS, "packages": st.lists(COMPONENTS, max_size=4),
        "metadata": st.fixed_dictionaries({"component": COMPONENTS}), "other": SCALARS,
    },
)  # fmt: skip
TRICKY = st.sampled_from(
    [b"", b'"', b"\\", b"\\ud800", b"\\udc00", b"{", b"}", b"[", b"]", b",", b":",
     b"+", b"-", b"0", b"1.", b"1e",
     b"9e999", b"nan", b"NaN", b"inf", b"\xa0", b"\xc2\xa0", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\xff", b"\x00",
     b"\x0b", b"\x1f", b" ", b"/**/", b"#", b"_", b"9" * 700, b'"a":1,', b'"name":"b",', b"true", b"tru", b"null",
     b"\xed\xa0\x80"]
)  # fmt: skip
SPOILT = st.tuples(st.floats(0, 1), st.integers(0, 8), TRICKY | st.binary(max_size=3))


def written(said: Any, *, plain: bool, indent: int | None) -> bytes:
    return json.dumps(said, ensure_ascii=plain, indent=indent).encode("utf-8", "surrogatepass")


def alike(content: bytes) -> None:
    assert summarize(content, backend="yajl2_c") == summarize(content, backend="python")


def test_both_backends_are_there() -> None:
    assert ijson.backend == "yajl2_c"
    assert ijson.get_backend("python")


@given(MANIFESTS, st.booleans(), st.sampled_from([None, 1]))
def test_backends_agree(said: Any, plain: bool, indent: int | None) -> None:
    alike(written(said, plain=plain, indent=indent))


@given(MANIFESTS, st.booleans(), st.lists(SPOILT, min_size=1, max_size=3))
@example({"other": 1}, True, [(0.9, 0, b"+")])
@example({"other": 1}, True, [(0.9, 0, b"\xc2\xa0")])
@example({}, True, [(1.0, 0, b'"')])
@example({"bomFormat": "CycloneDX"}, True, [(1.0, 0, b'"')])
@example({"bomFormat": "CycloneDX"}, True, [(1.0, 1, b',"bomFormat":\xc2\xa01')])
@example({}, True, [(1.0, 0, b'"}')])
def test_backends_agree_on_what_is_spoilt(said: Any, plain: bool, spoilt: list[tuple[float, int, bytes]]) -> None:
    content = written(said, plain=plain, indent=None)
    for share, taken, put in spoilt:
        at = int(share * len(content))
        content = content[:at] + put + content[at + taken :]
    alike(content)


@given(st.binary(max_size=200), st.sampled_from([b"", b"{", b'{"bomFormat":"CycloneDX",', b"<"]))
def test_whatever_comes_is_summarised_alike(noise: bytes, start: bytes) -> None:
    alike(start + noise)


@settings(max_examples=25)  # a megabyte each, and a backend in Python
@given(MANIFESTS, st.integers(0, 400), st.lists(SPOILT, max_size=1))
def test_buffers_make_no_difference(said: Any, before: int, spoilt: list[tuple[float, int, bytes]]) -> None:
    """The manifest lies across the end of the first buffer, at any of its bytes."""
    content = written(said, plain=False, indent=None)
    for share, taken, put in spoilt:
        at = 1 + int(share * (len(content) - 1))
        content = content[:at] + put + content[at + taken :]
    moved = content[:1] + b" " * (CHUNK - before) + content[1:]
    alike(moved)
    assert summarize(moved).model_dump(exclude={"sha256", "size"}) == summarize(content).model_dump(
        exclude={"sha256", "size"}
    )


@given(st.from_regex(_PLAIN, fullmatch=True))
def test_the_short_way_takes_only_what_the_library_takes(text: str) -> None:
    assert PackageURL.from_string(text).name
    assert is_purl(text)


@given(PURLS | st.text() | st.from_regex(r"\Apkg:[a-z/:@?=&%#. ]*\Z"))
def test_a_package_url_is_what_the_library_says(text: str) -> None:
    try:
        PackageURL.from_string(text)
    except ValueError:
        assert not is_purl(text)
    else:
        assert is_purl(text)


@pytest.mark.parametrize("seed", ["0", "1"])
def test_the_same_in_every_process(seed: str) -> None:
    """Neither hashes of texts nor the backend that the environment names make a difference."""
    code = (
        "import sys\nfrom cutover.domain import canonical\nfrom cutover.domain.dependencies import summarize\n"
        "sys.stdout.buffer.write(canonical.encode_model(summarize(sys.stdin.buffer.read())))"
    )
    wrong = [{"type": each} for each in "abcdefgh"]
    said = written({"bomFormat": "CycloneDX", "specVersion": "1.4", "components": wrong}, plain=True, indent=None)
    made = {
        subprocess.run(
            [sys.executable, "-c", code], input=said, capture_output=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "IJSON_BACKEND": backend, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for backend in ("yajl2_c", "python")
    }  # fmt: skip
    assert len(made) == 1
