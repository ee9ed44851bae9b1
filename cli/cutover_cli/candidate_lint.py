"""Everything that is wrong with a candidate before it is signed, and what it leaves open that will be held."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from cutover.contracts import base
from cutover.contracts.base import format_instant
from cutover.contracts.candidate import Candidate
from cutover.contracts.legacy import V0, CandidateV0
from cutover.domain import canonical
from cutover.domain.admission import CLOCK_SKEW
from cutover.domain.assembling import gaps
from cutover.domain.assembling.fields import Gap
from cutover.domain.faults import MAX_FAULTS, faults_of
from cutover.domain.record import Fault
from cutover.errors import Refused
from cutover_cli.fills import unfilled

KINDS = {False: "release", True: "rehearsal"}
_FORMS = (
    (base.Digest, "sha256: and 64 lower-case hexadecimal digits"),
    (base.Commit, "40 or 64 lower-case hexadecimal digits, the whole commit"),
    (base.Name, "1 to 63 of a-z, 0-9, dot, underscore and hyphen, beginning and ending with a letter or digit"),
    (base.Product, "1 to 40 of a-z, 0-9 and hyphen, beginning and ending with a letter or digit"),
    (base.Audience, "cutover:instance:account:region:stage, as the stack's output Audience says it"),
    (base.Line, "a text on one line"),
)
"""What the contract's patterns say, in words."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One fault, or one warning: the field, a stable code, what is wrong, and what mends it."""

    field: str
    code: str
    message: str
    mend: str

    def document(self) -> dict[str, str]:
        return {"field": self.field, "code": self.code, "message": self.message, "mend": self.mend}


@dataclass(frozen=True, slots=True)
class Linted:
    """``candidate`` is there when the contract is kept, whatever else is wrong; ``more`` faults are not told.

    ``older``: it is a document of the contract before this one, which no candidate is made of here.
    """

    candidate: Candidate | None
    faults: tuple[Remark, ...]
    warnings: tuple[Remark, ...] = ()
    more: int = 0
    older: bool = False

    @property
    def kind(self) -> str | None:
        """``release``, ``rehearsal``, or the older contract; None where it is too faulty to say."""
        if self.older:
            return V0
        return None if self.candidate is None else KINDS[self.candidate.rehearsal]


def is_older(said: object) -> bool:
    """Whether a JSON value means to be a flat document of ``cutover/candidate/v0``, which does not say what it is."""
    return isinstance(said, dict) and "schema" not in said and {"service", "image"} <= said.keys()


def lint(said: object, *, now: datetime) -> Linted:
    """A candidate as a JSON value. Whether it is signed by somebody who may is not asked."""
    if left := unfilled(said):
        return Linted(None, tuple(Remark(each.pointer, each.code, each.message, "fill it in") for each in left))
    if is_older(said):
        return _older(said)
    try:
        candidate = Candidate.model_validate_json(canonical.encode(said))
    except ValidationError as error:
        faults = faults_of(error)
        more = error.error_count() - len(faults) if len(faults) == MAX_FAULTS else 0
        coherent = () if any(not each.pointer.strip("/") for each in faults) else _incoherent(said)
        return Linted(None, (*map(_told, faults), *coherent), more=more)
    except Refused as refused:
        return Linted(None, (Remark("/", refused.code, refused.detail, refused.mend or "write it as JSON can say it"),))
    return Linted(candidate, tuple(_untimely(candidate, now)), tuple(_open(candidate)))


def _older(said: object) -> Linted:
    """What a translation of it cannot know will be held."""
    try:
        CandidateV0.model_validate_json(canonical.encode(said))
    except (ValidationError, Refused) as error:
        faults = faults_of(error) if isinstance(error, ValidationError) else ()
        other = Remark("/", "NOT_CANONICAL", str(error), "write flat JSON")
        return Linted(None, tuple(map(_told, faults)) or (other,), older=True)
    unsaid = (gaps.COMMIT, gaps.PROVENANCE, gaps.DEPENDENCIES, gaps.CATALOG_ENTITY, gaps.OVERLAYS)
    return Linted(None, (), tuple(_held("/", gap) for gap in unsaid), older=True)


def _incoherent(said: Any) -> Iterator[Remark]:
    """What the contract asks of several fields together, as far as they can be read: it asks only when all is well."""
    components = said.get("components") if isinstance(said, dict) else None
    listed = components if isinstance(components, list) else ()
    names = [each.get("name") if isinstance(each, dict) else None for each in listed]
    for number, name in enumerate(names):
        if name is not None and name in names[:number]:
            message = f"another component is called {name}, too"
            yield Remark(f"/components/{number}/name", "BAD_VALUE", message, "give each component a name of its own")
    attestations = said.get("attestations") if isinstance(said, dict) else None
    for number, each in enumerate(attestations if isinstance(attestations, list) else ()):
        if isinstance(each, dict) and "component" in each and each["component"] not in names:
            message = f"no component of the release is called {each['component']}"
            yield Remark(f"/attestations/{number}/component", "BAD_VALUE", message, "name one that is in the release")


def _told(fault: Fault) -> Remark:
    return Remark(fault.pointer, fault.code, fault.message, _mend(fault))


def _mend(fault: Fault) -> str:
    name = fault.pointer.rpartition("/")[2]
    if fault.code == "FIELD_MISSING":
        return f"add {name}"
    if fault.code == "FIELD_UNKNOWN":
        meant = get_close_matches(name, _names(), n=1)
        return f"remove it; did you mean {meant[0]}?" if meant else "remove it"
    for form, words in _FORMS:
        for pattern in _patterns(form):
            if pattern in fault.message:
                return f"write {words}"
    return "write it as docs/schemas/candidate.v1.json has it"


def _names() -> set[str]:
    """Every field's name in the contract, whichever part has it."""
    schema = Candidate.model_json_schema(by_alias=True)
    parts: list[dict[str, Any]] = [schema, *schema.get("$defs", {}).values()]
    return {name for part in parts for name in part.get("properties", {})}


def _patterns(form: Any) -> Iterator[str]:
    for about in getattr(form, "__metadata__", ()):
        for each in (about, *getattr(about, "metadata", ())):
            if isinstance(pattern := getattr(each, "pattern", None), str):
                yield pattern


def _untimely(candidate: Candidate, now: datetime) -> Iterator[Remark]:
    """What Admit would refuse it for, as far as the document alone says."""
    if candidate.issued_at > now + CLOCK_SKEW:
        at = format_instant(candidate.issued_at)
        yield Remark("/issued_at", "NOT_YET_ISSUED", f"it was issued in the future, at {at}", "mend your clock")
    if now >= candidate.expires_at:
        at = format_instant(candidate.expires_at)
        yield Remark("/expires_at", "CANDIDATE_EXPIRED", f"it ended at {at}", "issue it with a later end")
    if candidate.translated is not None:
        message = "Cutover itself writes this, of what it has translated"
        yield Remark("/translated", "TRANSLATION_NOT_OURS", message, "remove it, or announce the older document itself")


def _open(candidate: Candidate) -> Iterator[Remark]:
    """What the contract lets it leave out, and Cutover asks for."""
    if candidate.commit is None:
        yield _held("/commit", gaps.COMMIT)
    if candidate.overlays is None:
        yield _held("/overlays", gaps.OVERLAYS)
    for number, component in enumerate(candidate.components):
        if component.artifact.digest is None:
            yield _held(f"/components/{number}/artifact/digest", gaps.ARTIFACT_UNPINNED)
        for name, gap in (
            ("provenance", gaps.PROVENANCE),
            ("dependencies", gaps.DEPENDENCIES),
            ("catalog", gaps.CATALOG_ENTITY),
        ):
            if getattr(component, name) is None:
                yield _held(f"/components/{number}/{name}", gap)


def _held(field: str, gap: Gap) -> Remark:
    return Remark(field, gap.code, f"will be held as {gap.code}: wanted is {gap.wanted}", gap.mend)
