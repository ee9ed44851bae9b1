"""The composition root: adapters with their clients, made on first use and kept while the function is warm."""

import functools
import importlib
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from cutover.adapters.dynamodb_records import DynamoRecords
from cutover.adapters.dynamodb_tokens import DynamoTokens
from cutover.adapters.s3_store import S3Store
from cutover.adapters.system_clock import SystemClock
from cutover.contracts.bundle import Engine
from cutover.contracts.candidate import Candidate
from cutover.contracts.evidence import Collection, Section
from cutover.contracts.ledger import LedgerEngine
from cutover.contracts.manifest import Destination
from cutover.contracts.policy import Purpose
from cutover.domain.checks.context import StatementOpener
from cutover.domain.mac import Overlapping
from cutover.domain.policy import Policy
from cutover.domain.record import RevisionRecord
from cutover.drifting import Drifting
from cutover.policies import PolicyReader
from cutover.ports import (
    Announcements,
    Clock,
    Credentials,
    DeploymentQueue,
    ExceptionQueue,
    FeedbackQueue,
    Inbox,
    LockedStore,
    Mac,
    Mailer,
    Messages,
    Records,
    Signer,
    Slack,
    SlackSecrets,
    Sources,
    Tokens,
    Workflow,
)
from cutover.recorder import Recorder
from cutover.runtime.observability import logger
from cutover.runtime.reaching import reached
from cutover.runtime.settings import Settings
from cutover.sealing import Sealer
from cutover.succession import Succession
from cutover.together import A, B, Together

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.idempotency import BasePersistenceLayer

    from cutover.doors.clock.ticking import Report, Ticking
    from cutover.messaging.carrying import Messaging
    from cutover.messaging.owners import Owners
    from cutover.sources.web import Web

STANDARD = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
AT_A_TIME = 8
"""Below the ten connections that a client of botocore keeps."""
SEND_ONCE = Config(connect_timeout=3, read_timeout=8, retries={"mode": "standard", "total_max_attempts": 1})
"""A send whose answer is lost must not be repeated by the SDK: HandOff decides what happens then."""


class Wiring:
    """Everything that a handler can ask for. Each adapter imports only when it is asked for."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock: Clock = self._clock()
        self._signers: dict[Purpose, Signer] = {}
        self._making = threading.Lock()

    def _clock(self) -> Clock:
        """The host's. The setting for drills is refused at synthesis (``infra.refusals``)."""
        moved = self.settings.environment.get("CUTOVER_TEST_CLOCK")
        if moved is None:
            return SystemClock()
        from cutover.adapters.moved_clock import MovedClock

        return MovedClock(SystemClock(), Path(moved))

    @functools.cached_property
    def session(self) -> boto3.Session:
        return boto3.Session()

    def client(self, service: Any, config: Config = STANDARD, region: str | None = None) -> Any:
        """A client in this function's region, or in another one."""
        with self._making:  # a session is not made for threads, which may ask for a registry's client
            return self.session.client(service, config=config, region_name=region)

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
    def sources(self) -> Sources:
        """One adapter for each kind of source system."""
        return reached(
            self.client, ecr=lambda region: self.client("ecr", region=region), web=lambda: self.web,
            credentials=lambda: self.credentials, clock=self.clock,
        )  # fmt: skip

    @property
    def statements(self) -> StatementOpener:
        """Proves who signed a statement; ``sigstore`` is imported for a Sigstore bundle only."""
        from cutover.attesting.opening import Opening

        return Opening(self.store.get)

    @functools.cached_property
    def web(self) -> "Web":
        """The way to source systems. The setting for tests is refused at synthesis (``infra.refusals``)."""
        from cutover.sources.web import CheckedWeb

        return CheckedWeb(loopback=self.settings.environment.get("CUTOVER_TEST_LOOPBACK") == "1")

    @functools.cached_property
    def credentials(self) -> Credentials:
        from cutover.adapters.secrets_credentials import SecretsCredentials

        return SecretsCredentials(self.client("secretsmanager"), prefix=self.settings.text("CUTOVER_SECRETS_PREFIX"))

    @functools.cached_property
    def workflow(self) -> Workflow:
        from cutover.adapters.stepfunctions_workflow import StepFunctionsWorkflow

        return StepFunctionsWorkflow(
            self.client("stepfunctions"), state_machine_arn=self.settings.text("CUTOVER_STATE_MACHINE_ARN")
        )

    @functools.cached_property
    def exceptions(self) -> ExceptionQueue:
        from cutover.adapters.sqs_queues import SqsExceptionQueue

        return SqsExceptionQueue(self.client("sqs"), queue_url=self.settings.text("CUTOVER_EXCEPTIONS_QUEUE_URL"))

    @functools.cached_property
    def announcements(self) -> Announcements:
        from cutover.adapters.eventbridge_announcements import EventBridgeAnnouncements

        return EventBridgeAnnouncements(self.client("events"), bus_name=self.settings.text("CUTOVER_BUS"))

    @functools.cached_property
    def deployment(self) -> DeploymentQueue:
        from cutover.adapters.sqs_queues import DeployedQueue, SqsDeploymentQueue

        queues = {
            name: DeployedQueue(arn=target["queue_arn"], url=target["queue_url"])
            for name, target in self.settings.targets.items()
        }
        return SqsDeploymentQueue(lambda region: self.client("sqs", SEND_ONCE, region), queues=queues)

    @functools.cached_property
    def mailer(self) -> Mailer:
        from cutover.adapters.ses_mailer import SesMailer

        client = self.client("sesv2")
        return SesMailer(
            client, sender=self.settings.text("CUTOVER_SENDER"), region=client.meta.region_name,
            configuration_set=self.settings.environment.get("CUTOVER_MAIL_CONFIGURATION"),
        )  # fmt: skip

    @functools.cached_property
    def slack(self) -> Slack | None:
        """None where this deployment has none. The address for tests is refused at synthesis (``infra.refusals``)."""
        name = self.settings.environment.get("CUTOVER_SLACK_SECRET")
        if not name:
            return None
        from cutover.adapters.slack_messages import BASE_URL, SlackMessages

        address = self.settings.environment.get("CUTOVER_TEST_SLACK_URL", BASE_URL)
        return SlackMessages(self.slack_secrets, clock=self.clock, base_url=address)

    @functools.cached_property
    def messages(self) -> Messages:
        from cutover.adapters.dynamodb_messages import DynamoMessages

        return DynamoMessages(self.client("dynamodb"), table=self.settings.text("CUTOVER_TABLE"))

    @property
    def owners(self) -> "Owners":
        from cutover.messaging.owners import Owners

        return Owners(exceptions=self.exceptions)

    def messaging(self, owners: "Owners | None" = None) -> "Messaging":
        """Tells people, by every way that this deployment has; ``owners``: and their owners whom it does not reach."""
        from cutover.messaging.carrying import Messaging

        return Messaging(
            audience=self.settings.audience, page_url=self.settings.text("CUTOVER_PAGE_URL"), clock=self.clock,
            store=self.store, mac=self.links_mac, mailer=self.mailer, messages=self.messages, policies=self.policies,
            slack=self.slack, owners=owners,
        )  # fmt: skip

    @functools.cached_property
    def slack_secrets(self) -> SlackSecrets:
        from cutover.adapters.slack_secret import SecretsManagerSlack

        return SecretsManagerSlack(self.client("secretsmanager"), name=self.settings.text("CUTOVER_SLACK_SECRET"))

    @functools.cached_property
    def feedback(self) -> FeedbackQueue:
        from cutover.adapters.slack_feedback import SqsFeedbackQueue

        return SqsFeedbackQueue(self.client("sqs"), queue_url=self.settings.text("CUTOVER_FEEDBACK_QUEUE_URL"))

    @functools.cached_property
    def links_mac(self) -> Mac:
        """The key that makes links; while it replaces others, those still prove what they made."""
        from cutover.adapters.kms_mac import KmsMac

        client = self.client("kms")
        keys = [KmsMac(client, key_arn=arn, key_name=name) for name, arn in self.settings.links_keys.items()]
        return Overlapping(keys[0], tuple(keys[1:]))

    def signer(self, purpose: Purpose) -> Signer:
        """The KMS key that this function was given for a purpose."""
        from cutover.adapters.kms_signer import KmsSigner

        if purpose not in self._signers:
            arn = self.settings.text(f"CUTOVER_{purpose.upper()}_KEY")
            self._signers[purpose] = KmsSigner(self.client("kms"), key_arn=arn)
        return self._signers[purpose]

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

    @functools.cached_property
    def destinations(self) -> dict[str, Destination]:
        """The deployed targets, as a manifest names them."""
        return {
            name: Destination(
                target=name, environment=each["environment"], account=each["account"], queue_arn=each["queue_arn"]
            )
            for name, each in self.settings.targets.items()
        }

    def sealer(self, purpose: Purpose) -> Sealer:
        return Sealer(purpose=purpose, signer=self.signer(purpose), keys=self.policy().facts.keys, clock=self.clock)

    @functools.cached_property
    def idempotency(self) -> "BasePersistenceLayer":
        from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer

        return DynamoDBPersistenceLayer(
            table_name=self.settings.text("CUTOVER_IDEMPOTENCY_TABLE"), boto3_client=self.client("dynamodb")
        )

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

    @property
    def together(self) -> Together:
        """Some calls at a time: clients of botocore may be shared by threads."""
        return _some_at_a_time

    @functools.cached_property
    def drifting(self) -> Drifting:
        """Collects a changed section as Collect does."""
        from cutover.stages.collect.collecting import Collecting

        def again(record: RevisionRecord, section: Section, candidate: Candidate, until: datetime) -> Collection:
            return Collecting(
                section=section, rules=self.policies.rules(record.rules), facts=self.policies.facts(record.facts),
                sources=self.sources, store=self.store, clock=self.clock, until=until,
            ).collect(candidate)  # fmt: skip

        return Drifting(
            store=self.store, policies=self.policies, sources=self.sources, clock=self.clock, collect=again,
            together=self.together,
        )  # fmt: skip

    def ticking(self, report: "Report") -> "Ticking":
        """One tick of the clock; ``report`` is told what could not be looked after."""
        from cutover.doors.clock.ending import Ending
        from cutover.doors.clock.repairing import Repairing
        from cutover.doors.clock.ticking import Ticking
        from cutover.doors.clock.watching import Watching

        records, store, clock, policies = self.records, self.store, self.clock, self.policies
        recorder = self.recorder("clock")
        return Ticking(
            records=records,
            clock=clock,
            ending=Ending(
                recorder=recorder, store=store, clock=clock, policies=policies, destinations=self.destinations,
                active=functools.cache(policies.active),
            ),
            repairing=Repairing(records=records, recorder=recorder, clock=clock),
            watching=Watching(
                records=records, recorder=recorder, store=store, clock=clock, policies=policies,
                drifting=self.drifting, succession=self.succession(),
            ),
            report=report,
        )  # fmt: skip

    def policy(self) -> Policy:
        """The active policy, read now: facts may have changed a moment ago."""
        return self.policies.active()

    @functools.cached_property
    def policies(self) -> PolicyReader:
        return PolicyReader(
            records=self.records, store=self.store, fingerprint=self.settings.text("CUTOVER_ROOT_FINGERPRINT")
        )


def _some_at_a_time(call: Callable[[A], B], items: Iterable[A]) -> list[B]:
    with ThreadPoolExecutor(max_workers=AT_A_TIME) as pool:
        return list(pool.map(call, items))


def _seen(record: RevisionRecord) -> None:
    logger.append_keys(cutover=record.cutover, revision=record.revision, correlation_id=record.correlation_id)


_installed: dict[str, Wiring] = {}


def wired() -> Wiring:
    """The wiring of this process: of its environment, unless another was installed."""
    if "wiring" not in _installed:
        _installed["wiring"] = Wiring(Settings(os.environ))
    return _installed["wiring"]


def install(wiring: Wiring) -> None:
    """Let handlers run over other adapters: how tests drive the real handlers."""
    _installed["wiring"] = wiring
