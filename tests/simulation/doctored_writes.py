"""Writes that are wrong in one way each: what the invariants of writes must notice."""

from collections.abc import Callable

from cutover.domain.record import Brake, RevisionRecord, Slot, Status
from tests.simulation import invariants
from tests.simulation.scene import Scene

ORDER = "sha256:" + "2" * 64


def _unknown_row() -> None:
    scene = Scene()
    invariants.only_rows(scene.seen, scene.write(scene.entry("waved-through"), scene.image()))


def _wrong_writer() -> None:
    scene = Scene()
    write = scene.write(scene.entry(role="hand-off"), scene.image(), function="stages.hand_off")
    invariants.only_rows(scene.seen, write)


def _in_another_name() -> None:
    scene = Scene()
    invariants.only_rows(scene.seen, scene.write(scene.entry(), scene.image(), function="doors.relay"))


def _wrong_target() -> None:
    scene = Scene()
    invariants.only_rows(scene.seen, scene.write(scene.entry(to="awaiting_window")))


def _led_without_row() -> None:
    scene = Scene()
    invariants.only_rows(scene.seen, scene.write(scene.entry("noted", None)))


def _untold() -> None:
    scene = Scene()
    invariants.one_entry_each(scene.seen, scene.write(scene.image()))


def _told_twice() -> None:
    scene = Scene()
    invariants.one_entry_each(scene.seen, scene.write(scene.entry(), scene.entry(), scene.image()))


def _written_silently() -> None:
    scene = Scene()
    invariants.one_entry_each(scene.seen, scene.write(scene.image(status=scene.record.status)))


def _two_stories() -> None:
    scene = Scene()
    invariants.the_ledger_alone(scene.seen, scene.write(scene.entry(to="declined"), scene.image()))


def _torn_chain() -> None:
    scene = Scene()
    invariants.one_chain(scene.seen, scene.write(scene.entry(sequence=99)))


def _rewritten_chain() -> None:
    scene = Scene()
    invariants.one_chain(scene.seen, scene.write(scene.entry(previous="sha256:" + "0" * 64)))


def _risen() -> None:
    scene = Scene()
    scene.seen.records[scene.name] = scene.image(status=Status.EXPIRED)
    invariants.final_is_final(scene.seen, scene.write(scene.image()))


def _two_live() -> None:
    scene = Scene()
    invariants.one_live(scene.seen, scene.write(scene.image(revision=2, status=Status.COLLECTING)))


def _no_tombstone() -> None:
    scene = Scene()
    invariants.tombstone_first(scene.seen, scene.write(scene.image(status=Status.DECLINED)))


def _slot_taken() -> None:
    scene = Scene()
    slot = Slot(queue_arn=scene.record.queue_arn or "", window=scene.record.window, cutover="other@x.1", revision=1)
    invariants.one_owner(scene.seen, scene.write(slot))


def _slot_lost() -> None:
    scene = Scene()
    invariants.one_owner(scene.seen, scene.write(scene.image(window="another-evening")))


def _inherited() -> None:
    scene = Scene("half approved")
    heir = scene.image(revision=2, status=Status.COLLECTING, version=1)
    invariants.nothing_passes_on(scene.seen, scene.write(heir))


def _waiver_of_nobody() -> None:
    scene = Scene()
    fresh = {name: value for name, value in invariants.FRESH.items() if hasattr(scene.record, name)}
    heir = scene.image(revision=2, status=Status.COLLECTING, **fresh, waivers=("sha256:" + "1" * 64,))
    invariants.nothing_passes_on(scene.seen, scene.write(heir))


def _decided_elsewhere() -> None:
    scene = Scene("half approved")
    more = (*scene.record.decisions, scene.record.decisions[0])
    changed = scene.image(decisions=more, decision_seq=scene.record.decision_seq + 1)
    invariants.decisions_stay(scene.seen, scene.write(scene.entry(), changed, function="doors.clock"))


def _decision_dropped() -> None:
    scene = Scene("half approved")
    changed = scene.image(decisions=(), decision_seq=scene.record.decision_seq + 1)
    invariants.decisions_stay(scene.seen, scene.write(scene.entry(), changed))


def _decided_unnumbered() -> None:
    scene = Scene("half approved")
    changed = scene.image(decisions=(*scene.record.decisions, scene.record.decisions[0]))
    invariants.decisions_stay(scene.seen, scene.write(scene.entry(), changed))


def _family_missing() -> None:
    scene = Scene()
    findings = [{"family": "artifacts", "findings": "sha256:0"}, {"family": "lineage", "findings": None}]
    write = scene.write(scene.entry("bound", 10), scene.image(status=Status.BOUND), event={"findings": findings})
    invariants.all_families(scene.seen, write)


def _fenced() -> None:
    scene = Scene()
    served = {"cutover": scene.name[0], "revision": scene.name[1], "execution": scene.record.execution + 1}
    entry = scene.entry("awaiting-window", 16, role="await-token")
    write = scene.write(entry, scene.image(), function="stages.await_token", event={"record": served})
    invariants.fenced_write_nothing(scene.seen, write)


def _brake(function: str, event: str, told: str) -> None:
    scene = Scene()
    entry = scene.entry(event, None, chain="brake", to=None, from_=None, revision=None, inputs={"order": told})
    write = scene.write(entry, function=function)
    write.brakes.append(Brake(engaged=event != "brake-released", order=ORDER))
    invariants.brake_by_order(scene.seen, write)


def _braked_by_another() -> None:
    _brake("doors.clock", "brake-engaged", ORDER)


def _braked_for_another_order() -> None:
    _brake("doors.brake_orders", "brake-engaged", "sha256:" + "3" * 64)


def _released_without_plan() -> None:
    _brake("doors.brake_orders", "brake-released", ORDER)


REHEARSAL = "service@production.rehearsal.1"


def _rehearsed_release() -> None:
    scene = Scene()
    invariants.rehearsals_only_report(scene.seen, scene.write(scene.entry("rehearsed", 26)))


def _bound_rehearsal() -> None:
    scene = Scene()
    invariants.rehearsals_only_report(scene.seen, scene.write(scene.entry("bound", 10, chain=REHEARSAL)))


def _slot_of_a_rehearsal() -> None:
    scene = Scene()
    slot = Slot(queue_arn=scene.record.queue_arn or "", window=scene.record.window, cutover=REHEARSAL, revision=1)
    invariants.rehearsals_only_report(scene.seen, scene.write(slot))


def _asking_rehearsal() -> None:
    scene = Scene()
    invariants.rehearsals_only_report(scene.seen, scene.write(scene.image(cutover=REHEARSAL)))


def _rehearsal_with_a_manifest() -> None:
    scene = Scene()
    image = scene.image(cutover=REHEARSAL, status=Status.VERIFYING)
    invariants.rehearsals_only_report(scene.seen, scene.write(image))


def rehearsed(scene: Scene) -> RevisionRecord:
    """A rehearsal as it should end."""
    made = {name: invariants.FRESH.get(name) for name in invariants.ASKS_OR_SENDS}
    return scene.image(cutover=REHEARSAL, status=Status.REHEARSED, **made)


def _rehearsal_that_told() -> None:
    scene = Scene()
    body = f'{{"cutover":"{REHEARSAL}"}}'.encode()
    scene.sim.world.wiring.exceptions.send(group="g", messages=[("d", body)])
    invariants.rehearsals_only_report(scene.seen, scene.write(rehearsed(scene)))


def _due_of_a_usual_release() -> None:
    scene = Scene()
    image = scene.image(status=Status.HANDED_OFF, after_action_due=scene.sim.world.clock.now())
    invariants.records_are_due(scene.seen, scene.write(image))


def _emergency_without_an_end() -> None:
    scene = Scene()
    invariants.records_are_due(scene.seen, scene.write(scene.image(status=Status.HANDED_OFF, after_action_within=60)))


BROKEN_WRITES: dict[Callable[..., None], tuple[Callable[[], None], ...]] = {
    invariants.only_rows: (_unknown_row, _wrong_writer, _in_another_name, _wrong_target, _led_without_row),
    invariants.one_entry_each: (_untold, _told_twice, _written_silently),
    invariants.the_ledger_alone: (_two_stories,),
    invariants.one_chain: (_torn_chain, _rewritten_chain),
    invariants.final_is_final: (_risen,),
    invariants.one_live: (_two_live,),
    invariants.tombstone_first: (_no_tombstone,),
    invariants.one_owner: (_slot_taken, _slot_lost),
    invariants.nothing_passes_on: (_inherited, _waiver_of_nobody),
    invariants.decisions_stay: (_decided_elsewhere, _decision_dropped, _decided_unnumbered),
    invariants.all_families: (_family_missing,),
    invariants.fenced_write_nothing: (_fenced,),
    invariants.rehearsals_only_report: (
        _rehearsed_release,
        _bound_rehearsal,
        _slot_of_a_rehearsal,
        _asking_rehearsal,
        _rehearsal_with_a_manifest,
        _rehearsal_that_told,
    ),
    invariants.records_are_due: (_due_of_a_usual_release, _emergency_without_an_end),
    invariants.brake_by_order: (_braked_by_another, _braked_for_another_order, _released_without_plan),
}
"""For each invariant of writes the ways to break it that it is shown to notice."""
