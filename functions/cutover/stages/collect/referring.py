"""What a candidate refers to, section by section, and the digests that it pins of it: pure."""

from collections.abc import Callable, Iterator

from cutover.contracts.base import Digest
from cutover.contracts.candidate import Candidate, Reference
from cutover.contracts.evidence import Section


def references(candidate: Candidate, section: Section) -> dict[Reference, tuple[Digest, ...]]:
    """Each record at its version once, without a digest, in the candidate's order; and every digest pinned of it.

    Two places may name one record, one of them with a digest, or each with another: then all of them are pinned.
    """
    found: dict[Reference, dict[Digest, None]] = {}
    for each in _named(candidate, section):
        if each is not None:
            pinned = found.setdefault(each.model_copy(update={"digest": None}), {})
            pinned.update({} if each.digest is None else {each.digest: None})
    return {reference: tuple(pinned) for reference, pinned in found.items()}


def _named(candidate: Candidate, section: Section) -> Iterator[Reference | None]:
    by_section: dict[str, Callable[[], Iterator[Reference | None]]] = {
        "artifacts": lambda: (each.artifact for each in candidate.components),
        "attestations": lambda: _attestations(candidate),
        "dependencies": lambda: (each.dependencies for each in candidate.components),
        "change": lambda: iter((candidate.change,)),
        "rollout": lambda: iter((candidate.rollout,)),
        "flags": lambda: iter((candidate.flags,)),
        "rollback": lambda: iter((candidate.rollback.plan,)),
        "overlays": lambda: iter((candidate.overlays,)),
        "catalog": lambda: (each.catalog for each in candidate.components),
        "waivers": lambda: iter(candidate.waivers),
    }
    return by_section[section]()


def _attestations(candidate: Candidate) -> Iterator[Reference | None]:
    yield from (each.provenance for each in candidate.components)
    yield from (each.statement for each in candidate.attestations)
