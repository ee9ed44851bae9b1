"""One field at a time: sourced from evidence, or a gap that names what is missing."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from cutover.contracts.base import Digest, Line, Locator, Name, Text
from cutover.contracts.bundle import Measure
from cutover.contracts.candidate import Reference
from cutover.contracts.holds import Finding
from cutover.domain import canonical
from cutover.domain.assembling.index import Found, subject_of
from cutover.domain.holds import fingerprint, hold_id
from cutover.domain.pointer import NOWHERE, resolve
from cutover.domain.waivers import Answers
from cutover.domain.waiving import family_of

LINE, TEXT, NAME, DIGEST, LOCATOR, INTEGER = (
    TypeAdapter[Any](kind) for kind in (Line, Text, Name, Digest, Locator, int)
)
Field = dict[str, Any]
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
    findings: list[Finding] = field(default_factory=list)

    def gap(self, at: str, gap: Gap, subject: Digest, found: Found | None) -> Field:
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


@dataclass(frozen=True, slots=True)
class Place:
    """A part of the bundle (``at``) and the part of one piece of evidence that it comes from (``base``)."""

    register: Register
    found: Found | None
    reference: Reference | None
    gap: Gap
    at: str
    base: str = ""

    def inside(self, at: str, base: str) -> "Place":
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
    ) -> Field:
        """Field ``name`` from the first of ``pointers`` (default: the same name) that has a value of its kind."""
        for pointer in pointers or (f"/{name}",):
            value = self._value(self.base + pointer, measure)
            try:
                kind.validate_python(value, strict=True)
            except ValidationError:
                continue
            return self.sourced(pointer, value, measure)
        return self.missing(f"/{name}", gap)

    def missing(self, name: str = "", gap: Gap | None = None) -> Field:
        return self.register.gap(self.at + name, gap or self.gap, self.subject, self.found)

    def sourced(self, pointer: str, value: Any, measure: Measure = "value") -> Field:
        if self.found is None:
            raise AssertionError("a sourced field needs its evidence")
        evidence = self.found.evidence
        origin = evidence.model_dump(include={"source", "record", "version"})
        return {
            "value": value,
            "from": {
                **origin,
                "evidence": evidence.sha256,
                "pointer": self.base + pointer,
                "measure": measure,
            },
        }

    def each(self, pointer: str) -> list[Field]:
        """Every item of the list at ``pointer``, each sourced; none where there is no list."""
        values = self._value(self.base + pointer, "value")
        return (
            [self.sourced(f"{pointer}/{n}", value) for n, value in enumerate(values)]
            if isinstance(values, list)
            else []
        )

    def _value(self, pointer: str, measure: Measure) -> Any:
        if self.found is None:
            return None
        if measure == "sha256":
            return canonical.digest(self.found.content)
        value = resolve(self.found.document, pointer)
        if measure == "length":
            return len(value) if isinstance(value, list) else None
        return None if value is NOWHERE else value
