"""What every published document shares: strictness, bounded text, instants, digests.

Documents are written in canonical JSON (``cutover.domain.canonical``). A document that has a key
which would be a verdict cannot be modelled: see ``FORBIDDEN_KEYS``.
"""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

FORBIDDEN_KEYS = frozenset({"verdict", "go_no_go", "risk_score", "recommendation", "command"})
"""Cutover states facts and binds bytes; it never judges, so no document may say that it did."""

INSTANT_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
_INSTANT = re.compile(r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})Z", re.ASCII)


class Model(BaseModel):
    """A frozen part of a document: unknown keys refused, no silent conversion of types."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        hide_input_in_errors=True,
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        named = {field.alias or name for name, field in cls.model_fields.items()}
        if verdicts := named & FORBIDDEN_KEYS:
            raise TypeError(f"{cls.__name__} would carry a verdict: {sorted(verdicts)}")


class _Unsaid(str):
    """A document's kind as its class gives it, where the document itself does not say it."""

    __slots__ = ()


def _said(value: Any, info: ValidationInfo) -> Any:
    """In code a document's kind is its class; in JSON it must be said, or any document would pass for one."""
    if isinstance(value, _Unsaid):
        if info.mode == "json":
            raise PydanticCustomError("missing", "Field required: it says what the document is")
        return str(value)
    return value


SAID = BeforeValidator(_said)
"""On the field that says what a document is: ``schema``, ``_type`` or ``predicateType``."""


def kind(value: str, alias: str = "schema") -> Any:
    """The default of such a field: filled in for code, required of JSON."""
    return Field(default_factory=lambda: _Unsaid(value), alias=alias, validate_default=True)


def added(default: Any = None, **limits: Any) -> Any:
    """The default of a field that came after its contract was published: where it says nothing, it is not written.

    So what was signed before keeps its bytes, and whoever makes such a document again makes the same ones.
    """
    return Field(default=default, exclude_if=lambda value: bool(value == default), **limits)


def parse_instant(text: object) -> datetime:
    """RFC 3339 in UTC with whole seconds and ``Z``, so that one instant has one spelling."""
    if isinstance(text, datetime):
        if text.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return text.astimezone(UTC).replace(microsecond=0)
    said = _INSTANT.fullmatch(text) if isinstance(text, str) else None
    if said is None:
        raise ValueError("expected an RFC 3339 instant in UTC, whole seconds, such as 2026-01-31T12:00:00Z")
    year, month, day, hour, minute, second = map(int, said.groups())  # many times as fast as strptime
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def format_instant(instant: datetime) -> str:
    """The one spelling of an aware instant (RFC 3339, UTC, whole seconds)."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC).strftime(INSTANT_FORMAT)


def _within(limit: int) -> AfterValidator:
    def check(text: str) -> str:
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > limit:
            raise ValueError(f"at most {limit} bytes of UTF-8, found {size}")
        return text

    return AfterValidator(check)


NEVER_SENT = frozenset("\ufffe\uffff")
"""Noncharacters that SQS takes in no message (SendMessage), so that nobody could be told of them."""


def _printable(text: str) -> str:
    if text.isprintable():  # nearly always, and many times as fast
        return text
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t":
            raise ValueError(f"control character U+{ord(character):04X} is not allowed")
        if character in NEVER_SENT:
            raise ValueError(f"U+{ord(character):04X} is no character; no queue takes it")
    return text


Instant = Annotated[
    datetime,
    BeforeValidator(parse_instant),
    PlainSerializer(format_instant, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"}),
]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
"""SHA-256 of bytes, in lower-case hexadecimal, with its algorithm."""
KeyId = Digest
"""SHA-256 of a public key's SubjectPublicKeyInfo in DER."""
Name = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$")]
"""A name in the rules' own vocabulary: lower case, 1 to 63 characters."""
Product = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$")]
CutoverId = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}@[a-z0-9-]{1,40}\.(?:rehearsal\.)?[1-9][0-9]{0,8}$")]
"""``product@target.number``, and of a rehearsal ``product@target.rehearsal.number``."""
Audience = Annotated[str, Field(pattern=r"^cutover:[a-z0-9-]{1,40}:[0-9]{12}:[a-z0-9-]{1,40}:[a-z0-9-]{1,40}$")]
"""``cutover:instance:account:region:stage``: which Cutover a document is meant for."""
Text = Annotated[str, Field(min_length=1), AfterValidator(_printable), _within(4096)]
Line = Annotated[str, Field(min_length=1, pattern=r"^[^\r\n\t]*$"), AfterValidator(_printable), _within(512)]
Locator = Annotated[str, Field(min_length=1), AfterValidator(_printable), _within(1024)]
Commit = Annotated[str, Field(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]
Pointer = Annotated[str, Field(pattern=r"^(?:/(?:[^~/]|~0|~1)*)*$"), _within(1024)]
"""JSON Pointer (RFC 6901)."""
Arn = Annotated[str, Field(pattern=r"^arn:[a-z-]+:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]{1,80}$")]
Revision = Annotated[int, Field(ge=1, lt=10**6)]
Base64 = Annotated[str, Field(pattern=r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$")]
Code = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{2,63}$")]
"""A stable reason code."""
