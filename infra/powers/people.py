"""The ways to people: mail and Slack."""

from infra.powers.words import Statements, allow, through
from infra.resources import Resources


def send_mail(r: Resources) -> Statements:
    """Only from the configured sender.

    The star is for the recipients: in its sandbox, SES asks for permission on their identities as well.
    """
    return [allow(["ses:SendEmail"], "*", StringEqualsIfExists={"ses:FromAddress": r.mail.sender})]


def read_slack_secret(r: Resources) -> Statements:
    """What proves the app to Slack, and Slack to us: one secret, where the stage has Slack; with its customer key."""
    if not r.slack.name:
        return []
    keys = [allow(["kms:Decrypt"], key, **through("secretsmanager")) for key in (r.slack.key,) if key]
    return [allow(["secretsmanager:GetSecretValue"], r.slack.arn), *keys]
