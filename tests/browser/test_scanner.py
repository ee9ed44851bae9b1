"""A scanner that does everything a program can do with what it sees: it renders, runs scripts, opens what is folded,
ticks boxes, fills text fields with every hexadecimal string on the page, and submits every form.

At assurance ``link`` it decides: whoever can read the page can. SECURITY.md says so. At ``passkey`` it cannot.
"""

import re

import pytest
from playwright.sync_api import Page

from cutover.domain.record import Status
from tests.approving import PAGE_URL, World
from tests.browser.conftest import Open
from tests.browser.serving import served
from tests.unit import test_approval_passkeys as with_passkeys

HEX = re.compile(r"\b[0-9a-f]{8,64}\b")
FILL = """([hex, index, direct]) => {
  document.querySelectorAll('details').forEach(each => each.open = true);
  document.querySelectorAll('input[type=checkbox]').forEach(box => box.checked = true);
  document.querySelectorAll('textarea').forEach(text => text.value = hex);
  document.querySelectorAll('input[type=text]').forEach(field => field.value = hex.slice(0, field.maxLength));
  document.querySelectorAll('input[type=datetime-local]').forEach(time => time.value = time.max);
  const form = document.forms[index], button = form.querySelector('button');
  form.noValidate = true;
  if (!direct) return form.requestSubmit(button);
  const decision = document.createElement('input');
  [decision.type, decision.name, decision.value] = ['hidden', button.name, button.value];
  form.append(decision);
  form.submit();
}"""
PRETEND = """
  const noise = new Uint8Array(70).buffer;
  navigator.credentials.get = async () => ({
    rawId: noise, response: { authenticatorData: noise, clientDataJSON: noise, signature: noise } });
"""
"""A program can answer for an authenticator; what it cannot do is sign."""


def scan(page: Page, url: str, *, direct: bool, tries: int = 40) -> list[int]:
    """Every form with every string; the statuses of what was answered. It stops where nothing is left to submit."""
    answered: list[int] = []
    page.on("response", lambda answer: answered.append(answer.status) if answer.request.method == "POST" else None)
    page.goto(url)
    seen = list(dict.fromkeys(HEX.findall(page.locator("main").inner_text())))
    assert len(seen) >= 3
    for index in range(page.locator("form").count()):
        for hexadecimal in seen:
            page.goto(url)
            if len(answered) >= tries or page.locator("form").count() <= index:
                return answered
            with page.expect_navigation():
                page.evaluate(FILL, [hexadecimal, index, direct])
    return answered


@pytest.mark.parametrize("direct", [True, False])
def test_at_assurance_link_it_decides_as_whoever_reads_the_page_could(
    opening: Open, requests: list[str], world: World, direct: bool
) -> None:
    """Documented, not prevented. What is kept: it decides once, for one person, and the ledger says by which means."""
    page = opening()
    scan(page, f"{world.page_url}/approvals/{world.link()}", direct=direct)
    (decision,) = world.record.decisions
    assert (decision.person, decision.decision, decision.assurance) == ("erin", "approve", "link")
    assert world.record.status is Status.AWAITING_APPROVAL, "another person's approval is still missing"


@pytest.mark.parametrize("direct", [True, False])
def test_where_a_passkey_is_demanded_it_decides_nothing(opening: Open, direct: bool) -> None:
    """``direct``: past the page's script. Otherwise through it, with an authenticator that is none."""
    world = with_passkeys.world()
    with served(world):
        page = opening()
        page.add_init_script(PRETEND)
        answered = scan(page, f"{world.page_url}/approvals/{world.link('omar', 'operations')}", direct=direct)
        assert world.record.decisions == ()
        assert (world.record.status, world.record.decision_seq) == (Status.AWAITING_APPROVAL, 0)
    assert len(answered) >= 9
    assert 303 not in answered
    world.page_url = PAGE_URL
    assert with_passkeys.decide(world).status == 303, "the person decides afterwards as if nothing had been"


@pytest.mark.parametrize("decision", ["approve", "refuse", "defer"])
def test_a_seat_that_demands_a_passkey_takes_no_decision_by_link_alone(decision: str) -> None:
    world = with_passkeys.world()
    answer = world.decide(world.link("omar", "operations"), decision)  # type: ignore[arg-type]  # a Decision
    assert (answer.status, answer.code) == (422, "ASSURANCE_TOO_LOW")
    assert world.record.decision_seq == 0
