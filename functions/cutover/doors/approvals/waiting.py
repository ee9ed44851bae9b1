"""``/waiting/<link>``: what waits for the person whose personal link this is. It shows, and decides nothing."""

from collections.abc import Callable
from dataclasses import dataclass

from cutover.contracts.policy import Rules, SignedReference
from cutover.domain import personal_links
from cutover.domain.policy import Policy
from cutover.doors.approvals import pages
from cutover.doors.approvals.door import Door
from cutover.doors.approvals.listing import Listing
from cutover.doors.approvals.view import name_of
from cutover.errors import Refused
from cutover.pages.gateway import Log, Request
from cutover.pages.guarding import Guard
from cutover.pages.rendering import Reply
from cutover.ports import Clock, Mac, Records, Store
from cutover.together import Together, one_by_one

EVENT = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingDoor:
    """One deployment's lists (``audience``) over its ports. ``failed`` counts what is no refusal."""

    audience: str
    clock: Clock
    records: Records
    store: Store
    mac: Mac
    policy: Callable[[], Policy]
    rules: Callable[[SignedReference], Rules]
    log: Log
    failed: Callable[[], None]
    together: Together = one_by_one

    @classmethod
    def beside(cls, door: Door, *, together: Together) -> "WaitingDoor":
        """Over the same ports as the page that its links lead to."""
        return cls(
            audience=door.audience, clock=door.clock, records=door.records, store=door.store, mac=door.mac,
            policy=door.policy, rules=door.rules, log=door.log, failed=door.failed, together=together,
        )  # fmt: skip

    def answer(self, request: Request) -> Reply:
        """The list; never raises, because a person waits for an answer."""
        guard = Guard(pages=pages, log=self.log, failed=self.failed)
        return guard.answer(request, EVENT, lambda told: self._show(request.link, told))

    def _show(self, text: str, told: dict[str, object]) -> Reply:
        now = self.clock.now()
        mine = personal_links.open_link(text, audience=self.audience, mac=self.mac, now=now)
        told["actor"] = mine.person
        policy = self.policy()
        if mine.person not in policy.facts.people:
            raise Refused("NOT_ELIGIBLE", "nobody is asked who is not in the facts now", "ask those who keep the facts")
        listing = Listing(
            audience=self.audience, records=self.records, store=self.store, mac=self.mac, policy=policy,
            rules=self.rules, now=now, together=self.together,
        )  # fmt: skip
        return pages.waiting(
            listing.of(mine), name=name_of(policy.facts, mine.person), audience=self.audience, ends=mine.expires_at
        )
