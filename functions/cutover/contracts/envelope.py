"""DSSE envelopes (DSSE v1.0.2) and in-toto statements (in-toto Statement v1)."""

from typing import Annotated, Literal

from pydantic import Field

from cutover.contracts.base import SAID, Base64, Line, Model, kind

IN_TOTO_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"


class Signature(Model):
    keyid: Annotated[str, Field(max_length=256)] = ""
    sig: Annotated[Base64, Field(min_length=4, max_length=2048)]


class Envelope(Model):
    """The payload's bytes beside their signatures; the digest of a document is the payload's."""

    payload_type: Annotated[Line, Field(alias="payloadType")]
    payload: Base64
    signatures: Annotated[tuple[Signature, ...], Field(min_length=1, max_length=16)]


class SubjectDigest(Model):
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Subject(Model):
    name: Line
    digest: SubjectDigest


class Statement(Model):
    """What every statement that Cutover itself writes begins with."""

    type_: Annotated[Literal["https://in-toto.io/Statement/v1"], SAID] = kind(
        "https://in-toto.io/Statement/v1", "_type"
    )
