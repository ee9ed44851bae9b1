"""A candidate with the versions that its records have by now: pure.

What was built stays as announced: an artifact, its provenance and its attestations are named by digest or were
signed about it. What people keep up to date (change, rollout, flags, rollback plan, dependencies, waivers)
is collected at the version that was current when the revision was opened.

A digest that the candidate pins was signed. It stays where a source has another version by now: whoever can write to
the source must not be able to replace what was pinned. It goes where a signed resolution named the version.
"""

from cutover.contracts.candidate import Candidate, Reference
from cutover.contracts.supersession import Refreshed

GONE = "gone"
"""The version of a record that its source does not have any more: Collect records that as its failure."""

UNPINNED = "unpinned"
"""The version of a record for which an older contract names none: somebody has to say which is meant."""


def effective(candidate: Candidate, refreshed: tuple[Refreshed, ...]) -> Candidate:
    """The candidate with newer versions in place of its own; itself where nothing is newer."""
    if not refreshed:
        return candidate
    newer = {(each.source, each.record): each for each in refreshed}

    def now(reference: Reference) -> Reference:
        found = newer.get((reference.source, reference.record))
        if found is None:
            return reference
        digest = None if found.answered else reference.digest
        return reference.model_copy(update={"version": found.version or GONE, "digest": digest})

    def maybe(reference: Reference | None) -> Reference | None:
        return now(reference) if reference else None

    return candidate.model_copy(
        update={
            "components": tuple(
                each.model_copy(
                    update={
                        "provenance": maybe(each.provenance),
                        "dependencies": maybe(each.dependencies),
                        "catalog": maybe(each.catalog),
                    }
                )
                for each in candidate.components
            ),
            "attestations": tuple(
                each.model_copy(update={"statement": now(each.statement)}) for each in candidate.attestations
            ),
            "change": now(candidate.change),
            "rollout": now(candidate.rollout),
            "flags": now(candidate.flags),
            "overlays": maybe(candidate.overlays),
            "rollback": candidate.rollback.model_copy(update={"plan": now(candidate.rollback.plan)}),
            "waivers": tuple(now(each) for each in candidate.waivers),
        }
    )
