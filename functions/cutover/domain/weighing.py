"""Which waivers answer a revision's holds when it is bound, and why others do not: pure.

A waiver has to count twice: under the facts that the revision pinned, for Assemble already went by it, and under
today's, for the manifest names these and whoever verifies the package has no others.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from cutover.contracts.base import Digest
from cutover.contracts.candidate import Reference
from cutover.contracts.evidence import EvidenceSet
from cutover.contracts.holds import Finding
from cutover.contracts.policy import Rules
from cutover.domain import bounded, holds
from cutover.domain.waivers import (
    RESOLUTIONS,
    Answers,
    OpenedWaiver,
    counting,
    lasting,
    open_waiver,
    signed_waivers,
    trusted,
)
from cutover.domain.waiving import Waiving, family_of
from cutover.errors import Refused

RULE, UNANSWERING, FAMILY = "waivers.permitted", "waivers.answers-something", "waivers"


@dataclass(frozen=True, slots=True)
class Came:
    """A waiver that is in order but for who signed it: its place in the bundle, its envelope, how it came."""

    number: int
    envelope: Digest
    opened: OpenedWaiver
    carried: bool


@dataclass(frozen=True, slots=True)
class Weighed:
    """``waiving``: who may waive by the facts that were pinned, and by today's."""

    answers: Answers
    came: tuple[Came, ...]
    waiving: tuple[Waiving, Waiving]

    def signers(self, used: Container[Digest]) -> tuple[Digest, ...]:
        """The keys that signed these waivers, by their payloads' digests."""
        found = (key.id for each in self.came if each.opened.digest in used for key in each.opened.keys)
        return tuple(dict.fromkeys(found))


def weigh(
    evidence_set: EvidenceSet, envelopes: Mapping[Digest, bytes], *, references: Iterable[Reference],
    waiving: tuple[Waiving, Waiving], until: datetime,
) -> Weighed:  # fmt: skip
    """``envelopes``: the set's waivers by digest. ``references``: what they came by, in the bundle's order."""
    contents, as_of, (then, now) = list(envelopes.values()), evidence_set.as_of, waiving
    still = {(answer, each.digest) for answer, each in counting(contents, waiving=now, at=as_of, until=until)}
    found = trusted(contents, waiving=then, at=as_of, until=until)
    places = {(each.source, each.record, each.version): number for number, each in enumerate(references)}
    came = []
    for each in signed_waivers(evidence_set):
        try:
            opened = open_waiver(envelopes[each.sha256], keys=then.facts.keys, at=as_of, product=then.product)
            lasting(opened.waiver, at=as_of, until=until)
        except Refused:
            continue  # the checks of its family say so
        number = places[each.source, each.record, each.version]
        came.append(Came(number, each.sha256, opened, each.source == RESOLUTIONS))
    answers = {answer: waiver for answer, waiver in found.items() if (answer, waiver.digest) in still}
    return Weighed(answers, tuple(came), waiving)


def unpermitted(weighed: Weighed, findings: Iterable[Finding], rules: Rules) -> Iterator[Finding]:
    """Why a waiver that came for exactly this hold does not answer it: its signer may not waive that family.

    One that a resolution brought to an earlier revision only warns: nobody can take it back, and its hold is open.
    """
    for finding in filter(holds.waivable, findings):
        mark, family = holds.mark_of(finding), family_of(finding.rule)
        if (mark, family) in weighed.answers:
            continue
        for came in weighed.came:
            if came.opened.waiver.fingerprint == mark:
                yield from _refusal(weighed, came, family, rules)


def _refusal(weighed: Weighed, came: Came, family: str, rules: Rules) -> Iterator[Finding]:
    try:
        for waiving in weighed.waiving:
            waiving.demand(came.opened.keys, family)
    except Refused as refused:
        yield Finding(
            rule=RULE, family=FAMILY, outcome="warn" if came.carried else rules.severities.get(RULE, "hold"),
            code=refused.code, field=f"/waivers/{came.number}", subject=came.envelope,
            owner=rules.families.get(FAMILY, "release-engineering"), found=bounded.line(refused.detail),
            wanted="a signature by somebody who may waive what it answers", mend=refused.mend,
            evidence=(came.envelope,),
        )  # fmt: skip


def unanswering(weighed: Weighed, findings: Iterable[Finding], rules: Rules) -> Iterator[Finding]:
    """Each waiver that the candidate names for a hold that this revision does not have, such as another component's.

    It lets nothing pass, so that it only warns unless the rules say otherwise: what it was meant for may be mended by
    now. Nothing is said of one that a resolution brought, which answered a hold when it came.
    """
    marks = {holds.mark_of(finding) for finding in findings if holds.waivable(finding)}
    for came in weighed.came:
        waiver = came.opened.waiver
        if not came.carried and waiver.fingerprint not in marks:
            yield Finding(
                rule=UNANSWERING, family=FAMILY, outcome=rules.severities.get(UNANSWERING, "warn"),
                code="WAIVER_ANSWERS_NOTHING", field=f"/waivers/{came.number}/fingerprint", subject=came.envelope,
                owner=rules.families.get(FAMILY, "release-engineering"),
                found=f"waiver {waiver.id} is for {waiver.fingerprint}; no hold of this revision that can be waived is",
                wanted="the fingerprint of such a hold: of its rule, its field, and what it is about",
                mend="leave the waiver out, or have it issued again for the fingerprint that the hold's message names",
                evidence=(came.envelope,),
            )  # fmt: skip
