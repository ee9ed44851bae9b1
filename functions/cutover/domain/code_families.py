"""Which family of checks a hold's code belongs to, from the code alone: pure.

A ledger entry says the code of the first hold and nothing more. Codes begin with what they are about, and
``tests/unit/test_tallies.py`` compares this table with what the rules give.
"""

from collections.abc import Mapping
from types import MappingProxyType

from cutover.domain.failures import FAILURES

FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "ARTIFACT": "artifacts",
        "SUPERSESSION": "artifacts",
        "COMPONENT": "artifacts",
        "PROVENANCE": "attestations",
        "ATTESTATION": "attestations",
        "COMMIT": "attestations",
        "DEPENDENCY": "dependencies",
        "CHANGE": "change",
        "SCOPE": "change",
        "COHORT": "rollout",
        "ROLLOUT": "rollout",
        "FLAG": "flags",
        "ROLLBACK": "rollback",
        "ENVIRONMENT": "overlays",
        "OVERLAYS": "overlays",
        "OWNER": "catalog",
        "CATALOG": "catalog",
        "WAIVER": "waivers",
        "LINEAGE": "lineage",
        "CANDIDATE": "lineage",
        "NAME": "names",
    }
)
"""By the first word of a code. ``NAME_UNKNOWN`` is given by several families, and so counts for itself."""
SOURCES, BIND = "sources", "bind"
"""What is no family's: a record could not be had, and what Bind finds itself."""


def family_of_code(code: str) -> str:
    """A family of checks, ``names``, ``sources``, or ``bind`` for every other code of a hold."""
    if code in FAILURES:
        return SOURCES
    return FAMILIES.get(code.partition("_")[0], BIND)
