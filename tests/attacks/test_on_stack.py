"""The attacks over HTTP against the deployed template, and what the logs say afterwards."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cutover.contracts.candidate import Authority
from cutover.domain import links
from cutover_cli.local import lifecycle
from tests.attacks.announcing import Told
from tests.attacks.cases import Attack
from tests.attacks.crowd import DESKS, SEATS
from tests.attacks.everything import ATTACKS
from tests.attacks.exchange import Seat
from tests.attacks.harm import harm
from tests.attacks.judging import judge, leaks
from tests.attacks.stack import Deployed, Stack, all_logs
from tests.attacks.tries import injection
from tests.local.releasing import Release, bring_up, now, wait

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("attacks")]
KEYS = [each for each in ATTACKS if each.stack and each.family == "keys"]
SHARED = [each for each in ATTACKS if each.stack and not each.alone and each not in KEYS]
ALONE = [each for each in ATTACKS if each.stack and each.alone]
SECRETS: set[str] = set()


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    state = Path(tmp_path_factory.mktemp("attacks"))
    deployed = Deployed(bring_up(state))
    yield deployed
    deployed.http.close()
    lifecycle.down(state_dir=state)


def test_the_links_of_this_suite_are_those_that_are_mailed(deployed: Deployed) -> None:
    scene = deployed.scene()
    mailed = wait(lambda: scene.release.links().get(scene.me.person), 60, lambda: "no mail")
    text = scene.secret(mailed.rsplit("/", 1)[-1])
    opened = links.open_link(text, audience=scene.audience, mac=deployed.mac, now=now())
    ends = scene.question(scene.me).model_copy(update={"expires_at": opened.expires_at})
    assert opened == ends
    assert scene.get(text).asks
    SECRETS.update(scene.secrets)


@pytest.mark.parametrize("attack", SHARED, ids=lambda each: f"{each.family.replace(' ', '-')}:{each.name}")
def test_it_gains_nothing(attack: Attack, deployed: Deployed) -> None:
    scene = deployed.scene(passkey=attack.passkey)
    judge(attack, scene)
    SECRETS.update(scene.secrets)


@pytest.mark.parametrize("attack", ALONE, ids=lambda each: f"{each.family.replace(' ', '-')}:{each.name}")
def test_it_gains_nothing_from_a_release_of_its_own(attack: Attack, deployed: Deployed) -> None:
    scene = deployed.scene(passkey=attack.passkey, alone=True)
    judge(attack, scene)
    SECRETS.update(scene.secrets)


@pytest.mark.parametrize("attack", KEYS, ids=lambda each: each.name)
def test_a_key_that_was_replaced_or_revoked_helps_nobody(attack: Attack, deployed: Deployed) -> None:
    """Last of those that need the page: its links key is another one meanwhile."""
    scene, (_, name, _) = deployed.scene(), deployed.keys
    try:
        judge(attack, scene)
    finally:
        deployed.accept(name)
    SECRETS.update(scene.secrets)


def test_hostile_texts_are_only_read(deployed: Deployed) -> None:
    """All of them at once, as far as a candidate may hold them; what is told is compared with a harmless release."""
    release = Release(deployed.releases, "hostile", "now-79")
    text = f"{injection.MARKUP} {injection.TEMPLATE} {injection.HIDDEN} {injection.MENTIONS}"
    release.announce(
        version=text[:400],
        rationale=f"{text}\n{injection.LINES}",
        authority=Authority(workflow=text[:400], run="run 1"),
    )
    release.until("awaiting_approval")
    told, usual = (_told(deployed, each) for each in (release, deployed.scene().release))
    assert len(told.mails) == len(usual.mails)
    assert all(injection.MARK in page for page in told.pages)
    assert harm(told, usual, injection.MARK) == []
    scene = Stack(deployed, release, Seat(f"{DESKS[0]}-0", DESKS[0]))
    assert scene.decide().status == 303
    SECRETS.update(scene.secrets)


def _told(deployed: Deployed, release: Release) -> Told:
    wait(lambda: len(release.links()) > len(DESKS) * SEATS or None, 60, lambda: f"mails: {len(release.links())}")
    record = release.record()
    assert record is not None
    assert record.manifest is not None
    digest = record.manifest.payload.removeprefix("sha256:")
    mails = [mail for mail in deployed.releases.stack.mail() if digest in mail.text]
    pages = [release.page(link).text for link in list(release.links().values())[:3]]
    lines = [line for _, line in all_logs(deployed.releases.stack)]
    return Told(ended="awaiting_approval", pages=pages, mails=mails, lines=lines)


def test_no_log_holds_a_link_or_a_nonce(deployed: Deployed) -> None:
    """Last: everything that the cases above have made or seen, and every link that was mailed."""
    for mail in deployed.releases.stack.mail():
        SECRETS.update(re.findall(r"https?://\S+/(?:approvals|waiting)/([A-Za-z0-9_-]+)", mail.text))
    told = list(all_logs(deployed.releases.stack))
    groups = {group for group, _ in told}
    assert len(groups) > 5
    assert len(SECRETS) > len(SHARED)
    assert leaks(SECRETS, (line for _, line in told)) == set()
