"""`cutover policy`: what the two owners of a policy do, each on their own machine, and what makes it active."""

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError

from cutover.contracts.base import Model
from cutover.contracts.envelope import Envelope
from cutover.contracts.policy import Root, TrustFile
from cutover.domain import canonical
from cutover.domain.faults import faults_of
from cutover.domain.record import Brake, Fault
from cutover.errors import Refused
from cutover_cli import files, policy, policy_reviewing, signing, who
from cutover_cli.files import DocumentRefused
from cutover_cli.output import BadArgument, CommandError, Exit, Format, FormatOption, answer, answering
from cutover_cli.policy import PolicyRefused
from cutover_cli.site import LocalOption, ProfileOption, RegionOption, Site, StackOption, StateDirOption, remote, site

app = typer.Typer(help="Write, sign and activate a policy.", no_args_is_help=True)
app.command("lint")(policy_reviewing.lint)
app.command("diff")(policy_reviewing.diff)
app.command("who")(who.who)
D = TypeVar("D", bound=Model)
KeyFile = Annotated[Path, typer.Option("--key", metavar="FILE", help="The owner's private key.")]
RootFile = Annotated[Path, typer.Option("--root", metavar="FILE", help="The root document.")]
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the result is written.")]


class SignsSomethingElse(CommandError):
    """The two owners do not have the same document before them."""

    exit_code = Exit.REFUSED
    reason = "SIGNS_SOMETHING_ELSE"


class OtherRoot(CommandError):
    """The deployment was made for another root."""

    exit_code = Exit.REFUSED
    reason = "OTHER_ROOT"


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
def sign(
    document: Annotated[Path, typer.Argument(help="Rules, facts or a trust bundle, in YAML.")],
    *,
    private: KeyFile,
    out: Out,
    onto: Annotated[Path | None, typer.Option(metavar="FILE", help="The envelope that the other owner signed.")] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Check a document and sign its canonical bytes; with --onto, beside the other owner's signature."""
    with answering(form):
        said = files.value(document)
        kind = policy_reviewing.KINDS.get(str(said.get("schema")))
        if kind is None:
            raise BadArgument(f"{document}: schema must be one of {', '.join(policy_reviewing.KINDS)}")
        sealed = policy.sign(_valid(kind, said, str(document)), signing.load(private))
        if onto is not None:
            sealed = _beside(_read(Envelope, onto), sealed)
        files.write(out, canonical.encode_model(sealed))
        digest = canonical.digest(base64.b64decode(sealed.payload))
        answered = {"digest": digest, "signatures": len(sealed.signatures), "file": str(out)}
        answer(answered, form, lambda: f"{digest}, {len(sealed.signatures)} of 2 signatures")


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

    with answering(form), _refusals():
        made = TrustFile(root=_read(Root, root_file), bundle=_read(Envelope, bundle))
        load_trust(made.bundle, made.root, at=datetime.now(UTC))
        files.write(out, canonical.encode_model(made))
        answer({"file": str(out), "fingerprint": policy.fingerprint(made.root)}, form, lambda: str(out))


@app.command()
def activate(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    *,
    root_file: RootFile,
    rules: Annotated[Path, typer.Option(metavar="FILE", help="Rules that both owners signed.")],
    facts: Annotated[Path, typer.Option(metavar="FILE", help="Facts that both owners signed.")],
    target: Annotated[list[str], typer.Option(metavar="NAME", help="Each target that is deployed.")],
    trusted_root: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Sigstore's trusted_root.json, as the facts name it.")
    ] = None,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Verify and lint a signed policy, store it, and make it the active one. Changes nothing when it is refused."""
    with answering(form), remote(), _refusals():
        found, anchors = _read(Root, root_file), None if trusted_root is None else files.content(trusted_root)
        envelopes = _read(Envelope, rules), _read(Envelope, facts)
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        done = _activate(where, found, *envelopes, targets=target, trusted_root=anchors)
        answer(done, form, lambda: f"active: version {done['version']}; the brake is {done['brake']}")


def _activate(
    where: Site, root: Root, rules: Envelope, facts: Envelope, *, targets: Sequence[str], trusted_root: bytes | None
) -> dict[str, Any]:
    """A deployment that never had a policy has no brake on record either; hand-offs need one that is off."""
    if policy.fingerprint(root) != where.fingerprint:
        raise OtherRoot(f"the stack pins {where.fingerprint}; this root is {policy.fingerprint(root)}")
    active = policy.activate(
        root, rules, facts, targets=targets, store=where.documents, records=where.records, trusted_root=trusted_root
    )
    if where.records.brake() is None:
        where.records.set_brake(Brake(engaged=False))
    brake = where.records.brake()
    return {"version": active.version, "brake": "engaged" if brake and brake.engaged else "off"}


def _beside(there: Envelope, mine: Envelope) -> Envelope:
    """Both owners' signatures over the same payload; an owner who signed before is signed once."""
    if (there.payload_type, there.payload) != (mine.payload_type, mine.payload):
        raise SignsSomethingElse("the other owner signed a document with other bytes: compare your files")
    others = tuple(each for each in there.signatures if each.keyid != mine.signatures[0].keyid)
    return mine.model_copy(update={"signatures": (*others, *mine.signatures)})


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


@contextmanager
def _refusals() -> Iterator[None]:
    """A refusal of the domain as one of the command line."""
    try:
        yield
    except Refused as refused:
        raise PolicyRefused("policy", (Fault(pointer="/", code=refused.code, message=refused.detail),)) from refused
