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
COMMIT = _gap(
    "attestations.commit-stated", "COMMIT_NOT_STATED",
    "the commit that the release was built from", "announce the candidate again with its commit",
)  # fmt: skip
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
    "SLSA provenance that names builder, repository, ref, workflow and commit",
    "let the builder attest this artifact and refer to it",
)  # fmt: skip
ATTESTATION = _gap(
    "attestations.named", "ATTESTATION_MISSING",
    "a signed statement of this name", "publish the attestation that the candidate names",
)  # fmt: skip
DEPENDENCIES = _gap(
    "dependencies.manifest", "DEPENDENCY_MANIFEST_MISSING",
    "a CycloneDX or SPDX JSON document with its components", "attach the component's SBOM to the candidate",
)  # fmt: skip
CATALOG_ENTITY = _gap(
    "catalog.entity", "CATALOG_ENTITY_MISSING",
    "the component's entity in the service catalog: backstage.io, kind Component",
    "register the component, and refer to its entity",
)  # fmt: skip
CATALOG_FIELDS = {
    name: _gap(f"catalog.{name}", f"CATALOG_{name.upper()}_MISSING", wanted, mend)
    for name, wanted, mend in (
        ("owner", "the group that owns the component", "name spec.owner in the entity"),
        ("lifecycle", "the component's lifecycle", "name spec.lifecycle in the entity"),
        ("tier", "the component's tier, as text", "label the entity with its tier; in YAML quote a number"),
    )
}
CHANGE = _gap(
    "change.record", "CHANGE_RECORD_INCOMPLETE",
    "a change record with number, title, state, risk and requester",
    "complete the change record; answer with its new version, or announce that",
)  # fmt: skip
ROLLOUT = _gap(
    "rollout.plan", "ROLLOUT_PLAN_MISSING",
    "a rollout plan of cutover/rollout-plan/v1 with its cohorts",
    "publish the plan; answer with its version, or announce that",
)  # fmt: skip
COHORT_ENVIRONMENT = _gap(
    "rollout.environment", "COHORT_ENVIRONMENT_MISSING",
    "the environment that the cohort is in",
    "complete the rollout plan; answer with its new version, or announce that",
)  # fmt: skip
COHORT_SHARE = _gap(
    "rollout.share", "COHORT_UNSIZED",
    "the cohort's share in percent",
    "complete the rollout plan; answer with its new version, or announce that",
)  # fmt: skip
FLAGS = _gap(
    "flags.record", "FLAG_RECORD_MISSING",
    "flags of cutover/flag-set/v1, of AWS AppConfig or of flagd: at most 200, and 3 MiB in the bundle",
    "publish the flags; answer with the record's version, or announce that",
)  # fmt: skip
_COMPLETE_FLAG = "complete the flag; answer with the record's new version, or announce that"
FLAG_TYPE = _gap("flags.type", "FLAG_TYPE_MISSING", "the flag's type", _COMPLETE_FLAG)
FLAG_FIELDS = {
    name: _gap(f"flags.{name.replace('_', '-')}", f"FLAG_{code}_MISSING", wanted, _COMPLETE_FLAG)
    for name, code, wanted in (
        ("owner", "OWNER", "who owns the flag"),
        ("purpose", "PURPOSE", "what the flag is for"),
        ("default", "DEFAULT", "what holds where nothing else is set"),
        ("environments", "ENVIRONMENTS", "the environments in which it may be used"),
        ("expires_at", "EXPIRY", "when it ends (RFC 3339, UTC, whole seconds), as its type needs"),
        ("rollback_condition", "ROLLBACK_CONDITION", "when it is to be switched back"),
        ("monitoring_hook", "MONITORING_HOOK", "where its effect is watched"),
    )
}
OVERLAYS = _gap(
    "overlays.record", "OVERLAYS_MISSING",
    "the environments' settings of cutover/environment-overlays/v1: each name once, at most 3 MiB in the bundle",
    "publish the overlays and refer to them",
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
