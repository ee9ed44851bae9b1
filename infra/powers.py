"""What a role can be allowed, in words: actions, and the resources that they reach in a deployed stage."""

from collections.abc import Callable, Iterator, Sequence

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from infra.components.inbox import SOURCE
from infra.components.tables import DUE_INDEX
from infra.plan import STAGES
from infra.resources import Resources

Statements = Sequence[iam.PolicyStatement]
Power = Callable[[Resources], Statements]


def allow(actions: Sequence[str], *resources: str, **conditions: object) -> iam.PolicyStatement:
    """One statement; conditions as `StringLike={...}`."""
    return iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)


def _power(*actions: str, on: Callable[[Resources], str], **conditions: object) -> Power:
    return lambda r: [allow(actions, on(r), **conditions)]


def _all(*powers: Power) -> Power:
    return lambda r: [statement for power in powers for statement in power(r)]


_SINGLE = frozenset({"BRAKE"})  # the kinds of which there is one item: its key is the kind


def _items(*kinds: str) -> dict[str, object]:
    """Only items whose partition key begins with one of these kinds, as `cutover.adapters.dynamodb_items` has them.

    An item's write always names its key, so the condition's truth over no keys at all lets nothing through.
    """
    keys = [kind if kind in _SINGLE else f"{kind}#*" for kind in kinds]
    return {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": keys}}


def put_items(*kinds: str) -> Power:
    """Writing items of these kinds. Nobody may write POLICY: that is an operator's."""
    return _power("dynamodb:PutItem", on=lambda r: r.tables.main.table_arn, **_items(*kinds))


# The record. Deleting is for slots: a terminal revision gives its queue and window back.
read_table = _power("dynamodb:GetItem", on=lambda r: r.tables.main.table_arn)
read_due = _power("dynamodb:Query", on=lambda r: f"{r.tables.main.table_arn}/index/{DUE_INDEX}")
read_chain = _power("dynamodb:Query", on=lambda r: r.tables.main.table_arn, **_items("CHAIN"))
read_enrolments = _power("dynamodb:Query", on=lambda r: r.tables.main.table_arn, **_items("ENROLMENT"))
check_lane = _power("dynamodb:ConditionCheckItem", on=lambda r: r.tables.main.table_arn, **_items("LANE"))
update_signals = _power("dynamodb:UpdateItem", on=lambda r: r.tables.main.table_arn, **_items("ADMISSION", "CUTOVER"))
nudge_admission = _power("dynamodb:UpdateItem", on=lambda r: r.tables.main.table_arn, **_items("ADMISSION"))
release_slot = _power("dynamodb:DeleteItem", on=lambda r: r.tables.main.table_arn, **_items("SLOT"))
put_token = _power("dynamodb:PutItem", on=lambda r: r.tables.tokens.table_arn)
take_token = _power("dynamodb:DeleteItem", "dynamodb:GetItem", on=lambda r: r.tables.tokens.table_arn)
remember = _power(  # Powertools' idempotency records
    "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem",
    on=lambda r: r.tables.idempotency.table_arn,
)  # fmt: skip

# Streams. Lambda parks what their functions cannot handle with the function's own role.
_STREAM = (
    "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"
)  # fmt: skip
_park = _power("sqs:SendMessage", on=lambda r: r.failures.queue_arn)
follow_main = _all(_power(*_STREAM, on=lambda r: r.tables.main.table_stream_arn or ""), _park)
follow_tokens = _all(_power(*_STREAM, on=lambda r: r.tables.tokens.table_stream_arn or ""), _park)

# The store and the other buckets.
get_content = _power("s3:GetObject", on=lambda r: r.store.store.arn_for_objects("sha256/*"))
put_content = _power("s3:PutObject", on=lambda r: r.store.store.arn_for_objects("sha256/*"))
put_tombstone = _power("s3:PutObject", on=lambda r: r.store.store.arn_for_objects("tombstones/*"))
look_for_tombstone = _all(
    _power("s3:GetObject", on=lambda r: r.store.store.arn_for_objects("tombstones/*")),
    _power("s3:ListBucket", on=lambda r: r.store.store.bucket_arn, StringLike={"s3:prefix": "tombstones/*"}),
)
keep_ledger = _power("s3:GetObject", "s3:PutObject", on=lambda r: r.store.store.arn_for_objects("ledger/*"))
list_ledger = _power("s3:ListBucket", on=lambda r: r.store.store.bucket_arn, StringLike={"s3:prefix": "ledger/*"})
keep_notices = _power("s3:GetObject", "s3:PutObject", on=lambda r: r.store.store.arn_for_objects("notices/*"))
keep_handoff = _power("s3:GetObject", "s3:PutObject", on=lambda r: r.store.store.arn_for_objects("handoffs/*"))
look_for_handoff = _all(
    _power("s3:GetObject", on=lambda r: r.store.store.arn_for_objects("handoffs/*")),
    _power("s3:ListBucket", on=lambda r: r.store.store.bucket_arn, StringLike={"s3:prefix": "handoffs/*"}),
)
get_inbox_version = _power("s3:GetObjectVersion", on=lambda r: r.store.inbox.arn_for_objects("*"))

# Signatures. A role signs with its key, and asks which key that is: the facts may trust two while one replaces another.
sign_bind = _power("kms:GetPublicKey", "kms:Sign", on=lambda r: r.keys.bind.key_arn)
sign_decide = _power("kms:GetPublicKey", "kms:Sign", on=lambda r: r.keys.decide.key_arn)
sign_handoff = _power("kms:GetPublicKey", "kms:Sign", on=lambda r: r.keys.handoff.key_arn)
sign_ledger = _power("kms:GetPublicKey", "kms:Sign", on=lambda r: r.keys.ledger.key_arn)
make_links = _power("kms:GenerateMac", on=lambda r: r.keys.links.key_arn)


def check_links(r: Resources) -> Statements:
    """With the key that makes links, and with those that made them before."""
    return [allow(["kms:VerifyMac"], *(key.key_arn for key in (r.keys.links, *r.keys.accepted)))]


# Messages and executions.
report_exceptions = _power("sqs:SendMessage", on=lambda r: r.exceptions.queue_arn)
tell_events = _power(  # the bus takes from Seal only what says that it is Cutover's
    "events:PutEvents", on=lambda r: r.inbox.bus.event_bus_arn, StringEquals={"events:source": SOURCE}
)
pass_on_feedback = _power("sqs:SendMessage", on=lambda r: r.feedback.slack.queue_arn)
start_executions = _power("states:StartExecution", on=lambda r: r.machine_arn())

# AWS names no resource for these actions and demands the star (Service Authorization Reference). A task
# token is its own address: whoever has none can answer none.
wake_executions = _power("states:SendTaskSuccess", on=lambda _: "*")
trace = _power("xray:PutTelemetryRecords", "xray:PutTraceSegments", on=lambda _: "*")
sample_traces = _power("xray:GetSamplingRules", "xray:GetSamplingTargets", on=lambda _: "*")
deliver_log = _power(
    "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries",
    "logs:PutResourcePolicy", "logs:UpdateLogDelivery", on=lambda _: "*",
)  # fmt: skip


def consume(door: str) -> Power:
    """Taking the events of one kind from the queue of the function that handles them."""
    return _power(
        "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage",
        on=lambda r: r.inbox.entrances[door].queue.queue_arn,
    )  # fmt: skip


def take_feedback(r: Resources) -> Statements:
    """What came back of mail, and what Slack told, each from its own queue."""
    actions = [
        "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"
    ]  # fmt: skip
    return [allow(actions, r.feedback.mail.queue.queue_arn, r.feedback.slack.queue_arn)]


def write_log(group: logs.ILogGroup) -> iam.PolicyStatement:
    """A function's own log group and no other."""
    return allow(["logs:CreateLogStream", "logs:PutLogEvents"], group.log_group_arn)


def send_mail(r: Resources) -> Statements:
    """Only from the configured sender.

    The star is for the recipients: in its sandbox, SES asks for permission on their identities as well.
    """
    return [allow(["ses:SendEmail"], "*", StringEqualsIfExists={"ses:FromAddress": r.mail.sender})]


def get_sources(r: Resources) -> Statements:
    """Every bucket that artifacts and their evidence may be fetched from, with the keys of foreign ones.

    Who may list a bucket is told that a key is gone; anybody else is told "access denied" (Amazon S3 API, HeadObject).
    """
    objects = [bucket.arn_for_objects("*") for bucket in r.store.sources]
    listed = allow(["s3:ListBucket"], *(bucket.bucket_arn for bucket in r.store.sources))
    keys = [allow(["kms:Decrypt"], key, **_through("s3")) for key in r.store.source_keys]
    return [allow(["s3:GetObject", "s3:GetObjectVersion"], *objects), listed, *keys]


def read_credentials(r: Resources) -> Statements:
    """The credentials of source systems, and of all secrets only these; with their customer key, if they have one."""
    keys = [allow(["kms:Decrypt"], key, **_through("secretsmanager")) for key in (r.sources.credentials_key,) if key]
    return [allow(["secretsmanager:GetSecretValue"], r.sources.credentials), *keys]


def pull_images(r: Resources) -> Statements:
    """The configured repositories of ECR. Listing referrers asks for `BatchGetImage` too (ECR API Reference)."""
    if not r.sources.repositories:
        return []
    pull = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    return [allow(["ecr:GetAuthorizationToken"], "*"), allow(pull, *r.sources.repositories)]


def read_configurations(r: Resources) -> Statements:
    """The hosted versions of the configured profiles of AppConfig. Nothing is deployed there, and no flag switched."""
    if not r.sources.profiles:
        return []
    profiles = [arn for each in r.sources.profiles for arn in (each.application, each.profile)]
    versions = [each.versions for each in r.sources.profiles]
    return [
        allow(["appconfig:ListHostedConfigurationVersions"], *profiles),
        allow(["appconfig:GetHostedConfigurationVersion"], *profiles, *versions),
    ]


def read_slack_secret(r: Resources) -> Statements:
    """What proves the app to Slack, and Slack to us: one secret, where the stage has Slack; with its customer key."""
    if not r.slack.name:
        return []
    keys = [allow(["kms:Decrypt"], key, **_through("secretsmanager")) for key in (r.slack.key,) if key]
    return [allow(["secretsmanager:GetSecretValue"], r.slack.arn), *keys]


ask_sources = _all(get_sources, read_credentials, pull_images, read_configurations)


def send_to_targets(r: Resources) -> Statements:
    """Every deployed target's queue, with the key of an imported one."""
    return list(_sending(r))


def _sending(r: Resources) -> Iterator[iam.PolicyStatement]:
    yield allow(["sqs:SendMessage"], *(target.queue_arn for target in r.targets.all))
    for target in r.targets.all:
        if key := target.config.queue_key_arn:
            region = key.split(":")[3]
            yield allow(["kms:Decrypt", "kms:GenerateDataKey"], key, **_through("sqs", region=region))


def call_stages(r: Resources) -> Statements:
    """The functions that the state machine's definition names."""
    return [allow(["lambda:InvokeFunction"], *(r.functions[name].function.function_arn for name in STAGES))]


def use_data_key(r: Resources) -> Statements:
    """Only through the services that encrypt with it: no function can decrypt a ciphertext by itself."""
    actions = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
    return [allow(actions, r.keys.data.key_arn, **_through("dynamodb", "s3", "sqs"))]


def _through(*services: str, region: str = Aws.REGION) -> dict[str, object]:
    hosts = [f"{service}.{region}.{Aws.URL_SUFFIX}" for service in services]
    return {"StringEquals": {"kms:ViaService": hosts}}
