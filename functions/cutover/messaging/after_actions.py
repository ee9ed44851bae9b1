"""Asks for the after-action record of an emergency, once it was handed off; tells its owner when it is overdue.

Whoever requested the release is asked by mail and in Slack, and their team by the exception queue. Nothing waits for
the record: what is late is told, and stays possible.
"""

import contextlib
from dataclasses import dataclass
from datetime import datetime

from cutover.contracts.owner_message import OwnerMessage
from cutover.contracts.people import Person
from cutover.contracts.policy import Facts
from cutover.domain import quorum, times
from cutover.domain.binding import OWNER
from cutover.domain.correspondence import Correspondence
from cutover.domain.emergencies import after_action_awaited, after_action_overdue
from cutover.domain.legible import legible
from cutover.domain.record import RevisionRecord
from cutover.errors import Refused, TransientError
from cutover.messaging.mail import compose
from cutover.messaging.message import Message, Row
from cutover.messaging.owners import Owners
from cutover.ports import Mailer, Slack

DUE, OVERDUE = "AFTER_ACTION_DUE", "AFTER_ACTION_OVERDUE"
HOW = "write what it was and what follows, then: cutover after-action sign, and cutover after-action submit"


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterActions:
    mailer: Mailer
    slack: Slack | None
    owners: Owners

    def remind(self, record: RevisionRecord, said: Correspondence, facts: Facts, now: datetime) -> Correspondence:
        """What was said, with what is said of this now.

        Raises what may pass of the exception queue, and then of mail: the queue forgets what it had already, and a mail
        that went out is the last thing that can fail. Slack is a way beside it, tried once.
        """
        if not after_action_awaited(record) or record.after_action_due is None:
            return said
        person = quorum.person_of(facts, record.requester)
        if said.after_action is None:
            self.owners.send([_told(DUE, record, facts, person, now)])
            self._ask(record, said, facts.people.get(person) if person else None)
            said = said.model_copy(update={"after_action": "asked"})
        if said.after_action == "asked" and after_action_overdue(record, now):
            self.owners.send([_told(OVERDUE, record, facts, person, now)])
            said = said.model_copy(update={"after_action": "overdue"})
        return said

    def _ask(self, record: RevisionRecord, said: Correspondence, person: Person | None) -> None:
        """Whom no way reaches is told to their team, which is told in any case."""
        if person is None:
            return
        message = _message(record, said, person)
        about = {"cutover": record.cutover, "revision": str(record.revision)}
        with contextlib.suppress(Refused):
            self.mailer.send(compose(message, to=person.email, about=about, under=None))
        if self.slack is not None and person.slack is not None:
            with contextlib.suppress(Refused, TransientError):
                self.slack.post(person.slack, message)


def _message(record: RevisionRecord, said: Correspondence, person: Person) -> Message:
    zone = times.zone(said.time_zone) if said.time_zone else None
    until = times.moment(record.after_action_due, zone) if record.after_action_due else ""
    lead = f"{legible(person.name)}, this emergency was handed off. Its after-action record is due by {until}."
    return Message(
        stage="asked", headline=f"After-action record due: {said.headline}", lead=lead, preview=lead,
        rows=(Row("What to do", HOW),), cutover=record.cutover, revision=record.revision,
    )  # fmt: skip


def _told(code: str, record: RevisionRecord, facts: Facts, person: str | None, now: datetime) -> OwnerMessage:
    known = facts.people.get(person) if person else None
    until = f"{record.after_action_due:%Y-%m-%dT%H:%M:%SZ}"
    found = {DUE: f"the after-action record of this emergency is due by {until}", OVERDUE: f"it was due by {until}"}
    return OwnerMessage(
        cutover=record.cutover, revision=record.revision, correlation_id=record.correlation_id, code=code,
        owner=known.team if known else OWNER, person=person, found=found[code], mend=HOW, at=now,
    )  # fmt: skip
