"""What must hold when a lease is written (rows 18 and 19), and when a send begins."""

import itertools
import json
from base64 import b64decode
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cutover.contracts.handoff import Handoff
from cutover.domain import canonical
from cutover.domain.record import RevisionRecord
from tests.simulation.violation import demand

if TYPE_CHECKING:
    from tests.simulation.chaos import Invocation
    from tests.simulation.observer import Observer, Write

APART = timedelta(seconds=4)
"""By so much two functions' clocks may differ."""
LEASES = frozenset({"handing-off", "handing-off-again"})


def leased_rightly(seen: "Observer", write: "Write") -> None:
    """A lease is written for the current revision, under a quorum over its digest, brake off, without tombstone."""
    if write.invocation is None or not any(each.event in LEASES for each in write.entries):
        return
    for name, image in write.images.items():
        if isinstance(image, RevisionRecord):
            lane = seen.world.wiring.records.lane(image.product, image.target)
            current = lane is not None and (lane.cutover, lane.revision) == name
            demand(current, f"{name} is handed off and is not current")
            _after_the_lease_before(seen, name)
            write.invocation.read["attempt"] = (image.attempt, write.invocation.calls)
            _stopped_by_nobody(write.invocation, since=0)
            _window_is_open(seen, image)
            _quorum(seen, write.invocation, image)


def _after_the_lease_before(seen: "Observer", name: tuple[str, int]) -> None:
    before = seen.records.get(name)
    if before is not None and before.status.value == "handing_off" and before.lease_until is not None:
        over = seen.world.clock.now() + APART >= before.lease_until
        demand(over, f"{name} is leased again before its lease is over")


def one_envelope(seen: "Observer", _invocation: "Invocation", given: dict[str, Any]) -> None:
    """One hand-off id has one envelope, which is the one that the outbox keeps."""
    kept = seen.world.wiring.store.get_handoff("sha256:" + given["deduplication_id"])
    demand(given["body"] == kept, "what is sent is not what the outbox keeps")
    demand(seen.sent.get(given["deduplication_id"], kept) == kept, "another envelope was sent under this id")


def in_its_lease(seen: "Observer", invocation: "Invocation", given: dict[str, Any]) -> None:
    """The record is being handed off, this envelope is its own, the lease and the window are not over."""
    record = seen.records.get(_revision_of(given))
    demand(record is not None, "sent without a record")
    if record is not None:
        still = record.status.value in {"handing_off", "handed_off", "uncertain"}
        demand(still, f"{record.cutover} is {record.status} and is sent")
        demand(record.handoff == canonical.digest(given["body"]), "sent is not the envelope that the record names")
        lease = record.lease_until
        if record.status.value == "handing_off":
            demand(lease is not None and seen.world.clock.now() < lease, "sent after the lease was over")
            mine = invocation.read.get("attempt", (0, 0))[0]
            demand(mine == record.attempt, f"attempt {mine} sends, and attempt {record.attempt} has the lease")
        _window_is_open(seen, record)


def after_the_last_look(_seen: "Observer", invocation: "Invocation", _given: dict[str, Any]) -> None:
    """Brake and tombstone were read after the lease was written, and neither stood in the way."""
    demand("records.commit" in invocation.read, "sent without a lease")
    _stopped_by_nobody(invocation, since=invocation.read["records.commit"][1])


def _stopped_by_nobody(invocation: "Invocation", *, since: int) -> None:
    brake, tombstone = invocation.read.get("records.brake"), invocation.read.get("store.has_tombstone")
    looked = brake is not None and brake[1] > since
    demand(looked and brake is not None and brake[0] is not None and not brake[0].engaged, "the brake was not off")
    looked = tombstone is not None and tombstone[1] > since
    demand(looked and tombstone is not None and tombstone[0] is False, "nobody looked for a tombstone, or it stood")


def _window_is_open(seen: "Observer", record: RevisionRecord) -> None:
    now = seen.world.clock.now()
    opens, closes = record.opens_at, record.closes_at
    demand(opens is not None and closes is not None and opens <= now < closes, f"at {now} the window is not open")


def _revision_of(given: dict[str, Any]) -> tuple[str, int]:
    said = _handoff(given["body"])
    return (said.cutover, said.revision)


def _handoff(content: bytes) -> Handoff:
    return Handoff.model_validate_json(b64decode(json.loads(content)["payload"]))


def _quorum(seen: "Observer", invocation: "Invocation", record: RevisionRecord) -> None:
    """Distinct people, each in a role that today's facts give them, signed for exactly this manifest.

    ``Dana`` asked for every release, so she counts for none.
    """
    said = _handoff(seen.world.wiring.store.get(record.handoff or "", limit=2**24))
    digest = canonical.digest(b64decode(said.manifest.payload)).removeprefix("sha256:")
    active = invocation.read["records.policy"][0]
    facts = seen.world.known_facts[active.facts.payload]
    given = []
    urgent = json.loads(b64decode(said.manifest.payload))["predicate"].get("emergency") is not None
    for envelope in said.approvals:
        statement = json.loads(b64decode(envelope.payload))
        confirmed(statement["predicate"], urgent=urgent)
        demand([each["digest"]["sha256"] for each in statement["subject"]] == [digest], "an approval of other bytes")
        person = facts.people.get(statement["predicate"]["person"])
        if statement["predicate"]["decision"] == "approve" and person is not None and person.name != "Dana":
            role = statement["predicate"]["role"]
            given += [(statement["predicate"]["person"], role)] if role in person.roles else []
    seats = [each.role for each in seen.world.rules().signers[record.target]]
    filled = any(
        [role for _, role in chosen] == seats and len({person for person, _ in chosen}) == len(seats)
        for chosen in itertools.permutations(given, len(seats))
    )
    demand(filled, f"{given} do not fill {seats}")


def confirmed(said: Any, *, urgent: bool) -> None:
    """Who approves an emergency has said that it is one, and why; who approves anything else has not."""
    demand(said["answers"].get("emergency") is (True if urgent else None), "an emergency that nobody confirmed")
    demand(not urgent or said["reason"] is not None, "an emergency without a reason")
