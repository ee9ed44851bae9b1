"""`cutover check`: what would become of a candidate, found out in this process; nothing is written or sent."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cutover.contracts.base import parse_instant
from cutover.domain.admission import NotAdmitted
from cutover_cli.check import going
from cutover_cli.check.announcing import announcement
from cutover_cli.check.going import Surroundings
from cutover_cli.check.outside import At, Place, around, outside, policy_of
from cutover_cli.check.reporting import report, text
from cutover_cli.output import BadArgument, Exit, Format, FormatOption, answer, answering
from cutover_cli.site import LocalOption, ProfileOption, RegionOption, StackOption, StateDirOption, remote


def check(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The candidate, in JSON or YAML, signed or not.")],
    *,
    rules: Annotated[Path | None, typer.Option(metavar="FILE", help="Rules, signed or not.")] = None,
    facts: Annotated[Path | None, typer.Option(metavar="FILE", help="Facts, signed or not.")] = None,
    target: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Each target that is deployed.  [those with signers]")
    ] = None,
    trusted_root: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Sigstore's trusted_root.json, as the facts name it.")
    ] = None,
    with_credentials: Annotated[
        bool,
        typer.Option("--with-credentials", help="Show the deployment's credentials to the sources of these files."),
    ] = False,
    at: Annotated[str | None, typer.Option(metavar="INSTANT", help="Check as of then.  [now]")] = None,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Rehearse a candidate here: collect, assemble, verify and judge it. Nothing is written or sent anywhere.

    By the rules and facts of files, or by those that are active in a stack. Its source systems are asked with your own
    AWS credentials. Exits 0 when nothing blocks, 3 when it would be refused or held.
    """
    document: dict[str, Any] = {}
    with answering(form), remote():
        place = Place(stack, profile, region, local, state_dir)
        found = outside(
            ctx, place, files_given=rules is not None or facts is not None, with_credentials=with_credentials
        )
        clock = found.clock if at is None else At(_instant(at))
        policy = policy_of(found, rules, facts)
        with _telling() as say:
            document = _checked(
                file, around(found, policy, clock=clock, targets=target, trusted_root=trusted_root, say=say)
            )
        answer(document, form, lambda: text(document))
    if document["result"] != "clean":
        raise typer.Exit(Exit.REFUSED)


def _checked(file: Path, surroundings: Surroundings) -> dict[str, Any]:
    announced, facts = announcement(file, surroundings.facts, surroundings.clock.now())
    try:
        return report(going.check(announced, replace(surroundings, facts=facts)), surroundings)
    except NotAdmitted as refused:
        return report(refused, surroundings)


@contextmanager
def _telling() -> Iterator[Callable[[str], None]]:
    """Shows on standard error what is being done."""
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True, highlight=False, markup=False, emoji=False).status(Text("checking")) as shown:
        yield lambda text: shown.update(Text(text))


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise BadArgument(f"--at: {error}") from error
