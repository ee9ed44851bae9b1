"""YAML files that people write, read so strictly that one text means one thing only (`cutover.domain.strict_yaml`)."""

from typing import Any

from cutover.domain import strict_yaml
from cutover.errors import Refused
from cutover_cli.output import CommandError, Exit


class YamlRefused(CommandError):
    """The text is not YAML, or means something that a policy cannot hold."""

    exit_code = Exit.REFUSED
    reason = strict_yaml.REFUSED


def read(text: str, where: str) -> dict[str, Any]:
    """The one mapping in `text`. `where` names it in messages. Raises YamlRefused with line and column."""
    try:
        return strict_yaml.read(text)
    except Refused as refused:
        between = ":" if refused.detail[:1].isdigit() else ": "
        raise YamlRefused(f"{where}{between}{refused.detail}") from refused
