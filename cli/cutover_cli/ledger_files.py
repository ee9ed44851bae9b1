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
from cutover_cli.verify_reading import envelopes_of


def anchor_of(named: Path | None, beside: Path | None, *, now: datetime, root: Digest | None) -> Anchor | None:
    """The trust file that was named, that lies beside the export, or that alone was imported; None without one."""
    file = named or (beside if beside is not None and beside.exists() else None)
    content = files.content(file, MAX_TRUST_BYTES) if file is not None else _imported()
    return Anchor.of_file(content, now=now, fingerprint=root) if content is not None else None


def _imported() -> bytes | None:
    from cutover_cli.trust_store import TrustStore, folder

    store = TrustStore(folder())
    audiences = store.audiences()
    found = store.read(audiences[0]) if len(audiences) == 1 else None
    return found.content if found else None


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
