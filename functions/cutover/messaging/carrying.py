"""Carries out a plan: mail and Slack first, what was said of it after.

Whoever is cut off between the two says it once more; the other order could lose a question for good. What fails for
now keeps nothing else from being said: it is what the next plan still has in it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cutover.contracts.base import parse_instant
from cutover.contracts.policy import SignedReference
from cutover.domain.correspondence import Correspondence, merged
from cutover.domain.emergencies import Timers, timers
from cutover.domain.policy import Policy
from cutover.domain.record import RevisionRecord, named
from cutover.domain.telling import Plan, Step, Telling, standing
from cutover.errors import Conflict, DependencyUnavailable
from cutover.messaging import wording
from cutover.messaging.after_actions import AfterActions
from cutover.messaging.delivering import Delivering, silently
from cutover.messaging.owners import Owners
from cutover.messaging.scene import Said, Scene
from cutover.messaging.speaking import Speaking
from cutover.messaging.wording import Again
from cutover.packages import Package, read_package
from cutover.policies import PolicyReader
from cutover.ports import Clock, Mac, Mailer, Messages, Slack, Store

LOOK_AGAIN = timedelta(minutes=1)
ROUNDS = 3
"""Who cannot be reached is replaced at once, and whoever replaces them perhaps too."""
WRITES = 5
SPEAK_FOR = timedelta(seconds=12)
"""For one revision: with one slow call more, less than the time of the functions that speak (30 s, 60 s)."""


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
        said = Said(before or self._new(scene), until=self.clock.now() + SPEAK_FOR)
        if begun_by is not None and said.correspondence.begun_by != begun_by:
            update = {"round": said.correspondence.round + 1, "begun_by": begun_by}
            said.correspondence = said.correspondence.model_copy(update=update)
        for _ in range(ROUNDS):
            plan = self._plan(scene, said.correspondence)
            steps = [step for step in plan.steps if step.kind == "ask" or not only_ask]
            unreachable = _unreachable(said.correspondence)
            for step in [step for step in steps if self._mailed(step, scene, said)]:
                self._posted(step, scene, said)
            if _unreachable(said.correspondence) <= unreachable:
                break
        for post in self._telling(scene, said.correspondence).channels(said.correspondence):
            if self._in_time(said):
                self._delivering.channel(post, scene, said)
        self._tell_owners(scene, said)
        said.correspondence = self._write(
            self._looked(scene, said, whole=not only_ask), before, again=scene.now + LOOK_AGAIN
        )
        return said

    # --- one thing at a time

    def _mailed(self, step: Step, scene: Scene, said: Said) -> bool:
        """Everybody's mail goes before anybody's message in Slack. Whether the step goes on there."""
        if not self._in_time(said):
            return False
        failures = len(said.failed)
        told = self._delivering.by_mail(step, scene, said) if step.mail else silently(step)
        if step.kind == "remind" and len(said.failed) > failures:
            return False  # the whole reminder comes again
        said.correspondence = said.correspondence.with_told(told)
        said.counted[step.kind] += 1
        return step.slack

    def _posted(self, step: Step, scene: Scene, said: Said) -> None:
        told = said.correspondence.of(*step.told.pair)
        if told is not None and self._in_time(said):
            said.correspondence = said.correspondence.with_told(self._delivering.in_slack(step, told, scene, said))

    def _in_time(self, said: Said) -> bool:
        """A channel that answers, only slowly, costs those behind it a look, and nobody what was said already."""
        if self.clock.now() < said.until:
            return True
        said.failed.append(DependencyUnavailable("the rest is said at the next look"))
        return False

    def _tell_owners(self, scene: Scene, said: Said) -> None:
        if self.owners is None:
            return
        facts, standing = scene.policy.facts, scene.standing
        reminding = AfterActions(mailer=self.mailer, slack=self.slack, owners=self.owners)
        try:
            told = self.owners.tell(scene.record, said.correspondence, facts, standing, scene.now)
            said.correspondence = told
            said.correspondence = reminding.remind(scene.record, told, facts, scene.now)
        except Exception as error:  # noqa: BLE001 - what was said already is to be written down
            said.failed.append(error)

    # --- what it needs

    @property
    def _delivering(self) -> Delivering:
        speaking = Speaking(audience=self.audience, page_url=self.page_url, mac=self.mac, read=self._read)
        return Delivering(speaking=speaking, mailer=self.mailer, slack=self.slack, owners=self.owners)

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

    def _write(self, said: Correspondence, before: Correspondence | None, *, again: datetime) -> Correspondence:
        for remaining in reversed(range(WRITES)):
            version = before.version + 1 if before else 1
            written = said.model_copy(update={"version": version})
            try:
                self.messages.put(written, before=before)
            except Conflict:
                before = self.messages.correspondence(said.cutover, said.revision)
                if remaining == 0 or before is None:
                    raise
                said = merged(before, said, again=parse_instant(again))
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


def _unreachable(said: Correspondence) -> frozenset[tuple[str, str]]:
    return frozenset(each.pair for each in said.told if each.unreachable)
