"""The contract before this one: what CI announced before there were envelopes, and how it is announced here.

``cutover/candidate/v0`` is flat JSON, signed beside itself. It names neither its audience nor its end, pins nothing
but one artifact, and says nothing of what the release consists of: ``domain.translating`` makes a candidate of it.
"""

from typing import Annotated, Literal

from pydantic import Field

from cutover.contracts.base import Base64, Digest, KeyId, Line, Model

V0: Literal["cutover/candidate/v0"] = "cutover/candidate/v0"
MAX_V0_BYTES = 16_384
_MAX_BASE64 = 4 * ((MAX_V0_BYTES + 2) // 3)


class CandidateV0(Model):
    """The flat document, as its bytes say it: exactly these fields, each a text.

    ``image`` and ``tag`` are what a registry calls the artifact; only ``digest`` says which one it is. ``approver``
    is one name that anybody may have typed.
    """

    service: Line
    version: Line
    image: Annotated[str, Field(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9._:/-]{0,253}[A-Za-z0-9])?$")]
    tag: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$")]
    """As the OCI distribution specification has it."""
    digest: Digest
    change: Line
    environment: Line
    approver: Line


class DetachedCandidate(Model):
    """How a v0 document is announced: its bytes as they were signed, and the signature that stood beside them.

    ``signature``: ECDSA P-256 over SHA-256 of the document's bytes, in DER. ``keyid``: whose.
    """

    contract: Literal["cutover/candidate/v0"]
    document: Annotated[Base64, Field(min_length=4, max_length=_MAX_BASE64)]
    signature: Annotated[Base64, Field(min_length=4, max_length=2048)]
    keyid: KeyId
