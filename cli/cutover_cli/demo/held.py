"""The scenario `held`: a release that stops on an old drill and on a waiver that ends too early, and goes on.

What is wrong is published like anything else. What mends it are the very commands that an operator types: they are
printed, and run.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import yaml

from cutover.contracts.base import Model, format_instant
from cutover.contracts.candidate import Reference
from cutover.contracts.records import WAIVER_TYPE, FlagSet, Waiver
from cutover.domain import canonical
from cutover.domain.assembling import gaps
from cutover.domain.holds import fingerprint
from cutover.domain.record import RevisionRecord, Status
from cutover_cli.demo import records
from cutover_cli.demo.build import Checkout
from cutover_cli.demo.errors import NotAsPromised
from cutover_cli.demo.follow import Follower
from cutover_cli.demo.identities import Identities
from cutover_cli.demo.progress import Progress
from cutover_cli.demo.publish import Publisher
from cutover_cli.demo.records import Drill
from cutover_cli.demo.workspace import Workspace
from cutover_cli.output import Exit
from cutover_cli.signing import seal

PERSON = "omar"
"""Who waives and who answers: somebody of operations, who asked for nothing."""
STALE, FLAG, WAIVER = "ROLLBACK_DRILL_STALE", "FLAG_MONITORING_HOOK_MISSING", "WAIVER_ENDS_BEFORE_WINDOW"
EXPECTED = frozenset({STALE, FLAG, WAIVER})
_AGO = timedelta(days=120)
_LASTS = timedelta(minutes=30)
_HELD_SECONDS = 240.0
_COMMAND_SECONDS = 240.0
_CUTOVER = "from cutover_cli.main import app; app()"


def spoiled(documents: Mapping[str, Model], source: Checkout, drill: Drill) -> dict[str, Model]:
    """The records as they are when nobody has drilled the way back for months, and nobody watches the flag."""
    flags = documents["flags"]
    if not isinstance(flags, FlagSet):
        raise NotAsPromised("the demo has no flags")
    unwatched = tuple(flag.model_copy(update={"monitoring_hook": None}) for flag in flags.flags)
    return {
        **documents,
        "flags": flags.model_copy(update={"flags": unwatched}),
        "rollback": records.rollback(source, replace(drill, at=drill.at - _AGO)),
    }


def waiver(flags: Reference, ends: datetime) -> Waiver:
    """The permission to go without the flag's monitoring, until `ends`."""
    if flags.digest is None:
        raise NotAsPromised("the flags were published without a digest")
    return Waiver(
        id="monitoring-comes-later",
        fingerprint=fingerprint(gaps.FLAG_FIELDS["monitoring_hook"].rule, "/flags/0/monitoring_hook", flags.digest),
        owner="operations",
        reason="The alarm is being built; until then somebody watches the page.",
        approver=PERSON,
        policy="Operations handbook: a flag may go unwatched while it is off",
        expires_at=ends,
    )


def published_waiver(publisher: Publisher, flags: Reference, keys: Identities, *, at: datetime) -> Reference:
    """A waiver that ends half an hour from now, long before the window closes."""
    sealed = seal(WAIVER_TYPE, canonical.encode_model(waiver(flags, at + _LASTS)), keys.waiver)
    return publisher.put("changes", "waiver.json", canonical.encode_model(sealed), "application/json")


@dataclass(frozen=True, slots=True)
class Mending:
    """From the holds to the next revision. `publisher` and `flags` are those of the release, `ends` is late enough."""

    place: Workspace
    progress: Progress
    publisher: Publisher
    keys: Identities
    source: Checkout
    flags: Reference
    ends: datetime

    def held(self, follower: Follower) -> RevisionRecord:
        """Waits for the holds, and prints them. Raises NotAsPromised when they are others than were made."""
        record = follower.until("hold", follower.reached(Status.HELD), seconds=_HELD_SECONDS)
        found = follower.open_holds(record)
        for hold in found:
            self.progress.say()
            self.progress.say(f"{hold.code}  {hold.field}")
            self.progress.say(f"  found       {hold.found}")
            self.progress.say(f"  wanted      {hold.wanted}")
            self.progress.say(f"  to mend it  {hold.mend}")
        if {hold.code for hold in found} != EXPECTED:
            raise NotAsPromised(f"held by {', '.join(sorted(hold.code for hold in found))}")
        self.progress.say()
        self.progress.say("Nobody was asked: no manifest can be made while a hold is open.")
        return record

    def mend(self, record: RevisionRecord, *, at: datetime) -> None:
        """Drills, has the waiver signed anew, publishes both, and answers each hold."""
        drilled = records.drill(self.source, at=at)
        plan = self.publisher.record("rollback", records.rollback(self.source, drilled))
        self.progress.say(f"drilled again, back to commit {drilled.commit[:12]}; the plan is published anew")
        draft, signed = self.place.folder / "waiver.yaml", self.place.folder / "waiver.json"
        draft.write_text(_as_yaml(waiver(self.flags, self.ends)), encoding="utf-8")
        key = self.place.keys / "waiver.pem"
        until = ("--until", format_instant(self.ends))
        self._run("waiver", "sign", str(draft), "--key", str(key), "--out", str(signed), *until)
        renewed = self.publisher.put("changes", "waiver.json", signed.read_bytes(), "application/json")
        self._answer(record, STALE, "--evidence", plan.source, plan.record, plan.version)
        self._answer(record, WAIVER, "--evidence", renewed.source, renewed.record, renewed.version)
        self._answer(record, FLAG, "--waiver", str(signed))

    def _answer(self, record: RevisionRecord, code: str, *how: str) -> None:
        place = ("--local",) if self.place.stack is None else ("--local", "--state-dir", str(self.place.stack))
        key = ("--key", str(self.place.keys / "resolver.pem"), "--as", PERSON)
        self._run("holds", "resolve", record.cutover, code, *how, *key, *place)

    def _run(self, *arguments: str) -> None:
        """One command of the operator's, shown as it is typed. Raises NotAsPromised with what it said."""
        self.progress.say()
        self.progress.say(f"$ cutover {shlex.join(_shorter(each) for each in arguments)}")
        done = subprocess.run(
            [sys.executable, "-c", _CUTOVER, *arguments],
            check=False, capture_output=True, text=True, timeout=_COMMAND_SECONDS, env=dict(os.environ),
        )  # fmt: skip
        for line in done.stdout.splitlines():
            self.progress.say(f"  {line}")
        if done.returncode != Exit.DONE:
            raise NotAsPromised(f"`cutover {arguments[0]} {arguments[1]}` failed: {done.stderr.strip()[-500:]}")


def _as_yaml(document: Waiver) -> str:
    said = document.model_dump(mode="json", by_alias=True)
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=True)


def _shorter(argument: str) -> str:
    """A path from here, where it is one below here."""
    path = Path(argument)
    inside = path.is_absolute() and path.is_relative_to(Path.cwd())
    return str(path.relative_to(Path.cwd())) if inside else argument
