"""Why a record could not be had: whoever reads the hold is told what to do about it."""

import ast
from pathlib import Path

import pytest

from cutover.domain.answering import PASSING
from cutover.domain.failures import FAILURES, mend_of

ROOT = Path(__file__).resolve().parents[2] / "functions" / "cutover"
FETCHING = [
    *(ROOT / "sources").glob("*.py"), *(ROOT / "stages" / "collect").glob("*.py"),
    ROOT / "stages" / "assemble" / "assembling.py", ROOT / "drifting.py",
    ROOT / "adapters" / "secrets_credentials.py", ROOT / "adapters" / "ecr_tokens.py",
    ROOT / "domain" / "unwrapping.py", ROOT / "domain" / "reading.py", *(ROOT / "domain" / "secrets").glob("*.py"),
]  # fmt: skip
PREFIXES = ("SOURCE_", "EVIDENCE_", "CREDENTIAL_", "COLLECT_")


def codes() -> set[str]:
    """Every code with which a record can fail to come."""
    values = (
        node.value
        for path in FETCHING
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
    )
    return {value for value in values if isinstance(value, str) and value.startswith(PREFIXES) and value.isupper()}


def test_every_code_of_a_failure_says_what_mends_it() -> None:
    assert len(codes()) > 20, "where they are raised is read"
    assert codes() <= set(FAILURES)


def test_no_code_is_explained_that_nobody_gives() -> None:
    assert set(FAILURES) - {"BAD_BASE64"} <= codes()


@pytest.mark.parametrize("code", sorted(FAILURES))
def test_a_failure_is_told_to_a_person(code: str) -> None:
    failure = FAILURES[code]
    assert failure.means.isprintable()
    assert failure.mend.isprintable()
    assert failure.means != failure.mend == mend_of(code)
    assert "http" not in failure.mend


def test_what_may_be_otherwise_later_can_be_answered_so_and_nothing_else() -> None:
    assert {code for code, failure in FAILURES.items() if "mended" in failure.mend} == PASSING
    assert {"SOURCE_UNREACHABLE", "SOURCE_THROTTLED", "SOURCE_UNAUTHORIZED", "SOURCE_RECORD_MISSING"} <= PASSING
    assert PASSING.isdisjoint({"SOURCE_RECORD_GONE", "SOURCE_RECORD_TOO_LARGE", "EVIDENCE_UNREADABLE"})


def test_a_code_that_nobody_knows_yet_is_answered_in_general() -> None:
    assert mend_of("SOURCE_NEW") == "publish the record, or announce the version that exists"
