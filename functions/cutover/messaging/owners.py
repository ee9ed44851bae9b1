"""Tells owners who cannot be reached: the person's team, and release engineering where that leaves a seat empty."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cutover.contracts.owner_message import OwnerMessage
from cutover.contracts.policy import Facts
from cutover.domain import bounded, canonical, quorum
from cutover.domain.binding import OWNER
from cutover.domain.correspondence import Correspondence, Told
from cutover.domain.record import RevisionRecord
from cutover.domain.telling import Standing
from cutover.errors import Refused
from cutover.ports import ExceptionQueue

UNREACHABLE = "APPROVERS_UNREACHABLE"
MENDS = {
    "MAIL_REFUSED": "correct the person's address in the facts, or let the address be served again",
    "MAIL_BOUNCED": "correct the person's address in the facts; whoever mends the mailbox asks SES to serve it again",
    "MAIL_DELAYED": "see whether the person's mailbox is full or answers by itself",
    "MAIL_COMPLAINED": "ask the person to take the complaint back, and SES to serve the address again",
}
_SLACK_MENDS = "correct the person's Slack id in the facts, or the app's installation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    exceptions: ExceptionQueue

    def tell(
        self, record: RevisionRecord, said: Correspondence, facts: Facts, standing: Standing | None, now: datetime
    ) -> Correspondence:
        """What was said, with what owners were told. Raises ``DependencyUnavailable``; telling again is harmless."""
        messages = [self._of(each, record, facts, now) for each in _untold(said)]
        stuck = standing is not None and not _fillable(said, standing)
        if stuck and not said.unreachable_told and standing is not None:
            messages.append(_nobody_left(record, said, standing, now))
        if messages:
            self.send(messages)
        for each in _untold(said):
            said = said.with_told(each.model_copy(update={"owner_told": True}))
        return said.model_copy(update={"unreachable_told": stuck if standing is not None else said.unreachable_told})

    def send(self, messages: list[OwnerMessage]) -> None:
        """One message for each thing to mend of a revision: the queue forgets a repetition."""
        self.exceptions.send(
            group=messages[0].cutover, messages=[(_once(each), canonical.encode_model(each)) for each in messages]
        )

    @staticmethod
    def _of(told: Told, record: RevisionRecord, facts: Facts, now: datetime) -> OwnerMessage:
        person, code = facts.people.get(told.person), told.undelivered or told.unposted or UNREACHABLE
        way, other = ("mail", "Slack") if told.undelivered else ("Slack", "Mail")
        otherwise = f" {other} reached them." if told.reached else ""
        return OwnerMessage(
            cutover=record.cutover, revision=record.revision, correlation_id=record.correlation_id, code=code,
            owner=person.team if person else OWNER, person=told.person, role=told.role,
            found=f"no {way} reaches {told.person}, who is asked as {told.role}.{otherwise}",
            mend=MENDS.get(code, _SLACK_MENDS), at=now,
        )  # fmt: skip


def silent(record: RevisionRecord, role: str, refused: Refused, now: datetime) -> OwnerMessage:
    """That a role's channel in Slack takes no message."""
    return OwnerMessage(
        cutover=record.cutover, revision=record.revision, correlation_id=record.correlation_id, code=refused.code,
        owner=OWNER, role=role, found=bounded.line(f"the channel of {role} in Slack: {refused.detail}"),
        mend=refused.mend or _SLACK_MENDS, at=now,
    )  # fmt: skip


def _untold(said: Correspondence) -> Iterator[Told]:
    return (each for each in said.told if (each.undelivered or each.unposted) and not each.owner_told)


def _fillable(said: Correspondence, standing: Standing) -> bool:
    """Whether whoever was reached could fill every seat that is empty."""
    roles: dict[str, frozenset[str]] = {}
    for each in said.told:
        if each.state == "open" and each.reached:
            roles[each.person] = roles.get(each.person, frozenset()) | {each.role}
    able = [quorum.Voter(person, held, "passkey") for person, held in roles.items()]
    return not quorum.outstanding(standing.seats, able)


def _nobody_left(record: RevisionRecord, said: Correspondence, standing: Standing, now: datetime) -> OwnerMessage:
    missing = ", ".join(f"{seat.count} x {seat.role}" for seat in standing.seats)
    missed = ", ".join(sorted({each.person for each in said.told if each.unreachable})) or "nobody may decide"
    return OwnerMessage(
        cutover=record.cutover, revision=record.revision, correlation_id=record.correlation_id, code=UNREACHABLE,
        owner=OWNER, found=bounded.line(f"those who were reached cannot fill {missing}; not reached: {missed}"),
        mend="mend how these people are reached, or give the role to others in the facts: they are asked at once",
        at=now,
    )  # fmt: skip


def _once(message: OwnerMessage) -> str:
    """The same thing to mend has the same id, whenever it is told."""
    said = [message.cutover, message.revision, message.code, message.person or "", message.role or ""]
    return canonical.digest(canonical.encode(said)).removeprefix("sha256:")
