"""The release's feature flags, by reference: of three kinds of record, told apart by their shape. No flag is switched.

``cutover/flag-set/v1`` says everything under the field's own name. Of the other two, ``K`` being a flag's key:

==================  ==========================================  =======================================
field               AWS AppConfig (AWS.AppConfig.FeatureFlags)  an OpenFeature flagd file
==================  ==========================================  =======================================
key                 the name K in /flags                        the name K in /flags
type                /values/K/type                              /flags/K/metadata/type
owner               /values/K/owner                             /flags/K/metadata/owner
purpose             /values/K/purpose, else                     /flags/K/metadata/purpose
                    /flags/K/description
default             /values/K/enabled, a boolean                /flags/K/defaultVariant, a variant's name
environments        /values/K/environments                      /flags/K/metadata/environments
expires_at          /values/K/expires_at                        /flags/K/metadata/expires_at
rollback_condition  /values/K/rollback_condition                /flags/K/metadata/rollback_condition
monitoring_hook     /values/K/monitoring_hook                   /flags/K/metadata/monitoring_hook
==================  ==========================================  =======================================

Of an AppConfig flag with variants, the attributes and ``enabled`` are those of its last one where that has no rule:
AppConfig's default. ``environments`` is a list, or one text whose parts commas separate. Instants are those of our
documents (RFC 3339, UTC, whole seconds). How the records look elsewhere:
https://docs.aws.amazon.com/appconfig/latest/userguide/appconfig-type-reference-feature-flags.html and
https://flagd.dev/reference/flag-definitions/.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from cutover.contracts.bundle import Measure
from cutover.contracts.candidate import Candidate
from cutover.contracts.records import FlagSet
from cutover.domain.assembling import gaps
from cutover.domain.assembling.fields import JsonField, Place, Register
from cutover.domain.assembling.index import EvidenceIndex, Found, valid
from cutover.domain.assembling.kinds import BOOLEAN, INSTANT, LINE, TEXT, fits
from cutover.domain.faults import pointer
from cutover.domain.flag_types import needed

ATTRIBUTES = (
    "type", "owner", "purpose", "environments", "expires_at", "rollback_condition", "monitoring_hook",
)  # fmt: skip
KINDS = {
    "owner": LINE, "purpose": TEXT, "expires_at": INSTANT, "rollback_condition": TEXT, "monitoring_hook": LINE,
}  # fmt: skip
MAX_FLAGS, MAX_KEY = 200, 256
"""As many as a native record may have; a key's bytes, so that every pointer through it can be written."""


@dataclass(frozen=True, slots=True)
class Said:
    """Where a record says what of one flag: its key with how it is read there, and the bundle's fields.

    ``default``: what kind of value a default is there.
    """

    key: str
    measure: Measure
    default: TypeAdapter[Any]
    fields: Mapping[str, tuple[str, ...]]


def flags(candidate: Candidate, index: EvidenceIndex, register: Register) -> list[JsonField] | JsonField:
    found = index.find("flags", candidate.flags)
    whole = Place(register, found, candidate.flags, gaps.FLAGS, "/flags")
    said = _said(found)
    if said is None:
        return whole.missing()
    places = [(whole.inside(f"/{number}"), each) for number, each in enumerate(said)]
    return register.bounded(lambda: [_flag(place, each) for place, each in places], whole.missing)


def _flag(place: Place, said: Said) -> JsonField:
    type_ = place.take("type", *said.fields["type"], gap=gaps.FLAG_TYPE)
    required = needed(type_.get("value"))
    rest = {name: _field(place, name, said, required=name in required) for name in gaps.FLAG_FIELDS}
    return {"key": place.take("key", said.key, measure=said.measure), "type": type_, **rest}


def _field(place: Place, name: str, said: Said, *, required: bool) -> list[JsonField] | JsonField | None:
    """Null where the flag's type does not need it and nothing is said; what is said must be usable in any case."""
    pointers = said.fields[name]
    if not required and not place.says(*pointers):
        return None
    gap = gaps.FLAG_FIELDS[name]
    if name == "environments":
        return place.each(pointers[0], "environment") or place.missing(f"/{name}", gap)
    return place.take(name, *pointers, kind=KINDS.get(name, said.default), gap=gap)


def _said(found: Found | None) -> list[Said] | None:
    """The flags of a record, None where it is none of the three kinds or has keys that could not be written."""
    document = found.document if found else None
    if not isinstance(document, dict):
        return None
    if "schema" in document:
        return _native(valid(FlagSet, found))
    return _appconfig(document) if {"version", "values"} & document.keys() else _flagd(document)


def _native(record: FlagSet | None) -> list[Said] | None:
    if record is None:
        return None
    places = [f"/flags/{number}" for number in range(len(record.flags))]
    return [Said(f"{at}/key", "value", LINE, _at(at, f"{at}/default")) for at in places]


def _appconfig(document: dict[str, Any]) -> list[Said] | None:
    keys, values = _keys(document.get("flags")), document.get("values", {})
    if keys is None or document.get("version") != "1" or not isinstance(values, dict) or not values.keys() <= set(keys):
        return None
    return [_of_appconfig(key, values.get(key)) for key in keys]


def _of_appconfig(key: str, value: Any) -> Said:
    attributes = value_at = pointer("values", key)
    variants = value.get("_variants") if isinstance(value, dict) else None
    if isinstance(variants, list) and variants and isinstance(variants[-1], dict) and "rule" not in variants[-1]:
        value_at = f"{value_at}/_variants/{len(variants) - 1}"
        attributes = f"{value_at}/attributeValues"
    fields = _at(attributes, f"{value_at}/enabled")
    described = (*fields["purpose"], pointer("flags", key, "description"))
    return Said(pointer("flags", key), "key", BOOLEAN, {**fields, "purpose": described})


def _flagd(document: dict[str, Any]) -> list[Said] | None:
    keys = _keys(document.get("flags"))
    if keys is None:
        return None
    places = [pointer("flags", key) for key in keys]
    return [Said(at, "key", LINE, _at(f"{at}/metadata", f"{at}/defaultVariant")) for at in places]


def _at(attributes: str, default: str) -> dict[str, tuple[str, ...]]:
    return {**{name: (f"{attributes}/{name}",) for name in ATTRIBUTES}, "default": (default,)}


def _keys(flags_by_key: Any) -> list[str] | None:
    """In the order of their characters: what the record's own order is, changes nothing."""
    if not isinstance(flags_by_key, dict) or len(flags_by_key) > MAX_FLAGS:
        return None
    usable = all(fits(LINE, key) and len(key.encode()) <= MAX_KEY for key in flags_by_key)
    return sorted(flags_by_key) if usable else None
