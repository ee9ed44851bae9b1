"""What must hold after every write and before every send, each as one small function that says why it was broken.

``OF_WRITES`` see one transaction and what the observer remembers of before it. ``OF_SENDS`` see a send to a
deployment queue that is about to begin. What must hold once all is at rest stands in ``rest``.
"""

from typing import TYPE_CHECKING, Any

from cutover.domain import ledger
from cutover.domain.record import Admission, RevisionRecord
from tests.simulation import protocol
from tests.simulation.protocol import ROWS, role_of
from tests.simulation.sending import after_the_last_look, in_its_lease, leased_rightly, one_envelope
from tests.simulation.violation import demand

if TYPE_CHECKING:
    from tests.simulation.observer import Observer, Write

CHAIN_OF_BRAKE = "brake"
FRESH: dict[str, Any] = {
    "as_of": None, "evidence_set": None, "bundle": None, "lineage": None, "gaps": None, "hold_register": None,
    "manifest": None, "bound_facts": None, "queue_arn": None, "valid_until": None, "decision_seq": 0,
    "decisions": (), "wake_at": None, "attempt": 0, "lease_until": None, "handoff_id": None, "handoff": None,
    "message_id": None, "reason": None, "resolutions": (), "deferral": None, "deferred_until": None, "ask": False,
    "after_action_within": None, "after_action_due": None, "after_action": None,
}  # fmt: skip
"""What a revision that follows another begins with: nothing of what was decided or made before."""


def only_rows(_seen: "Observer", write: "Write") -> None:
    """Each transition is a row of the table, written by its writer from one of its statuses to its target."""
    for entry in write.entries:
        if entry.transition is None:
            demand(entry.to is None, f"an entry without a row leads to {entry.to}")
            continue
        role, before = entry.actor.role, entry.from_ or ""
        demand(role == role_of(write.function), f"{write.function} wrote in the name of {role}")
        if entry.event == "opened":
            writers, status = protocol.OPENING.get(entry.transition, ("", "?"))
            demand(role in writers.split() and before == status and entry.to == "collecting", f"{entry} opens")
            continue
        row = ROWS.get(entry.event)
        demand(row is not None and row.number == entry.transition, f"{entry.transition} {entry.event} is no row")
        if row is not None:
            demand(before in row.writers.get(role, ()), f"{role} wrote {entry.event} from {before or 'nothing'}")
            demand(entry.to == (row.target or before), f"{entry.event} led to {entry.to}")


def one_entry_each(seen: "Observer", write: "Write") -> None:
    """Each status change has exactly one ledger entry, in its own transaction, that tells the same."""
    for name, image in write.images.items():
        before = seen.records.get(name) or seen.admissions.get(name)
        was, now = (before.status.value if before else ""), image.status.value
        told = [each for each in write.entries if each.transition and _tells(each, name, image, was)]
        if was != now:
            demand(len(told) == 1, f"{name} went from {was or 'nothing'} to {now}, told {len(told)} times")
        demand(len(told) <= 1, f"{name} is told of {len(told)} times")
        changed = before is None or image.version != before.version
        demand(changed or was == now, f"{name} changed its status and not its version")
        demand(not changed or bool(write.entries), f"{name} was written without an entry")


def _tells(entry: Any, name: tuple[str, int], image: "RevisionRecord | Admission", was: str) -> bool:
    if (entry.from_ or "", entry.to) != (was, image.status.value):
        opens = isinstance(image, RevisionRecord) and not was and entry.from_ == "admitting"
        if not (opens and entry.to == image.status.value):
            return False
    if isinstance(image, Admission):
        return bool(entry.inputs.get("envelope") == name[0] or image.cutover == entry.chain)
    return bool((entry.chain, entry.revision) == name)


def the_ledger_alone(seen: "Observer", write: "Write") -> None:
    """The entries of a revision, read in order, yield the status that its record has."""
    said = {(each.chain, each.revision): each.to for each in write.entries if each.revision and each.to}
    for name, image in write.images.items():
        if isinstance(image, RevisionRecord):
            told = said.get(name) or seen.by_ledger.get(name)
            demand(told == image.status.value, f"the ledger says {name} is {told}, its record {image.status}")


def one_chain(seen: "Observer", write: "Write") -> None:
    """Each entry follows the one before it: its number, and its digest."""
    heads = dict(seen.heads)
    for entry in write.entries:
        number, digest = heads.get(entry.chain, (0, None))
        demand(entry.sequence == number + 1 and entry.previous == digest, f"{entry.chain} is broken at {number + 1}")
        heads[entry.chain] = (entry.sequence, ledger.entry_digest(entry))


def final_is_final(seen: "Observer", write: "Write") -> None:
    """Refused, declined, expired, withdrawn, superseded and handed off are for good; uncertain may turn out well."""
    for name, image in write.images.items():
        before = seen.records.get(name) or seen.admissions.get(name)
        if before is not None and before.status.value in protocol.FINAL and image.status != before.status:
            well = (before.status.value, image.status.value) == ("uncertain", "handed_off")
            demand(well, f"{name} was {before.status} and became {image.status}")


def one_live(seen: "Observer", write: "Write") -> None:
    """At most one revision of a product at a target is live or being handed off; of its rehearsals, one as well."""
    after = {**seen.records, **{name: each for name, each in write.images.items() if isinstance(each, RevisionRecord)}}
    live: dict[tuple[str, str, bool], tuple[str, int]] = {}
    for name, record in after.items():
        if record.status.value in protocol.LIVE or record.status.value == "handing_off":
            other = live.setdefault((record.product, record.target, protocol.is_rehearsal(name[0])), name)
            demand(other == name, f"{other} and {name} are live at once")


def tombstone_first(seen: "Observer", write: "Write") -> None:
    """Whatever ends otherwise than by a hand-off has its tombstone in the store before the record says so."""
    for name, image in write.images.items():
        if isinstance(image, RevisionRecord) and image.status.value in protocol.NOT_HANDED_OFF:
            demand(seen.world.wiring.store.has_tombstone(*name), f"{name} is {image.status} without a tombstone")


def one_owner(seen: "Observer", write: "Write") -> None:
    """A slot is its revision's as long as that is bound or may have been sent, and is not claimed from under it."""
    for slot in write.slots:
        owner = seen.slots.get((slot.queue_arn, slot.window))
        before = seen.records.get(owner) if owner else None
        taken = before is not None and owner != (slot.cutover, slot.revision)
        still = taken and before is not None and before.status.value in protocol.SLOTTED
        demand(not still or owner in write.images, f"{owner} lost its slot to {slot.cutover}")
    for name, image in write.images.items():
        if isinstance(image, RevisionRecord) and image.status.value in protocol.SLOTTED:
            held = seen.world.wiring.records.slot(image.queue_arn or "", image.window)
            ours = held is not None and (held.cutover, held.revision) == name
            demand(ours, f"{name} is {image.status} without its slot")


def nothing_passes_on(seen: "Observer", write: "Write") -> None:
    """From N to N+1 passes nothing but what was admitted, newer versions of records, and fingerprinted waivers."""
    for name, image in write.images.items():
        before = seen.records.get((name[0], name[1] - 1))
        if not isinstance(image, RevisionRecord) or name in seen.records or before is None:
            continue
        for fresh, value in FRESH.items():
            demand(getattr(image, fresh, value) == value, f"{name} begins with {fresh} of another revision")
        brought = {each.waiver for each in getattr(before, "resolutions", ())}
        ended = write.images.get((name[0], name[1] - 1))
        brought |= {each.waiver for each in getattr(ended, "resolutions", ())}
        waivers = set(getattr(image, "waivers", ()))
        demand(waivers <= {*getattr(before, "waivers", ()), *brought}, f"{name} has waivers that nobody brought")


def decisions_stay(seen: "Observer", write: "Write") -> None:
    """Decisions are added one at a time by the approvals page, and leave only as an entry names them: lapsed."""
    for name, image in write.images.items():
        before = seen.records.get(name)
        if before is None or not isinstance(image, RevisionRecord) or image.decisions == before.decisions:
            continue
        gone = {each for entry in write.entries for said, each in entry.inputs.items() if said.startswith("lapsed/")}
        kept = tuple(each for each in before.decisions if each.payload not in gone)
        if len(image.decisions) > len(kept):
            added = image.decisions[:-1] == kept and write.function == "doors.approvals"
            demand(added, f"{name}: decisions were written by {write.function}")
        else:
            events = {each.event for each in write.entries}
            demand(bool(gone) and image.decisions == kept, f"{name}: decisions left with {events}")
        demand(image.decision_seq == before.decision_seq + 1, f"{name}: decisions changed without their number")


def all_families(seen: "Observer", write: "Write") -> None:
    """What is bound was judged by every family that its pinned rules require."""
    for name, image in write.images.items():
        if isinstance(image, RevisionRecord) and any(each.event == "bound" for each in write.entries):
            event = write.invocation.event if write.invocation else {"findings": []}
            reported = {each["family"] for each in event["findings"] if each["findings"]}
            missing = set(seen.world.known_rules[image.rules.payload].families) - reported
            demand(not missing, f"{name} was bound without {missing}")


def fenced_write_nothing(seen: "Observer", write: "Write") -> None:
    """An execution that another one has taken over from takes no row; what it has sent it may still acknowledge."""
    event = write.invocation.event if write.invocation and write.function.startswith("stages.") else {}
    served = event.get("record") or {}
    before = seen.records.get((served.get("cutover", ""), served.get("revision", 0)))
    if before is not None and served.get("execution") != before.execution:
        rows = {each.event for each in write.entries if each.transition is not None}
        demand(rows <= {"handed-off"}, f"{write.function} of execution {served.get('execution')} wrote {rows}")


def brake_by_order(_seen: "Observer", write: "Write") -> None:
    """The brake is set by its door alone, with one entry on its own chain that names the same order."""
    for brake in write.brakes:
        if write.function:  # a deployment's first brake is set by hand
            told = [each for each in write.entries if each.chain == CHAIN_OF_BRAKE]
            demand(write.function == "doors.brake_orders", f"{write.function} set the brake")
            demand(len(told) == 1 and told[0].inputs.get("order") == brake.order, f"told of the brake: {told}")
            released = told[0].event == "brake-released"
            demand(released != brake.engaged, f"{told[0].event}, and engaged is {brake.engaged}")
            demand(not released or "plan" in told[0].inputs, "released without a plan")


def records_are_due(_seen: "Observer", write: "Write") -> None:
    """Of every emergency that is handed off a record is due, and of nothing else."""
    for name, image in write.images.items():
        if isinstance(image, RevisionRecord):
            due = image.status.value == "handed_off" and image.after_action_within is not None
            demand((image.after_action_due is not None) == due, f"{name}: a record is due at {image.after_action_due}")


def rehearsals_only_report(seen: "Observer", write: "Write") -> None:
    """A rehearsal takes its own rows only; it has no slot, manifest, decision or message, and nobody is told of it."""
    for entry in write.entries:
        if protocol.is_rehearsal(entry.chain) and entry.transition is not None:
            demand(entry.event in protocol.OF_REHEARSALS, f"{entry.chain} took {entry.event}")
        demand(entry.event != "rehearsed" or protocol.is_rehearsal(entry.chain), f"{entry.chain} was rehearsed")
    for slot in write.slots:
        demand(not protocol.is_rehearsal(slot.cutover), f"{slot.cutover} claimed a slot")
    for name, image in write.images.items():
        if isinstance(image, RevisionRecord) and protocol.is_rehearsal(name[0]):
            demand(image.status.value in protocol.WAYS_OF_REHEARSALS, f"{name} is {image.status}")
            has = [each for each in ASKS_OR_SENDS if getattr(image, each) not in (None, (), 0)]
            demand(not has, f"{name} has {has}")
            told = [each for each in seen.world.wiring.exceptions.messages if name[0].encode() in each.body]
            demand(not told, f"somebody was told of a hold of {name}")


ASKS_OR_SENDS = ("manifest", "queue_arn", "decisions", "deferral", "attempt", "handoff", "handoff_id", "message_id")
OF_WRITES = (
    only_rows, one_entry_each, the_ledger_alone, one_chain, final_is_final, one_live, tombstone_first, one_owner,
    nothing_passes_on, decisions_stay, all_families, fenced_write_nothing, brake_by_order, leased_rightly,
    rehearsals_only_report, records_are_due,
)  # fmt: skip
OF_SENDS = (one_envelope, in_its_lease, after_the_last_look)
