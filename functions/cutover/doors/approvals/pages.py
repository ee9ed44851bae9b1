"""Which page a state gets: the question itself, or an honest word on why nothing can be decided here."""

from datetime import datetime
from pathlib import Path
from typing import get_args

from cutover.domain import times
from cutover.domain.record import Status
from cutover.doors.approvals import passkeys
from cutover.doors.approvals.forms import CONFIRMATIONS, TYPED_DIGITS, Form
from cutover.doors.approvals.listing import Group, Listed
from cutover.doors.approvals.view import View
from cutover.errors import AmbiguousCompletion, CutoverError, Refused, TransientError
from cutover.pages.rendering import Pages, Reply, running, sentence

_AFTER_MINE = {
    Status.AWAITING_APPROVAL: "Others still have to decide. You need to do nothing more.",
    Status.APPROVED: "Every approval is given. It is handed to the deployment queue when the window opens.",
    Status.AWAITING_WINDOW: "Every approval is given. It is handed to the deployment queue when the window opens.",
    Status.HANDING_OFF: "Every approval is given, and the hand-off has begun.",
    Status.UNCERTAIN: "It was sent to its deployment queue, and whether it arrived is being looked into.",
    Status.HANDED_OFF: "It has been handed to its deployment queue.",
    Status.DECLINED: "It was declined. Only a new revision can answer the reason.",
    Status.EXPIRED: "It expired before it was handed off.",
    Status.SUPERSEDED: "A newer revision took its place. What you decided does not pass on to that one.",
    Status.WITHDRAWN: "It was withdrawn before it was handed off.",
}
_WHY_SUPERSEDED = {
    "NEWER_CANDIDATE": "A newer candidate was announced.",
    "HOLDS_RESOLVED": "Its holds were resolved.",
    "DRIFTED": "Something that it consists of has changed at its source.",
}
_TITLES = {
    "DECLINED": "This release was declined",
    "EXPIRED": "This release has expired",
    "PACKAGE_EXPIRED": "This release has expired",
    "HANDED_OFF": "This release was handed off",
    "HANDING_OFF": "The hand-off has begun",
    "UNCERTAIN": "Whether it was handed off is not known",
    "REVISION_HELD": "This release is held",
    "NOT_AWAITING_APPROVAL": "Nothing to decide yet",
    "NOT_CURRENT": "A newer revision took its place",
    "SUPERSEDED": "A newer revision took its place",
    "WITHDRAWN": "This release was withdrawn",
    "NOT_FOR_A_REHEARSAL": "This was a rehearsal",
    "DEFERRED": "This release is deferred",
    "NOT_DEFERRED": "This release is not deferred",
    "NOT_YOUR_DEFERRAL": "Somebody else has deferred it",
    "NO_TIME_LEFT": "There is no time left to defer it",
    "MANIFEST_DIFFERS": "This link is out of date",
    "NOT_ELIGIBLE": "You cannot decide this release",
    "PERSON_TWICE": "You cannot decide this release",
    "REQUESTER_MAY_NOT_APPROVE": "You cannot decide this release",
    "REQUESTER_UNMAPPED": "Nobody can decide this release now",
    "ASSURANCE_TOO_LOW": "This role decides with a passkey",
    "ALREADY_DECIDED": "You have decided already",
    "APPROVALS_COMPLETE": "Every approval is given",
    "ROLE_COMPLETE": "Your role has approved already",
    "SEAT_NEEDED_ELSEWHERE": "You are needed in another role",
    "EMERGENCY_DIFFERS": "This is no emergency",
    "BRAKE_ENGAGED": "The emergency brake is engaged",
    "LINK_EXPIRED": "This link has expired",
    "LINK_WRONG_AUDIENCE": "This link belongs elsewhere",
    "LINK_MALFORMED": "This link is incomplete",
    "LINK_NOT_OURS": "This link does not work",
    "LINK_KEY_UNKNOWN": "This link does not work any more",
    "LINK_VERSION_UNKNOWN": "This link does not work any more",
    "KEY_REVOKED": "This release is not trusted any more",
    "NO_POLICY": "Cutover is not set up yet",
    "FORM_CROSS_SITE": "This form came from another site",
}
_STATUS = {
    "LINK_MALFORMED": 404, "LINK_VERSION_UNKNOWN": 404, "LINK_KEY_UNKNOWN": 403, "LINK_NOT_OURS": 403,
    "LINK_WRONG_AUDIENCE": 403, "LINK_EXPIRED": 410, "FORM_TOO_LARGE": 413, "FORM_WRONG_TYPE": 415,
    "FORM_CROSS_SITE": 403, "FORM_MALFORMED": 400, "FORM_FIELD_UNKNOWN": 400, "FORM_NOT_OURS": 403,
    "REASON_TOO_LONG": 413, "REASON_UNREADABLE": 400, "NOT_ELIGIBLE": 403, "PERSON_TWICE": 403,
    "REQUESTER_MAY_NOT_APPROVE": 403,
    "REQUESTER_UNMAPPED": 403, "ASSURANCE_TOO_LOW": 403, "NO_POLICY": 503,
}  # fmt: skip
_CONFLICT = 409
_BAD_ENTRY = 422
_LOOKS_FINE = frozenset(
    {"DECLINED", "EXPIRED", "PACKAGE_EXPIRED", "HANDED_OFF", "HANDING_OFF", "UNCERTAIN", "REVISION_HELD",
     "ALREADY_DECIDED", "NOT_AWAITING_APPROVAL", "NOT_CURRENT", "MANIFEST_DIFFERS", "SUPERSEDED", "WITHDRAWN",
     "NOT_FOR_A_REHEARSAL"}
)  # fmt: skip
"""States of the release: to look at them is no error."""

_PAGES = Pages(Path(__file__).parent / "templates")


def question(view: View, *, nonce: str, problem: Refused | None, form: Form | None) -> Reply:
    """The page that asks. After a faulty post, ``problem`` stands on top and ``form``'s entries are kept."""
    passkey = passkeys.offer(view)
    html = _PAGES.render(
        "question.html", view=view, passkey=passkey, summary=view.summary, nonce=nonce, problem=problem, form=form,
        confirmations=CONFIRMATIONS, digits=TYPED_DIGITS,
    )  # fmt: skip
    return Reply(_BAD_ENTRY if problem else 200, html, running(passkey.script) if passkey else {})


def state(view: View, refused: Refused) -> Reply:
    """The page of a release that this person cannot decide, or cannot decide so. Their own decision comes first."""
    mine = view.standing.mine
    if mine is not None and refused is view.refuse:
        word = "approved" if mine.decision == "approve" else "refused"
        detail = _AFTER_MINE.get(view.record.status, "")
        if view.deferral:
            detail = f"{view.deferral.person} has deferred it until {view.deferral.until}. You need to do nothing more."
        if mine.role != view.link.role:
            detail = f"You did so in the role {mine.role}. One person counts once. {detail}"
        return Reply(200, _state(f"You have {word} this release", detail, "", code="", view=view))
    title = _TITLES.get(refused.code, "This was not accepted")
    detail = _superseded(view) if refused.code == "SUPERSEDED" else sentence(refused.detail)
    html = _state(title, detail, sentence(refused.mend), code=refused.code, view=view)
    looked = refused is view.refuse and refused.code in _LOOKS_FINE
    return Reply(200 if looked else _STATUS.get(refused.code, _CONFLICT), html)


def _superseded(view: View) -> str:
    """Why, and by which revision; never a link to it: whoever may decide that one is sent their own."""
    why = _WHY_SUPERSEDED.get(view.record.reason or "", "")
    follows = f"Revision {view.successor} is the current one." if view.successor else "A newer one followed it."
    return f"This was revision {view.record.revision}. {why} {follows}".replace("  ", " ")


def refusal(refused: Refused, *, reference: str) -> Reply:
    """A refusal without the release: nothing about it is shown to whoever has no authentic link."""
    title = _TITLES.get(refused.code, "This was not accepted")
    html = _state(title, sentence(refused.detail), sentence(refused.mend), code=refused.code, reference=reference)
    return Reply(_STATUS.get(refused.code, _CONFLICT), html)


def waiting(listed: Listed, *, name: str, audience: str, ends: datetime) -> Reply:
    """What waits for one person, what they have decided, and what rests."""
    groups = {group: [line for line in listed.lines if line.group == group] for group in get_args(Group)}
    html = _PAGES.render(
        "waiting.html", name=name, audience=audience, ends=times.moment(ends), unreadable=listed.unreadable,
        more=listed.more, **groups,
    )  # fmt: skip
    return Reply(200, html)


_AGAIN = "Try again in a minute. If it stays, tell the team that runs Cutover the reference below."
_LATER = {"Retry-After": "10"}


def trouble(error: Exception, *, reference: str) -> Reply:
    """The page for what is no refusal: never more than a reference for whoever has to look into it."""
    if isinstance(error, AmbiguousCompletion):
        return uncertain(reference=reference)
    if isinstance(error, TransientError):
        return unavailable(reference=reference)
    return broken(reference=reference, expected=isinstance(error, CutoverError))


def unavailable(*, reference: str) -> Reply:
    title = "Cutover cannot be reached just now"
    html = _state(title, "Nothing was decided.", _AGAIN, code="SERVICE_UNAVAILABLE", reference=reference)
    return Reply(503, html, _LATER)


def uncertain(*, reference: str) -> Reply:
    """After a post whose outcome nobody could read."""
    detail = "Your decision may have been recorded, or not: the record did not answer."
    mend = "Open your link again in a minute. It shows what is on record; deciding the same again does no harm."
    html = _state("Not known yet", detail, mend, code="OUTCOME_UNKNOWN", reference=reference)
    return Reply(503, html, _LATER)


def broken(*, reference: str, expected: bool) -> Reply:
    """``expected``: stored documents or settings contradict each other; better no page than an untrue one."""
    title = "This release cannot be shown safely" if expected else "Something went wrong"
    code = "NOT_SHOWN" if expected else "INTERNAL_ERROR"
    return Reply(500, _state(title, "Nothing was decided.", _AGAIN, code=code, reference=reference))


def _state(title: str, detail: str, mend: str, *, code: str, view: View | None = None, reference: str = "") -> str:
    return _PAGES.render("state.html", title=title, detail=detail, mend=mend, code=code, view=view, reference=reference)
