"""What a Fulcio certificate says of whom it was issued to (https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md).

Nothing here proves a certificate: ``attesting.bundles.verify`` does. Pure. Import it where there is a certificate only:
X.509 costs a tenth of a second.
"""

from typing import NoReturn

from cryptography.hazmat import asn1
from cryptography.x509 import (
    Certificate,
    DuplicateExtension,
    ExtensionNotFound,
    ObjectIdentifier,
    OtherName,
    RFC822Name,
    SubjectAlternativeName,
    UniformResourceIdentifier,
    UnsupportedGeneralNameType,
)

from cutover.domain.identities import Claims
from cutover.errors import Refused

_ARC = "1.3.6.1.4.1.57264.1."
_USERNAME = ObjectIdentifier(_ARC + "7")
ISSUER, BUILD_SIGNER, REPOSITORY, COMMIT, REF, WORKFLOW, TRIGGER = 8, 9, 12, 13, 14, 18, 20
"""The last arcs of extensions whose value is a DER-encoded UTF8String."""
OLDER = {ISSUER: 1, TRIGGER: 2, COMMIT: 3, REF: 6}
"""Where certificates of before 2023 say the same, as bare bytes. They name no host with their repository."""


def claims(certificate: Certificate) -> Claims:
    """``Refused`` (``CERTIFICATE_WITHOUT_IDENTITY``) where it names not exactly one identity, or no issuer."""
    try:
        return Claims(
            issuer=_said(certificate, ISSUER) or _nobody("it names no issuer"),
            identity=_identity(certificate),
            repository=_said(certificate, REPOSITORY),
            ref=_said(certificate, REF),
            workflow=_said(certificate, WORKFLOW),
            commit=_said(certificate, COMMIT),
            event=_said(certificate, TRIGGER),
        )
    except (ValueError, DuplicateExtension, UnsupportedGeneralNameType):
        return _nobody("what it says of itself is not well formed")


def _identity(certificate: Certificate) -> str:
    try:
        names = list(certificate.extensions.get_extension_for_class(SubjectAlternativeName).value)
    except ExtensionNotFound:
        names = []
    if len(names) != 1:
        return _nobody(f"it has {len(names)} subject alternative names")
    name = names[0]
    if isinstance(name, UniformResourceIdentifier | RFC822Name):
        return name.value
    if isinstance(name, OtherName) and name.type_id == _USERNAME:
        return asn1.decode_der(str, name.value)
    return _nobody("its subject alternative name is of an unknown kind")


def _said(certificate: Certificate, arc: int) -> str | None:
    value = _extension(certificate, arc)
    if value is not None:
        return asn1.decode_der(str, value)
    older = _extension(certificate, OLDER[arc]) if arc in OLDER else None
    return older.decode() if older is not None else None


def _extension(certificate: Certificate, arc: int) -> bytes | None:
    try:
        value = certificate.extensions.get_extension_for_oid(ObjectIdentifier(f"{_ARC}{arc}")).value
    except ExtensionNotFound:
        return None
    return value.public_bytes()


def _nobody(why: str) -> NoReturn:
    raise Refused("CERTIFICATE_WITHOUT_IDENTITY", why)
