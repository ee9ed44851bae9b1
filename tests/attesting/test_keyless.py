"""Bundles under certificates of an authority of our own: every link from the root to the payload, broken one by one."""

from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ObjectIdentifier

from cutover.attesting.bundles import Proved, verify
from cutover.contracts.envelope import IN_TOTO_TYPE
from cutover.domain import envelope as dsse
from cutover.domain.identities import Claims
from cutover.errors import Refused
from tests.attesting.fulcio import IDENTITY, ISSUER, TEN_MINUTES, Authority, Leaf
from tests.attesting.log import Log, encoded
from tests.building.keys import Key
from tests.building.policy import AS_OF

AUTHORITY, LEAF = Authority(), Key("leaf").private
PAYLOAD, OTHER = b'{"a":1}', b'{"a":2}'
SECOND = timedelta(seconds=1)
CERTIFICATE = AUTHORITY.issue(LEAF)


def said(at: datetime = AS_OF, certificate: x509.Certificate = CERTIFICATE, leaf: Leaf = LEAF) -> dict[str, Any]:
    return AUTHORITY.bundle_said(PAYLOAD, leaf, certificate, at)


def proved(document: Any, root: bytes | None = None) -> Proved:
    return verify(orjson.dumps(document), root=root or AUTHORITY.root())


def code(document: Any, root: bytes | None = None) -> str:
    with pytest.raises(Refused) as refused:
        proved(document, root)
    return refused.value.code


def material(document: Any) -> Any:
    return document["verificationMaterial"]


def entry(document: Any) -> Any:
    return material(document)["tlogEntries"][0]


def test_a_statement_under_a_certificate_is_proved() -> None:
    assert proved(said()) == Proved(PAYLOAD, IN_TOTO_TYPE, (AS_OF,), claims=Claims(ISSUER, IDENTITY))


def test_a_certificate_counts_from_its_first_second_to_its_last() -> None:
    for at in (AS_OF, AS_OF + TEN_MINUTES):
        assert proved(said(at)).times == (at,)
    for at in (AS_OF - SECOND, AS_OF + TEN_MINUTES + SECOND):
        assert code(said(at)) == "CERTIFICATE_NOT_VALID"


def test_an_authority_counts_for_what_it_issued_in_its_time() -> None:
    later = said(AS_OF + TEN_MINUTES)
    assert proved(later, AUTHORITY.root(until=AS_OF)).payload == PAYLOAD
    assert proved(later, AUTHORITY.root(since=AS_OF)).payload == PAYLOAD
    assert code(later, AUTHORITY.root(until=AS_OF - SECOND)) == "AUTHORITY_NOT_VALID"
    assert code(later, AUTHORITY.root(since=AS_OF + SECOND)) == "AUTHORITY_NOT_VALID"


def test_another_authority_of_the_same_name_has_not_issued_it() -> None:
    class Same(Authority):
        @property
        def name(self) -> x509.Name:
            return AUTHORITY.name

    assert code(said(), Same(Key("another authority")).root()) == "CERTIFICATE_NOT_TRUSTED"


@pytest.mark.parametrize("issued", [AUTHORITY.issue(LEAF, signing=False), AUTHORITY.issue(LEAF, code=False)])
def test_a_certificate_for_something_else_signs_nothing(issued: x509.Certificate) -> None:
    assert code(said(certificate=issued)) == "CERTIFICATE_NOT_TRUSTED"


def test_a_certificate_for_another_kind_of_key_is_refused() -> None:
    edwards = ed25519.Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    assert code(said(certificate=AUTHORITY.issue(edwards), leaf=edwards)) == "CERTIFICATE_NOT_TRUSTED"


_CURVE, _POINT = bytes.fromhex("06082a8648ce3d030107"), bytes.fromhex("03420004")


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        pytest.param(_CURVE, _CURVE[:-1] + b"\x7f", id="on a curve that nobody knows"),
        pytest.param(_POINT, _POINT[:-1] + b"\x05", id="no point of its curve"),
    ],
)
def test_a_certificate_whose_key_cannot_be_read_is_refused(there: bytes, instead: bytes) -> None:
    document, der = said(), CERTIFICATE.public_bytes(Encoding.DER)
    assert der.count(there) == 1
    material(document)["certificate"]["rawBytes"] = encoded(der.replace(there, instead))
    assert code(document) == "CERTIFICATE_NOT_TRUSTED"


def test_a_certificate_that_no_trusted_log_has_seen_is_refused() -> None:
    assert code(said(certificate=AUTHORITY.issue(LEAF, by=Key("another log")))) == "CERTIFICATE_NOT_LOGGED"


def test_another_log_has_not_taken_it_in() -> None:
    assert code(said(), Authority(log=Log(Key("another log"))).root()) == "LOG_PROOF_INVALID"


def test_without_a_promise_nothing_says_when_it_was_signed() -> None:
    document = said()
    del entry(document)["inclusionPromise"]
    assert code(document) == "TIME_NOT_PROVEN"


@pytest.mark.parametrize("seconds", [2**63, 2**64 - 1, 253_402_300_800])
def test_a_time_in_no_calendar_is_refused(seconds: int) -> None:
    document = said()
    entry(document)["integratedTime"] = str(seconds)
    assert code(document) == "BUNDLE_UNREADABLE"


def test_a_promise_for_another_second_is_no_promise() -> None:
    document = said()
    entry(document)["integratedTime"] = str(int(AS_OF.timestamp()) + 1)
    assert code(document) == "LOG_PROOF_INVALID"


def test_another_payload_was_not_signed() -> None:
    document = said()
    document["dsseEnvelope"]["payload"] = encoded(OTHER)
    assert code(document) == "SIGNATURE_INVALID"


@pytest.mark.parametrize("payload", [PAYLOAD, OTHER])
def test_another_signature_of_the_same_key_was_not_logged(payload: bytes) -> None:
    document = said()
    signature = LEAF.sign(dsse.pae(IN_TOTO_TYPE, payload), ec.ECDSA(SHA256()))
    document["dsseEnvelope"] |= {"payload": encoded(payload), "signatures": [{"sig": encoded(signature)}]}
    assert code(document) == "LOG_ENTRY_MISMATCH"


def test_another_certificate_of_the_same_key_was_not_logged() -> None:
    """CVE-2022-36056: the log's entry must be of this certificate."""
    document = said()
    other = AUTHORITY.issue(LEAF, since=AS_OF - SECOND)
    material(document)["certificate"]["rawBytes"] = encoded(other.public_bytes(Encoding.DER))
    assert code(document) == "LOG_ENTRY_MISMATCH"


def test_it_has_exactly_one_log_entry() -> None:
    none, two = said(), said()
    material(none)["tlogEntries"] = []
    material(two)["tlogEntries"] *= 2
    assert (code(none), code(two)) == ("BUNDLE_UNREADABLE", "BUNDLE_UNREADABLE")


def test_it_brings_no_root_of_its_own() -> None:
    document = said()
    document["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2"
    chain = [material(document).pop("certificate")]
    material(document)["x509CertificateChain"] = {"certificates": chain}
    assert proved(document).payload == PAYLOAD
    chain.append({"rawBytes": encoded(AUTHORITY.certificate().public_bytes(Encoding.DER))})
    assert code(document) == "BUNDLE_WITH_ROOT"


@pytest.mark.parametrize("oid", ["2.5.29.19", "2.5.29.17", "2.5.29.15", "1.3.6.1.4.1.11129.2.4.2"])
def test_a_certificate_that_is_not_well_formed_is_refused(oid: str) -> None:
    document = said()
    broken = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(AUTHORITY.name)
        .public_key(LEAF.public_key())
        .serial_number(1)
        .not_valid_before(AS_OF)
        .not_valid_after(AS_OF + TEN_MINUTES)
        .add_extension(x509.UnrecognizedExtension(ObjectIdentifier(oid), b"no DER"), critical=False)
        .sign(LEAF, SHA256())
    )
    material(document)["certificate"]["rawBytes"] = encoded(broken.public_bytes(Encoding.DER))
    assert code(document) == "BUNDLE_UNREADABLE"
