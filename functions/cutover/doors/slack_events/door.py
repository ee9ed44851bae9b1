"""The door: Slack's request is proved, put on a queue, and only then acknowledged.

Nothing is decided here, and nothing is looked up but whose app it is: Slack wants an answer within three seconds.
"""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cutover.contracts.policy import Facts
from cutover.domain.policy import Policy
from cutover.doors.slack_events import proving
from cutover.doors.slack_events.proving import INTERACTIONS, Request
from cutover.doors.slack_events.reading import CHALLENGE, Told, read
from cutover.errors import Conflict, CutoverError, Refused
from cutover.ports import Clock, FeedbackQueue, SlackSecrets

Once = Callable[[str, Callable[[], str]], str]
"""Runs an action once for a key, and remembers its short answer; an action that raises is forgotten."""
_STATUS = {
    "BODY_UNREADABLE": 400,
    "SIGNATURE_MISSING": 401, "SIGNATURE_WRONG": 401, "TIMESTAMP_MISSING": 401, "TIMESTAMP_OUT_OF_RANGE": 401,
    "NOT_CONFIGURED": 403, "PERSON_UNKNOWN": 403, "REPLAYED": 403, "WRONG_APP": 403, "WRONG_TEAM": 403,
    "BODY_TOO_LARGE": 413,
    "CONTENT_TYPE_WRONG": 415,
}  # fmt: skip
_UNAVAILABLE = 503


class Log(Protocol):
    """What the door needs of a logger: one line an event, its fields in ``extra``."""

    def info(self, msg: object, /, *, extra: Mapping[str, object] | None = None) -> None: ...

    def error(self, msg: object, /, *, extra: Mapping[str, object] | None = None) -> None: ...


@dataclass(frozen=True, slots=True)
class Reply:
    """``said`` is a short JSON object: ``reason`` for whatever is no success."""

    status: int
    said: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """``failed`` counts what is no refusal."""

    clock: Clock
    secrets: SlackSecrets
    policy: Callable[[], Policy]
    queue: FeedbackQueue
    once: Once
    log: Log
    failed: Callable[[], None]

    def answer(self, request: Request) -> Reply:
        """Never raises. What is wrong with a request is its sender's to mend (4xx); with anything else, Slack tries
        again (503).
        """
        told: dict[str, object] = {"event_name": "slack-events", "external_ref": request.id, "result": "succeeded"}
        try:
            reply = self._take(request, told)
        except Refused as refused:
            reply = Reply(_STATUS.get(refused.code, _UNAVAILABLE), {"reason": refused.code})
            told |= {"result": "failed", "reason": refused.code}
        except Exception as error:  # noqa: BLE001 - whatever it is, Slack is to tell it again
            # No trace: it quotes messages, and messages may quote input. Where it was raised says enough.
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = {} if isinstance(error, CutoverError) else {"where": f"{where.name}:{where.lineno}"}
            told |= {"result": "failed", "reason": type(error).__name__} | place
            reply = Reply(_UNAVAILABLE, {"reason": "UNAVAILABLE"})
        if reply.status < _UNAVAILABLE:
            self.log.info("slack events", extra=told)
        else:
            self.failed()
            self.log.error("slack events", extra=told)
        return reply

    def _take(self, request: Request, logged: dict[str, object]) -> Reply:
        """1. form; 2. time; 3. signature; 4. what it says; 5. whose it is; 6. for the first time."""
        proving.check_form(request)
        sent_at = proving.sent_at(request, now=self.clock.now())
        key = proving.prove(request, signing_secret=self.secrets.get().signing_secret)
        told = read(request, sent_at=sent_at)
        logged["decision"] = told.event
        if told.event == CHALLENGE:  # asked before the facts can name the app, and kept nowhere
            return Reply(200, {"challenge": told.challenge})
        facts = self.policy().facts
        told.check(facts.slack)
        if request.path == INTERACTIONS:
            _demand_known(told, facts)
        self._store(key, told)
        return Reply(200)

    def _store(self, key: str, told: Told) -> None:
        stored = []

        def store() -> str:
            self.queue.send(told.body())
            stored.append(told)
            return "stored"

        try:
            self.once(key, store)
        except Conflict as error:
            raise Refused("REPLAYED", "the same request is being taken at this moment") from error
        if not stored:
            raise Refused("REPLAYED", "the same request was taken before")


def _demand_known(told: Told, facts: Facts) -> None:
    """A button opens a page in whoever's browser. That they pressed it is kept of people whom the facts name only."""
    if told.user is None or told.user not in {person.slack for person in facts.people.values()}:
        raise Refused("PERSON_UNKNOWN", "the facts name nobody of this id")
