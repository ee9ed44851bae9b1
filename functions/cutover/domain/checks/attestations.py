"""Rows 2 and 3: provenance and named attestations are signed for their purpose and speak of these bytes.

Only presence, signature, subject and commit are judged, never what a statement concludes.
"""

from collections.abc import Iterator

from cutover.contracts.base import Digest
from cutover.contracts.candidate import Reference
from cutover.contracts.envelope import IN_TOTO_TYPE, Envelope
from cutover.contracts.policy import Purpose
from cutover.domain import bounded
from cutover.domain import envelope as dsse
from cutover.domain.assembling.index import Found, subject_of
from cutover.domain.assembling.release import SLSA_CLAIMS
from cutover.domain.canonical import same
from cutover.domain.checks.context import Context, Problem, Rule
from cutover.domain.pointer import NOWHERE, resolve
from cutover.errors import Refused


def _statements(context: Context, purpose: Purpose) -> Iterator[tuple[str, Reference, int]]:
    """Bundle field, reference and component number of every statement of a purpose."""
    if purpose == "provenance":
        for number, component in enumerate(context.candidate.components):
            if component.provenance is not None:
                yield f"/components/{number}/provenance/statement", component.provenance, number
        return
    numbers = {component.name: number for number, component in enumerate(context.candidate.components)}
    for number, named in enumerate(context.candidate.attestations):
        yield f"/attestations/{number}/statement", named.statement, numbers[named.component]


def _untrusted(context: Context, purpose: Purpose, code: str) -> Iterator[Problem]:
    for field, reference, _ in _statements(context, purpose):
        found = context.index.find("attestations", reference)
        if found is None:
            continue
        try:
            dsse.open_envelope(
                Envelope.model_validate_json(found.content),
                payload_type=IN_TOTO_TYPE,
                purpose=purpose,
                keys=context.facts.keys,
                at=context.as_of,
                product=context.candidate.product,
            )
        except (Refused, ValueError) as error:
            reason = f"{error.code}: {error.detail}" if isinstance(error, Refused) else "not a DSSE envelope"
            yield Problem(
                code=code,
                field=field,
                subject=found.evidence.sha256,
                found=bounded.line(reason),
                wanted=f"a signature by a key that the policy trusts for {purpose}",
                mend="let the trusted builder or tester sign it, or have the owners trust its key",
                evidence=(found.evidence.sha256,),
            )


def provenance_signed(context: Context) -> Iterator[Problem]:
    """A key trusted for provenance, and for this product, has signed it."""
    return _untrusted(context, "provenance", "PROVENANCE_UNTRUSTED")


def attestations_signed(context: Context) -> Iterator[Problem]:
    """A key trusted for attestations, and for this product, has signed it."""
    return _untrusted(context, "attestation", "ATTESTATION_UNTRUSTED")


def _subjects(found: Found) -> set[str]:
    subjects = resolve(found.document, "/subject")
    named = (resolve(each, "/digest/sha256") for each in subjects) if isinstance(subjects, list) else ()
    return {f"sha256:{value}" for value in named if isinstance(value, str)}


def _about_other_bytes(context: Context, purpose: Purpose, code: str) -> Iterator[Problem]:
    for field, reference, number in _statements(context, purpose):
        found = context.index.find("attestations", reference, payload=True)
        announced = context.candidate.components[number].artifact.digest
        if found is None or announced is None or announced in _subjects(found):
            continue
        yield Problem(
            code=code,
            field=field,
            subject=announced,
            found=bounded.line(f"its subjects are {', '.join(sorted(_subjects(found))) or 'none'}"),
            wanted=f"a statement about {announced}",
            mend="attach the statement that was made for this artifact",
            evidence=(found.evidence.sha256,),
        )


def provenance_subject(context: Context) -> Iterator[Problem]:
    """The provenance speaks of the announced digest."""
    return _about_other_bytes(context, "provenance", "PROVENANCE_SUBJECT_MISMATCH")


def attestation_subject(context: Context) -> Iterator[Problem]:
    """The attestation speaks of the announced digest."""
    return _about_other_bytes(context, "attestation", "ATTESTATION_SUBJECT_MISMATCH")


def provenance_commit(context: Context) -> Iterator[Problem]:
    """The builder built the commit that CI announced."""
    for field, reference, _ in _statements(context, "provenance"):
        found = context.index.find("attestations", reference, payload=True)
        if found is None:
            continue
        built = next((v for p in SLSA_CLAIMS["commit"] if (v := resolve(found.document, p)) is not NOWHERE), None)
        if not isinstance(built, str) or not same(built, context.candidate.commit):
            yield Problem(
                code="PROVENANCE_COMMIT_MISMATCH",
                field=field.replace("/statement", "/commit"),
                subject=found.evidence.sha256,
                found=bounded.line(f"built from {str(built)[:100]}"),
                wanted=f"built from the announced {context.candidate.commit}",
                mend="announce the commit that was built, or build the one that was announced",
                evidence=(found.evidence.sha256,),
            )


def required_present(context: Context) -> Iterator[Problem]:
    """Every attestation that the rules require is named for every component."""
    named = {(each.name, each.component) for each in context.candidate.attestations}
    for number, component in enumerate(context.candidate.components):
        for name in context.rules.attestations:
            if (name, component.name) not in named:
                yield Problem(
                    code="ATTESTATION_MISSING",
                    field=f"/components/{number}/digest",
                    subject=component.artifact.digest or _asked(component.artifact),
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
                subject=found.evidence.sha256,
                found=bounded.line(f"a statement of type {stated if isinstance(stated, str) else 'unknown'}"),
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
                subject=found.evidence.sha256,
                found=f"the same statement as {other!r}",
                wanted=f"a statement of its own for {named.name!r}",
                mend=f"let CI attest {named.name!r} by itself, and announce the candidate again",
                evidence=(found.evidence.sha256,),
            )


def _asked(reference: Reference) -> Digest:
    return subject_of(None, reference)


RULES = (
    Rule("attestations.provenance-signed", provenance_signed),
    Rule("attestations.provenance-subject", provenance_subject),
    Rule("attestations.provenance-commit", provenance_commit),
    Rule("attestations.signed", attestations_signed),
    Rule("attestations.subject", attestation_subject),
    Rule("attestations.required", required_present),
    Rule("attestations.required-type", required_type),
    Rule("attestations.required-once", required_once),
)
