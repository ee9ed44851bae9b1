"""Why something waits or was refused, as `cutover explain` says it; and of an announcement that opened nothing."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cutover.contracts.policy import Team
from cutover.domain import attempts
from cutover.domain.record import Admission, Status
from cutover_cli.looking import screen

ANNOUNCE = (
    "cutover candidate lint CANDIDATE.json",
    "cutover candidate sign CANDIDATE.json --key CI.pem --out SIGNED.json",
)
RELEASE_ENGINEERING = "release-engineering"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One reason. ``commands`` mend it as they stand, but for what is in capitals; ``who`` must act."""

    code: str
    field: str = ""
    found: str = ""
    wanted: str = ""
    mend: str = ""
    commands: tuple[str, ...] = ()
    who: str = ""
    team: Team | None = None
    people: tuple[str, ...] = ()
    until: datetime | None = None
    fingerprint: str | None = None
    answered_by: str | None = None

    def document(self) -> dict[str, Any]:
        team = self.team.model_dump(mode="json", exclude={"groups"}) if self.team else None
        return {
            "code": self.code, "field": self.field, "found": self.found, "wanted": self.wanted, "mend": self.mend,
            "commands": list(self.commands),
            "who": {"owner": self.who, "team": team, "people": list(self.people)},
            "until": screen.instant(self.until), "fingerprint": self.fingerprint, "answered_by": self.answered_by,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why ``subject`` stands where it does; no cause at all where it goes on, or has arrived."""

    subject: str
    status: Status
    reason: str | None
    summary: str
    causes: tuple[Cause, ...] = ()
    unread: tuple[str, ...] = ()
    ids: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As plain JSON."""
        causes = [each.document() for each in self.causes]
        said = {"status": self.status.value, "reason": self.reason, "summary": self.summary, "causes": causes}
        return {**self.ids, **said, "unread": list(self.unread)}


def announcing(place: list[str]) -> tuple[str, ...]:
    """The commands that bring another candidate; ``place``: how commands name the site."""
    return (*ANNOUNCE, shlex.join(["cutover", "candidate", "submit", "SIGNED.json", *place]))


def of_admission(found: Admission, place: list[str]) -> Explanation:
    """An announcement that opened no revision: every fault of it."""
    refused = found.status is Status.REFUSED
    causes = tuple(_faults(found, place)) if refused else tuple(_undecided(found, place))
    summary = f"it was refused, for {len(causes)} reason(s); nothing was opened" if refused else "it is not decided yet"
    ids = {"admission": found.digest, "cutover": None, "revision": None, "correlation_id": found.correlation_id}
    return Explanation(
        subject=f"announcement {found.digest}", status=found.status, reason=found.reason, summary=summary,
        causes=causes, ids=ids,
    )  # fmt: skip


def _faults(found: Admission, place: list[str]) -> Iterator[Cause]:
    said: dict[str, Any] = {
        "mend": "announce a candidate that mends it", "commands": announcing(place), "who": "whoever announced it",
    }  # fmt: skip
    faults = [each for each in (found.fault, *found.faults) if each is not None]
    for each in faults:
        yield Cause(code=each.code, field=each.pointer, found=each.message, **said)
    if not faults:
        yield Cause(code=found.reason or "REFUSED", **said)


def _undecided(found: Admission, place: list[str]) -> Iterator[Cause]:
    if attempts.abandoned(found):
        yield Cause(
            code="ADMISSION_ABANDONED", found=f"{found.attempt} executions left it undecided",
            mend="announce the same envelope again", commands=announcing(place)[-1:], who=RELEASE_ENGINEERING,
        )  # fmt: skip
    elif found.reason is not None:
        yield Cause(code=found.reason, mend="it is tried again by itself", who="nobody")
