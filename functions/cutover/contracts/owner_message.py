"""What the owner of a person or of a release is told by the exception queue, beside its holds."""

from typing import Annotated, Literal

from pydantic import Field

from cutover.contracts.base import SAID, Code, CutoverId, Instant, Line, Model, Name, Revision, Text, kind


class OwnerMessage(Model):
    """``cutover/owner-message/v1``: something about a revision's people that a team has to mend.

    No address stands in it, and no link: people by their ids in the facts.
    """

    schema_: Annotated[Literal["cutover/owner-message/v1"], SAID] = kind("cutover/owner-message/v1")
    cutover: CutoverId
    revision: Revision
    correlation_id: Annotated[str, Field(max_length=128)]
    code: Code
    owner: Name
    """The team that can mend it."""
    person: Name | None = None
    role: Name | None = None
    found: Line
    mend: Text
    at: Instant
