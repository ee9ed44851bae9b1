"""The page's door: a link shows one question, and a post of the page's own form answers it.

``GET`` and ``HEAD`` write nothing. Every refusal is a page with a stable code and what would mend
it, and one line in the log that never holds a link, a nonce or an answer's text.
"""

import secrets
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from cutover.contracts.approval import Approval, Decision
from cutover.domain import canonical, links, nonces
from cutover.domain import envelope as dsse
from cutover.domain.policy import Policy
from cutover.domain.record import RecordedDecision, RevisionRecord, Status
from cutover.doors.approvals import forms, pages
from cutover.doors.approvals.asking import Log, Once, Question, Request
from cutover.doors.approvals.deciding import Ballot, Decider
from cutover.doors.approvals.forms import Form
from cutover.doors.approvals.pages import View
from cutover.doors.approvals.rendering import Reply
from cutover.doors.approvals.standing import Standing
from cutover.doors.approvals.summary import exceptions_of, risk_of, summarize
from cutover.errors import CutoverError, Refused, TransientError
from cutover.packages import read_package
from cutover.ports import Clock, Mac, Records, Store

# What the person can mend on the spot: the page comes back with the problem on top and their entries kept.
_MENDABLE = frozenset(
    {
        "ANSWERS_MISSING", "DIGEST_DIFFERS", "EXCEPTIONS_DIFFER", "FORM_EXPIRED", "FORM_USED", "REASON_MISSING",
        "RISK_CLASS_DIFFERS",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One deployment's page (``page_url``, ``audience``) over its ports."""

    audience: str
    page_url: str
    clock: Clock
    records: Records
    store: Store
    mac: Mac
    policy: Callable[[], Policy]
    decider: Decider
    once: Once
    log: Log

    def answer(self, request: Request) -> Reply:
        """The page for a request; never raises, because a person waits for an answer."""
        told: dict[str, object] = {"external_ref": request.id}
        try:
            reply = self._post(request, told) if request.method == "POST" else self._show(request.link, told)
        except Refused as refused:
            told |= {"result": "failed", "reason": refused.code}
            reply = pages.refusal(refused, reference=request.id)
        except TransientError as error:
            told |= {"result": "failed", "reason": type(error).__name__}
            reply = pages.unavailable(reference=request.id)
        except Exception as error:  # noqa: BLE001 - a person gets a page and a reference, never nothing
            # No trace: it quotes messages, and messages may quote input. Where it was raised says enough.
            where = traceback.extract_tb(error.__traceback__)[-1]
            told |= {"result": "failed", "reason": type(error).__name__, "where": f"{where.name}:{where.lineno}"}
            self.log.error("approvals page", extra={"event_name": "approvals"} | told)  # noqa: TRY400
            return pages.broken(reference=request.id, expected=isinstance(error, CutoverError))
        self.log.info("approvals page", extra={"event_name": "approvals", "result": "succeeded"} | told)
        return reply

    def _question(self, text: str, told: dict[str, object]) -> Question:
        link = links.open_link(text, audience=self.audience, mac=self.mac, now=self.clock.now())
        told |= {"cutover": link.cutover, "revision": link.revision, "actor": link.person}
        record = self.records.revision(link.cutover, link.revision)
        if record is None or record.manifest is None:
            raise Refused("NOT_AWAITING_APPROVAL", "this revision does not await approval", "nothing to do")
        told["correlation_id"] = record.correlation_id
        policy = self.policy()
        package = read_package(self.store, record.manifest, keys=policy.facts.keys, at=self.clock.now())
        return Question(link, record, policy, package, Standing.of(record, link))

    def _show(self, text: str, told: dict[str, object]) -> Reply:
        told["decision"] = "none"
        return self._page(text, self._question(text, told))

    def _page(self, text: str, question: Question, problem: Refused | None = None, form: Form | None = None) -> Reply:
        view = self._view(question)
        if view.refuse is not None:
            return pages.state(view, view.refuse)
        nonce = nonces.make_nonce(
            text, audience=self.audience, mac=self.mac, now=view.now, random=secrets.token_bytes(16)
        )
        return pages.question(view, nonce=nonce, problem=problem, form=form)

    def _view(self, question: Question) -> View:
        now = self.clock.now()
        return View(
            link=question.link,
            record=question.record,
            summary=summarize(question.package, now=now),
            standing=question.standing,
            package=question.package,
            facts=question.policy.facts,
            now=now,
            approve=self._objection(question, "approve"),
            refuse=self._objection(question, "refuse"),
            reason=self._reason_of(question.record),
        )

    def _objection(self, question: Question, decision: Decision) -> Refused | None:
        """Why this decision cannot be made now; None when it can."""
        try:
            question.standing.check(
                decision, link=question.link, package=question.package, facts=question.policy.facts,
                now=self.clock.now(), brake=self.records.brake(),
            )  # fmt: skip
            lane = self.records.lane(question.record.product, question.record.target)
        except Refused as refused:
            return refused
        if lane is None or (lane.cutover, lane.revision) != (question.link.cutover, question.link.revision):
            return Refused("NOT_CURRENT", "a newer revision took this one's place", "open its message instead")
        return None

    def _post(self, request: Request, told: dict[str, object]) -> Reply:
        """1. own origin, own fields; 2. an authentic link; 3. an unspent nonce; 4. every answer; 5. the decision."""
        forms.check_origin(request.headers, page_origin=forms.origin_of(self.page_url))
        form = forms.parse(request.body, content_type=request.headers.get("content-type", ""))
        told["decision"] = form.decision
        question = self._question(request.link, told)
        # Looking at the page again shows what is on record; loading that page anew posts nothing.
        recorded = Reply(303, headers={"Location": request.link})
        if question.standing.repeats(form.decision):
            return recorded
        try:
            nonce = nonces.open_nonce(
                form.nonce, request.link, audience=self.audience, mac=self.mac, now=self.clock.now()
            )
            ballot = self._ballot(form, question, nonce)
            # The first guard only. What holds without it: the spent nonce, and the decision on record.
            key = canonical.digest(f"{request.link}\n{form.nonce}".encode())
            told["status"] = self.once(key, lambda: self.decider.decide(ballot).status.value)
        except Refused as refused:
            told |= {"result": "failed", "reason": refused.code}
            if refused.code in _MENDABLE:
                return self._page(request.link, question, problem=refused, form=form)
            return pages.state(self._view(self._question(request.link, told)), refused)
        return recorded

    def _ballot(self, form: Form, question: Question, nonce: str) -> Ballot:
        package = question.package
        forms.check_digest(form, manifest=package.digest)
        return Ballot(
            link=question.link,
            decision=form.decision,
            answers=forms.answers(form, risk=risk_of(package), exceptions=exceptions_of(package)),
            reason=form.reason,
            package=package,
            nonce=nonce,
        )

    def _reason_of(self, record: RevisionRecord) -> str | None:
        """A refusal's reason, out of the signed statement."""
        refusal = next((each for each in record.decisions if each.decision == "refuse"), None)
        return self._statement(refusal).predicate.reason if refusal and record.status is Status.DECLINED else None

    def _statement(self, decision: RecordedDecision) -> Approval:
        envelope = dsse.parse(self.store.get(decision.envelope, limit=dsse.MAX_ENVELOPE_BYTES))
        return Approval.model_validate_json(dsse.decode_base64(envelope.payload))
