"""What is gone through: an announcement as CI would make it, also of what nobody has signed yet."""

import base64
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from cutover.contracts.candidate import CANDIDATE_TYPE, Candidate
from cutover.contracts.legacy import V0, DetachedCandidate
from cutover.contracts.policy import Facts, TrustedKey
from cutover.domain import canonical
from cutover_cli import files, signing
from cutover_cli.candidate_commands import CandidateRefused
from cutover_cli.candidate_lint import lint
from cutover_cli.signing import LocalKey

NOBODY = "nobody, for a check"


def announcement(file: Path, facts: Facts, now: datetime) -> tuple[bytes, Facts]:
    """What is signed as it is; anything else as if somebody had signed it who may, with facts that trust that.

    Raises CandidateRefused with every fault, and what ``files.value`` raises.
    """
    said = files.value(file)
    if said.get("contract") == V0:
        return canonical.encode(said), facts
    found = lint(said, now=now)
    if found.faults:
        raise CandidateRefused(found)
    if files.sealed(file):
        return canonical.encode_model(files.envelope(file)), facts
    if found.candidate is None:
        return detached(_document(file, said), facts, now)
    return sealed(found.candidate, facts, now)


def _document(file: Path, said: dict[str, Any]) -> bytes:
    """The very bytes of an older document: its digest is kept. What stands in YAML becomes JSON first."""
    content = files.content(file)
    return content if content.lstrip()[:1] == b"{" else canonical.encode(said)


def sealed(candidate: Candidate, facts: Facts, at: datetime) -> tuple[bytes, Facts]:
    """A candidate that nobody signed, as if somebody had: the envelope's bytes, and facts that trust it."""
    key, trusting = _somebody(facts, at)
    envelope = signing.seal(CANDIDATE_TYPE, canonical.encode_model(candidate), key)
    return canonical.encode_model(envelope), trusting


def detached(document: bytes, facts: Facts, at: datetime) -> tuple[bytes, Facts]:
    """A document of the older contract that nobody signed, as if somebody had: its announcement, and such facts."""
    key, trusting = _somebody(facts, at)
    announced = DetachedCandidate(
        contract=V0, document=base64.b64encode(document).decode(), keyid=key.key_id,
        signature=base64.b64encode(key.sign(document)).decode(),
    )  # fmt: skip
    return canonical.encode_model(announced), trusting


def _somebody(facts: Facts, at: datetime) -> tuple[LocalKey, Facts]:
    """A key that is made for this one check and kept nowhere, and facts that trust it."""
    key = LocalKey(ec.generate_private_key(ec.SECP256R1()))
    known = TrustedKey(
        id=key.key_id, purpose="candidate", holder=NOBODY, public_key=base64.b64encode(key.public_key).decode(),
        not_before=at - timedelta(days=1), not_after=at + timedelta(days=1),
    )  # fmt: skip
    return key, facts.model_copy(update={"keys": (*facts.keys, known)})
