"""`cutover explain`: why a revision waits: which field, what was found and wanted, what mends it, and who acts."""

import shlex
from collections.abc import Callable, Iterator

from cutover.contracts.holds import Hold
from cutover.contracts.ledger import LedgerEntry
from cutover.contracts.policy import Team
from cutover.domain import holds, schedule
from cutover.domain.policy import Policy
from cutover.domain.record import Status
from cutover.errors import IntegrityError
from cutover_cli import held, holds_text
from cutover_cli.held import Open
from cutover_cli.looking import screen
from cutover_cli.looking.causes import RELEASE_ENGINEERING, Cause, Explanation, announcing, of_admission
from cutover_cli.looking.finding import Found
from cutover_cli.looking.standing import Standing, look
from cutover_cli.site import Site

TOO_LATE = frozenset({"withdrawn-too-late", "withdrawal-during-hand-off"})
"""Withdrawals that kept no message from its queue."""


def of(site: Site, found: Found, place: list[str]) -> Explanation:
    """What was found: a revision, or an announcement that opened none. ``place``: how commands name the site."""
    if found.record is not None:
        return _Explaining(site, look(site, found.record), place).explain()
    if found.admission is not None:
        return of_admission(found.admission, place)
    raise AssertionError("unreachable: one of them is found")


class _Explaining:
    """One revision as it stands now, before its site. ``place`` is how commands name the site."""

    def __init__(self, site: Site, standing: Standing, place: list[str]) -> None:
        self._site, self._standing, self._place = site, standing, place
        self._record = standing.record

    def explain(self) -> Explanation:
        record = self._record
        by_status: dict[Status, Callable[[], tuple[str, Iterator[Cause]]]] = {
            Status.HELD: self._held,
            Status.DECLINED: self._declined,
            Status.AWAITING_APPROVAL: self._asked,
            Status.DEFERRED: self._deferred,
            Status.AWAITING_WINDOW: self._waiting,
            Status.UNCERTAIN: self._uncertain,
            Status.SUPERSEDED: self._superseded,
            Status.EXPIRED: self._ended,
            Status.WITHDRAWN: self._ended,
            Status.REHEARSED: self._rehearsed,
            Status.HANDED_OFF: self._handed_off,
        }
        summary, causes = by_status.get(record.status, self._busy)()
        ids = {"cutover": record.cutover, "revision": record.revision, "admission": record.admission,
               "correlation_id": record.correlation_id}  # fmt: skip
        return Explanation(
            subject=f"{record.cutover} revision {record.revision}", status=record.status, reason=record.reason,
            summary=summary, causes=tuple(causes), unread=self._standing.unread, ids=ids,
        )  # fmt: skip

    # --- what holds

    def _held(self) -> tuple[str, Iterator[Cause]]:
        found = self._open()
        left = [each for each in found if each.answer is None]
        return f"{len(left)} of {len(found)} hold(s) wait for an answer", (self._hold(each) for each in found)

    def _declined(self) -> tuple[str, Iterator[Cause]]:
        """What denied it, or the refusal: nothing answers either but another candidate."""
        register = self._standing.register
        denied = holds.denied(register) if register else ()
        why = (
            "an approver refused it"
            if any(each.code == holds.REFUSED_BY_APPROVER for each in denied)
            else "a rule denies it"
        )
        return f"{why}; only a new candidate can answer that", (self._denied(each) for each in denied)

    def _rehearsed(self) -> tuple[str, Iterator[Cause]]:
        found = self._open()
        summary = (
            f"a rehearsal; a release would be held for {len(found)} reason(s)"
            if found
            else "a rehearsal; nothing would hold"
        )
        return summary, (self._denied(each.hold) for each in found)

    def _open(self) -> tuple[Open, ...]:
        answers = {each.fingerprint: each for each in self._record.resolutions}
        return tuple(Open(self._record, each, answers.get(each.fingerprint)) for each in self._standing.open_holds)

    def _hold(self, found: Open) -> Cause:
        policy, hold = self._standing.policy, found.hold
        return Cause(
            code=hold.code, field=hold.field, found=hold.found, wanted=hold.wanted, mend=hold.mend,
            commands=tuple(self._commands(found, policy)), who=hold.owner, team=self._team(hold.owner),
            until=hold.expires_at, fingerprint=hold.fingerprint,
            answered_by=found.answer.resolver if found.answer else None,
        )  # fmt: skip

    def _commands(self, found: Open, policy: Policy | None) -> list[str]:
        try:
            ways = held.ways(self._site, found, policy) if policy is not None else None
        except IntegrityError:
            ways = None
        return holds_text.commands_of(found, ways, self._place) or list(announcing(self._place))

    def _denied(self, hold: Hold) -> Cause:
        return Cause(
            code=hold.code, field=hold.field, found=hold.found, wanted=hold.wanted, mend=hold.mend,
            commands=announcing(self._place), who=hold.owner, team=self._team(hold.owner),
            fingerprint=hold.fingerprint,
        )  # fmt: skip

    def _team(self, owner: str) -> Team | None:
        return self._standing.policy.facts.teams.get(owner) if self._standing.policy else None

    # --- who or what is waited for

    def _asked(self) -> tuple[str, Iterator[Cause]]:
        seats = self._standing.seats
        missing = ", ".join(f"{each.count} x {each.role}" for each in seats)
        summary = f"approval is missing: {missing}" if seats else "its approvers are asked"
        until = self._record.valid_until or self._record.expires_at
        return summary, (
            Cause(
                code="APPROVAL_MISSING", found=f"{each.count} seat(s) of {each.role} empty",
                wanted=f"{each.count} more approval(s) by {each.assurance}",
                mend="open the link in the mail, or in Slack, and decide", who=each.role, people=each.people,
                until=until,
            )
            for each in seats
        )  # fmt: skip

    def _deferred(self) -> tuple[str, Iterator[Cause]]:
        by = self._record.deferral
        cause = Cause(
            code="DEFERRED", found=f"{by.person} put the question off" if by else "the question was put off",
            mend="wait for the time, or take it up again on its page", who=by.role if by else "",
            people=(by.person,) if by else (), until=self._record.deferred_until,
        )  # fmt: skip
        return "an approver has put the decision off", iter((cause,))

    def _waiting(self) -> tuple[str, Iterator[Cause]]:
        record, causes = self._record, []
        if self._standing.braked:
            causes.append(self._braked())
        if record.reason is not None:
            causes.append(Cause(
                code=record.reason, found=self._last_detail(), mend="it is tried again by itself until its window ends",
                who=RELEASE_ENGINEERING, team=self._team(RELEASE_ENGINEERING), until=record.closes_at,
            ))  # fmt: skip
        summary = "everybody has agreed; it waits for its window"
        return f"{summary}, and for what stands below" if causes else summary, iter(causes)

    def _braked(self) -> Cause:
        commands = (shlex.join(["cutover", "brake", "status", *self._place]),
                    shlex.join(["cutover", "brake", "release", "--dry-run", *self._place]))  # fmt: skip
        return Cause(
            code="BRAKE_ENGAGED", found="the brake is engaged, or unknown", wanted="the brake off",
            mend="whoever engaged it releases it, for the plan that the dry run shows", commands=commands,
            who="operators",
        )  # fmt: skip

    def _busy(self) -> tuple[str, Iterator[Cause]]:
        stalled = schedule.stalled_at(self._record)
        if stalled is None or stalled > self._standing.now:
            return "it is under way; nothing is waited for", iter(())
        trace = shlex.join(["cutover", "trace", self._record.cutover, *self._place])
        cause = Cause(
            code="STALLED", found=f"nothing was written since {screen.instant(self._record.moved_at)}",
            mend="the clock gives it another execution; look at the trace and at the logs", commands=(trace,),
            who=RELEASE_ENGINEERING, team=self._team(RELEASE_ENGINEERING),
        )  # fmt: skip
        return "its execution seems lost", iter((cause,))

    # --- how it ended

    def _uncertain(self) -> tuple[str, Iterator[Cause]]:
        cause = Cause(
            code=self._record.reason or "UNCERTAIN", found=self._last_detail(),
            wanted="an acknowledged message, or a receipt of the consumer",
            mend=f"ask the queue's owner whether {self._record.handoff_id} arrived; a receipt settles it",
            commands=(shlex.join(["cutover", "trace", self._record.cutover, *self._place]),), who="the queue's owner",
        )  # fmt: skip
        return "it is not known whether its message arrived; nothing more is sent", iter((cause,))

    def _superseded(self) -> tuple[str, Iterator[Cause]]:
        show = shlex.join(
            ["cutover", "show", self._record.cutover, "--revision", str(self._record.revision + 1), *self._place]
        )
        why = self._record.reason or "SUPERSEDED"
        cause = Cause(code=why, found=self._last_detail(), mend="follow the next revision",
                      commands=(show,))  # fmt: skip
        return f"revision {self._record.revision + 1} took its place", iter((cause,))

    def _ended(self) -> tuple[str, Iterator[Cause]]:
        cause = Cause(
            code=self._record.reason or self._record.status.upper(), found=self._last_detail(),
            mend="announce a new candidate, where it is still wanted", commands=announcing(self._place),
            who="whoever wants the release",
        )  # fmt: skip
        return f"it is {self._record.status} and will not be handed off", iter((cause,))

    def _handed_off(self) -> tuple[str, Iterator[Cause]]:
        withdrawn = self._withdrawn()
        if withdrawn is not None:
            return f"{self._arrived()}; it was withdrawn too late to keep it from there", iter((withdrawn,))
        due = self._record.after_action_due
        if due is None or self._record.after_action is not None:
            return self._arrived(), iter(())
        submit = shlex.join(["cutover", "after-action", "submit", "SIGNED.json", *self._place])
        sign = "cutover after-action sign RECORD.yaml --key KEY.pem --out SIGNED.json"
        cause = Cause(code="AFTER_ACTION_DUE", mend="record what the emergency was", commands=(sign, submit),
                      who=self._record.requester, until=due)  # fmt: skip
        return f"{self._arrived()}; its after-action record is missing", iter((cause,))

    def _withdrawn(self) -> Cause | None:
        """Its withdrawal, which came after the message or while that was sent."""
        order = next((each for each in self._told() if each.event in TOO_LATE), None)
        if order is None:
            return None
        trace = shlex.join(["cutover", "trace", self._record.cutover, *self._place])
        return Cause(
            code=order.result, found=f"{order.event} by {order.actor.requester}: {order.detail or ''}".rstrip(": "),
            mend=f"ask the queue's owner to stop {self._record.handoff_id}; a signed notice proves the withdrawal",
            commands=(trace,), who="the queue's owner",
        )  # fmt: skip

    def _told(self) -> list[LedgerEntry]:
        told = self._site.records.ledger(self._record.cutover)
        return [each for each in told if each.revision == self._record.revision]

    def _arrived(self) -> str:
        """What the consumer said last, as far as it is recorded."""
        answers = [each for each in self._told() if each.event == "receipt"]
        if not answers:
            return "its message was sent to its queue; no consumer has answered it"
        said = answers[-1].result.removeprefix("RECEIPT_").lower()
        return f"its message was sent to its queue; its consumer {said} it"

    def _last_detail(self) -> str:
        """Who ended it, or what was said last of it, in the ledger's words."""
        told = self._told()
        if not told:
            return ""
        last = next((each for each in reversed(told) if each.detail), told[-1])
        return f"{last.event} by {last.actor.requester}" + (f": {last.detail}" if last.detail else "")
