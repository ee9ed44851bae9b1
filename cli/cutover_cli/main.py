"""The command `cutover`."""

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cutover_cli import after_action_commands as after_action
from cutover_cli import attest_commands as attest
from cutover_cli import brake_commands as brake
from cutover_cli import candidate_commands as candidate
from cutover_cli import holds_commands as holds
from cutover_cli import ledger_commands as ledger
from cutover_cli import passkey_commands as passkey
from cutover_cli import policy_commands as policy
from cutover_cli import sbom_commands as sbom
from cutover_cli import target_commands as target
from cutover_cli import trust_commands as trust
from cutover_cli import waiver_commands as waiver
from cutover_cli.check.command import check
from cutover_cli.demo.command import demo
from cutover_cli.doctor.command import doctor
from cutover_cli.local import commands as local
from cutover_cli.looking import commands as looking
from cutover_cli.onboarding.command import init
from cutover_cli.output import Exit, Format, FormatOption, answer, answering, showable, unexpected
from cutover_cli.receipt import receipt
from cutover_cli.replay_command import replay
from cutover_cli.reporting.command import report
from cutover_cli.schemas.command import schemas
from cutover_cli.site import (
    LocalOption,
    ProfileOption,
    RegionOption,
    Site,
    StackOption,
    StateDirOption,
    remote,
    site,
)
from cutover_cli.verify import verify
from cutover_cli.withdraw import withdraw

TRACE = "CUTOVER_TRACE"
"""Where this is set, a bug shows its stack trace."""


class Cutover(TyperGroup):
    """The group of all commands: whatever none of them foresaw ends in one line and exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:  # noqa: BLE001  # the process ends here: nobody above could do better
            ours = isinstance(error, BrokenPipeError) or type(error).__module__.startswith("typer.")
            raise (error if ours or os.environ.get(TRACE) else _said(error)) from error.__cause__


def _said(error: Exception) -> Exception:
    print(showable(f"cutover: {unexpected(error)}", sys.stderr), file=sys.stderr)
    return typer.Exit(Exit.FAILED)


app = typer.Typer(
    name="cutover",
    cls=Cutover,
    help="One approved cutover bundle, one queue, one window.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)
app.add_typer(local.app, name="local")
app.add_typer(candidate.app, name="candidate")
app.add_typer(holds.app, name="holds")
app.add_typer(waiver.app, name="waiver")
app.add_typer(passkey.app, name="passkey")
app.add_typer(policy.app, name="policy")
app.add_typer(target.app, name="target")
app.add_typer(trust.app, name="trust")
app.add_typer(attest.app, name="attest")
app.add_typer(sbom.app, name="sbom")
app.add_typer(brake.app, name="brake")
app.add_typer(ledger.app, name="ledger")
app.add_typer(after_action.app, name="after-action")
app.command("list")(looking.list_)
app.command()(looking.show)
app.command()(looking.trace)
app.command()(looking.explain)
app.command()(looking.pending)
app.command()(doctor)
app.command()(init)
app.command()(check)
app.command()(withdraw)
app.command()(receipt)
app.command()(verify)
app.command()(replay)
app.command()(demo)
app.command()(schemas)
app.command()(report)


@app.callback(invoke_without_command=True)
def main(
    ctx: typer.Context,
    *,
    show_config: Annotated[
        bool, typer.Option("--show-config", help="Show what commands go by here, redacted.")
    ] = False,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """One approved cutover bundle, one queue, one window. The options here are those of --show-config."""
    if not show_config:
        if stack or profile or region or local or state_dir or form is not Format.TEXT:
            ctx.fail("Options go behind the command; before it they belong to --show-config.")
        if ctx.invoked_subcommand is None:
            ctx.fail("Missing command.")
        return
    from cutover_cli import configuration

    with answering(form), remote():
        named = stack is not None or local or ctx.find_object(Site) is not None
        where = (
            site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir) if named else None
        )
        said = configuration.document(where, profile=profile, region=region, state_dir=state_dir)
        answer(said, form, lambda: configuration.text(said))
    raise typer.Exit(Exit.DONE)
