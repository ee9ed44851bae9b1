"""Passkeys from end to end, by the real handlers: invited, registered, signed into the facts, decided, handed off."""

import html
import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from cutover.contracts.manifest import RequiredSigner
from cutover.contracts.people import Passkey
from cutover.contracts.policy import Facts
from cutover.domain import base64url
from tests.building.passkeys import Authenticator
from tests.building.policy import ROLES
from tests.simulator.command_line import run, site_of
from tests.simulator.events import deliver, invitation, signed
from tests.simulator.journeys import announced, awaiting_approval, open_holds
from tests.simulator.wiring import PAGE_URL
from tests.simulator.world import World, fill
from tests.workflow.test_lapse import approvers, by_hand_off, handed_off, looked, verified

OMAR = Authenticator("omar", rp_id="approvals.example.com", origin=PAGE_URL)
SPARE = Authenticator("spare", rp_id="approvals.example.com", origin=PAGE_URL)


def publish(world: World, *, version: int, **listed: tuple[Any, ...]) -> None:
    """Operations decide with a passkey; these are what the facts list."""
    seats = tuple(RequiredSigner(role=role, assurance="passkey" if role == "operations" else "link") for role in ROLES)
    rules = world.rules().model_copy(update={"signers": {world.deployment.target: seats}})
    facts = world.deployment.facts()
    people = {name: each.model_copy(update={"passkeys": listed.get(name, ())}) for name, each in facts.people.items()}
    known = facts.model_copy(update={"people": people, "version": version})
    world.publish(rules=rules, facts=Facts.model_validate(known), version=version)


@pytest.fixture
def world() -> World:
    """Omar's two passkeys are in the facts."""
    made = World()
    publish(made, version=1, omar=(OMAR.passkey(), SPARE.passkey()))
    return made


def passkeys_page(world: World, method: str, link: str, fields: dict[str, str] | None = None) -> dict[str, Any]:
    path = f"/passkeys/{link}"
    event = {
        "version": "2.0", "routeKey": f"{method} /passkeys/{{link}}", "rawPath": path, "rawQueryString": "",
        "headers": {"content-type": "application/x-www-form-urlencoded", "origin": PAGE_URL},
        "body": urlencode(fields or {}), "isBase64Encoded": False, "pathParameters": {"link": link},
        "requestContext": {
            "requestId": "r-1", "stage": "$default",
            "http": {"method": method, "path": path, "sourceIp": "192.0.2.1"},
        },
    }  # fmt: skip
    answer: dict[str, Any] = world.invoke("doors.passkeys", event)
    return answer


def register(world: World, by: Authenticator) -> None:
    """Omar opens the newest link that invites him, and his device makes a passkey."""
    link = re.findall(r"/passkeys/([A-Za-z0-9_-]+)", world.wiring.mailer.sent[-1].text)[0]
    shown = passkeys_page(world, "GET", link)["body"]
    options = re.search(r'data-options="([^"]*)"', shown)
    nonce = re.search(r'name="nonce" value="([^"]*)"', shown)
    assert options
    assert nonce
    challenge = base64url.decode(json.loads(html.unescape(options[1]))["challenge"], limit=100) or b""
    answer = passkeys_page(world, "POST", link, {"nonce": nonce[1]} | by.registration(challenge))
    assert answer["statusCode"] == 303, answer["body"]


def decide(world: World, by: Authenticator, decision: str = "approve", *, sign_count: int = 0) -> dict[str, Any]:
    """Omar decides as the page's script does."""
    link = world.links()["omar"]
    form = fill(world.http("GET", link)["body"], decision)
    asked = json.loads(world.http("POST", link, urlencode([*form, ("step", "challenge")]))["body"])
    challenge = base64url.decode(asked["challenge"], limit=100) or b""
    assertion = by.assertion(challenge, sign_count=sign_count).model_dump_json()
    answer = world.http("POST", link, urlencode([*form, ("assertion", assertion)]))
    world.run()
    return answer


def approved(world: World) -> None:
    awaiting_approval(world)
    world.decide("erin")
    world.run()
    assert decide(world, OMAR)["statusCode"] == 303
    assert world.record().status == "awaiting_window"


def test_from_the_invitation_to_the_hand_off() -> None:
    world = World()
    publish(world, version=1)
    record = announced(world)
    assert (record.status, [hold.code for hold in open_holds(world, record)]) == ("held", ["QUORUM_IMPOSSIBLE"])

    deliver(world, signed(world, invitation(world)))
    register(world, OMAR)
    site, _ = site_of(world, still=True)
    (listed,) = run(site, "passkey", "list", "omar")["passkeys"]
    assert listed["state"] == "waiting"
    assert {each.event for each in world.ledger("orders")} == {"passkey-invited", "passkey-registered"}

    passkey = Passkey.model_validate_json(json.dumps(listed["passkey"]))
    world.clock.move(timedelta(minutes=2))
    publish(world, version=2, omar=(passkey,))
    candidate = world.candidate(issued_at=world.clock.now(), sequence=2)
    announced(world, candidate)
    world.decide("erin")
    world.run()
    assert decide(world, OMAR)["statusCode"] == 303
    assert world.record(revision=2).status == "awaiting_window"


def test_what_was_decided_with_a_passkey_is_handed_off_and_verifies(world: World) -> None:
    approved(world)
    handed_off(world)
    assert verified(world)
    assert approvers(world) == ["erin as release-engineering", "omar as operations"]


def test_a_link_alone_approves_nothing(world: World) -> None:
    awaiting_approval(world)
    world.decide("erin")
    assert world.decide("omar")["statusCode"] == 422
    world.run()
    assert world.record().status == "awaiting_approval"


def test_a_refusal_ends_it(world: World) -> None:
    awaiting_approval(world)
    assert decide(world, OMAR, "refuse")["statusCode"] == 303
    assert world.record().status == "declined"


def revoked(world: World) -> None:
    world.clock.move(timedelta(minutes=1))
    publish(world, version=2, omar=(OMAR.passkey(revoked_at=world.clock.now()), SPARE.passkey()))


def test_whoever_writes_the_table_cannot_name_another_passkey_than_signed(world: World) -> None:
    """The record says that Omar's other passkey was used; his signed statement says which one it was."""
    approved(world)
    revoked(world)
    record = world.record()
    decisions = tuple(
        each.model_copy(update={"credential": SPARE.passkey().id}) if each.person == "omar" else each
        for each in record.decisions
    )
    world.wiring.records._set(record.model_copy(update={"decisions": decisions}))
    by_hand_off(world)
    assert (world.record().status, world.record().reason) == ("awaiting_window", "QUORUM_LAPSED")
    assert world.messages() == []


def test_an_approval_lapses_with_its_passkey_and_another_takes_its_place(world: World) -> None:
    approved(world)
    revoked(world)
    looked(world)
    world.run()
    assert world.record().status == "awaiting_approval"
    (lapsed,) = [each for each in world.ledger() if each.event == "approval-lapsed"]
    assert lapsed.detail == "omar as operations: its passkey is revoked or not listed"
    assert decide(world, SPARE)["statusCode"] == 303
    handed_off(world)
    assert verified(world)


def test_hand_off_looks_for_revoked_passkeys_itself(world: World) -> None:
    """The clock has not looked since."""
    approved(world)
    revoked(world)
    by_hand_off(world)
    assert world.messages() == []
    assert world.record().status == "awaiting_approval"
