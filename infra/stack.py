"""One deployed Cutover: composes the components and applies every grant from `infra.grants`."""

from pathlib import Path

from aws_cdk import CfnOutput, DefaultStackSynthesizer, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.components import clockwork
from infra.components.feedback import RETURNED
from infra.components.functions import code_from
from infra.components.keys import allow_events, reserve
from infra.components.machine import Machine
from infra.components.page import ROUTES
from infra.components.queues import only
from infra.components.settings import StageSettings
from infra.components.watching import Watching
from infra.environment import environment
from infra.grants import EVERYONE, GRANTS, KEY_USERS, MACHINE, SENDERS
from infra.limits import bounded
from infra.plan import DOORS, STAGES
from infra.powers.machines import write_log
from infra.resources import Resources


class CutoverStack(Stack):
    """One stage in whatever account and region it is deployed to."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: StageSettings, asset: Path) -> None:
        super().__init__(
            scope,
            construct_id,
            description=f"Cutover: hands approved releases to deployment queues ({settings.name})",
            synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
            termination_protection=settings.is_production,
            suppress_template_indentation=True,
            analytics_reporting=False,
        )
        self.resources = Resources(self, settings=settings)
        self._create_functions(settings, asset)
        self._connect()
        self._grant()
        self._reserve()
        self._watch(settings)
        self._tell()

    def _create_functions(self, settings: StageSettings, asset: Path) -> None:
        """The stages first: the machine names them, and the doors are told of the machine."""
        r, code = self.resources, code_from(asset)
        for name, plan in STAGES.items():
            r.functions[name].create(code=code, environment=bounded(self, name, environment(plan, r)))
        stages = {name: r.functions[name].function for name in STAGES}
        r.machine = Machine(self, "Workflow", settings=settings, functions=stages)
        for name, plan in DOORS.items():
            if name in r.functions:
                r.functions[name].create(code=code, environment=bounded(self, name, environment(plan, r)))

    def _connect(self) -> None:
        """Who calls whom."""
        r = self.resources
        called = {name: each.function for name, each in r.functions.items() if name in DOORS}
        r.page.serve({name: called[name] for name in ROUTES if name in called})
        clockwork.every_minute(self, "Minute", functions={name: called[name] for name in ("Clock", "Messenger")})
        clockwork.every_hour(self, "Hour", functions={"Seal": called["Seal"]}, said={"repair": True})
        for name, entrance in r.inbox.entrances.items():
            clockwork.from_queue(
                self, f"InboxTo{name}", function=called[name], queue=entrance.queue, batch=entrance.kind.batch
            )
        came_back = {"Mail": r.feedback.mail.queue, "Slack": r.feedback.slack}
        for source, waiting in came_back.items():
            clockwork.from_queue(
                self, f"{source}ToFeedback", function=called["Feedback"], queue=waiting, batch=RETURNED.batch
            )
        for construct_id, name, table, pattern in (
            ("MainToRelay", "Relay", r.tables.main, clockwork.SIGNALLED),
            ("TokensToRelay", "Relay", r.tables.tokens, None),
            ("MainToMessenger", "Messenger", r.tables.main, clockwork.REVISIONS),
            ("MainToSeal", "Seal", r.tables.main, clockwork.LEDGER_ENTRIES),
        ):
            clockwork.from_stream(
                self, construct_id, function=called[name], table=table, failures=r.failures, only=pattern
            )

    def _grant(self) -> None:
        """Every permission that a role of this stack has."""
        r = self.resources
        for name, function in r.functions.items():
            granted = [statement for power in (*GRANTS[name], *EVERYONE) for statement in power(r)]
            logging = write_log(function.log_group)
            function.attach(policy=iam.PolicyDocument(statements=[*granted, logging]))
        if r.machine is not None:
            statements = [statement for power in MACHINE for statement in power(r)]
            r.machine.attach(policy=iam.PolicyDocument(statements=statements))

    def _reserve(self) -> None:
        """What keys and queues refuse to everybody else, whatever that role's own policy says."""
        r = self.resources
        allow_events(r.keys.data)
        for key, uses in KEY_USERS.items():
            for action, users in uses.items():
                roles = [r.functions[user].role for user in users]
                reserve(r.keys.by_name[key], actions=[action], users=roles)
        for earlier in r.keys.accepted:
            checking = [r.functions[user].role for user in KEY_USERS["links"]["kms:VerifyMac"]]
            reserve(earlier, actions=["kms:VerifyMac"], users=checking)
            reserve(earlier, actions=["kms:GenerateMac"], users=[])
        for target in r.targets.all:
            if target.own:
                only(target.own, senders=[r.functions[name].role for name in SENDERS])

    def _watch(self, settings: StageSettings) -> None:
        """Who is told when something is wrong."""
        topic_arn = settings.config.alarm_topic_arn
        self._watching = Watching(self, "Watching", resources=self.resources, topic_arn=topic_arn)

    def _tell(self) -> None:
        """What operators and the local stack need to know after deploying."""
        r = self.resources
        outputs = {
            "Audience": r.audience,
            "TargetSettings": r.targets.setting(),
            **{f"{name}RoleArn": r.functions[name].role.role_arn for name in SENDERS},
            "TargetNames": ",".join(target.config.name for target in r.targets.all),
            "BusName": r.inbox.bus.event_bus_name,
            "InboxBucket": r.store.inbox.bucket_name,
            "StoreBucket": r.store.store.bucket_name,
            "TableName": r.tables.main.table_name,
            "TokensTableName": r.tables.tokens.table_name,
            "IdempotencyTableName": r.tables.idempotency.table_name,
            "StateMachineArn": r.machine_arn(),
            "PageUrl": r.page.url,
            "ExceptionsQueueUrl": r.exceptions.queue_url,
            "AlarmTopicArn": self._watching.topic.topic_arn,
            "ClockFunctionName": r.functions["Clock"].function.function_name,
            **{f"{name.capitalize()}KeyArn": key.key_arn for name, key in r.keys.by_name.items()},
            **{f"Target{target.config.pascal}QueueUrl": target.queue_url for target in r.targets.all},
        }
        if r.store.own_sources:
            outputs["SourcesBucket"] = r.store.own_sources.bucket_name
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
