"""From a step to what it says, with the links of whoever it is for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cutover.contracts.approval import Channel
from cutover.contracts.policy import SignedReference
from cutover.domain.correspondence import Correspondence
from cutover.domain.mac import Mac
from cutover.domain.policy import Policy
from cutover.domain.telling import ChannelStep, Step
from cutover.messaging import wording
from cutover.messaging.addressing import Addressing
from cutover.messaging.message import Button, Message
from cutover.messaging.previewing import preview
from cutover.messaging.scene import Scene
from cutover.packages import Package


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaking:
    """``read``: a bound package, for what changed since it."""

    audience: str
    page_url: str
    mac: Mac
    read: Callable[[SignedReference, Policy, datetime], Package]

    def message(self, step: Step, scene: Scene, said: Correspondence, *, by: Channel) -> Message:
        """``by``: the way that it is sent."""
        told, package, people = step.told, scene.package, scene.policy.facts.people
        if step.kind == "close" or package is None:
            return wording.closing(told, scene.record, said)
        addressing = self._addressing(scene, by)
        return wording.asking(
            people[told.person], told, package, said, links=addressing.links(told.person, told.role),
            expires_at=addressing.expires_at, preview=self._preview(scene),
            again=scene.again if step.kind == "ask" else None,
            principal=people.get(told.stands_in_for) if told.stands_in_for else None, reminder=step.kind == "remind",
        )  # fmt: skip

    def channel_message(self, step: ChannelStep, scene: Scene, said: Correspondence) -> Message:
        people = scene.policy.facts.people
        names = tuple(people[each].name for each in step.asked if each in people)
        buttons: tuple[Button, ...] = ()
        if scene.package is not None and _demands_a_passkey(step.role, scene.package):
            addressing = self._addressing(scene, "slack")
            buttons = tuple(addressing.button(each, step.role, people[each].name) for each in step.asked)
        return wording.in_channel(
            step, scene.record, said, scene.package, names=names, buttons=buttons,
            preview=self._preview(scene) if scene.package else "",
        )  # fmt: skip

    def _preview(self, scene: Scene) -> str:
        return preview(scene.bound, scene.record.predecessor, lambda it: self.read(it, scene.policy, scene.now))

    def _addressing(self, scene: Scene, by: Channel) -> Addressing:
        """No link outlives its package, nor the time that the pinned rules give to links."""
        until = min(scene.bound.manifest.predicate.valid_until, scene.now + scene.timers.link_valid_for)
        return Addressing(
            audience=self.audience, page_url=self.page_url, mac=self.mac, package=scene.bound, expires_at=until,
            channel=by,
        )  # fmt: skip


def _demands_a_passkey(role: str, package: Package) -> bool:
    """Whether no seat of the role can be had by link alone: then a link that others see decides nothing for them."""
    asked = [seat.assurance for seat in package.manifest.predicate.signers if seat.role == role]
    return bool(asked) and all(assurance == "passkey" for assurance in asked)
