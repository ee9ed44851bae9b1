"""Carries out a plan: mail and Slack first, what was said of it after.

Whoever is cut off between the two says it once more; the other order could lose a question for good. What fails for
now keeps nothing else from being said: it is what the next plan still has in it.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cutover.contracts.base import parse_instant
from cutover.contracts.policy import SignedReference
from cutover.domain.correspondence import MAX_POSTS, Correspondence, Post, Told, merged
from cutover.domain.emergencies import Timers, timers
from cutover.domain.policy import Policy
from cutover.domain.record import RevisionRecord, named
from cutover.domain.telling import ChannelStep, Plan, Standing, Step, Telling, standing
from cutover.errors import Conflict, DependencyUnavailable, Refused, TransientError
from cutover.messaging import wording
from cutover.messaging.addressing import Addressing
from cutover.messaging.after_actions import AfterActions
from cutover.messaging.mail import compose
from cutover.messaging.message import Button, Message
from cutover.messaging.owners import Owners, silent
from cutover.messaging.previewing import preview
from cutover.messaging.wording import Again
from cutover.packages import Package, read_package
from cutover.policies import PolicyReader
from cutover.ports import Clock, Mac, Mailer, Messages, Slack, Store

LOOK_AGAIN = timedelta(minutes=1)
ROUNDS = 3
"""Who cannot be reached is replaced at once, and whoever replaces them perhaps too."""
WRITES = 5
OF_THE_APP = frozenset(
    {
        "SLACK_APP_REMOVED", "SLACK_SCOPE_MISSING", "SLACK_SECRET_MISSING", "SLACK_SECRET_UNREADABLE",
        "SLACK_TOKEN_REFUSED", "SLACK_TOKEN_REVOKED",
    }
)  # fmt: skip
"""Refusals of Slack's that are about no conversation: whoever installs the app again mends them all."""


@dataclass(slots=True)
class Said:
    """What one run said. ``failed``: what may pass; it is still to be said."""

    correspondence: Correspondence
    counted: Counter[str] = field(default_factory=Counter)
    failed: list[TransientError] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One look: a record, and everything that is needed to speak of it. ``package`` only while questions are open."""

    record: RevisionRecord
    policy: Policy
    timers: Timers
    package: Package | None
    standing: Standing | None
    now: datetime
    again: Again | None = None

    @property
    def bound(self) -> Package:
        """``DocumentMissing`` where it was not read."""
        return named(self.package, "package")


@dataclass(frozen=True, slots=True, kw_only=True)
class Messaging:
    """``slack``: None where this deployment has none. ``owners``: None where somebody else tells them."""

    audience: str
    page_url: str
    clock: Clock
    store: Store
    mac: Mac
    mailer: Mailer
    messages: Messages
    policies: PolicyReader
    slack: Slack | None = None
    owners: Owners | None = None

    def scene(self, record: RevisionRecord, policy: Policy, *, again: Again | None = None) -> Scene:
        """Of a revision about which questions are open. Raises what ``read_package`` raises."""
        now = self.clock.now()
        package = self._read(named(record.manifest, "manifest"), policy, now)
        stands = standing(record, package.manifest.predicate.signers, package.requesters(), policy.facts, now)
        return Scene(
            record=record, policy=policy, timers=self._timers(record, package), package=package, standing=stands,
            now=now, again=again,
        )  # fmt: skip

    def closing_scene(self, record: RevisionRecord, policy: Policy) -> Scene:
        """Of a revision about which nothing is asked now: that can be said without its package."""
        usual = timers(self.policies.rules(record.rules), record.product, emergency=False)
        return Scene(
            record=record, policy=policy, timers=usual, package=None, standing=None, now=self.clock.now()
        )  # fmt: skip

    def say(
        self, scene: Scene, before: Correspondence | None, *, begun_by: int | None = None, only_ask: bool = False
    ) -> Said:
        """Say what is still to be said, and write down that it was said.

        ``begun_by``: the version of the record whose question this is, where everybody who is missing is asked again.
        ``only_ask``: the rest is left to the next look.
        Raises ``Conflict`` when others write again and again; what was said by then is said once more.
        """
        said = Said(before or self._new(scene))
        if begun_by is not None and said.correspondence.begun_by != begun_by:
            update = {"round": said.correspondence.round + 1, "begun_by": begun_by}
            said.correspondence = said.correspondence.model_copy(update=update)
        for _ in range(ROUNDS):
            plan = self._plan(scene, said.correspondence)
            steps = [step for step in plan.steps if step.kind == "ask" or not only_ask]
            refused = [self._step(step, scene, said) for step in steps]
            if not any(refused):
                break
        for step in self._telling(scene, said.correspondence).channels(said.correspondence):
            self._channel(step, scene, said)
        self._tell_owners(scene, said)
        said.correspondence = self._write(self._looked(scene, said, whole=not only_ask), before)
        return said

    # --- one thing at a time

    def _step(self, step: Step, scene: Scene, said: Said) -> bool:
        """Whether somebody turned out to be out of reach."""
        known = said.correspondence.of(*step.told.pair)
        failures = len(said.failed)
        told = self._by_mail(step, scene, said) if step.mail else _silently(step)
        if step.kind == "remind" and len(said.failed) > failures:
            return False  # the whole reminder comes again
        told = self._in_slack(step, told, scene, said) if step.slack else told
        said.correspondence = said.correspondence.with_told(told)
        said.counted[step.kind] += 1
        return told.unreachable and not (known is not None and known.unreachable)

    def _by_mail(self, step: Step, scene: Scene, said: Said) -> Told:
        told, person = step.told, scene.policy.facts.people[step.told.person]
        message = self._message(step, scene, said.correspondence)
        about = {
            "cutover": said.correspondence.cutover, "revision": str(said.correspondence.revision),
            "person": told.person, "role": told.role,
        }  # fmt: skip
        try:
            identifier = self.mailer.send(compose(message, to=person.email, about=about, under=told.mail))
        except Refused as refused:
            update = {"undelivered": refused.code} if step.kind == "ask" else {"mailed": told.state}
            return told.model_copy(update=update)
        except TransientError as error:
            said.failed.append(error)
            return told
        return told.model_copy(update={"mail": told.mail or identifier, "mailed": told.state})

    def _in_slack(self, step: Step, told: Told, scene: Scene, said: Said) -> Told:
        if self.slack is None:
            return told
        message = self._message(step, scene, said.correspondence)
        try:
            if step.kind == "close":
                for reference in told.posts:
                    _edit(self.slack, reference, message)
                return told.model_copy(update={"posted": told.state})
            conversation = scene.policy.facts.people[told.person].slack or ""
            reference = self.slack.post(conversation, message)
        except Refused as refused:
            return told.model_copy(update={"unposted": refused.code})
        except TransientError as error:
            said.failed.append(error)
            return told
        return told.model_copy(update={"posts": (*told.posts, reference)[-MAX_POSTS:], "posted": told.state})

    def _channel(self, step: ChannelStep, scene: Scene, said: Said) -> None:
        if self.slack is None:
            return
        message = self._channel_message(step, scene, said.correspondence)
        try:
            if step.reference is not None:
                _edit(self.slack, step.reference, message)
            reference = step.reference or self.slack.post(step.conversation, message)
        except Refused as refused:
            self._silent(step.role, refused, scene, said)
            return
        except TransientError as error:
            said.failed.append(error)
            return
        post = Post(role=step.role, conversation=step.conversation, reference=reference, shown=step.shown)
        said.correspondence = said.correspondence.with_post(post)

    def _silent(self, role: str, refused: Refused, scene: Scene, said: Said) -> None:
        """A role's channel takes no message: release engineering is told once. Whoever is asked was asked anyway."""
        known = said.correspondence.silent
        if self.owners is None or role in known:
            return
        try:
            self.owners.send([silent(scene.record, role, refused, scene.now)])
        except TransientError as error:
            said.failed.append(error)
            return
        said.correspondence = said.correspondence.model_copy(update={"silent": (*known, role)})

    def _tell_owners(self, scene: Scene, said: Said) -> None:
        if self.owners is None:
            return
        facts, standing = scene.policy.facts, scene.standing
        reminding = AfterActions(mailer=self.mailer, slack=self.slack, owners=self.owners)
        try:
            told = self.owners.tell(scene.record, said.correspondence, facts, standing, scene.now)
            said.correspondence = told
            said.correspondence = reminding.remind(scene.record, told, facts, scene.now)
        except TransientError as error:
            said.failed.append(error)

    # --- what it says

    def _message(self, step: Step, scene: Scene, said: Correspondence) -> Message:
        told, package, people = step.told, scene.package, scene.policy.facts.people
        if step.kind == "close" or package is None:
            return wording.closing(told, scene.record, said)
        addressing = self._addressing(scene)
        return wording.asking(
            people[told.person], told, package, said, links=addressing.links(told.person, told.role),
            expires_at=addressing.expires_at, preview=self._preview(scene),
            again=scene.again if step.kind == "ask" else None,
            principal=people.get(told.stands_in_for) if told.stands_in_for else None, reminder=step.kind == "remind",
        )  # fmt: skip

    def _channel_message(self, step: ChannelStep, scene: Scene, said: Correspondence) -> Message:
        people = scene.policy.facts.people
        names = tuple(people[each].name for each in step.asked if each in people)
        buttons: tuple[Button, ...] = ()
        if scene.package is not None and _demands_a_passkey(step.role, scene.package):
            addressing = self._addressing(scene)
            buttons = tuple(addressing.button(each, step.role, people[each].name) for each in step.asked)
        return wording.in_channel(
            step, scene.record, said, scene.package, names=names, buttons=buttons,
            preview=self._preview(scene) if scene.package else "",
        )  # fmt: skip

    def _preview(self, scene: Scene) -> str:
        return preview(scene.bound, scene.record.predecessor, lambda it: self._read(it, scene.policy, scene.now))

    def _addressing(self, scene: Scene) -> Addressing:
        """No link outlives its package, nor the time that the pinned rules give to links."""
        until = min(scene.bound.manifest.predicate.valid_until, scene.now + scene.timers.link_valid_for)
        return Addressing(
            audience=self.audience, page_url=self.page_url, mac=self.mac, package=scene.bound, expires_at=until
        )

    # --- what it needs

    def _plan(self, scene: Scene, said: Correspondence) -> Plan:
        return self._telling(scene, said).plan()

    def _telling(self, scene: Scene, said: Correspondence) -> Telling:
        return Telling(
            record=scene.record, facts=scene.policy.facts, timers=scene.timers, said=said, now=scene.now,
            standing=scene.standing, slack=self.slack is not None,
        )  # fmt: skip

    def _looked(self, scene: Scene, said: Said, *, whole: bool) -> Correspondence:
        """With when to look again: soon, where something is still to be said."""
        rest = bool(said.failed) or not whole
        due_at = parse_instant(scene.now + LOOK_AGAIN) if rest else self._plan(scene, said.correspondence).due_at
        update = {
            "seen": 0 if rest else scene.record.version,
            "facts": scene.policy.facts_reference.payload,
            "due_at": due_at,
        }
        return said.correspondence.model_copy(update=update)

    def _write(self, said: Correspondence, before: Correspondence | None) -> Correspondence:
        for remaining in reversed(range(WRITES)):
            version = before.version + 1 if before else 1
            written = said.model_copy(update={"version": version})
            try:
                self.messages.put(written, before=before)
            except Conflict:
                before = self.messages.correspondence(said.cutover, said.revision)
                if remaining == 0 or before is None:
                    raise
                said = merged(before, said)
                continue
            return written
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _new(self, scene: Scene) -> Correspondence:
        record = scene.record
        package = scene.package
        return Correspondence(
            cutover=record.cutover, revision=record.revision, begun_by=record.version,
            headline=wording.headline(package) if package else f"{record.product} to {record.target}",
            time_zone=package.manifest.predicate.window.time_zone if package else None,
        )  # fmt: skip

    def _read(self, reference: SignedReference, policy: Policy, now: datetime) -> Package:
        return read_package(self.store, reference, keys=policy.facts.keys, now=now)

    def _timers(self, record: RevisionRecord, package: Package) -> Timers:
        emergency = package.bundle.release.emergency is not None
        return timers(self.policies.rules(record.rules), record.product, emergency=emergency)


def _edit(slack: Slack, reference: str, message: Message) -> None:
    """A message that its conversation keeps as it is stays so. While the app itself is not served, it is tried again:
    once that is mended, no button of a question that is over may be left.
    """
    try:
        slack.edit(reference, message)
    except Refused as refused:
        if refused.code in OF_THE_APP:
            raise DependencyUnavailable(f"Slack: {refused.code}") from refused


def _silently(step: Step) -> Told:
    """Nothing is sent: a question that is closed so is closed for mail too."""
    closed = step.kind == "close" and step.told.mailed == "open"
    return step.told.model_copy(update={"mailed": step.told.state}) if closed else step.told


def _demands_a_passkey(role: str, package: Package) -> bool:
    return any(seat.role == role and seat.assurance == "passkey" for seat in package.manifest.predicate.signers)
