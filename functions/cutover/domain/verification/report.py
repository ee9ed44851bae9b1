"""What a verification says, step by step, for people and for programs."""

from dataclasses import dataclass
from typing import Any, Literal

from cutover.contracts.approval import Approval
from cutover.contracts.base import Digest, format_instant
from cutover.contracts.handoff import Handoff
from cutover.contracts.manifest import Manifest

Outcome = Literal["ok", "failed", "skipped", "not given"]

STEPS = (
    "trust", "envelope", "contract", "manifest", "documents", "approvals", "window", "lineage", "ledger", "standing",
)  # fmt: skip
"""The steps in their order; a step's number is its place here, from 1."""
OPTIONAL = frozenset({"ledger", "standing"})
"""What these judge may not have been given. Then the report says so, and nothing fails."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``code`` is stable: ``OK``, ``SKIPPED``, ``NOT_GIVEN``, or the reason why it failed."""

    name: str
    outcome: Outcome
    code: str
    detail: str

    @property
    def number(self) -> int:
        return STEPS.index(self.name) + 1

    def document(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "name": self.name,
            "outcome": self.outcome,
            "code": self.code,
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of every step. ``handoff``, ``manifest`` and ``approvals`` are there only when it is verified."""

    steps: tuple[Step, ...]
    root: Digest | None
    handoff: Handoff | None
    manifest: Manifest | None
    approvals: tuple[Approval, ...] = ()

    @property
    def verified(self) -> bool:
        """Whether every step was run and is ok, but for what an optional one was not given."""
        return tuple(step.name for step in self.steps) == STEPS and all(
            step.outcome == "ok" or (step.outcome == "not given" and step.name in OPTIONAL) for step in self.steps
        )

    @property
    def anchored(self) -> bool:
        """Whether it started from a root that the verifier brought."""
        return self.root is not None

    @property
    def code(self) -> str:
        """``VERIFIED``, or the code of the first step that failed (``UNANCHORED`` without a root)."""
        if self.verified:
            return "VERIFIED"
        return next((step.code for step in self.steps if step.outcome == "failed"), "INCOMPLETE")

    @property
    def detail(self) -> str:
        """What the first failed step found."""
        return next((step.detail for step in self.steps if step.outcome == "failed"), "")

    def decided(self) -> list[dict[str, Any]]:
        """Who decided what, as what, how well proved to be that person, and when; nobody where it is not verified."""
        return [_decided(each) for each in self.approvals]

    def document(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "schema": "cutover/verification-report/v1",
            "verified": self.verified,
            "code": self.code,
            "root": self.root,
            "steps": [step.document() for step in self.steps],
            "handoff": self._said() if self.verified else None,
        }

    def _said(self) -> dict[str, Any] | None:
        if self.handoff is None or self.manifest is None:
            return None
        bound = self.manifest.predicate
        return {
            "handoff_id": self.handoff.handoff_id,
            "audience": self.handoff.audience,
            "cutover": self.handoff.cutover,
            "revision": self.handoff.revision,
            "destination": bound.destination.model_dump(mode="json"),
            "window": bound.window.model_dump(mode="json"),
            "not_before": format_instant(self.handoff.not_before),
            "not_after": format_instant(self.handoff.not_after),
            "bundle": "sha256:" + self.manifest.subject[0].digest.sha256,
            "emergency": bound.emergency,
            "approvals": len(self.approvals),
            "decided": self.decided(),
            "documents": len(self.handoff.documents),
        }


def _decided(approval: Approval) -> dict[str, Any]:
    said = approval.predicate
    return {
        "role": said.role, "person": said.person, "decision": said.decision, "assurance": said.assurance,
        "decided_at": format_instant(said.decided_at),
    }  # fmt: skip
