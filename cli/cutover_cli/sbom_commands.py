"""`cutover sbom`: what Cutover reads of a dependency manifest, before a candidate refers to it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cutover_cli.output import Exit, Format, FormatOption, answer, answering, oneline

if TYPE_CHECKING:
    from rich.table import Table

    from cutover.contracts.evidence import DependencySummary

app = typer.Typer(no_args_is_help=True)
MAX_BYTES = 64 * 1_048_576
"""As much as Collect takes of one."""


@app.callback()
def sbom() -> None:
    """Look at dependency manifests."""


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="CycloneDX JSON 1.4 to 1.7, or SPDX JSON 2.3.", show_default=False)],
    *,
    form: FormatOption = Format.TEXT,
) -> None:
    """Show a manifest's format, counts, digest and problems. Any problem is a hold, so the exit code is 3."""
    from cutover.domain.dependencies import summarize
    from cutover_cli import files

    with answering(form):
        found = summarize(files.content(file, MAX_BYTES))
    clean = not found.problems
    document = {
        "file": str(file),
        "result": "done" if clean else "refused",
        "summary": found.model_dump(mode="json", by_alias=True),
    }
    answer(document, form, lambda: _text(str(file), found))
    if not clean:
        raise typer.Exit(Exit.REFUSED)


def _text(name: str, found: "DependencySummary") -> str:
    """Two tables as text: what was counted, and what is wrong."""
    from io import StringIO

    from rich.console import Console

    with StringIO() as written:
        console = Console(file=written, width=120, highlight=False, markup=False, emoji=False, color_system=None)
        console.print(oneline(name), soft_wrap=True)
        console.print(_facts(found))
        if found.problems:
            console.print(_problems(found))
        return written.getvalue().rstrip()


def _facts(found: "DependencySummary") -> "Table":
    from rich.table import Table

    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in (
        ("format", f"{found.format or 'unknown'} {found.spec_version or ''}".rstrip()),
        ("components", f"{found.components:,}"),
        ("licences", f"{found.licences:,} of them name one"),
        ("purls", f"{found.purls:,} of them have a package URL"),
        ("size", f"{found.size:,} bytes"),
        ("digest", found.sha256),
        ("problems", "none" if not found.problems else f"{len(found.problems)}, and each kind is a hold"),
    ):
        table.add_row(name, value)
    return table


def _problems(found: "DependencySummary") -> "Table":
    from rich.table import Table

    table = Table("code", "where", "what", box=None, pad_edge=False)
    for each in found.problems:
        table.add_row(each.code, each.pointer or "the manifest", each.detail)
    return table
