"""DESIGN §5 as a model: two revisions, two approvers, two calls of HandOff, and what can go wrong around them.

Each step is one read, write or send, and whoever takes several can be stopped between any two. Simplified: from the
opening to Bind is one step, and so is telling the approvers; held stays held; there is no deferral, and no rehearsal,
which ends in Bind, in a lane of its own; only revision 0 gets a successor. Counters (version, decision_seq, attempt,
execution) are kept as what they are compared for: is it still what was read? So retries, adoptions and attempts are not
bounded. A lost wake-up is no step, as its signal
stands; a stale or doubled one may come at any time. A message that was sent counts as arrived, its answer or not.
"""

import sys
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple

from tests.model.checker import Result, check

NONE, COLLECTING, HELD, HANDING, HANDED, UNCERTAIN = (
    "none", "collecting", "held", "handing_off", "handed_off", "uncertain"
)  # fmt: skip
OPEN = ASKING, APPROVED, WINDOW = "awaiting_approval", "approved", "awaiting_window"
ENDED = SUPERSEDED, DECLINED, EXPIRED, WITHDRAWN = "superseded", "declined", "expired", "withdrawn"
LIVE, FINAL = (COLLECTING, HELD, *OPEN), (*ENDED, HANDED, UNCERTAIN)


class Bug(StrEnum):
    """What can be taken away from the protocol: first the five that the issue names, then one for each other rule."""

    DECISION_SEQ_IGNORED = "an approval is written although decision_seq is not what was read"
    SLOT_RELEASED = "uncertain releases the slot"
    TOMBSTONE_LATE = "the tombstone is put after the transaction"
    WAKE_UP_TRUSTED = "a wake-up counts as the decision"
    LEASE_IGNORED = "nobody looks at the lease"
    NOT_READ_AGAIN = "brake, tombstone and time do not count when they are read again"
    SIGNAL_LOST = "the relay clears a signal before it was heard"
    NOT_FENCED = "an older execution may write"
    APPROVALS_KEPT = "a successor keeps the approvals"
    TWO_OPENED = "a candidate is opened without a look at the revision before it"


Approvals = frozenset[tuple[int, int]]
"""Who approved, and the revision whose digest they signed."""
Steps = Iterator[tuple[str, "State", bool]]


class Revision(NamedTuple):
    status: str = NONE
    approvals: Approvals = frozenset()
    given: Approvals = frozenset()  # those whose approvers were told that they are recorded
    signal: str = ""
    execution: str = ""  # waiting, awake, or stopped
    older: bool = False  # an execution that was taken for stopped goes on
    tombstone: bool = False
    lease: bool = False


class Worker(NamedTuple):
    """One call of HandOff. When its reading or its attempt is not the record's any more, it can do nothing: idle."""

    phase: str = ""
    r: int = 0
    fenced: bool = False
    stop: bool = False  # what it read directly before the send forbids the send


IDLE = Worker()


class Approver(NamedTuple):
    """A decision on its way. ``fresh``: ``decision_seq`` is still what was read."""

    r: int = -1
    seen: Approvals = frozenset()
    fresh: bool = True


class State(NamedTuple):
    revisions: tuple[Revision, ...] = (Revision(COLLECTING, execution="awake"), Revision())
    workers: tuple[Worker, ...] = (IDLE, IDLE)
    approvers: tuple[Approver, ...] = (Approver(), Approver())
    slot: int | None = None
    brake: bool = False
    time: int = 0  # before the window, in it, after it (margins included)
    sent: frozenset[int] = frozenset()
    wrong: str = ""

    def put(self, r: int, **changes: Any) -> "State":
        """What no condition looks at, or what lies in the store."""
        return self._replace(revisions=swap(self.revisions, r, self.revisions[r]._replace(**changes)))

    def idle(self, r: int, *phases: str) -> "State":
        workers = (IDLE if w.r == r and w.phase in phases else w for w in self.workers)
        return self._replace(workers=tuple(sorted(workers)))

    def write(self, r: int, **changes: Any) -> "State":
        """One transaction: readings are stale now. An end frees the slot and needs no execution."""
        status = changes.get("status")
        others = self.approvers
        if "given" in changes:
            others = tuple(a._replace(fresh=False) if a.r == r else a for a in others)
        slot = None if self.slot == r and status in ENDED else self.slot
        done = {"signal": "", "execution": "", "older": False} if status in FINAL else {}
        return self.idle(r, "read").put(r, **changes | done)._replace(approvers=others, slot=slot)

    def work(self, i: int, worker: Worker = IDLE) -> "State":
        return self._replace(workers=tuple(sorted(swap(self.workers, i, worker))))  # one worker is like the other

    def stop(self, r: int) -> bool:
        return self.brake or self.time != 1 or self.revisions[r].tombstone

    def approved(self, r: int) -> bool:
        return self.revisions[r].approvals == {(0, r), (1, r)}


def swap(items: tuple[Any, ...], i: int, item: Any) -> tuple[Any, ...]:
    return (*items[:i], item, *items[i + 1 :])


def steps(s: State, bug: Bug | None) -> Steps:
    yield "brake released" if s.brake else "brake engaged", s._replace(brake=not s.brake), s.brake
    if s.time < 2:
        yield "the window opens" if s.time == 0 else "the window closes", s._replace(time=s.time + 1), s.time == 0
    for i in (0, 1):
        for walk in (endings, executions, clocks, handing, approving):
            yield from walk(s, i, bug)


def endings(s: State, r: int, bug: Bug | None) -> Steps:
    """First the tombstone, then the transaction; whoever is stopped between begins again."""
    one, late, first = s.revisions[r], bug is Bug.TOMBSTONE_LATE, r == 0 and s.revisions[1].status == NONE
    if not one.tombstone and one.status in (ENDED if late else (*LIVE, HANDING)):
        yield f"tombstone of {r}", s.put(r, tombstone=True), s.time == 2
    if one.status in LIVE and (one.tombstone or late):
        yield f"row 24: {r} withdrawn", s.write(r, status=WITHDRAWN), True
        if s.time == 2:
            yield f"row 23: {r} expired", s.write(r, status=EXPIRED), True
        if one.status in OPEN:
            yield f"row 15: {r} declined", s.write(r, status=DECLINED), True
    for row, statuses, how in ((3, FINAL, "awake"), (4, LIVE, "awake"), (22, OPEN, "")):
        if first and ((one.status in statuses and (one.tombstone or row == 3 or late)) or bug is Bug.TWO_OPENED):
            before = s if row == 3 or bug is Bug.TWO_OPENED else s.write(0, status=SUPERSEDED)
            kept = one.approvals if bug is Bug.APPROVALS_KEPT else frozenset()
            signal = "" if how else "start"
            opened = before.put(1, status=COLLECTING, approvals=kept, execution=how, signal=signal)
            yield f"row {row}: 1 opened", opened, row != 3


def executions(s: State, r: int, bug: Bug | None) -> Steps:
    one = s.revisions[r]
    if one.execution:
        yield f"execution of {r} stopped", s.put(r, execution=""), False
    if one.execution == "waiting":
        yield f"a stale or doubled wake-up of {r}", s.put(r, execution="awake"), False
    if one.execution == "waiting" and (one.signal or (one.status == WINDOW and s.time == 1)):
        yield f"relay wakes {r}", s.put(r, signal="", execution="awake"), True
        if bug is Bug.SIGNAL_LOST:
            yield f"relay clears the signal of {r}, its wake-up is lost", s.put(r, signal=""), False
    if one.execution != "awake":
        return
    if one.status == COLLECTING and s.slot is None:
        bound = s._replace(slot=r).write(r, status=ASKING, execution="waiting")
        yield f"row 10: {r} bound, claims the slot; approvers told", bound, True
    elif one.status == COLLECTING:
        yield f"row 7: {r} held, the slot is taken", s.write(r, status=HELD, execution="waiting"), True
    elif one.status == APPROVED or (one.status == ASKING and bug is Bug.WAKE_UP_TRUSTED):
        yield f"row 16: {r} waits for the window", s.write(r, status=WINDOW, execution="waiting"), True
    elif one.status in (HELD, ASKING) or (one.status == WINDOW and s.time != 1):
        yield f"execution of {r} reads the record, waits again", s.put(r, execution="waiting"), True


def clocks(s: State, r: int, bug: Bug | None) -> Steps:
    one = s.revisions[r]
    if one.signal == "start":
        yield f"relay starts an execution of {r}", s.put(r, signal="", execution="awake"), True
    elif one.status in (*LIVE, HANDING):
        adopted = s.write(r, signal="start", execution="", older=one.older or one.execution == "awake")
        yield f"row 25: {r} adopted, its older execution fenced", adopted, not one.execution
    if one.status in (APPROVED, WINDOW):
        for lapsed in one.approvals:
            left = one.approvals - {lapsed}
            asked = s.write(r, status=ASKING, approvals=left, given=left, signal="wake")
            yield f"row 17: an approval of {r} lapsed", asked, False
    if one.lease:
        # A function's timeout is shorter than its lease; only an answer may be late.
        timed_out = s if bug is Bug.LEASE_IGNORED else s.idle(r, "leased", "ready")
        yield f"the lease of {r} is over", timed_out.put(r, lease=False), True
    elif one.status == HANDING and s.stop(r):
        slot = None if bug is Bug.SLOT_RELEASED else s.slot
        yield f"row 21: {r} uncertain", s.write(r, status=UNCERTAIN)._replace(slot=slot), True
    if one.status in (HANDING, UNCERTAIN) and r in s.sent:
        yield f"row 20: receipt, {r} handed off", s.write(r, status=HANDED), False


def handing(s: State, i: int, bug: Bug | None) -> Steps:
    w, r = s.workers[i], s.workers[i].r
    one, name = s.revisions[r], f"worker of {r}"
    for n in (0, 1) if not w.phase else ():
        status, proved = s.revisions[n].status, s.approved(n) or bug is Bug.WAKE_UP_TRUSTED
        free = not s.revisions[n].lease or bug is Bug.LEASE_IGNORED
        if status in (WINDOW, HANDING) and s.revisions[n].execution == "awake" and free and proved and not s.stop(n):
            yield f"worker of {n}: all guards hold", s.work(i, Worker("read", n)), True
            if bug is Bug.NOT_FENCED and s.revisions[n].older:
                yield f"worker of {n}, of an older execution: all guards hold", s.work(i, Worker("read", n, True)), True
    if w.phase:
        yield f"{name} stopped", s.work(i), True
    if w.phase == "read" and s.slot == r:
        leased = s.work(i, Worker("leased", r)).idle(r, "sent").write(r, status=HANDING, lease=True)
        leased = leased._replace(wrong="fence" if w.fenced else "")
        yield f"{name}, row {18 if one.status == WINDOW else 19}: attempt, lease", leased, True
    elif w.phase == "leased" and (not s.stop(r) or bug is Bug.NOT_READ_AGAIN):
        yield f"{name} reads again: nothing stops it", s.work(i, w._replace(phase="ready", stop=s.stop(r))), True
    elif w.phase == "ready":
        wrong = "stop" if w.stop else "" if one.lease else "lease"
        sent = s._replace(sent=s.sent | {r}, wrong=wrong)
        yield f"{name} sends, the answer is lost", sent.work(i), False
        yield f"{name} sends", sent.work(i, w._replace(phase="sent")), True
    elif w.phase == "sent" and one.status == HANDING:  # what was sent was sent, whichever execution serves it by now
        yield f"{name}, row 20: handed off", s.work(i).write(r, status=HANDED), True


def approving(s: State, a: int, bug: Bug | None) -> Steps:
    r, seen, fresh = s.approvers[a]
    for n in (0, 1) if r < 0 else ():
        if s.revisions[n].status == ASKING and (a, n) not in s.revisions[n].approvals:
            read = Approver(n, s.revisions[n].approvals)
            yield f"approver {a} reads {n}", s._replace(approvers=swap(s.approvers, a, read)), True
    if r < 0:
        return
    left, one = s._replace(approvers=swap(s.approvers, a, Approver())), s.revisions[r]
    yield f"approver {a} stopped, or not the present decision_seq", left, True
    if one.status == ASKING and (fresh or bug is Bug.DECISION_SEQ_IGNORED):
        approvals, given = seen | {(a, r)}, one.given | {(a, r)}
        done = {"status": APPROVED, "signal": "wake"} if len(approvals) == 2 else {}
        after = left.write(r, approvals=approvals, given=given, **done)
        yield f"row {13 if done else 12}: approver {a} approves {r}", after, True


def every(holds: Callable[[State, int, Revision], bool]) -> Callable[[State], bool]:
    return lambda s: holds(s, 0, s.revisions[0]) and holds(s, 1, s.revisions[1])


INVARIANTS: dict[str, Callable[[State], bool]] = {
    "one effective hand-off": lambda s: len(s.sent) < 2,
    "no send against what was read before it": lambda s: s.wrong != "stop",
    "no send after its lease": lambda s: s.wrong != "lease",
    "a fenced execution writes nothing": lambda s: s.wrong != "fence",
    "handing off implies a quorum over that digest": every(lambda s, r, one: one.status != HANDING or s.approved(r)),
    "at most one live revision": lambda s: sum(one.status in (*LIVE, HANDING) for one in s.revisions) < 2,
    "a slot has one owner": every(lambda s, r, one: one.status not in (*OPEN, HANDING) or s.slot == r),
    "approvals pass to no other revision": every(lambda _, r, one: all(digest == r for _, digest in one.approvals)),
    "a recorded decision is not lost": every(lambda _s, _r, one: one.given <= one.approvals),
    "a tombstone stands before the end": every(lambda _s, _r, one: one.tombstone or one.status not in ENDED),
}


ended = every(lambda _s, _r, one: one.status in (*FINAL, NONE, HELD))


def explore(bug: Bug | None = None) -> Result:
    return check(State(), lambda s: steps(s, bug), INVARIANTS, ended)


if __name__ == "__main__":
    for bug in (None, *Bug):
        sys.stdout.write(f"{bug or 'the protocol'}\n{explore(bug)}\n\n")
