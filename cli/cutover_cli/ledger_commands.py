"""`cutover ledger`: prove chains, look into them, and take them away."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cutover_cli.output import BadArgument, CommandError, Exit, Format, FormatOption, answer, answering, oneline
from cutover_cli.site import LocalOption, ProfileOption, RegionOption, Site, StackOption, StateDirOption, remote, site
from cutover_cli.verify import AtOption, RootOption

if TYPE_CHECKING:
    from cutover.domain.verification import Anchor
    from cutover.domain.verification.ledger_proof import Proof

app = typer.Typer(help="The ledger: prove its chains, look into them, take them away.", no_args_is_help=True)
EXITS = {"verified": Exit.DONE, "unanchored": Exit.PARTLY, "broken": Exit.REFUSED}
SHOWN_DAYS = 7
_CHAIN = re.compile(r"[a-z0-9@._-]{1,200}")
ChainArgument = Annotated[str, typer.Argument(metavar="CHAIN", help="A cutover, such as service@production.1.")]
OutOption = Annotated[Path, typer.Option("--out", metavar="PATH", help="Where it is written.")]


class NothingSealed(CommandError):
    """No head was ever kept there."""

    exit_code = Exit.REFUSED
    reason = "NO_HEAD"


@app.command()
def verify(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="An export.  [default: the chains of a site, live]")
    ] = None,
    *,
    chain: Annotated[
        list[str] | None, typer.Option("--chain", help="Only this chain of the site.  [default: all of them]")
    ] = None,
    head: Annotated[
        list[Path] | None,
        typer.Option("--head", metavar="FILE", help="A signed head that was kept elsewhere; or a folder of them."),
    ] = None,
    trust: Annotated[
        Path | None,
        typer.Option(
            "--trust",
            metavar="FILE",
            help="Whose signatures count.  [default: what was imported, or trust.json beside FILE]",
        ),
    ] = None,
    root: RootOption = None,
    at: AtOption = None,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Prove that a chain is the one that was written, or name each entry that is not.

    Exits 0 when verified: every entry is signed for, and a head that was kept elsewhere was compared. Exits 3 when an
    entry was changed, removed, added, moved or written anew. Exits 5 when nothing is wrong, but that the end was cut
    off cannot be excluded: no signed head, none from elsewhere, or entries after the last one (UNANCHORED).

    Of a site, the heads in its Object Lock bucket are the ones from elsewhere. A chain without one is UNANCHORED.
    """
    given = _Given(tuple(head or ()), trust, root, at)
    with answering(form), remote():
        if file is not None:
            if chain:
                raise BadArgument("--chain is for a site; a file is one chain")
            proofs, anchored = _of_file(file, given)
        else:
            where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
            proofs, anchored = _of_site(where, chain or [], given)
        _answer(proofs, anchored, form)
    worst = max((EXITS[each.outcome] for each in proofs), key=[Exit.DONE, Exit.PARTLY, Exit.REFUSED].index)
    if worst is not Exit.DONE:
        raise typer.Exit(worst)


@dataclass(frozen=True, slots=True)
class _Given:
    """What a chain is proved with."""

    heads: tuple[Path, ...]
    trust: Path | None
    root: str | None
    at: str | None

    def anchor(self, beside: Path | None) -> "Anchor | None":
        from cutover_cli.ledger_files import anchor_of
        from cutover_cli.verify import instant_of

        return anchor_of(self.trust, beside, now=instant_of(self.at) or datetime.now(UTC), root=self.root)


def _of_file(file: Path, given: _Given) -> "tuple[list[Proof], str | None]":
    from cutover_cli.ledger_files import verify_file

    anchor = given.anchor(file.parent / "trust.json")
    return [verify_file(file, given.heads, anchor)], anchor.fingerprint if anchor else None


def _of_site(where: Site, wanted: list[str], given: _Given) -> "tuple[list[Proof], str | None]":
    from cutover.domain.verification import Anchor
    from cutover_cli.ledger_chains import Chains
    from cutover_cli.ledger_files import given_heads

    anchor = given.anchor(None) if given.trust else None
    if anchor is None:
        policies = where.policies
        anchor = Anchor.of_policy(policies.root, policies.active().facts)
    if given.root is not None and anchor.fingerprint != given.root:
        raise BadArgument(f"the site's root is {anchor.fingerprint}")
    chains, heads = Chains(where), given_heads(given.heads, anchor.keys)
    sealed = {*chains.names(), *heads}
    for each in wanted:
        if each not in sealed:
            chains.entries(each)
    names = wanted or sorted({*sealed, *chains.unsealed()})
    if not names:
        raise NothingSealed("no chain of this site was ever sealed")
    return [chains.verify(each, keys=anchor.keys, given=heads.get(each, ())) for each in names], anchor.fingerprint


def _answer(proofs: "list[Proof]", anchored: str | None, form: Format) -> None:
    from cutover_cli import ledger_shown
    from cutover_cli.looking import screen

    outcomes = {each.outcome for each in proofs}
    outcome = next(each for each in ("broken", "unanchored", "verified") if each in outcomes)
    document = {
        "outcome": outcome, "verified": outcome == "verified", "root": anchored,
        "chains": [ledger_shown.proof_document(each) for each in proofs],
    }  # fmt: skip
    by = [screen.line(f"root {anchored}" if anchored else "no trust file: nothing says whose heads count")]
    screen.show(document, form, lambda: [*(line for p in proofs for line in ledger_shown.proof_lines(p)), *by])


@app.command()
def show(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    chain: Annotated[
        str | None, typer.Argument(metavar="CHAIN", help="A cutover or another chain.  [default: all chains]")
    ] = None,
    *,
    digest: Annotated[str | None, typer.Option(help="Entries that name it: 8 hexadecimal digits are enough.")] = None,
    signer: Annotated[
        str | None, typer.Option(metavar="WHO", help="Who asked (person, key holder) or wrote (function).")
    ] = None,
    code: Annotated[str | None, typer.Option(help="The result, such as a hold's code.")] = None,
    event: Annotated[str | None, typer.Option(help="Such as bound, held, withdrawn.")] = None,
    since: Annotated[str | None, typer.Option(metavar="DAY", help="A day or an instant in UTC.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DAY", help="A day or an instant, not included.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many, the newest.")] = 100,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Show entries of the ledger: of one chain, or of all chains in a span of days (the last seven)."""
    from cutover_cli import ledger_shown
    from cutover_cli.ledger_chains import Chains
    from cutover_cli.looking import screen
    from cutover_cli.looking.finding import Span

    with answering(form), remote():
        query = ledger_shown.Query.of(digest, signer, code, event)
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        span = Span.of(since, until, now=where.clock.now(), days=SHOWN_DAYS)
        if chain is not None and since is None:
            first = Chains(where).entries(chain)[0]
            span = Span(first.at, span.until)
        entries, more = ledger_shown.found(where, chain, span, query, limit)
        document = {"entries": [ledger_shown.document_of(each) for each in entries], "more": more}
        further = [screen.line(f"there are more: these are the newest {limit}")] if more else []
        nothing = [] if entries else [screen.line("no entry")]
        screen.show(document, form, lambda: [ledger_shown.table_of(entries) if entries else "", *nothing, *further])


@app.command()
def export(
    ctx: typer.Context,
    chain: ChainArgument,
    *,
    out: OutOption,
    everything: Annotated[
        bool, typer.Option("--everything", help="All documents of the cutover, into a folder that is new or empty.")
    ] = False,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Write a chain with its newest signed head into a file, for `cutover ledger verify` and `cutover verify --ledger`.

    With --everything, the folder has the hand-off message and its documents as `cutover verify` reads them, notices,
    heads, and whatever the revisions name, with an index. Exits 5 where the store lacks a document that is named.
    """
    from cutover.domain import canonical
    from cutover_cli import files
    from cutover_cli.ledger_chains import Chains
    from cutover_cli.ledger_everything import Everything

    missing: list[str] = []
    with answering(form), remote():
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        if everything:
            index = Everything(Chains(where), chain, out).write()
            missing = [
                f"revision {each.revision}: {document.name} {document.digest}"
                for each in index.revisions
                for document in each.documents
                if document.file is None
            ]
            sealed = any(each.startswith("heads/") for each in index.files)
            said = {"result": "partly" if missing else "done", "folder": str(out), "files": len(index.files)}
            said |= {"sealed": sealed}
            unsealed = [] if sealed else ["no head is kept of it: nobody can verify its ledger"]
            lines = [f"{len(index.files)} files in {out}", *unsealed, *(f"missing: {each}" for each in missing)]
            answer(said | {"missing": missing}, form, lambda: "\n".join(lines))
        else:
            made = Chains(where).export(chain)
            files.write(out, canonical.encode_model(made))
            sealed = made.head is not None
            said = {"result": "done", "file": str(out), "entries": len(made.entries), "sealed": sealed}
            without = "" if sealed else ", without a head: none is kept"
            answer(said, form, lambda: f"{len(made.entries)} entries of {chain} in {out}{without}")
    if missing:
        raise typer.Exit(Exit.PARTLY)


@app.command()
def heads(
    ctx: typer.Context,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder for them, such as a mounted share.")],
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Write the newest signed head of every chain into a folder, to be kept where nobody of Cutover can reach it.

    `cutover ledger verify --head DIR` compares with them. A file that is there already stays as it is. Chains that the
    last seven days tell of, and of which no head is kept yet, are named.
    """
    from cutover_cli import files
    from cutover_cli.ledger_chains import Chains, said

    with answering(form), remote():
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        chains, written = Chains(where), []
        out.mkdir(parents=True, exist_ok=True)
        for chain in chains.names():
            content = chains.newest(chain, length=where.records.chain(chain).sequence)
            name = f"{chain}.{said(content).sequence:012d}.json" if content and _CHAIN.fullmatch(chain) else None
            if content is not None and name is not None and not (out / name).exists():
                files.write(out / name, content)
                written.append(name)
        unsealed = chains.unsealed(days=SHOWN_DAYS)
        lines = [f"{len(written)} new heads in {out}", *(f"no head is kept of {each}" for each in unsealed)]
        document = {"result": "done", "folder": str(out), "written": written, "unsealed": list(unsealed)}
        answer(document, form, lambda: "\n".join(map(oneline, lines)))
