"""What a role can be allowed, in words. Each power turns the deployed resources into IAM statements."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aws_cdk import Aws
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam

from infra.components.inbox import Inbox
from infra.components.keys import Keys
from infra.components.mail import Mail
from infra.components.store import Store
from infra.components.tables import DUE_INDEX, Tables
from infra.components.targets import Targets


@dataclass(frozen=True, kw_only=True)
class Resources:
    """Everything that a grant can name. `exceptions_arn`, `failures_arn` and `machine_arn` are ARNs."""

    keys: Keys
    store: Store
    tables: Tables
    inbox: Inbox
    targets: Targets
    mail: Mail
    exceptions_arn: str
    failures_arn: str
    machine_arn: str


Power = Callable[[Resources], Sequence[iam.PolicyStatement]]


def allow(actions: Sequence[str], resources: Sequence[str], **conditions: object) -> iam.PolicyStatement:
    """One statement; conditions as `StringLike={...}`."""
    return iam.PolicyStatement(
        actions=list(actions), resources=list(resources), conditions=conditions or None
    )


# --- the record


def read_table(r: Resources) -> Sequence[iam.PolicyStatement]:
    return [allow(["dynamodb:GetItem", "dynamodb:Query"], [r.tables.main.table_arn])]


def read_due(r: Resources) -> Sequence[iam.PolicyStatement]:
    return [allow(["dynamodb:Query"], [f"{r.tables.main.table_arn}/index/{DUE_INDEX}"])]


def write_table(r: Resources) -> Sequence[iam.PolicyStatement]:
    actions = ["dynamodb:ConditionCheckItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    return [allow(actions, [r.tables.main.table_arn])]


def update_table(r: Resources) -> Sequence[iam.PolicyStatement]:
    return [allow(["dynamodb:UpdateItem"], [r.tables.main.table_arn])]


def release_slot(r: Resources) -> Sequence[iam.PolicyStatement]:
    return [allow(["dynamodb:DeleteItem"], [r.tables.main.table_arn])]


def put_token(r: Resources) -> Sequence[iam.PolicyStatement]:
    return [allow(["dynamodb:PutItem"], [r.tables.tokens.table_arn])]


def take_token(r: Resources) -> Sequence[iam.PolicyStatement]:
    actions = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:Query"]
    return [allow(actions, [r.tables.tokens.table_arn])]


def remember(r: Resources) -> Sequence[iam.PolicyStatement]:
    """Powertools' idempotency records."""
    actions = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    return [allow(actions, [r.tables.idempotency.table_arn])]


def follow_main(r: Resources) -> Sequence[iam.PolicyStatement]:
    return [_follow(r.tables.main), _park_failures(r)]


def follow_tokens(r: Resources) -> Sequence[iam.PolicyStatement]:
    return [_follow(r.tables.tokens), _park_failures(r)]


def _follow(table: dynamodb.Table) -> iam.PolicyStatement:
    actions = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"]
    return allow([f"dynamodb:{action}" for action in actions], [table.table_stream_arn or ""])


def _park_failures(r: Resources) -> iam.PolicyStatement:
    """Lambda sends what a stream's function could not handle, with the function's role."""
    return allow(["sqs:SendMessage"], [r.failures_arn])


# --- the store


def get_content(r: Resources) -> Sequence[iam.PolicyStatement]:
    return [allow(["s3:GetObject"], [r.store.store.arn_for_objects("sha256/*")])]


def put_content(r: Resources) -> Sequence[iam.PolicyStatement]:
    return [allow(["s3:PutObject"], [r.store.store.arn_for_objects("sha256/*")])]


def put_tombstone(r: Resources) -> Sequence[iam.PolicyStatement]:
    return [allow(["s3:PutObject"], [r.store.store.arn_for_objects("tombstones/*")])]


def look_for_tombstone(r: Resources) -> Sequence[iam.PolicyStatement]:
    return [
        allow(["s3:GetObject"], [r.store.store.arn_for_objects("tombstones/*")]),
        allow(["s3:ListBucket"], [r.store.store.bucket_arn], StringLike={"s3:prefix": "tombstones/*"}),
    ]


def keep_ledger(r: Resources) -> Sequence[iam.PolicyStatement]:
    return [allow(["s3:GetObject", "s3:PutObject"], [r.store.store.arn_for_objects("ledger/*")])]


def get_inbox_version(r: Resources) -> Sequence[iam.PolicyStatement]:
    return [allow(["s3:GetObjectVersion"], [r.store.inbox.arn_for_objects("*")])]


def get_sources(r: Resources) -> Sequence[iam.PolicyStatement]:
    objects = [bucket.arn_for_objects("*") for bucket in r.store.sources]
    return [allow(["s3:GetObject", "s3:GetObjectVersion"], objects)]


# --- signatures


def sign_bind(r: Resources) -> Sequence[iam.PolicyStatement]:
    return [allow(["kms:Sign"], [r.keys.bind.key_arn])]


def sign_decide(r: Resources) -> Sequence[iam.PolicyStatement]:
    return [allow(["kms:Sign"], [r.keys.decide.key_arn])]


def sign_handoff(r: Resources) -> Sequence[iam.PolicyStatement]:
    return [allow(["kms:Sign"], [r.keys.handoff.key_arn])]


def sign_ledger(r: Resources) -> Sequence[iam.PolicyStatement]:
    return [allow(["kms:Sign"], [r.keys.ledger.key_arn])]


def make_links(r: Resources) -> Sequence[iam.PolicyStatement]:
    return [allow(["kms:GenerateMac"], [r.keys.links.key_arn])]


def check_links(r: Resources) -> Sequence[iam.PolicyStatement]:
    return [allow(["kms:VerifyMac"], [r.keys.links.key_arn])]


# --- messages and executions


def consume_inbox(r: Resources) -> Sequence[iam.PolicyStatement]:
    actions = ["ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "ReceiveMessage"]
    return [allow([f"sqs:{action}" for action in actions], [r.inbox.queue.queue_arn])]


def report_exceptions(r: Resources) -> Sequence[iam.PolicyStatement]:
    return [allow(["sqs:SendMessage"], [r.exceptions_arn])]


def send_to_targets(r: Resources) -> Sequence[iam.PolicyStatement]:
    queues = allow(["sqs:SendMessage"], [target.queue_arn for target in r.targets.all])
    actions = ["kms:Decrypt", "kms:GenerateDataKey"]
    foreign = [target.config.queue_key_arn for target in r.targets.all if target.config.queue_key_arn]
    keys = [allow(actions, [arn], **_through("sqs", region=arn.split(":")[3])) for arn in foreign]
    return [queues, *keys]


def send_mail(r: Resources) -> Sequence[iam.PolicyStatement]:
    return [allow(["ses:SendEmail"], [r.mail.identity_arn])]


def run_executions(r: Resources) -> Sequence[iam.PolicyStatement]:
    return [allow(["states:SendTaskSuccess", "states:StartExecution"], [r.machine_arn])]


# --- what every function needs


def use_data_key(r: Resources) -> Sequence[iam.PolicyStatement]:
    """Only through the services that encrypt with it: no function can decrypt a ciphertext by itself."""
    actions = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
    return [allow(actions, [r.keys.data.key_arn], **_through("dynamodb", "s3", "sqs"))]


def trace(_: Resources) -> Sequence[iam.PolicyStatement]:
    """X-Ray knows no resources: AWS demands the star."""
    return [allow(["xray:PutTelemetryRecords", "xray:PutTraceSegments"], ["*"])]


def _through(*services: str, region: str = Aws.REGION) -> dict[str, object]:
    hosts = [f"{service}.{region}.{Aws.URL_SUFFIX}" for service in services]
    return {"StringEquals": {"kms:ViaService": hosts}}
