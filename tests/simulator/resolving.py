"""People who answer holds: with a waiver, with a corrected record, or by saying that something was mended."""

import json
from typing import Any

from cutover.contracts.candidate import Reference
from cutover.contracts.holds import Hold
from cutover.contracts.records import WAIVER_TYPE
from cutover.contracts.resolution import EvidenceAnswer, MendedAnswer, Resolution, WaiverAnswer
from cutover.domain import canonical
from cutover.domain.record import RevisionRecord
from tests.building.keys import seal
from tests.building.records import waiver_record
from tests.simulator.events import Sent, deliver, signed, told
from tests.simulator.journeys import open_holds
from tests.simulator.world import World

Answer = WaiverAnswer | EvidenceAnswer | MendedAnswer


def hold_of(world: World, code: str, record: RevisionRecord | None = None) -> Hold:
    """The one open hold of that code."""
    (found,) = [each for each in open_holds(world, record or world.record()) if each.code == code]
    return found


def waived(world: World, hold: Hold, *, key: str = "waiver", **changes: Any) -> WaiverAnswer:
    """A waiver for this hold, as somebody wrote and signed it. ``None`` leaves a field out."""
    said = json.loads(waiver_record(world.deployment, hold.fingerprint).payload) | changes
    payload = canonical.encode({name: value for name, value in said.items() if value is not None})
    return WaiverAnswer(kind="waiver", waiver=seal(WAIVER_TYPE, payload, world.deployment.key(key)))


def corrected(world: World, name: str, **changes: Any) -> EvidenceAnswer:
    """The record of that name as its source has it now."""
    reference = Reference.model_validate(world.records[name].reference() | changes)
    return EvidenceAnswer(kind="evidence", reference=reference)


def mended(note: str = "The permission is back.") -> MendedAnswer:
    return MendedAnswer(kind="mended", note=note)


def resolution(
    world: World, hold: Hold, answer: Answer, record: RevisionRecord | None = None, **changes: Any
) -> Resolution:
    at = record or world.record()
    said: dict[str, Any] = {
        "audience": world.deployment.audience, "cutover": at.cutover, "revision": at.revision,
        "fingerprint": hold.fingerprint, "answer": answer, "resolver": "omar", "resolved_at": world.clock.now(),
    }  # fmt: skip
    return Resolution(**said | changes)


def resolve(
    world: World, hold: Hold, answer: Answer, record: RevisionRecord | None = None, *, key: str | None = None,
    run: bool = True, **changes: Any,
) -> Sent:  # fmt: skip
    """Somebody's answer reaches its door, and what follows from it happens."""
    event = signed(world, resolution(world, hold, answer, record, **changes), key=key)
    deliver(world, event)
    if run:
        world.run()
    return event


def result(world: World, event: Sent, cutover: str | None = None) -> str:
    """What came of an answer: the one entry that it led to, and of the revision that it opened the second."""
    entries = told(world, event, cutover or world.record().cutover)
    (first, *more) = entries
    assert [each.event for each in more] == (["opened"] if first.event == "resolved" else [])
    return first.result
