"""Source systems, as far as a deployment names them: where their credentials lie, and what of AWS may be read."""

from collections.abc import Sequence

from aws_cdk import ArnFormat, Stack

from infra.components.settings import StageSettings


class Sources:
    """Names and ARNs; nothing is made. The buckets among them are in `infra.components.store`.

    `prefix` begins the name of every secret with a credential; the rest of the name is its purpose in the policy.
    """

    def __init__(self, stack: Stack, *, settings: StageSettings) -> None:
        config = settings.config
        self.prefix = f"cutover/{settings.instance}-{settings.name}/sources/"
        self.credentials = stack.format_arn(
            service="secretsmanager", resource="secret", resource_name=f"{self.prefix}*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )  # fmt: skip
        self.credentials_key: str | None = config.credentials_key_arn
        self.repositories: Sequence[str] = config.registries
        self.names: Sequence[str] = config.appconfig_profiles
        self.profiles = [_profile(stack, name) for name in config.appconfig_profiles]


class Profile:
    """A configuration profile of AppConfig, with the application that it is in and the versions that it has."""

    def __init__(self, *, application: str, profile: str) -> None:
        self.application = application
        self.profile = profile
        self.versions = f"{profile}/hostedconfigurationversion/*"


def _profile(stack: Stack, name: str) -> Profile:
    application, _, profile = name.partition("/")
    arn = stack.format_arn(service="appconfig", resource="application", resource_name=application)
    return Profile(application=arn, profile=f"{arn}/configurationprofile/{profile}")
