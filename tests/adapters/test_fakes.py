"""The fakes' own tools: faults on demand, kill points, stream events."""

from datetime import timedelta

import pytest

from cutover.adapters import dynamodb_items as items
from cutover.domain.record import Status
from cutover.errors import AmbiguousCompletion, DependencyUnavailable
from cutover.ports import Records
from tests.adapters.samples import CUTOVER, Writer, advanced, record
from tests.fakes.faults import Faults, Killed, faulty
from tests.fakes.keys import LocalSigner
from tests.fakes.queues import FakeDeploymentQueue
from tests.fakes.records import InMemoryRecords
from tests.fakes.streams import stream_event


def faulty_records(faults: Faults) -> Records:
    return faulty(InMemoryRecords(), "records", faults)


def test_before_means_that_nothing_was_done() -> None:
    faults = Faults()
    faults.before("records.commit")
    records = faulty_records(faults)
    with pytest.raises(DependencyUnavailable, match=r"before records\.commit"):
        Writer(records).commit(opened=record())
    assert records.revision(CUTOVER, 1) is None
    Writer(records).commit(opened=record())
    assert faults.spent


def test_after_means_that_only_the_answer_was_lost() -> None:
    faults = Faults()
    faults.after("queue.send", AmbiguousCompletion("lost"), skip=1, times=2)
    fake = FakeDeploymentQueue(["eu"])
    queue = faulty(fake, "queue", faults)
    assert queue.send("eu", body=b"1", group="g", deduplication_id="1")
    for number in ("2", "3"):
        with pytest.raises(AmbiguousCompletion):
            queue.send("eu", body=number.encode(), group="g", deduplication_id=number)
    assert len(fake.messages("eu")) == 3
    assert faults.spent
    assert faults.calls == ["queue.send"] * 3


def test_a_plan_in_vain_shows() -> None:
    faults = Faults()
    faults.before("records.commit", skip=1)
    Writer(faulty_records(faults)).commit()
    assert not faults.spent
    assert not Faults(kill_at=0).spent


def test_every_point_can_be_the_end() -> None:
    """One good run counts the points; then the function dies at each of them in turn."""
    counted = Faults()
    Writer(faulty_records(counted)).commit(opened=record())
    assert counted.points == [
        ("records.chain", "before"),
        ("records.chain", "after"),
        ("records.commit", "before"),
        ("records.commit", "after"),
    ]
    outcomes = []
    for point in range(len(counted.points)):
        table = InMemoryRecords()
        with pytest.raises(Killed):
            Writer(faulty(table, "records", Faults(kill_at=point))).commit(opened=record())
        outcomes.append(table.revision(CUTOVER, 1) is not None)
    assert outcomes == [False, False, False, True]


def test_values_pass_through() -> None:
    signer = LocalSigner()
    assert faulty(signer, "signer", Faults()).key_id == signer.key_id


def test_changes_come_in_order_as_stream_events() -> None:
    records = InMemoryRecords()
    writer = Writer(records)
    writer.commit(opened=record(due_at=record().admitted_at + timedelta(minutes=1)))
    stored = records.revision(CUTOVER, 1)
    assert stored is not None
    writer.commit(record=advanced(stored, Status.HELD), record_before=stored)
    event = stream_event(records.changes)
    images = [one["dynamodb"]["NewImage"] for one in event["Records"]]
    assert [items.model_of(image) for image in images] == records.changes
    assert [image["sk"]["S"].partition("#")[0] for image in images] == ["HEAD", "LEDGER", "REVISION"] * 2
    assert event["Records"][-1]["eventName"] == "MODIFY"
