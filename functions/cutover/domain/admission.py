"""Admitting a candidate: pure. What is refused, why, and in which order it is looked at.

1. Intake could read it.
2. It is an envelope in canonical bytes, signed by a key trusted for candidates when Admit looked.
3. Its payload is canonical and a candidate of an accepted contract; all faults are told at once.
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
from cutover.contracts.manifest import Window
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.faults import fault, faults_of
from cutover.domain.policy import Policy
from cutover.domain.record import Fault, Lane
from cutover.domain.window import Margins, Phase, occurrence, phase
from cutover.errors import CutoverError, Refused

CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Examined:
    """A candidate that may open a revision."""

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


def examine(content: bytes, *, policy: Policy, audience: str, targets: Collection[str], now: datetime) -> Examined:
    """The candidate in an envelope's bytes; ``NotAdmitted`` with the first reason and all its faults."""
    try:
        return _examine(content, policy, audience, targets, now)
    except Refused as refused:
        message = f"{refused.detail}; {refused.mend}" if refused.mend else refused.detail
        raise NotAdmitted(refused.code, (fault("/", refused.code, message),)) from refused


def _examine(content: bytes, policy: Policy, audience: str, targets: Collection[str], now: datetime) -> Examined:
    if len(content) > 2 * MAX_CANDIDATE_BYTES:
        raise Refused("CANDIDATE_TOO_LARGE", f"an envelope of {len(content)} bytes")
    opened = dsse.open_envelope(
        dsse.parse(content), payload_type=CANDIDATE_TYPE, purpose="candidate", keys=policy.facts.keys, at=now
    )
    canonical.decode(opened.payload)
    candidate = _parsed(opened.payload)
    _require(candidate.schema_ in policy.rules.contracts, "/schema", "WRONG_VERSION", "not an accepted contract")
    _require(candidate.audience == audience, "/audience", "WRONG_AUDIENCE", f"this is {audience}")
    _require(candidate.issued_at <= now + CLOCK_SKEW, "/issued_at", "NOT_YET_ISSUED", "it was issued in the future")
    _require(now < candidate.expires_at, "/expires_at", "CANDIDATE_EXPIRED", "issue it again with a later expiry")
    keys = tuple(key.id for key in opened.keys if dsse.covers(key, candidate.product))
    _require(bool(keys), "/product", "OUT_OF_SCOPE", "its signer may not release this product")
    known = candidate.target in targets and candidate.target in policy.rules.signers
    _require(known, "/target", "UNKNOWN_TARGET", "name a target that is deployed and has rules")
    window = occurrence(policy.facts, candidate.target, candidate.window)
    now_is = phase(window, now, margins=Margins.of(policy.rules), facts=policy.facts, target=candidate.target)
    _require(now_is is not Phase.CLOSED, "/window", "WINDOW_PASSED", "choose a window that is still to come")
    return Examined(candidate, opened.payload, opened.digest, window, keys)


def compare(candidate: Candidate, lane: Lane | None) -> None:
    """Raises ``NotAdmitted`` unless the candidate is strictly newer than any that was admitted to the lane."""
    if lane is None:
        return
    newer = (candidate.issued_at, candidate.sequence) > (lane.issued_at, lane.sequence)
    _require(newer, "/issued_at", "NOT_NEWER", f"{lane.cutover} was opened by a candidate that is as new or newer")


def _parsed(payload: bytes) -> Candidate:
    try:
        return Candidate.model_validate_json(payload)
    except ValidationError as error:
        faults = faults_of(error)
        reason = "WRONG_VERSION" if any(fault.pointer == "/schema" for fault in faults) else "CANDIDATE_INVALID"
        raise NotAdmitted(reason, faults) from error


def _require(condition: bool, pointer: str, code: str, message: str) -> None:
    if not condition:
        raise NotAdmitted(code, (fault(pointer, code, message),))
