"""What the ledger tells of a message, against what the message tells of itself (step 9, second half).

An entry's time is when it was written, a little after the time that its document states: ``TOGETHER`` at the most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cutover.contracts.approval import Approval
from cutover.contracts.base import Digest, format_instant
from cutover.contracts.handoff import Handoff
from cutover.contracts.ledger import LedgerEntry
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.transitions import TABLE
from cutover.domain.verification.documents import Package
from cutover.domain.verification.message import Bound
from cutover.domain.verification.reading import equal
from cutover.domain.verification.sealed import Chain
from cutover.errors import Refused

TOGETHER = timedelta(minutes=15)
"""As long as one function may run."""
OPENINGS = ("admitted", "opened")
BEGINNINGS = frozenset({None, "admitting"})
RESULTS = {"admitted": "ADMITTED", "assembled": "ASSEMBLED", "bound": "BOUND", "handing-off": "LEASED"}


@dataclass(frozen=True, slots=True)
class Story:
    """The entries of one revision, against its documents. Refuses with ``LEDGER_DIFFERS``."""

    chain: Chain
    handoff: Handoff
    bound: Bound
    package: Package

    def check(self, approvals: Sequence[Approval], message: Digest) -> None:
        """``approvals`` as the message has them, in its order; ``message`` is the digest of its bytes."""
        manifest, bundle = self.bound.predicate, self.package.bundle
        entries = self.chain.of(self.handoff.revision)
        self._check_statuses(entries)
        opened, assembled, bound, handing = (
            self._one(entries, *events) for events in (OPENINGS, ("assembled",), ("bound",), ("handing-off",))
        )
        self._check_admitted(opened)
        self._equal(
            assembled,
            ("the evidence set", assembled.inputs.get("evidence-set"), manifest.evidence_set),
            ("the bundle", assembled.inputs.get("bundle"), self.package.bundle_digest),
            ("the lineage", assembled.inputs.get("lineage"), self._subject("lineage")),
            ("the engine's version", assembled.engine.version, bundle.engine.version),
            ("the engine's lock", assembled.engine.lock, bundle.engine.lock),
        )
        self._equal(
            bound,
            ("the manifest", bound.inputs.get("manifest"), self.bound.digest),
            ("the hold register", bound.inputs.get("hold-register"), self._subject("hold-register")),
            ("the facts", bound.facts, manifest.facts),
        )
        self._near(bound, manifest.bound_at)
        given = [self._approval(entries, approval, number) for number, approval in enumerate(approvals)]
        self._equal(
            handing,
            ("the message", handing.inputs.get("handoff"), message),
            ("the manifest", handing.inputs.get("manifest"), self.bound.digest),
        )
        if not self.handoff.not_before <= handing.at < self.handoff.not_after:
            raise _differs(handing, f"it was handed off at {format_instant(handing.at)}, outside of its window")
        for entry in (opened, assembled, bound, *given, handing):
            self._equal(entry, ("the rules", entry.rules, manifest.rules))
        order = [opened, assembled, bound, *sorted(given, key=lambda each: each.sequence)]
        numbers = [each.sequence for each in order]
        if numbers != sorted(numbers) or not numbers[-1] <= self.handoff.ledger.sequence < handing.sequence:
            raise _differs(handing, "the entries stand in another order than things happened")

    def _check_statuses(self, entries: Sequence[LedgerEntry]) -> None:
        """Each status follows the one before it, by the row and the function that may write it."""
        status: str | None = None
        for number, entry in enumerate(entries):
            if entry.transition is None:
                self._equal(entry, ("the status before it", entry.from_, None), ("its status", entry.to, None))
                continue
            first = number == 0 and entry.event in OPENINGS and entry.from_ in BEGINNINGS
            self._equal(entry, ("the status before it", entry.from_, entry.from_ if first else status))
            if entry.event != "opened":
                self._check_row(entry)
            status = entry.to

    def _check_row(self, entry: LedgerEntry) -> None:
        row = TABLE.get(entry.event)
        if row is None or entry.actor.role not in row.writers:
            raise _differs(entry, f"{entry.actor.role} does not write it")
        target = row.target.value if row.target else entry.from_
        self._equal(entry, ("the transition", entry.transition, row.number), ("the status", entry.to, target))

    def _check_admitted(self, opened: LedgerEntry) -> None:
        """The candidate was admitted, in this revision or one before it, when the evidence set says it was: the time
        at which its signature was judged.
        """
        candidate = self.bound.predicate.candidate
        self._equal(
            opened,
            ("the candidate", opened.inputs.get("candidate"), candidate),
            ("its status", opened.to, "collecting"),
        )
        if opened.event == "admitted":
            self._equal(opened, ("who asked", opened.actor.requester, self.package.candidate.requester))
        first = next(
            each for each in self.chain.entries if each.event in OPENINGS and each.inputs.get("candidate") == candidate
        )
        self._near(first, self.package.evidence_set.candidate.fetched_at)

    def _approval(self, entries: Sequence[LedgerEntry], approval: Approval, number: int) -> LedgerEntry:
        """The entry of one approval, that no later one says has lapsed."""
        envelope = self.handoff.approvals[number]
        payload = canonical.digest(dsse.decode_base64(envelope.payload))
        said = approval.predicate
        found = [each for each in entries if each.event in {"approval-given", "approved"}]
        entry = next((each for each in found if each.inputs.get("decision") == payload), None)
        if entry is None:
            raise Refused("LEDGER_DIFFERS", f"the ledger does not know the approval of {said.person} as {said.role}")
        self._equal(
            entry,
            ("the approval's envelope", entry.inputs.get("envelope"), canonical.digest_model(envelope)),
            ("the manifest", entry.inputs.get("manifest"), self.bound.digest),
            ("who approved", entry.actor.requester, said.person),
            ("the facts", entry.facts, said.facts),
            ("the result", entry.result, "DONE"),
        )
        self._near(entry, said.decided_at)
        for later in entries:
            lapsed = {digest for name, digest in later.inputs.items() if name.startswith("lapsed/")}
            if later.sequence > entry.sequence and payload in lapsed:
                raise _differs(later, f"the approval of {said.person} as {said.role} had lapsed")
        return entry

    def _one(self, entries: Sequence[LedgerEntry], *events: str) -> LedgerEntry:
        found = [each for each in entries if each.event in events]
        if len(found) != 1:
            detail = f"the ledger tells {len(found)} times that revision {self.handoff.revision} was {events[0]}"
            raise Refused("LEDGER_DIFFERS", detail)
        if found[0].event in RESULTS:
            self._equal(found[0], ("the result", found[0].result, RESULTS[found[0].event]))
        if found[0].event in RESULTS and found[0].event != "admitted":
            self._equal(found[0], ("who asked", found[0].actor.requester, self.package.candidate.requester))
        return found[0]

    def _subject(self, name: str) -> Digest:
        return next("sha256:" + each.digest.sha256 for each in self.bound.manifest.subject if each.name == name)

    @staticmethod
    def _equal(entry: LedgerEntry, *pairs: tuple[str, object, object]) -> None:
        equal(
            "LEDGER_DIFFERS", *((f"{what} of entry {entry.sequence}", found, wanted) for what, found, wanted in pairs)
        )

    @staticmethod
    def _near(entry: LedgerEntry, stated: datetime) -> None:
        if not stated <= entry.at <= stated + TOGETHER:
            at, said = format_instant(entry.at), format_instant(stated)
            raise _differs(entry, f"it was written at {at}, and its document says {said}")


def _differs(entry: LedgerEntry, detail: str) -> Refused:
    return Refused("LEDGER_DIFFERS", f"entry {entry.sequence}, {entry.event}: {detail}")
