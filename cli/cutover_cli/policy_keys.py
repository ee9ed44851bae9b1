"""`cutover policy keys`: the ids and public halves that the facts ask for, of the stack's own keys and of key files."""

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from cutover.contracts.policy import Purpose
from cutover.domain import envelope as dsse
from cutover_cli import files, fills, signing
from cutover_cli.output import BadArgument, Exit, Format, FormatOption, answer, answering
from cutover_cli.site import LocalOption, ProfileOption, RegionOption, StackOption, StateDirOption, remote, site

if TYPE_CHECKING:
    from cutover_cli.site import Site

OF_STACK = ("bind", "decide", "handoff", "ledger")


def keys(  # each is an argument of the command
    ctx: typer.Context,
    *,
    key: Annotated[
        list[str] | None, typer.Option("--key", metavar="PURPOSE=FILE", help="A key file of yours, too; repeat it.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option("--into", metavar="FILE", help="Facts of `cutover init`: fill their places for keys.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Fill nothing. Exits 10 when it would.")] = False,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Print id and public half of the stack's own keys, and of the key files that you name, as facts want them.

    Of a key file only the public half is printed. What is filled already stays as it is.
    """
    filled = 0
    with answering(form), remote():
        found = _files(key or ())
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        found |= _stack(where)
        if into is not None:
            text = files.content(into).decode("utf-8", errors="strict")
            text, filled = fills.with_keys(text, found)
            if filled and not dry_run:
                files.write(into, text.encode())
        rows = [
            {"purpose": purpose, "id": dsse.key_id(spki), "public_key": base64.b64encode(spki).decode()}
            for purpose, spki in found.items()
        ]
        result = "shown" if into is None else "planned" if dry_run else "filled"
        said = {"result": result, "keys": rows, "filled": filled}
        answer(said, form, lambda: _text(said, into))
    if dry_run and filled:
        raise typer.Exit(Exit.CHANGES)


def _files(named: "list[str] | tuple[()]") -> dict[str, bytes]:
    """SubjectPublicKeyInfo by purpose."""
    found: dict[str, bytes] = {}
    for each in named:
        purpose, given, file = each.partition("=")
        if not given or purpose not in get_args(Purpose) or purpose in OF_STACK:
            raise BadArgument(
                f"--key: expected PURPOSE=FILE with a purpose of the facts that is not the stack's: {each}"
            )
        if purpose in found:
            raise BadArgument(f"--key: {purpose} is given twice")
        found[purpose] = signing.load(Path(file)).public_key
    return found


def _stack(where: "Site") -> dict[str, bytes]:
    """SubjectPublicKeyInfo by purpose, as KMS publishes it."""
    if where.stack is None:
        raise BadArgument("nothing says which stack this is")
    outputs = {purpose: f"{purpose.capitalize()}KeyArn" for purpose in OF_STACK}
    if missing := set(outputs.values()) - where.stack.outputs.keys():
        raise BadArgument(f"the stack has no output {', '.join(sorted(missing))}: deploy this version of Cutover")
    kms = where.stack.client("kms")
    return {
        purpose: kms.get_public_key(KeyId=where.stack.outputs[name])["PublicKey"] for purpose, name in outputs.items()
    }


def _text(said: dict[str, Any], into: Path | None) -> str:
    if into is None:
        rows = (
            f"{each['purpose']}\n  id          {each['id']}\n  public_key  {each['public_key']}"
            for each in said["keys"]
        )
        return "\n".join(rows)
    known = [f"{each['purpose']:<12}{each['id']}" for each in said["keys"]]
    return "\n".join(
        [*known, f"{said['filled']} places of {into} {'to fill' if said['result'] == 'planned' else 'filled'}"]
    )
