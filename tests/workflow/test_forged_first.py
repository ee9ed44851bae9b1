"""What somebody announces in another's name changes nothing for the one whose name it is (ADR 4)."""

import json

from cutover.contracts.candidate import CANDIDATE_TYPE
from cutover.domain import canonical
from tests.building.keys import Key, seal
from tests.simulator.world import World


def forged(payload: bytes) -> str:
    """An event around a genuine payload, signed by nobody whom the policy knows."""
    envelope = seal(CANDIDATE_TYPE, payload, Key("nobody")).model_dump(by_alias=True)
    detail = {"schema": "cutover/candidate-event/v1", "envelope": envelope}
    return json.dumps({"id": "e-forged", "detail-type": "ReleaseCandidate", "detail": detail})


def test_a_forged_envelope_first_does_not_refuse_the_genuine_one() -> None:
    world = World()
    candidate = world.candidate()
    world.deliver(forged(canonical.encode_model(candidate)))
    world.run()
    assert [each.reason for each in world.admissions()] == ["UNTRUSTED_SIGNATURE"]
    genuine = world.announce(candidate)
    world.run()
    assert world.admission(genuine).status == "collecting"
    assert world.record().status == "awaiting_approval"


def test_a_forged_envelope_afterwards_does_not_end_the_genuine_one() -> None:
    world = World()
    candidate = world.candidate()
    world.announce(candidate)
    world.run()
    world.deliver(forged(canonical.encode_model(candidate)))
    world.run()
    assert world.admissions()[-1].reason == "UNTRUSTED_SIGNATURE"
    assert world.record().status == "awaiting_approval"
