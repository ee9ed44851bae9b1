"""One drill while it is played: what was done, and all that came of it."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
from typer.testing import CliRunner

from cutover.contracts.base import format_instant
from cutover.contracts.ledger import LedgerEntry
from cutover.contracts.supersession import NOTICE_TYPE, Notice
from cutover.domain import canonical, ledger
from cutover.domain import envelope as dsse
from cutover.domain.record import RevisionRecord
from cutover_cli.demo import delivery
from cutover_cli.main import app
from tests.drills.ending import Ending, Found
from tests.drills.stage import OPEN, Stage
from tests.local.releasing import TARGET, Release, wait
from tests.simulator.world import fill

MINUTE = timedelta(minutes=1)
SOON = 60.0
"""Seconds of this machine that something may take which happens by itself."""


class Story:
    """``say`` hears of each step as it begins. ``folder`` is for files that `cutover verify` reads."""

    def __init__(self, stage: Stage, product: str, say: Callable[[str], None], folder: Path) -> None:
        self.stage, self.product, self.folder = stage, product, folder
        self._say = say
        self._steps: list[str] = []
        self._refused: list[str] = []
        self._verified: list[str] = []
        self.release = Release(stage.releases, product, product, issued_at=stage.time.now() - MINUTE)

    def step(self, text: str) -> None:
        self._say(text)
        self._steps.append(text)

    def refuse(self, what: str, code: str | None) -> None:
        """``code``: what they were told; where nothing was refused, that is what was found."""
        self._refused.append(f"{what}: {code or 'not refused'}")

    # --- what people, CI and time do ----------------------------------------------------------------

    def announce(self, **changes: Any) -> str:
        """A candidate that is good until the last window is over; its admission's digest."""
        last = max(each.closes_at for each in self.stage.deployment.windows())
        return self.release.announce(**{"expires_at": last, **changes})

    def asked(self, revision: int = 1) -> dict[str, str]:
        """The links of both approvers, once they have them."""
        self.release.until("awaiting_approval", revision=revision)

        def both() -> dict[str, str] | None:
            links = self.release.links(revision)
            return links if {"erin", "omar"} <= links.keys() else None

        return wait(both, SOON, lambda: f"no two mails about {self.product} {revision}")

    def page(self, link: str) -> str:
        """What the link shows."""
        return self.release.page(link).text

    def post(self, link: str, shown: str, decision: str) -> str | None:
        """Answers the form of a page, whenever that was shown. The code that is told; None for a decision on record."""
        address = self.stage.releases.stack.page(link)
        filled: dict[str, Any] = {}
        for name, value in fill(shown, decision):
            filled.setdefault(name, []).append(value)
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(address.browser_url))
        with httpx.Client(headers=address.headers, timeout=60, trust_env=False) as browser:
            answer = browser.post(address.url, data=filled, headers={"Origin": origin})
        return None if answer.status_code == httpx.codes.SEE_OTHER else code_of(answer.text)

    def shown(self, link: str) -> str | None:
        """The code on the page that a link opens."""
        return code_of(self.page(link))

    def decide(self, link: str, decision: str) -> str | None:
        return self.post(link, self.page(link), decision)

    def approve(self, *people: str, revision: int = 1) -> None:
        for person in people:
            said = self.decide(self.asked(revision)[person], "approve")
            assert said is None, f"{person} was told {said}"

    def open_window(self, window: str | None = None) -> None:
        """Time passes until a minute after the opening, and the clock runs."""
        self.stage.time.move_to(self.closes_at(window) - OPEN + MINUTE)
        self.stage.releases.tick()

    def handed_off(self, revision: int = 1) -> RevisionRecord:
        self.release.until("awaiting_window", revision=revision)
        self.open_window()
        return self.release.until("handed_off", revision=revision)

    def look(self) -> None:
        """So much time passes that the clock looks at what waits, and it runs."""
        self.stage.time.move(16 * MINUTE)
        self.stage.releases.tick()

    # --- what is looked at --------------------------------------------------------------------------

    def closes_at(self, window: str | None = None) -> datetime:
        return next(each.closes_at for each in self.stage.deployment.windows() if each.id == (window or self.product))

    @property
    def cutover(self) -> str:
        return self.record().cutover

    def record(self, revision: int | None = None) -> RevisionRecord:
        found = self.release.record(revision)
        assert found is not None, f"{self.product} has no revision {revision}"
        return found

    def entries(self, cutover: str | None = None) -> list[LedgerEntry]:
        """The chain of a cutover, by default of the present one, proved to be one."""
        chain = cutover or self.cutover
        entries = list(self.stage.releases.records.ledger(chain))
        ledger.verify_chain(entries, chain=chain)
        return entries

    def entry_after(self, count: int) -> LedgerEntry:
        """The next entry of the present cutover, once it is there."""
        return wait(lambda: next(iter(self.entries()[count:]), None), SOON, lambda: f"no entry after {count}")

    def verify(self, who: str, *, at: datetime | None = None, noticed: bool = False) -> None:
        """What `cutover verify` says of the newest message: to whom has the owners' newest trust file, and no AWS.

        ``noticed``: and has the notices of its cutover.
        """
        body = wait(lambda: next(iter(self.stage.messages(self.product)[-1:]), None), SOON, lambda: "no message")
        documents, deployment = self.folder / "documents", self.stage.deployment
        documents.mkdir(exist_ok=True)
        delivery.fetch(self.stage.releases.stack.clients.s3, delivery.documents_of(body), documents)
        message, trust = self.folder / "handoff.json", self.folder / "trust.json"
        message.write_bytes(body)
        trust.write_bytes(deployment.trust_file(canonical.encode_model(deployment.bundle(self.stage.keys))))
        asked: list[str | Path] = [
            "verify",
            message,
            "--trust",
            trust,
            "--queue",
            deployment.queue_arn,
            "--format",
            "json",
        ]
        asked += ["--root", canonical.digest(canonical.encode_model(deployment.root()))]
        asked += ["--at", format_instant(at or self.stage.time.now())]
        for number, (content, _) in enumerate(self._notices() if noticed else ()):
            (self.folder / f"notice-{number}").write_bytes(content)
            asked += ["--notice", self.folder / f"notice-{number}"]
        said = orjson.loads(CliRunner().invoke(app, [str(each) for each in asked]).stdout)
        self._verified.append(f"{who}: {'VERIFIED' if said['verified'] else said['code']}")

    def notices(self) -> list[Notice]:
        """In the order of their chains."""
        return [notice for _, notice in self._notices()]

    def _notices(self) -> list[tuple[bytes, Notice]]:
        """Each as it is stored, and proved with the ledger's key."""
        stack, now = self.stage.releases.stack, self.stage.time.now()
        s3, bucket, keys = stack.clients.s3, stack.outputs["StoreBucket"], self.stage.deployment.facts().keys
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"notices/{self.product}@").get("Contents", [])
        found = []
        for each in listed:
            content = s3.get_object(Bucket=bucket, Key=each.get("Key", ""))["Body"].read()
            opened = dsse.open_envelope(
                dsse.parse(content), payload_type=NOTICE_TYPE, purpose="ledger", keys=keys, at=now
            )  # fmt: skip
            found.append((content, Notice.model_validate_json(opened.payload)))
        return sorted(found, key=lambda each: (each[1].cutover, each[1].sequence))

    def found(self) -> Found:
        """All of it as it is now."""
        revisions = list(self._revisions())
        entries = [
            entry for chain in dict.fromkeys(each.cutover for each in revisions) for entry in self.entries(chain)
        ]
        holds = (f"{_numbered(each)} {each['hold']['code']}" for each in self.stage.holds(self.product))
        ending = Ending(
            revisions=tuple(f"{_named(each)} {each.status.value}{_why(each)}" for each in revisions),
            ledger=tuple(f"{_named(each, each.chain)} {each.event}: {each.result}" for each in entries),
            refused=tuple(self._refused),
            messages=len(self.stage.messages(self.product)),
            verify=tuple(self._verified),
            notices=tuple(f"{_named(each)} {each.event}: {each.result}" for each in self.notices()),
            exceptions=tuple(sorted(holds)),
            mails=tuple(sorted(self._mails())),
        )
        return Found(steps=tuple(self._steps), ending=ending)

    def _revisions(self) -> Iterator[RevisionRecord]:
        """Of each cutover of the product, in order."""
        lane = self.release.lane
        for number in range(1, lane.number + 1 if lane else 1):
            revision = 1
            while record := self.stage.releases.records.revision(f"{self.product}@{TARGET}.{number}", revision):
                yield record
                revision += 1

    def _mails(self) -> Iterator[str]:
        for mail in self.stage.releases.stack.mail():
            if f"{self.product} " in mail.subject:
                yield f"{mail.to[0].partition('@')[0]}: {mail.subject.partition(', ')[0]}"


def code_of(page: str) -> str | None:
    """The stable code of a page that refuses; None on one that does not."""
    found = re.search(r'(?:class="small code"><code>|<small>)([A-Z]+(?:_[A-Z]+)*)</', page)
    return found[1] if found else None


def _named(of: Any, cutover: str | None = None) -> str:
    """``2.1``: the product's second cutover, its first revision."""
    return f"{(cutover or of.cutover).rpartition('.')[2]}.{of.revision}"


def _numbered(message: dict[str, Any]) -> str:
    return f"{message['cutover'].rpartition('.')[2]}.{message['revision']}"


def _why(record: RevisionRecord) -> str:
    return f": {record.reason}" if record.reason else ""
