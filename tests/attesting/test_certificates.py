"""What a certificate says of whom it was issued to, in its present extensions and in its older ones."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import GeneralName, ObjectIdentifier

from cutover.domain.certificates import claims
from cutover.domain.identities import Claims
from cutover.errors import Refused
from tests.building.keys import Key
from tests.building.policy import AS_OF

ISSUER, PERSON = "https://issuer.example", "ana@example.com"
EMAIL = x509.RFC822Name(PERSON)


def certificate(names: list[GeneralName], **extensions: bytes) -> x509.Certificate:
    """``extensions``: by last arc, such as ``x8``."""
    key = Key("leaf").private
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(AS_OF)
        .not_valid_after(AS_OF + timedelta(minutes=10))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
    for arc, value in extensions.items():
        oid = ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{arc.removeprefix('x')}")
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, value), critical=False)
    return builder.sign(key, SHA256())


def text(value: str) -> bytes:
    return asn1.encode_der(value)


def test_it_names_a_person_by_mail() -> None:
    assert claims(certificate([EMAIL], x8=text(ISSUER))) == Claims(ISSUER, PERSON)


def test_it_names_a_workflow_and_its_run() -> None:
    said = certificate(
        [x509.UniformResourceIdentifier("https://ci.example/release.yml@main")], x8=text(ISSUER),
        x12=text("https://ci.example/shop"), x13=text("c" * 40), x14=text("main"),
        x18=text("https://ci.example/shop/release.yml@main"), x20=text("push"),
    )  # fmt: skip
    assert claims(said) == Claims(
        ISSUER, "https://ci.example/release.yml@main", "https://ci.example/shop", "main",
        "https://ci.example/shop/release.yml@main", "c" * 40, "push",
    )  # fmt: skip


def test_it_names_a_user_of_some_other_system() -> None:
    user = x509.OtherName(ObjectIdentifier("1.3.6.1.4.1.57264.1.7"), text("ana!example.com"))
    assert claims(certificate([user], x8=text(ISSUER))).identity == "ana!example.com"


def test_older_ones_say_some_of_it_in_bare_bytes() -> None:
    said = certificate([EMAIL], x1=ISSUER.encode(), x2=b"push", x3=b"c" * 40, x5=b"shop/service", x6=b"main")
    assert claims(said) == Claims(ISSUER, PERSON, None, "main", None, "c" * 40, "push")


def test_the_present_extension_counts_beside_an_older_one() -> None:
    assert claims(certificate([EMAIL], x1=b"https://older.example", x8=text(ISSUER))).issuer == ISSUER


@pytest.mark.parametrize(
    "said",
    [
        certificate([], x8=text(ISSUER)),
        certificate([EMAIL, EMAIL], x8=text(ISSUER)),
        certificate([x509.DNSName("a.example")], x8=text(ISSUER)),
        certificate([x509.OtherName(ObjectIdentifier("1.2.3"), text("ana"))], x8=text(ISSUER)),
        certificate([x509.OtherName(ObjectIdentifier("1.3.6.1.4.1.57264.1.7"), b"\x02\x01\x07")], x8=text(ISSUER)),
        certificate([EMAIL]),
        certificate([EMAIL], x1=b""),
        certificate([EMAIL], x8=text("")),
        certificate([EMAIL], x8=b"not DER"),
        certificate([EMAIL], x8=b"\x02\x01\x07"),
        certificate([EMAIL], x1=b"\xff"),
        certificate([EMAIL], x8=text(ISSUER), x14=b"not DER"),
    ],
)
def test_a_certificate_of_nobody_is_refused(said: x509.Certificate) -> None:
    with pytest.raises(Refused) as refused:
        claims(said)
    assert refused.value.code == "CERTIFICATE_WITHOUT_IDENTITY"
