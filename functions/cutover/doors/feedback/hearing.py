"""What came back of messages: marked where it is known whom it was for, told to owners, noted in the ledger.

Every step can be repeated, for a message of the queue comes again when any of them fails: what is marked is marked, the
ledger's entry spends a nonce, and the exception queue knows what it has had.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from cutover.contracts.base import Digest
from cutover.contracts.owner_message import OwnerMessage
from cutover.domain import canonical, feedback
from cutover.domain.binding import OWNER
from cutover.domain.correspondence import Correspondence
from cutover.domain.feedback import Returned, SlackEnded
from cutover.domain.policy import Policy
from cutover.errors import Conflict, Refused
from cutover.journal import DECISIONS
from cutover.messaging.looking import Looking
from cutover.messaging.owners import MENDS, Owners
from cutover.ports import Clock, Messages, Unreadable
from cutover.recorder import Recorder

OPEN = 1_000
"""Correspondences looked through when Slack reaches somebody no more; the next post's answer marks any other."""
NOT_OURS, UNKNOWN, UNREADABLE = "NOT_OURS", "UNKNOWN_MESSAGE", "FEEDBACK_MALFORMED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    messages: Messages
    looking: Looking
    owners: Owners
    recorder: Recorder
    policy: Callable[[], Policy]
    clock: Clock

    def take(self, body: str) -> str:
        """What came of it, as a code. What is malformed or about nobody is done with: repeating changes nothing."""
        try:
            said: Any = orjson.loads(body)
        except orjson.JSONDecodeError:
            return UNREADABLE
        if not isinstance(said, dict):
            return UNREADABLE
        if (over := feedback.ended(said)) is not None:
            return self._ended(over)
        try:
            returned = feedback.returned(said)
        except Refused as refused:
            return refused.code
        return self._returned(returned) if returned is not None else NOT_OURS

    def _returned(self, returned: Returned) -> str:
        record = self.recorder.records.revision(returned.cutover, returned.revision)
        said = self.messages.correspondence(returned.cutover, returned.revision)
        told = said.of(returned.role, returned.person) if said else None
        if record is None or told is None:
            return UNKNOWN
        self.recorder.seen(record)
        self._mark(returned.cutover, returned.revision, lambda it: feedback.marked(it, returned))
        if returned.for_good:
            self.looking.look(returned.cutover, returned.revision)
        elif feedback.concerns(told, returned):
            self._tell(returned, record.correlation_id)
        self._note(returned)
        return returned.code

    def _ended(self, ended: SlackEnded) -> str:
        facts = self.policy().facts
        for each in self.messages.open(limit=OPEN):
            if isinstance(each, Unreadable) or feedback.without_slack(each, ended, facts) is None:
                continue
            self._mark(each.cutover, each.revision, lambda it: feedback.without_slack(it, ended, facts))
            self.looking.look(each.cutover, each.revision)
        return ended.code

    def _mark(self, cutover: str, revision: int, change: Callable[[Correspondence], Correspondence | None]) -> None:
        for remaining in reversed(range(DECISIONS)):
            said = self.messages.correspondence(cutover, revision)
            changed = change(said) if said is not None else None
            if changed is None:
                return
            try:
                self.messages.put(changed, before=said)
            except Conflict:
                if remaining == 0:
                    raise
            else:
                return

    def _tell(self, returned: Returned, correlation_id: str) -> None:
        """Of what may pass only the owner is told: nobody else is asked for it."""
        person = self.policy().facts.people.get(returned.person)
        message = OwnerMessage(
            cutover=returned.cutover, revision=returned.revision, correlation_id=correlation_id, code=returned.code,
            owner=person.team if person else OWNER, person=returned.person, role=returned.role,
            found=f"a mail to {returned.person} came back, perhaps only for now", mend=MENDS[returned.code],
            at=self.clock.now(),
        )  # fmt: skip
        self.owners.send([message])

    def _note(self, returned: Returned) -> None:
        """Once for each mail: people by their ids, and nothing of what other servers said."""
        record = self.recorder.read(returned.cutover, returned.revision)
        try:
            self.recorder.note(
                record, "message-returned", result=returned.code, detail=f"{returned.person} as {returned.role}",
                nonce=_nonce(returned),
            )  # fmt: skip
        except Conflict as conflict:
            if "nonce" not in conflict.parts:
                raise


def _nonce(returned: Returned) -> Digest:
    return canonical.digest(b"cutover/message-returned/v1\0" + f"{returned.message}/{returned.code}".encode())
