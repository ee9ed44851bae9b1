"""Fills a template with the environment: each ``$NAME`` inside of a text as JSON writes it, anywhere else as a number.

No value can end its text and say more than one field: whoever starts a release chooses some of them.
"""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any


def filled(value: Any, given: dict[str, str]) -> Any:
    """The same JSON value with every name in it replaced. ``KeyError`` names the first that is missing."""
    match value:
        case dict():
            return {name: filled(each, given) for name, each in value.items()}
        case list():
            return [filled(each, given) for each in value]
        case str():
            return re.sub(r"\$([A-Z_]+)", lambda found: given[found[1]], value)
    return value


def fill(template: str, given: dict[str, str]) -> str:
    """The template as a JSON document."""
    numbers = re.sub(r"(?<=: )\$([A-Z_]+)", lambda found: str(int(given[found[1]])), template)
    return json.dumps(filled(json.loads(numbers), given), indent=2)


if __name__ == "__main__":
    print(fill(Path(sys.argv[1]).read_text("utf-8"), dict(os.environ)))
