"""What is kept: the record, the store, the policy, and what is signed or said in the ledger."""

import functools
import importlib
from typing import TYPE_CHECKING

from cutover.adapters.dynamodb_records import DynamoRecords
from cutover.adapters.dynamodb_tokens import DynamoTokens
from cutover.adapters.s3_store import S3Store
from cutover.contracts.bundle import Engine
from cutover.contracts.ledger import LedgerEngine
from cutover.contracts.policy import Purpose
from cutover.domain.policy import Policy
from cutover.domain.record import RevisionRecord
from cutover.policies import PolicyReader
from cutover.ports import Inbox, LockedStore, Records, Tokens
from cutover.recorder import Recorder
from cutover.runtime.clients import Clients
from cutover.runtime.observability import logger, tracer
from cutover.sealing import Sealer
from cutover.succession import Succession

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.idempotency import BasePersistenceLayer


class Keeping(Clients):
    """Table, buckets and the active policy, with what needs no more than these."""

    @functools.cached_property
    def records(self) -> Records:
        return DynamoRecords(self.client("dynamodb"), table=self.settings.text("CUTOVER_TABLE"))

    @functools.cached_property
    def tokens(self) -> Tokens:
        return DynamoTokens(self.client("dynamodb"), table=self.settings.text("CUTOVER_TOKENS_TABLE"))

    @functools.cached_property
    def store(self) -> LockedStore:
        return S3Store(self.client("s3"), bucket=self.settings.text("CUTOVER_STORE_BUCKET"))

    @functools.cached_property
    def inbox(self) -> Inbox:
        from cutover.adapters.s3_inbox import S3Inbox

        return S3Inbox(self.client("s3"), bucket=self.settings.text("CUTOVER_INBOX_BUCKET"))

    @functools.cached_property
    def idempotency(self) -> "BasePersistenceLayer":
        from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer

        return DynamoDBPersistenceLayer(
            table_name=self.settings.text("CUTOVER_IDEMPOTENCY_TABLE"), boto3_client=self.client("dynamodb")
        )

    @functools.cached_property
    def policies(self) -> PolicyReader:
        return PolicyReader(
            records=self.records, store=self.store, fingerprint=self.settings.text("CUTOVER_ROOT_FINGERPRINT")
        )

    def policy(self) -> Policy:
        """The active policy, read now: facts may have changed a moment ago."""
        return self.policies.active()

    def sealer(self, purpose: Purpose) -> Sealer:
        return Sealer(purpose=purpose, signer=self.signer(purpose), keys=self.policy().facts.keys, clock=self.clock)

    @functools.cached_property
    def engine(self) -> LedgerEngine:
        return LedgerEngine(
            version=self.settings.text("CUTOVER_ENGINE"), lock=self.settings.text("CUTOVER_LOCK_DIGEST")
        )

    @functools.cached_property
    def bundle_engine(self) -> Engine:
        """What a bundle says of the code that made it, time zone data included."""
        zones = importlib.import_module("tzdata")
        return Engine(version=self.engine.version, lock=self.engine.lock, tzdata=zones.IANA_VERSION)

    def recorder(self, role: str, *, execution: int | None = None) -> Recorder:
        """For one function; ``execution``: only as long as that one serves the revision."""
        return Recorder(
            records=self.records, clock=self.clock, role=role, engine=self.engine, seen=_seen, execution=execution
        )

    def succession(self, policy: Policy | None = None) -> Succession:
        """``policy``: the active one, where the caller has just read it."""
        return Succession(
            audience=self.settings.audience, store=self.store, clock=self.clock,
            policy=(lambda: policy) if policy else self.policy,
        )  # fmt: skip


def _seen(record: RevisionRecord) -> None:
    """From now on log lines and the trace are about this record: ``cutover trace`` leads to both."""
    logger.append_keys(cutover=record.cutover, revision=record.revision, correlation_id=record.correlation_id)
    tracer.put_annotation("correlation_id", record.correlation_id)
