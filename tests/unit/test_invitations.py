"""Invitations to register a passkey: a signed event, one mail with a link, one entry."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from cutover.domain import invitation_links
from tests.fakes.faults import Faults, faulty
from tests.simulator.events import Sent, brake_order, deliver, invitation, signed
from tests.simulator.owners import with_facts
from tests.simulator.world import World


@pytest.fixture
def world() -> World:
    return World()


def invited(world: World, person: str = "omar", **changes: Any) -> Sent:
    event = signed(world, invitation(world, person, **changes))
    assert deliver(world, event) == {"batchItemFailures": []}
    return event


def result(world: World, event: Sent) -> str:
    (entry,) = [each for each in world.ledger("orders") if event.envelope in each.inputs.values()]
    return str(entry.result)


def test_the_person_gets_a_mail_with_a_link_of_their_own(world: World) -> None:
    event = invited(world)
    (mail,) = world.wiring.mailer.sent
    assert mail.to == "omar@example.com"
    (text,) = set(re.findall(r"/passkeys/([A-Za-z0-9_-]+)", mail.text + mail.html))
    link = invitation_links.open_link(
        text, audience=world.deployment.audience, mac=world.wiring.links_mac, now=world.clock.now()
    )
    assert (link.person, link.invitation) == ("omar", event.payload)
    assert link.expires_at == world.clock.now() + timedelta(days=3)
    assert "Operations decide with passkeys." in mail.text
    (entry,) = world.ledger("orders")
    assert (entry.event, entry.result, entry.inputs["order"]) == ("passkey-invited", "INVITED", event.payload)
    assert entry.actor.requester == "invitation of shop"
    assert text not in json.dumps(entry.model_dump(mode="json"))


def test_whoever_sends_it_again_sends_no_second_mail(world: World) -> None:
    event = invited(world)
    for number in range(3):
        deliver(world, event, message_id=f"again-{number}")
    assert len(world.wiring.mailer.sent) == 1
    assert len(world.ledger("orders")) == 1


def test_whoever_was_cut_off_after_the_mail_sends_it_once_more(world: World) -> None:
    """The mail is out and the entry is not: the link is the same, and either copy will do."""
    event = signed(world, invitation(world))
    faults = Faults()
    faults.before("records.commit")
    world.wiring.records = faulty(world.wiring.records, "records", faults)
    assert deliver(world, event)["batchItemFailures"]
    assert deliver(world, event, message_id="again") == {"batchItemFailures": []}
    assert faults.spent
    assert len({mail.text for mail in world.wiring.mailer.sent}) == 1
    assert len(world.wiring.mailer.sent) == 2
    assert result(world, event) == "INVITED"


@pytest.mark.parametrize(
    ("code", "person", "issued", "expires"),
    [
        ("PERSON_UNKNOWN", "nobody", timedelta(), timedelta(days=1)),
        ("INVITATION_EXPIRED", "omar", timedelta(), timedelta()),
        ("INVITATION_TOO_LONG", "omar", timedelta(), timedelta(days=14, seconds=1)),
        ("INVITATION_TOO_LONG", "omar", timedelta(hours=2), timedelta(days=1)),
        ("INVITED", "omar", timedelta(), timedelta(days=14)),
    ],
)
def test_an_invitation_that_cannot_be_followed_is_refused(
    world: World, code: str, person: str, issued: timedelta, expires: timedelta
) -> None:
    now = world.clock.now()
    event = invited(world, person, issued_at=now + issued, expires_at=now + expires)
    assert result(world, event) == code
    assert len(world.wiring.mailer.sent) == (code == "INVITED")


def test_an_address_that_is_never_served_is_told(world: World) -> None:
    world.wiring.mailer.refused.add("omar@example.com")
    assert result(world, invited(world)) == "MAIL_REFUSED"


@pytest.mark.parametrize("key", ["withdrawal", "brake", "decide", "resolution"])
def test_a_key_of_another_purpose_invites_nobody(world: World, key: str) -> None:
    event = signed(world, invitation(world), key=key)
    deliver(world, event)
    assert world.wiring.mailer.sent == []
    assert result(world, event) != "INVITED"


def test_another_document_under_the_key_for_invitations_is_none(world: World) -> None:
    event = signed(world, brake_order(world, "engage"), key="invitation")
    deliver(world, Sent("invitations", event.body, event.envelope, event.payload))
    assert world.wiring.mailer.sent == []


def test_a_key_that_is_limited_to_products_invites_nobody(world: World) -> None:
    def limited(said: dict[str, Any]) -> None:
        for key in said["keys"]:
            if key["purpose"] == "invitation":
                key["products"] = ["service"]

    with_facts(world, limited)
    assert result(world, invited(world)) == "OUT_OF_SCOPE"


def test_hostile_words_are_shown_by_name(world: World) -> None:
    invited(world, reason="\u202e<script>alert(1)</script>\nBcc: all@example.com")
    (mail,) = world.wiring.mailer.sent
    assert "<script>" not in mail.html
    assert "\u202e" not in mail.text + mail.html
    assert mail.subject == "Register a passkey for Cutover"
