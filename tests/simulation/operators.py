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
    """The owners publish a policy in which somebody or something is missing, or everything is as it was."""
    activate(sim, sim.source.choice((*sorted(CHANGES), *MISSING)))
    return True


def activate(sim: Simulation, name: str) -> None:
    """One of ``CHANGES`` or of ``MISSING``, signed by both owners, is active from now on."""
    records, deployment = sim.world.wiring.records, sim.world.deployment
    before = sim.known.setdefault("policy", records.policy())
    assert isinstance(before, ActivePolicy)
    sim.known["facts"] = name
    sim.done[f"facts:{name}"] += 1
    sim.tell(f"owners publish: {name}")
    if name == NO_POLICY:
        records._models.pop(("ActivePolicy",), None)
        return
    said = deployment.facts().model_dump(mode="json", by_alias=True)
    CHANGES.get(name, CHANGES[WHOLE])(said)
    said["version"] = version = before.version + 1
    facts = Facts.model_validate_json(canonical.encode(said))
    rules = sim.world.rules()
    if name == NO_FAMILY:
        rules = rules.model_copy(update={"families": {**rules.families, "drills": "release-engineering"}})
    sim.world.known_facts[canonical.digest_model(facts)] = facts
    sim.world.known_rules[canonical.digest_model(rules)] = rules
    policy = ActivePolicy(
        rules=sim.world.keep(deployment.sealed_rules(canonical.encode_model(rules))),
        facts=sim.world.keep(deployment.sealed_facts(canonical.encode_model(facts))), version=version,
    )  # fmt: skip
    records.activate_policy(policy)
    sim.known["policy"] = policy
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
NO_POLICY, NO_FAMILY = "no policy at all", "rules that ask for a family nobody runs"
MISSING = (NO_POLICY, NO_FAMILY)
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
