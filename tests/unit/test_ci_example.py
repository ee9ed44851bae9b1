"""The example of a CI: its commands exist, it has no permission too many, and everything names one workflow."""

import importlib.util
import json
import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from cutover.contracts.policy import KeylessIdentity
from cutover.contracts.sources import BucketSource
from cutover.domain.identities import Claims, demand_counted
from cutover.errors import Refused
from cutover_cli.candidate_lint import lint
from cutover_cli.main import app
from infra.components.inbox import KINDS

FOLDER = Path(__file__).resolve().parents[2] / "examples/ci"
WORKFLOW: dict[Any, Any] = yaml.safe_load((FOLDER / "github-actions.yml").read_text("utf-8"))
JOBS: dict[str, dict[str, Any]] = WORKFLOW["jobs"]
TRUST = json.loads((FOLDER / "trust-policy.json").read_text("utf-8"))
FACTS = yaml.safe_load((FOLDER / "facts.yaml").read_text("utf-8"))
IDENTITIES = [KeylessIdentity.model_validate_json(json.dumps(each)) for each in FACTS["identities"]]
AT = datetime(2026, 6, 1, tzinfo=UTC)
REPOSITORY, REF, FILE = "example/orders", "refs/heads/main", ".github/workflows/release.yml"
ISSUER, SUBJECT = "token.actions.githubusercontent.com", f"{REPOSITORY}/{FILE}@{REF}"
GIVEN = {
    "CUTOVER_AUDIENCE": "cutover:cutover:111111111111:eu-central-1:production", "VERSION": "1.4.0",
    "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_SHA": "a" * 40, "GITHUB_WORKFLOW_REF": SUBJECT, "GITHUB_RUN_ID": "77",
    "GITHUB_RUN_ATTEMPT": "1", "GITHUB_ACTOR": "dana", "RATIONALE": "Faster checkout.", "WINDOW": "tuesday-evening",
    "PLACE": "orders/77-1", "ARTIFACT_VERSION": "v1", "ARTIFACT_DIGEST": "sha256:" + "b" * 64,
    "PROVENANCE_VERSION": "v1", "SBOM_VERSION": "v1", "TESTS_VERSION": "v1", "CHANGE": "CHG0030001",
    "CHANGE_VERSION": "4", "ROLLOUT_VERSION": "v1", "FLAGS_VERSION": "v1", "ROLLBACK_VERSION": "v1",
    "ISSUED_AT": "2026-06-01T00:00:00Z", "GITHUB_RUN_NUMBER": "12", "EXPIRES_AT": "2026-06-15T00:00:00Z",
}  # fmt: skip
"""What the workflow's environment holds when it writes the candidate."""


def steps(job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = JOBS[job]["steps"]
    return found


def commands() -> Iterator[list[str]]:
    """The words of every line that runs `cutover`, in the order of the jobs."""
    for job in JOBS:
        for script in (step["run"] for step in steps(job) if "run" in step):
            for line in script.replace("\\\n", " ").splitlines():
                if line.strip().startswith("cutover "):
                    yield shlex.split(line)


LINES = list(commands())


def test_it_walks_the_whole_way() -> None:
    assert [" ".join(each[1:3]) for each in LINES] == [
        "sbom inspect", "attest verify", "candidate lint", "candidate sign", "candidate submit",
    ]  # fmt: skip


@pytest.mark.parametrize("words", LINES, ids=lambda words: " ".join(words[1:3]))
def test_each_command_is_one_that_there_is(words: list[str]) -> None:
    """Parsed by the real command, which knows its options; nothing is run."""
    command, rest = typer.main.get_command(app), words[1:]
    context = typer.Context(command, info_name="cutover")
    while hasattr(command, "resolve_command"):
        name, command, rest = command.resolve_command(context, rest)
        context = typer.Context(command, info_name=name, parent=context)
    command.make_context(words[1], rest)


def test_only_the_jobs_that_sign_may_and_may_nothing_else() -> None:
    assert WORKFLOW["permissions"] == {}
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "build": {"contents": "read"},
        "attest": {"id-token": "write", "attestations": "write"},
        "announce": {"contents": "read", "id-token": "write"},
    }
    assert not any("environment" in JOBS[name] for name in ("build", "attest"))
    assert [step.get("uses", "").partition("@")[0] for step in steps("attest") if "run" not in step] == [
        "actions/download-artifact", "actions/attest-build-provenance", "actions/attest", "actions/upload-artifact",
    ]  # fmt: skip


def test_nothing_of_others_runs_where_something_is_signed() -> None:
    """Started by hand, never by a pull request; checkouts leave no token behind."""
    assert list(WORKFLOW[True]) == ["workflow_dispatch"], "YAML 1.1 reads `on` as true"
    checkouts = [step for job in JOBS for step in steps(job) if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)
    assert not any("checkout" in step.get("uses", "") for step in steps("attest"))


def test_no_input_becomes_part_of_a_script() -> None:
    scripts = [step["run"] for job in JOBS for step in steps(job) if "run" in step]
    assert scripts
    assert not [script for script in scripts if "${{" in script]
    assert WORKFLOW["defaults"]["run"]["shell"] == "bash", "with pipefail: a version that was not told stops it"


def test_each_action_has_a_version_and_the_readme_says_to_pin_it() -> None:
    used = {step["uses"] for job in JOBS for step in steps(job) if "uses" in step}
    assert used
    assert not [each for each in used if not re.fullmatch(r"[a-z-]+/[a-z-]+@(?:v\d+(?:\.\d+)*|[0-9a-f]{40})", each)]
    assert "## Pin the actions" in (FOLDER / "README.md").read_text("utf-8")


def test_secrets_are_seen_by_the_step_that_needs_them() -> None:
    text = (FOLDER / "github-actions.yml").read_text("utf-8")
    assert re.findall(r"secrets\.([A-Z_]+)", text) == ["CUTOVER_CANDIDATE_KEY"]
    (step,) = [each for each in steps("announce") if "secrets." in json.dumps(each)]
    assert step["name"] == "Sign the candidate"
    assert "umask 077" in step["run"]


def test_the_role_is_for_one_repository_environment_ref_and_workflow() -> None:
    (statement,) = TRUST["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "sts:AssumeRoleWithWebIdentity")
    assert statement["Principal"].keys() == {"Federated"}
    assert statement["Principal"]["Federated"].endswith(f":oidc-provider/{ISSUER}")
    assert statement["Condition"].keys() == {"StringEquals"}, "nothing is compared by a pattern"
    assert statement["Condition"]["StringEquals"] == {
        f"{ISSUER}:aud": "sts.amazonaws.com",
        f"{ISSUER}:sub": f"repo:{REPOSITORY}:environment:{JOBS['announce']['environment']}"
        f":ref:{REF}:job_workflow_ref:{SUBJECT}",
    }
    assert "*" not in json.dumps(TRUST)
    claims = re.findall(r"include_claim_keys\[\]=(\w+)", (FOLDER / "README.md").read_text("utf-8"))
    assert claims == ["repo", "context", "ref", "job_workflow_ref"], "in the order of the subject"


def test_the_role_may_announce_and_push_and_little_else() -> None:
    statements = json.loads((FOLDER / "permissions.json").read_text("utf-8"))["Statement"]
    allowed = {each["Sid"]: each for each in statements}
    assert {each["Action"] for each in statements} == {
        "s3:PutObject", "s3:GetObject", "events:PutEvents", "cloudformation:DescribeStacks", "dynamodb:GetItem",
        "kms:Decrypt",
    }  # fmt: skip
    kind = KINDS["Intake"]
    assert allowed["AnnouncesCandidates"]["Condition"] == {
        "StringEquals": {"events:source": kind.sources[0], "events:detail-type": kind.detail_type}
    }
    assert allowed["SeesWhatBecameOfItsOwn"]["Condition"] == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["ADMISSION#*", "CUTOVER#orders@*"]}
    }
    assert not [each for each in statements if each["Resource"] == "*"]


def test_what_contradicts_the_job_is_written_by_others() -> None:
    """A source is a whole bucket: a candidate may name any key of it."""
    statements = json.loads((FOLDER / "permissions.json").read_text("utf-8"))["Statement"]
    buckets = {name: FACTS["sources"][name]["bucket"] for name in ("registry", "ci", "records")}
    (written,) = (each["Resource"] for each in statements if each["Action"] == "s3:PutObject")
    (seen,) = (each["Resource"] for each in statements if each["Action"] == "s3:GetObject")
    assert {f"arn:aws:s3:::{buckets[name]}/orders/*" for name in ("registry", "ci")} == {written}
    assert f"arn:aws:s3:::{buckets['records']}/orders/*" == seen != written
    candidate = fill(GIVEN)
    theirs = (candidate["rollout"], candidate["flags"], candidate["rollback"]["plan"])
    assert {each["source"] for each in theirs} == {"records"}


def claims(**other: str) -> Claims:
    said = {
        "issuer": f"https://{ISSUER}", "identity": f"https://github.com/{SUBJECT}",
        "repository": f"https://github.com/{REPOSITORY}", "ref": REF,
    }  # fmt: skip
    return Claims(**said | other)


def test_the_facts_trust_the_workflow_and_no_other() -> None:
    assert {each.purpose for each in IDENTITIES} == {"provenance", "attestation"}
    assert all(each.products == ("orders",) for each in IDENTITIES)
    BucketSource.model_validate(FACTS["sources"]["registry"])
    for purpose in ("provenance", "attestation"):
        ours = [each for each in IDENTITIES if each.purpose == purpose]
        counted(ours, claims(), purpose)
        branch, fork = "refs/heads/try", "https://github.com/another/orders"
        for other in (
            {"identity": f"https://github.com/{SUBJECT.replace(REF, branch)}", "ref": branch},
            {"ref": "refs/pull/7/merge"}, {"repository": fork}, {"issuer": "https://gitlab.com"},
            {"identity": f"https://github.com/{REPOSITORY}/.github/workflows/other.yml@{REF}"},
        ):  # fmt: skip
            with pytest.raises(Refused):
                counted(ours, claims(**other), purpose)


def counted(identities: list[KeylessIdentity], said: Claims, purpose: Any) -> None:
    demand_counted(identities, said, purpose=purpose, product="orders", times=[AT], at=AT)


def fill(given: dict[str, str]) -> dict[str, Any]:
    """The template, filled by the example's own script."""
    spec = importlib.util.spec_from_file_location("fill", FOLDER / "fill.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    filled: dict[str, Any] = json.loads(module.fill((FOLDER / "candidate.template.json").read_text("utf-8"), given))
    return filled


def test_the_template_makes_a_candidate_without_faults() -> None:
    found = lint(fill(GIVEN), now=AT)
    assert (found.faults, found.candidate is not None) == ((), True)
    assert found.candidate is not None
    assert (found.candidate.sequence, found.candidate.components[0].artifact.version) == (12, "v1")


def test_every_name_in_the_template_is_set_by_the_workflow() -> None:
    text = (FOLDER / "github-actions.yml").read_text("utf-8")
    names = set(re.findall(r"\$([A-Z_]+)", (FOLDER / "candidate.template.json").read_text("utf-8")))
    assert names == GIVEN.keys()
    ours = {name for name in names if not name.startswith("GITHUB_")}
    assert not [name for name in ours if not re.search(rf"\b{name}(?::|=| [a-z])", text)]


@pytest.mark.parametrize("hostile", ['", "target": "staging', 'a"b', "a\nb", "$VERSION", "\\", "${{ secrets.X }}"])
def test_what_somebody_types_stays_one_text(hostile: str) -> None:
    assert fill(GIVEN | {"RATIONALE": hostile}) == fill(GIVEN) | {"rationale": hostile}


def test_what_is_missing_or_no_number_stops_it() -> None:
    with pytest.raises(KeyError):
        fill({name: value for name, value in GIVEN.items() if name != "SBOM_VERSION"})
    with pytest.raises(ValueError, match="invalid literal"):
        fill(GIVEN | {"GITHUB_RUN_NUMBER": '1, "target": "staging"'})
