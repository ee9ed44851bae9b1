"""Row 2: where provenance may come from, and what it may not say."""

import json
from functools import partial
from typing import Any

from cutover.contracts.policy import Purpose
from tests.building.keys import Key
from tests.building.policy import AS_OF, DEPLOYMENT
from tests.checks.examples import Examples, example
from tests.checks.scene import LONG, MARKUP, TURNED, Edit, put
from tests.checks.stating import (
    BUILDER,
    COMMIT,
    REF,
    REPOSITORY,
    SOMEBODY,
    URI,
    WORKFLOW,
    Certificate,
    Published,
    anything,
    attested,
    builds,
    built,
    by_builder,
    edited,
    release,
    v02,
    v1,
)

AT = "/components/0/provenance/"
MATERIAL = ("predicate", "buildDefinition", "resolvedDependencies", 0)
TOLD = ("predicate", "buildDefinition", "externalParameters", "workflow")
ITSELF = ("predicate", "buildDefinition", "internalParameters")
SOURCE_V02 = ("predicate", "invocation", "configSource")
ENVIRONMENT_V02 = ("predicate", "invocation", "environment")
OTHER = "1" * 40
FORK = "https://example.com/evil/service"


def key(purpose: Purpose = "provenance", **changes: Any) -> dict[str, Any]:
    """Facts in which the key of one purpose is otherwise."""
    known = DEPLOYMENT.facts().keys
    keys = [DEPLOYMENT.trusted_key(purpose, **changes) if each.purpose == purpose else each for each in known]
    return {"keys": [each.model_dump(mode="json") for each in keys]}


def told(repository: str = REPOSITORY, ref: str = REF, path: str = WORKFLOW) -> Edit:
    """The workflow that v1 was told to build, and the material that goes with it."""

    def edit(said: Any) -> None:
        put({"repository": repository, "ref": ref, "path": path}, *TOLD)(said)
        put(f"git+{repository}@{ref}", *MATERIAL, "uri")(said)

    return edit


def _escaped(statement: Any) -> bytes:
    """With an escape for whatever is beyond ASCII: so JSON can have what UTF-8 cannot."""
    return json.dumps(statement).encode()


def workflow_from(ref: str) -> Edit:
    """The workflow as a run names it itself: in its repository, at the ref (or commit) that its file came from."""
    return put(f"shop/service/{WORKFLOW}@{ref}", *ITSELF, "GITHUB_WORKFLOW_REF")


def found(code: str, field: str = "statement") -> tuple[str, str]:
    return (f"PROVENANCE_{code}", f"{AT}{field}")


EXAMPLES = {
    "attestations.provenance-signed": Examples(
        passing=(
            example("by a trusted key", release),
            example("by a certificate that counts", lambda: built(by=Certificate())),
            example("of v0.2", lambda: built(of=v02)),
        ),
        failing=(
            example("by a stranger", lambda: built(by=SOMEBODY), found("UNTRUSTED")),
            example("by the key for attestations", lambda: built(by=DEPLOYMENT.key("attestation")), found("UNTRUSTED")),
            example("by a revoked key", lambda: release(change_facts=key(revoked_at=AS_OF)), found("UNTRUSTED")),
            example(
                "by a key whose time is over", lambda: release(change_facts=key(not_after=AS_OF)), found("UNTRUSTED")
            ),
            example(
                "by a key for other products",
                lambda: release(change_facts=key(products=("other",))),
                found("UNTRUSTED"),
            ),
        ),
        hostile=(
            example(
                "signed as something else",
                lambda: release(Published(v1(), DEPLOYMENT.key("provenance"), payload_type=MARKUP)),
                found("UNTRUSTED"),
            ),
            example(
                "other bytes are read than were signed",
                lambda: release(Published(v1(), DEPLOYMENT.key("provenance"), taken_out=b"{}")),
                found("UNTRUSTED"),
            ),
            example("a key of the same name elsewhere", lambda: built(by=Key("other/provenance")), found("UNTRUSTED")),
        ),
    ),
    "attestations.provenance-type": Examples(
        passing=(example("v1", release), example("v0.2", lambda: built(of=v02))),
        failing=(
            example(
                "of a version to come",
                lambda: built(put("https://slsa.dev/provenance/v2", "predicateType")),
                found("TYPE_UNKNOWN"),
            ),
            example(
                "a result of tests",
                lambda: release(by_builder(attested())),
                found("TYPE_UNKNOWN"),
            ),
            example("no statement", lambda: built(put("https://x.example/v1", "_type")), found("TYPE_UNKNOWN")),
        ),
        hostile=(
            *(
                example(
                    f"a type like {ascii(said)[:20]}",
                    partial(lambda said: built(put(said, "predicateType")), said),
                    found("TYPE_UNKNOWN"),
                )
                for said in anything(
                    LONG,
                    TURNED,
                    MARKUP,
                    None,
                    7,
                    [],
                    {},
                    "https://slsa.dev/provenance/v1 ",
                    ["https://slsa.dev/provenance/v1"],
                )
            ),
            *(
                example(
                    f"bytes like {said!r}", partial(lambda said: release(by_builder(said)), said), found("TYPE_UNKNOWN")
                )
                for said in anything(b"[]", b"null", b"\xff", b"{" * 500)
            ),
        ),
    ),
    "attestations.provenance-subject": Examples(
        passing=(
            example("about the artifact", release),
            example(
                "about the artifact among others",
                lambda: built(put({"name": "x", "digest": {"sha256": "a" * 64}}, "subject", "-")),
            ),
        ),
        failing=(
            example(
                "about another",
                lambda: built(put("a" * 64, "subject", 0, "digest", "sha256")),
                found("SUBJECT_MISMATCH"),
            ),
            example("about nothing", lambda: built(put([], "subject")), found("SUBJECT_MISMATCH")),
        ),
        hostile=(
            *(
                example(
                    f"a subject like {ascii(said)[:20]}",
                    partial(lambda said: built(put(said, "subject")), said),
                    found("SUBJECT_MISMATCH"),
                )
                for said in anything(
                    None,
                    "d" * 64,
                    {"digest": {"sha256": "d" * 64}},
                    [None],
                    ["d" * 64],
                    [{"digest": "d" * 64}],
                    [[]],
                )
            ),
            *(
                example(
                    f"a digest like {ascii(said)[:20]}",
                    partial(lambda said: built(put(said, "subject", 0, "digest", "sha256")), said),
                    found("SUBJECT_MISMATCH"),
                )
                for said in anything("D" * 64, "d" * 63, "sha256:" + "d" * 64, "d" * 64 + "\n", 0, MARKUP, TURNED, LONG)
            ),
            example(
                "ten thousand other subjects",
                lambda: built(put([{"digest": {"sha256": f"{n:064x}"}} for n in range(10_000)], "subject")),
                found("SUBJECT_MISMATCH"),
            ),
            example(
                "under the name of another hash",
                lambda: built(put({"sha512": "d" * 64, "SHA256": "d" * 64}, "subject", 0, "digest")),
                found("SUBJECT_MISMATCH"),
            ),
        ),
    ),
    "attestations.provenance-builder": Examples(
        passing=(
            example("an allowed builder", release),
            example("of v0.2", lambda: built(of=v02)),
            example(
                "with a release of it",
                lambda: built(
                    put(f"{BUILDER}@refs/tags/v2.1.0", "predicate", "runDetails", "builder", "id"),
                    change_rules=builds(builders=[f"{BUILDER}@refs/tags/*"]),
                ),
            ),
        ),
        failing=(
            example(
                "another builder",
                lambda: built(put("https://example.com/laptop", "predicate", "runDetails", "builder", "id")),
                found("BUILDER_NOT_ALLOWED", "builder"),
            ),
            example(
                "an empty list",
                lambda: release(change_rules=builds(builders=[])),
                found("BUILDER_NOT_ALLOWED", "builder"),
            ),
            example(
                "no builds of the product",
                lambda: release(change_rules={"builds": {}}),
                found("BUILDER_NOT_ALLOWED", "builder"),
            ),
        ),
        hostile=(
            *(
                example(
                    f"a builder like {ascii(said)[:20]}",
                    partial(lambda said: built(put(said, "predicate", "runDetails", "builder", "id")), said),
                    found("BUILDER_NOT_ALLOWED", "builder"),
                )
                for said in anything(
                    f"{BUILDER}/",
                    BUILDER.upper(),
                    f"{BUILDER}\x00",
                    LONG,
                    TURNED,
                    MARKUP,
                    7,
                    [BUILDER],
                    {},
                    True,
                    "*",
                )
            ),
            example(
                "an allowed one beside it, in the other version's place",
                lambda: built(put({"id": "https://example.com/laptop"}, "predicate", "builder")),
                found("BUILDER_NOT_ALLOWED", "builder"),
            ),
            example(
                "around an allowed beginning",
                lambda: built(
                    put(f"{BUILDER}/../laptop", "predicate", "runDetails", "builder", "id"),
                    change_rules=builds(builders=[f"{BUILDER}/*"]),
                ),
                found("BUILDER_NOT_ALLOWED", "builder"),
            ),
        ),
    ),
    "attestations.provenance-repository": Examples(
        passing=(
            example("an allowed repository", release),
            example("of v0.2", lambda: built(of=v02)),
            example(
                "an allowed beginning",
                lambda: release(change_rules=builds(repositories=["https://example.com/shop/*"])),
            ),
        ),
        failing=(
            example("a fork", lambda: built(told(repository=FORK)), found("REPOSITORY_NOT_ALLOWED", "repository")),
            example(
                "a fork, of v0.2",
                lambda: built(put(f"git+{FORK}@{REF}", *SOURCE_V02, "uri"), of=v02),
                found("REPOSITORY_NOT_ALLOWED", "repository"),
            ),
            example(
                "by a certificate for a fork",
                lambda: built(by=Certificate(repository=FORK)),
                found("REPOSITORY_NOT_ALLOWED", "repository"),
            ),
            example(
                "an empty list",
                lambda: release(change_rules=builds(repositories=[])),
                found("REPOSITORY_NOT_ALLOWED", "repository"),
            ),
        ),
        hostile=(
            *(
                example(
                    f"a source like {ascii(said)[:40]}",
                    partial(lambda said: built(put(said, *MATERIAL, "uri")), said),
                    found("REPOSITORY_NOT_ALLOWED", "repository"),
                )
                for said in anything(
                    f"git+https://example.com@evil.example/shop/service@{REF}",
                    f"git+https://example.com/shop/service.git@{REF}",
                    f"git+https://example.com/shop/../evil/service@{REF}",
                    f"https://example.com/shop/service#{REF}",
                    "git+",
                    "@",
                    "://",
                    LONG,
                    TURNED,
                    MARKUP,
                    7,
                    [URI],
                    {},
                )
            ),
            example(
                "around an allowed beginning",
                lambda: built(
                    told(repository="https://example.com/shop/../evil/service"),
                    change_rules=builds(repositories=["https://example.com/shop/*"]),
                ),
                found("REPOSITORY_NOT_ALLOWED", "repository"),
            ),
            example(
                "a host that begins like an allowed one",
                lambda: built(
                    told(repository="https://example.com.evil.example/shop"),
                    change_rules=builds(repositories=["https://example.com/*"]),
                ),
                found("REPOSITORY_NOT_ALLOWED", "repository"),
            ),
        ),
    ),
    "attestations.provenance-source": Examples(
        passing=(example("the announced one", release), example("of v0.2", lambda: built(of=v02))),
        failing=(
            example(
                "another one that is allowed",
                lambda: built(told(repository=FORK), change_rules=builds(repositories=["https://example.com/*"])),
                found("REPOSITORY_MISMATCH", "repository"),
            ),
            example(
                "by a certificate for another one",
                lambda: built(by=Certificate(repository=FORK)),
                found("REPOSITORY_MISMATCH", "repository"),
            ),
        ),
        hostile=(
            *(
                example(
                    f"the announced one is like {ascii(said)[:20]}",
                    partial(lambda said: release(candidate=put(said, "repository")), said),
                    found("REPOSITORY_MISMATCH", "repository"),
                )
                for said in anything(LONG, TURNED, MARKUP, "*", f"{REPOSITORY}/", REPOSITORY.upper())
            ),
        ),
    ),
    "attestations.provenance-ref": Examples(
        passing=(
            example("an allowed ref", release),
            example("of v0.2", lambda: built(of=v02)),
            example("a tag", lambda: built(told(ref="refs/tags/v1.4.0"), change_rules=builds(refs=["refs/tags/v*"]))),
        ),
        failing=(
            example("another branch", lambda: built(told(ref="refs/heads/next")), found("REF_NOT_ALLOWED", "ref")),
            example(
                "another branch, of v0.2",
                lambda: built(put("refs/heads/next", *ENVIRONMENT_V02, "github_ref"), of=v02),
                found("REF_NOT_ALLOWED", "ref"),
            ),
            example(
                "by a certificate for another branch",
                lambda: built(by=Certificate(ref="refs/heads/next")),
                found("REF_NOT_ALLOWED", "ref"),
            ),
            example("a pull request's", lambda: built(told(ref="refs/pull/7/merge")), found("REF_NOT_ALLOWED", "ref")),
            example(
                "a workflow from another branch",
                lambda: built(workflow_from("refs/heads/next")),
                found("REF_NOT_ALLOWED", "ref"),
            ),
            example(
                "by a certificate for a workflow from another branch",
                lambda: built(by=Certificate(workflow=f"{REPOSITORY}/{WORKFLOW}@refs/heads/next")),
                found("REF_NOT_ALLOWED", "ref"),
            ),
            example("an empty list", lambda: release(change_rules=builds(refs=[])), found("REF_NOT_ALLOWED", "ref")),
            example(
                "a repository at no ref",
                lambda: built(put({"path": WORKFLOW}, *TOLD), put(f"git+{REPOSITORY}", *MATERIAL, "uri")),
                found("REF_NOT_ALLOWED", "ref"),
            ),
        ),
        hostile=(
            *(
                example(
                    f"a ref like {ascii(said)[:20]}",
                    partial(lambda said: built(put(said, *TOLD, "ref")), said),
                    found("REF_NOT_ALLOWED", "ref"),
                )
                for said in anything(
                    "main",
                    "refs/heads/main ",
                    "REFS/HEADS/MAIN",
                    "refs/heads/main\n",
                    LONG,
                    TURNED,
                    MARKUP,
                    7,
                    [REF],
                    {},
                    "*",
                )
            ),
            example(
                "around an allowed beginning",
                lambda: built(
                    told(ref="refs/heads/release/../next"), change_rules=builds(refs=["refs/heads/release/*"])
                ),
                found("REF_NOT_ALLOWED", "ref"),
            ),
        ),
    ),
    "attestations.provenance-reviewed": Examples(
        passing=(
            example("a push", release),
            example("of v0.2", lambda: built(of=v02)),
            example("started by hand", lambda: built(put("workflow_dispatch", *ITSELF, "github", "event_name"))),
            example("no word of what started it", lambda: built(put({}, *ITSELF))),
            example("by a certificate of a push", lambda: built(by=Certificate())),
        ),
        failing=(
            *(
                example(
                    f"started by {event}",
                    partial(lambda event: built(put(event, *ITSELF, "github", "event_name")), event),
                    found("FROM_PULL_REQUEST", "ref"),
                )
                for event in ("pull_request", "pull_request_target", "pull_request_review", "merge_request_event")
            ),
            example(
                "of v0.2",
                lambda: built(put("pull_request", *ENVIRONMENT_V02, "github_event_name"), of=v02),
                found("FROM_PULL_REQUEST", "ref"),
            ),
            example(
                "for a branch of one",
                lambda: built(put("feature", *ENVIRONMENT_V02, "github_head_ref"), of=v02),
                found("FROM_PULL_REQUEST", "ref"),
            ),
            example(
                "by a certificate of one",
                lambda: built(by=Certificate(event="pull_request_target")),
                found("FROM_PULL_REQUEST", "ref"),
            ),
        ),
        hostile=(
            example(
                "though a list admits everything",
                lambda: built(told(ref="refs/pull/7/merge"), change_rules=builds(refs=["*"])),
                found("FROM_PULL_REQUEST", "ref"),
            ),
            example(
                "a certificate tells on it",
                lambda: built(by=Certificate(ref="refs/pull/7/head")),
                found("FROM_PULL_REQUEST", "ref"),
            ),
            example(
                "its workflow came from one",
                lambda: built(workflow_from("refs/pull/7/merge"), change_rules=builds(refs=["*"])),
                found("FROM_PULL_REQUEST", "ref"),
            ),
            example(
                "the workflow of its certificate came from one",
                lambda: built(by=Certificate(workflow=f"{REPOSITORY}/{WORKFLOW}@refs/pull/7/merge")),
                found("FROM_PULL_REQUEST", "ref"),
            ),
            *(
                example(
                    f"a head like {ascii(said)[:20]}",
                    partial(lambda said: built(put(said, *ENVIRONMENT_V02, "github_head_ref"), of=v02), said),
                    found("FROM_PULL_REQUEST", "ref"),
                )
                for said in anything(LONG, TURNED, MARKUP, 7, [], False)
            ),
        ),
    ),
    "attestations.provenance-workflow": Examples(
        passing=(
            example("an allowed workflow", release),
            example("of v0.2", lambda: built(of=v02)),
            example(
                "spelled with its repository and ref",
                lambda: built(put(f"shop/service/{WORKFLOW}@{REF}", *ITSELF, "GITHUB_WORKFLOW_REF"), by=Certificate()),
            ),
        ),
        failing=(
            example("another", lambda: built(told(path="nightly.yml")), found("WORKFLOW_NOT_ALLOWED", "workflow")),
            example(
                "another, of v0.2",
                lambda: built(put("nightly.yml", *SOURCE_V02, "entryPoint"), of=v02),
                found("WORKFLOW_NOT_ALLOWED", "workflow"),
            ),
            example(
                "by a certificate for another",
                lambda: built(by=Certificate(workflow=f"{REPOSITORY}/nightly.yml@{REF}")),
                found("WORKFLOW_NOT_ALLOWED", "workflow"),
            ),
            example(
                "an empty list",
                lambda: release(change_rules=builds(workflows=[])),
                found("WORKFLOW_NOT_ALLOWED", "workflow"),
            ),
        ),
        hostile=(
            *(
                example(
                    f"a workflow like {ascii(said)[:20]}",
                    partial(lambda said: built(put(said, *TOLD, "path")), said),
                    found("WORKFLOW_NOT_ALLOWED", "workflow"),
                )
                for said in anything(
                    f"./{WORKFLOW}",
                    f"x/{WORKFLOW}",
                    f"evil/service/{WORKFLOW}@{REF}",
                    f"{FORK}/{WORKFLOW}@{REF}",
                    LONG,
                    TURNED,
                    MARKUP,
                    7,
                    [],
                    {},
                )
            ),
            example(
                "a certificate for a workflow of that name elsewhere",
                lambda: built(by=Certificate(workflow=f"{FORK}/{WORKFLOW}@{REF}")),
                found("WORKFLOW_NOT_ALLOWED", "workflow"),
            ),
        ),
    ),
    "attestations.provenance-commit": Examples(
        passing=(
            example("the announced commit", release),
            example("of v0.2", lambda: built(of=v02)),
            example("by a certificate for it", lambda: built(by=Certificate())),
            example("a workflow at it", lambda: built(workflow_from(COMMIT))),
            example("no commit announced, which is a gap", lambda: release(candidate=put(None, "commit"))),
        ),
        failing=(
            example(
                "another",
                lambda: built(put(OTHER, *MATERIAL, "digest", "gitCommit")),
                found("COMMIT_MISMATCH", "commit"),
            ),
            example(
                "another, of v0.2",
                lambda: built(put(OTHER, *SOURCE_V02, "digest", "sha1"), of=v02),
                found("COMMIT_MISMATCH", "commit"),
            ),
            example(
                "by a certificate for another",
                lambda: built(by=Certificate(commit=OTHER)),
                found("COMMIT_MISMATCH", "commit"),
            ),
            example(
                "announced otherwise",
                lambda: release(candidate=put(OTHER, "commit")),
                found("COMMIT_MISMATCH", "commit"),
            ),
        ),
        hostile=(
            *(
                example(
                    f"a commit like {ascii(said)[:20]}",
                    partial(lambda said: built(put(said, *MATERIAL, "digest", "gitCommit")), said),
                    found("COMMIT_MISMATCH", "commit"),
                )
                for said in anything(
                    "0" * 39, "0" * 41, "0" * 40 + "\n", "\u0660" * 40, LONG, TURNED, MARKUP, 0, [], {}
                )
            ),
            example(
                "half a surrogate pair",
                lambda: release(by_builder(_escaped(edited(v1(), put("\ud800", *MATERIAL, "digest", "gitCommit"))))),
                found("COMMIT_MISMATCH", "commit"),
            ),
            example(
                "the announced one first, another beside it",
                lambda: built(put(OTHER, *MATERIAL, "digest", "sha1")),
                found("COMMIT_MISMATCH", "commit"),
            ),
            example("a workflow at another", lambda: built(workflow_from(OTHER)), found("COMMIT_MISMATCH", "commit")),
        ),
    ),
    "attestations.provenance-consistent": Examples(
        passing=(
            example("v1", release),
            example("v0.2", lambda: built(of=v02)),
            example("under a certificate that says the same", lambda: built(by=Certificate())),
            example("under one that says nothing", lambda: built(by=Certificate(None, None, None, None, None))),
        ),
        failing=(
            example(
                "a tag beside a branch, both allowed",
                lambda: built(put("refs/tags/v1", *TOLD, "ref"), change_rules=builds(refs=["refs/*"])),
                found("CONTRADICTORY"),
            ),
            example(
                "a workflow from another allowed branch",
                lambda: built(workflow_from("refs/heads/next"), change_rules=builds(refs=["refs/heads/*"])),
                found("CONTRADICTORY"),
            ),
            example(
                "a certificate for another allowed branch",
                lambda: built(by=Certificate(ref="refs/heads/next"), change_rules=builds(refs=["refs/heads/*"])),
                found("CONTRADICTORY"),
            ),
        ),
        hostile=(
            example(
                "both versions at once",
                lambda: release(
                    by_builder(
                        edited(
                            v1(),
                            put({"id": f"{BUILDER}/2"}, "predicate", "builder"),
                            put({"configSource": {"uri": FORK, "entryPoint": "x"}}, "predicate", "invocation"),
                        )
                    )
                ),
                found("CONTRADICTORY"),
            ),
            *(
                example(
                    f"a ref like {ascii(said)[:20]}",
                    partial(lambda said: built(put(said, *TOLD, "ref")), said),
                    found("CONTRADICTORY"),
                )
                for said in anything(LONG, TURNED, MARKUP, 7, [REF])
            ),
        ),
    ),
}
