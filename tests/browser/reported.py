"""Four weeks of a company's releases, as the real functions write them: what the report's pictures show."""

import dataclasses
import io
import json
import re
from contextlib import redirect_stdout
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from cutover.contracts.emergency import Emergency
from cutover.contracts.manifest import Window
from cutover.contracts.policy import Calendar, Facts
from cutover.domain.record import RevisionRecord
from tests.building.policy import Deployment, instant
from tests.building.records import Record
from tests.simulator import events
from tests.simulator.journeys import announced, open_holds, revise
from tests.simulator.resolving import corrected, hold_of, resolve, waived
from tests.simulator.wiring import PAGE_URL
from tests.simulator.world import World, fill

LAST_DAY = instant("2026-03-28T09:00")
_LONG = "2026-06-01T00:00:00Z"
_WHY = "Every third order fails; the next window is in a week."


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


class Company(World):
    """One deployment with a window on every evening of four weeks, and waivers that last."""

    def __init__(self) -> None:
        self.sequence = 0
        super().__init__(Deployment(emergency=True))

    def publish(self, *, facts: Facts | None = None, **more: Any) -> None:
        usual = facts or self.deployment.facts()
        windows = tuple(_window(day) for day in range(2, 29))
        super().publish(
            facts=usual.model_copy(update={"calendars": {self.deployment.target: Calendar(windows=windows)}}), **more
        )

    def waiver(self) -> Record:
        usual = super().waiver()
        said = json.loads(usual.payload) | {"expires_at": _LONG}
        return dataclasses.replace(usual, payload=json.dumps(said, separators=(",", ":"), sort_keys=True).encode())

    def ask(self, product: str, day: int, **changes: Any) -> RevisionRecord:
        """CI announces a release of a product for the evening of a day of March; it goes as far as it can."""
        self.sequence += 1
        now = self.clock.now()
        said = {
            "product": product, "version": f"1.{self.sequence}.0", "window": _window(day).id, "issued_at": now,
            "sequence": self.sequence, "expires_at": now + timedelta(days=9),
        }  # fmt: skip
        record = announced(self, self.candidate(**said | changes))
        return self.newest(record.cutover)

    def newest(self, cutover: str) -> RevisionRecord:
        revision = 1
        while self.wiring.records.revision(cutover, revision + 1):
            revision += 1
        return self.record(cutover, revision)

    def wait(self, by: timedelta) -> None:
        """Time passes, and the clock function runs now and then."""
        self.until(self.clock.now() + by)

    def until(self, instant: datetime) -> None:
        while self.clock.now() < instant:
            self.clock.move_to(min(self.clock.now() + hours(6), instant))
            self.tick()

    def evening(self, day: int) -> None:
        """The window of that day has just opened."""
        self.until(_window(day).opens_at + timedelta(minutes=1))
        self.tick()

    def says(self, cutover: str, person: str, decision: str = "approve", **entries: str) -> None:
        """A person decides by the newest link to this cutover in their mail."""
        mails = [each for each in self.wiring.mailer.sent if each.to.startswith(f"{person}@")]
        links = [
            found[1]
            for each in mails
            if cutover in each.text and (found := re.search(re.escape(PAGE_URL) + r"/approvals/(\S+)", each.text))
        ]
        page = self.http("GET", links[-1])
        answer = self.http("POST", links[-1], urlencode(fill(page["body"], decision, **entries)))
        assert answer["statusCode"] == 303, answer["body"]
        self.run()

    def both(self, cutover: str, first: float = 2, second: float = 3) -> None:
        """Release engineering approves after some hours, operations after some more."""
        for person, after in (("erin", first), ("omar", second)):
            self.wait(hours(after))
            self.says(cutover, person)

    def receipt(self, cutover: str, **said: Any) -> None:
        handoff_id = self.newest(cutover).handoff_id
        assert handoff_id is not None
        events.deliver(self, events.signed(self, events.receipt(self, handoff_id, **said)))


def _window(day: int) -> Window:
    opens_at = instant(f"2026-03-{day:02}T20:00")
    return Window(id=f"march-{day}", opens_at=opens_at, closes_at=opens_at + hours(2), time_zone="Europe/Berlin")


def weeks() -> Company:
    """Fifteen cutovers of four products, with every way that one can go."""
    company = Company()
    with redirect_stdout(io.StringIO()):  # the functions' own log lines
        for part in (_first_week, _second_week, _third_week, _fourth_week):
            part(company)
    return company


def _plain(company: Company, product: str, day: int, *, after: float = 0.2, **receipt: Any) -> str:
    cutover = company.ask(product, day).cutover
    company.both(cutover)
    company.evening(day)
    if receipt:
        company.wait(hours(after))
        company.receipt(cutover, **receipt)
    return cutover


def _first_week(company: Company) -> None:
    _plain(company, "service", 3, outcome="accepted")
    company.until(instant("2026-03-04T08:30"))
    billing = company.ask("billing", 5, waivers=())  # its rollback was never drilled
    company.wait(hours(7))
    held = company.newest(billing.cutover)
    drill = hold_of(company, "ROLLBACK_DRILL_MISSING", held)
    resolve(company, drill, waived(company, drill, expires_at=_LONG), held, resolver="omar")
    company.both(billing.cutover, 3, 9)
    company.evening(5)
    company.wait(hours(1))
    company.receipt(billing.cutover, outcome="accepted")
    company.until(instant("2026-03-06T09:00"))
    revise(company, "rollout", lambda said: said["cohorts"][0].update(share_percent=None))
    worker = company.ask("worker", 7)
    company.wait(hours(26))
    cohort = open_holds(company, company.newest(worker.cutover))[0]
    revise(company, "rollout", lambda said: said["cohorts"][0].update(share_percent=1))
    resolve(company, cohort, corrected(company, "rollout"), company.newest(worker.cutover))
    company.both(worker.cutover, 2, 2)
    company.evening(7)


def _second_week(company: Company) -> None:
    company.until(instant("2026-03-09T09:00"))
    service = company.ask("service", 10)
    company.wait(hours(3))
    company.ask("service", 10)  # a newer candidate takes its place
    company.both(service.cutover, 4, 2)
    company.wait(hours(3))
    revise(company, "rollout", lambda said: said["cohorts"][0].update(share_percent=5))
    company.wait(hours(2))  # it drifted: everybody is asked again
    company.both(company.newest(service.cutover).cutover, 10, 1)
    company.evening(10)
    company.receipt(service.cutover, outcome="corrected", cause="version-drift", detail="The queue had 1.2.9.")
    company.until(instant("2026-03-11T08:00"))
    billing = company.ask("billing", 12)
    company.wait(hours(5))
    company.says(billing.cutover, "omar", "refuse", reason="The database is moved that evening.")
    other = company.ask("other", 13)
    company.wait(hours(2))
    company.says(other.cutover, "erin", "defer", until="2026-03-12T09:00", reason="After the database was moved.")
    company.wait(hours(21))
    company.both(other.cutover, 1, 1)
    company.evening(13)
    company.receipt(other.cutover, outcome="accepted")


def _third_week(company: Company) -> None:
    company.until(instant("2026-03-16T10:00"))
    worker = company.ask("worker", 17)
    company.wait(hours(4))
    company.says(worker.cutover, "erin")
    company.until(instant("2026-03-17T22:30"))  # operations never answered: its window is missed
    incident = Emergency(incident="INC-204", reason=_WHY)
    urgent = company.ask("service", 18, emergency=incident)
    for person in ("erin", "omar"):
        company.wait(hours(0.5))
        company.says(urgent.cutover, person, emergency="yes", reason=_WHY)
    company.evening(18)
    company.receipt(urgent.cutover, outcome="accepted")
    after = events.after_action(company, urgent.cutover)
    events.deliver(company, events.signed(company, after))
    company.until(instant("2026-03-19T09:00"))
    billing = company.ask("billing", 20)
    company.both(billing.cutover, 5, 1)
    company.wait(hours(2))
    events.withdraw(company, billing.cutover, reason="The change was called off.")
    company.run()
    _plain(company, "other", 21, outcome="rejected", cause="hidden-hold", detail="Our own freeze.")
    _plain(company, "worker", 22, outcome="accepted")


def _fourth_week(company: Company) -> None:
    company.until(instant("2026-03-23T08:00"))
    _plain(company, "service", 24, after=3, outcome="corrected", cause="incomplete-lineage")
    company.until(instant("2026-03-25T08:00"))
    billing = company.ask("billing", 26, waivers=())
    company.wait(hours(3))
    drill = hold_of(company, "ROLLBACK_DRILL_MISSING", company.newest(billing.cutover))
    resolve(company, drill, waived(company, drill, expires_at=_LONG), company.newest(billing.cutover), resolver="omar")
    company.both(billing.cutover, 2, 14)
    company.evening(26)
    company.until(instant("2026-03-27T08:00"))
    other = company.ask("other", 28)
    company.both(other.cutover, 3, 2)
    company.wait(hours(2))
    revise(company, "flags", lambda said: said["flags"][0].update(owner=None))
    company.ask("billing", 28, waivers=())  # held: the drill, the flag, and the window is taken
    company.wait(hours(10))
    revise(company, "flags", lambda said: said["flags"][0].update(owner="orders"))
    worker = company.ask("worker", 28)  # asked, and half answered
    company.wait(hours(5))
    company.says(worker.cutover, "erin")
    company.until(LAST_DAY)
