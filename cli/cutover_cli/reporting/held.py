"""Holds by code and owner: how many are open, how old, and how long those took that are not open any more."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cutover.contracts.base import Digest
from cutover_cli.reporting.measures import Durations, durations
from cutover_cli.reporting.moments import Story
from cutover_cli.reporting.spells import Spell, spells

UNKNOWN_OWNER = ""
"""Where the register was not read."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a hold is counted by."""

    code: str
    owner: str


Registers = Mapping[Digest, tuple[Kind, ...]]
"""The open holds of each hold register that was read."""


@dataclass(frozen=True, slots=True)
class HoldRow:
    kind: Kind
    open: Durations
    """Ages of those that are open at the end of the report."""
    closed: Durations
    """How long those were open that closed in the span, by whatever ended them."""


def holds(found: Iterable[Story], registers: Registers, *, since: datetime, horizon: datetime) -> tuple[HoldRow, ...]:
    """Each hold of each revision that was held, the most numerous kinds first.

    A revision is held until its last hold is answered, so each of its holds is open as long as it is held.
    """
    opened: dict[Kind, list[timedelta]] = defaultdict(list)
    closed: dict[Kind, list[timedelta]] = defaultdict(list)
    for spell in _held(found):
        if spell.end is not None and spell.end < since:
            continue
        for kind in _kinds(spell, registers):
            (opened if spell.end is None else closed)[kind].append(spell.lasted(horizon))
    rows = (HoldRow(kind, durations(opened[kind]), durations(closed[kind])) for kind in {*opened, *closed})
    return tuple(sorted(rows, key=_most))


def _held(found: Iterable[Story]) -> Iterable[Spell]:
    for story in found:
        for moments in story.revisions.values():
            yield from (spell for spell in spells(moments) if spell.status == "held")


def _kinds(spell: Spell, registers: Registers) -> tuple[Kind, ...]:
    """The ledger's entry names the first code only; the others, and whose they are, stand in the register."""
    read = registers.get(spell.opened.register) if spell.opened.register else None
    return read or (Kind(spell.opened.result, UNKNOWN_OWNER),)


def _most(row: HoldRow) -> tuple[int, int, str, str]:
    return (-row.open.count, -row.closed.count, row.kind.code, row.kind.owner)
