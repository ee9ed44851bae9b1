"""`cutover policy propose` and `sign`: a document goes to both owners by the store, and its signatures come back."""

import base64
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cutover.contracts.base import Digest
from cutover.contracts.envelope import Envelope
from cutover.contracts.policy import Facts, Root, Rules, TrustBundle
from cutover.domain import canonical
from cutover.domain.entries import Told
from cutover.domain.ledger import POLICY_CHAIN
from cutover.errors import Refused
from cutover_cli import files, policy, policy_chain, policy_reviewing, signing
from cutover_cli.files import DocumentRefused
from cutover_cli.orders import ReasonOption, RequesterOption, login
from cutover_cli.output import BadArgument, Exit, Format, FormatOption, answer, answering
from cutover_cli.policy import PolicyRefused
from cutover_cli.policy_governing import journal_of
from cutover_cli.policy_review import Review, review
from cutover_cli.site import LocalOption, ProfileOption, RegionOption, Site, StackOption, StateDirOption, remote, site

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show it, and change nothing. Exits 10 when it would change.")]


def propose(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    document: Annotated[Path, typer.Argument(help="Rules or facts, in YAML or JSON.")],
    *,
    reason: ReasonOption,
    requester: RequesterOption = None,
    dry_run: DryRun = False,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Put rules or facts before both owners: store them unsigned, note it in the ledger, and print their digest.

    Shows what would change, what would be enforced anew, and why it would be refused as things are. Nothing takes
    effect: both owners `sign --proposal`, and then it is activated. Proposing the same bytes again does nothing.
    """
    changes = False
    with answering(form), remote():
        proposed = _part(document)
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        if proposed.audience != where.audience:
            raise Refused("WRONG_AUDIENCE", f"it is meant for {proposed.audience}; this is {where.audience}")
        seen = _reviewed(proposed, where)
        new = not policy_chain.is_proposed(seen.digest, where.records)
        changes = dry_run and new
        if new and not dry_run:
            where.documents.put(canonical.encode_model(proposed))
            told = _told(policy_chain.PROPOSED, seen, requester or login(), {"payload": seen.digest}, detail=reason)
            journal_of(where.records, where.clock).append(POLICY_CHAIN, told)
        result = "planned" if changes else "proposed"
        answer(seen.document() | {"result": result, "new": new}, form, lambda: f"{seen.text()}\n{result}")
    if changes:
        raise typer.Exit(Exit.CHANGES)


def sign(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    document: Annotated[Path | None, typer.Argument(help="Rules, facts or a trust bundle, in YAML.")] = None,
    *,
    private: Annotated[Path, typer.Option("--key", metavar="FILE", help="The owner's private key.")],
    proposal: Annotated[
        str | None, typer.Option(metavar="DIGEST", help="What was proposed, instead of a file: sign exactly this.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where the result of a file is written.")] = None,
    onto: Annotated[Path | None, typer.Option(metavar="FILE", help="The envelope that the other owner signed.")] = None,
    root_file: Annotated[
        Path | None, typer.Option("--root", metavar="FILE", help="The root document, before the first policy.")
    ] = None,
    dry_run: DryRun = False,
    ask: Annotated[
        bool | None, typer.Option("--ask/--yes", help="Ask whether to sign what was shown.  [at a terminal]")
    ] = None,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Check a document and sign its canonical bytes: a file, or what was proposed in a stack.

    A file's envelope goes to --out; with --onto, beside the other owner's signature. A proposal is shown with what it
    would change before it is signed, and its signature kept in the stack, beside the other owner's.
    """
    changes = False
    with answering(form), remote():
        if (document is None) == (proposal is None):
            raise BadArgument("give either a file or --proposal DIGEST")
        if document is not None:
            if out is None or dry_run:
                raise BadArgument("give --out FILE; only a proposal can be looked at with --dry-run")
            done = _sign_file(document, private, out, onto)
            answer(done, form, lambda: f"{done['digest']}, {done['signatures']} of 2 signatures")
        elif proposal is not None:
            if out is not None or onto is not None:
                raise BadArgument("the signatures of a proposal are kept in the stack: leave out --out and --onto")
            where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
            root = root_given(where, root_file)
            asks = form is Format.TEXT and (sys.stdin.isatty() if ask is None else ask)
            changes = _sign_proposal(proposal, signing.load(private), root, where, dry_run=dry_run, ask=asks, form=form)
    if changes:
        raise typer.Exit(Exit.CHANGES)


def root_given(where: Site, file: Path | None) -> Root:
    """The root that the stack pins: of a file, or of its store. Raises Refused (``OTHER_ROOT``, ``ROOT_UNKNOWN``)."""
    if file is None:
        return policy_chain.pinned_root(where)
    root = files.model(Root, file)
    if where.fingerprint is None or not canonical.same(policy.fingerprint(root), where.fingerprint):
        raise Refused("OTHER_ROOT", f"the stack pins {where.fingerprint}; this root is {policy.fingerprint(root)}")
    return root


def _part(file: Path) -> Rules | Facts:
    try:
        found = policy_reviewing.document(file)
    except DocumentRefused as refused:
        raise PolicyRefused(str(file), refused.faults) from refused
    if isinstance(found, TrustBundle):
        raise BadArgument(f"{file}: a trust bundle is for verifiers, and signed as a file")
    return found


def _reviewed(proposed: Rules | Facts, where: Site) -> Review:
    return review(proposed, where, now=where.clock.now())


def _sign_file(document: Path, private: Path, out: Path, onto: Path | None) -> dict[str, Any]:
    try:
        sealed = policy.sign(policy_reviewing.document(document), signing.load(private))
    except DocumentRefused as refused:
        raise PolicyRefused(str(document), refused.faults) from refused
    if onto is not None:
        sealed = policy_chain.beside(files.envelope(onto), sealed)
    files.write(out, canonical.encode_model(sealed))
    digest = canonical.digest(base64.b64decode(sealed.payload))
    return {"digest": digest, "signatures": len(sealed.signatures), "file": str(out)}


def _sign_proposal(
    digest: Digest, key: signing.LocalKey, root: Root, where: Site, *, dry_run: bool, ask: bool, form: Format
) -> bool:
    """Shows the proposal and signs it; returns whether a dry run would have changed anything."""
    owner = policy_chain.owner_of(root, key.key_id)
    proposed = policy_chain.proposal(digest, where)
    seen = _reviewed(proposed, where)
    there = policy_chain.signatures(digest, where.records, where.documents, active=seen.active)
    before = policy_chain.together(there)
    new = before is None or owner not in policy_chain.owners_of(root, before)
    sealed = policy_chain.together((*there, policy.sign(proposed, key))) if new else before
    if sealed is None:
        raise AssertionError("a signature was there, or made")
    if form is Format.TEXT:
        typer.echo(seen.text())
    if new and not dry_run:
        if ask and not typer.confirm(f"Sign this as {owner}?", err=True):
            raise Refused("NOT_CONFIRMED", "it was shown, and not signed")
        _keep(sealed, seen, owner, where)
    signed = sorted(policy_chain.owners_of(root, sealed)) if not (new and dry_run) else []
    result = "planned" if new and dry_run else "signed"
    said = seen.document() | {"result": result, "new": new, "signed_by": signed}
    answer(said, form, lambda: f"{result}  {len(signed)} of 2: {', '.join(signed)}")
    return new and dry_run


def _keep(sealed: Envelope, seen: Review, owner: str, where: Site) -> None:
    envelope = where.documents.put(canonical.encode_model(sealed))
    inputs = {"payload": seen.digest, "envelope": envelope} | policy_chain.beside_what(seen.active, seen.part)
    told = _told(policy_chain.SIGNED, seen, owner, inputs)
    journal_of(where.records, where.clock).append(POLICY_CHAIN, told)


def _told(event: str, seen: Review, who: str, inputs: dict[str, Digest], detail: str | None = None) -> Told:
    return Told.of_order(
        event, requester=who, correlation_id=f"policy-{seen.digest[7:19]}", inputs=inputs,
        result=event.removeprefix("policy-").upper(), detail=f"{seen.part}: {detail}" if detail else seen.part,
    )  # fmt: skip
