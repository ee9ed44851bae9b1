"""Slack, where a stage uses it: the name of the secret with the app's credentials. Nothing is made."""

from aws_cdk import ArnFormat, Stack

from infra.components.settings import StageSettings


class Slack:
    """`name` is the secret's, or None for a stage without Slack.

    `arn` fits this one secret only: Secrets Manager adds a hyphen and six characters of its own to a name.
    """

    def __init__(self, stack: Stack, *, settings: StageSettings) -> None:
        name = f"cutover/{settings.instance}-{settings.name}/slack"
        self.name = name if settings.config.slack else None
        self.arn = stack.format_arn(
            service="secretsmanager", resource="secret", resource_name=f"{name}-??????",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )  # fmt: skip
        self.key: str | None = settings.config.credentials_key_arn
