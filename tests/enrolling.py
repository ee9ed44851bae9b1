"""The page of invitations over fakes: for unit tests and for the browser."""

import base64
from typing import Any
from urllib.parse import urlencode

from cutover.contracts.passkeys import Enrolment
from cutover.domain import canonical, invitation_links
from cutover.domain.invitation_links import InvitationLink
from cutover.doors.passkeys.app import build
from cutover.doors.passkeys.door import PasskeysDoor
from tests.approving import Answer, World, http_event, lambda_context
from tests.building.policy import KEYS_UNTIL

INVITATION = canonical.digest(b"an invitation")
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Enrolling:
    """The page, beside the approvals page of ``world``: same records, store, key and facts."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.app = build(lambda: self.door)

    @property
    def door(self) -> PasskeysDoor:
        world = self.world
        return PasskeysDoor(
            audience=world.deployment.audience, page_url=world.page_url, clock=world.clock, store=world.store,
            journal=world.recorder("passkeys"), mac=world.mac, policy=world.policy, log=world.log,
            failed=world._count_failure,
        )  # fmt: skip

    def link(self, person: str = "omar", **changes: Any) -> str:
        link = InvitationLink(person=person, invitation=INVITATION, expires_at=KEYS_UNTIL).model_copy(update=changes)
        return invitation_links.make_link(link, audience=self.world.deployment.audience, mac=self.world.mac)

    def get(self, link: str, method: str = "GET") -> Answer:
        return self.send(method, link)

    def post(self, link: str, fields: dict[str, str], **headers: str) -> Answer:
        return self.send("POST", link, urlencode(fields).encode(), FORM | headers)

    def send(self, method: str, link: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        event = http_event(method, f"/passkeys/{link}", body, headers or {})
        answer = self.app.resolve(event, lambda_context())
        text = base64.b64decode(answer["body"]).decode() if answer.get("isBase64Encoded") else answer["body"]
        return Answer(answer["statusCode"], text, answer["headers"])

    def enrolments(self, person: str = "omar") -> list[Enrolment]:
        """What stands in the store of everything that this person has registered."""
        found = sorted(self.world.records.enrolments(person), key=lambda each: each.registered_at)
        return [Enrolment.model_validate_json(self.world.store.get(each.enrolment, limit=65_536)) for each in found]

    def sign_into_facts(self, person: str = "omar") -> None:
        """What the owners do once the person has told the fingerprints."""
        passkeys = tuple(each.passkey for each in self.enrolments(person))
        people = self.world.facts.people
        self.world.change_facts(people=people | {person: people[person].model_copy(update={"passkeys": passkeys})})
