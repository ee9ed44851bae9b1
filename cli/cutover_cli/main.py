"""The command `cutover`."""

import typer

from cutover_cli import brake_commands as brake
from cutover_cli import policy_commands as policy
from cutover_cli.demo.command import demo
from cutover_cli.local import commands as local
from cutover_cli.schemas.command import schemas
from cutover_cli.verify import verify
from cutover_cli.withdraw import withdraw

app = typer.Typer(
    name="cutover",
    help="One approved cutover bundle, one queue, one window.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)
app.add_typer(local.app, name="local")
app.add_typer(policy.app, name="policy")
app.add_typer(brake.app, name="brake")
app.command()(withdraw)
app.command()(verify)
app.command()(demo)
app.command()(schemas)


@app.callback()
def main() -> None:
    """One approved cutover bundle, one queue, one window."""
