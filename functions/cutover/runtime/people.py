"""What people are told, and the links that they answer by."""

import functools
from typing import TYPE_CHECKING

from cutover.domain.mac import Overlapping
from cutover.ports import Mac, Mailer, Messages, Slack, SlackSecrets
from cutover.runtime.keeping import Keeping
from cutover.runtime.telling import Telling

if TYPE_CHECKING:
    from cutover.messaging.carrying import Messaging
    from cutover.messaging.owners import Owners


class People(Keeping, Telling):
    """Mail and Slack, what was sent by them, and the key of links."""

    @functools.cached_property
    def mailer(self) -> Mailer:
        from cutover.adapters.ses_mailer import SesMailer

        client = self.client("sesv2")
        return SesMailer(
            client, sender=self.settings.text("CUTOVER_SENDER"), region=client.meta.region_name,
            configuration_set=self.settings.environment.get("CUTOVER_MAIL_CONFIGURATION"),
        )  # fmt: skip

    @functools.cached_property
    def slack(self) -> Slack | None:
        """None where this deployment has none. The address for tests is refused at synthesis (``infra.refusals``)."""
        name = self.settings.environment.get("CUTOVER_SLACK_SECRET")
        if not name:
            return None
        from cutover.adapters.slack_messages import BASE_URL, SlackMessages

        address = self.settings.of_a_test("CUTOVER_TEST_SLACK_URL") or BASE_URL
        return SlackMessages(self.slack_secrets, clock=self.clock, base_url=address)

    @functools.cached_property
    def slack_secrets(self) -> SlackSecrets:
        from cutover.adapters.slack_secret import SecretsManagerSlack

        return SecretsManagerSlack(self.client("secretsmanager"), name=self.settings.text("CUTOVER_SLACK_SECRET"))

    @functools.cached_property
    def messages(self) -> Messages:
        from cutover.adapters.dynamodb_messages import DynamoMessages

        return DynamoMessages(self.client("dynamodb"), table=self.settings.text("CUTOVER_TABLE"))

    @functools.cached_property
    def links_mac(self) -> Mac:
        """The key that makes links; while it replaces others, those still prove what they made."""
        from cutover.adapters.kms_mac import KmsMac

        client = self.client("kms")
        keys = [KmsMac(client, key_arn=arn, key_name=name) for name, arn in self.settings.links_keys.items()]
        return Overlapping(keys[0], tuple(keys[1:]))

    @property
    def owners(self) -> "Owners":
        from cutover.messaging.owners import Owners

        return Owners(exceptions=self.exceptions)

    def messaging(self, owners: "Owners | None" = None) -> "Messaging":
        """Tells people, by every way that this deployment has; ``owners``: and their owners whom it does not reach."""
        from cutover.messaging.carrying import Messaging

        return Messaging(
            audience=self.settings.audience, page_url=self.settings.text("CUTOVER_PAGE_URL"), clock=self.clock,
            store=self.store, mac=self.links_mac, mailer=self.mailer, messages=self.messages, policies=self.policies,
            slack=self.slack, owners=owners,
        )  # fmt: skip
