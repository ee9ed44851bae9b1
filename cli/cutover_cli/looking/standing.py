"""Where one revision stands: what was asked of whom, who answered, what is missing, and what happens next and when."""

from dataclasses import dataclass
from datetime import datetime

from cutover.contracts.holds import Hold, HoldRegister
from cutover.contracts.people import Person
from cutover.domain import holds, quorum, schedule, telling
from cutover.domain.circle import is_away
from cutover.domain.correspondence import Correspondence
from cutover.domain.policy import Policy
from cutover.domain.record import FINAL, RevisionRecord, Status
from cutover.errors import IntegrityError, Refused
from cutover.loading import load
from cutover.packages import Package, read_package
from cutover_cli.output import CommandError, oneline
from cutover_cli.site import Site

ASKED = frozenset({Status.BOUND, Status.AWAITING_APPROVAL, Status.DEFERRED})


@dataclass(frozen=True, slots=True)
class Seat:
    """An empty seat of the quorum, and who could fill it: ``away`` are those of them who are."""

    role: str
    count: int
    assurance: str
    people: tuple[str, ...]
    away: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Next:
    """What happens next. ``at``: when, where time alone decides; ``until``: when it is too late for it."""

    what: str
    at: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One revision as it stands now. ``unread`` says what could not be read, and so is not shown."""

    record: RevisionRecord
    now: datetime
    policy: Policy | None = None
    package: Package | None = None
    register: HoldRegister | None = None
    seats: tuple[Seat, ...] = ()
    said: Correspondence | None = None
    braked: bool = False
    unread: tuple[str, ...] = ()

    @property
    def open_holds(self) -> tuple[Hold, ...]:
        return holds.open_holds(self.register) if self.register else ()

    @property
    def next(self) -> Next:
        return next_of(self)


class _Reading:
    """Reads one thing after the other; what fails is noted, and keeps nothing else from being shown."""

    def __init__(self) -> None:
        self.unread: list[str] = []

    def failed(self, what: str, error: Exception) -> None:
        self.unread.append(oneline(f"{what}: {error}"))


def look(site: Site, record: RevisionRecord) -> Standing:
    """Everything that is kept of a revision's standing. Raises what AWS raises, never for what was stored."""
    reading, now = _Reading(), site.clock.now()
    policy = _policy(site, reading)
    package = _package(site, record, policy, now, reading)
    register = _register(site, record, reading)
    brake = site.records.brake()
    return Standing(
        record=record, now=now, policy=policy, package=package, register=register,
        seats=seats_of(record, package, policy, now) if package and policy and record.status in ASKED else (),
        said=site.messages.correspondence(record.cutover, record.revision) if site.messages else None,
        braked=brake is None or brake.engaged, unread=tuple(reading.unread),
    )  # fmt: skip


def _policy(site: Site, reading: _Reading) -> Policy | None:
    try:
        return site.policy()
    except (Refused, IntegrityError, CommandError) as error:
        reading.failed("the active policy", error)
        return None


def _package(
    site: Site, record: RevisionRecord, policy: Policy | None, now: datetime, reading: _Reading
) -> Package | None:  # fmt: skip
    if record.manifest is None or policy is None or site.store is None:
        return None
    try:
        return read_package(site.store, record.manifest, keys=policy.facts.keys, now=now)
    except (Refused, IntegrityError) as error:
        reading.failed("the bound package", error)
        return None


def _register(site: Site, record: RevisionRecord, reading: _Reading) -> HoldRegister | None:
    if record.hold_register is None or site.store is None:
        return None
    try:
        return load(site.store, record.hold_register, HoldRegister)
    except IntegrityError as error:
        reading.failed("the hold register", error)
        return None


def seats_of(record: RevisionRecord, package: Package, policy: Policy, now: datetime) -> tuple[Seat, ...]:
    """The empty seats under the facts of now."""
    facts = policy.facts
    found = telling.standing(record, package.manifest.predicate.signers, package.requesters(), facts, now)
    if found is None:
        return ()
    return tuple(
        Seat(
            seat.role, seat.count, seat.assurance, tuple(able), tuple(p for p in able if is_away(facts.people[p], now))
        )
        for seat in found.seats
        for able in [_able(facts.people, seat.role, policy, found.barred, found.decided)]
    )


def _able(
    people: dict[str, Person], role: str, policy: Policy, barred: frozenset[str], decided: frozenset[str]
) -> list[str]:  # fmt: skip
    def may(person: str) -> bool:
        try:
            quorum.eligible(person, role, facts=policy.facts, barred=barred)
        except Refused:
            return False
        return person not in decided

    return [person for person in sorted(people) if may(person)]


def next_of(of: Standing) -> Next:
    """What happens next, by the record alone."""
    record, status = of.record, of.record.status
    if status in FINAL:
        return _after_the_end(record)
    ends = record.valid_until or record.expires_at
    window = "it is handed off" if not of.braked else "nothing, until the brake is released; then it is handed off"
    known = {
        Status.HELD: Next("its open holds are answered, or it expires", until=record.expires_at),
        Status.AWAITING_APPROVAL: Next("whoever is missing decides, or it expires", until=ends),
        Status.DEFERRED: Next("it is taken up again", at=record.deferred_until, until=ends),
        Status.AWAITING_WINDOW: Next(window, at=record.wake_at or record.opens_at, until=record.closes_at),
        Status.HANDING_OFF: Next("its message is acknowledged, or looked for again", at=record.lease_until),
    }
    by_itself = Next("it goes on; where it does not, another execution takes over", at=schedule.stalled_at(record))
    return known.get(status, by_itself)


def _after_the_end(record: RevisionRecord) -> Next:
    if record.status is Status.UNCERTAIN:
        return Next("a signed receipt of the consumer, where the message arrived")
    if record.status is Status.HANDED_OFF and record.after_action_due and not record.after_action:
        return Next("somebody records what the emergency was", until=record.after_action_due)
    return Next("nothing: it has ended")
