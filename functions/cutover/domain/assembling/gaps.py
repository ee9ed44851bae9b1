"""What each missing field is called, whose it is, and what would mend it."""

from cutover.domain.assembling.fields import Gap


def _gap(rule: str, code: str, wanted: str, mend: str) -> Gap:
    return Gap(rule=rule, code=code, family=rule.split(".", 1)[0], wanted=wanted, mend=mend)


CANDIDATE = _gap(
    "lineage.candidate",
    "CANDIDATE_INCOMPLETE",
    "a field that the candidate's contract requires",
    "announce it again",
)
ARTIFACT_UNPINNED = _gap(
    "artifacts.digest-pinned", "ARTIFACT_NOT_DIGEST_PINNED",
    "an artifact announced with its sha256 digest", "announce the candidate again with the artifact's digest",
)  # fmt: skip
ARTIFACT_UNKNOWN = _gap(
    "artifacts.registry-record", "ARTIFACT_UNKNOWN",
    "a record of this artifact in the registry", "publish the artifact, or announce the version that exists",
)  # fmt: skip
PROVENANCE = _gap(
    "attestations.provenance", "PROVENANCE_INCOMPLETE",
    "SLSA provenance that names builder, repository and commit", "let the builder attest this artifact and refer to it",
)  # fmt: skip
ATTESTATION = _gap(
    "attestations.named", "ATTESTATION_MISSING",
    "a signed statement of this name", "publish the attestation that the candidate names",
)  # fmt: skip
DEPENDENCIES = _gap(
    "lineage.dependencies", "DEPENDENCY_MANIFEST_MISSING",
    "a CycloneDX JSON document with its components", "attach the component's SBOM to the candidate",
)  # fmt: skip
CHANGE = _gap(
    "lineage.change", "CHANGE_RECORD_INCOMPLETE",
    "a change record of cutover/change-record/v1",
    "complete the change record; answer with its new version, or announce that",
)  # fmt: skip
ROLLOUT = _gap(
    "lineage.rollout", "COHORT_INCOMPLETE",
    "cohorts, each with environment and share",
    "complete the rollout plan; answer with its new version, or announce that",
)  # fmt: skip
FLAGS = _gap(
    "lineage.flags", "FLAG_INCOMPLETE",
    "flags with owner, purpose, default and expiry",
    "complete the flag set; answer with its new version, or announce that",
)  # fmt: skip
ROLLBACK_PLAN = _gap(
    "rollback.plan", "ROLLBACK_PLAN_MISSING",
    "a rollback plan of cutover/rollback-plan/v1 with its steps",
    "publish the plan; answer with its version, or announce that",
)  # fmt: skip
ROLLBACK_FIELDS = {
    name: _gap(
        f"rollback.{name.replace('_', '-')}",
        f"ROLLBACK_{code}_MISSING",
        wanted,
        "complete the step in the plan",
    )
    for name, code, wanted in (
        ("hook_digest", "HOOK", "the digest of the hook that this step runs"),
        ("trigger", "TRIGGER", "the criteria that trigger this step"),
        ("class", "CLASS", "reversible, compensating or irreversible"),
        ("stop_first", "STOP_FIRST", "the automation to stop before this step"),
        ("prior_configuration", "PRIOR_CONFIGURATION", "a pointer to the configuration to return to"),
        ("baseline_check", "BASELINE_CHECK", "a check that tells whether the baseline is restored"),
        ("baseline_expected", "BASELINE_RESULT", "the baseline check's expected result"),
        ("drilled_at", "DRILL", "the date of the last drill of this step"),
    )
}
WAIVER_FIELDS = {
    name: _gap(
        f"waivers.{name.replace('_', '-')}",
        f"WAIVER_{code}_MISSING",
        wanted,
        "issue the waiver again, complete",
    )
    for name, code, wanted in (
        ("owner", "OWNER", "who owns the waived risk"),
        ("reason", "REASON", "why it may be waived"),
        ("approver", "APPROVER", "who approved it"),
        ("policy", "POLICY", "the policy that allows it"),
        ("expires_at", "END", "when it ends: no waiver is without an end"),
    )
}
WAIVER = _gap(
    "waivers.record", "WAIVER_UNREADABLE",
    "a waiver of cutover/waiver/v1 in a signed envelope",
    "publish the waiver; answer with its version, or announce that",
)  # fmt: skip
