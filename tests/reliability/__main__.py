"""``python -m tests.reliability [part …] [--seeds N]``: run the parts, or some of them, and write the page anew."""

import argparse
import sys

from tests.reliability.measured import PAGE, read, write
from tests.reliability.page import page
from tests.reliability.parts import RUNNERS


def main(arguments: list[str] | None = None) -> int:
    """0: everything held; 1: something did not, and the page says so."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("parts", nargs="*", help=", ".join(runner.name for runner in RUNNERS))
    parser.add_argument("--seeds", type=int, default=2_000, help="of the simulation")
    parser.add_argument("--page", action="store_true", help="run nothing, write the page from what was measured")
    given = parser.parse_args(arguments)
    known = {runner.name: runner for runner in RUNNERS}
    if unknown := set(given.parts) - set(known):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    measured, held = read(), True
    for name in () if given.page else given.parts or known:
        sys.stdout.write(f"{name} ...\n")
        part = known[name].measure(given.seeds)
        measured, held = measured.with_part(part), held and part.outcome == "held"
        write(measured)
        sys.stdout.write(f"{name}: {part.outcome}, {part.seconds} s\n")
    PAGE.write_text(page(measured), "utf-8")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
