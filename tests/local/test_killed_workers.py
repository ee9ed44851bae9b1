"""Cutovers on the local stack while its function workers are killed at random: each ends as it should, with one effect.

Ten of them in the suite. ``make soak-local`` takes fifty (``CUTOVER_KILLED_CUTOVERS``), and another seed where it is
told (``CUTOVER_KILLED_SEED``).

What an operator's stack has and this one does not: the emulator never tells a state machine that a function which
stores a token died (AWS does, at once), so such an execution waits for nothing. Then this test lets time pass over the
record, as ``releasing.Releases.age`` does, and the clock gives the revision to another execution: DESIGN §5, row 25.
"""

import json
import os
import sys
import time
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from cutover.adapters.dynamodb_tokens import DynamoTokens
from cutover.domain import ledger
from cutover.domain.record import FINAL, RevisionRecord, Status
from cutover_cli.local import lifecycle
from tests.local.killing import Killer, children, function_of
from tests.local.releasing import TARGET, WINDOWS, Release, Releases, bring_up

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("killed-workers")]

CUTOVERS = int(os.environ.get("CUTOVER_KILLED_CUTOVERS", "10"))
SEED = int(os.environ.get("CUTOVER_KILLED_SEED", "20261121"))
EVERY = 1.0
"""Between two kills on average, in starts of a worker: what a start takes is measured first, so that a slow machine is
not a machine where nobody ever comes to an end."""
DECLINED_EVERY = 5
"""Of so many, one release is refused by an approver."""
AT_ONCE = 2
"""So many are announced before the first of them waits for people: each collects from eight sources at once, and every
one of these is a process here."""
NOBODY_WAITS, STUCK = 10.0, 70.0
"""Starts without a change after which time passes over a record: one that waits and has no token, or any."""
INBOX = {"VisibilityTimeout": 15, "maxReceiveCount": 20}
"""How the inbox brings back a message whose function died: sooner than in the template, where it hides it for six
timeouts of Intake, and as much more often. Powertools' guard locks it for 30 s of that."""


_BUSY = frozenset({Status.COLLECTING, Status.VERIFYING, Status.BOUND})
_WAITS = frozenset({Status.AWAITING_APPROVAL, Status.APPROVED, Status.AWAITING_WINDOW})


@dataclass
class Journey:
    """One release on its way, and what this test saw of it last."""

    release: Release
    wanted: Status
    version: tuple[int, int] = (0, 0)
    since: float = field(default_factory=time.monotonic)

    def push(self, releases: Releases, start: float) -> bool:
        """Do what people or time would do now; whether it has ended."""
        record = self.release.record()
        if record is None:
            return False
        if record.status in FINAL:
            return True
        if record.status is Status.AWAITING_APPROVAL:
            self._decide(record)
        if (seen := (record.version, record.execution)) != self.version:
            self.version, self.since = seen, time.monotonic()
        elif time.monotonic() - self.since > start * (NOBODY_WAITS if self._nobody_waits(releases, record) else STUCK):
            with suppress(releases.stack.clients.dynamodb.exceptions.ConditionalCheckFailedException):
                releases.age(record, timedelta(minutes=20))  # refused where it has ended meanwhile
            self.since = time.monotonic()
        return False

    @property
    def settled(self) -> bool:
        """Whether it waits for people or time, or has ended."""
        record = self.release.record()
        return record is not None and record.status not in _BUSY

    @staticmethod
    def _nobody_waits(releases: Releases, record: RevisionRecord) -> bool:
        """Its execution should wait, and has no token: the function that stores it died."""
        tokens = DynamoTokens(releases.stack.clients.dynamodb, table=releases.stack.outputs["TokensTableName"])
        token = tokens.newest(record.cutover, record.revision)
        return record.status in _WAITS and (token is None or token.execution < record.execution)

    def _decide(self, record: RevisionRecord) -> None:
        """Whoever has a link and has not decided; a page whose function died is opened again the next time."""
        decision = "approve" if self.wanted is Status.HANDED_OFF else "refuse"
        decided = {each.person for each in record.decisions}
        for person, url in self.release.links(record.revision).items():
            if person not in decided:
                try:
                    self.release.decide(person, decision, url)
                except (AssertionError, httpx.HTTPError):
                    return


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Releases, int]]:
    """A stack that nobody else uses, and the process id of its emulator."""
    state = Path(tmp_path_factory.mktemp("killed"))
    made = bring_up(state)
    running = lifecycle.status(state_dir=state).emulator
    assert running is not None
    inbox = made.stack.clients.sqs
    for url in inbox.list_queues().get("QueueUrls", []):
        if "InboxQueue" in url and "DeadLetters" not in url:
            known = inbox.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
            redrive = json.loads(known["RedrivePolicy"]) | {"maxReceiveCount": INBOX["maxReceiveCount"]}
            inbox.set_queue_attributes(
                QueueUrl=url,
                Attributes={"VisibilityTimeout": str(INBOX["VisibilityTimeout"]), "RedrivePolicy": json.dumps(redrive)},
            )
    yield made, running.pid
    lifecycle.down(state_dir=state)


def test_every_cutover_ends_as_it_should_with_one_effect(
    releases: tuple[Releases, int], record_property: Callable[[str, object], None]
) -> None:
    shop, emulator = releases
    journeys = [
        Journey(Release(shop, f"killed-{number:02d}", f"now-{number}"), _wanted(number)) for number in range(CUTOVERS)
    ]
    start = _start_of_a_worker(shop)
    killer = Killer(emulator, SEED, EVERY * start)
    started = time.monotonic()
    with killer.at_large():
        _until_all_have_ended(shop, journeys, start)
        while killer.killed.total() <= CUTOVERS and len(journeys) < WINDOWS:  # a quick machine is through before that
            number = len(journeys)
            more = Journey(Release(shop, f"killed-{number:02d}", f"now-{number}"), _wanted(number))
            _until_all_have_ended(shop, [more], start)
            journeys.append(more)
    seconds = time.monotonic() - started
    record_property("cutovers under killed workers", len(journeys))
    record_property("workers killed while they ran", killer.killed.total())
    sys.stdout.write(
        f"seed {SEED}: {len(journeys)} cutovers in {seconds:.0f} s, {killer.killed.total()} workers killed, "
        f"a start takes {start:.1f} s\n"
    )
    assert killer.killed.total() > CUTOVERS, "hardly anybody was killed: this shows nothing"
    for journey in journeys:
        _right(shop, journey)
    working = Counter(filter(None, map(function_of, children(emulator))))
    assert max(working.values()) <= max(2, os.cpu_count() or 1), "branches take turns at a function's workers"
    effects = Counter(cutover for cutover, _ in _consumed(shop))
    assert effects == {f"{each.release.product}@{TARGET}.1": 1 for each in journeys if each.wanted is Status.HANDED_OFF}


def _wanted(number: int) -> Status:
    return Status.DECLINED if number % DECLINED_EVERY == DECLINED_EVERY - 1 else Status.HANDED_OFF


def _start_of_a_worker(shop: Releases) -> float:
    """Seconds; at least one."""
    before = time.monotonic()
    shop.stack.invoke("ReadRecord")  # with nothing to read: it starts, and fails
    return max(1.0, time.monotonic() - before)


def _until_all_have_ended(shop: Releases, journeys: list[Journey], start: float) -> None:
    seconds = start * (300 + 60 * len(journeys))
    ahead, open_, deadline = list(journeys), list[Journey](), time.monotonic() + seconds
    while ahead or open_:
        if ahead and sum(not each.settled for each in open_) < AT_ONCE:
            open_.append(ahead.pop(0))
            open_[-1].release.announce()
        open_ = [each for each in open_ if not each.push(shop, start)]
        left = [(each.release.product, each.release.record()) for each in open_]
        assert time.monotonic() < deadline, f"not ended after {seconds:.0f} s: {left}, {len(ahead)} not announced"
        time.sleep(0.2)


def _right(shop: Releases, journey: Journey) -> None:
    """The record, and its ledger alone, give the status; its first revision was the only one."""
    record = journey.release.record()
    assert record is not None
    assert (record.status, record.revision) == (journey.wanted, 1), record
    entries = list(shop.records.ledger(record.cutover))
    ledger.verify_chain(entries, chain=record.cutover)
    assert ledger.status_by_ledger(entries, 1) == journey.wanted
    assert len([entry for entry in entries if entry.to == journey.wanted.value]) == 1


def _consumed(shop: Releases) -> set[tuple[str, str]]:
    """What a consumer acts on, which drops a ``handoff_id`` that it knows (DESIGN §5): cutover and id of each."""
    url, found = shop.stack.outputs[f"Target{TARGET.capitalize()}QueueUrl"], set[tuple[str, str]]()
    while batch := shop.stack.receive(url):
        for message in batch:
            handoff = json.loads(b64decode(json.loads(message["Body"])["payload"]))
            found.add((handoff["cutover"], handoff["handoff_id"]))
            shop.stack.clients.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found
