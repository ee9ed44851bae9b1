"""What a policy's schema cannot say: that its parts agree with each other and with the deployment."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cutover.contracts.policy import Facts, Rules
from cutover.domain import canonical, checks, quorum
from cutover.domain import envelope as dsse
from cutover.domain.faults import pointer
from cutover.domain.record import Fault
from cutover.domain.waivers import RESOLUTIONS
from cutover.errors import Refused

NEEDED_KEYS = ("candidate", "bind", "decide", "handoff", "ledger")
"""Purposes without which no candidate can become a message that verifies."""
PERSONAL_KEYS = ("waiver", "resolution")
"""Purposes whose keys belong to one person each."""
SHORTEST_CLOSE_MARGIN = 30
"""Seconds: HandOff's timeout of twenty, and ten for clocks that differ."""
UNLIMITED_KEYS = ("bind", "decide", "handoff", "ledger", "brake")
"""Purposes whose keys speak for all products: a limit would be passed over, or take from the key all that it does."""


def lint(rules: Rules, facts: Facts, *, targets: Collection[str]) -> tuple[Fault, ...]:
    """All faults, none where the policy can be used. `targets` are the deployment's.

    Pointers lead into the rules under `/rules` and into the facts under `/facts`.
    """
    checks: tuple[Callable[[], Iterator[Fault]], ...] = (
        lambda: _audiences(rules, facts),
        lambda: _targets(rules, facts, targets),
        lambda: _owners(rules, facts),
        lambda: _quorum(rules, facts),
        lambda: _people(facts),
        lambda: _keys(facts),
        lambda: _persons(facts),
        lambda: _products(facts),
        lambda: _waivable(rules, facts),
        lambda: _margins(rules),
        lambda: _sources(facts),
        lambda: _windows(facts),
        lambda: _freezes(facts),
    )
    return tuple(fault for check in checks for fault in check())


def _fault(code: str, message: str, *where: str | int) -> Fault:
    return Fault(pointer=pointer(*where), code=code, message=message)


def _audiences(rules: Rules, facts: Facts) -> Iterator[Fault]:
    if rules.audience != facts.audience:
        message = f"the rules are meant for {rules.audience}, the facts for {facts.audience}"
        yield _fault("AUDIENCES_DIFFER", message, "facts", "audience")


def _targets(rules: Rules, facts: Facts, targets: Collection[str]) -> Iterator[Fault]:
    for part, section, named in (
        ("rules", "signers", rules.signers),
        ("facts", "calendars", facts.calendars),
    ):
        for name in named:
            if name not in targets:
                yield _fault("TARGET_NOT_DEPLOYED", f"no such target is deployed: {name}", part, section, name)


def _owners(rules: Rules, facts: Facts) -> Iterator[Fault]:
    for family, team in rules.families.items():
        if team not in facts.teams:
            yield _fault("TEAM_UNKNOWN", f"{team} is no team of the facts", "rules", "families", family)


def _quorum(rules: Rules, facts: Facts) -> Iterator[Fault]:
    for target, signers in rules.signers.items():
        where = ("rules", "signers", target)
        for role, count in Counter(signer.role for signer in signers).items():
            if count > 1:
                yield _fault("ROLE_TWICE", f"{role} stands {count} times: use its count", *where)
        for seat in quorum.impossible(signers, facts=facts, barred=frozenset()):
            message = f"distinct people cannot fill it: {seat.count} of {seat.role} would be missing"
            yield _fault("QUORUM_IMPOSSIBLE", message, *where)


def _people(facts: Facts) -> Iterator[Fault]:
    known: dict[str, str] = {}
    for person_id, person in facts.people.items():
        if person.team not in facts.teams:
            message = f"{person.team} is no team of the facts"
            yield _fault("TEAM_UNKNOWN", message, "facts", "people", person_id, "team")
        for number, identity in enumerate((*person.identities, person_id)):
            if known.setdefault(identity, person_id) != person_id:
                message = f"{identity} also names {known[identity]}"
                yield _fault("IDENTITY_SHARED", message, "facts", "people", person_id, "identities", number)


def _keys(facts: Facts) -> Iterator[Fault]:
    for number, key in enumerate(facts.keys):
        where = ("facts", "keys", number)
        try:
            matches = canonical.same(dsse.key_id(dsse.decode_base64(key.public_key)), key.id)
        except Refused:
            matches = False
        if not matches:
            yield _fault("KEY_ID_DIFFERS", "id is not the digest of public_key", *where, "id")
        if key.not_after <= key.not_before:
            yield _fault("KEY_NEVER_VALID", "not_after must be later than not_before", *where, "not_after")
    purposes: dict[str, set[str]] = {}
    for key in facts.keys:
        purposes.setdefault(key.id, set()).add(key.purpose)
    for key_id, several in purposes.items():
        if len(several) > 1:
            message = f"{key_id} serves {', '.join(sorted(several))}: one key, one purpose"
            yield _fault("KEY_OF_TWO_PURPOSES", message, "facts", "keys")
    for purpose in NEEDED_KEYS:
        if purpose not in {key.purpose for key in facts.keys}:
            yield _fault("KEY_MISSING", f"no key for purpose {purpose}", "facts", "keys")


def _persons(facts: Facts) -> Iterator[Fault]:
    """Waivers and resolutions are given by people: a key for them that is nobody's would never count."""
    for number, key in enumerate(facts.keys):
        where = ("facts", "keys", number, "person")
        if key.person is None and key.purpose in PERSONAL_KEYS:
            yield _fault("KEY_WITHOUT_PERSON", f"a key for {key.purpose} must be one person's", *where)
        if key.person is not None and key.person not in facts.people:
            yield _fault("PERSON_UNKNOWN", f"{key.person} is no person of the facts", *where)


def _products(facts: Facts) -> Iterator[Fault]:
    for number, key in enumerate(facts.keys):
        if key.products and key.purpose in UNLIMITED_KEYS:
            message = f"a key for {key.purpose} cannot be limited to products"
            yield _fault("KEY_LIMITED", message, "facts", "keys", number, "products")


def _margins(rules: Rules) -> Iterator[Fault]:
    """HandOff may still send so long after it last looked at the time, and its clock may be off by some seconds."""
    if rules.close_margin < SHORTEST_CLOSE_MARGIN:
        message = f"HandOff needs up to {SHORTEST_CLOSE_MARGIN} seconds; it could send after the window has closed"
        yield _fault("CLOSE_MARGIN_TOO_SHORT", message, "rules", "close_margin")


def _waivable(rules: Rules, facts: Facts) -> Iterator[Fault]:
    held = {role for person in facts.people.values() for role in person.roles}
    for family, roles in rules.waivable.items():
        where = ("rules", "waivable", family)
        if family not in checks.FAMILIES:
            known = ", ".join(sorted(checks.FAMILIES))
            yield _fault("FAMILY_UNKNOWN", f"no family of checks is called {family}; there are {known}", *where)
        if not roles:
            yield _fault("FAMILY_WAIVED_BY_NOBODY", "leave out a family that nobody may waive", *where)
        for number, role in enumerate(roles):
            if role not in held:
                yield _fault("ROLE_UNKNOWN", f"nobody in the facts holds the role {role}", *where, number)


def _sources(facts: Facts) -> Iterator[Fault]:
    if RESOLUTIONS in facts.sources:
        message = "Cutover itself calls so what resolutions brought"
        yield _fault("SOURCE_RESERVED", message, "facts", "sources", RESOLUTIONS)


def _windows(facts: Facts) -> Iterator[Fault]:
    for target, calendar in facts.calendars.items():
        where = ("facts", "calendars", target, "windows")
        ids = Counter(window.id for window in calendar.windows)
        for window_id, count in ids.items():
            if count > 1:
                yield _fault("WINDOW_ID_TWICE", f"{window_id} names {count} occurrences", *where)
        for number, window in enumerate(calendar.windows):
            if not _is_zone(window.time_zone):
                yield _fault("TIME_ZONE_UNKNOWN", f"{window.time_zone} is no IANA time zone", *where, number)
        for former, later in pairwise(sorted(calendar.windows, key=lambda window: window.opens_at)):
            if later.opens_at < former.closes_at:
                yield _fault("WINDOWS_OVERLAP", f"{later.id} opens before {former.id} closes", *where)


def _freezes(facts: Facts) -> Iterator[Fault]:
    for target, calendar in facts.calendars.items():
        for number, freeze in enumerate(calendar.freezes):
            if freeze.ends_at <= freeze.starts_at:
                where = ("facts", "calendars", target, "freezes", number, "ends_at")
                yield _fault("FREEZE_EMPTY", "ends_at must be later than starts_at", *where)


def _is_zone(name: str) -> bool:
    if name == "UTC":  # known even where no time zone data is installed
        return True
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True
