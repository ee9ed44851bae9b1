"""Text of others in documents of ours: whatever it is, the document stays valid."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from cutover.contracts.base import Line, Model
from cutover.contracts.ledger import LedgerEngine
from cutover.domain import bounded, canonical, entries, faults
from cutover.domain.entries import Told
from cutover.domain.record import ChainHead, Fault, Status
from tests.building.policy import AS_OF

ENGINE = LedgerEngine(version="0.0.0", lock="sha256:" + "0" * 64)
LINE = TypeAdapter(Line)
texts = st.text(st.characters(exclude_categories=())) | st.text("é\n\u202e\ud800\U0001f600", min_size=150)
"""Everything that Python calls text, lone surrogates included; and much of what is long in UTF-8."""


@given(texts)
def test_any_text_is_a_line(text: str) -> None:
    made = bounded.line(text)
    assert LINE.validate_python(made) == made
    assert len(made.encode()) <= bounded.MAX_BYTES
    assert bounded.line(made) == made


@given(st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=100))
def test_what_prints_and_is_short_stays(text: str) -> None:
    assert bounded.line(text) == text


def test_it_is_cut_between_characters() -> None:
    assert bounded.line("a" + "é" * 400) == "a" + "é" * 249


@given(texts)
def test_no_detail_makes_an_entry_invalid(text: str) -> None:
    told = Told(
        event="refused", result="BAD_VALUE", requester="r", correlation_id="c", status=Status.REFUSED, inputs={},
        detail=text,
    )  # fmt: skip
    entry = entries.entry_after(ChainHead(chain="admissions.0"), told, at=AS_OF, role="admit", engine=ENGINE)
    assert canonical.decode(canonical.encode_model(entry))["detail"] == (bounded.line(text) if text else None)


@given(texts, texts)
def test_no_key_and_no_value_makes_a_fault_invalid(where: str, message: str) -> None:
    made = faults.fault(where, "BAD_VALUE", message)
    assert Fault.model_validate_json(made.model_dump_json()) == made


class Small(Model):
    name: Line


@given(st.dictionaries(texts, st.integers(), min_size=1, max_size=60))
def test_every_unknown_key_can_be_told(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as error:
        Small.model_validate(said)
    found = faults.faults_of(error.value)
    assert 0 < len(found) <= faults.MAX_FAULTS
    assert all(Fault.model_validate_json(each.model_dump_json()) == each for each in found)
