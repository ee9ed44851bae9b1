"""Valid documents for every test, and whole packages of them.

``package()`` gives a verified hand-off with all its documents; ``package({"manifest": change})``
gives one whose manifest says something else and is signed all the same. ``Deployment`` makes the
policy and the keys; ``Key`` signs, deterministically.
"""

from tests.building.keys import Key, seal, seal_bytes
from tests.building.package import CUTOVER, EMERGENCY, ENGINE, REVISION, Alterations, Package, package
from tests.building.policy import (
    AS_OF,
    BOUND_AT,
    CLOSES_AT,
    DECIDED_AT,
    DEPLOYMENT,
    EXPIRES_AT,
    ISSUED_AT,
    KEYS_FROM,
    KEYS_UNTIL,
    OPENS_AT,
    OTHER_DEPLOYMENT,
    RECEIVED_AT,
    ROLES,
    Deployment,
    instant,
)
from tests.building.records import (
    ARTIFACT,
    COMMIT,
    Record,
    as_received,
    candidate_of,
    collection,
    release_records,
    waiver_record,
)

__all__ = [
    "ARTIFACT",
    "AS_OF",
    "BOUND_AT",
    "CLOSES_AT",
    "COMMIT",
    "CUTOVER",
    "DECIDED_AT",
    "DEPLOYMENT",
    "EMERGENCY",
    "ENGINE",
    "EXPIRES_AT",
    "ISSUED_AT",
    "KEYS_FROM",
    "KEYS_UNTIL",
    "OPENS_AT",
    "OTHER_DEPLOYMENT",
    "RECEIVED_AT",
    "REVISION",
    "ROLES",
    "Alterations",
    "Deployment",
    "Key",
    "Package",
    "Record",
    "as_received",
    "candidate_of",
    "collection",
    "instant",
    "package",
    "release_records",
    "seal",
    "seal_bytes",
    "waiver_record",
]
