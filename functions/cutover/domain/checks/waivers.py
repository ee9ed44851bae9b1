"""Row 10: waivers are signed by somebody who may, present, unexpired, and cover the window. Missing fields are gaps.

Of those that the candidate names. What a resolution brought was looked at when it came, and is not used where it
does not count any more: nobody could take it back.
"""

from collections.abc import Iterator

from cutover.contracts.candidate import Reference
from cutover.domain import bounded
from cutover.domain.assembling.index import Found
from cutover.domain.checks.context import Context, Problem, Rule
from cutover.domain.waivers import OpenedWaiver, open_waiver
from cutover.domain.waiving import Waiving, asked
from cutover.errors import Refused


def _envelopes(context: Context) -> Iterator[tuple[int, Reference, Found]]:
    for number, reference in enumerate(context.candidate.waivers):
        found = context.index.find("waivers", reference)
        if found is not None:
            yield number, reference, found


def _opened(context: Context, found: Found) -> OpenedWaiver:
    return open_waiver(found.content, keys=context.facts.keys, at=context.as_of, product=context.candidate.product)


def signed(context: Context) -> Iterator[Problem]:
    """A key trusted for waivers, and for this product, has signed it."""
    for number, _, found in _envelopes(context):
        try:
            _opened(context, found)
        except Refused as refused:
            yield Problem(
                code="WAIVER_UNTRUSTED",
                field=f"/waivers/{number}",
                subject=found.evidence.sha256,
                found=bounded.line(f"{refused.code}: {refused.detail}"),
                wanted="a signature by a key that the policy trusts for waivers",
                mend="let somebody who may waive sign it",
                evidence=(found.evidence.sha256,),
            )


def covers_window(context: Context) -> Iterator[Problem]:
    """It has not ended, and it does not end before the window closes."""
    for number, opened, found in _readable(context):
        waiver = opened.waiver
        if waiver.expires_at is None or waiver.expires_at >= context.window.closes_at:
            continue
        over = waiver.expires_at <= context.as_of
        yield Problem(
            code="WAIVER_EXPIRED" if over else "WAIVER_ENDS_BEFORE_WINDOW",
            field=f"/waivers/{number}/expires_at",
            subject=found.evidence.sha256,
            found=f"it ends at {waiver.expires_at.isoformat()}",
            wanted=f"an end not before the window closes at {context.window.closes_at.isoformat()}",
            mend="issue a waiver with a later end, or choose an earlier window",
            evidence=(found.evidence.sha256,),
        )


def permitted(context: Context) -> Iterator[Problem]:
    """It is signed by a person who may waive something, and who asked neither for the release nor for its change.

    Whether they may waive the family of the hold that it answers shows when all findings are there, in Bind.
    """
    waiving = Waiving.of(context.rules, context.facts, asked(context.bundle), product=context.candidate.product)
    for number, opened, found in _readable(context):
        try:
            waiving.demand(opened.keys)
        except Refused as refused:
            yield Problem(
                code=refused.code,  # "WAIVER_NOT_PERMITTED" or "WAIVER_BY_REQUESTER"
                field=f"/waivers/{number}",
                subject=found.evidence.sha256,
                found=bounded.line(refused.detail),
                wanted="a signature by somebody who may waive what it answers",
                mend=refused.mend,
                evidence=(found.evidence.sha256,),
            )


def _readable(context: Context) -> Iterator[tuple[int, OpenedWaiver, Found]]:
    for number, _, found in _envelopes(context):
        try:
            opened = _opened(context, found)
        except Refused:
            continue  # ``signed`` says so
        yield number, opened, found


RULES = (
    Rule("waivers.signed", signed, reads=("waivers",)),
    Rule("waivers.permitted", permitted, reads=("waivers",)),
    Rule("waivers.covers-window", covers_window, reads=("waivers",)),
)
