"""What must hold once faults have stopped and time has passed: nothing is forgotten, and what ended stays ended."""

from typing import TYPE_CHECKING

from cutover.domain import attempts
from cutover.domain.record import RevisionRecord
from cutover.domain.transitions import NOTICES
from tests.simulation import protocol
from tests.simulation.violation import demand
from tests.simulator.interpreter import Execution

if TYPE_CHECKING:
    from tests.simulation.observer import Observer

WAITS = {
    "held": "AwaitResolution",
    "awaiting_approval": "AwaitApproval",
    "deferred": "AwaitApproval",
    "awaiting_window": "AwaitWindow",
}
"""The statuses in which a revision may stand still, and the state in which its execution then waits."""
ENDED = frozenset({"SUCCEEDED", "FAILED", "STOPPED"})


def at_rest(seen: "Observer") -> None:
    """A recorded decision has reached its execution, or its successor: nothing stands still that should not.

    A revision that rightly waits needs nobody until a decision comes: where its execution was stopped, the next
    signal finds that out. Whoever waits for it waits in the right state.
    """
    for name, record in seen.records.items():
        going = [each for each in seen.world.machine.executions.values() if _serves(each, record)]
        if record.status.value in protocol.FINAL:
            demand(not going, f"{name} is {record.status} and {[each.state for each in going]} goes on")
            continue
        state = WAITS.get(record.status.value)
        demand(state is not None, f"{name} stands still as {record.status}")
        waiting = [each for each in going if each.status == "WAITING" and each.state == state]
        demand(len(waiting) == len(going), f"{name} has executions in {[each.state for each in going]}")
        demand(len(waiting) <= 1, f"{len(waiting)} executions wait for {name}")


def admissions_decided(seen: "Observer") -> None:
    """Every announced candidate is decided, or was abandoned after a whole series of executions, told as such."""
    for name, admission in seen.admissions.items():
        left = admission.status.value == "admitting" and not attempts.abandoned(admission)
        demand(not left, f"{name} is still being admitted, for {admission.reason}")


def all_over(seen: "Observer") -> None:
    """After the last window and every expiry everything has ended."""
    for name, record in seen.records.items():
        demand(record.status.value in protocol.FINAL, f"{name} is {record.status} after its end")
    for execution in seen.world.machine.executions.values():
        over = execution.status in ENDED or execution.status == "WAITING"
        demand(over, f"{execution.name} is {execution.status} in {execution.state} after the end")


def queues_have_what_was_sent(seen: "Observer") -> None:
    """What was handed off lies in its queue, once for each time that the queue forgets; each id with one body."""
    bodies: dict[str, bytes] = {}
    for message in seen.world.wiring.deployment.messages(seen.world.deployment.target):
        demand(bodies.setdefault(message.deduplication_id, message.body) == message.body, "one id, two bodies")
    for name, record in seen.records.items():
        if record.status.value == "handed_off":
            demand((record.handoff_id or "").removeprefix("sha256:") in bodies, f"{name} never reached its queue")
    handed = {record.handoff_id for record in seen.records.values() if record.status.value in _AWAY}
    lost = {"sha256:" + each for each in bodies} - handed
    demand(not lost, f"{lost} was sent, and no record says so")


_AWAY = frozenset({"handing_off", "handed_off", "uncertain"})


def one_story(seen: "Observer") -> None:
    """Read once more from its beginning, each chain is whole and yields the statuses of all its revisions."""
    for name, record in seen.records.items():
        entries = seen.world.ledger(name[0])
        told = [each.to for each in entries if each.revision == name[1] and each.to is not None]
        demand(bool(told) and told[-1] == record.status.value, f"the ledger of {name} ends with {told[-1:]}")


def all_sealed(seen: "Observer") -> None:
    """Each chain's head is signed and kept, and so is each notice that its entries call for."""
    objects = seen.world.wiring.store.objects
    for chain, (sequence, _) in seen.heads.items():
        demand(f"ledger/{chain}/{sequence:012d}.json" in objects, f"head {sequence} of {chain} is not sealed")
        for entry in seen.world.ledger(chain):
            rehearsal = protocol.is_rehearsal(chain)
            needed = entry.event in NOTICES and entry.revision is not None and not rehearsal
            kept = f"notices/{chain}/{entry.sequence:012d}.json" in objects
            demand(kept or not needed, f"there is no notice of entry {entry.sequence} of {chain}: {entry.event}")
            demand(not (kept and rehearsal), f"there is a notice of a rehearsal: entry {entry.sequence} of {chain}")


OF_REST = (at_rest, admissions_decided, queues_have_what_was_sent, one_story, all_sealed)
NEEDS_POLICY = frozenset({at_rest, all_sealed})
"""Without its keys and people a release may well stand still, and nothing can be signed."""
OF_END = (*OF_REST, all_over)


def _serves(execution: Execution, record: RevisionRecord) -> bool:
    """Whether it goes on, for this revision, and is not fenced: an older one wakes to nothing when its wait is over."""
    served = execution.document.get("record") or {}
    ours = (served.get("cutover"), served.get("revision"), served.get("execution"))
    return execution.status not in ENDED and ours == (record.cutover, record.revision, record.execution)


def quiet(record: RevisionRecord) -> bool:
    """Whether this record has ended, or waits for people or time."""
    return record.status.value in protocol.FINAL or record.status.value in WAITS
