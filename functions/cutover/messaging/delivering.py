"""One step by one way: what came of it stands in the question, or among what failed.

Whatever is raised is kept and not passed on: what was said before it has to be written down, or it would be said again
and again.
"""

from dataclasses import dataclass

from cutover.domain.correspondence import MAX_POSTS, Post, Told, mailbox
from cutover.domain.telling import ChannelStep, Step
from cutover.errors import DependencyUnavailable, Refused
from cutover.messaging.mail import compose
from cutover.messaging.message import Message
from cutover.messaging.owners import Owners, silent
from cutover.messaging.scene import Said, Scene
from cutover.messaging.speaking import Speaking
from cutover.ports import Mailer, Slack

OF_THE_APP = frozenset(
    {
        "SLACK_APP_REMOVED", "SLACK_SCOPE_MISSING", "SLACK_SECRET_MISSING", "SLACK_SECRET_UNREADABLE",
        "SLACK_TOKEN_REFUSED", "SLACK_TOKEN_REVOKED",
    }
)  # fmt: skip
"""Refusals of Slack's that are about no conversation: whoever installs the app again mends them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    speaking: Speaking
    mailer: Mailer
    slack: Slack | None
    owners: Owners | None

    def by_mail(self, step: Step, scene: Scene, said: Said) -> Told:
        person = scene.policy.facts.people[step.told.person]
        told = step.told.model_copy(update={"address": mailbox(person.email)})
        about = {
            "cutover": said.correspondence.cutover, "revision": str(said.correspondence.revision),
            "person": told.person, "role": told.role,
        }  # fmt: skip
        try:
            message = self.speaking.message(step, scene, said.correspondence, by="email")
            identifier = self.mailer.send(compose(message, to=person.email, about=about, under=told.mail))
        except Refused as refused:
            update = {"undelivered": refused.code} if step.kind == "ask" else {"mailed": told.state}
            return told.model_copy(update=update)
        except Exception as error:  # noqa: BLE001 - what was said already is to be written down
            said.failed.append(error)
            return step.told
        return told.model_copy(update={"mail": told.mail or identifier, "mailed": told.state})

    def in_slack(self, step: Step, told: Told, scene: Scene, said: Said) -> Told:
        if self.slack is None:
            return told
        try:
            message = self.speaking.message(step, scene, said.correspondence, by="slack")
            if step.kind == "close":
                for reference in told.posts:
                    _edit(self.slack, reference, message)
                return told.model_copy(update={"posted": told.state})
            conversation = scene.policy.facts.people[told.person].slack or ""
            reference = self.slack.post(conversation, message)
        except Refused as refused:
            return told.model_copy(update={"unposted": refused.code})
        except Exception as error:  # noqa: BLE001 - what was said already is to be written down
            said.failed.append(error)
            return told
        return told.model_copy(update={"posts": (*told.posts, reference)[-MAX_POSTS:], "posted": told.state})

    def channel(self, step: ChannelStep, scene: Scene, said: Said) -> None:
        if self.slack is None:
            return
        try:
            message = self.speaking.channel_message(step, scene, said.correspondence)
            if step.reference is not None:
                _edit(self.slack, step.reference, message)
            reference = step.reference or self.slack.post(step.conversation, message)
        except Refused as refused:
            self._silent(step.role, refused, scene, said)
            return
        except Exception as error:  # noqa: BLE001 - what was said already is to be written down
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
        except Exception as error:  # noqa: BLE001 - what was said already is to be written down
            said.failed.append(error)
            return
        said.correspondence = said.correspondence.model_copy(update={"silent": (*known, role)})


def _edit(slack: Slack, reference: str, message: Message) -> None:
    """A message that its conversation keeps as it is stays so. While the app itself is not served, it is tried again:
    once that is mended, no button of a question that is over may be left.
    """
    try:
        slack.edit(reference, message)
    except Refused as refused:
        if refused.code in OF_THE_APP:
            raise DependencyUnavailable(f"Slack: {refused.code}") from refused


def silently(step: Step) -> Told:
    """Nothing is sent: a question that is closed so is closed for mail too."""
    closed = step.kind == "close" and step.told.mailed == "open"
    return step.told.model_copy(update={"mailed": step.told.state}) if closed else step.told
