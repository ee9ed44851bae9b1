"""One deployed Cutover: composes the components and applies every grant from `infra.grants`."""

from collections.abc import Callable
from pathlib import Path

from aws_cdk import Aws, CfnOutput, CfnParameter, DefaultStackSynthesizer, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import plan as names
from infra.asset import lock_digest
from infra.components import clockwork
from infra.components.functions import Function, code_from
from infra.components.inbox import Inbox
from infra.components.keys import Keys, allow_events, reserve
from infra.components.machine import LOG_DELIVERY, Machine
from infra.components.mail import Mail
from infra.components.page import Page
from infra.components.queues import dead_letter_queue, only, queue
from infra.components.settings import StageSettings
from infra.components.store import Store
from infra.components.tables import Tables
from infra.components.targets import Targets
from infra.config import engine_version
from infra.grants import EVERYONE, GRANTS, KEY_USERS
from infra.plan import DOORS, FUNCTIONS, STAGES, Plan
from infra.powers import Resources, allow, trace


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
        self._settings = settings
        self.audience = f"cutover:{settings.instance}:{Aws.ACCOUNT_ID}:{Aws.REGION}:{settings.name}"
        self.root = CfnParameter(
            self,
            "RootFingerprint",
            type="String",
            allowed_pattern="^sha256:[0-9a-f]{64}$",
            description="The digest of the trust root that signs policies, learned apart from this template",
        )
        self._compose()
        self._create_functions(asset)
        self._connect()
        self._grant()
        self._tell()

    def _compose(self) -> None:
        settings = self._settings
        self.keys = Keys(self, "Keys", settings=settings)
        data = self.keys.data
        allow_events(data)
        self.store = Store(self, "Store", settings=settings, key=data)
        self.tables = Tables(self, "Tables", settings=settings, key=data)
        self.inbox = Inbox(self, "Inbox", settings=settings, key=data)
        self.targets = Targets(self, "Targets", settings=settings, key=data)
        self.mail = Mail(self, "Mail", settings=settings)
        self.page = Page(self, "Page", settings=settings)
        self.exceptions = queue(self, "Exceptions", key=data, fifo=True)
        self.failures = dead_letter_queue(self, "StreamFailures", key=data)
        self.functions = {
            name: Function(self, name, settings=settings, plan=plan) for name, plan in FUNCTIONS.items()
        }

    def _create_functions(self, asset: Path) -> None:
        """The stages first: the machine names them, and the doors are told of the machine."""
        code = code_from(asset)
        for name, plan in STAGES.items():
            self.functions[name].create(code=code, environment=self._environment(plan))
        stages = {name: self.functions[name].function for name in STAGES}
        self.machine = Machine(self, "Workflow", settings=self._settings, functions=stages)
        for name, plan in DOORS.items():
            self.functions[name].create(code=code, environment=self._environment(plan))

    def _environment(self, plan: Plan) -> dict[str, str]:
        """The settings that a plan names, and those that all functions share."""
        targets = {target.config.name: target.setting() for target in self.targets.all}
        values: dict[str, Callable[[], str]] = {
            names.TABLE: lambda: self.tables.main.table_name,
            names.TOKENS: lambda: self.tables.tokens.table_name,
            names.IDEMPOTENCY: lambda: self.tables.idempotency.table_name,
            names.STORE: lambda: self.store.store.bucket_name,
            names.INBOX: lambda: self.store.inbox.bucket_name,
            names.MACHINE: lambda: self.machine.machine.state_machine_arn,
            names.EXCEPTIONS: lambda: self.exceptions.queue_url,
            names.TARGETS: lambda: self.to_json_string(targets),
            names.ROOT: lambda: self.root.value_as_string,
            names.BIND_KEY: lambda: self.keys.bind.key_arn,
            names.DECIDE_KEY: lambda: self.keys.decide.key_arn,
            names.HANDOFF_KEY: lambda: self.keys.handoff.key_arn,
            names.LEDGER_KEY: lambda: self.keys.ledger.key_arn,
            names.LINKS_KEY: lambda: self.keys.links.key_arn,
            names.PAGE_URL: lambda: self.page.url,
            names.SENDER: lambda: self.mail.sender,
        }
        return {
            "POWERTOOLS_SERVICE_NAME": "cutover",
            "POWERTOOLS_METRICS_NAMESPACE": "Cutover",
            "POWERTOOLS_LOG_LEVEL": "INFO",
            "POWERTOOLS_LOGGER_LOG_EVENT": "false",
            "CUTOVER_AUDIENCE": self.audience,
            "CUTOVER_LOCK_DIGEST": lock_digest(),
            "CUTOVER_ENGINE": engine_version(),
            **{name: values[name]() for name in plan.settings},
        }

    def _connect(self) -> None:
        """Who calls whom."""
        self.page.serve(self.functions["Approvals"].function)
        clockwork.every_minute(self, "Minute", function=self.functions["Clock"].function)
        clockwork.from_queue(self.functions["Intake"].function, self.inbox.queue)
        relay, seal = self.functions["Relay"].function, self.functions["Seal"].function
        clockwork.from_stream(relay, self.tables.main, failures=self.failures)
        clockwork.from_stream(relay, self.tables.tokens, failures=self.failures)
        clockwork.from_stream(seal, self.tables.main, failures=self.failures, only=clockwork.LEDGER_ENTRIES)

    def _grant(self) -> None:
        """Every permission: of the functions, of the machine, and of the keys and queues that refuse."""
        resources = Resources(
            keys=self.keys,
            store=self.store,
            tables=self.tables,
            inbox=self.inbox,
            targets=self.targets,
            mail=self.mail,
            exceptions_arn=self.exceptions.queue_arn,
            failures_arn=self.failures.queue_arn,
            machine_arn=self.machine.machine.state_machine_arn,
        )
        for name, powers in GRANTS.items():
            function = self.functions[name]
            logs = allow(["logs:CreateLogStream", "logs:PutLogEvents"], [function.log_group.log_group_arn])
            granted = [statement for power in (*powers, *EVERYONE) for statement in power(resources)]
            function.attach(policy=iam.PolicyDocument(statements=[*granted, logs]))
        self.machine.attach(
            policy=iam.PolicyDocument(
                statements=[
                    allow(
                        ["lambda:InvokeFunction"],
                        [self.functions[name].function.function_arn for name in STAGES],
                    ),
                    *trace(resources),
                    allow(LOG_DELIVERY, ["*"]),
                ]
            )
        )
        for key, uses in KEY_USERS.items():
            for action, users in uses.items():
                reserve(
                    getattr(self.keys, key), actions=[action], users=[self.functions[u].role for u in users]
                )
        for target in self.targets.all:
            if target.own:
                only(target.own, sender=self.functions["HandOff"].role)

    def _tell(self) -> None:
        """What operators and the local stack need to know after deploying."""
        outputs = {
            "Audience": self.audience,
            "BusName": self.inbox.bus.event_bus_name,
            "InboxBucket": self.store.inbox.bucket_name,
            "StoreBucket": self.store.store.bucket_name,
            "TableName": self.tables.main.table_name,
            "TokensTableName": self.tables.tokens.table_name,
            "IdempotencyTableName": self.tables.idempotency.table_name,
            "StateMachineArn": self.machine.machine.state_machine_arn,
            "PageUrl": self.page.url,
            "ExceptionsQueueUrl": self.exceptions.queue_url,
            "ClockFunctionName": self.functions["Clock"].function.function_name,
            "BindKeyArn": self.keys.bind.key_arn,
            "DecideKeyArn": self.keys.decide.key_arn,
            "HandoffKeyArn": self.keys.handoff.key_arn,
            "LedgerKeyArn": self.keys.ledger.key_arn,
            "LinksKeyArn": self.keys.links.key_arn,
            **{f"Target{t.config.pascal}QueueUrl": t.queue_url for t in self.targets.all},
        }
        if self.store.own_sources:
            outputs["SourcesBucket"] = self.store.own_sources.bucket_name
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
