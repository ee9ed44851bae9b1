"""What a passkey's signature counts for: this decision, this person, this page, and nothing else."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutover.contracts.approval import Answers, Assertion
from cutover.contracts.passkeys import Consent
from cutover.contracts.people import Passkey
from cutover.domain import base64url, passkeys
from cutover.errors import Refused
from tests.building.passkeys import ATTESTED, BACKED_UP, PRESENT, VERIFIED, Authenticator
from tests.building.policy import BOUND_AT, KEYS_FROM

OMAR = Authenticator("omar")
AT = BOUND_AT
CONSENT = Consent(
    audience="cutover:test:123456789012:eu-central-1:dev", manifest="sha256:" + "a" * 64,
    cutover="service@production.1", revision=1, decision="approve", role="operations", person="omar",
    answers=Answers(
        intent=True, risk_class="normal", rollback_credible=True, timing=True, exceptions=(), destination=True
    ),
    reason=None, until=None, nonce="sha256:" + "b" * 64,
)  # fmt: skip
OTHERWISE: list[dict[str, Any]] = [
    {"manifest": "sha256:" + "c" * 64}, {"cutover": "service@production.2"}, {"revision": 2}, {"decision": "refuse"},
    {"decision": "defer"}, {"role": "release-engineering"}, {"person": "bo"}, {"answers": None}, {"reason": "No."},
    {"until": AT}, {"nonce": "sha256:" + "d" * 64}, {"audience": "cutover:other:123456789012:eu-central-1:dev"},
]  # fmt: skip


def verified(assertion: Assertion, *listed: Passkey, consent: Consent = CONSENT, at: Any = AT) -> passkeys.Proved:
    return passkeys.verify(assertion, consent, listed or (OMAR.passkey(),), at=at)


def refusal(assertion: Assertion, *listed: Passkey, consent: Consent = CONSENT, at: Any = AT) -> str:
    with pytest.raises(Refused) as refused:
        verified(assertion, *listed, consent=consent, at=at)
    return refused.value.code


def signed(authenticator: Authenticator = OMAR, consent: Consent = CONSENT, **more: Any) -> Assertion:
    return authenticator.assertion(passkeys.challenge(consent), **more)


@pytest.mark.parametrize("kind", ["ES256", "EdDSA", "RS256"])
def test_a_signature_over_the_consent_counts(kind: Any) -> None:
    authenticator = Authenticator("omar", kind=kind)
    proved = verified(signed(authenticator, sign_count=7), authenticator.passkey())
    assert (proved.passkey, proved.sign_count) == (authenticator.passkey(), 7)


def test_any_of_the_persons_passkeys_counts() -> None:
    other = Authenticator("other")
    assert verified(signed(other), OMAR.passkey(), other.passkey()).passkey == other.passkey()


@pytest.mark.parametrize("changes", OTHERWISE, ids=" ".join)
def test_a_signature_counts_for_nothing_else_than_was_agreed_to(changes: dict[str, Any]) -> None:
    other = CONSENT.model_copy(update=changes)
    assert refusal(signed(), consent=other) == "PASSKEY_WRONG_CHALLENGE"


@pytest.mark.parametrize(
    ("code", "more"),
    [
        ("PASSKEY_WRONG_TYPE", {"type": "webauthn.create"}),
        ("PASSKEY_WRONG_TYPE", {"type": "payment.get"}),
        ("PASSKEY_WRONG_ORIGIN", {"origin": "https://page.example.com.evil.example"}),
        ("PASSKEY_WRONG_ORIGIN", {"origin": "http://page.example.com"}),
        ("PASSKEY_WRONG_ORIGIN", {"origin": None}),
        ("PASSKEY_WRONG_ORIGIN", {"crossOrigin": True}),
        ("PASSKEY_WRONG_ORIGIN", {"crossOrigin": "no"}),
        ("PASSKEY_WRONG_ORIGIN", {"topOrigin": "https://page.example.com"}),
        ("PASSKEY_WRONG_CHALLENGE", {"challenge": ""}),
        ("PASSKEY_WRONG_CHALLENGE", {"challenge": 1}),
        ("PASSKEY_WRONG_SITE", {"rp_id": "example.com"}),
        ("PASSKEY_USER_ABSENT", {"flags": VERIFIED}),
        ("PASSKEY_USER_UNVERIFIED", {"flags": PRESENT}),
        ("PASSKEY_USER_ABSENT", {"flags": 0}),
        ("PASSKEY_MALFORMED", {"flags": PRESENT | VERIFIED | BACKED_UP}),
        ("PASSKEY_MALFORMED", {"flags": PRESENT | VERIFIED | ATTESTED}),
        ("PASSKEY_MALFORMED", {"data": b"short"}),
        ("PASSKEY_MALFORMED", {"data": Authenticator.data(PRESENT | VERIFIED, 1, "page.example.com") + b"more"}),
    ],
)
def test_what_browser_and_authenticator_say_has_to_be_as_it_is_asked_for(code: str, more: dict[str, Any]) -> None:
    """Each of them is signed by the very passkey."""
    assert refusal(signed(**more)) == code


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"null", b"[" * 100_000])
def test_what_is_no_client_data_is_malformed(content: bytes) -> None:
    text = base64url.encode(content)[:4096] or "AA"
    assert refusal(signed().model_copy(update={"client_data": text})) == "PASSKEY_MALFORMED"


def test_a_passkey_of_somebody_else_is_unknown() -> None:
    assert refusal(signed(Authenticator("bo"))) == "PASSKEY_UNKNOWN"


def test_a_passkey_that_only_says_to_be_the_other_does_not_fit() -> None:
    forged = signed(Authenticator("bo")).model_copy(update={"credential": OMAR.passkey().id})
    assert refusal(forged) == "PASSKEY_SIGNATURE_BAD"


def test_a_passkey_counts_from_its_registration_until_its_revocation() -> None:
    second = timedelta(seconds=1)
    assert refusal(signed(), OMAR.passkey(revoked_at=AT)) == "PASSKEY_REVOKED"
    assert refusal(signed(), OMAR.passkey(revoked_at=KEYS_FROM)) == "PASSKEY_REVOKED"
    assert refusal(signed(), OMAR.passkey(registered_at=AT + second)) == "PASSKEY_NOT_YET"
    assert verified(signed(), OMAR.passkey(registered_at=AT, revoked_at=AT + second)).sign_count == 1


@pytest.mark.parametrize(
    "public_key",
    [
        b"\x04" + bytes(64),
        b"\x00",
        cbor2.dumps({1: 2, 3: -7}),
        cbor2.dumps({1: 2, 3: -7, -1: 1, -2: bytes(32), -3: b"\x01" * 32}),
        cbor2.dumps({**cbor2.loads(OMAR.cose_key), 3: -35}),
        cbor2.dumps({**cbor2.loads(OMAR.cose_key), -1: 2}),
        cbor2.dumps({1: 3, 3: -257, -1: (2**1023 + 1).to_bytes(128, "big"), -2: b"\x01\x00\x01"}),
        cbor2.dumps([]),
    ],
    ids=["bare", "number", "nothing", "off-the-curve", "ES384", "another-curve", "short-rsa", "list"],
)
def test_a_key_of_another_kind_is_not_accepted(public_key: bytes) -> None:
    listed = OMAR.passkey(public_key=base64url.encode(public_key))
    assert refusal(signed(), listed) == "PASSKEY_KEY_UNSUPPORTED"


@given(st.sampled_from(["authenticator_data", "client_data", "signature"]), st.integers(0), st.integers(1, 255))
def test_a_changed_byte_is_refused(part: str, place: int, by: int) -> None:
    assertion = signed()
    content = bytearray(base64url.decode(getattr(assertion, part), limit=4096) or b"")
    content[place % len(content)] ^= by
    assert refusal(assertion.model_copy(update={part: base64url.encode(bytes(content))})).startswith("PASSKEY_")


@pytest.mark.parametrize("part", ["authenticator_data", "client_data", "signature"])
def test_a_second_spelling_is_refused(part: str) -> None:
    assertion = signed()
    assert refusal(assertion.model_copy(update={part: getattr(assertion, part) + "="})) == "PASSKEY_MALFORMED"


@pytest.mark.parametrize(("now", "before"), [(1, None), (1, 0), (2, 1), (0, None), (0, 0), (2**32 - 1, 5)])
def test_a_counter_rises_or_there_is_none(now: int, before: int | None) -> None:
    passkeys.check_counter(now, before)


@pytest.mark.parametrize(("now", "before"), [(1, 1), (1, 2), (0, 1), (5, 6)])
def test_a_counter_that_does_not_rise_tells_of_a_copy(now: int, before: int) -> None:
    with pytest.raises(Refused) as refused:
        passkeys.check_counter(now, before)
    assert refused.value.code == "PASSKEY_CLONED"


def test_the_challenge_is_the_digest_of_the_consents_canonical_bytes() -> None:
    said = json.loads(CONSENT.model_dump_json(by_alias=True))
    content = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert passkeys.challenge(CONSENT) == hashlib.sha256(content).digest()
