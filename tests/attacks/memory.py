"""The scene in memory: the real door and resolver over fakes, with a clock that moves."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cutover.contracts.ledger import LedgerEntry
from cutover.domain.links import Link
from cutover.domain.mac import Mac, Overlapping
from cutover.domain.record import RevisionRecord, Status
from cutover.doors.slack_events import app as slack_app
from cutover.doors.slack_events import door as slack_events
from cutover.ports import Commit
from tests.approving import PAGE_URL, START, World, http_event, lambda_context
from tests.attacks.exchange import Reply, Seat, Sent
from tests.attacks.scene import Scene
from tests.builders import CUTOVER, REVISION
from tests.enrolling import Enrolling
from tests.fakes.keys import LocalMac
from tests.fakes.slack import FakeFeedbackQueue, FakeSlackSecrets
from tests.fakes.slack_caller import WORKSPACE

DECIDED = {"approval-given", "approved", "declined"}


class Memory(Scene):
    """``world`` is what stands behind the page; cases of this suite look at it, and attack through HTTP alone."""

    me = Seat("erin", "release-engineering")
    colleague = Seat("omar", "operations")
    twice = (Seat("bo", "release-engineering"), Seat("bo", "operations"))

    def __init__(self, *, passkey: bool = False) -> None:
        super().__init__(passkey=passkey)
        self.world = World({"manifest": _demanding} if passkey else None)
        self.audience = self.world.deployment.audience
        self.enrolling = Enrolling(self.world)
        self.feedback = FakeFeedbackQueue()
        self.world.change_facts(slack=WORKSPACE)
        if passkey:
            people = self.world.facts.people
            given = {name: (self.authenticator(name).passkey(),) for name in ("erin", "omar", "bo")}
            having = {name: people[name].model_copy(update={"passkeys": keys}) for name, keys in given.items()}
            self.world.change_facts(people=people | having)

    @property
    def mac(self) -> Mac:
        return self.world.mac

    @property
    def record(self) -> RevisionRecord:
        return self.world.record

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        if path.startswith("/slack/"):
            return self._slack(http_event(method, path, body, headers))
        parts = urlsplit(path)
        app = self.enrolling.app if path.startswith("/passkeys/") else self.world.app
        event = http_event(method, parts.path, body, headers)
        event["rawQueryString"] = parts.query
        answer = app.resolve(event, lambda_context())
        given = {name.lower(): value for name, value in answer["headers"].items()}
        return Reply(answer["statusCode"], answer["body"], given)

    def _slack(self, event: dict[str, Any]) -> Reply:
        world = self.world
        door = slack_events.Door(
            clock=world.clock, secrets=FakeSlackSecrets(), policy=world.policy, queue=self.feedback, once=world.once,
            log=world.log, failed=lambda: None,
        )  # fmt: skip
        answer = slack_app.build(lambda: door).resolve(event, lambda_context())
        return Reply(answer["statusCode"], answer["body"])

    def registered(self, person: str) -> set[str]:
        return {each.passkey.id for each in self.enrolling.enrolments(person)}

    def heard(self) -> int:
        return len(self.feedback.bodies)

    def question(self, seat: Seat) -> Link:
        return Link(
            cutover=CUTOVER, revision=REVISION, manifest=self.world.package.manifest_digest, person=seat.person,
            role=seat.role, expires_at=START + timedelta(hours=12),
        )  # fmt: skip

    def at_once(self, posts: Sequence[Sent]) -> list[Reply]:
        """The worst interleaving: each post is overtaken by all after it, directly before it writes."""
        first, *others = posts
        replies: list[Reply] = []
        commit, left = self.world.records.commit, [others]

        def overtaken(own: Commit) -> None:
            if left:
                rivals = left.pop()
                if rivals:
                    replies.extend(self.at_once(rivals))
            commit(own)

        self.world.records.commit = overtaken  # type: ignore[method-assign, assignment]
        try:
            mine = self.post(first.link, first.form)
        finally:
            self.world.records.commit = commit  # type: ignore[method-assign]
        return [mine, *replies]

    def finish(self, how: str) -> None:
        if how != "superseded":
            self.world.become(Status(how))
            return
        self.world.become(Status.SUPERSEDED, reason="NEWER_CANDIDATE")
        lane = self.world.records.lane(self.record.product, self.record.target)
        assert lane is not None
        self.world.records._set(lane.model_copy(update={"revision": lane.revision + 1, "version": lane.version + 1}))

    def written(self) -> int:
        entries = [each for each in self.world.records.changes if isinstance(each, LedgerEntry)]
        return len([each for each in entries if each.actor.requester == self.me.person and each.event in DECIDED])

    @property
    def origin(self) -> str:
        return PAGE_URL

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    def later(self, by: timedelta) -> None:
        self.world.clock.move(by)

    def forget(self) -> None:
        self.world.remembered.clear()

    @contextmanager
    def doubled(self, seat: Seat, **changes: str) -> Iterator[None]:
        known = self.world.facts.people
        again = known[self.me.person].model_copy(update={"roles": (seat.role,), **changes})
        self.world.change_facts(people=known | {seat.person: again})
        yield
        self.world.change_facts(people=known)

    def rotate(self) -> None:
        new = LocalMac("links-2", b"n" * 32)
        self.world.mac = Overlapping(new, (self.world.mac,))  # type: ignore[assignment]

    def revoke(self) -> None:
        mac = self.world.mac
        assert isinstance(mac, Overlapping)
        self.world.mac = Overlapping(mac.current)  # type: ignore[assignment]

    def lines(self) -> list[str]:
        """Every line that the door logged."""
        return [json.dumps(line, default=str) for line in self.world.log.lines]


def _demanding(manifest: dict[str, Any]) -> dict[str, Any]:
    """The seats of release engineering are for passkeys."""
    signers = manifest["predicate"]["signers"]
    manifest["predicate"]["signers"] = [
        each | ({"assurance": "passkey"} if each["role"] == Memory.me.role else {}) for each in signers
    ]
    return manifest
