"""Everything in a stage that a grant or an environment variable can name, composed once."""

from aws_cdk import Aws, CfnParameter, Stack

from infra.components.feedback import Feedback
from infra.components.functions import Function
from infra.components.inbox import Inbox
from infra.components.keys import Keys
from infra.components.machine import Machine
from infra.components.mail import Mail
from infra.components.page import Page
from infra.components.queues import dead_letter_queue, queue
from infra.components.settings import StageSettings
from infra.components.slack import Slack
from infra.components.sources import Sources
from infra.components.store import Store
from infra.components.tables import Tables
from infra.components.targets import Targets
from infra.plan import FOR_SLACK, FUNCTIONS


class Resources:
    """The stage's components, made inside `stack`. The machine comes last: `machine_arn` waits for it."""

    def __init__(self, stack: Stack, *, settings: StageSettings) -> None:
        self.name = f"{settings.instance}-{settings.name}"
        self.audience = f"cutover:{settings.instance}:{Aws.ACCOUNT_ID}:{Aws.REGION}:{settings.name}"
        self.network = settings.config.network
        self.root_fingerprint = _root_fingerprint(stack).value_as_string
        self.keys = Keys(stack, "Keys", settings=settings)
        data = self.keys.data
        self.store = Store(stack, "Store", settings=settings, key=data)
        self.tables = Tables(stack, "Tables", settings=settings, key=data)
        self.inbox = Inbox(stack, "Inbox", settings=settings, key=data)
        self.targets = Targets(stack, "Targets", settings=settings, key=data)
        self.sources = Sources(stack, settings=settings)
        self.mail = Mail(stack, "Mail", settings=settings)
        self.slack = Slack(stack, settings=settings)
        self.feedback = Feedback(stack, "Returns", mail=self.mail, key=data)
        self.page = Page(stack, "Page", settings=settings)
        self.exceptions = queue(stack, "Exceptions", key=data, fifo=True)
        self.failures = dead_letter_queue(stack, "StreamFailures", key=data)
        self.functions = {
            name: Function(stack, name, settings=settings, plan=plan)
            for name, plan in FUNCTIONS.items()
            if self.slack.name or name not in FOR_SLACK
        }
        self.machine: Machine | None = None

    def machine_arn(self) -> str:
        """The state machine's ARN. Raises RuntimeError for a stage: the machine names the stages itself."""
        if self.machine is None:
            raise RuntimeError("a function that the state machine calls cannot be told of the machine")
        return self.machine.machine.state_machine_arn


def _root_fingerprint(stack: Stack) -> CfnParameter:
    """No default: a root that nobody stated would be trusted by accident."""
    return CfnParameter(
        stack,
        "RootFingerprint",
        type="String",
        allowed_pattern="^sha256:[0-9a-f]{64}$",
        description="The digest of the trust root that signs policies, learned apart from this template",
    )
