"""`cutover ledger show`: entries by what they name, and how they and proofs of chains are shown."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from cutover.contracts.ledger import LedgerEntry
from cutover.domain import canonical
from cutover.domain.ledger import entry_digest
from cutover.domain.verification.ledger_proof import Proof
from cutover_cli.looking import screen
from cutover_cli.looking.finding import Span
from cutover_cli.output import BadArgument
from cutover_cli.site import Site

if TYPE_CHECKING:
    from rich.console import RenderableType

SHORTEST = 8
MAX_FINDINGS = 20
WORDS = {"verified": "VERIFIED", "unanchored": "UNANCHORED", "broken": "BROKEN"}
STYLES = {"verified": screen.GOOD, "unanchored": screen.WAITS, "broken": screen.BAD}


@dataclass(frozen=True, slots=True)
class Query:
    """What entries must have in common; None asks for nothing."""

    digest: str | None = None
    signer: str | None = None
    code: str | None = None
    event: str | None = None

    @classmethod
    def of(cls, digest: str | None, signer: str | None, code: str | None, event: str | None) -> "Query":
        """``digest`` may be cut after eight digits. Raises BadArgument."""
        digits = (digest or "0" * SHORTEST).removeprefix("sha256:")
        if len(digits) < SHORTEST or set(digits) - set("0123456789abcdef"):
            raise BadArgument(f"--digest: at least {SHORTEST} lower-case hexadecimal digits")
        return cls(digest and f"sha256:{digits}", signer, code, event)

    def keeps(self, entry: LedgerEntry) -> bool:
        return (
            (self.code is None or entry.result == self.code)
            and (self.event is None or entry.event == self.event)
            and (self.signer is None or self.signer in {entry.actor.requester, entry.actor.role})
            and (self.digest is None or any(each.startswith(self.digest) for each in _digests(entry)))
        )


def _digests(entry: LedgerEntry) -> Iterator[str]:
    """Every digest that an entry names, and its own."""
    yield from entry.inputs.values()
    yield from filter(None, (entry.rules, entry.facts, entry.previous, entry.engine.lock))
    yield entry_digest(entry)


def found(site: Site, chain: str | None, span: Span, query: Query, limit: int) -> tuple[list[LedgerEntry], bool]:
    """The newest entries that the query keeps, the oldest of them first; and whether there are more."""
    if chain is None:
        entries: Iterable[LedgerEntry] = span.entries(site)
    else:
        of_chain = [each for each in site.records.ledger(chain) if span.since <= each.at < span.until]
        entries = reversed(of_chain)
    kept = list(islice(filter(query.keeps, entries), limit + 1))
    return kept[:limit][::-1], len(kept) > limit


def document_of(entry: LedgerEntry) -> dict[str, Any]:
    """The entry as it stands, with its digest beside it."""
    said: dict[str, Any] = json.loads(canonical.encode_model(entry))
    return {"digest": entry_digest(entry), "entry": said}


def table_of(entries: Iterable[LedgerEntry]) -> "RenderableType":
    entries = tuple(entries)
    rows = [
        (
            f"{each.at:%Y-%m-%d %H:%M:%S}", each.chain, str(each.sequence), str(each.revision or ""), each.event,
            each.to or "", each.result, f"{each.actor.requester} ({each.actor.role})", each.detail or "",
        )
        for each in entries
    ]  # fmt: skip
    titles = ("At (UTC)", "Chain", "Entry", "Revision", "Event", "Status", "Result", "Who", "Detail")
    asked_for = ("Chain",) if len({each.chain for each in entries}) == 1 else ()
    return screen.table(titles, rows, spare=("Status", "Revision", *asked_for))


def proof_document(proof: Proof) -> dict[str, Any]:
    return {
        "chain": proof.chain, "outcome": proof.outcome, "verified": proof.outcome == "verified", "code": proof.code,
        "detail": proof.detail, "entries": proof.entries, "proven": proof.proven, "head": proof.newest or None,
        "compared": proof.compared or None,
        "findings": [{"sequence": e.sequence, "code": e.code, "detail": e.detail} for e in proof.findings],
    }  # fmt: skip


def proof_lines(proof: Proof) -> "Iterator[RenderableType]":
    """A chain on one line; where it is broken, each entry on one of its own."""
    word = screen.cell(WORDS[proof.outcome], STYLES[proof.outcome])
    code = "" if proof.outcome == "verified" else f"{proof.code}: "
    detail = f"{len(proof.findings)} findings" if proof.outcome == "broken" else f"{code}{proof.detail}"
    yield screen.line(word, f"  {proof.chain}  ", detail)
    for each in proof.findings[:MAX_FINDINGS]:
        yield screen.line(f"  entry {each.sequence}  {each.code}  {each.detail}")
    if len(proof.findings) > MAX_FINDINGS:
        yield screen.line(f"  and {len(proof.findings) - MAX_FINDINGS} more")
