"""Each case fails when what holds it is switched off; and each defence that a case names holds it alone."""

from collections.abc import Iterable

import pytest

from tests.attacks.cases import Attack, Attempt
from tests.attacks.defences import DEFENCES
from tests.attacks.everything import ATTACKS
from tests.attacks.memory import Memory

HELD = [each for each in ATTACKS if not each.works]
ALONE = [(each, name) for each in HELD if len(each.defences) > 1 for name in each.defences]


def tried(attack: Attack, off: Iterable[str]) -> Attempt:
    with pytest.MonkeyPatch.context() as patch:
        for name in off:
            DEFENCES[name].off(patch)
        return attack.run(Memory(passkey=attack.passkey))


@pytest.mark.parametrize("attack", HELD, ids=lambda each: f"{each.family.replace(' ', '-')}:{each.name}")
def test_without_its_defences_it_succeeds(attack: Attack) -> None:
    attempt = tried(attack, attack.defences)
    assert attempt.gained, (attack.name, attempt.reply.answer)


@pytest.mark.parametrize(("attack", "left"), ALONE, ids=lambda each: each if isinstance(each, str) else each.name)
def test_one_defence_is_enough(attack: Attack, left: str) -> None:
    attempt = tried(attack, [name for name in attack.defences if name != left])
    assert not attempt.gained, (attack.name, left, attempt.reply.answer)


def test_every_defence_is_needed_by_a_case() -> None:
    named = {name for each in ATTACKS for name in each.defences}
    assert named == set(DEFENCES)
