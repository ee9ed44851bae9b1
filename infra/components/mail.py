"""The address that approvers get their links from."""

from aws_cdk import aws_ses as ses
from constructs import Construct

from infra.components.settings import StageSettings


class Mail(Construct):
    """An SES identity. Its owner confirms it by the mail that SES sends after the first deployment."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: StageSettings) -> None:
        super().__init__(scope, construct_id)
        self.sender = settings.config.sender
        ses.EmailIdentity(self, "Sender", identity=ses.Identity.email(self.sender))
