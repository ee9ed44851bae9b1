"""Invitations to register a passkey: a signed event, a mail with a link, one entry in the ledger.

The mail goes out before the entry that uses the invitation up: who crashes in between sends it once more. An invitation
that has its entry already is not mailed again, whoever sends it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cutover.contracts.base import format_instant
from cutover.contracts.passkeys import INVITATION_TYPE, Invitation
from cutover.contracts.people import Person
from cutover.contracts.policy import Facts
from cutover.domain import invitation_links, ledger
from cutover.domain.entries import Told
from cutover.domain.invitation_links import InvitationLink
from cutover.doors.invitations.mail import compose
from cutover.doors.signed_events import REPEATED, Kind, Order
from cutover.errors import Refused
from cutover.journal import Journal
from cutover.ports import Clock, Mac, Mailer

KIND = Kind(Invitation, INVITATION_TYPE, "invitation")
INVITED = "INVITED"
LONGEST = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inviting:
    """For one deployment: ``page_url`` is where its pages are."""

    journal: Journal
    clock: Clock
    mailer: Callable[[], Mailer]
    mac: Callable[[], Mac]
    page_url: str

    def obey(self, order: Order[Invitation]) -> str:
        """``INVITED``.

        Raises ``Refused`` as ``judge`` does, and ``MAIL_REFUSED``, ``OUT_OF_SCOPE``.
        """
        said = order.speaking_for_all().document
        person = judge(said, order.policy.facts, now=self.clock.now())
        if self.journal.records.spent(order.nonce):
            return REPEATED
        link = InvitationLink(person=said.person, invitation=order.payload, expires_at=said.expires_at)
        text = invitation_links.make_link(link, audience=said.audience, mac=self.mac())
        self.mailer().send(compose(person, said, url=invitation_links.url(self.page_url, text)))
        told = Told.of_order(
            "passkey-invited", requester=order.holder, correlation_id=order.correlation_id, inputs=order.inputs,
            facts=order.policy.facts_digest, result=INVITED,
            detail=f"{said.person}, until {format_instant(said.expires_at)}: {said.reason}",
        )  # fmt: skip
        self.journal.append(ledger.ORDERS_CHAIN, told, nonce=order.nonce)
        return INVITED


def judge(said: Invitation, facts: Facts, *, now: datetime) -> Person:
    """Whom it invites. Raises ``Refused``: ``PERSON_UNKNOWN``, ``INVITATION_EXPIRED``, ``INVITATION_TOO_LONG``."""
    person = facts.people.get(said.person)
    if person is None:
        raise Refused("PERSON_UNKNOWN", f"the facts name nobody {said.person}", "name a person as the facts do")
    if now >= said.expires_at:
        raise Refused("INVITATION_EXPIRED", "its time is over", "invite anew")
    if said.expires_at - said.issued_at > LONGEST or said.issued_at > now + timedelta(hours=1):
        raise Refused("INVITATION_TOO_LONG", f"it lasts for more than {LONGEST.days} days", "invite for less")
    return person
