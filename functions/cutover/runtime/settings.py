"""The environment of a function, typed. Read when a function first needs it, never at import."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict
from urllib.parse import urlsplit

from cutover.errors import ConfigurationError

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Target(TypedDict):
    """A deployed target: the only queues that exist for Cutover."""

    queue_arn: str
    queue_url: str
    environment: str
    account: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What the stack gave this function. Asking for what it did not give is a ``ConfigurationError``."""

    environment: Mapping[str, str]

    def text(self, name: str) -> str:
        value = self.environment.get(name, "")
        if not value:
            raise ConfigurationError(f"{name} is not set for this function")
        return value

    def of_a_test(self, name: str) -> str | None:
        """What only tests may set; None where it is not set. No template says it (``infra.refusals``).

        Raises ``ConfigurationError`` unless every call to AWS stays on this machine: whoever may configure a deployed
        function moves no clock with it.
        """
        value = self.environment.get(name)
        if value is not None and not self._on_one_machine():
            raise ConfigurationError(f"{name} is for tests on one machine, and this function calls AWS")
        return value

    def _on_one_machine(self) -> bool:
        """By boto3's own settings: an endpoint for all services, and whichever single ones have besides."""
        given = {name: value for name, value in self.environment.items() if name.startswith("AWS_ENDPOINT_URL")}
        if "AWS_ENDPOINT_URL" not in given or "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" in self.environment:
            return False
        return all(urlsplit(value).hostname in LOOPBACK for value in given.values())

    @property
    def audience(self) -> str:
        return self.text("CUTOVER_AUDIENCE")

    @property
    def targets(self) -> dict[str, Target]:
        """Every deployed target by name."""
        targets: dict[str, Target] = json.loads(self.text("CUTOVER_TARGETS"))
        return targets

    @property
    def links_keys(self) -> dict[str, str]:
        """The keys of links by name, the one that makes new ones first."""
        keys: dict[str, str] = json.loads(self.text("CUTOVER_LINKS_KEYS"))
        if not keys:
            raise ConfigurationError("CUTOVER_LINKS_KEYS names no key")
        return keys
