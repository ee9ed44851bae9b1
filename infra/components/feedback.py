"""What comes back of messages: bounces and complaints of mail from SES, and what people do in Slack."""

from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.components.inbox import VISIBILITY_PER_TIMEOUT, Kind, entrance
from infra.components.mail import Mail
from infra.components.queues import queue
from infra.plan import DOORS

RETURNED = Kind(detail_type="Email Bounced", description="Mail that came back or was unwelcome", sources=("aws.ses",))
DETAIL_TYPES = (RETURNED.detail_type, "Email Complaint Received", "Email Rejected")
"""As EventBridge names what `infra.components.mail` asks SES to report."""
TAKES = "Feedback"


class Feedback(Construct):
    """Two queues for one function: `mail` is filled by a rule, `slack` by the function that Slack calls.

    The rule stands on the account's default bus, since SES knows no other, and picks the mail of this stage alone.
    """

    def __init__(self, scope: Construct, construct_id: str, *, mail: Mail, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self.mail = entrance(
            self,
            takes=TAKES,
            kind=RETURNED,
            key=key,
            pattern={
                "source": list(RETURNED.sources),
                "detail-type": list(DETAIL_TYPES),
                "detail": {"mail": {"tags": {"ses:configuration-set": [mail.configuration]}}},
            },
            bus_name=None,
        )
        visibility = VISIBILITY_PER_TIMEOUT * DOORS[TAKES].timeout_seconds
        self.slack = queue(self, "Slack", key=key, visibility_seconds=visibility)
