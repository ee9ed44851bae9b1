"""What is refused to be a release, however well it is signed: a rehearsal, and a candidate that translated itself."""

from typing import Any

import pytest

from cutover.domain import canonical
from tests.builders import CUTOVER, package
from tests.verifier.judging import judge
from tests.verifier.mutation import put

REHEARSAL = CUTOVER.replace(".", ".rehearsal.")
TRANSLATED = {
    "contract": "cutover/candidate/v0", "original": canonical.digest(b"{}"), "rules": canonical.digest(b"rules"),
}  # fmt: skip


def refusal(**changes: Any) -> tuple[str, str]:
    report = judge(package(changes))
    return report.code, report.detail


def test_a_candidate_that_is_a_rehearsal() -> None:
    assert refusal(candidate=put("/rehearsal", True)) == ("NOT_FOR_A_REHEARSAL", "the candidate is a rehearsal's")
    assert judge(package({"candidate": put("/rehearsal", False)})).verified


def test_a_candidate_that_says_that_it_was_translated() -> None:
    assert refusal(candidate=put("/translated", TRANSLATED)) == (
        "TRANSLATION_NOT_OURS",
        "whoever signed the candidate says that it is a translation",
    )
    assert judge(package({"candidate": put("/translated", None)})).verified


@pytest.mark.parametrize("name", [REHEARSAL, "service@production.rehearsal.2"])
def test_a_cutover_that_is_a_rehearsal_s(name: str) -> None:
    """All documents agree on it, and the candidate is none."""
    changes = {
        "bundle": put("/cutover", name), "hold-register": put("/cutover", name),
        "manifest": put("/predicate/cutover", name), "approval/1": put("/predicate/cutover", name),
        "approval/2": put("/predicate/cutover", name), "handoff": put("/cutover", name),
    }  # fmt: skip
    assert refusal(**changes) == ("BINDING_DIFFERS", "whether it is a rehearsal is True, wanted False")
