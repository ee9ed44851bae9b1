"""What keeps a release from being bound: each check and each gap, its hold, its owner's message; and its end."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from cutover.contracts.bundle import Bundle
from cutover.contracts.candidate import Candidate, Reference
from cutover.contracts.records import WAIVER_TYPE
from cutover.domain import canonical
from cutover.domain.record import RevisionRecord
from tests.building.keys import Key, seal_bytes
from tests.simulator.journeys import (
    announced,
    assert_consistent,
    awaiting_approval,
    open_holds,
    register_of,
    revise,
    rewrite,
    told,
)
from tests.simulator.owners import with_facts, with_key_of, with_rules
from tests.simulator.world import World

OTHER = "sha256:" + "0" * 64
Change = Callable[[World], Candidate | None]


def assert_held(world: World, record: RevisionRecord, *expected: tuple[str, str]) -> None:
    """Row 14: held by exactly these codes at these fields, one message for each hold, nothing bound."""
    assert record.status == "held"
    register = register_of(world, record)
    found = open_holds(world, record)
    assert {(hold.code, hold.field) for hold in found} == set(expected)
    assert {message.hold.id for message in told(world)} == {hold.id for hold in found}
    assert len(told(world)) == len(found)
    assert all(hold.opened_by == "bind" and hold.owner and hold.mend for hold in found)
    assert record.manifest is None
    assert world.wiring.mailer.sent == []
    assert register.cutover == record.cutover
    assert record.reason == found[0].code
    assert world.execution().visited[-3:] == ["Bind", "WasBound", "AwaitResolution"]
    assert_consistent(world, record.cutover)


def edit(name: str, *changes: Callable[[Any], Any]) -> Change:
    def every(said: Any) -> Any:
        for change in changes:
            said = change(said) or said
        return said

    def apply(world: World) -> None:
        revise(world, name, every)

    return apply


def component(world: World, **changes: Any) -> Candidate:
    candidate = world.candidate()
    return candidate.model_copy(update={"components": (candidate.components[0].model_copy(update=changes),)})


def artifact(world: World, **changes: Any) -> Candidate:
    return component(world, artifact=world.candidate().components[0].artifact.model_copy(update=changes))


def signed_by(name: str, key: str | Key) -> Change:
    def apply(world: World) -> None:
        signer = key if isinstance(key, Key) else world.deployment.key(key)
        world.records[name] = world.upload(dataclasses.replace(world.records[name], key=signer))

    return apply


def limited(purpose: str, *products: str) -> Change:
    """The owners limit every key of a purpose to these products."""

    def apply(world: World) -> None:
        def limit(said: Any) -> None:
            for key in said["keys"]:
                if key["purpose"] == purpose:
                    key["products"] = list(products)

        with_facts(world, limit)

    return apply


def drop(*path: str | int) -> Callable[[Any], None]:
    def change(said: Any) -> None:
        *way, last = path
        for part in way:
            said = said[part]
        del said[last]

    return change


def put(value: Any, *path: str | int) -> Callable[[Any], None]:
    def change(said: Any) -> None:
        *way, last = path
        for part in way:
            said = said[part]
        said[last] = value

    return change


# --- row 1: artifacts -------------------------------------------------------------------------------


def newer_artifact(world: World) -> None:
    record = world.records["artifact"]
    world.wiring.bucket.put("shop-registry", record.record, b"built again, not announced")


def same_artifact_again(world: World) -> None:
    """A new version with the same bytes supersedes nothing."""
    world.upload(world.records["artifact"])


ARTIFACT = (
    ("unpinned", lambda w: artifact(w, digest=None), {("ARTIFACT_NOT_DIGEST_PINNED", "/components/0/digest")}),
    (
        "a digest that the registry has not",
        lambda w: artifact(w, digest=OTHER),
        {
            ("ARTIFACT_DIGEST_UNKNOWN", "/components/0/digest"),
            ("PROVENANCE_SUBJECT_MISMATCH", "/components/0/provenance/statement"),
            ("ATTESTATION_SUBJECT_MISMATCH", "/attestations/0/statement"),
        },
    ),
    (
        "a version that the registry has not",
        lambda w: artifact(w, version="v999"),
        {
            ("ARTIFACT_UNKNOWN", "/components/0/digest"),
            ("ARTIFACT_UNKNOWN", "/components/0/size"),
            ("SOURCE_RECORD_MISSING", ""),
        },
    ),
    ("newer bytes", newer_artifact, {("SUPERSESSION_UNRESOLVED", "/components/0/digest")}),
)

# --- rows 2 and 3: provenance and attestations --------------------------------------------------------


def named_twice(world: World, **required: str) -> Candidate:
    """The rules require more attestations; CI names the tests' statement for each of them."""
    rules = with_rules(world, attestations={**world.rules().attestations, **required})
    candidate = world.candidate()
    (tests,) = candidate.attestations
    return candidate.model_copy(
        update={"attestations": tuple(tests.model_copy(update={"name": name}) for name in rules.attestations)}
    )


PROVENANCE = "/components/0/provenance/"
PROVENANCE_FIELDS = ("statement", "builder", "repository", "ref", "workflow", "commit")
BUILD_AT = ("predicate", "buildDefinition")
MATERIAL_AT = (*BUILD_AT, "resolvedDependencies", 0)
WORKFLOW_AT = (*BUILD_AT, "externalParameters", "workflow")
COMMIT_AT = (*MATERIAL_AT, "digest", "gitCommit")
FORK, AT_MAIN = "https://example.com/evil/service", "git+https://example.com/shop/service@refs/heads/main"
ATTESTED = (
    (
        "no provenance",
        lambda w: component(w, provenance=None),
        {("PROVENANCE_INCOMPLETE", PROVENANCE + name) for name in PROVENANCE_FIELDS},
    ),
    (
        "provenance by a stranger",
        signed_by("provenance", Key("nobody")),
        {("PROVENANCE_UNTRUSTED", PROVENANCE + "statement")},
    ),
    (
        "provenance by the tester's key",
        signed_by("provenance", "attestation"),
        {("PROVENANCE_UNTRUSTED", PROVENANCE + "statement")},
    ),
    (
        "provenance by the builder of another product",
        limited("provenance", "other"),
        {("PROVENANCE_UNTRUSTED", PROVENANCE + "statement")},
    ),
    (
        "an attestation by the tester of another product",
        limited("attestation", "other"),
        {("ATTESTATION_UNTRUSTED", "/attestations/0/statement")},
    ),
    (
        "provenance of other bytes",
        edit("provenance", put("1" * 64, "subject", 0, "digest", "sha256")),
        {("PROVENANCE_SUBJECT_MISMATCH", PROVENANCE + "statement")},
    ),
    (
        "provenance of nothing",
        edit("provenance", put([], "subject")),
        {("PROVENANCE_SUBJECT_MISMATCH", PROVENANCE + "statement")},
    ),
    (
        "provenance with hostile subjects",
        edit("provenance", put([7, {"digest": []}, {"digest": {"sha256": {}}}], "subject")),
        {("PROVENANCE_SUBJECT_MISMATCH", PROVENANCE + "statement")},
    ),
    (
        "provenance of another commit",
        edit("provenance", put("f" * 40, *COMMIT_AT)),
        {("PROVENANCE_COMMIT_MISMATCH", PROVENANCE + "commit")},
    ),
    (
        "provenance of no known kind",
        edit("provenance", put("https://slsa.dev/provenance/v9", "predicateType")),
        {("PROVENANCE_TYPE_UNKNOWN", PROVENANCE + "statement")},
    ),
    (
        "built by a builder that the policy does not list",
        edit("provenance", put("https://example.com/laptop", "predicate", "runDetails", "builder", "id")),
        {("PROVENANCE_BUILDER_NOT_ALLOWED", PROVENANCE + "builder")},
    ),
    (
        "built by a workflow that the policy does not list",
        edit("provenance", put("nightly.yml", *WORKFLOW_AT, "path")),
        {("PROVENANCE_WORKFLOW_NOT_ALLOWED", PROVENANCE + "workflow")},
    ),
    (
        "built from a branch that the policy does not list, in one of two places",
        edit("provenance", put("refs/heads/next", *WORKFLOW_AT, "ref"), put(AT_MAIN, *MATERIAL_AT, "uri")),
        {
            ("PROVENANCE_REF_NOT_ALLOWED", PROVENANCE + "ref"),
            ("PROVENANCE_CONTRADICTORY", PROVENANCE + "statement"),
        },
    ),
    (
        "built from a fork",
        edit("provenance", put(FORK, *WORKFLOW_AT, "repository"), put(FORK, *MATERIAL_AT, "uri")),
        {
            ("PROVENANCE_REPOSITORY_NOT_ALLOWED", PROVENANCE + "repository"),
            ("PROVENANCE_REPOSITORY_MISMATCH", PROVENANCE + "repository"),
        },
    ),
    (
        "built for a pull request",
        edit("provenance", put({"github": {"event_name": "pull_request_target"}}, *BUILD_AT, "internalParameters")),
        {("PROVENANCE_FROM_PULL_REQUEST", PROVENANCE + "ref")},
    ),
    (
        "provenance without a commit",
        edit("provenance", drop(*COMMIT_AT)),
        {("PROVENANCE_INCOMPLETE", PROVENANCE + "commit")},
    ),
    (
        "provenance without its builder",
        edit("provenance", drop("predicate", "runDetails")),
        {("PROVENANCE_INCOMPLETE", PROVENANCE + "builder")},
    ),
    (
        "a required attestation is not named",
        lambda w: w.candidate(attestations=()),
        {("ATTESTATION_MISSING", "/components/0/digest")},
    ),
    (
        "an attestation by a stranger",
        signed_by("tests", Key("nobody")),
        {("ATTESTATION_UNTRUSTED", "/attestations/0/statement")},
    ),
    (
        "an attestation by the builder's key",
        signed_by("tests", "provenance"),
        {("ATTESTATION_UNTRUSTED", "/attestations/0/statement")},
    ),
    (
        "an attestation of other bytes",
        edit("tests", put("1" * 64, "subject", 0, "digest", "sha256")),
        {("ATTESTATION_SUBJECT_MISMATCH", "/attestations/0/statement")},
    ),
    (
        "an attestation of another kind",
        edit("tests", put("https://example.com/scan/v1", "predicateType")),
        {("ATTESTATION_TYPE_MISMATCH", "/attestations/0/statement")},
    ),
    (
        "an attestation of a hostile kind",
        edit("tests", put({"https://example.com/tests/v1": "\x00"}, "predicateType")),
        {("ATTESTATION_TYPE_MISMATCH", "/attestations/0/statement")},
    ),
    (
        "one statement for two names of one kind",
        lambda w: named_twice(w, scan="https://example.com/tests/v1"),
        {("ATTESTATION_REUSED", "/attestations/1/statement")},
    ),
    (
        "one statement for two names of two kinds",
        lambda w: named_twice(w, scan="https://example.com/scan/v1"),
        {
            ("ATTESTATION_REUSED", "/attestations/1/statement"),
            ("ATTESTATION_TYPE_MISMATCH", "/attestations/1/statement"),
        },
    ),
)

# --- rows 4 to 7: what other systems say --------------------------------------------------------------

DEPENDENCIES = "/components/0/dependencies/"
DEPENDENCY_FIELDS = ("digest", "format", "spec_version", "components", "licences", "purls")
SECTIONS_OF_OTHERS = (
    (
        "no dependency manifest",
        lambda w: component(w, dependencies=None),
        {("DEPENDENCY_MANIFEST_MISSING", DEPENDENCIES + name) for name in DEPENDENCY_FIELDS},
    ),
    (
        "a dependency manifest without a list",
        edit("dependencies", drop("components")),
        {("DEPENDENCY_EMPTY", DEPENDENCIES.rstrip("/"))},
    ),
    ("a change of another shape", edit("change", drop("risk")), "CHANGE_RECORD_INCOMPLETE"),
    ("a change with a verdict", edit("change", put("go", "verdict")), "CHANGE_RECORD_INCOMPLETE"),
    ("no cohorts", edit("rollout", put([], "cohorts")), {("ROLLOUT_PLAN_MISSING", "/cohorts")}),
    (
        "a cohort without a share",
        edit("rollout", drop("cohorts", 0, "share_percent")),
        {("COHORT_UNSIZED", "/cohorts/0/share_percent")},
    ),
    (
        "a flag of a type that nobody knows",
        edit("flags", put("x", "flags", 0, "type")),
        {("FLAG_TYPE_UNKNOWN", "/flags/0/type")},
    ),
    ("a flag without an owner", edit("flags", drop("flags", 0, "owner")), {("FLAG_OWNER_MISSING", "/flags/0/owner")}),
    (
        "a flag without an end",
        edit("flags", drop("flags", 0, "expires_at")),
        {("FLAG_EXPIRY_MISSING", "/flags/0/expires_at")},
    ),
)

# --- row 8: the way back ------------------------------------------------------------------------------

STEP = "/rollback/steps/0/"
STEP_FIELDS = {
    "hook_digest": "HOOK", "trigger": "TRIGGER", "class": "CLASS", "stop_first": "STOP_FIRST",
    "prior_configuration": "PRIOR_CONFIGURATION",
}  # fmt: skip


def drilled(when: str) -> Change:
    return edit("rollback", put(when, "steps", 0, "drilled_at"))


ROLLBACK = (
    *(
        (f"no {name}", edit("rollback", drop("steps", 0, name)), {(f"ROLLBACK_{code}_MISSING", STEP + name)})
        for name, code in STEP_FIELDS.items()
    ),
    (
        "no baseline",
        edit("rollback", drop("steps", 0, "baseline")),
        {
            ("ROLLBACK_BASELINE_CHECK_MISSING", STEP + "baseline_check"),
            ("ROLLBACK_BASELINE_RESULT_MISSING", STEP + "baseline_expected"),
        },
    ),
    (
        "never drilled, and nobody waived it",
        lambda w: w.candidate(waivers=()),
        {("ROLLBACK_DRILL_MISSING", STEP + "drilled_at")},
    ),
    ("no steps", edit("rollback", put([], "steps")), {("ROLLBACK_PLAN_MISSING", "/rollback/steps")}),
    (
        "not a plan",
        edit("rollback", put("cutover/rollback-plan/v9", "schema")),
        {("ROLLBACK_PLAN_MISSING", "/rollback/steps")},
    ),
    ("drilled too long ago", drilled("2025-12-02T09:00:59Z"), {("ROLLBACK_DRILL_STALE", STEP + "drilled_at")}),
    ("drilled tomorrow", drilled("2026-03-03T09:00:00Z"), {("ROLLBACK_DRILL_IN_FUTURE", STEP + "drilled_at")}),
)

# --- row 10: waivers ------------------------------------------------------------------------------------


def waiver(key: str | Key = "waiver", content: bytes | None = None, **changes: Any) -> Change:
    """The release's one waiver, as somebody wrote and signed it. ``None`` leaves a field out."""

    def apply(world: World) -> Candidate:
        record = world.waiver()
        said = {**json.loads(record.payload), **changes}
        payload = canonical.encode({name: value for name, value in said.items() if value is not None})
        signer = key if isinstance(key, Key) else world.deployment.key(key)
        signed = content if content is not None else seal_bytes(WAIVER_TYPE, payload, signer)
        uploaded = world.upload(dataclasses.replace(record, payload=signed, payload_type=None))
        return world.candidate(waivers=(Reference.model_validate(uploaded.reference()),))

    return apply


def waived_by(person: str | None) -> Change:
    """The waiver is signed by this person, with a key that the facts trust for waivers."""
    return lambda world: waiver(with_key_of(world, person))(world)


def waivable(families: dict[str, tuple[str, ...]]) -> Change:
    def apply(world: World) -> None:
        with_rules(world, waivable=families)

    return apply


UNANSWERED = ("ROLLBACK_DRILL_MISSING", STEP + "drilled_at")
UNREADABLE = (("WAIVER_UNREADABLE", "/waivers/0"), ("WAIVER_UNTRUSTED", "/waivers/0"))
NOT_PERMITTED = ("WAIVER_NOT_PERMITTED", "/waivers/0")
ENDS = "/waivers/0/expires_at"
WAIVERS = (
    *(
        (
            f"no {name}",
            waiver("waiver", None, **{name: None}),
            {UNANSWERED, (f"WAIVER_{code}_MISSING", f"/waivers/0/{name}")},
        )
        for name, code in (("owner", "OWNER"), ("reason", "REASON"), ("approver", "APPROVER"), ("policy", "POLICY"),
                           ("expires_at", "END"))
    ),
    ("signed by a stranger", waiver(Key("nobody")), {UNANSWERED, ("WAIVER_UNTRUSTED", "/waivers/0")}),
    ("signed for another purpose", waiver("attestation"), {UNANSWERED, ("WAIVER_UNTRUSTED", "/waivers/0")}),
    ("signed for another product", limited("waiver", "other"), {UNANSWERED, ("WAIVER_UNTRUSTED", "/waivers/0")}),
    ("over", waiver(expires_at="2026-03-02T09:01:00Z"), {UNANSWERED, ("WAIVER_EXPIRED", ENDS)}),
    (
        "ends before the window closes",
        waiver(expires_at="2026-03-03T21:59:59Z"),
        {UNANSWERED, ("WAIVER_ENDS_BEFORE_WINDOW", ENDS)},
    ),
    ("for another hold", waiver(fingerprint=OTHER), {UNANSWERED}),
    ("by the release's requester", waived_by("dana"), {UNANSWERED, ("WAIVER_BY_REQUESTER", "/waivers/0")}),
    ("by somebody without the role", waived_by("erin"), {UNANSWERED, NOT_PERMITTED}),
    ("by somebody whom the facts do not know", waived_by("zoe"), {UNANSWERED, NOT_PERMITTED}),
    ("by a key that is nobody's", waived_by(None), {UNANSWERED, NOT_PERMITTED}),
    ("nothing may be waived", waivable({}), {UNANSWERED, NOT_PERMITTED}),
    ("another family may be waived", waivable({"lineage": ("risk",)}), {UNANSWERED, NOT_PERMITTED}),
    ("a role that nobody has", waivable({"rollback": ("chief",)}), {UNANSWERED, NOT_PERMITTED}),
    ("the family has no role", waivable({"rollback": ()}), {UNANSWERED, NOT_PERMITTED}),
    (
        "no envelope",
        waiver(content=b'{"payload": 7}'),
        {UNANSWERED, *UNREADABLE, ("EVIDENCE_NOT_UNWRAPPED", "")},
    ),
    (
        "not JSON",
        waiver(content=b"\xff\xfe"),
        {UNANSWERED, *UNREADABLE, ("EVIDENCE_UNREADABLE", "")},
    ),
)  # fmt: skip

# --- row 15 and collecting: what cannot be fetched, or be read in one way only -----------------------------


def denied(world: World) -> None:
    world.wiring.bucket.deny("shop-ci")


def unknown_source(world: World) -> Candidate:
    return world.candidate(change=world.candidate().change.model_copy(update={"source": "elsewhere"}))


def twice(world: World) -> None:
    """One reader takes the first title, another one the last."""
    content = world.records["change"].payload
    rewrite(world, "change", content.replace(b'"title"', b'"title": "Nothing", "title"'))


def large(world: World) -> None:
    rewrite(world, "rollout", world.records["rollout"].payload + b" " * 1_048_576)


def gone(world: World) -> Candidate:
    """As a revision that follows another goes by it: its source did not have the record any more."""
    return world.candidate(flags=world.candidate().flags.model_copy(update={"version": "gone"}))


COLLECTED = (
    ("a record that is gone", gone, {("SOURCE_RECORD_GONE", ""), ("FLAG_RECORD_MISSING", "/flags")}),
    ("a source that refuses", denied, "SOURCE_DENIED"),
    ("a source that nobody knows", unknown_source, "SOURCE_UNKNOWN"),
    ("a record that is too large", large, "SOURCE_RECORD_TOO_LARGE"),
    ("a key that stands twice", twice, "CHANGE_RECORD_INCOMPLETE"),
)

CASES = (*ARTIFACT, *ATTESTED, *SECTIONS_OF_OTHERS, *ROLLBACK, *WAIVERS, *COLLECTED)


@pytest.mark.parametrize(("change", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_hold_for_each_thing_that_is_wrong(change: Change, expected: set[tuple[str, str]] | str) -> None:
    world = World()
    record = announced(world, change(world))
    if isinstance(expected, str):
        found = {(hold.code, hold.field) for hold in open_holds(world, record)}
        assert expected in {code for code, _ in found}
        expected = found
    assert_held(world, record, *expected)


PASSING = (
    ("as it is", lambda _: None),
    ("the same bytes once more", same_artifact_again),
    ("drilled today, nothing waived", lambda w: (drilled("2026-03-02T09:00:00Z")(w), w.candidate(waivers=()))[1]),
    ("drilled just recently enough", drilled("2025-12-02T09:01:00Z")),
    ("a builder of this product and others", limited("provenance", "other", "service")),
    ("a tester of this product", limited("attestation", "service")),
    ("a waiver by a key for this product", limited("waiver", "service", "other")),
    ("a waiver that ends with the window", waiver(expires_at="2026-03-03T22:00:00Z")),
)


@pytest.mark.parametrize("change", [case[1] for case in PASSING], ids=[case[0] for case in PASSING])
def test_what_is_in_order_is_bound(change: Change) -> None:
    world = World()
    record = awaiting_approval(world, change(world))
    assert told(world) == []
    Bundle.model_validate_json(world.wiring.store.get(record.bundle or "", limit=2**24))
