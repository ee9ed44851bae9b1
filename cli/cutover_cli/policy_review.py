"""What a proposed document would change: shown to whoever proposes it, and to each owner before they sign it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from cutover.contracts.base import Digest
from cutover.contracts.policy import Facts, Rules
from cutover.domain import canonical, policy_proposals
from cutover.domain.policy_changes import Change, changes
from cutover.domain.policy_proposals import Tightening
from cutover.domain.record import Fault
from cutover_cli import policy_lint, policy_reviewing
from cutover_cli.output import oneline
from cutover_cli.policy_governing import Parts
from cutover_cli.site import Site


@dataclass(frozen=True, slots=True)
class Review:
    """One proposed part of a policy beside what is active.

    ``faults`` are why it would not be activated as things are now; where nothing is active, only what it says itself.
    """

    digest: Digest
    part: Literal["rules", "facts"]
    first: bool
    changes: tuple[Change, ...]
    enforces: tuple[Tightening, ...]
    faults: tuple[Fault, ...]

    def document(self) -> dict[str, Any]:
        return {
            "digest": self.digest,
            "part": self.part,
            "first": self.first,
            **policy_reviewing.as_document(self.changes),
            "enforces": [asdict(each) | {"allowed": each.allowed} for each in self.enforces],
            "faults": [each.model_dump(mode="json") for each in self.faults],
        }

    def text(self) -> str:
        known = "no policy is active yet" if self.first else policy_reviewing.as_text(self.changes)
        lines = [f"{self.part}  {self.digest}", known]
        if self.enforces:
            lines += ["enforced anew:", *map(_enforced, self.enforces)]
        if self.faults:
            lines += ["would be refused now:", *(f"  {policy_reviewing.line(each)}" for each in self.faults)]
        return "\n".join(lines)


def review(document: Rules | Facts, active: Parts | None, where: Site, *, now: datetime) -> Review:
    """The document beside what is active at a site."""
    digest, part = canonical.digest_model(document), "rules" if isinstance(document, Rules) else "facts"
    if active is None:
        return Review(digest, part, True, (), (), ())  # type: ignore[arg-type]  # one of the two
    rules, facts = active
    pair, old = ((document, facts), rules) if isinstance(document, Rules) else ((rules, document), facts)
    faults = (*policy_lint.since(document, old), *_linted(pair, where))
    enforces: tuple[Tightening, ...] = ()
    if isinstance(document, Rules):
        enforces = policy_proposals.tightened(rules, document)
        faults += policy_proposals.refusals(rules, document, now=now)
    return Review(digest, part, False, changes(old, document), enforces, faults)  # type: ignore[arg-type]


def _linted(pair: Parts, where: Site) -> tuple[Fault, ...]:
    """Where a stack does not say its targets, they are judged when it is activated."""
    targets = where.targets
    return policy_lint.lint(*pair, targets={*pair[0].signers, *pair[1].calendars} if targets is None else targets)


def _enforced(each: Tightening) -> str:
    why = f"at once: {oneline(each.reason)}" if each.reason else "it warned" if each.warned else "NOT WARNED BEFORE"
    return f"  {oneline(each.name)}: {oneline(each.before)} -> {oneline(each.after)} ({why})"
