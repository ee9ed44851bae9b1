"""Approvals with a passkey, judged by both verifiers: every field of them that is changed is refused by both."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from cutover.contracts.approval import ApprovalPredicate
from cutover.domain import base64url, passkeys
from tests.builders import Package, package
from tests.building.passkeys import ATTESTED, BACKED_UP, ELIGIBLE, PRESENT, VERIFIED, Authenticator, Kind
from tests.verifier import mutation
from tests.verifier.judging import judge

OMAR, OTHER = Authenticator("omar"), Authenticator("other")
Change = Callable[[Any], Any]


def approved(
    authenticator: Authenticator = OMAR, *, said: dict[str, Any] | None = None, after: Change | None = None,
    manifest: str | None = None, listed: dict[str, Any] | None = None, demanded: bool = True, **signed: Any,
) -> Package:  # fmt: skip
    """Omar, as operations, with a passkey. ``said`` changes what he signs, ``after`` the statement that has it."""

    def facts(document: Any) -> Any:
        passkey = authenticator.passkey().model_dump(mode="json") | (listed or {})
        document["people"]["omar"]["passkeys"] = [passkey]
        return document

    def rules(document: Any) -> Any:
        for seat in document["signers"]["production"]:
            seat["assurance"] = "passkey" if seat["role"] == "operations" else "link"
        return document

    def approval(document: Any) -> Any:
        document["predicate"] |= {"assurance": "passkey"}
        stated = ApprovalPredicate.model_validate_json(orjson.dumps(document["predicate"] | (said or {})))
        consent = passkeys.consent_of(stated, manifest or "sha256:" + document["subject"][0]["digest"]["sha256"])
        assertion = authenticator.assertion(passkeys.challenge(consent), **signed)
        document["predicate"]["passkey"] = assertion.model_dump(mode="json")
        return after(document) if after else document

    changes: dict[str, Change] = {"facts": facts, "approval/2": approval}
    return package(changes | ({"rules": rules} if demanded else {}))


@pytest.mark.parametrize("kind", ["ES256", "EdDSA", "RS256"])
@pytest.mark.parametrize("demanded", [True, False])
def test_an_approval_with_a_passkey_is_verified(kind: Kind, demanded: bool) -> None:
    assert judge(approved(Authenticator("omar", kind=kind), demanded=demanded)).verified


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("PASSKEY_WRONG_CHALLENGE", {"decision": "refuse"}),
        ("PASSKEY_WRONG_CHALLENGE", {"nonce": "sha256:" + "0" * 64}),
        ("PASSKEY_WRONG_CHALLENGE", {"person": "bo"}),
        ("PASSKEY_WRONG_CHALLENGE", {"role": "release-engineering"}),
        ("PASSKEY_WRONG_CHALLENGE", {"reason": "Another."}),
        ("PASSKEY_WRONG_CHALLENGE", {"cutover": "service@production.2"}),
        ("PASSKEY_WRONG_CHALLENGE", {"revision": 2}),
        ("PASSKEY_WRONG_CHALLENGE", {"until": "2026-03-03T11:00:00Z"}),
        ("PASSKEY_WRONG_CHALLENGE", {"answers": None}),
    ],
)
def test_a_signature_over_another_consent_is_refused(code: str, said: dict[str, Any]) -> None:
    """Above all: what was signed as a refusal is no approval."""
    assert judge(approved(said=said)).code == code


def test_a_signature_over_another_manifest_is_refused() -> None:
    assert judge(approved(manifest="sha256:" + "0" * 64)).code == "PASSKEY_WRONG_CHALLENGE"


@pytest.mark.parametrize(
    ("code", "signed"),
    [
        ("PASSKEY_WRONG_TYPE", {"type": "webauthn.create"}),
        ("PASSKEY_WRONG_ORIGIN", {"origin": "https://page.example.org"}),
        ("PASSKEY_WRONG_ORIGIN", {"crossOrigin": True}),
        ("PASSKEY_WRONG_ORIGIN", {"topOrigin": "https://page.example.com"}),
        ("PASSKEY_WRONG_SITE", {"rp_id": "page.example.org"}),
        ("PASSKEY_USER_ABSENT", {"flags": VERIFIED}),
        ("PASSKEY_USER_UNVERIFIED", {"flags": PRESENT}),
        ("PASSKEY_MALFORMED", {"flags": PRESENT | VERIFIED | BACKED_UP}),
        ("PASSKEY_MALFORMED", {"flags": PRESENT | VERIFIED | ATTESTED}),
        ("PASSKEY_MALFORMED", {"data": OMAR.data(PRESENT | VERIFIED, 1, OMAR.rp_id)[:36]}),
    ],
)
def test_what_was_signed_otherwise_is_refused(code: str, signed: dict[str, Any]) -> None:
    assert judge(approved(**signed)).code == code


def test_a_passkey_that_lies_on_several_devices_counts() -> None:
    assert judge(approved(flags=PRESENT | VERIFIED | ELIGIBLE | BACKED_UP)).verified


@pytest.mark.parametrize(
    ("code", "listed"),
    [
        ("PASSKEY_UNKNOWN", {"id": OTHER.passkey().id}),
        ("PASSKEY_SIGNATURE_BAD", {"public_key": OTHER.passkey().public_key}),
        ("PASSKEY_WRONG_ORIGIN", {"origin": "https://page.example.org"}),
        ("PASSKEY_WRONG_SITE", {"rp_id": "page.example.org"}),
        ("PASSKEY_REVOKED", {"revoked_at": "2026-03-01T00:00:00Z"}),
        ("PASSKEY_NOT_YET", {"registered_at": "2027-01-01T00:00:00Z"}),
        ("PASSKEY_KEY_UNSUPPORTED", {"public_key": base64url.encode(b"\x04" + bytes(64))}),
        ("PASSKEY_KEY_UNSUPPORTED", {"public_key": "AA"}),
    ],
)
def test_a_passkey_that_the_facts_do_not_vouch_for_is_refused(code: str, listed: dict[str, Any]) -> None:
    assert judge(approved(listed=listed)).code == code


def test_a_passkey_of_somebody_else_is_refused() -> None:
    """Bo's passkey in bo's facts; the statement says omar."""
    whole = approved()
    assert whole.approvals[1].predicate.person == "omar"

    def swapped(document: Any) -> Any:
        document["people"]["bo"]["passkeys"] = document["people"]["omar"].pop(
            "passkeys", [OMAR.passkey().model_dump(mode="json")]
        )
        return document

    def approval(document: Any) -> Any:
        document["predicate"] |= orjson.loads(
            whole.approvals[1].predicate.model_dump_json(include={"assurance", "passkey"})
        )
        return document

    assert judge(package({"facts": swapped, "approval/2": approval})).code == "PASSKEY_UNKNOWN"


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("PASSKEY_MISSING", mutation.remove("/predicate/passkey")),
        ("CONTRACT_INVALID", mutation.put("/predicate/passkey", None)),
        ("APPROVAL_DIFFERS", mutation.put("/predicate/assurance", "link")),
    ],
)
def test_the_assurance_and_the_signature_go_together(code: str, after: Change) -> None:
    assert judge(approved(after=after, demanded=False)).code == code
    assert not judge(approved(after=after)).verified


FREE = {"/subject/0/name", "/predicate/decided_at"}
"""What the witness alone says. Even the nonce and the reason are the person's own here."""
FIELDS = list(mutation.leaves(orjson.loads(approved().approvals[1].model_dump_json(by_alias=True))))


@pytest.mark.parametrize("where", FIELDS)
def test_every_field_of_it_that_is_changed_and_witnessed_again_is_refused(where: str) -> None:
    """The witness signs whatever it is given: the person's own signature still tells."""
    assert judge(approved(after=mutation.mutate(where))).verified is (where in FREE)
