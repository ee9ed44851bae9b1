"""Proving a hand-off message from documents alone: ``verify_handoff`` and what it needs and gives."""

from cutover.domain.verification.anchor import Anchor
from cutover.domain.verification.report import OPTIONAL, STEPS, Report, Step
from cutover.domain.verification.standing import Notices
from cutover.domain.verification.verifier import MAX_MESSAGE_BYTES, verify_handoff

__all__ = ["MAX_MESSAGE_BYTES", "OPTIONAL", "STEPS", "Anchor", "Notices", "Report", "Step", "verify_handoff"]
