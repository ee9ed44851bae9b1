"""Row 3: what CI must bring is there, signed for its purpose, and speaks of these bytes. Provenance is in its own file.

Only presence, signature, subject and type are judged, never what a statement concludes.
"""

from collections.abc import Iterator

from cutover.contracts.base import Digest
from cutover.contracts.candidate import Reference
from cutover.domain import bounded
from cutover.domain.assembling.index import subject_of
from cutover.domain.checks import provenance
from cutover.domain.checks import stated as statements
from cutover.domain.checks.context import Context, Problem, Rule
from cutover.domain.checks.fields import about, shown
from cutover.domain.pointer import resolve


def attestations_signed(context: Context) -> Iterator[Problem]:
    """Whom the policy trusts for attestations, and for this product, has signed it."""
    return statements.untrusted(context, "attestation", "ATTESTATION_UNTRUSTED")


def attestation_subject(context: Context) -> Iterator[Problem]:
    """The attestation speaks of the announced digest."""
    return statements.about_other_bytes(context, "attestation", "ATTESTATION_SUBJECT_MISMATCH")


def required_present(context: Context) -> Iterator[Problem]:
    """Every attestation that the rules require is named for every component."""
    named = {(each.name, each.component) for each in context.candidate.attestations}
    for number, component in enumerate(context.candidate.components):
        for name in context.rules.attestations:
            if (name, component.name) not in named:
                yield Problem(
                    code="ATTESTATION_MISSING",
                    field=f"/components/{number}/digest",
                    subject=about(component.artifact.digest or _asked(component.artifact), name),
                    found=f"no attestation {name!r} for {component.name}",
                    wanted=f"an attestation {name!r} for this digest",
                    mend=f"let CI attest {name!r} and announce the candidate again",
                )


def required_type(context: Context) -> Iterator[Problem]:
    """The statement under a required name is of the predicate type that the rules give this name."""
    for number, named in enumerate(context.candidate.attestations):
        wanted = context.rules.attestations.get(named.name)
        found = context.index.find("attestations", named.statement, payload=True)
        if wanted is None or found is None:
            continue
        stated = resolve(found.document, "/predicateType")
        if stated != wanted:
            yield Problem(
                code="ATTESTATION_TYPE_MISMATCH",
                field=f"/attestations/{number}/statement",
                subject=about(found.evidence.sha256, named.name),
                found=bounded.line(f"a statement of type {shown(stated)}"),
                wanted=f"{named.name!r} as a statement of type {wanted}",
                mend=f"attach the statement that was made as {named.name!r}",
                evidence=(found.evidence.sha256,),
            )


def required_once(context: Context) -> Iterator[Problem]:
    """No statement stands for two required names."""
    first: dict[Digest, str] = {}
    for number, named in enumerate(context.candidate.attestations):
        found = context.index.find("attestations", named.statement, payload=True)
        if found is None or named.name not in context.rules.attestations:
            continue
        other = first.setdefault(found.evidence.sha256, named.name)
        if other != named.name:
            yield Problem(
                code="ATTESTATION_REUSED",
                field=f"/attestations/{number}/statement",
                subject=about(found.evidence.sha256, other, named.name),
                found=f"the same statement as {other!r}",
                wanted=f"a statement of its own for {named.name!r}",
                mend=f"let CI attest {named.name!r} by itself, and announce the candidate again",
                evidence=(found.evidence.sha256,),
            )


def _asked(reference: Reference) -> Digest:
    return subject_of(None, reference)


RULES = (
    *provenance.RULES,
    Rule("attestations.signed", attestations_signed, reads=("attestations",)),
    Rule("attestations.subject", attestation_subject, reads=("attestations",)),
    Rule("attestations.required", required_present),
    Rule("attestations.required-type", required_type, reads=("attestations",)),
    Rule("attestations.required-once", required_once, reads=("attestations",)),
)
