"""Row 15: every consequential field stands in the evidence that it names."""

from collections.abc import Iterator

from cutover.domain import bounded, canonical, lineage
from cutover.domain.checks.context import Context, Problem, Rule
from cutover.domain.failures import mend_of


def stands_in_evidence(context: Context) -> Iterator[Problem]:
    """Walk each field's pointer again, and find exactly its value."""
    found = lineage.check(
        context.bundle, context.trace, context.evidence_set, context.documents, context.rules.rendering
    )
    for fault in found:
        yield Problem(
            code="LINEAGE_BROKEN",
            field="" if fault.pointer == "/" else fault.pointer,
            subject=canonical.digest_model(context.evidence_set),
            found=bounded.line(f"{fault.code}: {fault.message}"),
            wanted="a value that stands in its evidence, at its pointer",
            mend="publish the record so that it can be read unambiguously, and announce the candidate again",
        )


def collected(context: Context) -> Iterator[Problem]:
    """Every record that the candidate refers to was fetched."""
    for collection in context.evidence_set.collections:
        for failure in collection.failures:
            yield Problem(
                code=failure.code,
                field="",
                subject=canonical.digest_model(failure),
                found=bounded.line(
                    f"{failure.source} {failure.record[:200]} at {failure.version[:80]}: {failure.message}"
                ),
                wanted="the record at exactly the announced version",
                mend=mend_of(failure.code),
            )


RULES = (Rule("lineage.stands-in-evidence", stands_in_evidence), Rule("lineage.collected", collected))
