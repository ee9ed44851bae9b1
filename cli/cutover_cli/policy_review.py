"""What a proposed document would change: shown to whoever proposes it, and to each owner before they sign it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from cutover.contracts.base import Digest
from cutover.contracts.policy import Facts, Rules
from cutover.domain import canonical, policy_proposals
from cutover.domain.policy_changes import Change, changes
from cutover.domain.policy_proposals import Tightening
from cutover.domain.record import ActivePolicy, Fault
from cutover_cli import policy_chain, policy_lint, policy_reviewing
from cutover_cli.output import oneline
from cutover_cli.policy_governing import Parts, active_parts
from cutover_cli.site import Site


@dataclass(frozen=True, slots=True)
class Review:
    """One proposed part of a policy beside what is active.

    ``faults`` are why it would not be activated as things are now. Where nothing is active, all that it says is new.
    """

    digest: Digest
    part: Literal["rules", "facts"]
    active: ActivePolicy | None
    changes: tuple[Change, ...]
    enforces: tuple[Tightening, ...]
    faults: tuple[Fault, ...]

    @property
    def first(self) -> bool:
        return self.active is None

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
        lines = [f"{self.part}  {self.digest}", *(["no policy is active yet"] if self.first else [])]
        lines.append(policy_reviewing.as_text(self.changes))
        if self.enforces:
            lines += ["enforced anew:", *map(_enforced, self.enforces)]
        if self.faults:
            lines += ["would be refused now:", *(f"  {policy_reviewing.line(each)}" for each in self.faults)]
        return "\n".join(lines)


def review(document: Rules | Facts, where: Site, *, now: datetime) -> Review:
    """The document beside what is active at a site; before the first policy, beside the other part as proposed last."""
    active = where.records.policy()
    parts = active_parts(active, where.documents)
    is_rules = isinstance(document, Rules)
    old = parts[0 if is_rules else 1] if parts else None
    other = parts[1 if is_rules else 0] if parts else policy_chain.newest(Facts if is_rules else Rules, where)
    faults: tuple[Fault, ...] = policy_lint.since(document, old) if old else ()
    if isinstance(document, Rules):
        faults += _linted((document, other), where) if isinstance(other, Facts) else ()
    else:
        faults += _linted((other, document), where) if isinstance(other, Rules) else ()
    enforces: tuple[Tightening, ...] = ()
    if isinstance(document, Rules) and isinstance(old, Rules):
        enforces = policy_proposals.tightened(old, document)
        faults += policy_proposals.refusals(old, document, now=now)
    digest, part = canonical.digest_model(document), "rules" if is_rules else "facts"
    return Review(digest, part, active, changes(old, document), enforces, faults)  # type: ignore[arg-type]  # one of two


def _linted(pair: Parts, where: Site) -> tuple[Fault, ...]:
    """Where a stack does not say its targets, they are judged when it is activated."""
    targets = where.targets
    return policy_lint.lint(*pair, targets={*pair[0].signers, *pair[1].calendars} if targets is None else targets)


def _enforced(each: Tightening) -> str:
    why = f"at once: {oneline(each.reason)}" if each.reason else "it warned" if each.warned else "NOT WARNED BEFORE"
    return f"  {oneline(each.name)}: {oneline(each.before)} -> {oneline(each.after)} ({why})"
