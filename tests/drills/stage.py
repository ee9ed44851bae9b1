"""The local stack that drills are played on: its policy, its time, and what comes out of it."""

import dataclasses
import json
from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cutover.contracts.manifest import Window
from cutover.contracts.policy import Calendar, Facts, Purpose, Rules, TrustBundle, TrustedKey
from cutover_cli.local import lifecycle
from tests.building.policy import BUILT, RECEIVED_AT
from tests.drills.moving import Time
from tests.local.releasing import Releases, StackDeployment, bring_up

Changes = Mapping[Purpose, Mapping[str, Any]]
"""How the facts name the key of a purpose otherwise."""
APART, LEAD, OPEN = timedelta(hours=3), timedelta(hours=2), timedelta(hours=1)
"""Between the openings of two windows, before the first of them, and of one until it closes."""
DAY = timedelta(days=1)
AFTER = "the-window-after"
"""One more, which is no drill's own."""


@dataclass(frozen=True)
class DrillDeployment(StackDeployment):
    """Every drill has a product and a window of its own, one after the other."""

    start: datetime = RECEIVED_AT
    drills: tuple[str, ...] = ()

    def trusted_key(self, purpose: Purpose, **changes: Any) -> TrustedKey:
        known = super().trusted_key(purpose)
        valid = {"not_before": self.start - DAY, "not_after": self.start + 30 * DAY}
        return known.model_copy(update={**valid, **changes})

    def rules(self) -> Rules:
        known = super().rules()
        (allowed, *_) = known.allowances.values()
        each = {"builds": dict.fromkeys(self.drills, BUILT), "allowances": dict.fromkeys(self.drills, allowed)}
        return known.model_copy(update=each)

    def facts(self) -> Facts:
        """Erin for release engineering and Omar for operations; nobody stands in for them."""
        known = super().facts()
        people = {name: person for name, person in known.people.items() if name != "bo"}
        calendar = Calendar(windows=self.windows())
        return known.model_copy(update={"people": people, "calendars": {self.target: calendar}})

    def windows(self) -> tuple[Window, ...]:
        opens = ((name, self.start + LEAD + number * APART) for number, name in enumerate((*self.drills, AFTER)))
        return tuple(Window(id=name, opens_at=at, closes_at=at + OPEN, time_zone="UTC") for name, at in opens)

    def bundle(self, changes: Changes) -> TrustBundle:
        """What verifiers are given under such facts."""
        keys = tuple(
            key.model_copy(update={"person": None, **changes.get(key.purpose, {})}) for key in self.trusted_keys()
        )
        return TrustBundle(
            audience=self.audience, keys=keys, issued_at=self.start, expires_at=self.start + 30 * DAY
        )  # fmt: skip


class Stage:
    """One stack for all drills; ``emulator``: its process.

    What leaves it is taken from its queues as it comes, and told apart by product.
    """

    def __init__(self, releases: Releases, time: Time, *, emulator: int) -> None:
        self.releases, self.time, self.emulator = releases, time, emulator
        self.keys: dict[Purpose, dict[str, Any]] = {}
        self._messages: defaultdict[str, list[bytes]] = defaultdict(list)
        self._holds: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)

    @property
    def deployment(self) -> DrillDeployment:
        known = self.releases.deployment
        assert isinstance(known, DrillDeployment)
        return known

    def trust(self, purpose: Purpose, **changes: Any) -> None:
        """Both owners sign facts that name the key of a purpose so from now on; without changes as at first."""
        self.keys[purpose] = changes
        known = self.deployment.facts()
        keys = tuple(key.model_copy(update=self.keys.get(key.purpose, {})) for key in known.keys)
        self.releases.publish(facts=known.model_copy(update={"keys": keys, "issued_at": self.time.now()}))

    def messages(self, product: str) -> list[bytes]:
        """Every message of the deployment queue about a product so far, each as often as it came."""
        for body in self._taken("TargetStagingQueueUrl"):
            said = json.loads(b64decode(json.loads(body)["payload"]))
            self._messages[said["cutover"].partition("@")[0]].append(body.encode())
        return self._messages[product]

    def holds(self, product: str) -> list[dict[str, Any]]:
        """Every message of the exceptions queue about a product so far."""
        for body in self._taken("ExceptionsQueueUrl"):
            said = json.loads(body)
            self._holds[said["cutover"].partition("@")[0]].append(said)
        return self._holds[product]

    def _taken(self, output: str) -> Iterator[str]:
        stack = self.releases.stack
        url = stack.outputs[output]
        while batch := stack.receive(url):
            for message in batch:
                yield message["Body"]
                stack.clients.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


@contextmanager
def playable(state_dir: Path, drills: tuple[str, ...]) -> Iterator[Stage]:
    """Until the block ends: a stack whose time stands at the present, with a window for each of the drills."""
    try:
        yield _set_up(state_dir, drills)
    finally:
        lifecycle.down(state_dir=state_dir)


def _set_up(state_dir: Path, drills: tuple[str, ...]) -> Stage:
    releases = bring_up(state_dir)
    time = Time.of(releases.stack, state_dir / "time")
    known = {each.name: getattr(releases.deployment, each.name) for each in dataclasses.fields(StackDeployment)}
    releases.deployment = DrillDeployment(**known, start=time.now(), drills=drills)
    releases.publish()
    running = lifecycle.status(state_dir=state_dir).emulator
    assert running is not None
    return Stage(releases, time, emulator=running.pid)
