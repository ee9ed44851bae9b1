"""What comes back of messages: what people do in Slack."""

from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.components.queues import queue


class Feedback(Construct):
    """`slack` is filled by the function that Slack calls."""

    def __init__(self, scope: Construct, construct_id: str, *, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self.slack = queue(self, "Slack", key=key, visibility_seconds=180)
