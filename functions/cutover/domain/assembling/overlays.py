"""What each environment sets otherwise than all share: ``cutover/environment-overlays/v1``.

Only differences are in the bundle, each with the shared value where there is one. Values are compared as JSON knows
them: ``true`` is not 1. A record that says one thing twice (a name in one list, or an environment under two of its
names) can be read in two ways, and so counts as none.
"""

from collections.abc import Iterable, Iterator, Mapping

from cutover.contracts.candidate import Candidate
from cutover.contracts.policy import Rendering
from cutover.contracts.records import EnvironmentOverlays, Overlay, Setting
from cutover.domain import canonical
from cutover.domain.assembling import gaps
from cutover.domain.assembling.fields import JsonField, Place, Register
from cutover.domain.assembling.index import EvidenceIndex, valid
from cutover.domain.lineage import same_value
from cutover.domain.rendering import render

Base = Mapping[str, tuple[int, Setting]]
"""The shared settings by name, each with its index."""


def overlays(candidate: Candidate, index: EvidenceIndex, register: Register) -> list[JsonField] | JsonField:
    asked = candidate.overlays
    found = index.find("overlays", asked)
    if asked is None:
        # Nothing was referred to, so the hold is about this candidate and no other.
        return register.gap("/overlays", gaps.OVERLAYS, index.candidate.evidence.sha256, None)
    whole = Place(register, found, asked, gaps.OVERLAYS, "/overlays")
    record = valid(EnvironmentOverlays, found)
    if record is None or not _one_way(record, register.rendering):
        return whole.missing()
    return register.bounded(lambda: _overlays(whole, record), whole.missing)


def _overlays(whole: Place, record: EnvironmentOverlays) -> list[JsonField]:
    base = {setting.name: (number, setting) for number, setting in enumerate(record.base)}
    return [
        {
            "environment": whole.take("environment", f"/overlays/{number}/environment", measure="environment"),
            "differences": list(_differences(whole, number, overlay, base)),
        }
        for number, overlay in enumerate(record.overlays)
    ]


def _differences(whole: Place, overlay: int, said: Overlay, base: Base) -> Iterator[JsonField]:
    for number, setting in enumerate(said.settings):
        shared, settings = base.get(setting.name), f"/overlays/{overlay}/settings/{number}"
        if shared is not None and same_value(shared[1].value, setting.value):
            continue
        yield {
            "name": whole.sourced(f"{settings}/name", setting.name),
            "base": whole.sourced(f"/base/{shared[0]}/value", shared[1].value) if shared else None,
            "value": whole.sourced(f"{settings}/value", setting.value),
        }


def _one_way(record: EnvironmentOverlays, rendering: Rendering) -> bool:
    lists = (record.base, *(each.settings for each in record.overlays))
    environments = [render(rendering, "environment", each.environment) for each in record.overlays]
    names_once = all(_once(setting.name for setting in settings) for settings in lists)
    return names_once and _once(environments) and all(_exact(each) for settings in lists for each in settings)


def _once(names: Iterable[str]) -> bool:
    listed = list(names)
    return len(set(listed)) == len(listed)


def _exact(setting: Setting) -> bool:
    """An integer that not every reader of JSON reads alike is none (RFC 8785 within our profile)."""
    return isinstance(setting.value, (str, bool)) or abs(setting.value) < canonical.INTEGER_LIMIT
