"""The attacks over HTTP against the deployed template, and what the logs say afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cutover.domain import links
from cutover_cli.local import lifecycle
from tests.attacks.cases import Attack
from tests.attacks.everything import ATTACKS
from tests.attacks.judging import judge, leaks
from tests.attacks.stack import Deployed, Stack, all_logs
from tests.local.releasing import Release, bring_up, now, wait

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("attacks")]
SHARED = [each for each in ATTACKS if each.stack and not each.alone]
ALONE = [each for each in ATTACKS if each.stack and each.alone]
SECRETS: set[str] = set()


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    state = Path(tmp_path_factory.mktemp("attacks"))
    deployed = Deployed(bring_up(state))
    yield deployed
    deployed.http.close()
    lifecycle.down(state_dir=state)


@pytest.fixture(scope="module")
def shared(deployed: Deployed) -> Release:
    """One release; each case has its own person in it."""
    return deployed.release()


def test_the_links_of_this_suite_are_those_that_are_mailed(deployed: Deployed, shared: Release) -> None:
    scene = Stack(deployed, shared)
    mailed = wait(lambda: shared.links().get(scene.me.person), 60, lambda: "no mail")
    text = scene.secret(mailed.rsplit("/", 1)[-1])
    opened = links.open_link(text, audience=scene.audience, mac=deployed.mac, now=now())
    ends = scene.question(scene.me).model_copy(update={"expires_at": opened.expires_at})
    assert opened == ends
    assert scene.get(text).asks
    SECRETS.update(scene.secrets)


@pytest.mark.parametrize("attack", SHARED, ids=lambda each: f"{each.family.replace(' ', '-')}:{each.name}")
def test_it_gains_nothing(attack: Attack, deployed: Deployed, shared: Release) -> None:
    scene = Stack(deployed, shared)
    judge(attack, scene)
    SECRETS.update(scene.secrets)


@pytest.mark.parametrize("attack", ALONE, ids=lambda each: f"{each.family.replace(' ', '-')}:{each.name}")
def test_it_gains_nothing_from_a_release_of_its_own(attack: Attack, deployed: Deployed) -> None:
    scene = Stack(deployed, deployed.release())
    judge(attack, scene)
    SECRETS.update(scene.secrets)


def test_no_log_holds_a_link_or_a_nonce(deployed: Deployed) -> None:
    """Last: everything that the cases above have made or seen."""
    told = list(all_logs(deployed.releases.stack))
    groups = {group for group, _ in told}
    assert len(groups) > 5
    assert len(SECRETS) > len(SHARED)
    assert leaks(SECRETS, (line for _, line in told)) == set()
