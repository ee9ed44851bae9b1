"""`cutover policy`: what the two owners of a policy do, each on their own machine, and what makes it active.

Keys, the root and the trust file are made here."""

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError

from cutover.contracts.base import Model
from cutover.contracts.envelope import Envelope
from cutover.contracts.policy import Root, TrustFile
from cutover.domain import canonical
from cutover.domain.faults import faults_of
from cutover.errors import Refused
from cutover_cli import files, policy, policy_activating, policy_keys, policy_proposing, policy_reviewing, signing, who
from cutover_cli.files import DocumentRefused
from cutover_cli.output import BadArgument, Format, FormatOption, answer, answering
from cutover_cli.policy import PolicyRefused

app = typer.Typer(help="Write, sign and activate a policy.", no_args_is_help=True)
app.command("lint")(policy_reviewing.lint)
app.command("diff")(policy_reviewing.diff)
app.command("propose")(policy_proposing.propose)
app.command("sign")(policy_proposing.sign)
app.command("activate")(policy_activating.activate)
app.command("who")(who.who)
app.command("keys")(policy_keys.keys)
D = TypeVar("D", bound=Model)
RootFile = Annotated[Path, typer.Option("--root", metavar="FILE", help="The root document.")]
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the result is written.")]


@app.command()
def key(
    file: Annotated[Path, typer.Argument(help="Where the private key is written; it must not exist.")],
    *,
    form: FormatOption = Format.TEXT,
) -> None:
    """Make a P-256 key, readable by its owner alone, and print its public half."""
    with answering(form):
        try:
            made = signing.create(file)
        except FileExistsError as error:
            raise BadArgument(f"{file} exists already; a key is never overwritten") from error
        public = base64.b64encode(made.public_key).decode()
        answer(
            {"id": made.key_id, "public_key": public}, form, lambda: f"id          {made.key_id}\npublic_key  {public}"
        )


@app.command()
def root(
    *,
    audience: Annotated[str, typer.Option(help="cutover:instance:account:region:stage")],
    owner: Annotated[list[str], typer.Option(metavar="NAME=PUBLIC_KEY", help="Give it twice.")],
    out: Out,
    form: FormatOption = Format.TEXT,
) -> None:
    """Write the root document of two owners, and print its fingerprint: what a deployment and a verifier pin."""
    with answering(form):
        owners = sorted((name, public) for name, _, public in (each.partition("=") for each in owner))
        if len(owners) != 2:  # noqa: PLR2004  # the two of the contract
            raise BadArgument(f"a root has two owners; {len(owners)} were given")
        first, second = ({"id": name, "public_key": public} for name, public in owners)
        made = _valid(Root, {"schema": "cutover/root/v1", "audience": audience, "owners": [first, second]}, "root")
        files.write(out, canonical.encode_model(made))
        found = policy.fingerprint(made)
        answer({"fingerprint": found, "file": str(out)}, form, lambda: found)


@app.command()
def trust(
    *,
    root_file: RootFile,
    bundle: Annotated[Path, typer.Option(metavar="FILE", help="The trust bundle that both owners signed.")],
    out: Out,
    form: FormatOption = Format.TEXT,
) -> None:
    """Write the trust file for verifiers: the root, and the trust bundle that both owners signed."""
    from cutover.domain.policy import load_trust

    with answering(form):
        made = TrustFile(root=_read(Root, root_file), bundle=_read(Envelope, bundle))
        try:
            load_trust(made.bundle, made.root, at=datetime.now(UTC))
        except Refused as refused:
            raise PolicyRefused.of(refused) from refused
        files.write(out, canonical.encode_model(made))
        answer({"file": str(out), "fingerprint": policy.fingerprint(made.root)}, form, lambda: str(out))


def _valid(kind: type[D], said: object, where: str) -> D:
    """The document, or every fault of it with its place."""
    try:
        return files.parsed(kind, said, where)
    except DocumentRefused as refused:
        raise PolicyRefused(where, refused.faults) from refused


def _read(kind: type[D], path: Path) -> D:
    """A document that one of these commands wrote."""
    try:
        return kind.model_validate_json(files.content(path))
    except ValidationError as error:
        raise PolicyRefused(str(path), faults_of(error)) from error
