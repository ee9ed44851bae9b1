"""``python -m tests.costs``: count, and write docs/cost.md anew."""

import tempfile
from pathlib import Path

from tests.costs.counting import released
from tests.costs.page import PAGE, page
from tests.infra.synthesis import synthesize


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        PAGE.write_text(page(released(), synthesize(Path(scratch))["production"]), "utf-8")


if __name__ == "__main__":
    main()
