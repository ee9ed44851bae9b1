"""How mail leaves: the address that approvers get their links from, and how it is learned what came of each mail."""

from aws_cdk import Arn, ArnComponents, Stack
from aws_cdk import aws_ses as ses
from constructs import Construct

from infra.components.settings import StageSettings

# Neither opening nor clicking: to learn of these, SES would lead every link, which is a credential, over a server
# of its own.
REPORTED = ("bounce", "complaint", "reject")


class Mail(Construct):
    """An SES identity and a configuration set. The identity's owner confirms it by the mail that SES sends once.

    A mail holds a link, which is a credential: it goes to a server over TLS, or comes back. What comes back, and what
    its reader calls unwanted, is told to the account's default bus.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: StageSettings) -> None:
        super().__init__(scope, construct_id)
        self.sender = settings.config.sender
        self.configuration = f"{settings.instance}-{settings.name}"
        ses.EmailIdentity(self, "Sender", identity=ses.Identity.email(self.sender))
        made = ses.CfnConfigurationSet(
            self,
            "Configuration",
            name=self.configuration,
            delivery_options=ses.CfnConfigurationSet.DeliveryOptionsProperty(tls_policy="REQUIRE"),
            reputation_options=ses.CfnConfigurationSet.ReputationOptionsProperty(reputation_metrics_enabled=True),
        )
        destination = ses.CfnConfigurationSetEventDestination
        default_bus = Arn.format(
            ArnComponents(service="events", resource="event-bus", resource_name="default"), Stack.of(self)
        )
        destination(
            self,
            "Reports",
            configuration_set_name=made.ref,
            event_destination=destination.EventDestinationProperty(
                name="default-bus",
                enabled=True,
                matching_event_types=list(REPORTED),
                event_bridge_destination=destination.EventBridgeDestinationProperty(event_bus_arn=default_bus),
            ),
        )
