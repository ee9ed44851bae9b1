"""What a rule may read, and what it may say."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cutover.contracts.base import Digest
from cutover.contracts.bundle import DraftBundle, LineageTrace
from cutover.contracts.candidate import Candidate
from cutover.contracts.evidence import EvidenceSet
from cutover.contracts.manifest import Window
from cutover.contracts.policy import Facts, Rules
from cutover.domain.assembling import EvidenceIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Recorded inputs only: rules see no clock, no network and no present."""

    candidate: Candidate
    bundle: DraftBundle
    trace: LineageTrace
    evidence_set: EvidenceSet
    documents: Mapping[Digest, bytes] = field(repr=False)
    rules: Rules
    facts: Facts
    window: Window
    index: EvidenceIndex = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Built once: every rule looks things up in it.
        object.__setattr__(self, "index", EvidenceIndex(self.evidence_set, self.documents))

    @property
    def as_of(self) -> datetime:
        return self.evidence_set.as_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that a rule found: where, what, what it wanted, and what would mend it."""

    code: str
    field: str
    subject: Digest
    found: str
    wanted: str
    mend: str
    evidence: tuple[Digest, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A named check. Its severity stands in the policy; a rule that the policy does not name holds."""

    id: str
    check: Callable[[Context], Iterable[Problem]]
