"""What flows through the state machine: references, never documents, and a status to route on."""

from typing import Any

from cutover.contracts.base import CutoverId, Digest, Model, Name, Revision
from cutover.contracts.evidence import Section
from cutover.domain.record import RevisionRecord


class RecordReference(Model):
    """Which revision an execution serves. ``status`` is what the last state saw; nobody decides on it."""

    cutover: CutoverId
    revision: Revision
    status: str


class Collected(Model):
    """What one Collect branch left; ``result`` None when the branch failed."""

    section: Section
    result: Digest | None


class Reported(Model):
    """What one Verify branch left; ``findings`` None when the branch failed."""

    family: Name
    findings: Digest | None


def answer(record: RevisionRecord) -> dict[str, Any]:
    """The answer of every stage that reads or writes a record."""
    return {"cutover": record.cutover, "revision": record.revision, "status": record.status.value}
