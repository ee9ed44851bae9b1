"""What an attacker has around them, whether the page stands in memory or on the local stack."""

import html
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from cutover.contracts.approval import Decision
from cutover.domain import base64url, canonical
from cutover.domain.links import Link
from cutover.domain.mac import Mac
from cutover.domain.record import RecordedDecision, RevisionRecord, Status
from tests.attacks.exchange import FORM, Fields, Reply, Seat, Sent, changed
from tests.building.passkeys import Authenticator
from tests.fakes.slack_caller import SlackRequest
from tests.simulator.world import fill


class Scene(ABC):
    """A release that awaits approval. ``me`` is who was asked, and ``colleague`` somebody in another role.

    ``twice`` is one person in two roles; ``requester`` asked for the release; ``outsider`` holds no role in it.
    """

    me: Seat
    colleague: Seat
    twice: tuple[Seat, Seat]
    requester = Seat("dana", "release-engineering")
    outsider = Seat("ruth", "release-engineering")
    audience: str
    passkey: bool
    """Whether the seat of ``me`` demands one; who has one signs with a counter that rises."""

    def __init__(self, *, passkey: bool = False) -> None:
        self.passkey = passkey
        self.used = 0
        self.secrets: set[str] = set()
        """Every link and nonce that was made or seen: none may stand in a log."""

    # --- what differs between memory and the stack

    @property
    @abstractmethod
    def mac(self) -> Mac:
        """The links key: whoever makes a link here has it, and no attacker does."""

    @property
    @abstractmethod
    def record(self) -> RevisionRecord: ...

    @abstractmethod
    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply: ...

    @abstractmethod
    def question(self, seat: Seat) -> Link:
        """What a link to this person asks."""

    @abstractmethod
    def at_once(self, posts: Sequence[Sent]) -> list[Reply]:
        """The answers to posts that cross each other."""

    @abstractmethod
    def finish(self, how: str) -> None:
        """The release ends: ``superseded``, ``withdrawn``, ``expired`` or ``handed_off``."""

    @abstractmethod
    def written(self) -> int:
        """How many times a decision of ``me`` was written, as the ledger tells it."""

    @abstractmethod
    def registered(self, person: str) -> set[str]:
        """The credentials that were registered in this person's name."""

    @abstractmethod
    def heard(self) -> int:
        """How often Slack's door has put something on its queue."""

    @abstractmethod
    def lines(self) -> list[str]:
        """Every line that the page's function has logged."""

    @property
    @abstractmethod
    def origin(self) -> str:
        """The page's own origin, as browsers state it."""

    @property
    @abstractmethod
    def now(self) -> datetime: ...

    # --- what only memory can do

    def later(self, by: timedelta) -> None:
        """The page's clock moves."""
        raise NotImplementedError

    def forget(self) -> None:
        """The first guard forgets every answer, as it does in time."""
        raise NotImplementedError

    def rotate(self) -> None:
        """Another key makes links; those of the one before still count."""
        raise NotImplementedError

    def revoke(self) -> None:
        """Links of every key but the newest count no more."""
        raise NotImplementedError

    def doubled(self, seat: Seat, **changes: str) -> AbstractContextManager[None]:
        """``me`` stands in the policy once more, under another id, in that role."""
        raise NotImplementedError

    # --- what people and attackers do

    def link(self, seat: Seat | None = None, **changes: Any) -> str:
        """An authentic link to that person, ``me`` unless told; ``changes`` to what it says."""
        from cutover.domain import links

        says = self.question(seat or self.me).model_copy(update=changes)
        return self.secret(links.make_link(says, audience=self.audience, mac=self.mac))

    def personal(self, person: str, **changes: Any) -> str:
        """An authentic link to what waits for this person."""
        from cutover.domain import personal_links

        says = personal_links.PersonalLink(person=person, expires_at=self.question(self.me).expires_at)
        made = personal_links.make_link(says.model_copy(update=changes), audience=self.audience, mac=self.mac)
        return self.secret(made)

    def invitation(self, person: str, **changes: Any) -> str:
        """An authentic link to register a passkey."""
        from cutover.domain import invitation_links

        says = invitation_links.InvitationLink(
            person=person, invitation=canonical.digest(person.encode()), expires_at=self.question(self.me).expires_at
        )
        made = invitation_links.make_link(says.model_copy(update=changes), audience=self.audience, mac=self.mac)
        return self.secret(made)

    def register(
        self, link: str, page: Reply, by: Authenticator, headers: Mapping[str, str] | None = None, **said: Any
    ) -> Reply:
        """What the page's script posts once a device has made a passkey."""
        options = re.search(r'data-options="([^"]*)"', page.body)
        nonce = re.search(r'name="nonce" value="([^"]*)"', page.body)
        assert options is not None
        assert nonce is not None
        challenge = base64url.decode(json.loads(html.unescape(options[1]))["challenge"], limit=100)
        assert challenge is not None
        fields = {"nonce": html.unescape(nonce[1]), **by.registration(challenge, **said)}
        given = {"content-type": FORM, **(headers or {})}
        return self.send("POST", link, headers=given, body=urlencode(fields).encode(), at="passkeys")

    def secret(self, text: str) -> str:
        self.secrets.add(text)
        return text

    def send(
        self, method: str, link: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"", query: str = "",
        at: str = "approvals",
    ) -> Reply:  # fmt: skip
        path = f"/{at}/{link}" + (f"?{query}" if query else "")
        reply = self.request(method, path, headers or {}, body)
        for nonce in re.findall(r'name="nonce" value="([^"]+)"', reply.body):
            self.secret(html.unescape(nonce))
        return reply

    def get(self, link: str, **headers: str) -> Reply:
        return self.send("GET", link, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, link: str, form: Fields | bytes, headers: Mapping[str, str] | None = None) -> Reply:
        body = form if isinstance(form, bytes) else urlencode(form).encode()
        return self.send("POST", link, headers={"content-type": FORM, **(headers or {})}, body=body)

    def form(self, link: str, decision: Decision = "approve", **entries: str) -> Fields:
        """The page's own form as a careful person fills it in."""
        return fill(self.get(link).body, decision, **entries)

    def slack(self, request: SlackRequest) -> Reply:
        return self.request(request.method, request.path, request.headers, request.body)

    def minted(self, link: str, form: Fields) -> Fields:
        """The form with a nonce that the page would have made for this link."""
        from cutover.domain import nonces

        nonce = nonces.make_nonce(link, audience=self.audience, mac=self.mac, now=self.now, random=b"attackers dice!!")
        return changed(form, nonce=self.secret(nonce))

    def decide(self, seat: Seat | None = None, decision: Decision = "approve", **entries: str) -> Reply:
        link = self.link(seat)
        form = self.form(link, decision, **entries)
        return self.post(link, self.signed(link, form) if self.passkey else form)

    def authenticator(self, person: str = "") -> Authenticator:
        """Somebody's passkey for this page; of whoever the facts list one, it is that."""
        parts = urlsplit(self.origin)
        return Authenticator(person or self.me.person, rp_id=parts.hostname or "", origin=self.origin)

    def signed(
        self, link: str, form: Fields, by: Authenticator | None = None, /, *, named: Authenticator | None = None,
        **said: Any,
    ) -> Fields:  # fmt: skip
        """The form with what an authenticator signs when the page asks it to; ``named``: as another credential."""
        asked = self.post(link, changed(form, step="challenge"))
        challenge = base64url.decode(json.loads(asked.body)["challenge"], limit=100)
        assert challenge is not None, asked.answer
        self.used += 1
        made = (by or self.authenticator()).assertion(challenge, **({"sign_count": self.used} | said))
        if named:
            made = made.model_copy(update={"credential": base64url.encode(named.credential)})
        return changed(form, assertion=made.model_dump_json())

    # --- what came of it

    @property
    def status(self) -> Status:
        return self.record.status

    def decisions(self, *people: str) -> tuple[RecordedDecision, ...]:
        """What is on record of these people, or ``me``."""
        wanted = people or (self.me.person,)
        return tuple(each for each in self.record.decisions if each.person in wanted)
