"""The command `cutover`."""

import typer

app = typer.Typer(
    name="cutover",
    help="One approved cutover bundle, one queue, one window.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)


@app.callback()
def main() -> None:
    """Hold the subcommands together; Typer would otherwise make a lone one the command itself."""
