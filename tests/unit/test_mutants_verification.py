"""What a verification says, word for word: each comparison alone broken, and the reason that is given for it.

A receiver reads these reasons, and each of them shows that it was this comparison that failed, and no other.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cutover.contracts.candidate import Candidate
from cutover.contracts.policy import TrustFile
from cutover.domain import canonical, holds
from cutover.domain import envelope as dsse
from cutover.domain.handoff_id import handoff_id
from cutover.domain.verification import Anchor, verify_handoff
from cutover.domain.verification.documents import _candidate, _Shelf
from cutover.domain.verification.message import Bound
from cutover.domain.verification.reading import equal, read
from cutover.domain.verification.report import STEPS, Report, Step
from cutover.domain.verification.times import check_window, signed_after
from cutover.domain.verification.translated import Made
from cutover.errors import Refused
from tests.builders import CLOSES_AT, DEPLOYMENT, EMERGENCY, OPENS_AT, OTHER_DEPLOYMENT, Package, package
from tests.verifier.mutation import put

WHOLE = package()
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
NO_DIGEST = "sha256:" + "0" * 64
DEV, OTHER = DEPLOYMENT.audience, OTHER_DEPLOYMENT.audience
QUEUE = "arn:aws:sqs:eu-central-1:123456789012:another.fifo"
CONFIRMED = "erin approved without confirming what is asked"
NEITHER = "the message would count outside of the manifest's window or validity"


def verified(given: Package = WHOLE, **more: Any) -> Report:
    asked: dict[str, Any] = {"trust": given.trust, "documents": given.documents, "now": OPENS_AT} | more
    return verify_handoff(asked.pop("message", given.message), **asked)


def said(report: Report) -> tuple[str, str]:
    return report.code, DIGEST.sub("sha256:…", report.detail)


ONE_VALUE: list[tuple[str, str, Any, str, str]] = [
    ("candidate", "/audience", OTHER, "BINDING_DIFFERS", f"the candidate's audience is {OTHER}, wanted {DEV}"),
    ("candidate", "/target", "staging", "BINDING_DIFFERS", "the candidate's target is staging, wanted production"),
    ("candidate", "/window", "w-2", "BINDING_DIFFERS", "the candidate's window is w-2, wanted tuesday-evening"),
    ("candidate", "/product", "other", "BINDING_DIFFERS", "the cutover's product is service, wanted other"),
    (
        "candidate", "/expires_at", "2026-03-03T21:59:59Z",
        "BINDING_DIFFERS", "the manifest would be valid longer than its candidate",
    ),
    (
        "candidate", "/components/0/artifact/digest", NO_DIGEST,
        "BINDING_DIFFERS", "the digest of service is sha256:…, wanted sha256:…",
    ),
    (
        "candidate", "/requester", "x@ci",
        "WAIVER_NOT_PERMITTED", "it is not known who asked for the release or its change",
    ),
    (
        "bundle", "/cutover", "service@production.2",
        "BINDING_DIFFERS", "the bundle's cutover is service@production.2, wanted service@production.1",
    ),
    ("bundle", "/revision", 2, "BINDING_DIFFERS", "the bundle's revision is 2, wanted 1"),
    ("bundle", "/rules", NO_DIGEST, "BINDING_DIFFERS", "the bundle's rules is sha256:…, wanted sha256:…"),
    ("bundle", "/evidence_set", NO_DIGEST, "BINDING_DIFFERS", "the bundle's evidence set is sha256:…, wanted sha256:…"),
    (
        "bundle", "/as_of", "2026-03-02T09:02:01Z",
        "BINDING_DIFFERS", "the bundle's time is 2026-03-02 09:02:01+00:00, wanted 2026-03-02 09:02:00+00:00",
    ),
    ("lineage", "/bundle", NO_DIGEST, "BINDING_DIFFERS", "the lineage's bundle is sha256:…, wanted sha256:…"),
    (
        "hold-register", "/cutover", "service@production.2",
        "BINDING_DIFFERS", "the hold register's cutover is service@production.2, wanted service@production.1",
    ),
    ("hold-register", "/revision", 2, "BINDING_DIFFERS", "the hold register's revision is 2, wanted 1"),
    ("bundle", "/release/product/value", "x", "BINDING_DIFFERS", "the release's product is x, wanted service"),
    ("bundle", "/release/version/value", "9.9.9", "BINDING_DIFFERS", "the release's version is 9.9.9, wanted 1.4.0"),
    (
        "bundle", "/release/repository/value", "https://x",
        "BINDING_DIFFERS", "the release's repository is https://x, wanted https://example.com/shop/service",
    ),
    (
        "bundle", "/release/commit/value", "0" * 40,
        "BINDING_DIFFERS", f"the release's commit is {'0' * 40}, wanted 0123456789abcdef0123456789abcdef01234567",
    ),
    ("bundle", "/release/workflow/value", "x", "BINDING_DIFFERS", "the release's workflow is x, wanted release.yml"),
    ("bundle", "/release/run/value", "1", "BINDING_DIFFERS", "the release's run is 1, wanted 4711"),
    (
        "bundle", "/release/requester/value", "x@ci",
        "BINDING_DIFFERS", "the release's requester is x@ci, wanted dana@ci",
    ),
    (
        "bundle", "/release/rationale/value", "Why not?",
        "BINDING_DIFFERS", f"the release's rationale is Why not?, wanted {WHOLE.candidate.rationale}",
    ),
    ("bundle", "/release/target/value", "x", "BINDING_DIFFERS", "the release's target is x, wanted production"),
    ("bundle", "/release/window/value", "x", "BINDING_DIFFERS", "the release's window is x, wanted tuesday-evening"),
    (
        "bundle", "/release/environments/0/value", "x",
        "BINDING_DIFFERS", "the environments is ('x',), wanted ('production',)",
    ),
    ("bundle", "/components/0/name/value", "x", "BINDING_DIFFERS", "the components is ('x',), wanted ('service',)"),
    (
        "bundle", "/rollback/steps/0/drilled_at/hold", NO_DIGEST,
        "HOLD_DIFFERS", "/rollback/steps/0/drilled_at is waived, and the hold register does not say so",
    ),
    (
        "bundle", "/rollback/steps/0/drilled_at/waiver", NO_DIGEST,
        "HOLD_DIFFERS", "/rollback/steps/0/drilled_at is waived, and the hold register does not say so",
    ),
    (
        "hold-register", "/holds/0/fingerprint", NO_DIGEST,
        "HOLD_DIFFERS", "a hold's fingerprint is sha256:…, wanted sha256:…",
    ),
    ("hold-register", "/holds/0/id", NO_DIGEST, "HOLD_DIFFERS", "a hold's id is sha256:…, wanted sha256:…"),
    ("hold-register", "/holds/0/severity", "deny", "HOLD_DIFFERS", "a hold's severity is deny, wanted hold"),
    (
        "hold-register", "/holds/0/resolution/waiver", NO_DIGEST,
        "WAIVER_DIFFERS", "the waiver of /rollback/steps/0/drilled_at is not among the evidence",
    ),
    (
        "hold-register", "/holds/0/resolution/expires_at", "2026-03-05T00:00:01Z",
        "WAIVER_DIFFERS", "the waiver's end is 2026-03-05 00:00:00+00:00, wanted 2026-03-05 00:00:01+00:00",
    ),
    ("manifest", "/subject/0/digest/sha256", "0" * 64, "SUBJECT_DIFFERS", "bundle is sha256:…, wanted sha256:…"),
    ("manifest", "/subject/1/digest/sha256", "0" * 64, "SUBJECT_DIFFERS", "lineage is sha256:…, wanted sha256:…"),
    ("manifest", "/subject/2/digest/sha256", "0" * 64, "SUBJECT_DIFFERS", "hold-register is sha256:…, wanted sha256:…"),
    (
        "manifest", "/predicate/rules", NO_DIGEST,
        "DOCUMENT_DIFFERS", "the rules' digest is sha256:…, wanted sha256:…",
    ),
    (
        "manifest", "/predicate/facts", NO_DIGEST,
        "DOCUMENT_DIFFERS", "the first facts' digest is sha256:…, wanted sha256:…",
    ),
    (
        "manifest", "/predicate/evidence_set", NO_DIGEST,
        "DOCUMENT_DIFFERS", "the evidence set's digest is sha256:…, wanted sha256:…",
    ),
    (
        "manifest", "/predicate/candidate", NO_DIGEST,
        "DOCUMENT_DIFFERS", "the candidate in the evidence set is sha256:…, wanted sha256:…",
    ),
    ("manifest", "/predicate/audience", OTHER, "WRONG_AUDIENCE", f"the message's audience is {OTHER}, wanted {DEV}"),
    ("handoff", "/revision", 2, "MANIFEST_DIFFERS", "the manifest's revision is 1, wanted 2"),
    (
        "handoff", "/cutover", "service@production.2",
        "MANIFEST_DIFFERS", "the manifest's cutover is service@production.1, wanted service@production.2",
    ),
    ("handoff", "/audience", OTHER, "WRONG_AUDIENCE", f"the message's audience is {OTHER}, wanted {DEV}"),
    ("handoff", "/handoff_id", NO_DIGEST, "HANDOFF_ID_DIFFERS", "handoff_id is sha256:…, wanted sha256:…"),
    ("handoff", "/not_before", "2026-03-03T19:59:59Z", "WINDOW_EXCEEDED", NEITHER),
    ("handoff", "/not_before", "2026-03-03T22:00:00Z", "WINDOW_EXCEEDED", NEITHER),
    ("handoff", "/not_after", "2026-03-03T22:00:01Z", "WINDOW_EXCEEDED", NEITHER),
    ("handoff", "/documents/0/name", "x", "DOCUMENT_NOT_LISTED", "the message lists no bundle"),
    ("handoff", "/documents/0/digest", NO_DIGEST, "DOCUMENT_MISSING", "bundle (sha256:…) is not at hand"),
    ("handoff", "/documents/1/size", 1, "DOCUMENT_ALTERED", "lineage is not the document that the message names"),
    ("handoff", "/documents/2/name", "x", "DOCUMENT_NOT_LISTED", "the message lists no hold-register"),
    ("handoff", "/documents/3/name", "x", "DOCUMENT_NOT_LISTED", "the message lists no rules"),
    ("handoff", "/documents/5/name", "x", "DOCUMENT_NOT_LISTED", "the message lists no candidate"),
    ("handoff", "/documents/6/name", "x", "DOCUMENT_NOT_LISTED", "the message lists no evidence-set"),
    (
        "handoff", "/documents/7/name", "x",
        "PACKAGE_DIFFERS", "the message does not list exactly the documents of its package",
    ),
    ("evidence-set", "/candidate/size", 1, "DOCUMENT_DIFFERS", "evidence sha256:… is not 1 bytes"),
    (
        "approval/1", "/subject/0/digest/sha256", "0" * 64,
        "APPROVAL_DIFFERS", "an approval's subject is sha256:…, wanted sha256:…",
    ),
    (
        "approval/1", "/predicate/audience", OTHER,
        "APPROVAL_DIFFERS", f"an approval's audience is {OTHER}, wanted {DEV}",
    ),
    (
        "approval/1", "/predicate/cutover", "service@production.2",
        "APPROVAL_DIFFERS", "an approval's cutover is service@production.2, wanted service@production.1",
    ),
    ("approval/1", "/predicate/revision", 2, "APPROVAL_DIFFERS", "an approval's revision is 2, wanted 1"),
    ("approval/1", "/predicate/decision", "refuse", "APPROVAL_DIFFERS", "a decision is refuse, wanted approve"),
    (
        "approval/1", "/predicate/decided_at", "2026-03-02T09:02:59Z",
        "APPROVAL_OUT_OF_TIME", "erin decided outside of the manifest's validity",
    ),
    (
        "approval/1", "/predicate/facts", NO_DIGEST,
        "APPROVAL_FACTS_MISSING", "the facts under which erin decided are not in the package",
    ),
    ("approval/1", "/predicate/person", "x", "NOT_ELIGIBLE", "x does not hold the role release-engineering now"),
    ("approval/1", "/predicate/answers", None, "APPROVAL_UNANSWERED", CONFIRMED),
    ("approval/1", "/predicate/answers/intent", False, "APPROVAL_UNANSWERED", CONFIRMED),
    ("approval/1", "/predicate/answers/rollback_credible", False, "APPROVAL_UNANSWERED", CONFIRMED),
    ("approval/1", "/predicate/answers/timing", False, "APPROVAL_UNANSWERED", CONFIRMED),
    ("approval/1", "/predicate/answers/destination", False, "APPROVAL_UNANSWERED", CONFIRMED),
    (
        "approval/1", "/predicate/answers/exceptions", [],
        "APPROVAL_DIFFERS", "the exceptions that were confirmed is (), wanted ('sha256:…',)",
    ),
    (
        "approval/1", "/predicate/answers/risk_class", "low",
        "APPROVAL_DIFFERS", "the risk that was confirmed is low, wanted moderate",
    ),
    ("rules", "/signers/production/1/count", 3, "QUORUM_INCOMPLETE", "operations x 2"),
    (
        "rules", "/signers/production/0/role", "x",
        "ROLE_NOT_REQUIRED", "the manifest asks nobody as release-engineering",
    ),
    (
        "rules", "/signers/production/0/assurance", "passkey",
        "ASSURANCE_TOO_WEAK", "release-engineering must approve with a passkey",
    ),
    (
        "facts", "/people/ruth/roles", [],
        "WAIVER_NOT_PERMITTED", "ruth holds no role that may waive holds of family rollback",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("document", "where", "value", "code", "detail"), ONE_VALUE)
def test_each_comparison_gives_its_own_reason(document: str, where: str, value: Any, code: str, detail: str) -> None:
    assert said(verified(package({document: put(where, value)}))) == (code, detail)


OF_EMERGENCIES: list[tuple[str, str, Any, str, str]] = [
    (
        "manifest", "/predicate/emergency", "INC-1",
        "BINDING_DIFFERS", "the incident of the manifest is INC-1, wanted INC-4711",
    ),
    (
        "bundle", "/release/emergency/reason/value", "No.",
        "BINDING_DIFFERS", "why it cannot wait is No., wanted Every third order fails since noon.",
    ),
    (
        "approval/1", "/predicate/answers/emergency", False,
        "APPROVAL_DIFFERS", "whether an emergency was confirmed is False, wanted True",
    ),
    (
        "approval/2", "/predicate/reason", None,
        "APPROVAL_UNANSWERED", "omar approved an emergency without a reason",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("document", "where", "value", "code", "detail"), OF_EMERGENCIES)
def test_each_comparison_of_an_emergency_gives_its_own_reason(
    document: str, where: str, value: Any, code: str, detail: str
) -> None:
    assert said(verified(package(emergency=EMERGENCY))) == ("VERIFIED", "")
    assert said(verified(package({document: put(where, value)}, emergency=EMERGENCY))) == (code, detail)


def test_what_is_no_emergency_is_confirmed_as_none() -> None:
    confirmed = {"approval/1": put("/predicate/answers/emergency", True)}
    detail = "whether an emergency was confirmed is True, wanted None"
    assert said(verified(package(confirmed))) == ("APPROVAL_DIFFERS", detail)


def test_an_emergency_of_a_product_without_a_path_says_so() -> None:
    detail = "the emergency path of service asks operations less than production demands"
    changed = package({"rules": _other_path}, emergency=EMERGENCY)
    assert said(verified(changed)) == ("EMERGENCY_NOT_ALLOWED", detail)


def _other_path(rules: Any) -> Any:
    """Enough for another target, and less than this one demands."""
    alone = [{"role": "release-engineering", "count": 1, "assurance": "link"}]
    path = {**rules["emergency"]["service"], "signers": alone}
    return {**rules, "signers": {**rules["signers"], "staging": alone}, "emergency": {"service": path}}


def test_the_report_of_a_whole_package_is_this_document() -> None:
    digest = WHOLE.manifest_digest
    window = {
        "id": "tuesday-evening", "opens_at": "2026-03-03T20:00:00Z", "closes_at": "2026-03-03T22:00:00Z",
        "time_zone": "Europe/Berlin",
    }  # fmt: skip
    destination = {
        "target": "production", "environment": "production", "account": "123456789012",
        "queue_arn": DEPLOYMENT.queue_arn,
    }  # fmt: skip
    root = canonical.digest_model(DEPLOYMENT.root())
    details = (
        f"root {root}",
        "signed for hand-offs",
        f"service@production.1 revision 1 for {DEV}",
        f"manifest {digest}",
        f"{len(WHOLE.handoff.documents)} documents, as bound",
        "2 approvals, a quorum",
        "tuesday-evening, open at that instant",
        f"{len(WHOLE.lineage.entries)} fields, each found in its evidence",
    )
    assert verified(at=OPENS_AT).document() == {
        "schema": "cutover/verification-report/v1",
        "verified": True,
        "code": "VERIFIED",
        "root": root,
        "steps": [
            {"number": number, "name": name, "outcome": "ok", "code": "OK", "detail": detail}
            for number, (name, detail) in enumerate(zip(STEPS[:8], details, strict=True), 1)
        ]
        + [
            {
                "number": number,
                "name": name,
                "outcome": "not given",
                "code": "NOT_GIVEN",
                "detail": f"no {what} was given",
            }
            for number, name, what in ((9, "ledger", "ledger"), (10, "standing", "notice"))
        ],
        "handoff": {
            "handoff_id": WHOLE.handoff.handoff_id,
            "audience": DEV,
            "cutover": "service@production.1",
            "revision": 1,
            "destination": destination,
            "window": window,
            "not_before": "2026-03-03T20:00:00Z",
            "not_after": "2026-03-03T22:00:00Z",
            "bundle": WHOLE.names["bundle"],
            "emergency": None,
            "approvals": 2,
            "decided": [
                {
                    "role": role,
                    "person": person,
                    "decision": "approve",
                    "assurance": "link",
                    "decided_at": f"2026-03-02T1{number}:00:00Z",
                }
                for number, (role, person) in enumerate((("release-engineering", "erin"), ("operations", "omar")))
            ],
            "documents": len(WHOLE.handoff.documents),
        },
    }
    assert verified().steps[6].detail == "tuesday-evening, no instant to judge"


def test_the_report_of_a_failure_says_nothing_of_the_message() -> None:
    report = verified(trust=None)
    assert said(report) == ("UNANCHORED", "no trust file: nothing says whose signatures count")
    assert [(step.outcome, step.code, step.detail) for step in report.steps[1:]] == [
        ("skipped", "SKIPPED", "an earlier step failed")
    ] * 7 + [("not given", "NOT_GIVEN", f"no {what} was given") for what in ("ledger", "notice")]
    document = report.document()
    assert (document["verified"], document["code"], document["root"], document["handoff"]) == (
        False, "UNANCHORED", None, None,
    )  # fmt: skip


def test_a_report_that_lacks_something_is_no_proof() -> None:
    whole = verified()
    assert Report(whole.steps[:-1], whole.root, whole.handoff, whole.manifest).code == "INCOMPLETE"
    assert Report(whole.steps[:-1], whole.root, whole.handoff, whole.manifest).detail == ""
    assert Report(whole.steps, whole.root, None, whole.manifest).document()["handoff"] is None
    assert Report(whole.steps, whole.root, whole.handoff, None).document()["handoff"] is None
    skipped = (*whole.steps[:-1], Step("lineage", "skipped", "SKIPPED", ""))
    assert not Report(skipped, whole.root, whole.handoff, whole.manifest).verified
    assert Report(skipped, whole.root, whole.handoff, whole.manifest).document()["handoff"] is None


def moved(queue: str) -> Callable[[Any], Any]:
    """The hand-off for another queue, under the id that it would have there."""

    def change(message: Any) -> Any:
        return {**message, "queue_arn": queue, "handoff_id": handoff_id(WHOLE.manifest_digest, queue)}

    return change


def rekeyed(**changes: Any) -> Callable[[Any], Any]:
    """The candidate's key in the trust file, changed."""

    def change(trust: Any) -> Any:
        return {**trust, "keys": [each | changes if each["purpose"] == "candidate" else each for each in trust["keys"]]}

    return change


@pytest.mark.parametrize(
    ("alter", "wanted"),
    [
        (
            {"manifest": put("/predicate/audience", OTHER), "handoff": put("/audience", DEV)},
            ("MANIFEST_DIFFERS", f"the manifest's audience is {OTHER}, wanted {DEV}"),
        ),
        (
            {"handoff": moved(QUEUE)},
            ("MANIFEST_DIFFERS", f"the manifest's queue is {DEPLOYMENT.queue_arn}, wanted {QUEUE}"),
        ),
        (
            {"trust": rekeyed(products=["another"])},
            ("OUT_OF_SCOPE", "its signer does not count for service"),
        ),
        (
            {"approval/1": lambda one: {**one, "predicate": {**one["predicate"], "until": "2026-03-04T00:00:00Z"}}},
            (
                "APPROVAL_DIFFERS",
                "the time that an approval puts it off to is 2026-03-04 00:00:00+00:00, wanted None",
            ),
        ),
        (
            {"candidate": put("/product", "other"), "manifest": put("/predicate/cutover", "other@staging.1")},
            ("BINDING_DIFFERS", "the cutover's target is staging, wanted production"),
        ),
        (
            {
                "manifest": put("/predicate/valid_until", "2026-03-05T00:00:01Z"),
                "handoff": put("/not_after", "2026-03-03T22:00:00Z"),
            },
            ("WAIVER_DIFFERS", "the waiver of /rollback/steps/0/drilled_at ends before the manifest does"),
        ),
        (
            {"manifest": put("/predicate/bound_at", "2026-03-03T22:00:00Z")},
            ("APPROVAL_OUT_OF_TIME", "erin decided outside of the manifest's validity"),
        ),
    ],
)  # fmt: skip
def test_each_comparison_of_two_documents_gives_its_own_reason(alter: Any, wanted: tuple[str, str]) -> None:
    assert said(verified(package(alter))) == wanted


def of_another_field(register: Any) -> Any:
    """The hold register, its hold being a consistent one of another field than the waiver is for."""
    (hold,) = register["holds"]
    field = "/rollback/steps/0/trigger"
    mark = holds.fingerprint(hold["rule"], field, hold["subject"])
    moved_hold = hold | {"field": field, "fingerprint": mark, "id": holds.hold_id("service@production.1", 1, mark)}
    return register | {"holds": [moved_hold]}


@pytest.mark.parametrize(
    ("alter", "wanted"),
    [
        (
            {"hold-register": of_another_field},
            ("WAIVER_DIFFERS", "the waiver's fingerprint is sha256:…, wanted sha256:…"),
        ),
        (
            {"evidence-set": put("/candidate/unwraps", WHOLE.names["rules"])},
            ("EVIDENCE_NOT_UNWRAPPED", "it is not what is made of the evidence that it names"),
        ),
        (
            {"candidate": put("/sequence", "one")},
            ("CONTRACT_INVALID", "candidate: /sequence: Input should be a valid integer"),
        ),
    ],
)
def test_evidence_that_does_not_fit_gives_its_own_reason(alter: Any, wanted: tuple[str, str]) -> None:
    assert said(verified(package(alter))) == wanted


def test_the_candidate_is_the_one_of_the_evidence_set() -> None:
    """Whatever the manifest says of it: here, of both, another digest."""
    shelf = _Shelf(WHOLE.handoff.documents, WHOLE.documents)
    announced = WHOLE.evidence_set.candidate.model_copy(update={"sha256": NO_DIGEST})
    other = WHOLE.evidence_set.model_copy(update={"candidate": announced})
    anchor = Anchor.of_file(WHOLE.trust, now=OPENS_AT)
    made = Made(anchor=anchor, rules=WHOLE.rules, digest=canonical.digest_model(WHOLE.rules))
    assert _candidate(shelf, WHOLE.evidence_set, made) == WHOLE.candidate
    with pytest.raises(Refused) as refused:
        _candidate(shelf, other, made)
    assert refused.value.code == "DOCUMENT_DIFFERS"
    found = WHOLE.manifest.predicate.candidate
    assert refused.value.detail == f"the candidate's digest is {found}, wanted {NO_DIGEST}"


def test_a_message_was_signed_after_every_decision_in_it() -> None:
    def after(given: Package) -> Any:
        return signed_after(given.handoff, Bound(given.manifest, given.manifest_digest))

    assert after(WHOLE) == OPENS_AT
    late = put("/predicate/decided_at", "2026-03-03T21:00:00Z")
    assert after(package({"approval/1": late})) == OPENS_AT + timedelta(hours=1)
    assert after(package({"approval/2": late})) == OPENS_AT + timedelta(hours=1)
    unreadable = package({"approval/1": lambda _: None, "approval/2": late})
    assert after(unreadable) == OPENS_AT + timedelta(hours=1)
    bound_late = package({"manifest": put("/predicate/bound_at", "2026-03-03T20:30:00Z")})
    assert after(bound_late) == OPENS_AT + timedelta(minutes=30)


def test_who_approves_twice_or_under_facts_that_are_listed_twice_is_told_so() -> None:
    assert said(verified(package(approvers=("bo", "bo")))) == ("APPROVED_TWICE", "one person has approved twice")

    def twice(message: Any) -> Any:
        listed = message["documents"]
        after = [each["name"] for each in listed].index("facts/1") + 1
        return {**message, "documents": [*listed[:after], listed[after - 1] | {"name": "facts/2"}, *listed[after:]]}

    assert said(verified(package({"handoff": twice}))) == (
        "PACKAGE_DIFFERS", "the message lists the facts sha256:… twice",
    )  # fmt: skip


def test_a_lineage_that_leads_elsewhere_names_the_first_field_and_how_many_more() -> None:
    number, title = put("/change/number/value", "CHG-1a"), put("/change/title/value", "Another")
    says = "/change/number: /number of its evidence says otherwise"
    assert said(verified(package({"bundle": number}))) == ("VALUE_DIFFERS", says)
    two = package({"bundle": lambda bundle: title(number(bundle))})
    assert said(verified(two)) == ("VALUE_DIFFERS", f"{says} (and 1 more)")


def test_every_empty_seat_is_named() -> None:
    more = [put(f"/signers/production/{number}/count", 2) for number in (0, 1)]
    assert said(verified(package({"rules": lambda rules: more[1](more[0](rules))}))) == (
        "QUORUM_INCOMPLETE", "release-engineering x 1, operations x 1",
    )  # fmt: skip


def test_the_trust_file_says_what_is_wrong_with_it() -> None:
    fingerprint = canonical.digest_model(OTHER_DEPLOYMENT.root())
    assert said(verified(fingerprint=fingerprint)) == ("WRONG_ROOT", "the trust file's root is not the pinned one")
    too_large = b'"' + b"x" * 1_048_575 + b'"'
    assert said(verified(trust=too_large)) == (
        "TRUST_INVALID", "a trust file of 1048577 bytes; at most 1048576",
    )  # fmt: skip
    assert said(verified(trust=too_large[1:]))[1] != "a trust file of 1048576 bytes; at most 1048576"
    with pytest.raises(Refused) as pinned:
        Anchor.of_file(WHOLE.trust, now=OPENS_AT, fingerprint=fingerprint)
    assert pinned.value.mend == "pin the owners' root"
    assert verified(trust=b"{}").detail.startswith("trust file: /")


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ("candidate", "candidate"),
        ("evidence-set", "evidence set"),
        ("bundle", "bundle"),
        ("lineage", "lineage trace"),
        ("hold-register", "hold register"),
        ("manifest", "manifest"),
        ("approval/1", "approval"),
        ("handoff", "hand-off"),
    ],
)
def test_a_document_of_another_shape_is_named(document: str, name: str) -> None:
    report = verified(package({document: lambda said: {**said, "note": "x"}}))
    assert said(report) == ("CONTRACT_INVALID", f"{name}: /note: Extra inputs are not permitted")


def test_a_manifest_that_was_over_when_it_was_bound_is_refused() -> None:
    keys = tuple(key for key in DEPLOYMENT.trusted_keys() if key.purpose == "handoff")
    late = put("/predicate/bound_at", "2026-03-03T22:00:00Z")
    given = package({"manifest": late})
    envelope = dsse.parse(given.message)
    bound = Bound(given.manifest, given.manifest_digest)
    with pytest.raises(Refused) as refused:
        check_window(envelope, given.handoff, bound, keys, None)
    assert (refused.value.code, refused.value.detail) == (
        "WINDOW_EXCEEDED", "the manifest was over when it was bound",
    )  # fmt: skip


def test_a_trust_file_may_be_read_already() -> None:
    assert verified(trust=TrustFile.model_validate_json(WHOLE.trust)).verified


def test_the_message_says_what_is_wrong_with_it() -> None:
    large = b"x" * 1_048_577
    assert said(verified(message=large)) == (
        "DOCUMENT_TOO_LARGE", "a message of 1048577 bytes; at most 1048576",
    )  # fmt: skip
    assert verified(message=large[1:]).code != "DOCUMENT_TOO_LARGE"
    assert said(verified(queue_arn=QUEUE)) == (
        "WRONG_QUEUE", f"the message's queue is {DEPLOYMENT.queue_arn}, wanted {QUEUE}",
    )  # fmt: skip
    assert said(verified(trust=OTHER_DEPLOYMENT.trust_file())) == (
        "UNTRUSTED_SIGNATURE", "no key of the trust bundle has signed the message",
    )  # fmt: skip
    other_purpose = package(signers={"handoff": DEPLOYMENT.key("bind")})
    assert said(verified(other_purpose)) == (
        "WRONG_KEY_PURPOSE", "its signer is not trusted for purpose 'handoff'",
    )  # fmt: skip
    assert [step.outcome for step in verified(other_purpose).steps[:3]] == ["ok", "failed", "skipped"]
    assert said(verified(at=CLOSES_AT)) == (
        "WINDOW_NOT_OPEN",
        "it counts from 2026-03-03T20:00:00Z until just before 2026-03-03T22:00:00Z, not at 2026-03-03T22:00:00Z",
    )


def test_a_document_that_is_not_valid_says_its_first_five_faults() -> None:
    with pytest.raises(Refused) as refused:
        read(Candidate, b"{}", "candidate")
    assert refused.value.code == "CONTRACT_INVALID"
    assert refused.value.detail.startswith("candidate: /")
    assert refused.value.detail.count("; ") == 4
    assert re.fullmatch(r"candidate: (/\S*: [^;]+; ){4}/\S*: [^;]+", refused.value.detail)


def test_a_value_is_shown_up_to_two_hundred_characters() -> None:
    with pytest.raises(Refused) as refused:
        equal("DIFFERS", ("it", "a" * 200, "b" * 201))
    assert refused.value.detail == f"it is {'a' * 200}, wanted {'b' * 200}…"


def test_values_of_two_types_differ() -> None:
    with pytest.raises(Refused) as refused:
        equal("DIFFERS", ("one", 1, 1), ("it", 1, True))
    assert (refused.value.code, refused.value.detail) == ("DIFFERS", "it is 1, wanted True")
