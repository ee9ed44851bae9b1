"""The Powertools table as Lambda sees it: one layer a function, and marks of runs under way that end in time."""

from datetime import datetime, timedelta

from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyItemAlreadyExistsError
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord

from tests.fakes.clock import FakeClock
from tests.simulator.wiring import InMemoryIdempotency

UNDER_WAY = timedelta(seconds=20)
"""How long a run that was ended keeps its key: the time that it had left (``Context``)."""


class SharedIdempotency(InMemoryIdempotency):
    """One function's layer over the shared items."""

    def __init__(self, shelf: "Shelf") -> None:
        super().__init__()
        self.items = shelf.items
        self._shelf = shelf

    def _put_record(self, data_record: DataRecord) -> None:
        key, now = data_record.idempotency_key, self._shelf.clock.now()
        found = self.items.get(key)
        if found is not None and not (found.status == "INPROGRESS" and now >= self._shelf.until.get(key, now)):
            raise IdempotencyItemAlreadyExistsError(old_data_record=found)
        self.items[key] = data_record
        self._shelf.until[key] = now + UNDER_WAY


class Shelf:
    """The table's items."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.items: dict[str, DataRecord] = {}
        self.until: dict[str, datetime] = {}
        self._layers: dict[str, SharedIdempotency] = {}

    def clear(self) -> None:
        self.items.clear()

    def layer(self, function: str) -> SharedIdempotency:
        if function not in self._layers:
            self._layers[function] = SharedIdempotency(self)
        return self._layers[function]
