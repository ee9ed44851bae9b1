"""What must hold of the whole table after any race: read from the engine, item by item.

1. Every chain is one chain: each entry follows the one before it, and the head is the last one.
2. The ledger alone yields each status: one entry for each change, each from where the one before it led.
3. A slot has one owner: the revision that is bound to it, and every such revision has its slot.
4. A lane names its newest revision, and whether that one has ended; no other revision there is live.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from cutover.adapters import dynamodb_items as items
from cutover.contracts.ledger import LedgerEntry
from cutover.domain import ledger
from cutover.domain.record import FINAL, KEEPS_SLOT, Admission, ChainHead, Lane, RevisionRecord, Slot

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

M = TypeVar("M", bound=BaseModel)


class Table:
    """Everything that a table holds now, and whether it is sound."""

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        found: dict[str, Any] = {**client.scan(TableName=name, ConsistentRead=True)}
        assert "LastEvaluatedKey" not in found, "more than one page: a race is smaller"
        self.items: list[items.Item] = found["Items"]

    @cached_property
    def models(self) -> list[BaseModel]:
        return [model for item in self.items if (model := items.model_of(item)) is not None]

    @property
    def nonces(self) -> int:
        return sum(item["kind"] == {"S": "NONCE"} for item in self.items)

    def all(self, model: type[M]) -> list[M]:
        return [each for each in self.models if isinstance(each, model)]

    def chain(self, name: str) -> list[LedgerEntry]:
        """One chain's entries in order, after proving that they are one."""
        entries = sorted((each for each in self.all(LedgerEntry) if each.chain == name), key=lambda each: each.sequence)
        (head,) = [each for each in self.all(ChainHead) if each.chain == name]
        assert ledger.verify_chain(entries, chain=name) == head
        return entries

    def taken(self, cutover: str, revision: int = 1) -> list[str]:
        """The events of the rows that a revision took, in order."""
        entries = self.chain(cutover)
        return [each.event for each in entries if each.transition is not None and each.revision == revision]

    def told(self, order: str) -> LedgerEntry:
        """The one entry that a signed event led to, by its payload; not that of the revision it may have opened."""
        entries = [each for each in self.all(LedgerEntry) if order in each.inputs.values()]
        (found,) = [each for each in entries if each.event != "opened"]
        return found

    def record(self, cutover: str, revision: int = 1) -> RevisionRecord:
        (found,) = [each for each in self.all(RevisionRecord) if (each.cutover, each.revision) == (cutover, revision)]
        return found

    def assert_sound(self) -> None:
        for name in {each.chain for each in self.all(LedgerEntry)} | {each.chain for each in self.all(ChainHead)}:
            self.chain(name)
        for record in self.all(RevisionRecord):
            self._follows(record)
        for admission in self.all(Admission):
            self._decided(admission)
        self._slots()
        for lane in self.all(Lane):
            self._lane(lane)

    def _follows(self, record: RevisionRecord) -> None:
        entries = [each for each in self.chain(record.cutover) if each.revision == record.revision and each.to]
        status = entries[0].to
        for entry in entries[1:]:
            assert entry.from_ == status, f"{entry.event} leads from {entry.from_}, and it stood at {status}"
            status = entry.to
        assert status == record.status, f"the ledger says {status}, the record {record.status}"
        assert len(entries) <= record.version, "an entry tells of a change that the record never had"

    def _decided(self, admission: Admission) -> None:
        """What an admission opened exists; what it did not open, it does not name."""
        names = {(each.cutover, each.revision) for each in self.all(RevisionRecord)}
        assert admission.cutover is None or (admission.cutover, admission.revision) in names

    def _slots(self) -> None:
        owners = {(each.cutover, each.revision): each for each in self.all(Slot)}
        assert len(owners) == len(self.all(Slot)), "one revision owns two slots"
        bound = {
            (each.cutover, each.revision)
            for each in self.all(RevisionRecord)
            if each.manifest is not None and (each.status not in FINAL or each.status in KEEPS_SLOT)
        }
        assert set(owners) == bound

    def _lane(self, lane: Lane) -> None:
        here = {
            (each.cutover, each.revision): each
            for each in self.all(RevisionRecord)
            if (each.product, each.target) == (lane.product, lane.target)
        }
        current = here[lane.cutover, lane.revision]
        assert [each for each in here.values() if each.status not in FINAL] == ([] if lane.ended else [current])
        assert lane.ended in {None, current.status}, f"the lane says {lane.ended}, the record {current.status}"
        assert lane.revision == max(each.revision for each in here.values() if each.cutover == lane.cutover)
