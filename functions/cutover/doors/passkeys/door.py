"""``/passkeys/<link>``: whom a link invites registers one passkey there.

``GET`` and ``HEAD`` write nothing. What is registered is stored and noted; it counts for nothing until the policy's
owners have signed it into the facts, which they do once the person has told its fingerprint.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from cutover.contracts.passkeys import Enrolment
from cutover.contracts.people import Passkey
from cutover.domain import canonical, enrolling, invitation_links, ledger, nonces
from cutover.domain.enrolling import Site
from cutover.domain.entries import Told
from cutover.domain.invitation_links import InvitationLink
from cutover.domain.policy import Policy
from cutover.domain.record import Enrolled
from cutover.doors.passkeys import pages
from cutover.errors import Conflict, Refused
from cutover.journal import Journal
from cutover.pages import posting
from cutover.pages.gateway import Log, Request
from cutover.pages.guarding import Guard
from cutover.pages.rendering import Reply
from cutover.ports import Clock, Mac, Store

EVENT = "passkeys"
FIELDS = frozenset({"nonce", "credential", "client_data", "attestation"})
MAX_ENROLMENT = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeysDoor:
    """One deployment's page (``page_url``, ``audience``). ``failed`` counts what is no refusal."""

    audience: str
    page_url: str
    clock: Clock
    store: Store
    journal: Journal
    mac: Mac
    policy: Callable[[], Policy]
    log: Log
    failed: Callable[[], None]

    def answer(self, request: Request) -> Reply:
        """The page for a request; never raises, because a person waits for an answer."""

        def make(told: dict[str, object]) -> Reply:
            return self._post(request, told) if request.method == "POST" else self._show(request.link, told)

        return Guard(pages=pages, log=self.log, failed=self.failed).answer(request, EVENT, make)

    def _show(self, text: str, told: dict[str, object], problem: Refused | None = None) -> Reply:
        link, policy = self._invited(text, told)
        done = self._registered(link)
        if done is not None:
            if problem is not None:  # or they would tell the fingerprint of somebody else's passkey as theirs
                raise problem
            return pages.registered(policy.facts.people[link.person], done, audience=self.audience)
        now = self.clock.now()
        nonce = nonces.make_nonce(text, audience=self.audience, mac=self.mac, now=now, random=secrets.token_bytes(16))
        person = policy.facts.people[link.person]
        spent_as = nonces.open_nonce(nonce, text, audience=self.audience, mac=self.mac, now=now)
        options = enrolling.options(self._site, self.audience, link.person, person, nonce=spent_as)
        return pages.asking(person, link, nonce=nonce, options=options, problem=problem, audience=self.audience)

    def _post(self, request: Request, told: dict[str, object]) -> Reply:
        """1. own origin, own fields; 2. an authentic link; 3. its nonce; 4. what the authenticator says."""
        posting.check_origin(request.headers, page_origin=self._site.origin)
        fields = posting.fields(request.body, content_type=request.headers.get("content-type", ""), known=FIELDS)
        link, policy = self._invited(request.link, told)
        try:
            self._register(request, link, policy, fields)
        except Refused as refused:
            told |= {"result": "failed", "reason": refused.code}
            return self._show(request.link, told, problem=refused)
        return Reply(303, headers={"Location": request.link})

    def _register(self, request: Request, link: InvitationLink, policy: Policy, fields: dict[str, str]) -> None:
        now = self.clock.now()
        nonce = nonces.open_nonce(fields.get("nonce", ""), request.link, audience=self.audience, mac=self.mac, now=now)
        if not fields.get("credential"):
            raise Refused("PASSKEY_MISSING", "no passkey was made", "press the button and follow your device")
        made = enrolling.register(
            credential=fields["credential"], client_data=fields.get("client_data", ""),
            attestation=fields.get("attestation", ""), nonce=nonce, site=self._site, now=now,
        )  # fmt: skip
        if self._registered(link) is None:
            enrolling.check_new(made.passkey, policy.facts)
        enrolment = Enrolment(
            audience=self.audience, person=link.person, passkey=made.passkey, invitation=link.invitation,
            aaguid=made.aaguid, backed_up=made.backed_up,
        )  # fmt: skip
        digest = self.store.put(canonical.encode_model(enrolment))
        told = Told.of_order(
            "passkey-registered", requester=link.person, correlation_id=request.id, facts=policy.facts_digest,
            inputs={"enrolment": digest, "invitation": link.invitation}, result="REGISTERED",
            detail=f"{link.person}: {enrolling.fingerprint(made.passkey)}",
        )  # fmt: skip
        enrolled = Enrolled(person=link.person, invitation=link.invitation, enrolment=digest, registered_at=now)
        try:
            self.journal.append(ledger.ORDERS_CHAIN, told, enrolled=enrolled)
        except Conflict as conflict:
            if "enrolled" not in conflict.parts:
                raise
            standing = self._registered(link)
            if standing is None or standing.id != made.passkey.id:
                raise Refused(
                    "INVITATION_USED", "this invitation has registered another passkey",
                    "if that was not you, tell the team that runs Cutover",
                ) from conflict  # fmt: skip

    def _invited(self, text: str, told: dict[str, object]) -> tuple[InvitationLink, Policy]:
        link = invitation_links.open_link(text, audience=self.audience, mac=self.mac, now=self.clock.now())
        told["actor"] = link.person
        policy = self.policy()
        if link.person not in policy.facts.people:
            raise Refused("PERSON_UNKNOWN", "the facts do not name you now", "ask those who keep the facts")
        return link, policy

    def _registered(self, link: InvitationLink) -> Passkey | None:
        """What this invitation has registered already."""
        found = (each for each in self.journal.records.enrolments(link.person) if each.invitation == link.invitation)
        enrolled = next(found, None)
        if enrolled is None:
            return None
        content = self.store.get(enrolled.enrolment, limit=MAX_ENROLMENT)
        return Enrolment.model_validate_json(content).passkey

    @property
    def _site(self) -> Site:
        return Site(posting.host_of(self.page_url), posting.origin_of(self.page_url))
