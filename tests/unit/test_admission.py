"""Admitting, as a function: arbitrary bytes, the order of what is looked at, and the order of candidates."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutover.contracts.candidate import CANDIDATE_TYPE, MAX_CANDIDATE_BYTES, Candidate
from cutover.domain import canonical
from cutover.domain.admission import NotAdmitted, compare, examine
from cutover.domain.record import FINAL, Fault, Lane, Status
from cutover.errors import Refused
from tests.building.keys import Key, seal_bytes
from tests.building.policy import ISSUED_AT, RECEIVED_AT
from tests.simulator.world import World

WORLD = World()
POLICY = WORLD.wiring.policy()
CANDIDATE = WORLD.candidate()
KEY = WORLD.deployment.key("candidate")


def look(content: bytes) -> Any:
    return examine(
        content, policy=POLICY, audience=WORLD.deployment.audience, targets={"production"}, received_at=RECEIVED_AT,
        now=RECEIVED_AT,
    )  # fmt: skip


def signed(payload: bytes) -> bytes:
    return seal_bytes(CANDIDATE_TYPE, payload, KEY)


def reason_of(content: bytes) -> str:
    with pytest.raises(NotAdmitted) as refusal:
        look(content)
    assert refusal.value.faults
    return refusal.value.reason


def test_a_candidate_in_order_is_examined() -> None:
    payload = canonical.encode_model(CANDIDATE)
    found = look(signed(payload))
    assert (found.candidate, found.payload, found.digest) == (CANDIDATE, payload, canonical.digest(payload))
    assert found.window == WORLD.deployment.the_window()


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_and_nothing_else(content: bytes) -> None:
    assert reason_of(content) in {"NOT_CANONICAL", "NOT_AN_ENVELOPE"}


@given(st.binary(max_size=300))
def test_arbitrary_signed_bytes_are_refused_and_nothing_else(payload: bytes) -> None:
    assert reason_of(signed(payload)) in {"NOT_CANONICAL", "CANDIDATE_INVALID", "WRONG_VERSION"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(Candidate.model_fields)), VALUES)
def test_any_value_in_any_field_is_admitted_or_refused(field: str, value: Any) -> None:
    """A trusted signer's mistake is told; it never raises anything else."""
    said = CANDIDATE.model_dump(mode="json", by_alias=True)
    name = Candidate.model_fields[field].alias or field
    try:
        payload = canonical.encode({**said, name: value})
    except Refused:
        return  # outside of the profile: no signer can have written it
    faults: tuple[Fault, ...] = ()
    try:
        look(signed(payload))
    except NotAdmitted as refusal:
        faults = refusal.faults
    assert all(fault.pointer.startswith("/") and fault.message for fault in faults)


def test_nothing_inside_is_looked_at_before_the_signature() -> None:
    """Of an untrusted document only that it is untrusted is said."""
    payload = canonical.encode({"schema": "cutover/candidate/v9", "audience": "elsewhere"})
    assert reason_of(seal_bytes(CANDIDATE_TYPE, payload, Key("nobody"))) == "UNTRUSTED_SIGNATURE"
    assert reason_of(signed(payload)) in {"WRONG_VERSION", "CANDIDATE_INVALID"}


def test_too_large_is_said_before_it_is_parsed() -> None:
    assert reason_of(b"{" * (2 * MAX_CANDIDATE_BYTES + 1)) == "CANDIDATE_TOO_LARGE"


def test_a_second_signature_by_a_stranger_changes_nothing() -> None:
    content = seal_bytes(CANDIDATE_TYPE, canonical.encode_model(CANDIDATE), Key("nobody"), KEY)
    assert look(content).candidate == CANDIDATE


seconds = st.integers(-3, 3)


@given(seconds, st.integers(0, 3), st.integers(0, 3), st.none() | st.sampled_from(sorted(FINAL)))
def test_strictly_newer_by_issue_time_then_sequence(
    later: int, sequence: int, before: int, ended: Status | None
) -> None:
    """Whether the lane's revision is live or how it ended makes no difference to the order."""
    candidate = CANDIDATE.model_copy(update={"issued_at": ISSUED_AT + timedelta(seconds=later), "sequence": sequence})
    lane = Lane(
        product="service", target="production", number=1, cutover="service@production.1", revision=1, ended=ended,
        issued_at=ISSUED_AT, sequence=before,
    )  # fmt: skip
    if later > 0 or (later == 0 and sequence > before):
        compare(candidate, lane)
        return
    with pytest.raises(NotAdmitted) as refusal:
        compare(candidate, lane)
    assert refusal.value.reason == "NOT_NEWER"


def test_the_first_of_a_product_has_nothing_to_be_newer_than() -> None:
    compare(CANDIDATE, None)
