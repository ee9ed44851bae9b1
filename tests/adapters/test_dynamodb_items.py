"""Models survive the table, and the table refuses what is no model."""

from datetime import UTC, datetime
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from cutover.adapters import dynamodb_items as items
from cutover.contracts.policy import SignedReference
from cutover.contracts.supersession import Refreshed
from cutover.domain.record import (
    FINAL,
    Admission,
    ChainHead,
    Fault,
    Lane,
    RecordedDecision,
    RecordedResolution,
    RevisionRecord,
    Signal,
    Status,
)
from cutover.errors import IntegrityError
from tests.adapters.samples import admission, digest_of, entry, lane, record, slot, token

INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda instant: instant.replace(microsecond=0)
)
DIGESTS = st.binary(min_size=32, max_size=32).map(lambda raw: "sha256:" + raw.hex())
LINES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60)
NAMES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}[a-z0-9]", fullmatch=True)
SIGNED = st.builds(SignedReference, payload=DIGESTS, envelope=DIGESTS)
COUNTS = st.integers(0, 2**53 - 1)
DECISIONS = st.builds(
    RecordedDecision, role=NAMES, person=NAMES, payload=DIGESTS, envelope=DIGESTS, facts=SIGNED, key=DIGESTS,
    decided_at=INSTANTS, credential=st.none() | st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
)  # fmt: skip
REFRESHED = st.builds(Refreshed, source=NAMES, record=LINES, version=st.none() | LINES)
RESOLUTIONS = st.builds(
    RecordedResolution, fingerprint=DIGESTS, kind=st.sampled_from(["waiver", "evidence", "mended"]), resolver=NAMES,
    payload=DIGESTS, envelope=DIGESTS, waiver=st.none() | DIGESTS, refreshed=st.none() | REFRESHED,
    resolved_at=INSTANTS,
)  # fmt: skip
RECORDS = st.builds(
    RevisionRecord,
    cutover=st.just("shop@eu.12"),
    revision=st.integers(1, 999_999),
    product=NAMES,
    target=NAMES,
    status=st.sampled_from(Status),
    execution=COUNTS,
    moved_at=INSTANTS,
    version=st.integers(1, 2**53 - 1),
    admission=DIGESTS,
    candidate=DIGESTS,
    correlation_id=LINES,
    requester=LINES,
    window=NAMES,
    rules=SIGNED,
    facts=SIGNED,
    admitted_at=INSTANTS,
    expires_at=INSTANTS,
    as_of=st.none() | INSTANTS,
    manifest=st.none() | SIGNED,
    queue_arn=st.none() | LINES,
    decision_seq=COUNTS,
    decisions=st.lists(DECISIONS, max_size=3).map(tuple),
    refreshed=st.lists(REFRESHED, max_size=3).map(tuple),
    waivers=st.lists(DIGESTS, max_size=3).map(tuple),
    relies_on=st.lists(DIGESTS, max_size=3).map(tuple),
    resolutions=st.lists(RESOLUTIONS, max_size=2).map(tuple),
    supersession=st.none() | DIGESTS,
    ask=st.booleans(),
    probe_every=st.none() | COUNTS,
    probe_by=st.none() | INSTANTS,
    unconsumed=st.lists(REFRESHED, max_size=2).map(tuple),
    deferred_until=st.none() | INSTANTS,
    attempt=COUNTS,
    reason=st.none() | st.just("DECLINED_BY_APPROVER"),
    signal=st.none() | st.sampled_from(Signal),
    due_at=st.none() | INSTANTS,
)
FAULTS = st.builds(Fault, pointer=LINES, code=st.just("BAD_VALUE"), message=LINES)
ADMISSIONS = st.builds(
    Admission,
    digest=DIGESTS,
    status=st.sampled_from(Status),
    received_at=INSTANTS,
    correlation_id=LINES,
    fault=st.none() | FAULTS,
    faults=st.lists(FAULTS, max_size=3).map(tuple),
    payload=st.none() | DIGESTS,
    revision=st.none() | st.integers(1, 999_999),
    signal=st.none() | st.sampled_from(Signal),
    due_at=st.none() | INSTANTS,
)


@given(RECORDS | ADMISSIONS)
def test_whatever_is_stored_is_read_again(model: RevisionRecord | Admission) -> None:
    item = items.item_of(model)
    assert items.read(type(model), item) == model
    assert items.model_of(item) == model
    assert {"NULL": True} not in item.values()


@given(RECORDS | ADMISSIONS)
def test_the_index_holds_exactly_what_the_clock_must_see(model: RevisionRecord | Admission) -> None:
    pending = {Status.ADMITTING} if isinstance(model, Admission) else (set(Status) - FINAL) | {Status.UNCERTAIN}
    expected = model.due_at is not None and (model.status in pending or model.signal is not None)
    assert ("live" in items.item_of(model)) is expected


@given(
    st.recursive(
        st.text(max_size=20) | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=20,
    )
)
def test_attributes_are_what_boto3_would_write(value: Any) -> None:
    attribute: Any = items.marshal(value)
    assert attribute == TypeSerializer().serialize(value)
    assert items.unmarshal(attribute) == TypeDeserializer().deserialize(attribute) == value


@given(
    st.sampled_from([None, 1.5, b"raw", {1}]),
)
def test_nothing_outside_the_profile_is_stored(value: object) -> None:
    with pytest.raises(TypeError):
        items.marshal(value)


@pytest.mark.parametrize(
    ("model", "pk", "sk"),
    [
        (record(revision=7), "CUTOVER#shop@eu.1", "REVISION#000007"),
        (admission(), f"ADMISSION#{digest_of('admission')}", "ADMISSION"),
        (lane(), "LANE#shop@eu", "LANE"),
        (ChainHead(chain="shop@eu.1", sequence=1, entry=digest_of("e")), "CHAIN#shop@eu.1", "HEAD"),
        (entry(ChainHead(chain="shop@eu.1")), "CHAIN#shop@eu.1", "LEDGER#000000000001"),
        (slot(), "SLOT#arn:aws:sqs:eu-west-1:000000000000:eu.fifo#w-1", "SLOT"),
        (token(), "CUTOVER#shop@eu.1#000001", "TOKEN"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_keys(model: Any, pk: str, sk: str) -> None:
    item = items.item_of(model)
    assert (item["pk"], item["sk"]) == ({"S": pk}, {"S": sk})


@pytest.mark.parametrize("ended", [None, Status.DECLINED])
def test_a_lane_does_not_stand_in_the_index_of_what_is_due(ended: Status | None) -> None:
    item = items.item_of(lane(ended=ended))
    assert "live" not in item
    assert items.read(Lane, item) == lane(ended=ended)


@pytest.mark.parametrize(
    "damage",
    [
        {"status": {"S": "deployed"}},
        {"version": {"S": "1"}},
        {"surprise": {"S": "x"}},
        {"admitted_at": {"S": "2026-03-02"}},
        {"candidate": {"NULL": True}},
    ],
    ids=lambda damage: next(iter(damage)),
)
def test_a_damaged_item_is_an_integrity_error(damage: items.Item) -> None:
    with pytest.raises(IntegrityError):
        items.read(RevisionRecord, items.item_of(record()) | damage)


def test_a_missing_field_is_an_integrity_error() -> None:
    item = items.item_of(record())
    del item["candidate"]
    with pytest.raises(IntegrityError, match="REVISION#000001 is not a RevisionRecord"):
        items.read(RevisionRecord, item)


@pytest.mark.parametrize("kind", ["PAYLOAD", "NONCE", "SOMETHING_NEWER"])
def test_items_without_a_model_are_none(kind: str) -> None:
    assert items.model_of(items.key("X", "Y") | {"kind": {"S": kind}}) is None
