"""CI as an actor: candidates that are new, the same, older, equal, newer, of another product, rehearsals, nonsense."""

import json
from base64 import b64decode
from datetime import timedelta
from typing import Any

from cutover.contracts.candidate import Candidate
from tests.building.package import EMERGENCY
from tests.simulation.simulation import Simulation

KINDS = (
    "newer", "newer", "newer", "newer", "same", "older", "equal", "other", "unwaived", "rehearsal", "rehearsal",
    "emergency",
)  # fmt: skip


def candidate(sim: Simulation, **changes: Any) -> Candidate:
    """The release as the sources have it now."""
    return sim.world.candidate(**changes)


def remember(sim: Simulation) -> None:
    """What was announced before the run began."""
    sim.known["candidates"] = [_said(sim, digest) for digest, _ in sim.observer.admissions]


def announce(sim: Simulation) -> bool:
    """One announcement, of whatever kind; the newest one before it is the measure."""
    said: list[Candidate] = sim.known["candidates"]
    newest = max(said, key=lambda each: (each.issued_at, each.sequence), default=None)
    kind = sim.source.choice(KINDS) if newest else "first"
    made = _made(sim, kind, newest)
    said.append(made)
    key = "candidate" if sim.source.random() < 0.95 else "waiver"
    name = f"e-{len(said)}"
    sim.call(lambda: sim.world.announce(made, key=key, event_id=name), f"ci announces: {kind}, {made.version}")
    return True


def _said(sim: Simulation, envelope: str) -> Candidate:
    """The candidate in an envelope that was announced before the run began."""
    kept = json.loads(sim.world.wiring.store.get(envelope, limit=2**22))
    return Candidate.model_validate_json(b64decode(kept["payload"]))


def _made(sim: Simulation, kind: str, last: Candidate | None) -> Candidate:
    if last is None:
        return candidate(sim)
    if kind == "same":
        return last
    step = timedelta(minutes=1)
    changes: dict[str, Any] = {
        "newer": {"issued_at": last.issued_at, "sequence": last.sequence + 1, "version": f"1.4.{last.sequence}"},
        "older": {"issued_at": last.issued_at - step, "sequence": last.sequence + 5},
        "equal": {"issued_at": last.issued_at, "sequence": last.sequence, "version": "1.4.99"},
        "other": {"product": "other", "sequence": last.sequence + 1},
        "rehearsal": {"issued_at": last.issued_at, "sequence": last.sequence + 1, "rehearsal": True},
        "emergency": {"issued_at": last.issued_at, "sequence": last.sequence + 1, "emergency": EMERGENCY},
        "unwaived": {"issued_at": last.issued_at, "sequence": last.sequence + 1, "waivers": ()},
    }[kind]
    return candidate(sim, **changes)


def nonsense(sim: Simulation) -> bool:
    """Bytes that are no candidate, and an event that is none."""
    if sim.source.random() < 0.5:
        sim.call(lambda: sim.world.announce(b"{}"), "ci announces nonsense")
    else:
        sim.call(lambda: sim.world.deliver("{"), "ci sends no event")
    return True
