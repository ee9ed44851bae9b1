"""What one package has otherwise than another, in words and field by field: pure.

Components, cohorts, flags, settings, steps and waivers are compared by their names, wherever they stand. Whatever the
contract of a bundle has is walked, so that no field can be left out by forgetting it; left out on purpose is only
``_KEPT_APART``, which says nothing of the release.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Protocol

from cutover.contracts.base import Model
from cutover.contracts.bundle import Attestation, Bundle, Sourced, Waived
from cutover.contracts.holds import ClearedRegister
from cutover.contracts.manifest import Manifest
from cutover.domain import times
from cutover.domain.differences import shown

NOT_STATED = "not stated (waived)"
_KEPT_APART = frozenset({"schema_", "cutover", "revision", "as_of", "engine", "evidence_set"})
_ORDER = ("components", "release", "destination", "window", "cohorts", "flags", "overlays", "rollback", "exceptions")
"""What comes first; the rest follows as the contract has it."""
_NAMED = ("name", "key", "id", "environment")
_SUBJECTS = {
    "components": "", "release": "release", "destination": "destination", "window": "window", "cohorts": "cohort",
    "flags": "flag", "overlays": "settings of", "rollback": "rollback", "steps": "rollback step", "waivers": "waiver",
    "attestations": "attestation", "change": "change", "exceptions": "exception", "warnings": "warning",
    "signers": "who must approve", "rules": "rules", "differences": "",
}  # fmt: skip
_FIELDS = {"share_percent": "share in percent", "queue_arn": "queue", "kind": "class", "purls": "package URLs"}


class Content(Protocol):
    """A bound package, as it was read back."""

    @property
    def manifest(self) -> Manifest: ...

    @property
    def bundle(self) -> Bundle: ...

    @property
    def register(self) -> ClearedRegister: ...


@dataclass(frozen=True, slots=True)
class Change:
    """One field, before and after; None where it was not there. ``field`` is empty where the whole subject came or
    went: then the text is the first thing that is said of it.
    """

    subject: str
    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class _Said:
    subject: str
    field: str
    text: str


def changes(before: Content, after: Content) -> tuple[Change, ...]:
    """Every field in which the two differ, what matters most to an approver first."""
    old, new = _by_subject(before), _by_subject(after)
    subjects = sorted({**new, **old}, key=lambda each: each[0])
    return tuple(
        change for section, subject in subjects
        for change in _of(subject, old.get((section, subject)), new.get((section, subject)))
    )  # fmt: skip


_Texts = dict[str, str]
"""What is said of one subject, by field."""


def _of(subject: str, old: _Texts | None, new: _Texts | None) -> Iterator[Change]:
    if old is None or new is None:
        was, now = (next(iter(each.values())) if each else None for each in (old, new))
        yield Change(subject, "", was, now)
        return
    for field in {**new, **old}:
        was, now = old.get(field), new.get(field)
        if was != now:
            yield Change(subject, field, was, now)


def _by_subject(content: Content) -> dict[tuple[int, str], _Texts]:
    """By the number of its section too: a component may be called like anything."""
    found: dict[tuple[int, str], _Texts] = {}
    for section, said in _sections(content):
        texts = found.setdefault((section, said.subject), {})
        field, count = said.field, 2
        while field in texts:  # two of one name: then their order tells them apart
            field, count = f"{said.field} ({count})", count + 1
        texts[field] = said.text
    return found


def _sections(content: Content) -> Iterator[tuple[int, _Said]]:
    bundle = {name: value for name, value in content.bundle if name not in {*_KEPT_APART, "rules"}}
    predicate, window = content.manifest.predicate, content.manifest.predicate.window
    where = times.zone(window.time_zone)
    bound: dict[str, object] = {
        "destination": predicate.destination,
        "window": {"id": window.id, "time": times.span(window.opens_at, window.closes_at, where)},
        "exceptions": {
            _coded(hold.code, hold.field): {
                "found": hold.found,
                "until": times.moment(hold.resolution.expires_at, where),
            }
            for hold in content.register.holds
        },
        "warnings": {_coded(each.code, each.field): {"found": each.found} for each in content.register.warnings},
        "signers": {each.role: f"{each.count} by {each.assurance}" for each in predicate.signers},
    }
    parts = bundle | bound | {"rules": content.bundle.rules}
    names = [*(each for each in _ORDER if each in parts), *(each for each in parts if each not in _ORDER)]
    for section, name in enumerate(names):
        for said in _walk(parts[name], _SUBJECTS.get(name, name), ""):
            yield section, said


def _walk(value: object, subject: str, field: str, skipped: Collection[str] = ()) -> Iterator[_Said]:
    """``subject`` is what the text is about, ``field`` what it says of that, each in words."""
    match value:
        case None:
            return
        case Sourced():
            yield _Said(subject, field, shown(value.value))
        case Waived():
            yield _Said(subject, field, NOT_STATED)
        case tuple():
            yield from _each(value, subject, field)
        case Model():
            for name, inner in value:
                if name not in skipped:
                    yield from _inner(name, inner, subject, field)
        case dict():
            yield from _entries(value, subject, field)
        case _:
            yield _Said(subject, field, shown(value))


def _entries(value: dict[str, object], subject: str, field: str) -> Iterator[_Said]:
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from _walk(inner, _joined(subject, name), field)
        else:
            yield from _walk(inner, subject, _joined(field, name))


def _inner(name: str, value: object, subject: str, field: str) -> Iterator[_Said]:
    if name in {"steps", "differences"}:
        prefix = "rollback step" if name == "steps" else subject
        return _walk(value, prefix, field)
    return _walk(value, subject, _joined(field, _FIELDS.get(name, name.replace("_", " "))))


def _each(items: tuple[object, ...], subject: str, field: str) -> Iterator[_Said]:
    """Documents by their names; plain values as one list."""
    if items and all(isinstance(each, Sourced) for each in items):
        yield _Said(subject, field, ", ".join(shown(each.value) for each in items if isinstance(each, Sourced)))
        return
    for item in items:
        named = _name_of(item)
        name = " of ".join(shown(getattr(item, each).value) for each in named)
        yield from _walk(item, _joined(subject, name), field, named)


def _name_of(item: object) -> tuple[str, ...]:
    """The fields that name it."""
    if isinstance(item, Attestation):
        return ("name", "component")
    return next(((each,) for each in _NAMED if isinstance(getattr(item, each, None), Sourced)), ())


def _coded(code: str, field: str) -> str:
    """``ARTIFACT_OLD`` at ``/components/1/digest`` as ``artifact old (components 1 digest)``."""
    where = field.strip("/").replace("/", " ").replace("_", " ")
    return code.replace("_", " ").lower() + (f" ({where})" if where else "")


def _joined(*words: str) -> str:
    return " ".join(word for word in words if word)
