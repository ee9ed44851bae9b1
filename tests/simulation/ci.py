"""CI as an actor: candidates that are new, the same, older, equal, newer, of another product, or nonsense."""

from datetime import timedelta
from typing import Any

from cutover.contracts.candidate import Candidate
from tests.simulation.simulation import Simulation


def candidate(sim: Simulation, **changes: Any) -> Candidate:
    """The release as the sources have it now."""
    return sim.world.candidate(**changes)


def announce(sim: Simulation) -> bool:
    """One announcement, of whatever kind."""
    said: list[Candidate] = sim.known.setdefault("candidates", [])
    last = said[-1] if said else None
    kind = sim.source.choice(("newer", "newer", "same", "older", "equal", "other", "unwaived")) if last else "first"
    made = _made(sim, kind, last)
    said.append(made)
    key = "candidate" if sim.source.random() < 0.95 else "waiver"
    name = f"e-{len(said)}"
    sim.call(lambda: sim.world.announce(made, key=key, event_id=name), f"ci announces: {kind}, {made.version}")
    return True


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
