"""What other rules or facts would have decided of the same evidence at the same time: no replay."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from cutover.contracts.base import Digest
from cutover.contracts.holds import Findings, HoldRegister
from cutover.contracts.policy import Facts, Rules, SignedReference
from cutover.contracts.supersession import Difference as Changed
from cutover.domain import canonical, lineage
from cutover.domain.differences import differences
from cutover.domain.record import RevisionRecord
from cutover.errors import Refused
from cutover.policies import PolicyReader
from cutover_cli.replaying.reading_store import ReadingStore
from cutover_cli.replaying.recomputing import Recomputed
from cutover_cli.replaying.recorded import recorded
from cutover_cli.replaying.replaying import Replaying

WORST = ("deny", "hold", "waived", "warn", "pass")
PASS, UNREPORTED = "pass", "not reported"
FOLLOWS = {
    "bundle": tuple(f"/{name}" for name in lineage.HEADER),
    "manifest": ("/subject/", "/predicate/rules", "/predicate/facts"),
}
"""What a document says otherwise by itself where the rules or facts are others."""


@dataclass(frozen=True, slots=True)
class Came:
    """What one rule came to. ``where``: code and field of each finding, an answered one too."""

    outcome: str = PASS
    where: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """One revision under one policy: what it becomes, and what each rule came to."""

    decided: str
    result: str
    rules: Mapping[str, Came]
    documents: Mapping[str, Any]
    """Bundle and, where it is bound, manifest, as JSON values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """``rules`` and ``facts``: recorded and given, None where these were not given."""

    cutover: str
    revision: int
    rules: tuple[Digest, Digest] | None
    facts: tuple[Digest, Digest] | None
    then: Ending
    now: Ending

    @property
    def each(self) -> tuple[tuple[str, Came, Came], ...]:
        """Every rule: then, and now."""
        names = sorted(self.then.rules.keys() | self.now.rules.keys())
        then, now = self.then.rules, self.now.rules
        return tuple((name, then.get(name, Came()), now.get(name, Came())) for name in names)

    @property
    def package(self) -> tuple[tuple[str, Changed], ...]:
        """What would stand otherwise in the documents, by the names of those that there are then and now."""
        both = [name for name in FOLLOWS if name in self.then.documents and name in self.now.documents]
        return tuple(
            (name, each)
            for name in both
            for each in differences(self.then.documents[name], self.now.documents[name])
            if not each.pointer.startswith(FOLLOWS[name])
        )

    @property
    def differs(self) -> bool:
        decided = (self.then.decided, self.then.result) != (self.now.decided, self.now.result)
        return decided or bool(self.package) or any(then != now for _, then, now in self.each)


class OtherPolicy(PolicyReader):
    """Gives these rules and facts, whatever is asked for; what was not given is that which is asked for."""

    def __init__(self, pinned: PolicyReader, *, rules: Rules | None, facts: Facts | None) -> None:
        self._pinned = pinned
        self._other_rules = rules
        self._other_facts = facts

    def rules(self, reference: SignedReference) -> Rules:
        return self._other_rules or self._pinned.rules(reference)

    def facts(self, reference: SignedReference) -> Facts:
        return self._other_facts or self._pinned.facts(reference)


def compare(replaying: Replaying, record: RevisionRecord, *, rules: Rules | None, facts: Facts | None) -> Compared:
    """Raises ``Refused`` (``NOTHING_TO_REPLAY``: Bind noted nothing) and ``IntegrityError``: an input is lost."""
    found, store = recorded(replaying.records, record), ReadingStore(replaying.store)
    inputs = replaying.inputs(found, store)
    if inputs.taken is None:
        raise Refused("NOTHING_TO_REPLAY", f"nothing is recorded of what Bind took for {record.cutover}")
    pinned = PolicyReader(records=replaying.records, store=store, fingerprint=replaying.fingerprint)
    then = replaying.recompute(inputs, store, policies=pinned)
    other = OtherPolicy(pinned, rules=rules, facts=facts)
    taken = inputs.taken.model_copy(update={"facts": _in_place(inputs.taken.facts, facts)})
    changed = record.model_copy(
        update={"rules": _in_place(record.rules, rules), "facts": _in_place(record.facts, facts)}
    )
    now = replaying.recompute(
        replace(inputs, taken=taken), ReadingStore(replaying.store), policies=other, record=changed
    )
    return Compared(
        cutover=record.cutover, revision=record.revision,
        rules=(record.rules.payload, changed.rules.payload) if rules else None,
        facts=(inputs.taken.facts.payload, taken.facts.payload) if facts else None,
        then=ending(then), now=ending(now),
    )  # fmt: skip


def ending(made: Recomputed) -> Ending:
    if made.decided is None or made.gaps is None:
        raise AssertionError("Bind was made again")
    documents = {name: orjson.loads(made.documents[name]) for name in FOLLOWS if name in made.documents}
    ran = {rule: Came() for report in made.reports.values() if report for rule in report.rules}
    silent = {family: Came(UNREPORTED) for family, report in made.reports.items() if report is None}
    found = dict(_came((made.gaps, *filter(None, made.reports.values())), made.decided.register))
    return Ending(
        decided=made.decided.event, result=made.decided.result, rules=ran | silent | found, documents=documents
    )


def _came(reports: Iterable[Findings], register: HoldRegister) -> Iterator[tuple[str, Came]]:
    """By the register, which knows what a waiver answers and what Bind itself has found."""
    said: dict[str, list[tuple[str, str]]] = {}
    for hold in register.holds:
        outcome = "deny" if hold.severity == "deny" else "waived" if hold.resolution else "hold"
        said.setdefault(hold.rule, []).append((outcome, f"{hold.code} {hold.field}"))
    for warn in register.warnings:
        said.setdefault(warn.rule, []).append(("warn", f"{warn.code} {warn.field}"))
    for each in (finding for report in reports for finding in report.findings if finding.outcome == PASS):
        said.setdefault(each.rule, []).append((PASS, f"{each.code} {each.field}"))
    for rule, found in said.items():
        worst = min((outcome for outcome, _ in found), key=WORST.index)
        yield rule, Came(worst, tuple(sorted(f"{outcome} {where}".rstrip() for outcome, where in found)))


def _in_place(reference: SignedReference, given: Rules | Facts | None) -> SignedReference:
    if given is None:
        return reference
    return reference.model_copy(update={"payload": canonical.digest_model(given)})
