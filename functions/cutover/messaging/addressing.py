"""The links of one revision's messages."""

from dataclasses import dataclass
from datetime import datetime

from cutover.contracts.approval import Channel
from cutover.domain import links, personal_links
from cutover.domain.legible import legible
from cutover.domain.links import Link
from cutover.domain.mac import Mac
from cutover.domain.personal_links import PersonalLink
from cutover.messaging.message import Button
from cutover.messaging.wording import Links
from cutover.packages import Package


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressing:
    """Links of one package, all with one end and sent by one way."""

    audience: str
    page_url: str
    mac: Mac
    package: Package
    expires_at: datetime
    channel: Channel

    def links(self, person: str, role: str) -> Links:
        mine = PersonalLink(person=person, expires_at=self.expires_at, channel=self.channel)
        text = personal_links.make_link(mine, audience=self.audience, mac=self.mac)
        decide = self.button(person, role)
        waiting = personal_links.url(self.page_url, text)
        return Links(decide=decide, waiting=waiting, calendar=f"{decide.url}/window.ics")

    def button(self, person: str, role: str, name: str | None = None) -> Button:
        """``name``: where buttons of more than one person stand side by side."""
        predicate = self.package.manifest.predicate
        link = Link(
            cutover=predicate.cutover, revision=predicate.revision, manifest=self.package.digest, person=person,
            role=role, expires_at=self.expires_at, channel=self.channel,
        )  # fmt: skip
        url = links.url(self.page_url, links.make_link(link, audience=self.audience, mac=self.mac))
        return Button(f"Decide ({legible(name)})" if name else "Read and decide", url)
