"""Examples of ``cutover/candidate/v0``, and the terms under which they are translated."""

import json
from pathlib import Path
from typing import Any

from cutover.contracts.base import parse_instant
from cutover.contracts.policy import Legacy
from cutover.domain.translating import Terms

FOLDER = Path(__file__).parent
EXAMPLES = sorted(path for path in FOLDER.glob("[0-9][0-9]-*.json") if not path.name.endswith(".v1.json"))
REFUSED = sorted(path for path in FOLDER.glob("refused-*.json") if not path.name.endswith(".refused.json"))


def frozen(example: Path) -> Path:
    """Where the canonical bytes stand that the example was translated into."""
    return example.with_suffix(".v1.json")


def refusal(example: Path) -> Any:
    """``code`` and ``faults`` (pointer and code) of an example that is refused."""
    return json.loads(example.with_suffix(".refused.json").read_text())


def terms(**changes: Any) -> Terms:
    table = json.loads((FOLDER / "table.json").read_text())
    legacy = {name: Legacy.model_validate_json(json.dumps(each)) for name, each in table["legacy"].items()}
    said = {
        "audience": table["audience"], "legacy": legacy, "rules": table["rules"], "keyid": table["keyid"],
        "received_at": parse_instant(table["received_at"]), "window": table["windows"].__getitem__,
    }  # fmt: skip
    return Terms(**said | changes)
