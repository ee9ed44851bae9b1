"""Row 2: provenance is signed by whom the policy trusts, speaks of these bytes, and of a build that the policy allows.

What it says is held against ``rules.builds`` of the product. It may say one thing in several places, and a certificate
says some of it too: every place is looked at, and all must be admitted. What it does not say at all is a gap, and held
as one by Assemble.
"""

from collections.abc import Iterator

from cutover.contracts.policy import BuildOrigin
from cutover.domain import bounded, slsa
from cutover.domain.canonical import same
from cutover.domain.checks import stated as statements
from cutover.domain.checks.built import Built, Claim, built, named
from cutover.domain.checks.context import Context, Problem, Rule
from cutover.domain.checks.fields import about, shown
from cutover.domain.patterns import admitted
from cutover.domain.pointer import resolve

_MEND = "build it where the policy allows, or have the policy's owners change the product's entry in rules.builds"
_REVIEWS = ("pull_request", "merge_request")
_REVIEW_REFS = ("refs/pull/", "refs/merge-requests/")


def _problem(
    each: Built, code: str, field: str, *, found: str, wanted: str, mend: str, announced: str | None = None
) -> Problem:
    """``announced``: what CI says that it was held against; a waiver answers for this one only."""
    envelope = each.stated.envelope.evidence.sha256
    return Problem(
        code=code,
        field=each.stated.field.removesuffix("statement") + field,
        subject=envelope if announced is None else about(envelope, announced),
        found=bounded.line(found),
        wanted=bounded.line(wanted),
        mend=mend,
        evidence=each.stated.evidence,
    )


def signed(context: Context) -> Iterator[Problem]:
    """Whom the policy trusts for provenance, and for this product, has signed it."""
    return statements.untrusted(context, "provenance", "PROVENANCE_UNTRUSTED")


def subject(context: Context) -> Iterator[Problem]:
    """The provenance speaks of the announced digest."""
    return statements.about_other_bytes(context, "provenance", "PROVENANCE_SUBJECT_MISMATCH")


def kind(context: Context) -> Iterator[Problem]:
    """It is SLSA provenance of a version that we know where to look in."""
    for each in built(context):
        statement, predicate = (resolve(each.stated.statement.document, name) for name in ("/_type", "/predicateType"))
        if statement not in slsa.STATEMENT_TYPES or predicate not in slsa.PREDICATE_TYPES:
            yield _problem(
                each,
                "PROVENANCE_TYPE_UNKNOWN",
                "statement",
                found=f"a statement of type {shown(statement)}, its predicate of type {shown(predicate)}",
                wanted=f"an in-toto Statement with one of {' or '.join(slsa.PREDICATE_TYPES)}",
                mend="let the builder attest SLSA provenance v1 or v0.2, and refer to that",
            )


def builder_allowed(context: Context) -> Iterator[Problem]:
    """It was built by a builder that the policy allows for this product."""
    return _not_allowed(context, "builder", _origin(context).builders, "PROVENANCE_BUILDER_NOT_ALLOWED")


def repository_allowed(context: Context) -> Iterator[Problem]:
    """It was built from a repository that the policy allows for this product."""
    return _not_allowed(context, "repository", _origin(context).repositories, "PROVENANCE_REPOSITORY_NOT_ALLOWED")


def workflow_allowed(context: Context) -> Iterator[Problem]:
    """It was built by a workflow that the policy allows for this product."""
    return _not_allowed(context, "workflow", _origin(context).workflows, "PROVENANCE_WORKFLOW_NOT_ALLOWED")


def ref_allowed(context: Context) -> Iterator[Problem]:
    """It was built from a ref that the policy allows for this product."""
    code, allowed = "PROVENANCE_REF_NOT_ALLOWED", _origin(context).refs
    yield from _not_allowed(context, "ref", allowed, code)
    for each in built(context):
        if each.claims["repository"] and not each.claims["ref"]:
            found = "built from a repository at no ref"
            yield _problem(each, code, "ref", found=found, wanted=_wanted("ref", allowed), mend=_MEND)


def source(context: Context) -> Iterator[Problem]:
    """It was built from the repository that CI announced."""
    announced = slsa.source_of(context.candidate.repository).repository
    for each in built(context):
        others = [repository for repository in each.claims["repository"] if repository != announced]
        if others:
            yield _problem(
                each,
                "PROVENANCE_REPOSITORY_MISMATCH",
                "repository",
                found=f"built from {named(others)}",
                wanted=f"built from the announced {named((announced,))}",
                mend="announce the repository that was built, or build the one that was announced",
                announced=announced,
            )


def reviewed(context: Context) -> Iterator[Problem]:
    """It was not built for a pull request, whatever the policy's lists would admit.

    Whoever opens one chooses what is built, before anybody has looked at it.
    """
    for each in built(context):
        signs = [event for event in each.events if event.startswith(_REVIEWS)]
        signs += [ref for ref in each.claims["ref"] if ref.startswith(_REVIEW_REFS)]
        signs += each.heads
        if signs:
            yield _problem(
                each,
                "PROVENANCE_FROM_PULL_REQUEST",
                "ref",
                found=f"built for a pull request: {named(signs)}",
                wanted="a run from a reviewed branch or tag",
                mend="build it again from the branch or tag that was reviewed, and announce that",
            )


def commit(context: Context) -> Iterator[Problem]:
    """The builder built the commit that CI announced, and its certificate says so too."""
    announced = context.candidate.commit
    for each in built(context):
        others = [said for said in each.claims["commit"] if announced is not None and not same(said, announced)]
        if others:
            yield _problem(
                each,
                "PROVENANCE_COMMIT_MISMATCH",
                "commit",
                found=f"built from {named(others)}",
                wanted=f"built from the announced {announced}",
                mend="announce the commit that was built, or build the one that was announced",
                announced=announced,
            )


def consistent(context: Context) -> Iterator[Problem]:
    """It does not contradict itself, or its certificate, even within what the lists would allow."""
    claims: tuple[Claim, ...] = ("builder", "repository", "ref", "workflow")
    for each in built(context):
        several = [f"{claim} {named(each.claims[claim])}" for claim in claims if len(each.claims[claim]) > 1]
        if several:
            yield _problem(
                each,
                "PROVENANCE_CONTRADICTORY",
                "statement",
                found="; ".join(several),
                wanted="one builder, one repository, one ref and one workflow, wherever it names them",
                mend="let the builder attest it anew; if it says this again, the builder is not what it seems",
            )


def _origin(context: Context) -> BuildOrigin:
    """Where the product may be built: nowhere, when the rules do not say."""
    return context.rules.builds.get(context.candidate.product, BuildOrigin())


def _not_allowed(context: Context, claim: Claim, allowed: tuple[str, ...], code: str) -> Iterator[Problem]:
    for each in built(context):
        others = [said for said in each.claims[claim] if not admitted(allowed, said)]
        if others:
            found = f"the {claim} {named(others)}"
            yield _problem(each, code, claim, found=found, wanted=_wanted(claim, allowed), mend=_MEND)


def _wanted(claim: Claim, allowed: tuple[str, ...]) -> str:
    return f"a {claim} of those that the rules allow: {named(allowed, empty='they allow none')}"


RULES = (
    Rule("attestations.provenance-signed", signed, reads=("attestations",)),
    Rule("attestations.provenance-type", kind, reads=("attestations",)),
    Rule("attestations.provenance-subject", subject, reads=("attestations",)),
    Rule("attestations.provenance-builder", builder_allowed, reads=("attestations",)),
    Rule("attestations.provenance-repository", repository_allowed, reads=("attestations",)),
    Rule("attestations.provenance-source", source, reads=("attestations",)),
    Rule("attestations.provenance-ref", ref_allowed, reads=("attestations",)),
    Rule("attestations.provenance-reviewed", reviewed, reads=("attestations",)),
    Rule("attestations.provenance-workflow", workflow_allowed, reads=("attestations",)),
    Rule("attestations.provenance-commit", commit, reads=("attestations",)),
    Rule("attestations.provenance-consistent", consistent, reads=("attestations",)),
)
