"""The plan of a release, from the table: what the dry run shows and the door computes again."""

from cutover.contracts.brake import ReleasePlan
from cutover.domain import brake as braking
from cutover.domain.record import STOPPED_BY_BRAKE, Brake
from cutover.errors import Refused
from cutover.ports import Records

MAX_FREED = 1000
"""Far more than a deployment has slots. Beyond it nothing is released: nobody would have read such a plan."""


def release_plan(brake: Brake, records: Records) -> ReleasePlan:
    """Who would be freed now. Found by an index that may lag, so each is read again; ``Refused`` (``PLAN_TOO_LARGE``).

    A revision that the index does not show yet is missing in the plan: its dry run, made a moment later, differs.
    """
    found = list(records.waiting(STOPPED_BY_BRAKE, limit=MAX_FREED + 1))
    if len(found) > MAX_FREED:
        raise Refused("PLAN_TOO_LARGE", f"more than {MAX_FREED} revisions would be freed")
    fresh = (records.revision(each.cutover, each.revision) for each in found)
    return braking.plan(brake, [record for record in fresh if record is not None])
