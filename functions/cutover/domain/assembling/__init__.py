"""Evidence to bundle: pure, and the same bytes for the same evidence in any process.

``index`` finds evidence, ``fields`` makes a sourced field or a gap of it, ``bundle`` lists the sections, each of which
has a file.
"""

from cutover.domain.assembling.bundle import Assembled, assemble
from cutover.domain.assembling.change import requesters
from cutover.domain.assembling.index import EvidenceIndex

__all__ = ["Assembled", "EvidenceIndex", "assemble", "requesters"]
