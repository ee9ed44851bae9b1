"""`cutover schemas`: the command."""

from pathlib import Path
from typing import Annotated

import typer

from cutover_cli.output import Exit, Format, FormatOption, answer, answering

Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the schemas are written.")]
Changelog = Annotated[
    Path | None,
    typer.Option(
        "--changelog", metavar="FILE", help="The CHANGELOG that must speak of them.  [default: this checkout's]"
    ),
]
Because = Annotated[
    str | None,
    typer.Option("--because", metavar="LINE", help="The CHANGELOG's line about what is new or changed, on one line."),
]


def schemas(
    out: Out,
    *,
    changelog: Changelog = None,
    because: Because = None,
    check: Annotated[bool, typer.Option("--dry-run", help="Write nothing; exit 10 where something differs.")] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Write the JSON Schemas of all published documents, and their index."""
    from cutover_cli.local.place import repository
    from cutover_cli.schemas import writing

    with answering(form):
        text = (changelog or repository() / "CHANGELOG.md").read_text("utf-8")
        files = writing.plan(out, text, because)
        changed = writing.differences(out, files) if check else writing.write(out, files)
        document = {"result": "planned" if check else "done", "folder": str(out), "changed": changed}
        said = "\n".join([*changed, f"{len(changed)} of {len(files)} files {'differ' if check else 'written'}"])
        answer(document, form, lambda: said)
    if check and changed:
        raise typer.Exit(Exit.CHANGES)
