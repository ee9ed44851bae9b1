"""What a rule may read, and what it may say."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from cutover.contracts.base import Digest
from cutover.contracts.bundle import DraftBundle, LineageTrace
from cutover.contracts.candidate import Candidate
from cutover.contracts.evidence import EvidenceSet, Section
from cutover.contracts.manifest import Window
from cutover.contracts.policy import Facts, Purpose, Rules
from cutover.domain.assembling import EvidenceIndex
from cutover.domain.statements import Signed


class StatementOpener(Protocol):
    """Proves who signed a statement: a DSSE envelope under a trusted key, or a Sigstore bundle."""

    def __call__(self, content: bytes, *, purpose: Purpose, facts: Facts, product: str, at: datetime) -> Signed:
        """The signed statement in ``content``. ``Refused`` when no signature in it counts.

        ``at``: when it is asked, for keys that end. A certificate's time is that of its log or timestamp.
        """


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
    statements: StatementOpener = field(repr=False)
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
    """A named check. Its severity stands in the policy; a rule that the policy does not name holds.

    ``reads``: the sections of evidence that it looks at, the candidate and the bundle apart.
    """

    id: str
    check: Callable[[Context], Iterable[Problem]]
    reads: tuple[Section, ...] = ()
