"""Both verifiers over the same message, documents, trust and time: they must say the same."""

import functools
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from cutover.contracts.approval import Approval
from cutover.contracts.base import Model
from cutover.contracts.bundle import Bundle, LineageTrace
from cutover.contracts.candidate import Candidate
from cutover.contracts.evidence import EvidenceSet
from cutover.contracts.handoff import Handoff
from cutover.contracts.holds import ClearedRegister
from cutover.contracts.ledger import LedgerHead
from cutover.contracts.ledger_export import LedgerExport
from cutover.contracts.manifest import Manifest
from cutover.contracts.policy import Facts, Rules, TrustBundle, TrustFile
from cutover.contracts.supersession import Notice
from cutover.domain.verification import Anchor, Notices, Report, verify_handoff
from tests.builders import OPENS_AT, Package
from tests.verifier.chains import accepts
from tests.verifier.independent import Verifier

MODELS: dict[str, type[Model]] = {
    "trust-file": TrustFile,
    "trust": TrustBundle,
    "rules": Rules,
    "facts": Facts,
    "candidate": Candidate,
    "evidence-set": EvidenceSet,
    "bundle": Bundle,
    "lineage": LineageTrace,
    "hold-register": ClearedRegister,
    "manifest": Manifest,
    "approval": Approval,
    "handoff": Handoff,
    "ledger-export": LedgerExport,
    "ledger-head": LedgerHead,
    "notice": Notice,
}


PUBLISHED = Path(__file__).parent.parent.parent / "docs" / "schemas"
PUBLISHED_AS = {"hold-register": "cleared-register"}
OLDER = ("candidate.v0", "detached-candidate.v0")


@functools.cache
def schemas() -> Mapping[str, Any]:
    """The published JSON Schemas, which are all that the independent verifier knows of a document's shape."""
    files = {name: f"{PUBLISHED_AS.get(name, name)}.v1" for name in MODELS} | {name: name for name in OLDER}
    return {name: json.loads((PUBLISHED / f"{file}.json").read_text()) for name, file in files.items()}


class Judges:
    """Both verifiers with the trust of one package read already: for many messages."""

    def __init__(self, package: Package, now: datetime = OPENS_AT) -> None:
        self._now, self._documents = now, package.documents
        self._anchor = Anchor.of_file(package.trust, now=now)
        self._second = Verifier(package.trust, package.documents, now, schemas())

    def verified(self, message: bytes) -> bool:
        """What both say; fails the test where they differ."""
        report = verify_handoff(message, trust=self._anchor, documents=self._documents, now=self._now)
        assert self._second.accepts(message) == report.verified, f"the verifiers disagree: {report.code}"
        return report.verified


class Held(Protocol):
    """What somebody holds in their hands."""

    @property
    def message(self) -> bytes: ...

    @property
    def documents(self) -> Mapping[str, bytes]: ...

    @property
    def trust(self) -> bytes: ...


def judge(
    package: Held,
    *,
    message: bytes | None = None,
    trust: bytes | None = None,
    documents: Mapping[str, bytes] | None = None,
    now: datetime = OPENS_AT,
    at: datetime | None = None,
    queue_arn: str | None = None,
    ledger: bytes | None = None,
    heads: Sequence[bytes] = (),
    notices: Notices | None = None,
) -> Report:
    """The first verifier's report. Fails the test where the independent one disagrees."""
    message = package.message if message is None else message
    trust = package.trust if trust is None else trust
    documents = package.documents if documents is None else documents
    notices = notices or Notices()
    report = verify_handoff(
        message, trust=trust, documents=documents, now=now, at=at, queue_arn=queue_arn, ledger=ledger, heads=heads,
        notices=notices,
    )  # fmt: skip
    second = accepts(
        message, trust=trust, documents=documents, now=now, at=at, queue_arn=queue_arn, schemas=schemas(),
        ledger=ledger, heads=heads, given=notices.given, beside=notices.beside,
    )  # fmt: skip
    assert second == report.verified, f"the verifiers disagree: {report.code} ({report.detail}), {second}"
    return report
