"""What flows through the state machine: references, never documents, and a status to route on."""

from collections.abc import Callable
from typing import Any

from cutover.contracts.base import CutoverId, Digest, Model, Name, Revision
from cutover.contracts.evidence import Section
from cutover.domain.record import RevisionRecord
from cutover.errors import Fenced

FENCED = "fenced"
"""What a stage answers to an execution that does not serve its revision any more."""


class RecordReference(Model):
    """Which revision an execution serves. ``status`` is what the last state saw; nobody decides on it."""

    cutover: CutoverId
    revision: Revision
    execution: int
    status: str


class Collected(Model):
    """What one Collect branch left; ``result`` None when the branch failed."""

    section: Section
    result: Digest | None


class Reported(Model):
    """What one Verify branch left; ``findings`` None when the branch failed."""

    family: Name
    findings: Digest | None


def serve(reference: RecordReference, run: Callable[[], RevisionRecord]) -> dict[str, Any]:
    """The answer of every stage that reads or writes a record: the reference anew, with the status by now.

    ``fenced``: another execution serves the revision, and this one has nothing to do any more.
    """
    try:
        status = run().status.value
    except Fenced:
        status = FENCED
    return reference.model_copy(update={"status": status}).model_dump()
