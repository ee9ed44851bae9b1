"""Files that `cutover ledger verify` reads: exports, heads that were kept elsewhere, and whose signatures count."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cutover.contracts.base import Digest
from cutover.contracts.policy import TrustedKey
from cutover.domain import envelope as dsse
from cutover.domain.verification import Anchor
from cutover.domain.verification.anchor import MAX_TRUST_BYTES
from cutover.domain.verification.ledger_proof import Kept, Proof, open_head, prove
from cutover.domain.verification.sealed import MAX_LEDGER_BYTES, kept_heads, read_ledger
from cutover.errors import Refused
from cutover_cli import files
from cutover_cli.ledger_chains import said
from cutover_cli.output import BadArgument
from cutover_cli.verify_reading import envelopes_of


def anchor_of(named: Path | None, beside: Path | None, *, now: datetime, root: Digest | None) -> Anchor | None:
    """The trust file that was named, that was imported, or, where none was, that lies beside; None without one.

    An export says of no audience: of several that were imported, ``root`` says which. Raises ``Refused``, BadArgument.
    """
    if named is not None:
        content = files.content(named, MAX_TRUST_BYTES)
    elif (found := _imported(root)) is not None:
        content = found
    elif beside is not None and beside.exists():
        content = files.content(beside, MAX_TRUST_BYTES)
    else:
        return None
    return Anchor.of_file(content, now=now, fingerprint=root)


def _imported(root: Digest | None) -> bytes | None:
    from cutover_cli.trust_store import TrustStore, folder

    store = TrustStore(folder())
    imported = [found for each in store.audiences() if (found := store.read(each)) is not None]
    wanted = [each for each in imported if each.fingerprint == root] if len(imported) > 1 else imported
    if imported and not wanted:
        roots = ", ".join(f"{each.fingerprint} of {each.audience}" for each in imported)
        raise BadArgument(f"trust was imported of several audiences: name a root with --root, or a --trust ({roots})")
    return wanted[0].content if wanted else None


def given_heads(named: Sequence[Path], keys: tuple[TrustedKey, ...]) -> dict[str, list[Kept]]:
    """Heads that were kept elsewhere, by chain. Raises ``Refused`` where one is not genuine."""
    found: dict[str, list[Kept]] = {}
    for content in envelopes_of(named):
        head = open_head(dsse.parse(content), keys)
        found.setdefault(head.chain, []).append(Kept(head, elsewhere=True))
    return found


def verify_file(file: Path, heads: Sequence[Path], anchor: Anchor | None) -> Proof:
    """An export, by its own head and those given. Without an anchor no head counts. Raises ``Refused``."""
    export = read_ledger(files.content(file, MAX_LEDGER_BYTES))
    if anchor is None:
        return prove(export.chain, export.entries, ())
    given = envelopes_of(heads)
    ours = tuple(each for each in given if said(each).chain == export.chain)
    if given and not ours:
        raise Refused("HEAD_OF_ANOTHER_CHAIN", f"none of the heads is one of {export.chain}")
    return prove(export.chain, export.entries, kept_heads(export, ours, anchor.keys))
