"""The verifier: ten steps from a root to a verified message, without network, clock or AWS.

1. *trust*: the verifier brought a root; both of its owners signed the trust bundle, which has not
   ended. Without a root nothing can be verified, and the report says ``UNANCHORED``.
2. *envelope*: the message's bytes are canonical, of the hand-off type, signed by a ``handoff`` key.
3. *contract*: a valid hand-off for this audience, whose id is that of its manifest and queue.
4. *manifest*: signed by a ``bind`` key; audience, cutover, revision and queue are the message's.
5. *documents*: exactly those of the package, each with its digest and size; the manifest's subjects
   are bundle, lineage trace and hold register; rules and facts signed by both owners; the candidate
   by a ``candidate`` key; every hold answered by a waiver of somebody who may, by the rules and by
   the facts that the manifest names; all of them tell one story.
6. *approvals*: each signed by a ``decide`` key over this manifest's digest, by an eligible person
   who did not ask for the release, in time, well enough authenticated; together a quorum.
7. *window*: the message counts only inside the manifest's window and validity, both half-open.
8. *lineage*: every field of the bundle stands in the evidence, where it says.
9. *ledger*, where it is given: the chain is whole and ends in a head that a ``ledger`` key signed; it
   goes through the entry that the message names; and it tells of this revision what the documents
   tell: admitted, assembled, bound, approved and handed off, when and as they say.
10. *standing*, where notices or the ledger are given: each notice is signed by a ``ledger`` key and
    speaks of this; none, and nothing in the ledger, says that this revision was withdrawn or
    superseded, or that its hand-off is uncertain.

Keys are judged at times that Cutover recorded, never at a time that the signer alone states:
``candidate`` at the evidence's ``fetched_at``, waivers at the evidence set's ``as_of``, ``bind`` at
``bound_at``, ``decide`` at ``decided_at``, ``handoff`` at the latest of ``not_before``, ``bound_at``
and ``decided_at``, and also at ``at`` where one is given. The ledger, where it is given, confirms the
times of admission, binding and decisions. Only of ``ledger`` nobody else records a time: it is judged at
the ``at`` of its head or notice. So whoever stole such a key can still date a notice before the key was
revoked, which stops a message; a head vouches for nothing that its entries, or older heads, contradict.

What was not given in steps 9 and 10 is reported as that, and fails nothing; but heads without a ledger
to compare them with fail step 9. That entries are missing at the end of a ledger, only a head that was
kept elsewhere can tell.

Nothing here raises on bad input: a failure is a step with a stable code, and the steps that stand
on it are skipped.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from cutover.contracts.base import Digest
from cutover.contracts.policy import TrustFile
from cutover.domain import canonical, lineage
from cutover.domain.verification.anchor import Anchor
from cutover.domain.verification.approvals import check_approvals
from cutover.domain.verification.coherence import check_coherence
from cutover.domain.verification.documents import Package, open_package
from cutover.domain.verification.message import MAX_MESSAGE_BYTES, Bound, open_manifest, open_message, read_handoff
from cutover.domain.verification.report import Report, Step
from cutover.domain.verification.sealed import Chain, open_chain
from cutover.domain.verification.standing import Notices, check_standing
from cutover.domain.verification.story import Story
from cutover.domain.verification.times import check_window
from cutover.errors import Refused

__all__ = ["MAX_MESSAGE_BYTES", "verify_handoff"]
T = TypeVar("T")
Trust = Anchor | TrustFile | bytes | None


def verify_handoff(
    message: bytes,
    *,
    trust: Trust,
    documents: Mapping[Digest, bytes],
    now: datetime,
    at: datetime | None = None,
    queue_arn: str | None = None,
    fingerprint: Digest | None = None,
    ledger: bytes | None = None,
    heads: Sequence[bytes] = (),
    notices: Notices | None = None,
) -> Report:
    """Judge a message as received from the queue.

    ``trust``: a trust file (its bytes or its model), or the ``Anchor`` of a Cutover that has loaded
    its own policy. ``documents``: stored bytes by their digest; they are not trusted to be these.
    ``now``: when the verifier stands; a trust file must not have ended then. ``at``: where given,
    the message must count then. ``queue_arn``: the receiver's own queue, where it has one.
    ``fingerprint``: the root that the trust file must have, where one is pinned. ``ledger``: an export
    of the cutover's chain; ``heads``: envelopes of signed heads that were kept elsewhere; ``notices``:
    envelopes, as they were given.
    """
    run = _Run()
    anchor = run.step("trust", lambda: _anchor(trust, now, fingerprint), lambda found: f"root {found.fingerprint}")
    opened = run.step("envelope", lambda: open_message(message, _got(anchor)), lambda _: "signed for hand-offs")
    handoff = run.step(
        "contract",
        lambda: read_handoff(_got(opened)[1], _got(anchor), queue_arn),
        lambda found: f"{found.cutover} revision {found.revision} for {found.audience}",
    )
    bound = run.step(
        "manifest", lambda: open_manifest(_got(handoff), _got(anchor).keys), lambda found: f"manifest {found.digest}"
    )
    package = run.step(
        "documents",
        lambda: _package(open_package(_got(handoff), _got(bound), _got(anchor), documents), _got(bound), _got(anchor)),
        lambda found: f"{len(found.contents)} documents, as bound",
    )
    approvals = run.step(
        "approvals",
        lambda: check_approvals(_got(handoff), _got(bound), _got(package), _got(anchor).keys),
        lambda _: f"{len(_got(handoff).approvals)} approvals, a quorum",
    )
    run.step(
        "window",
        lambda: check_window(_got(opened)[0], _got(handoff), _got(bound), _got(anchor).keys, at),
        lambda _: (
            _got(bound).predicate.window.id + (", no instant to judge" if at is None else ", open at that instant")
        ),
    )
    run.step("lineage", lambda: _lineage(_got(package)), lambda count: f"{count} fields, each found in its evidence")
    chain = run.step(
        "ledger",
        lambda: _chain(
            open_chain(_ledger(ledger, heads), heads, _got(handoff), _got(anchor).keys),
            lambda found: Story(found, _got(handoff), _got(bound), _got(package)).check(
                _got(approvals), canonical.digest(message)
            ),
        ),
        lambda found: found.proof.detail,
    )
    run.step(
        "standing",
        lambda: check_standing(
            _given(notices or None, "notice") if ledger is None else notices or Notices(),
            chain if ledger is None or notices else _got(chain), _got(handoff), _got(anchor).keys,
        ),
        lambda found: found,
    )  # fmt: skip
    report = Report(tuple(run.steps), anchor.fingerprint if anchor else None, None, None)
    if not report.verified or bound is None:
        return report
    return replace(report, handoff=handoff, manifest=bound.manifest, approvals=approvals or ())


class _Skip(Exception):
    """A step stands on one that failed."""


class _NotGiven(Exception):
    """A step judges what was not given."""


class _Run:
    """Runs steps in their order and turns every refusal into a report of it."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def step(self, name: str, act: Callable[[], T], say: Callable[[T], str]) -> T | None:
        try:
            found = act()
            self.steps.append(Step(name, "ok", "OK", say(found)))
        except _NotGiven as missing:
            self.steps.append(Step(name, "not given", "NOT_GIVEN", f"no {missing} was given"))
        except _Skip:
            self.steps.append(Step(name, "skipped", "SKIPPED", "an earlier step failed"))
        except Refused as refused:
            self.steps.append(Step(name, "failed", refused.code, refused.detail))
        else:
            return found
        return None


def _got(found: T | None) -> T:
    if found is None:
        raise _Skip
    return found


def _given(found: T | None, what: str) -> T:
    if found is None:
        raise _NotGiven(what)
    return found


def _ledger(found: bytes | None, heads: Sequence[bytes]) -> bytes:
    if found is None and heads:
        raise Refused("LEDGER_NOT_GIVEN", "a head was given, and no ledger to compare it with", "give the ledger too")
    return _given(found, "ledger")


def _chain(chain: Chain, check: Callable[[Chain], None]) -> Chain:
    check(chain)
    return chain


def _anchor(trust: Trust, now: datetime, fingerprint: Digest | None) -> Anchor:
    if trust is None:
        raise Refused("UNANCHORED", "no trust file: nothing says whose signatures count")
    if isinstance(trust, Anchor):
        return trust
    return Anchor.of_file(trust, now=now, fingerprint=fingerprint)


def _package(package: Package, bound: Bound, anchor: Anchor) -> Package:
    check_coherence(bound, package, anchor)
    return package


def _lineage(package: Package) -> int:
    faults = lineage.check(
        package.bundle, package.lineage, package.evidence_set, package.contents, package.rules.rendering,
        derived=package.derived,
    )  # fmt: skip
    if faults:
        first = faults[0]
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise Refused(first.code, f"{first.pointer}: {first.message}{more}")
    return len(package.lineage.entries)
