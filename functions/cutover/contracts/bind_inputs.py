"""What Bind takes besides the documents of its revision: recorded, so that its decision can be made again."""

from typing import Annotated, Literal

from cutover.contracts.base import SAID, CutoverId, Digest, Instant, Model, Name, Revision, kind
from cutover.contracts.bundle import Engine
from cutover.contracts.manifest import Destination
from cutover.contracts.policy import SignedReference


class SlotOwner(Model):
    """Whose the revision's queue and window was."""

    cutover: CutoverId
    revision: Revision


class BindInputs(Model):
    """``cutover/bind-inputs/v1``. Its digest stands in the ledger's entry of what Bind decided.

    ``at``: Bind's present. ``engine``: what made the bundle that was judged. ``facts``: those that were active.
    ``destination``: the deployed target, None where there was none. ``slot``: who had claimed its window, if anybody.
    ``predecessor``: the manifest that was approved last. ``reports``: the digest of each family's findings, None where
    the family did not report.
    """

    schema_: Annotated[Literal["cutover/bind-inputs/v1"], SAID] = kind("cutover/bind-inputs/v1")
    cutover: CutoverId
    revision: Revision
    at: Instant
    engine: Engine
    facts: SignedReference
    destination: Destination | None
    slot: SlotOwner | None
    predecessor: SignedReference | None
    reports: dict[Name, Digest | None]
