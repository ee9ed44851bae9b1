"""Operators and owners as actors: the brake, stopped executions, and facts that change under a release."""

from collections.abc import Callable
from typing import Any

from cutover.contracts.policy import Facts
from cutover.domain import canonical
from cutover.domain.record import ActivePolicy
from tests.building.policy import ROLES, instant
from tests.simulation.simulation import Simulation

Change = Callable[[dict[str, Any]], object]


def stop(sim: Simulation) -> bool:
    """Somebody stops an execution; a function that runs for it goes on, a zombie."""
    going = [
        each for each in sim.world.machine.executions.values() if each.status in {"RUNNING", "WAITING", "SLEEPING"}
    ]
    if not going:
        return False
    execution = sim.source.choice(going)
    sim.tell(f"operators stop {execution.name[:18]} in {execution.state}")
    sim.world.machine.stop(execution.name)
    sim.done["stop"] += 1
    return True


def publish(sim: Simulation) -> bool:
    """The owners publish facts in which somebody or something is missing, or everything is as it was."""
    activate(sim, sim.source.choice(sorted(CHANGES)))
    return True


def activate(sim: Simulation, name: str) -> None:
    """Facts with one of ``CHANGES``, signed by both owners, are active from now on."""
    said = sim.world.deployment.facts().model_dump(mode="json", by_alias=True)
    CHANGES[name](said)
    active = sim.world.wiring.records.policy()
    assert active is not None
    said["version"] = version = active.version + 1
    facts = Facts.model_validate_json(canonical.encode(said))
    sim.world.known_facts[canonical.digest_model(facts)] = facts
    sealed = sim.world.keep(sim.world.deployment.sealed_facts(canonical.encode_model(facts)))
    sim.world.wiring.records.activate_policy(ActivePolicy(rules=active.rules, facts=sealed, version=version))
    sim.known["facts"] = name
    sim.tell(f"owners publish: {name}")
    sim.done[f"facts:{name}"] += 1
    sim.wrote(None)


def mend(sim: Simulation) -> None:
    """Whatever the owners took away is there again."""
    if sim.known.get("facts", WHOLE) != WHOLE:
        activate(sim, WHOLE)


def _without(person: str) -> Change:
    return lambda said: said["people"].pop(person)


def _nobody(said: dict[str, Any]) -> None:
    """A role without anybody: a roster that is missing."""
    for person in said["people"].values():
        person["roles"] = [role for role in person["roles"] if role != ROLES[1]]


def _revoked(purpose: str) -> Change:
    def change(said: dict[str, Any]) -> None:
        for key in said["keys"]:
            if key["purpose"] == purpose:
                key["revoked_at"] = instant("2026-03-02T08:00").strftime("%Y-%m-%dT%H:%M:%SZ")

    return change


def _lost(purpose: str) -> Change:
    def change(said: dict[str, Any]) -> None:
        said["keys"] = [key for key in said["keys"] if key["purpose"] != purpose]

    return change


def _frozen(said: dict[str, Any]) -> None:
    for calendar in said["calendars"].values():
        freeze = {
            "id": "late",
            "starts_at": "2026-03-03T19:00:00Z",
            "ends_at": "2026-03-03T20:30:00Z",
            "reason": "late",
        }
        calendar["freezes"] = [freeze]


WHOLE = "as before"
CHANGES: dict[str, Change] = {
    WHOLE: lambda said: said,
    "as it was": lambda said: said,
    "without erin": _without("erin"),
    "without omar": _without("omar"),
    "nobody for operations": _nobody,
    "revoked candidate key": _revoked("candidate"),
    "revoked bind key": _revoked("bind"),
    "revoked witness key": _revoked("decide"),
    "no hand-off key": _lost("handoff"),
    "late freeze": _frozen,
}
