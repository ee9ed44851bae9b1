"""Lineage: every consequential field of a bundle, and the proof that it stands in the evidence it names.

``trace`` lists the fields, ``check`` walks each pointer again, ``coverage`` reads from the types
that nothing else can stand in a bundle. Fields are found by walking the models, so a new section
is covered on the day that it is added.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from cutover.contracts.base import Digest
from cutover.contracts.bundle import Bundle, DraftBundle, Held, LineageEntry, LineageTrace, Sourced, Waived
from cutover.contracts.evidence import EvidenceSet
from cutover.contracts.policy import Rendering
from cutover.domain import canonical
from cutover.domain.evidence_library import Derived, EvidenceLibrary
from cutover.domain.faults import fault, pointer
from cutover.domain.record import Fault
from cutover.errors import Refused

HEADER = frozenset({"schema", "cutover", "revision", "as_of", "engine", "rules", "evidence_set"})
"""What Cutover itself says of a bundle: not taken from a source, bound by the manifest instead."""

AnyBundle = DraftBundle | Bundle


def leaves(model: BaseModel, *path: str | int) -> Iterator[tuple[str, Any]]:
    """Pointer and value of everything that is not a mere grouping, in the order of canonical JSON.

    Keys are sorted and items are counted, so the order is that of the bundle's own bytes.
    """
    named = {info.alias or name: name for name, info in type(model).model_fields.items()}
    for key in sorted(named):
        yield from _leaf(getattr(model, named[key]), *path, key)


def _leaf(value: Any, *path: str | int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (Sourced, Waived, Held)):
        yield pointer(*path), value
    elif isinstance(value, BaseModel):
        yield from leaves(value, *path)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _leaf(item, *path, index)
    else:
        yield pointer(*path), value


def trace(bundle: AnyBundle, digest: Digest) -> LineageTrace:
    """The trace of the bundle whose canonical bytes have ``digest``."""
    return LineageTrace(
        bundle=digest,
        entries=tuple(
            LineageEntry(field=field, origin=value.from_, value_sha256=value_digest(value.value))
            for field, value in leaves(bundle)
            if isinstance(value, Sourced)
        ),
    )


def value_digest(value: str | int | bool) -> Digest:
    """The digest of a field's value in canonical JSON."""
    return canonical.digest(canonical.encode(value))


def check(
    bundle: AnyBundle,
    traced: LineageTrace,
    evidence_set: EvidenceSet,
    documents: Mapping[Digest, bytes],
    rendering: Rendering,
    *,
    derived: Collection[Derived] = (),
) -> tuple[Fault, ...]:
    """What is wrong with a bundle's lineage: nothing, or one fault for each field, at its pointer.

    ``documents`` maps digests to bytes; bytes of another digest count as missing. ``rendering``: the names' table of
    the rules that the bundle was made under. ``derived``: what was made of what, as far as
    that is proved already. Codes:
    ``TRACE_DIFFERS``, ``FIELD_WITHOUT_ORIGIN``, ``EVIDENCE_UNKNOWN``, ``EVIDENCE_MISSING``,
    ``EVIDENCE_NOT_UNWRAPPED``, ``EVIDENCE_UNREADABLE``, ``POINTER_LEADS_NOWHERE``, ``VALUE_DIFFERS``.
    """
    library = EvidenceLibrary(evidence_set, documents, rendering, derived)
    faults = []
    if traced != trace(bundle, canonical.digest_model(bundle)):
        faults.append(fault("/", "TRACE_DIFFERS", "the trace is not the one of this bundle"))
    for field, value in leaves(bundle):
        try:
            _check_leaf(field, value, library)
        except Refused as refused:
            faults.append(fault(field, refused.code, refused.detail))
    return tuple(faults)


def _check_leaf(field: str, value: Any, library: EvidenceLibrary) -> None:
    if isinstance(value, Sourced):
        if not any(same_value(found, value.value) for found in library.measured(value.from_)):
            raise Refused("VALUE_DIFFERS", f"{value.from_.pointer or 'the whole'} of its evidence says otherwise")
    elif value is not None and not isinstance(value, (Waived, Held)) and field.split("/")[1] not in HEADER:
        raise Refused("FIELD_WITHOUT_ORIGIN", "neither sourced nor waived")


def same_value(left: Any, right: Any) -> bool:
    """Equality as JSON knows it: ``true`` is not 1, and 1 is not 1.0."""
    return type(left) is type(right) and bool(left == right)
