"""A document's faults, all of them, each with where it stands and what is wrong."""

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cutover.domain import bounded
from cutover.domain.record import Fault

MAX_FAULTS = 50
_CODES = {
    "missing": "FIELD_MISSING",
    "extra_forbidden": "FIELD_UNKNOWN",
    "literal_error": "VALUE_NOT_ALLOWED",
    "string_pattern_mismatch": "BAD_FORMAT",
    "json_invalid": "NOT_JSON",
}
_SPOKEN: dict[str | int, str] = {"schema_": "schema", "type_": "_type", "predicate_type": "predicateType"}
"""The fields that say what a document is, as documents write them: of a missing one, pydantic names the attribute."""


def pointer(*parts: str | int) -> str:
    """An RFC 6901 pointer from keys and indexes."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def fault(where: str, code: str, message: str) -> Fault:
    """One fault. Hostile keys can stand in a pointer and hostile values in a message: both are bounded."""
    return Fault(pointer=bounded.line(where, empty="/"), code=code, message=bounded.line(message))


def faults_of(error: ValidationError) -> tuple[Fault, ...]:
    """At most ``MAX_FAULTS`` faults in the order of the document; input values are not repeated."""
    found = []
    details = error.errors(include_url=False, include_input=False, include_context=False)
    for detail in [each for each in details if not _follows(each, details)][:MAX_FAULTS]:
        code = _CODES.get(detail["type"], "BAD_VALUE")
        found.append(fault(_where(detail), code, detail["msg"].removeprefix("Value error, ")))
    return tuple(found)


def _where(detail: ErrorDetails) -> str:
    *way, last = detail["loc"] or ("",)
    if detail["type"] == "missing":
        last = _SPOKEN.get(last, last)
    return pointer(*way, last) if detail["loc"] else ""


def _follows(detail: ErrorDetails, others: list[ErrorDetails]) -> bool:
    """Whether a list is only too short because its items are faulty: then their faults say it all."""
    at = detail["loc"]
    inside = (each["loc"] for each in others if each is not detail)
    return detail["type"] == "too_short" and any(loc[: len(at)] == at for loc in inside)
