"""What the checks of provenance and of named attestations share: the statements, their signers, their subjects."""

from collections.abc import Iterator
from dataclasses import dataclass

from cutover.contracts.base import Digest
from cutover.contracts.candidate import Reference
from cutover.contracts.policy import Purpose
from cutover.domain import bounded, slsa
from cutover.domain.assembling.index import Found
from cutover.domain.canonical import same
from cutover.domain.checks.context import Context, Problem
from cutover.domain.checks.fields import about, listed
from cutover.domain.statements import Signed
from cutover.errors import Refused


@dataclass(frozen=True, slots=True)
class Stated:
    """One statement that the candidate names: the bundle's field for it, its component, its envelope and payload."""

    field: str
    component: int
    envelope: Found
    statement: Found

    @property
    def evidence(self) -> tuple[Digest, ...]:
        return (self.envelope.evidence.sha256, self.statement.evidence.sha256)


def references(context: Context, purpose: Purpose) -> Iterator[tuple[str, Reference, int]]:
    """Bundle field, reference and component number of every statement of a purpose."""
    if purpose == "provenance":
        for number, component in enumerate(context.candidate.components):
            if component.provenance is not None:
                yield f"/components/{number}/provenance/statement", component.provenance, number
        return
    numbers = {component.name: number for number, component in enumerate(context.candidate.components)}
    for number, named in enumerate(context.candidate.attestations):
        yield f"/attestations/{number}/statement", named.statement, numbers[named.component]


def stated(context: Context, purpose: Purpose) -> Iterator[Stated]:
    """Every statement of a purpose that was collected; one that was not is a gap, and held as one."""
    for field, reference, number in references(context, purpose):
        envelope = context.index.find("attestations", reference)
        statement = context.index.find("attestations", reference, payload=True)
        if envelope is not None and statement is not None:
            yield Stated(field, number, envelope, statement)


def signed(context: Context, each: Stated, purpose: Purpose) -> Signed:
    """Who signed it. ``Refused`` where nobody did who counts."""
    return context.statements(
        each.envelope.content,
        purpose=purpose,
        facts=context.facts,
        product=context.candidate.product,
        at=context.as_of,
    )


def untrusted(context: Context, purpose: Purpose, code: str) -> Iterator[Problem]:
    """Row 2: the statements that nobody signed who counts for this purpose and product."""
    for each in stated(context, purpose):
        refused = _refusal(context, each, purpose)
        if refused is not None:
            yield Problem(
                code=code,
                field=each.field,
                subject=each.envelope.evidence.sha256,
                found=bounded.line(f"{refused.code}: {refused.detail}"),
                wanted=f"a signature that the policy trusts for {purpose}: by a key, or by a certificate's identity",
                mend="let the trusted builder or tester sign it, or have the owners trust who did",
                evidence=(each.envelope.evidence.sha256,),
            )


def _refusal(context: Context, each: Stated, purpose: Purpose) -> Refused | None:
    try:
        proved = signed(context, each, purpose)
    except Refused as refused:
        return refused
    if not same(proved.payload.hex(), each.statement.content.hex()):
        return Refused("STATEMENT_AMBIGUOUS", "what was signed is not what is read of it")
    return None


def about_other_bytes(context: Context, purpose: Purpose, code: str) -> Iterator[Problem]:
    """Row 2: the statements whose subjects are not the announced artifact."""
    for each in stated(context, purpose):
        announced = context.candidate.components[each.component].artifact.digest
        subjects = slsa.subjects(each.statement.document)
        if announced is None or any(same(announced, subject) for subject in subjects):
            continue
        yield Problem(
            code=code,
            field=each.field,
            subject=about(announced, each.statement.evidence.sha256),
            found=bounded.line(f"its subjects are {listed(sorted(subjects), empty='none')}"),
            wanted=f"a statement about {announced}",
            mend="attach the statement that was made for this artifact",
            evidence=each.evidence,
        )
