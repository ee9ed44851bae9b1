"""`cutover init`: writes a policy for a first product, and says what to fill and what to type."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError

from cutover.contracts.base import Audience, Name, Product, parse_instant
from cutover_cli.output import BadArgument, CommandError, Exit, Format, FormatOption, answer, answering

if TYPE_CHECKING:
    from cutover_cli.onboarding.writing import Beginning


class AlreadyThere(CommandError):
    """Files of these names are there. None was touched."""

    exit_code = Exit.REFUSED
    reason = "ALREADY_THERE"

    def __init__(self, found: list[Path]) -> None:
        super().__init__(f"never overwritten: {', '.join(map(str, found))}; give another folder")
        self.found = found

    def document(self) -> dict[str, Any]:
        return {"files": [str(each) for each in self.found]}


def init(  # each is an argument of the command
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where the files go; made where it is missing.")
    ] = Path(),
    *,
    product: Annotated[str, typer.Option(metavar="NAME", help="What is released.")],
    target: Annotated[str, typer.Option(metavar="NAME", help="The deployment queue that it goes to.")],
    audience: Annotated[str | None, typer.Option(help="cutover:instance:account:region:stage")] = None,
    local: Annotated[
        bool, typer.Option("--local", help="For the local stack of this machine; its window is open at once.")
    ] = False,
    environment: Annotated[
        str | None, typer.Option(metavar="NAME", help="The environment behind the queue.  [the target's name]")
    ] = None,
    component: Annotated[
        str | None, typer.Option(metavar="NAME", help="The artifact that a release consists of.  [the product's name]")
    ] = None,
    at: Annotated[str | None, typer.Option(metavar="INSTANT", help="Write its times as of then.  [now]")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the files, and write none. Exits 10.")] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Write rules, facts, a first candidate and its records for a product, and NEXT.md, which says what to do.

    What only you can say stands there as FILL: every such line is listed. Nothing is ever overwritten.
    """
    with answering(form):
        from cutover_cli.onboarding import writing

        if local == (audience is not None):
            raise BadArgument("say for which deployment: give either --audience or --local")
        begin = _beginning(
            product, target, environment or target, component or product, audience or writing.HERE, local=local
        )
        made = writing.written(begin, _instant(at))
        paths = {folder / name: text for name, text in made.items()}
        if found := [path for path in paths if path.exists() or path.is_symlink()]:
            raise AlreadyThere(found)
        if not dry_run:
            for path, text in paths.items():
                _write(path, text)
        left = writing.fills(made)
        said = {
            "result": "planned" if dry_run else "written",
            "files": [str(path) for path in paths],
            "fill": [{"file": str(folder / each.file), "line": each.line, "what": each.what} for each in left],
            "next": str(folder / writing.GUIDE),
        }
        answer(said, form, lambda: _text(said))
    if dry_run:
        raise typer.Exit(Exit.CHANGES)


def _beginning(  # each is an option
    product: str, target: str, environment: str, component: str, audience: str, *, local: bool
) -> "Beginning":
    """Raises BadArgument naming the option that is no name."""
    from cutover_cli.onboarding.writing import Beginning

    kinds: dict[str, tuple[Any, str]] = {
        "product": (Product, product), "target": (Product, target), "environment": (Name, environment),
        "component": (Name, component), "audience": (Audience, audience),
    }  # fmt: skip
    for option, (kind, value) in kinds.items():
        try:
            TypeAdapter(kind).validate_python(value)
        except ValidationError as error:
            raise BadArgument(f"--{option}: {error.errors()[0]['msg']}") from error
    return Beginning(**{option: value for option, (_, value) in kinds.items()}, local=local)


def _instant(text: str | None) -> datetime:
    try:
        return datetime.now(UTC).replace(microsecond=0) if text is None else parse_instant(text)
    except ValueError as error:
        raise BadArgument(f"--at: {error}") from error


def _write(path: Path, text: str) -> None:
    """Raises AlreadyThere where somebody else wrote it meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise AlreadyThere([path]) from error


def _text(said: dict[str, Any]) -> str:
    done = "would be written" if said["result"] == "planned" else "written"
    lines = [*(f"{done}  {each}" for each in said["files"]), "", f"to fill, {len(said['fill'])} places:"]
    lines += [f"  {each['file']}:{each['line']}  {each['what']}" for each in said["fill"]]
    return "\n".join([*lines, "", f"then read {said['next']}"])
