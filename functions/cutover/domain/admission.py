"""Admitting a candidate: pure. What is refused, why, and in which order it is looked at.

1. Intake could read it.
2. It is an envelope in canonical bytes, or an older document with its signature beside it, signed by a key trusted for
   candidates when Admit looked.
3. Its payload is canonical and a candidate of an accepted contract, or one that can be translated; all faults are told
   at once.
4. It is meant for this Cutover, issued by now, and not expired.
5. Its key may release this product; its target is deployed and has rules.
6. Its window is one of the target's calendar and has not passed.

Order against the current revision is not looked at here: that is a matter of the record.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from cutover.contracts.base import Digest
from cutover.contracts.candidate import CANDIDATE_TYPE, MAX_CANDIDATE_BYTES, Candidate
from cutover.contracts.legacy import V0, DetachedCandidate
from cutover.contracts.manifest import Window
from cutover.contracts.policy import TrustedKey
from cutover.domain import announced, canonical, translating
from cutover.domain import envelope as dsse
from cutover.domain.faults import fault, faults_of
from cutover.domain.policy import Policy
from cutover.domain.record import Fault, Lane
from cutover.domain.translating import Terms
from cutover.domain.window import Margins, Phase, following, occurrence, phase
from cutover.errors import CutoverError, Refused

CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Examined:
    """A candidate that may open a revision.

    ``payload``: its canonical bytes. ``digest``: that of the bytes that were signed, which open one revision and no
    other; of an older contract's document they are not the payload.
    """

    candidate: Candidate
    payload: bytes
    digest: Digest
    window: Window
    keys: tuple[Digest, ...]
    """The ids of the keys that signed it and count for its product."""


class NotAdmitted(CutoverError):
    """The candidate is refused, with every fault that was found."""

    def __init__(self, reason: str, faults: tuple[Fault, ...]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.faults = faults


@dataclass(frozen=True, slots=True)
class _Signed:
    """A candidate that somebody trusted has signed, or the document that it was made of."""

    candidate: Candidate
    payload: bytes
    digest: Digest
    keys: tuple[TrustedKey, ...]


def examine(
    content: bytes, *, policy: Policy, audience: str, targets: Collection[str], received_at: datetime, now: datetime
) -> Examined:
    """The candidate in an announcement's bytes; ``NotAdmitted`` with the first reason and all its faults.

    ``received_at``: when Intake recorded it, which an older contract's document is issued at.
    """
    try:
        signed = _signed(content, policy, audience, received_at, now)
        return _examine(signed, policy, audience, targets, now)
    except Refused as refused:
        message = f"{refused.detail}; {refused.mend}" if refused.mend else refused.detail
        raise NotAdmitted(refused.code, (fault("/", refused.code, message),)) from refused


def _signed(content: bytes, policy: Policy, audience: str, received_at: datetime, now: datetime) -> _Signed:
    if len(content) > 2 * MAX_CANDIDATE_BYTES:
        raise Refused("CANDIDATE_TOO_LARGE", f"an envelope of {len(content)} bytes")
    try:
        older = announced.detached(content)
        if older is not None:
            return _translated(older, policy, audience, received_at, now)
        return _enveloped(content, policy, now)
    except ValidationError as error:
        raise _invalid(error) from error


def _enveloped(content: bytes, policy: Policy, now: datetime) -> _Signed:
    opened = dsse.open_envelope(
        dsse.parse(content), payload_type=CANDIDATE_TYPE, purpose="candidate", keys=policy.facts.keys, at=now
    )
    canonical.decode(opened.payload)
    candidate = Candidate.model_validate_json(opened.payload)
    _require(candidate.schema_ in policy.rules.contracts, "/schema", "WRONG_VERSION", "not an accepted contract")
    ours = candidate.translated is None
    _require(ours, "/translated", "TRANSLATION_NOT_OURS", "Cutover translates; announce the older document itself")
    return _Signed(candidate, opened.payload, opened.digest, opened.keys)


def _translated(
    older: DetachedCandidate, policy: Policy, audience: str, received_at: datetime, now: datetime
) -> _Signed:
    opened = dsse.open_detached(
        announced.document_of(older), dsse.decode_base64(older.signature), older.keyid,
        purpose="candidate", keys=policy.facts.keys, at=now,
    )  # fmt: skip
    _require(V0 in policy.rules.contracts, "/contract", "WRONG_VERSION", "not an accepted contract")
    margins = Margins.of(policy.rules)
    candidate = translating.translate(
        opened.payload,
        Terms(
            audience=audience, legacy=policy.rules.legacy, rules=policy.rules_digest, keyid=older.keyid,
            received_at=received_at,
            window=lambda target: following(policy.facts, target, received_at, margins=margins).id,
        ),
    )  # fmt: skip
    return _Signed(candidate, canonical.encode_model(candidate), opened.digest, opened.keys)


def _examine(signed: _Signed, policy: Policy, audience: str, targets: Collection[str], now: datetime) -> Examined:
    candidate = signed.candidate
    _require(candidate.audience == audience, "/audience", "WRONG_AUDIENCE", f"this is {audience}")
    _require(candidate.issued_at <= now + CLOCK_SKEW, "/issued_at", "NOT_YET_ISSUED", "it was issued in the future")
    _require(now < candidate.expires_at, "/expires_at", "CANDIDATE_EXPIRED", "issue it again with a later expiry")
    keys = tuple(key.id for key in signed.keys if dsse.covers(key, candidate.product))
    _require(bool(keys), "/product", "OUT_OF_SCOPE", "its signer may not release this product")
    known = candidate.target in targets and candidate.target in policy.rules.signers
    _require(known, "/target", "UNKNOWN_TARGET", "name a target that is deployed and has rules")
    window = occurrence(policy.facts, candidate.target, candidate.window)
    now_is = phase(window, now, margins=Margins.of(policy.rules), facts=policy.facts, target=candidate.target)
    _require(now_is is not Phase.CLOSED, "/window", "WINDOW_PASSED", "choose a window that is still to come")
    return Examined(candidate, signed.payload, signed.digest, window, keys)


def compare(candidate: Candidate, lane: Lane | None) -> None:
    """Raises ``NotAdmitted`` unless the candidate is strictly newer than any that was admitted to the lane."""
    if lane is None:
        return
    newer = (candidate.issued_at, candidate.sequence) > (lane.issued_at, lane.sequence)
    _require(newer, "/issued_at", "NOT_NEWER", f"{lane.cutover} was opened by a candidate that is as new or newer")


def _invalid(error: ValidationError) -> NotAdmitted:
    faults = faults_of(error)
    versions = {"/schema", "/contract"}
    reason = "WRONG_VERSION" if any(fault.pointer in versions for fault in faults) else "CANDIDATE_INVALID"
    return NotAdmitted(reason, faults)


def _require(condition: bool, pointer: str, code: str, message: str) -> None:
    if not condition:
        raise NotAdmitted(code, (fault(pointer, code, message),))
