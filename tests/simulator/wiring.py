"""The real handlers over fakes: a wiring whose adapters are in memory."""

import functools
import json
from typing import Any

from aws_lambda_powertools.utilities.idempotency import BasePersistenceLayer
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyItemAlreadyExistsError,
    IdempotencyItemNotFoundError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord

from cutover.contracts.ledger import LedgerEngine
from cutover.contracts.policy import Purpose
from cutover.ports import Signer
from cutover.runtime.settings import Settings
from cutover.runtime.wiring import Wiring
from cutover.together import Together, one_by_one
from tests.building.policy import Deployment
from tests.fakes.clock import FakeClock
from tests.fakes.keys import LocalMac
from tests.fakes.mailer import FakeMailer
from tests.fakes.messages import InMemoryMessages
from tests.fakes.queues import FakeAnnouncements, FakeDeploymentQueue, FakeExceptionQueue
from tests.fakes.records import InMemoryRecords
from tests.fakes.sources import FakeInbox, FakeSources
from tests.fakes.store import InMemoryStore
from tests.fakes.tokens import InMemoryTokens
from tests.fakes.workflow import FakeWorkflow

PAGE_URL = "https://approvals.example.com"


class InMemoryIdempotency(BasePersistenceLayer):
    """The Powertools table in memory. ``clear`` empties it: no outcome may change."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.items: dict[str, DataRecord] = {}

    def clear(self) -> None:
        self.items.clear()

    def _get_record(self, idempotency_key: str) -> DataRecord:
        if idempotency_key not in self.items:
            raise IdempotencyItemNotFoundError
        return self.items[idempotency_key]

    def _put_record(self, data_record: DataRecord) -> None:
        if data_record.idempotency_key in self.items:
            raise IdempotencyItemAlreadyExistsError(old_data_record=self.items[data_record.idempotency_key])
        self.items[data_record.idempotency_key] = data_record

    def _update_record(self, data_record: DataRecord) -> None:
        self.items[data_record.idempotency_key] = data_record

    def _delete_record(self, data_record: DataRecord) -> None:
        self.items.pop(data_record.idempotency_key, None)


class SimulatedWiring(Wiring):
    """Every port a fake. ``decorate`` may wrap a port, to let its calls fail."""

    def __init__(self, deployment: Deployment, fingerprint: str, clock: FakeClock) -> None:
        targets = {
            deployment.target: {
                "queue_arn": deployment.queue_arn,
                "queue_url": "https://queue.example.com/" + deployment.target,
                "environment": deployment.target,
                "account": "123456789012",
            }
        }
        super().__init__(
            Settings(
                {
                    "CUTOVER_AUDIENCE": deployment.audience,
                    "CUTOVER_ROOT_FINGERPRINT": fingerprint,
                    "CUTOVER_TARGETS": json.dumps(targets),
                    "CUTOVER_PAGE_URL": PAGE_URL,
                    "CUTOVER_ENGINE": "0.0.0",
                    "CUTOVER_LOCK_DIGEST": "sha256:" + "0" * 64,
                }
            )
        )
        self.deployment_keys = deployment
        self.clock = clock

    def client(self, service: Any, config: Any = None, region: str | None = None) -> Any:
        raise AssertionError(f"a simulated handler reached for AWS: {service} {config}")

    def signer(self, purpose: Purpose) -> Signer:
        return self.deployment_keys.key(purpose)

    @property
    def together(self) -> Together:
        return one_by_one

    @functools.cached_property
    def records(self) -> InMemoryRecords:
        return InMemoryRecords()

    @functools.cached_property
    def tokens(self) -> InMemoryTokens:
        return InMemoryTokens()

    @functools.cached_property
    def store(self) -> InMemoryStore:
        return InMemoryStore()

    @functools.cached_property
    def inbox(self) -> FakeInbox:
        return FakeInbox()

    @functools.cached_property
    def bucket(self) -> FakeSources:
        return FakeSources()

    @functools.cached_property
    def sources(self) -> dict[str, Any]:
        return {"s3": self.bucket}

    @functools.cached_property
    def workflow(self) -> FakeWorkflow:
        return FakeWorkflow()

    @functools.cached_property
    def exceptions(self) -> FakeExceptionQueue:
        return FakeExceptionQueue(self.clock)

    @functools.cached_property
    def announcements(self) -> FakeAnnouncements:
        return FakeAnnouncements()

    @functools.cached_property
    def deployment(self) -> FakeDeploymentQueue:
        return FakeDeploymentQueue(self.settings.targets, self.clock)

    @functools.cached_property
    def mailer(self) -> FakeMailer:
        return FakeMailer()

    @functools.cached_property
    def messages(self) -> InMemoryMessages:
        return InMemoryMessages()

    @functools.cached_property
    def links_mac(self) -> LocalMac:
        return LocalMac(secret=b"links" * 8)

    @functools.cached_property
    def engine(self) -> LedgerEngine:
        return LedgerEngine(version="0.0.0", lock="sha256:" + "0" * 64)

    @functools.cached_property
    def idempotency(self) -> InMemoryIdempotency:
        return InMemoryIdempotency()
