"""What kinds of JSON value a field of the bundle may have, whoever says it."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from cutover.contracts.base import Digest, Line, Locator, Text, parse_instant
from cutover.domain import canonical


def _instant(text: str) -> str:
    parse_instant(text)
    return text


_Integer = Annotated[int, Field(gt=-canonical.INTEGER_LIMIT, lt=canonical.INTEGER_LIMIT)]
"""What every reader of JSON reads alike (RFC 8785 within our profile)."""
_Spelled = Annotated[Line, AfterValidator(_instant)]
"""An instant in our one spelling, as text."""
LINE, TEXT, DIGEST, LOCATOR, INTEGER, INSTANT, BOOLEAN = (
    TypeAdapter[Any](kind) for kind in (Line, Text, Digest, Locator, _Integer, _Spelled, bool)
)


def fits(kind: TypeAdapter[Any], value: Any) -> bool:
    """Whether a JSON value is of this kind, as it stands."""
    try:
        kind.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True
