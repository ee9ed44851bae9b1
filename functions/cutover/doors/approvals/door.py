"""The page's door: a link shows one question, and a post of the page's own form answers it.

``GET`` and ``HEAD`` write nothing. Every refusal is a page with a stable code and what would mend
it, and one line in the log that never holds a link, a nonce or an answer's text. Whatever fails once a
decision may have been written, the answer is what the record says, never a guess.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cutover.contracts.approval import Decision
from cutover.contracts.policy import Rules, SignedReference
from cutover.domain import canonical, links, nonces, window_entry
from cutover.domain.policy import Policy
from cutover.doors.approvals import forms, pages, passkeys, postponing, viewing
from cutover.doors.approvals.asking import Once, Question
from cutover.doors.approvals.deciding import Ballot, Decider
from cutover.doors.approvals.forms import Form
from cutover.doors.approvals.standing import Standing
from cutover.doors.approvals.summary import exceptions_of, risk_of
from cutover.doors.approvals.view import View
from cutover.errors import AmbiguousCompletion, Conflict, Refused
from cutover.packages import read_package
from cutover.pages import posting
from cutover.pages.gateway import Log, Request
from cutover.pages.guarding import Guard
from cutover.pages.rendering import Reply
from cutover.ports import Clock, Mac, Records, Store

# What the person can mend on the spot: the page comes back with the problem on top and their entries kept.
_MENDABLE = frozenset(
    {
        "ANSWERS_MISSING", "DIGEST_DIFFERS", "EXCEPTIONS_DIFFER", "FORM_EXPIRED", "FORM_USED", "REASON_MISSING",
        "RISK_CLASS_DIFFERS", "TIME_AMBIGUOUS", "TIME_MISSING", "TIME_PAST", "TIME_TOO_LATE", "TIME_UNREADABLE",
    }
)  # fmt: skip

EVENT = "approvals"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One deployment's page (``page_url``, ``audience``) over its ports. ``failed`` counts what is no refusal."""

    audience: str
    page_url: str
    clock: Clock
    records: Records
    store: Store
    mac: Mac
    policy: Callable[[], Policy]
    rules: Callable[[SignedReference], Rules]
    decider: Decider
    once: Once
    log: Log
    failed: Callable[[], None]

    def answer(self, request: Request) -> Reply:
        """The page for a request; never raises, because a person waits for an answer."""

        def make(told: dict[str, object]) -> Reply:
            return self._post(request, told) if request.method == "POST" else self._show(request.link, told)

        return self.guard.answer(request, EVENT, make)

    def entry(self, request: Request) -> Reply:
        """The window as a calendar entry, for whoever may look at the page."""

        def make(told: dict[str, object]) -> Reply:
            question = self._question(request.link, told)
            package = question.package
            content = window_entry.entry(package.manifest, package.bundle, question.record, digest=package.digest)
            attached = {"Content-Disposition": f'attachment; filename="{viewing.CALENDAR}"'}
            return Reply(200, content.decode(), attached, window_entry.MEDIA_TYPE)

        return self.guard.answer(request, EVENT, make)

    @property
    def guard(self) -> Guard:
        return Guard(pages=pages, log=self.log, failed=self.failed)

    def _question(self, text: str, told: dict[str, object]) -> Question:
        link = links.open_link(text, audience=self.audience, mac=self.mac, now=self.clock.now())
        told |= {"cutover": link.cutover, "revision": link.revision, "actor": link.person}
        record = self.records.revision(link.cutover, link.revision)
        if record is None or record.manifest is None:
            raise Refused("NOT_AWAITING_APPROVAL", "this revision does not await approval", "nothing to do")
        told["correlation_id"] = record.correlation_id
        policy, now = self.policy(), self.clock.now()
        package = read_package(self.store, record.manifest, keys=policy.facts.keys, now=now)
        standing = Standing.of(record, link, package=package, facts=policy.facts, now=now)
        return Question(link, record, policy, self.rules(record.rules), package, standing)

    def _show(self, text: str, told: dict[str, object]) -> Reply:
        told["decision"] = "none"
        return self._page(text, self._question(text, told))

    def _page(self, text: str, question: Question, problem: Refused | None = None, form: Form | None = None) -> Reply:
        view = self._view(text, question)
        if view.refuse is not None:
            return pages.state(view, view.refuse)
        nonce = nonces.make_nonce(
            text, audience=self.audience, mac=self.mac, now=view.now, random=secrets.token_bytes(16)
        )
        return pages.question(view, nonce=nonce, problem=problem, form=form)

    def _view(self, text: str, question: Question) -> View:
        return viewing.look(question, text=text, records=self.records, store=self.store, now=self.clock.now())

    def _post(self, request: Request, told: dict[str, object]) -> Reply:
        """1. own origin, own fields; 2. an authentic link; 3. an unspent nonce; 4. every answer; 5. the decision."""
        posting.check_origin(request.headers, page_origin=posting.origin_of(self.page_url))
        form = forms.parse(request.body, content_type=request.headers.get("content-type", ""))
        told["decision"] = form.decision
        question = self._question(request.link, told)
        # Looking at the page again shows what is on record; loading that page anew posts nothing.
        recorded = Reply(303, headers={"Location": request.link})
        until = None
        try:
            if form.decision == "defer":
                until = postponing.instant(form.until, form.zone, question.package)
            if question.standing.repeats(form.decision, until):
                self._finish(question, told)
                return recorded
            nonce = nonces.open_nonce(
                form.nonce, request.link, audience=self.audience, mac=self.mac, now=self.clock.now()
            )
            ballot = self._ballot(form, question, nonce, until)
            if form.step == passkeys.CHALLENGE:
                return self._asked(ballot, question, told)
            # The first guard only. What holds without it: the spent nonce, and the decision on record.
            # Another decision on the same page is another action: it must not be answered with the first one's result.
            key = canonical.digest(f"{request.link}\n{form.nonce}\n{form.decision}\n{form.until}".encode())
            told["status"] = self.once(key, lambda: self.decider.decide(ballot).status.value)
        except Refused as refused:
            told |= {"result": "failed", "reason": refused.code}
            if refused.code in _MENDABLE | passkeys.MENDABLE:
                return self._page(request.link, question, problem=refused, form=form)
            return pages.state(self._view(request.link, self._question(request.link, told)), refused)
        except Exception as error:
            # Whoever has decided must not read that they have not.
            if not self._stands(question, form.decision, until, error):
                raise
            self.guard.note(error, EVENT, told)
        return recorded

    def _stands(self, question: Question, decision: Decision, until: datetime | None, error: Exception) -> bool:
        """Whether the decision is on record in spite of ``error``. Raises ``AmbiguousCompletion`` if nobody knows."""
        unknown, link = "whether the decision was recorded", question.link
        try:
            record = self.decider.recorder.read(link.cutover, link.revision)
        except Exception:  # noqa: BLE001 - whatever it is, the record did not answer; the first error is the cause
            raise AmbiguousCompletion(unknown) from error
        now, facts = self.clock.now(), question.policy.facts
        if Standing.of(record, link, package=question.package, facts=facts, now=now).repeats(decision, until):
            return True
        if isinstance(error, Conflict) and "form" in error.parts:
            raise AmbiguousCompletion(unknown) from error  # the same form is being answered at this moment
        return False

    def _finish(self, question: Question, told: dict[str, object]) -> None:
        """What follows a decision that stands: an earlier post may have been cut off before it."""
        mine = question.standing.mine
        if mine is None or mine.decision != "refuse":
            return
        try:
            key = canonical.digest(f"told\n{mine.payload}".encode())
            self.once(key, lambda: self.decider.tell(question.record).status.value)
        except Exception as error:  # noqa: BLE001 - the decision stands, whoever could be told of it
            self.guard.note(error, EVENT, told)

    def _ballot(self, form: Form, question: Question, nonce: str, until: datetime | None) -> Ballot:
        package, now = question.package, self.clock.now()
        latest = postponing.room(package, question.rules, now).latest
        forms.check_digest(form, manifest=package.digest)
        if until is not None:
            postponing.check(until, latest=latest, now=now)
        return Ballot(
            link=question.link,
            decision=form.decision,
            answers=forms.answers(
                form,
                risk=risk_of(package),
                exceptions=exceptions_of(package),
                emergency=package.manifest.predicate.emergency is not None,
            ),
            reason=form.reason,
            package=package,
            nonce=nonce,
            until=until,
            latest=latest,
            assertion=passkeys.read(form.assertion),
        )

    def _asked(self, ballot: Ballot, question: Question, told: dict[str, object]) -> Reply:
        """What this person's passkey is to sign for this ballot."""
        told["status"] = passkeys.CHALLENGE
        consent, host = self.decider.consent(ballot), posting.host_of(self.page_url)
        return passkeys.asked(consent, question.policy.facts, host, now=self.clock.now())
