"""What `verify_handoff` refuses, and with which code. Each case is judged by the independent verifier too."""

import base64
import dataclasses
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cutover.contracts.envelope import IN_TOTO_TYPE
from cutover.contracts.handoff import HANDOFF_TYPE
from cutover.contracts.policy import TRUST_TYPE, TrustFile
from cutover.domain import canonical
from cutover.domain.verification import OPTIONAL, STEPS, Anchor, verify_handoff
from tests.builders import (
    AS_OF,
    BOUND_AT,
    CLOSES_AT,
    DECIDED_AT,
    DEPLOYMENT,
    OPENS_AT,
    OTHER_DEPLOYMENT,
    Deployment,
    Key,
    Package,
    instant,
    package,
    seal,
)
from tests.verifier.judging import judge
from tests.verifier.mutation import put, remove

WHOLE = package()
SECOND = timedelta(seconds=1)


def code(given: Package = WHOLE, **more: Any) -> str:
    return judge(given, **more).code


def changed(name: str, where: str, value: Any) -> Package:
    return package({name: put(where, value)})


# The report


def test_a_whole_package_passes_every_step() -> None:
    report = judge(WHOLE, at=OPENS_AT, queue_arn=WHOLE.handoff.queue_arn)
    assert [(step.number, step.name, step.code) for step in report.steps] == [
        (number, name, "NOT_GIVEN" if name in OPTIONAL else "OK") for number, name in enumerate(STEPS, 1)
    ]
    assert report.verified
    assert report.handoff == WHOLE.handoff
    assert report.document()["handoff"]["handoff_id"] == WHOLE.handoff.handoff_id
    assert canonical.decode(canonical.encode(report.document()))["verified"] is True


def test_without_a_root_nothing_is_said_of_the_message() -> None:
    report = verify_handoff(WHOLE.message, trust=None, documents=WHOLE.documents, now=OPENS_AT)
    assert not report.verified
    assert not report.anchored
    assert report.code == "UNANCHORED"
    assert {step.outcome for step in report.steps[1:8]} == {"skipped"}
    assert {step.outcome for step in report.steps[8:]} == {"not given"}
    assert report.document()["handoff"] is None


def test_a_failure_hides_what_the_message_says() -> None:
    report = judge(WHOLE, at=CLOSES_AT)
    assert report.code == "WINDOW_NOT_OPEN"
    assert report.handoff is None
    assert report.manifest is None
    assert [step.outcome for step in report.steps] == ["ok"] * 6 + ["failed", "ok"] + ["not given"] * 2


def test_steps_that_stand_on_a_failed_one_are_skipped_and_others_run() -> None:
    report = judge(WHOLE, documents={})
    assert [step.outcome for step in report.steps] == ["ok"] * 4 + ["failed", "skipped", "ok", "skipped"] + [
        "not given"
    ] * 2
    assert report.code == "DOCUMENT_MISSING"


def test_a_cutover_verifies_with_its_own_policy_as_anchor() -> None:
    anchor = Anchor.of_policy(DEPLOYMENT.root(), DEPLOYMENT.facts())
    report = verify_handoff(WHOLE.message, trust=anchor, documents=WHOLE.documents, now=OPENS_AT)
    assert report.verified
    assert report.root == canonical.digest_model(DEPLOYMENT.root())


# 1. Trust


def test_a_trust_file_counts_until_it_ends() -> None:
    ends = DEPLOYMENT.trust_bundle().expires_at
    assert code(now=ends - SECOND) == "VERIFIED"
    assert code(now=ends) == "TRUST_EXPIRED"


def test_the_pinned_fingerprint_is_compared() -> None:
    def pinned(fingerprint: str) -> str:
        return verify_handoff(
            WHOLE.message, trust=WHOLE.trust, documents=WHOLE.documents, now=OPENS_AT, fingerprint=fingerprint
        ).code

    assert pinned(canonical.digest_model(DEPLOYMENT.root())) == "VERIFIED"
    assert pinned(canonical.digest_model(OTHER_DEPLOYMENT.root())) == "WRONG_ROOT"


def trusting(*owners: Key, root: Any = None, **changes: Any) -> bytes:
    payload = canonical.encode_model(DEPLOYMENT.trust_bundle().model_copy(update=changes))
    file = TrustFile(root=root or DEPLOYMENT.root(), bundle=seal(TRUST_TYPE, payload, *owners))
    return canonical.encode_model(file)


@pytest.mark.parametrize(
    ("trust", "wanted"),
    [
        (trusting(*DEPLOYMENT.owners), "VERIFIED"),
        (trusting(DEPLOYMENT.owners[0]), "POLICY_NOT_SIGNED_BY_BOTH"),
        (trusting(DEPLOYMENT.owners[0], DEPLOYMENT.owners[0]), "POLICY_NOT_SIGNED_BY_BOTH"),
        (trusting(*OTHER_DEPLOYMENT.owners), "POLICY_NOT_SIGNED_BY_BOTH"),
        (trusting(*DEPLOYMENT.owners, audience=OTHER_DEPLOYMENT.audience), "WRONG_AUDIENCE"),
        (trusting(*DEPLOYMENT.owners, keys=()), "UNTRUSTED_SIGNATURE"),
        (trusting(*DEPLOYMENT.owners, root=OTHER_DEPLOYMENT.root()), "POLICY_NOT_SIGNED_BY_BOTH"),
        (OTHER_DEPLOYMENT.trust_file(), "UNTRUSTED_SIGNATURE"),
        (b"", "TRUST_INVALID"),
        (b"{}", "TRUST_INVALID"),
        (WHOLE.trust + b"\n", "TRUST_INVALID"),
        (b'"' + b"x" * 1_048_576 + b'"', "TRUST_INVALID"),
    ],
)
def test_only_what_both_owners_signed_is_trusted(trust: bytes, wanted: str) -> None:
    assert code(trust=trust) == wanted


# 2 and 3. The message


@pytest.mark.parametrize("purpose", ["bind", "decide", "ledger", "candidate", "receipt"])
@pytest.mark.parametrize("document", ["handoff", "manifest", "approval/1", "candidate"])
def test_a_document_signed_for_another_purpose_is_refused(document: str, purpose: str) -> None:
    right = {"manifest": "bind", "approval/1": "decide", "candidate": "candidate"}.get(document)
    given = package(signers={document: DEPLOYMENT.key(purpose)})
    assert code(given) == ("VERIFIED" if purpose == right else "WRONG_KEY_PURPOSE")


@pytest.mark.parametrize("document", ["handoff", "manifest", "approval/1", "approval/2", "candidate"])
def test_a_document_signed_by_a_stranger_is_refused(document: str) -> None:
    assert code(package(signers={document: Key("stranger")})) == "UNTRUSTED_SIGNATURE"


def test_an_envelope_of_another_type_is_refused() -> None:
    payload = canonical.encode_model(WHOLE.handoff)
    message = canonical.encode_model(seal(IN_TOTO_TYPE, payload, DEPLOYMENT.key("handoff")))
    assert code(message=message) == "WRONG_PAYLOAD_TYPE"


def test_a_payload_that_leaves_out_a_default_is_refused() -> None:
    """One document has one spelling: ``inclusion`` is null, not missing."""
    assert code(package({"handoff": remove("/inclusion")})) == "CONTRACT_INVALID"
    assert code(package({"manifest": remove("/predicate/predecessor")})) == "CONTRACT_INVALID"


@pytest.mark.parametrize("document", ["handoff", "manifest", "approval/1", "bundle", "lineage", "hold-register"])
@pytest.mark.parametrize("key", ["verdict", "go_no_go", "risk_score", "recommendation", "command", "note"])
def test_a_key_that_the_contract_does_not_know_is_refused(document: str, key: str) -> None:
    assert code(package({document: lambda said: {**said, key: "go"}})) == "CONTRACT_INVALID"


def test_a_receiver_refuses_what_is_meant_for_another_queue() -> None:
    assert code(queue_arn=WHOLE.handoff.queue_arn) == "VERIFIED"
    assert code(queue_arn=OTHER_DEPLOYMENT.queue_arn) == "WRONG_QUEUE"


@pytest.mark.parametrize(
    ("where", "value", "wanted"),
    [
        ("/audience", OTHER_DEPLOYMENT.audience, "WRONG_AUDIENCE"),
        ("/handoff_id", "sha256:" + "0" * 64, "HANDOFF_ID_DIFFERS"),
        ("/queue_arn", OTHER_DEPLOYMENT.queue_arn, "HANDOFF_ID_DIFFERS"),
        ("/cutover", "service@production.2", "MANIFEST_DIFFERS"),
        ("/revision", 2, "MANIFEST_DIFFERS"),
        ("/revision", True, "CONTRACT_INVALID"),
        ("/approvals", [], "CONTRACT_INVALID"),
    ],
)
def test_the_message_says_what_the_manifest_binds(where: str, value: Any, wanted: str) -> None:
    assert code(changed("handoff", where, value)) == wanted


def test_the_manifest_of_another_release_is_refused() -> None:
    other = changed("candidate", "/sequence", 2)
    assert code(other) == "VERIFIED"
    envelope = canonical.decode(canonical.encode_model(other.handoff))["manifest"]
    assert code(changed("handoff", "/manifest", envelope)) == "HANDOFF_ID_DIFFERS"


# 6. Approvals


def with_approvals(change: Callable[[list[Any]], list[Any]], given: Package | None = None) -> Package:
    """The message with its approvals rearranged, signed again by the hand-off key."""
    donor = [envelope.model_dump(mode="json") for envelope in given.handoff.approvals] if given else []
    return package({"handoff": lambda said: {**said, "approvals": change([*said["approvals"], *donor])}})


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda both: both[:1], "QUORUM_INCOMPLETE"),
        (lambda both: both[1:], "QUORUM_INCOMPLETE"),
        (lambda both: [both[0], both[0]], "APPROVED_TWICE"),
        (lambda both: [*both, both[1]], "APPROVED_TWICE"),
        (lambda both: both[::-1], "VERIFIED"),
    ],
)
def test_approvals_deleted_doubled_or_reordered(change: Any, wanted: str) -> None:
    """Their order says nothing, so the hand-off key may choose it; anything else needs a decide key."""
    assert code(with_approvals(change)) == wanted


def test_approvals_of_another_manifest_are_refused() -> None:
    other = changed("candidate", "/sequence", 2)
    assert code(with_approvals(lambda four: four[2:], other)) == "APPROVAL_DIFFERS"
    assert code(with_approvals(lambda four: [four[0], four[3]], other)) == "APPROVAL_DIFFERS"


def test_a_manifest_in_the_place_of_an_approval_is_refused() -> None:
    swapped = package({"handoff": lambda said: {**said, "approvals": [said["manifest"], said["approvals"][1]]}})
    assert code(swapped) == "CONTRACT_INVALID"


@pytest.mark.parametrize(
    ("approvers", "wanted"),
    [
        (("erin", "omar"), "VERIFIED"),
        (("bo", "omar"), "VERIFIED"),
        (("erin", "bo"), "VERIFIED"),
        (("bo", "bo"), "APPROVED_TWICE"),
        (("erin", "erin"), "NOT_ELIGIBLE"),
        (("omar", "erin"), "NOT_ELIGIBLE"),
        (("erin", "dana"), "REQUESTER_MAY_NOT_APPROVE"),
        (("dana", "omar"), "REQUESTER_MAY_NOT_APPROVE"),
        (("erin", "nobody"), "NOT_ELIGIBLE"),
        (("erin",), "QUORUM_INCOMPLETE"),
        (("erin", "omar", "bo"), "VERIFIED"),
    ],
)
def test_the_quorum_is_of_distinct_eligible_people(approvers: tuple[str, ...], wanted: str) -> None:
    assert code(package(approvers=approvers)) == wanted


@pytest.mark.parametrize(
    ("where", "value", "wanted"),
    [
        ("/decision", "refuse", "APPROVAL_DIFFERS"),
        ("/audience", OTHER_DEPLOYMENT.audience, "APPROVAL_DIFFERS"),
        ("/cutover", "service@production.2", "APPROVAL_DIFFERS"),
        ("/revision", 2, "APPROVAL_DIFFERS"),
        ("/role", "security", "NOT_ELIGIBLE"),
        ("/role", "operations", "NOT_ELIGIBLE"),
        ("/facts", "sha256:" + "0" * 64, "APPROVAL_FACTS_MISSING"),
        ("/decided_at", "2026-03-02T09:02:59Z", "APPROVAL_OUT_OF_TIME"),
        ("/decided_at", "2026-03-02T09:03:00Z", "VERIFIED"),
        ("/decided_at", "2026-03-03T21:59:59Z", "VERIFIED"),
        ("/decided_at", "2026-03-03T22:00:00Z", "APPROVAL_OUT_OF_TIME"),
        ("/decided_at", "2025-12-31T23:59:59Z", "KEY_NOT_VALID"),
        ("/answers", None, "APPROVAL_UNANSWERED"),
        ("/answers/intent", False, "APPROVAL_UNANSWERED"),
        ("/answers/destination", False, "APPROVAL_UNANSWERED"),
        ("/answers/risk_class", "low", "APPROVAL_DIFFERS"),
        ("/answers/exceptions", [], "APPROVAL_DIFFERS"),
    ],
)
def test_an_approval_is_of_this_manifest_in_time_and_answered(where: str, value: Any, wanted: str) -> None:
    assert code(changed("approval/1", f"/predicate{where}", value)) == wanted


def test_a_role_that_demands_a_passkey_is_not_satisfied_by_a_link() -> None:
    def demand(rules: Any) -> Any:
        return put("/signers/production/0/assurance", "passkey")(rules)

    given = {"rules": demand}
    assert code(package(given)) == "ASSURANCE_TOO_WEAK"
    passkey = put("/predicate/assurance", "passkey")
    assert code(package({**given, "approval/1": passkey})) == "PASSKEY_MISSING"


def test_a_manifest_that_asks_for_less_than_the_rules_is_refused() -> None:
    fewer = package({"manifest": remove("/predicate/signers/1")}, approvers=("erin",))
    assert code(fewer) == "BINDING_DIFFERS"


def test_two_seats_of_one_role_need_two_people() -> None:
    two = put("/signers/production/1/count", 2)
    assert code(package({"rules": two})) == "QUORUM_INCOMPLETE"


# Times of keys


@dataclasses.dataclass(frozen=True)
class Rekeyed(Deployment):
    """A deployment of which one key has another validity."""

    purpose: str = ""
    changes: tuple[tuple[str, Any], ...] = ()

    def trusted_keys(self) -> Any:
        return tuple(
            key.model_copy(update=dict(self.changes)) if key.purpose == self.purpose else key
            for key in super().trusted_keys()
        )


@pytest.mark.parametrize(
    ("purpose", "recorded"),
    [("bind", BOUND_AT), ("decide", DECIDED_AT[1]), ("handoff", OPENS_AT), ("candidate", instant("2026-03-02T09:01"))],
)
def test_a_key_is_judged_at_the_time_that_cutover_recorded(purpose: str, recorded: Any) -> None:
    def outcome(**changes: Any) -> str:
        return code(package(deployment=Rekeyed(purpose=purpose, changes=tuple(changes.items()))))

    assert outcome(not_after=recorded + SECOND) == "VERIFIED"
    assert outcome(not_after=recorded) == "KEY_NOT_VALID"
    assert outcome(revoked_at=recorded + SECOND) == "VERIFIED"
    assert outcome(revoked_at=recorded) == "KEY_REVOKED"


def test_a_handoff_key_must_still_count_when_the_receiver_judges() -> None:
    given = package(deployment=Rekeyed(purpose="handoff", changes=(("revoked_at", OPENS_AT + SECOND),)))
    assert code(given, at=OPENS_AT) == "VERIFIED"
    assert code(given, at=OPENS_AT + SECOND) == "KEY_REVOKED"


def test_a_key_for_other_products_announces_nothing_here() -> None:
    def scoped(*products: str) -> Package:
        return package(deployment=Rekeyed(purpose="candidate", changes=(("products", products),)))

    assert code(scoped("service", "web")) == "VERIFIED"
    assert code(scoped("web")) == "OUT_OF_SCOPE"


# 7. Window


@pytest.mark.parametrize(
    ("at", "wanted"),
    [
        (AS_OF, "WINDOW_NOT_OPEN"),
        (OPENS_AT - SECOND, "WINDOW_NOT_OPEN"),
        (OPENS_AT, "VERIFIED"),
        (CLOSES_AT - SECOND, "VERIFIED"),
        (CLOSES_AT, "WINDOW_NOT_OPEN"),
    ],
)
def test_the_window_is_half_open(at: Any, wanted: str) -> None:
    assert code(at=at) == wanted


@pytest.mark.parametrize(
    ("where", "value", "wanted"),
    [
        ("/not_before", "2026-03-03T19:59:59Z", "WINDOW_EXCEEDED"),
        ("/not_before", "2026-03-03T22:00:00Z", "WINDOW_EXCEEDED"),
        ("/not_after", "2026-03-03T22:00:01Z", "WINDOW_EXCEEDED"),
        ("/not_after", "2026-03-03T20:00:00Z", "WINDOW_EXCEEDED"),
        ("/not_after", "2026-03-03T20:00:01Z", "VERIFIED"),
    ],
)
def test_the_message_counts_only_within_the_manifest(where: str, value: str, wanted: str) -> None:
    assert code(changed("handoff", where, value)) == wanted


def test_a_message_may_not_outlive_its_manifests_validity() -> None:
    shorter = put("/predicate/valid_until", "2026-03-03T21:00:00Z")
    assert code(package({"manifest": shorter})) == "VERIFIED"
    outlives = {"manifest": shorter, "handoff": put("/not_after", "2026-03-03T21:00:01Z")}
    assert code(package(outlives)) == "WINDOW_EXCEEDED"


# Robustness


@pytest.mark.parametrize(
    "content", [b"", b"null", b"[]", b"{}", b'"x"', b"\xff", b"1e999", b"[" * 10_000, b"{" * 10_000]
)
def test_messages_that_are_no_envelope_are_refused(content: bytes) -> None:
    assert code(message=content) in {"NOT_CANONICAL", "NOT_AN_ENVELOPE"}


def test_a_message_that_no_queue_would_carry_is_refused() -> None:
    assert code(message=b" " * 1_048_577) == "DOCUMENT_TOO_LARGE"


@pytest.mark.parametrize("payload", [b"", b"null", b"[]", b"{}", b'{"a":1.5}', b"\xff", b"[" * 5_000])
@pytest.mark.parametrize("document", ["handoff", "manifest", "approvals", "rules", "candidate", "bundle"])
def test_any_payload_with_a_good_signature_is_judged_without_raising(document: str, payload: bytes) -> None:
    if document == "handoff":
        message = canonical.encode_model(seal(HANDOFF_TYPE, payload, DEPLOYMENT.key("handoff")))
        assert not judge(WHOLE, message=message).verified
    elif document in {"manifest", "approvals"}:
        key = DEPLOYMENT.key("bind" if document == "manifest" else "decide")
        sealed = seal(IN_TOTO_TYPE, payload, key).model_dump(mode="json", by_alias=True)
        value = sealed if document == "manifest" else [sealed]
        assert not judge(changed("handoff", f"/{document}", value)).verified
    else:
        stored = WHOLE.names[document]
        digest = canonical.digest(payload)
        given = package({"handoff": lambda said: _listing(said, document, digest, len(payload))})
        documents = {**given.documents, digest: payload}
        assert not judge(given, documents=documents).verified
        assert stored in given.documents


def _listing(said: Any, name: str, digest: str, size: int) -> Any:
    listed = [
        {**each, "digest": digest, "size": max(size, 1)} if each["name"] == name else each for each in said["documents"]
    ]
    return {**said, "documents": listed}


def test_base64_is_standard_everywhere() -> None:
    odd = base64.b64encode(b"\xfb\xff\xfe").decode().replace("+", "-").replace("/", "_")
    assert code(changed("handoff", "/manifest/payload", odd)) == "CONTRACT_INVALID"


# Facts that change between two decisions


def decided_under_other_facts(change: Callable[[Any], Any]) -> tuple[Package, dict[str, bytes]]:
    """The second decision was made under newer facts, which the message lists as ``facts/2``."""
    payload = canonical.encode(change(canonical.decode(canonical.encode_model(WHOLE.facts))))
    sealed = DEPLOYMENT.sealed_facts(payload)
    digest = canonical.digest(sealed)
    added = {"name": "facts/2", "digest": digest, "size": len(sealed)}

    def listed(said: Any) -> Any:
        documents = said["documents"]
        after = [each["name"] for each in documents].index("facts/1") + 1
        return {**said, "documents": [*documents[:after], {**documents[0], **added}, *documents[after:]]}

    named = put("/predicate/facts", canonical.digest(payload))
    given = package({"approval/2": named, "handoff": listed})
    return given, {**given.documents, digest: sealed}


def test_each_decision_is_judged_under_the_facts_that_it_names() -> None:
    given, documents = decided_under_other_facts(put("/version", 2))
    assert code(given, documents=documents) == "VERIFIED"
    assert code(given) == "DOCUMENT_MISSING"


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (put("/people/omar/roles", []), "NOT_ELIGIBLE"),
        (remove("/people/omar"), "NOT_ELIGIBLE"),
        (remove("/people/dana"), "REQUESTER_UNMAPPED"),
        (put("/people/bo/identities", ["dana@ci"]), "REQUESTER_UNMAPPED"),
        (put("/people/erin/roles", []), "VERIFIED"),
        (put("/audience", OTHER_DEPLOYMENT.audience), "WRONG_AUDIENCE"),
    ],
)
def test_who_lost_the_role_before_deciding_does_not_count(change: Any, wanted: str) -> None:
    given, documents = decided_under_other_facts(change)
    assert code(given, documents=documents) == wanted


def test_facts_that_no_decision_names_are_refused() -> None:
    given, documents = decided_under_other_facts(put("/version", 2))
    unused = package({"handoff": put("/documents", [each.model_dump(mode="json") for each in given.handoff.documents])})
    assert code(unused, documents=documents) == "PACKAGE_DIFFERS"


# Waivers


def test_a_manifest_may_not_outlive_a_waiver() -> None:
    def valid_until(end: str) -> str:
        within = put("/not_after", "2026-03-03T22:00:00Z")
        return code(package({"manifest": put("/predicate/valid_until", end), "handoff": within}))

    assert valid_until("2026-03-05T00:00:00Z") == "VERIFIED"
    assert valid_until("2026-03-05T00:00:01Z") == "WAIVER_DIFFERS"


@pytest.mark.parametrize(
    ("where", "value", "wanted"),
    [
        ("/holds", [], "HOLD_DIFFERS"),
        ("/holds/0/severity", "deny", "HOLD_DIFFERS"),
        ("/holds/0/resolution", None, "CONTRACT_INVALID"),
        ("/holds/0/resolution/expires_at", "2027-01-01T00:00:00Z", "WAIVER_DIFFERS"),
        ("/holds/0/resolution/waiver", WHOLE.names["bundle"], "WAIVER_DIFFERS"),
        ("/holds/0/field", "/rollback/steps/0/trigger", "HOLD_DIFFERS"),
    ],
)
def test_a_waived_field_needs_its_hold_and_its_waiver(where: str, value: Any, wanted: str) -> None:
    assert code(changed("hold-register", where, value)) == wanted


def test_a_waiver_needs_a_key_for_waivers_at_the_time_of_the_checks() -> None:
    keys = canonical.decode(canonical.encode_model(DEPLOYMENT.trust_bundle()))["keys"]
    number = [key["purpose"] for key in keys].index("waiver")

    def trusted(**changes: Any) -> str:
        return code(package({"trust": put(f"/keys/{number}", {**keys[number], **changes})}))

    assert trusted(revoked_at="2026-03-02T09:02:01Z") == "VERIFIED"
    assert trusted(revoked_at="2026-03-02T09:02:00Z") == "KEY_REVOKED"
    assert trusted(purpose="receipt") == "WRONG_KEY_PURPOSE"
    assert trusted(products=["web", "service"]) == "VERIFIED"
    assert trusted(products=["web"]) == "OUT_OF_SCOPE"


def test_a_held_field_cannot_stand_in_a_bundle() -> None:
    where = "/rollback/steps/0/drilled_at"
    held = package({"bundle": remove(f"{where}/waiver")})
    assert code(held) == "CONTRACT_INVALID"
    removed = package({"bundle": remove(where)})
    assert code(removed) == "CONTRACT_INVALID"
