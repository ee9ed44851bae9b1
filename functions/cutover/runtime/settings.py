"""The environment of a function, typed. Read when a function first needs it, never at import."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from cutover.errors import ConfigurationError


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
