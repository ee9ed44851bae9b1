"""The deployment's own event bus, as the place where Cutover tells what happened."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cutover.adapters.aws_errors import translated
from cutover.contracts.told import SOURCE
from cutover.errors import DependencyUnavailable
from cutover.ports import Announcement

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient

BATCH = 10
"""Events in one call (EventBridge API Reference, PutEvents). Ten of ours are far below the 1 MB for all of them."""


class EventBridgeAnnouncements:
    """Implements ``Announcements``. PutEvents answers 200 when it took none: each entry says for itself."""

    def __init__(self, client: "EventBridgeClient", *, bus_name: str) -> None:
        self._client = client
        self._bus_name = bus_name

    def put(self, announcements: Sequence[Announcement]) -> None:
        for first in range(0, len(announcements), BATCH):
            self._put(announcements[first : first + BATCH])

    def _put(self, batch: Sequence[Announcement]) -> None:
        with translated("PutEvents"):
            answer = self._client.put_events(
                Entries=[
                    {
                        "EventBusName": self._bus_name, "Source": SOURCE, "DetailType": each.detail_type,
                        "Detail": each.detail.decode(), "Time": each.at,
                    }
                    for each in batch
                ]
            )  # fmt: skip
        failed = [entry["ErrorCode"] for entry in answer["Entries"] if "ErrorCode" in entry]
        if failed or answer["FailedEntryCount"] or len(answer["Entries"]) != len(batch):
            raise DependencyUnavailable(
                f"PutEvents: not all of {len(batch)} were taken, {', '.join(sorted({*failed}))}"
            )
