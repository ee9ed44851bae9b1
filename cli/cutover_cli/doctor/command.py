"""`cutover doctor`: the command."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cutover_cli.output import BadArgument, Exit, Format, FormatOption, answering
from cutover_cli.site import LocalOption, ProfileOption, RegionOption, StackOption, StateDirOption, remote, site

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cutover_cli.doctor.findings import Finding

STYLES = {"ok": "green", "warn": "yellow", "fail": "red", "unasked": "magenta"}


def doctor(
    ctx: typer.Context,
    *,
    only: Annotated[list[str] | None, typer.Option("--only", metavar="CHECK", help="Only this one; repeat it.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Show each thing that is in order, too.")] = False,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Examine a deployment: each check says ok, warn or fail, what was found, and what mends it. It changes nothing.

    Exits 3 where something fails, 5 where something could not be asked, 4 where AWS does not answer; 0 with warnings.
    """
    found: list[Finding] = []
    with answering(form), remote():
        from cutover_cli.doctor.examining import CHECKS, examine, exit_of
        from cutover_cli.doctor.findings import Deployed
        from cutover_cli.looking import screen

        if odd := sorted(set(only or ()) - CHECKS.keys()):
            raise BadArgument(f"{', '.join(odd)} is no check; there are {', '.join(CHECKS)}")
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        checks = {name: check for name, check in CHECKS.items() if not only or name in only}
        with _telling() as say:
            found += examine(Deployed.of(where), checks, say)
        code = exit_of(found)
        counts = Counter(each.result for each in found)
        document = {"counts": dict(counts), "findings": [each.document() for each in found]}
        screen.show(document, form, lambda: _text(found, counts, every=every))
    if code is not Exit.DONE:
        raise typer.Exit(code)


@contextmanager
def _telling() -> Iterator[Any]:
    """Shows on standard error which check is at work."""
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True, highlight=False, markup=False, emoji=False).status(Text("asking")) as shown:
        yield lambda name: shown.update(Text(f"asking about {name}"))


def _text(found: "list[Finding]", counts: Mapping[Any, int], *, every: bool) -> "Iterator[RenderableType]":
    """Each check that found nothing wrong in one line; of the others each finding, with its remedy."""
    from cutover_cli.looking import screen

    for name in dict.fromkeys(each.check for each in found):
        of_check = [each for each in found if each.check == name]
        good = [each for each in of_check if each.result == "ok"]
        shown = of_check if every else [each for each in of_check if each.result != "ok"]
        if not shown:
            said = good[0].found if len(good) == 1 else f"{len(good)} in order"
            yield screen.line(screen.cell("ok       ", STYLES["ok"]), screen.cell(f"{name}  ", "bold"), said)
        for each in shown:
            yield screen.line(
                screen.cell(f"{each.result:<9}", STYLES[each.result]), screen.cell(f"{name}  ", "bold"),
                f"{each.subject}: " if each.subject else "", each.found,
            )  # fmt: skip
            if each.remedy:
                yield screen.line("         ", screen.cell(f"{'remedy':<8}", "dim"), each.remedy)
    yield screen.line("")
    yield screen.line(", ".join(f"{counts[result]} {result}" for result in STYLES if counts.get(result)))
