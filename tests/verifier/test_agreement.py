"""Every field of every document, changed and signed again by whoever may sign it.

Changed without a new signature it is refused, always. Signed again, it is refused where two documents
bind it; what its signer alone decides is listed here, field by field, so that nobody adds to it unseen.
Both verifiers must agree on every case, which ``judge`` asserts.
"""

import ast
import base64
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from cutover.contracts.base import Model
from cutover.domain import canonical
from cutover.domain.coverage import coverage
from tests.builders import AS_OF, CLOSES_AT, EMERGENCY, OPENS_AT, OTHER_DEPLOYMENT, Package, instant, package
from tests.verifier import mutation
from tests.verifier.judging import MODELS, judge

OWN: dict[str, set[str]] = {
    "trust": {
        "/issued_at", "/expires_at",
        "/keys/*/id", "/keys/*/holder", "/keys/*/not_before", "/keys/*/not_after",
    },
    "rules": {
        "/version", "/attestations/*", "/contracts/*", "/families/*", "/evidence_max_age", "/drill_max_age",
        "/emergency/service/held_for", "/emergency/service/link_valid_for", "/emergency/service/reminders/*",
        "/emergency/service/deputies_after", "/emergency/service/after_action_within",
        "/held_for", "/link_valid_for", "/open_margin", "/close_margin", "/lease", "/probe_every", "/probe_before",
        "/waivable/*/*", "/allowances/*/replicas/maximum", "/allowances/*/replicas/minimum",
        "/builds/*/builders/*", "/builds/*/refs/*", "/builds/*/repositories/*", "/builds/*/workflows/*",
        "/change_states/approved/*", "/change_states/closed/*",
        "/rendering/version", "/rendering/cohorts/*/*", "/rendering/components/*/*", "/rendering/environments/*/*",
    },
    "facts": {
        "/version", "/issued_at", "/sources/*/bucket", "/trusted_root",
        "/teams/*/name", "/teams/*/channel", "/teams/*/escalation", "/teams/*/groups/*",
        "/people/*/name", "/people/*/email", "/people/*/team", "/people/*/roles/*",
        "/keys/*/id", "/keys/*/holder", "/keys/*/not_before", "/keys/*/not_after",
    },
    "candidate": {
        "/version", "/repository", "/commit", "/authority/workflow", "/authority/run", "/rationale",
        "/attestations/*/name", "/attestations/*/statement/digest", "/change/digest",
        "/components/*/provenance/digest", "/components/*/dependencies/digest", "/components/*/catalog/digest",
        "/rollout/digest", "/flags/digest", "/overlays/digest",
        "/rollback/criteria/*", "/rollback/plan/digest", "/waivers/*/digest",
        "/issued_at", "/sequence", "/expires_at", "/emergency/incident", "/emergency/reason",
    },
    "evidence-set": {
        "/as_of", "/candidate/source", "/candidate/record", "/candidate/version",
        "/candidate/fetched_at", "/candidate/media_type", "/candidate/received",
        "/collections/*/evidence/*/source", "/collections/*/evidence/*/record", "/collections/*/evidence/*/version",
        "/collections/*/evidence/*/fetched_at", "/collections/*/evidence/*/media_type",
        "/collections/*/evidence/*/received",
    },
    "bundle": {"/engine/version", "/engine/lock", "/engine/tzdata"},
    "lineage": set(),
    "hold-register": {
        "/holds/*/owner", "/holds/*/found", "/holds/*/wanted", "/holds/*/mend", "/holds/*/evidence/*",
        "/holds/*/opened_at", "/holds/*/opened_by", "/holds/*/expires_at",
    },
    "manifest": {
        "/predicate/bound_at", "/predicate/contracts/*", "/predicate/predecessor",
        "/predicate/destination/queue_arn",
    },
    "approval": {"/subject/*/name", "/predicate/reason", "/predicate/decided_at", "/predicate/nonce"},
    "handoff": {
        "/documents/*/bucket", "/documents/*/key", "/documents/*/version_id",
        "/ledger/sequence", "/ledger/entry", "/not_before",
    },
}  # fmt: skip
"""What the signer of a document alone decides: no other document of the package speaks of it.

The candidate's own fields are free because a different candidate is a different release; what it makes of
the rest follows it. The queue is the bind key's to name: a consumer compares its own (``queue_arn``).
"""
MAPS = (
    "attestations", "families", "teams", "people", "sources", "calendars", "signers", "severities", "waivable",
    "builds", "allowances", "components", "cohorts", "environments",
)  # fmt: skip
WHOLE = package()
DOCUMENTS: dict[str, Model] = {
    "trust": WHOLE.deployment.trust_bundle(),
    "rules": WHOLE.rules,
    "facts": WHOLE.facts,
    "candidate": WHOLE.candidate,
    "evidence-set": WHOLE.evidence_set,
    "bundle": WHOLE.bundle,
    "lineage": WHOLE.lineage,
    "hold-register": WHOLE.register,
    "manifest": WHOLE.manifest,
    "approval/1": WHOLE.approvals[0],
    "handoff": WHOLE.handoff,
}


URGENT = package(emergency=EMERGENCY)
URGENT_DOCUMENTS: dict[str, Model] = {
    "rules": URGENT.rules,
    "candidate": URGENT.candidate,
    "bundle": URGENT.bundle,
    "manifest": URGENT.manifest,
    "approval/1": URGENT.approvals[0],
}
"""Of an emergency: the documents that speak of it."""


def field(where: str) -> str:
    """A pointer with ``*`` for indexes and for the keys of maps."""
    parts = mutation.pattern(where).split("/")
    return "/".join("*" if index > 1 and parts[index - 1] in MAPS else part for index, part in enumerate(parts))


def fields(name: str, documents: Mapping[str, Model] = DOCUMENTS) -> dict[str, list[str]]:
    """The pointers of a document's values, by field."""
    found: dict[str, list[str]] = {}
    for where in mutation.leaves(orjson.loads(canonical.encode_model(documents[name]))):
        found.setdefault(field(where), []).append(where)
    return found


FIELDS = [(name, each) for name in DOCUMENTS for each in fields(name)]
URGENT_FIELDS = [
    (name, each) for name in URGENT_DOCUMENTS for each in fields(name, URGENT_DOCUMENTS) if "emergency" in each
] + [("approval/1", "/predicate/reason"), ("manifest", "/predicate/signers/*/role")]
URGENT_OWN = OWN["rules"] | OWN["candidate"] | OWN["approval"]


def test_the_whole_package_is_verified() -> None:
    assert judge(WHOLE).verified
    assert judge(WHOLE, at=OPENS_AT, queue_arn=WHOLE.handoff.queue_arn).verified


def consistent(name: str, where: str) -> Package | None:
    """The package with one value changed and everything after it made anew; None where assembling it fails."""
    try:
        return package({name: mutation.mutate(where)})
    except (AssertionError, KeyError):
        return None  # no bundle comes of such evidence: it is held, or nothing can be found


@pytest.mark.parametrize(("name", "each"), FIELDS)
def test_a_field_signed_again_is_refused_unless_it_is_its_signers_own(name: str, each: str) -> None:
    cases = fields(name)[each]
    if each not in OWN[name.partition("/")[0]]:
        changed = consistent(name, cases[0])
        assert changed is None or not judge(changed).verified
        return
    packages = (changed for where in cases if (changed := consistent(name, where)) is not None)
    assert any(judge(changed).verified for changed in packages), "it is refused by now: take it off the list"


@pytest.mark.parametrize(("name", "each"), URGENT_FIELDS)
def test_a_field_of_an_emergency_signed_again_is_refused_unless_it_is_its_signers_own(name: str, each: str) -> None:
    where = fields(name, URGENT_DOCUMENTS)[each][0]
    changed = package({name: mutation.mutate(where)}, emergency=EMERGENCY)
    assert judge(changed).verified == (each in URGENT_OWN)


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("candidate", "/emergency"), ("bundle", "/release/emergency"), ("manifest", "/predicate/emergency"),
        ("approval/1", "/predicate/answers/emergency"), ("rules", "/emergency"), ("rules", "/emergency/service"),
    ],
)  # fmt: skip
def test_an_emergency_that_one_document_is_silent_about_is_refused(name: str, where: str) -> None:
    """But for the candidate: without it, what is made of it is a usual release."""

    def silenced(document: Any) -> Any:
        return mutation.remove(where)(document)

    if name == "rules":
        with pytest.raises(KeyError):
            package({name: silenced}, emergency=EMERGENCY)
        return
    assert judge(package({name: silenced}, emergency=EMERGENCY)).verified == (name == "candidate")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"omar": {"email": "Erin+ops@EXAMPLE.com"}}, "PERSON_TWICE"),
        ({"bo": {"email": "omar@example.com"}}, "PERSON_TWICE"),
        ({"erin": {"slack": "U0001"}, "omar": {"slack": "U0001"}}, "PERSON_TWICE"),
        ({"dana": {"email": "erin+dana@example.com"}}, "REQUESTER_MAY_NOT_APPROVE"),
        ({"ruth": {"email": "dana+waives@example.com"}}, "WAIVER_BY_REQUESTER"),
    ],
)
def test_one_person_under_two_names_is_nobody(changes: dict[str, Any], code: str) -> None:
    def twice(facts: Any) -> Any:
        people = {name: {**person, **changes.get(name, {})} for name, person in facts["people"].items()}
        return {**facts, "people": people}

    assert judge(package({"facts": twice})).code == code


def test_an_emergency_path_that_asks_less_than_its_target_is_none() -> None:
    """Signed by both owners, and good enough for another target: here fewer people would decide."""

    def lenient(rules: Any) -> Any:
        alone = [{"role": "release-engineering", "count": 1, "assurance": "link"}]
        path = {**rules["emergency"]["service"], "signers": alone}
        return {**rules, "signers": {**rules["signers"], "staging": alone}, "emergency": {"service": path}}

    changed = package({"rules": lenient}, emergency=EMERGENCY, approvers=("erin",))
    assert len(changed.manifest.predicate.signers) == 1
    assert judge(changed).code == "EMERGENCY_NOT_ALLOWED"


@pytest.mark.parametrize("emergency", [None, EMERGENCY])
def test_the_seats_of_the_other_way_are_refused(emergency: Any) -> None:
    """The same people in another order: whose seats they are shows in nothing else."""

    def swapped_seats(manifest: Any) -> Any:
        predicate = manifest["predicate"]
        return {**manifest, "predicate": {**predicate, "signers": predicate["signers"][::-1]}}

    assert judge(package(emergency=emergency)).verified
    assert judge(package({"manifest": swapped_seats}, emergency=emergency)).code == "BINDING_DIFFERS"


SAID = [(name, each) for name, each in FIELDS if each in {"/schema", "/_type", "/predicateType"}]


@pytest.mark.parametrize(("name", "kind"), SAID)
def test_a_document_that_does_not_say_what_it_is_is_refused(name: str, kind: str) -> None:
    assert not judge(package({name: mutation.remove(kind)})).verified


def test_every_document_says_what_it_is() -> None:
    assert {name for name, _ in SAID} == set(DOCUMENTS)


def test_the_list_of_own_fields_names_only_fields() -> None:
    known = {(name.partition("/")[0], each) for name, each in (*FIELDS, *URGENT_FIELDS)}
    assert {(name, each) for name, listed in OWN.items() for each in listed} <= known


ABSENT = {
    "bundle": {"/cohorts", "/flags", "/flags/*/environments", "/overlays", "/rollback/steps", "/waivers/*"},
    "manifest": set(),
    "handoff": {"/inclusion/path/*"},
    "approval": {
        "/predicate/answers/emergency",
        "/predicate/passkey",
        *(f"/predicate/passkey/{each}" for each in ("authenticator_data", "client_data", "credential", "signature")),
    },
}
"""Groups that can stand as one gap, what part 5 of the work fills, and what only some approvals have: passkeys are
tried in ``test_passkeys``.
"""


@pytest.mark.parametrize("name", ["bundle", "manifest", "approval/1", "lineage", "hold-register", "candidate"])
def test_every_field_of_the_schema_is_among_the_cases(name: str) -> None:
    kind = name.partition("/")[0]
    tried = {each for named, each in (*FIELDS, *URGENT_FIELDS) if named == name}
    for leaf in coverage(MODELS[kind]):
        if leaf.pointer in ABSENT.get(kind, set()):
            continue
        beneath = (each == leaf.pointer or each.startswith(f"{leaf.pointer}/") for each in tried)
        above = (leaf.pointer.startswith(f"{each}/") for each in tried)
        assert any(beneath) or any(above), f"{leaf.pointer} is never changed"


@pytest.mark.parametrize(("name", "each"), FIELDS)
def test_a_field_changed_without_a_signature_is_refused(name: str, each: str) -> None:
    where = fields(name)[each][0]
    content = canonical.encode(mutation.mutate(where)(orjson.loads(canonical.encode_model(DOCUMENTS[name]))))
    assert not judge(WHOLE, **smuggled(name, content)).verified


def smuggled(name: str, payload: bytes) -> dict[str, Any]:
    """The package with other bytes in the place of a document, its old signature kept."""
    stored = WHOLE.names.get("facts/1" if name == "facts" else name)
    if name == "trust":
        file = orjson.loads(WHOLE.trust)
        return {"trust": canonical.encode({**file, "bundle": swapped(file["bundle"], payload)})}
    if stored is not None:
        content = WHOLE.documents[stored]
        if name in {"rules", "facts", "candidate"}:
            payload = canonical.encode(swapped(orjson.loads(content), payload))
        return {"documents": {**WHOLE.documents, stored: payload}}
    if name == "handoff":
        return {"message": canonical.encode(swapped(orjson.loads(WHOLE.message), payload))}
    inner = "manifest" if name == "manifest" else "approvals"

    def replaced(document: Any) -> Any:
        sealed = document[inner]
        fresh = [swapped(sealed[0], payload), *sealed[1:]] if inner == "approvals" else swapped(sealed, payload)
        return {**document, inner: fresh}

    changed = package({"handoff": replaced})
    return {"message": changed.message, "documents": changed.documents}


def swapped(envelope: Any, payload: bytes) -> Any:
    return {**envelope, "payload": base64.b64encode(payload).decode()}


@pytest.mark.parametrize("now", [AS_OF, OPENS_AT, instant("2026-12-01T00:00"), instant("2027-06-01T00:00")])
def test_both_judge_the_trust_bundle_alike_over_time(now: Any) -> None:
    assert judge(WHOLE, now=now).verified == (now < instant("2026-12-01T00:00"))


@pytest.mark.parametrize("at", [OPENS_AT, CLOSES_AT])
def test_both_judge_the_window_alike(at: Any) -> None:
    assert judge(WHOLE, at=at).verified == (at < CLOSES_AT)


@pytest.mark.parametrize("approvers", [("bo", "erin"), ("erin", "bo")])
def test_an_approval_counts_for_the_role_in_its_statement_and_for_no_other(approvers: tuple[str, ...]) -> None:
    """Bo holds both roles; while both sign as release engineering, nobody has approved as operations."""
    one_role = mutation.put("/predicate/role", "release-engineering")
    assert judge(package({"approval/2": one_role}, approvers=approvers)).code == "QUORUM_INCOMPLETE"
    assert judge(package(approvers=("erin", "bo"))).verified


LATER = "2026-03-03T11:00:00Z"


@pytest.mark.parametrize(
    "changes",
    [
        {"decision": "defer", "until": LATER, "answers": None, "reason": "Not yet."},
        {"decision": "defer", "until": LATER},
        {"decision": "defer"},
        {"decision": "resume"},
        {"decision": "refuse", "reason": "No."},
        {"until": LATER},
    ],
    ids=["a deferral", "deferral with answers", "deferral without a time", "taking up", "refusal", "approval until"],
)
def test_only_an_approval_passes_for_one(changes: dict[str, Any]) -> None:
    """Genuine, witnessed, by somebody who might, over this manifest: and still no approval."""

    def said(statement: Any) -> Any:
        return {**statement, "predicate": {**statement["predicate"], **changes}}

    assert judge(package({"approval/1": said})).code == "APPROVAL_DIFFERS"


def test_an_approval_says_that_it_puts_nothing_off() -> None:
    """``until`` is written as null: a statement that leaves it out is not in the one spelling of its contract."""
    said = orjson.loads(canonical.encode_model(DOCUMENTS["approval/1"]))["predicate"]
    assert said["until"] is None
    assert not judge(package({"approval/1": mutation.remove("/predicate/until")})).verified


def test_the_trust_of_another_deployment_is_refused() -> None:
    assert not judge(WHOLE, trust=OTHER_DEPLOYMENT.trust_file()).verified


def test_the_independent_verifier_shares_nothing_with_the_first() -> None:
    """It imports the standard library and ``cryptography``, so an error in ours is not its own as well."""
    assert imports("independent.py") - sys.stdlib_module_names == {"cryptography", "yaml", "tests.verifier.assertions"}
    assert imports("assertions.py") - sys.stdlib_module_names == {"cryptography"}


def imports(name: str) -> set[str]:
    """The packages that one file of the independent verifier imports, and its other files by their whole name."""
    source = Path(__file__).with_name(name).read_text()
    imported: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            module = str(node.module)
            ours = {f"{module}.{alias.name}" for alias in node.names if module.startswith("tests")}
            imported |= ours or {module.partition(".")[0]}
    assert "__import__" not in source
    assert "importlib" not in imported
    return imported
