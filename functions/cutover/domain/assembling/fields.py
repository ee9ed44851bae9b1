"""One field at a time: sourced from evidence, or a gap that names what is missing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pydantic import TypeAdapter

from cutover.contracts.base import Digest
from cutover.contracts.bundle import Measure
from cutover.contracts.candidate import Reference
from cutover.contracts.holds import Finding
from cutover.contracts.policy import Rendering
from cutover.domain import canonical
from cutover.domain.assembling.index import Found, subject_of
from cutover.domain.assembling.kinds import LINE, fits
from cutover.domain.holds import fingerprint, hold_id
from cutover.domain.measures import measured, measures
from cutover.domain.pointer import NOWHERE, resolve
from cutover.domain.waivers import Answers
from cutover.domain.waiving import family_of

MAX_POINTER = 1024
"""Bytes, as of ``contracts.base.Pointer``: at a longer one, which keys of a record can make, nothing is found."""
MAX_NAMES = 200
"""As of the lists in ``contracts.records``: more names in one place are none."""
MAX_SECTION = 3 * 1_048_576
"""Bytes of one section of a bundle: a small record can say much, and every field says where it comes from."""
T = TypeVar("T")
JsonField = dict[str, Any]
"""A sourced field or a gap, as a JSON value."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What a missing field means: the rule that it breaks, and what would mend it."""

    rule: str
    code: str
    family: str
    wanted: str
    mend: str


@dataclass(slots=True)
class Register:
    """Remembers every gap as a finding, and answers it with ``Held`` or ``Waived``."""

    cutover: str
    revision: int
    owners: Mapping[str, str]
    waivers: Answers
    rendering: Rendering
    findings: list[Finding] = field(default_factory=list)

    def gap(self, at: str, gap: Gap, subject: Digest, found: Found | None) -> JsonField:
        mark = fingerprint(gap.rule, at, subject)
        self.findings.append(
            Finding(
                rule=gap.rule,
                family=gap.family,
                outcome="hold",
                code=gap.code,
                field=at,
                subject=subject,
                owner=self.owners.get(gap.family, "release-engineering"),
                found="nothing usable in the record" if found else "no record",
                wanted=gap.wanted,
                mend=gap.mend,
                evidence=(found.evidence.sha256,) if found else (),
            )
        )
        placeholder = {"hold": hold_id(self.cutover, self.revision, mark)}
        waiver = self.waivers.get((mark, family_of(gap.rule)))
        return {**placeholder, "waiver": waiver.digest} if waiver else placeholder

    def bounded(self, build: Callable[[], T], otherwise: Callable[[], JsonField]) -> T | JsonField:
        """What ``build`` makes; where that has more than ``MAX_SECTION`` bytes, the gap that ``otherwise`` makes."""
        before = len(self.findings)
        made = build()
        if len(canonical.encode(made)) <= MAX_SECTION:
            return made
        del self.findings[before:]
        return otherwise()


@dataclass(frozen=True, slots=True)
class Place:
    """A part of the bundle (``at``) and the part of one piece of evidence that it comes from (``base``)."""

    register: Register
    found: Found | None
    reference: Reference | None
    gap: Gap
    at: str
    base: str = ""

    def inside(self, at: str, base: str = "") -> "Place":
        return replace(self, at=self.at + at, base=self.base + base)

    @property
    def subject(self) -> Digest:
        return subject_of(self.found, self.reference)

    def take(
        self,
        name: str,
        *pointers: str,
        kind: TypeAdapter[Any] = LINE,
        measure: Measure = "value",
        gap: Gap | None = None,
    ) -> JsonField:
        """Field ``name`` from the first of ``pointers`` (default: the same name) that has a value of its kind."""
        for pointer in pointers or (f"/{name}",):
            for value in self._values(pointer, measure)[:1]:
                if fits(kind, value):
                    return self.sourced(pointer, value, measure)
        return self.missing(f"/{name}", gap)

    def missing(self, name: str = "", gap: Gap | None = None) -> JsonField:
        return self.register.gap(self.at + name, gap or self.gap, self.subject, self.found)

    def sourced(self, pointer: str, value: Any, measure: Measure = "value") -> JsonField:
        if self.found is None:
            raise AssertionError("a sourced field needs its evidence")
        evidence = self.found.evidence
        return {
            "value": value,
            "from": {
                "source": evidence.source,
                "record": evidence.record,
                "version": evidence.version,
                "evidence": evidence.sha256,
                "pointer": self.base + pointer,
                "measure": measure,
            },
        }

    def says(self, *pointers: str) -> bool:
        """Whether anything but null stands at one of these, usable or not."""
        return any(self._at(pointer) not in (NOWHERE, None) for pointer in pointers)

    def each(self, pointer: str, measure: Measure = "value", kind: TypeAdapter[Any] = LINE) -> list[JsonField]:
        """Every item of the list at ``pointer``, each sourced there; of one string, every part that commas separate.

        None at all where it is neither, where one of them is not of its kind, and where they are more than
        ``MAX_NAMES``: a list is read whole or not.
        """
        standing = self._at(pointer)
        if isinstance(standing, str):
            # Of a name's measures the first is the whole text: here only its parts are meant.
            found = [(pointer, part) for part in measures(standing, measure, self.register.rendering)[1:]]
        elif isinstance(standing, list) and len(standing) <= MAX_NAMES:
            items = (f"{pointer}/{number}" for number in range(len(standing)))
            found = [(item, value) for item in items for value in (*self._values(item, measure), None)[:1]]
        else:
            return []
        if len(found) > MAX_NAMES or not all(fits(kind, value) for _, value in found):
            return []
        return [self.sourced(item, value, measure) for item, value in found]

    def _values(self, pointer: str, measure: Measure) -> tuple[Any, ...]:
        """What the measure makes of what stands there, as lineage will find it again."""
        if self.found is None or not _writable(self.base + pointer):
            return ()
        if measure == "sha256":
            return (canonical.digest(self.found.content),)
        return measured(self.found.document, self.base + pointer, measure, self.register.rendering)

    def _at(self, pointer: str) -> Any:
        where = self.base + pointer
        return resolve(self.found.document, where) if self.found is not None and _writable(where) else NOWHERE


def _writable(pointer: str) -> bool:
    return len(pointer.encode("utf-8", "surrogatepass")) <= MAX_POINTER
