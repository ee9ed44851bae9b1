"""Writes `policies.json`: every permission of every role, one line each.

    python -m tests.infra.policies

Run it after a change to `infra/grants.py` or `infra/powers`, and review the difference as you would review
code: each line that appears is something that a role may do from now on. Ask of it who needs it, why this
resource, and what somebody could do who takes over that role. `tests/infra/test_policies.py` compares.
"""

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.infra.reading import Assembled

FILE = Path(__file__).parent / "policies.json"
NOTE = "Reviewed by hand. Each line is a permission; 'production' lists only the roles that differ there."


def lines(assembled: Assembled) -> dict[str, list[str]]:
    """Role to its permissions in words."""
    return {name: [each.line() for each in granted] for name, granted in sorted(assembled.permissions.items())}


def document(stages: Mapping[str, Assembled]) -> dict[str, object]:
    """What the file holds."""
    development, production = lines(stages["development"]), lines(stages["production"])
    differing = {name: each for name, each in production.items() if each != development.get(name)}
    return {"note": NOTE, "development": development, "production": differing}


def expected(stage: str) -> dict[str, list[str]]:
    """The committed permissions of a stage."""
    committed = json.loads(FILE.read_text("utf-8"))
    return {**committed["development"], **(committed["production"] if stage == "production" else {})}


def main() -> None:
    """Synthesizes both stages and writes the file."""
    from tests.infra.synthesis import synthesize

    with tempfile.TemporaryDirectory() as scratch:
        written = json.dumps(document(synthesize(Path(scratch))), indent=1) + "\n"
    FILE.write_text(written, "utf-8")
    sys.stdout.write(f"{FILE}: {written.count(' on ')} permissions\n")


if __name__ == "__main__":
    main()
