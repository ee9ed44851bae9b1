"""Held by the type checker: each fake, and each adapter, is the port that it says it is."""

from cutover import ports
from cutover.adapters.dynamodb_messages import DynamoMessages
from cutover.adapters.dynamodb_records import DynamoRecords
from cutover.adapters.dynamodb_tokens import DynamoTokens
from cutover.adapters.ecr_tokens import EcrTokens
from cutover.adapters.kms_mac import KmsMac
from cutover.adapters.kms_signer import KmsSigner
from cutover.adapters.moved_clock import MovedClock
from cutover.adapters.s3_inbox import S3Inbox
from cutover.adapters.s3_store import S3Store
from cutover.adapters.secrets_credentials import SecretsCredentials
from cutover.adapters.ses_mailer import SesMailer
from cutover.adapters.slack_feedback import SqsFeedbackQueue
from cutover.adapters.slack_messages import SlackMessages
from cutover.adapters.slack_secret import SecretsManagerSlack
from cutover.adapters.sqs_queues import SqsDeploymentQueue, SqsExceptionQueue
from cutover.adapters.stepfunctions_workflow import StepFunctionsWorkflow
from cutover.adapters.system_clock import SystemClock
from cutover.contracts.sources import BucketSource, RegistrySource
from cutover.sources.oci import OciSource
from cutover.sources.s3 import S3Source
from cutover.sources.web import CheckedWeb, Web
from tests.fakes.clock import FakeClock
from tests.fakes.credentials import FakeCredentials
from tests.fakes.keys import LocalMac, LocalSigner
from tests.fakes.mailer import FakeMailer
from tests.fakes.messages import InMemoryMessages
from tests.fakes.queues import FakeDeploymentQueue, FakeExceptionQueue
from tests.fakes.records import InMemoryRecords
from tests.fakes.slack import FakeFeedbackQueue, FakeSlack, FakeSlackSecrets
from tests.fakes.sources import FakeInbox, FakeSources
from tests.fakes.store import InMemoryStore
from tests.fakes.tokens import InMemoryTokens
from tests.fakes.web import FakeWeb
from tests.fakes.workflow import FakeWorkflow

CLOCKS: tuple[type[ports.Clock], ...] = (SystemClock, MovedClock, FakeClock)
STORES: tuple[type[ports.Store], ...] = (S3Store, InMemoryStore)
LEDGER_HEADS: tuple[type[ports.LedgerHeads], ...] = (S3Store, InMemoryStore)
RECORDS: tuple[type[ports.Records], ...] = (DynamoRecords, InMemoryRecords)
TOKENS: tuple[type[ports.Tokens], ...] = (DynamoTokens, InMemoryTokens)
WORKFLOWS: tuple[type[ports.Workflow], ...] = (StepFunctionsWorkflow, FakeWorkflow)
SIGNERS: tuple[type[ports.Signer], ...] = (KmsSigner, LocalSigner)
MACS: tuple[type[ports.Mac], ...] = (KmsMac, LocalMac)
SOURCES: tuple[type[ports.SourceSystem[BucketSource]], ...] = (S3Source, FakeSources)
REGISTRIES: tuple[type[ports.SourceSystem[RegistrySource]], ...] = (OciSource,)
CREDENTIALS: tuple[type[ports.Credentials], ...] = (SecretsCredentials, EcrTokens, FakeCredentials)
WEBS: tuple[type[Web], ...] = (CheckedWeb, FakeWeb)
INBOXES: tuple[type[ports.Inbox], ...] = (S3Inbox, FakeInbox)
EXCEPTION_QUEUES: tuple[type[ports.ExceptionQueue], ...] = (SqsExceptionQueue, FakeExceptionQueue)
DEPLOYMENT_QUEUES: tuple[type[ports.DeploymentQueue], ...] = (SqsDeploymentQueue, FakeDeploymentQueue)
MAILERS: tuple[type[ports.Mailer], ...] = (SesMailer, FakeMailer)
MESSAGES: tuple[type[ports.Messages], ...] = (DynamoMessages, InMemoryMessages)
SLACKS: tuple[type[ports.Slack], ...] = (SlackMessages, FakeSlack)
SLACK_SECRETS: tuple[type[ports.SlackSecrets], ...] = (SecretsManagerSlack, FakeSlackSecrets)
FEEDBACK_QUEUES: tuple[type[ports.FeedbackQueue], ...] = (SqsFeedbackQueue, FakeFeedbackQueue)
