"""How often an admission is given another execution: pure.

An execution can come to nothing in Admit: an outage outlasts its retries, or it is stopped. The admission
is still ``admitting`` then. Each attempt has its own execution and more time than the one before. After a
series of ``ATTEMPTS`` the admission is abandoned: nothing is due any more until somebody announces the
same envelope again, which opens another series. Two executions of one admission do no harm: Admit decides
once, conditionally.
"""

from datetime import datetime

from cutover.domain.record import Admission, Signal, Status
from cutover.domain.schedule import REPAIR_AFTER

ATTEMPTS = 5
"""Of one series; the last begins about a quarter of an hour after the first."""


def abandoned(admission: Admission) -> bool:
    """Whether nobody will look at it again by himself, though it was never decided."""
    return admission.status is Status.ADMITTING and admission.signal is None and admission.due_at is None


def exhausted(admission: Admission) -> bool:
    """Whether the present attempt is the last of its series."""
    return admission.attempt % ATTEMPTS == 0


def another(admission: Admission, now: datetime) -> Admission:
    """The admission with its next execution to be started."""
    allowed = REPAIR_AFTER * 2 ** (admission.attempt % ATTEMPTS)
    changed = {"attempt": admission.attempt + 1, "signal": Signal.START, "due_at": now + allowed}
    return admission.model_copy(update=changed | {"version": admission.version + 1})


def given_up(admission: Admission) -> Admission:
    """The admission with nothing due. Its bytes and its entries stay."""
    return admission.model_copy(update={"signal": None, "due_at": None, "version": admission.version + 1})
