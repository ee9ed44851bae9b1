"""What other machines are told: executions, queues, and the bus."""

import functools

from botocore.config import Config

from cutover.contracts.manifest import Destination
from cutover.ports import Announcements, DeploymentQueue, ExceptionQueue, FeedbackQueue, Workflow
from cutover.runtime.clients import Clients

SEND_ONCE = Config(connect_timeout=3, read_timeout=8, retries={"mode": "standard", "total_max_attempts": 1})
"""A send whose answer is lost must not be repeated by the SDK: HandOff decides what happens then."""


class Telling(Clients):
    """Whoever acts on a message: the state machine, the targets, their owners' exceptions, and who listens."""

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
    def feedback(self) -> FeedbackQueue:
        from cutover.adapters.slack_feedback import SqsFeedbackQueue

        return SqsFeedbackQueue(self.client("sqs"), queue_url=self.settings.text("CUTOVER_FEEDBACK_QUEUE_URL"))

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
    def destinations(self) -> dict[str, Destination]:
        """The deployed targets, as a manifest names them."""
        return {
            name: Destination(
                target=name, environment=each["environment"], account=each["account"], queue_arn=each["queue_arn"]
            )
            for name, each in self.settings.targets.items()
        }
