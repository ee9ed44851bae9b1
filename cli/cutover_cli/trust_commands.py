"""`cutover trust`: whose signatures count, for verifiers: given out, imported once by fingerprint, asked by date."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from cutover.contracts.base import Digest, format_instant
from cutover.contracts.policy import Facts, TrustBundle
from cutover.domain import canonical, trust_history
from cutover.domain.verification.anchor import MAX_TRUST_BYTES
from cutover_cli import files, trust_store, trust_text
from cutover_cli.arguments import NO_DIGEST, day_or_instant, is_digest
from cutover_cli.output import BadArgument, Exit, Format, FormatOption, answer, answering
from cutover_cli.site import LocalOption, ProfileOption, RegionOption, StackOption, StateDirOption, remote, site
from cutover_cli.trust_store import TrustStore

app = typer.Typer(help="Whose signatures count: export, import, history.", no_args_is_help=True)
FactsOption = Annotated[
    Path | None, typer.Option("--facts", metavar="FILE", help="Facts in YAML or JSON, signed or not.")
]


@app.command()
def export(
    ctx: typer.Context,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the trust bundle is written.")],
    facts: FactsOption = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="So long verifiers may go by it.")] = 90,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Write the trust bundle of facts: of a file, or of those that are active in a stack.

    It counts once both owners have signed these bytes: `cutover policy sign`, then `cutover policy trust`.
    """
    with answering(form), remote():
        now = datetime.now(UTC).replace(microsecond=0)
        if facts is not None:
            if local or stack:
                raise BadArgument("give either --facts or a stack")
            said = files.model(Facts, facts)
        else:
            where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
            said, now = where.policy().facts, where.clock.now()
        bundle = bundle_of(said, at=now, days=days)
        written = canonical.encode_model(bundle)
        files.write(out, written)
        answered = {
            "digest": canonical.digest(written), "keys": len(bundle.keys), "file": str(out),
            "issued_at": format_instant(bundle.issued_at), "expires_at": format_instant(bundle.expires_at),
        }  # fmt: skip
        answer(answered, form, lambda: f"{answered['digest']}, {len(bundle.keys)} keys; both owners sign it now")


def bundle_of(facts: Facts, *, at: datetime, days: int) -> TrustBundle:
    """What verifiers need of the facts: all keys ever named. Whose they are stays in the facts: they are people."""
    keys = tuple(key.model_copy(update={"person": None}) for key in facts.keys)
    return TrustBundle(audience=facts.audience, keys=keys, issued_at=at, expires_at=at + timedelta(days=days))


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The trust file that the owners gave out.")],
    *,
    fingerprint: Annotated[
        str | None, typer.Option(metavar="DIGEST", help="The root's, from elsewhere; needed the first time.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Import a trust file, for `cutover verify` and `cutover trust history`. A dry run exits 10 when it would change.

    The first of an audience needs the root's fingerprint. A later one must have the same root, must be newer, must
    keep every key, and must leave revoked what is revoked.
    """
    with answering(form):
        content, pinned = files.content(file, MAX_TRUST_BYTES), None if fingerprint is None else digest(fingerprint)
        store = TrustStore(trust_store.folder())
        change = store.put(content, fingerprint=pinned, now=datetime.now(UTC), dry=dry_run)
        answer(trust_text.document_of(change, store), form, lambda: trust_text.text_of(change, dry=dry_run))
    if dry_run and change.changes:
        raise typer.Exit(Exit.CHANGES)


@app.command()
def history(
    *,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="2026-01-31, or 2026-01-31T12:00:00Z.  [now]")] = None,
    purpose: Annotated[str | None, typer.Option(help="Only keys for this purpose, such as bind.")] = None,
    trust: Annotated[Path | None, typer.Option(metavar="FILE", help="This trust file.  [the imported one]")] = None,
    audience: Annotated[str | None, typer.Option(help="Of several that were imported, this one's.")] = None,
    facts: FactsOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Say which keys were trusted at an instant (a date means its beginning, in UTC), and why the others were not.

    Facts also tell of keyless identities. That somebody signed them is not judged here.
    """
    with answering(form):
        instant = _instant(on)
        signatories, told_by = _told(trust, audience, facts)
        entries = trust_history.at(signatories, instant, purpose=purpose)
        document = {
            "on": format_instant(instant),
            "told_by": told_by,
            "entries": [trust_text.entry_of(each) for each in entries],
        }
        answer(document, form, lambda: trust_text.table_of(entries, instant, told_by))


def digest(text: str) -> Digest:
    """A digest from the command line. Raises BadArgument."""
    if not is_digest(text):
        raise BadArgument(NO_DIGEST)
    return text


def _instant(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        return day_or_instant(text)
    except ValueError as error:
        raise BadArgument(f"--on: {error}") from error


def _told(
    trust: Path | None, audience: str | None, facts: Path | None
) -> tuple[tuple[trust_history.Signatory, ...], dict[str, Any]]:
    """Keys and identities, and by which document."""
    if facts is not None:
        if trust is not None:
            raise BadArgument("give either --trust or --facts")
        said = files.model(Facts, facts)
        return (*said.keys, *said.identities), {"facts": str(facts), "version": said.version}
    found = _imported(audience) if trust is None else trust_store.opened(_content(trust), at=trust_store.EVER)
    said_by = {
        "root": found.fingerprint,
        "imported": trust is None,
        "issued_at": format_instant(found.bundle.issued_at),
    }
    return found.bundle.keys, said_by


def _content(trust: Path) -> bytes:
    return files.content(trust, MAX_TRUST_BYTES)


def _imported(audience: str | None) -> trust_store.Trusted:
    store = TrustStore(trust_store.folder())
    known = store.audiences()
    if audience is None and len(known) != 1:
        raise BadArgument(f"give --audience: imported are {', '.join(known)}" if known else "no trust was imported yet")
    chosen = audience or known[0]
    found = store.read(chosen) if chosen in known else None
    if found is None:
        raise BadArgument(f"no trust of {chosen} was imported")
    return found
