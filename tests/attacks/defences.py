"""Each defence, and how to switch it off: so that it shows which case fails without it.

A case that names several defences is held by each of them alone. That is tried too: all of them off but one.
"""

import json
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from jinja2 import Environment
from jinja2.sandbox import SandboxedEnvironment

from cutover.contracts.approval import Assertion
from cutover.contracts.candidate import Candidate
from cutover.contracts.people import Passkey
from cutover.domain import (
    admission,
    base64url,
    canonical,
    link_text,
    links,
    nonces,
    quorum,
    transitions,
    window_entry,
)
from cutover.domain import mac as keyring
from cutover.domain import passkeys as signing
from cutover.domain.link_text import Purpose
from cutover.doors.approvals import forms, permitting, postponing
from cutover.doors.approvals.asking import Ballot
from cutover.doors.approvals.door import Door
from cutover.doors.approvals.standing import Standing
from cutover.doors.approvals.summary import exceptions_of, risk_of
from cutover.doors.passkeys.door import PasskeysDoor
from cutover.doors.slack_events import door as slack_door
from cutover.doors.slack_events import proving
from cutover.doors.slack_events.reading import Told as SlackTold
from cutover.errors import Refused
from cutover.messaging import mail, previewing, slack_text, wording
from cutover.pages import gateway, posting, rendering
from cutover.pages.gateway import Request
from cutover.pages.rendering import Reply
from cutover.recorder import Recorder
from cutover.runtime import observability
from tests.approving import World
from tests.attacks.tries import (
    altered,
    clocks,
    ended,
    injection,
    keys,
    passkeys,
    people,
    registering,
    replays,
    scanners,
    sites,
    slack,
)
from tests.attacks.tries import forms as bodies
from tests.building.passkeys import Authenticator
from tests.fakes.keys import LocalMac
from tests.fakes.records import InMemoryRecords

Patch = pytest.MonkeyPatch


@dataclass(frozen=True, slots=True)
class Defence:
    """``at``: where it stands. ``off`` takes it out of a page that is built afterwards."""

    at: str
    off: Callable[[Patch], None]


def _nothing(*_: object, **__: object) -> None:
    return None


def _without(module: object, name: str) -> Callable[[Patch], None]:
    """A check that raises becomes one that does not."""
    return lambda patch: patch.setattr(module, name, _nothing)


def _set(module: object, name: str, value: object) -> Callable[[Patch], None]:
    return lambda patch: patch.setattr(module, name, value)


def _decide_when_looked_at(patch: Patch) -> None:
    """As public samples do it: opening the link is the approval."""

    def show(door: Door, text: str, told: dict[str, object]) -> Reply:
        question = door._question(text, told)
        package = question.package
        confirmed = frozenset(forms.CONFIRMATIONS)
        form = forms.Form(
            nonce="", decision="approve", digest="", confirmed=confirmed, risk=risk_of(package),
            exceptions=frozenset(exceptions_of(package)), reason=None,
        )  # fmt: skip
        answers = forms.answers(form, risk=risk_of(package), exceptions=exceptions_of(package))
        ballot = Ballot(
            link=question.link, decision="approve", answers=answers, reason=None, package=package,
            nonce=canonical.digest(secrets.token_bytes(8)),
        )  # fmt: skip
        door.decider.decide(ballot)
        return Reply(200, "Thank you.")

    patch.setattr(Door, "_show", show)


def _any_version(patch: Patch) -> None:
    class Whichever(int):
        """Equal to every number."""

        __hash__ = int.__hash__

        def __eq__(self, _: object) -> bool:
            return True

        def __ne__(self, _: object) -> bool:
            return False

    purpose = links._PURPOSE
    patch.setattr(links, "_PURPOSE", Purpose(purpose.domain, version=Whichever(purpose.version)))


def _unsigned_too(patch: Patch) -> None:
    """A reader that proves a code where there is one."""
    proved = link_text.unseal

    def unseal(text: str, purpose: Purpose, read: Callable[..., Any], **context: Any) -> Any:
        content = altered.raw(text)
        try:
            return link_text._parse(content, read)[2]
        except Refused:
            return proved(text, purpose, read, **context)

    patch.setattr(link_text, "unseal", unseal)


def _reusable(patch: Patch) -> None:
    """A table that does not keep which nonces were spent."""
    committed = InMemoryRecords.commit
    patch.setattr(InMemoryRecords, "commit", lambda self, commit: committed(self, replace(commit, nonce=None)))


def _without_header(name: str, directive: str | None = None) -> Callable[[Patch], None]:
    def off(patch: Patch) -> None:
        all_of_them = vars(gateway)["headers"]

        def fewer(*given: Any, **named: Any) -> dict[str, str]:
            kept: dict[str, str] = all_of_them(*given, **named)
            if directive is None:
                return {key: value for key, value in kept.items() if key != name}
            policy = "; ".join(each for each in kept[name].split("; ") if not each.startswith(directive))
            return kept | {name: policy}

        patch.setattr(gateway, "headers", fewer)

    return off


def _read(change: Callable[[bytes], bytes], content_type: str | None = None) -> Callable[[Patch], None]:
    """A reader of forms that mends what it gets, instead of refusing it."""

    def off(patch: Patch) -> None:
        strictly = forms.parse

        def parse(body: bytes, **how: Any) -> forms.Form:
            return strictly(change(body), content_type=content_type or how["content_type"])

        patch.setattr(forms, "parse", parse)

    return off


def _last_one_counts(body: bytes) -> bytes:
    pairs = parse_qsl(body.decode(), keep_blank_values=True)
    once = {name: value for name, value in pairs if name != "exception"}
    return urlencode([*once.items(), *(pair for pair in pairs if pair[0] == "exception")]).encode()


def _json_too(body: bytes) -> bytes:
    return urlencode(json.loads(body)).encode() if body.startswith(b"{") else body


def _whatever_the_bytes(patch: Patch) -> None:
    patch.setattr(posting, "parse_qsl", lambda text, **how: parse_qsl(text, **(how | {"errors": "replace"})))


def _every_method(patch: Patch) -> None:
    routed = APIGatewayHttpResolver.route

    def route(self: Any, rule: Any, method: Any = None, **how: Any) -> Any:
        return routed(self, rule, [*method, "PUT", "PATCH", "DELETE"], **how)

    patch.setattr(APIGatewayHttpResolver, "route", route)


def _any_method_decides(patch: Patch) -> None:
    """Whatever brings fields decides, in its body or in its address."""
    resolved, answered = APIGatewayHttpResolver.resolve, Door.answer

    def resolve(self: Any, event: Any, context: Any) -> Any:
        if event.get("rawQueryString"):
            event = event | {"body": event["rawQueryString"], "isBase64Encoded": False}
        return resolved(self, event, context)

    patch.setattr(APIGatewayHttpResolver, "resolve", resolve)
    patch.setattr(
        Door,
        "answer",
        lambda self, request: answered(self, replace(request, method="POST") if request.body else request),
    )


def _in_the_page_s_zone(patch: Patch) -> None:
    read = postponing.instant
    patch.setattr(postponing, "instant", lambda typed, _, package: read(typed, postponing.zone_of(package), package))


def _valid_for_ever(patch: Patch) -> None:
    checked = permitting.check

    def check(decision: Any, standing: Any, on: Any, **how: Any) -> None:
        ends = on.package.manifest.predicate.valid_until
        checked(decision, standing, replace(on, now=min(on.now, ends - timedelta(seconds=1))), **how)

    patch.setattr(permitting, "check", check)


def _any_key(patch: Patch) -> None:
    class Trusting(LocalMac):
        def verify(self, message: bytes, mac: bytes) -> bool:
            return True

    patch.setattr(keyring.Overlapping, "named", lambda _, name: Trusting(name))


def _bare_pages(patch: Patch) -> None:
    made = rendering._environment

    def bare(folder: Path) -> Environment:
        return made(folder).overlay(autoescape=False, finalize=lambda value: value)

    patch.setattr(rendering, "_environment", bare)


def _bare_mails(patch: Patch) -> None:
    bare = mail._environment().overlay(autoescape=False)
    patch.setattr(mail, "_environment", lambda: bare)


def _as_written(patch: Patch) -> None:
    for module in (wording, previewing):
        patch.setattr(module, "legible", lambda text: text)


def _computed(patch: Patch) -> None:
    """What was rendered is taken for a template once more."""
    rendered = rendering.Pages.render

    def render(self: rendering.Pages, template: str, **values: Any) -> str:
        return SandboxedEnvironment().from_string(_OTHERS.sub("", rendered(self, template, **values))).render()

    patch.setattr(rendering.Pages, "render", render)


def _whole_documents(patch: Patch) -> None:
    """Events and answers in the log, and whatever a browser says of itself."""
    patch.setattr(observability, "_identity", lambda document: {"document": f"{document}"})
    answered = Door.answer

    def answer(door: Door, request: Request) -> Reply:
        door.log.info("request", extra={"headers": f"{dict(request.headers)}", "body": f"{request.body!r}"})
        return answered(door, request)

    patch.setattr(Door, "answer", answer)


def _tail_ignored(patch: Patch) -> None:
    strictly = base64url.decode
    patch.setattr(
        base64url, "decode", lambda text, *, limit: strictly(re.split("[^A-Za-z0-9_-]", text)[0], limit=limit)
    )


class Lenient(Candidate):
    """A candidate whose texts are whatever was written."""

    version: str
    rationale: str
    authority: Any
    rollback: Any


def _any_origin(patch: Patch) -> None:
    strictly = signing.check_client_data

    def check(content: bytes, *, kind: str, challenge: bytes, origin: str) -> None:
        kept = {name: each for name, each in json.loads(content).items() if name not in {"crossOrigin", "topOrigin"}}
        mended = json.dumps(kept | {"origin": origin}).encode()
        strictly(mended, kind=kind, challenge=challenge, origin=origin)

    patch.setattr(signing, "check_client_data", check)


def _any_passkey(patch: Patch) -> None:
    """Whoever brings a credential is believed to have it, as a page would that registers on the spot."""
    names = ("bo", "stranger")

    def listed(assertion: Assertion, known: Iterable[Passkey], _: datetime) -> Passkey:
        (one, *_rest) = known
        others = [Authenticator(name, one.rp_id, one.origin).passkey() for name in names]
        return next(each for each in (one, *others) if each.id == assertion.credential)

    patch.setattr(signing, "_listed", listed)


def _flush_left(patch: Patch) -> None:
    made = mail._environment()

    def environment() -> Environment:
        flush = made.overlay()
        flush.filters = made.filters | {"replace": lambda text, *_: text}
        return flush

    patch.setattr(mail, "_environment", environment)


def _whatever_was_wrong(patch: Patch) -> None:
    show = PasskeysDoor._show
    patch.setattr(PasskeysDoor, "_show", lambda self, text, told, **_: show(self, text, told))


_OTHERS = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
DOOR = "doors/approvals"
DEFENCES: dict[str, Defence] = {
    scanners.LOOKING: Defence(f"{DOOR}/door.py", _decide_when_looked_at),
    scanners.TYPED: Defence(f"{DOOR}/forms.py", _without(forms, "check_digest")),
    replays.STANDS: Defence(f"{DOOR}/standing.py", _set(Standing, "repeats", lambda *_: False)),
    replays.ONCE: Defence("runtime/idempotency.py", _set(World, "once", lambda _, __, action: action())),
    replays.SPENT: Defence(
        "adapters/dynamodb_records.py",
        _reusable,
    ),
    replays.UNDECIDED: Defence(f"{DOOR}/permitting.py", _without(permitting, "_undecided")),
    replays.SEATS: Defence("domain/quorum.py", _without(permitting, "_seat")),
    replays.PROVED: Defence(
        "domain/nonces.py", _set(nonces, "open_nonce", lambda text, *_, **__: canonical.digest(text.encode()))
    ),
    replays.HOUR: Defence("domain/nonces.py", _set(nonces, "FORM_VALID_FOR", timedelta(days=1))),
    altered.MAC: Defence("domain/link_text.py", _set(LocalMac, "verify", lambda *_: True)),
    altered.AUDIENCE: Defence("domain/link_text.py", _set(link_text, "_tag", lambda _: bytes(8))),
    altered.VERSION: Defence("domain/link_text.py", _any_version),
    altered.WHOLE: Defence("domain/link_text.py", _unsigned_too),
    altered.DOMAIN: Defence(
        "domain/links.py", _set(links, "_PURPOSE", Purpose(altered.ANOTHER_KIND, links._PURPOSE.version))
    ),
    sites.ORIGIN: Defence("pages/posting.py", _without(posting, "check_origin")),
    sites.ANCESTORS: Defence("pages/rendering.py", _without_header("Content-Security-Policy", "frame-ancestors")),
    sites.XFO: Defence("pages/rendering.py", _without_header("X-Frame-Options")),
    people.BARRED: Defence("domain/quorum.py", _set(quorum, "barred", lambda *_: frozenset())),
    people.DOUBLES: Defence("domain/doubles.py", _without(quorum, "double_of")),
    people.HELD_ROLE: Defence("domain/quorum.py", _without(permitting, "_person")),
    ended.OPEN: Defence(f"{DOOR}/permitting.py", _without(permitting, "_open")),
    ended.TABLE: Defence(
        "domain/transitions.py", _set(transitions, "permitted", lambda event, *_, **__: transitions.TABLE[event])
    ),
    ended.CURRENT: Defence("recorder.py", _without(Recorder, "_lane")),
    ended.VALID: Defence(f"{DOOR}/permitting.py", _valid_for_ever),
    ended.EXPIRY: Defence("domain/link_text.py", _without(link_text, "current")),
    ended.MANIFEST: Defence(f"{DOOR}/permitting.py", _without(permitting, "_manifest")),
    ended.ATOMIC: Defence("adapters/dynamodb_records.py", _set(InMemoryRecords, "_failed", lambda *_: iter(()))),
    clocks.ZONE: Defence(f"{DOOR}/postponing.py", _in_the_page_s_zone),
    clocks.BOUNDS: Defence(f"{DOOR}/postponing.py", _without(postponing, "check")),
    bodies.SIZE: Defence("pages/posting.py", _set(posting, "MAX_BODY_BYTES", 10**9)),
    bodies.FIELDS: Defence("pages/posting.py", _set(posting, "MAX_FIELDS", 10**9)),
    bodies.KNOWN: Defence(f"{DOOR}/forms.py", _set(forms, "_ONCE", forms._ONCE | {"role"})),
    bodies.SINGLE: Defence(f"{DOOR}/forms.py", _read(_last_one_counts)),
    bodies.READABLE: Defence("pages/posting.py", _whatever_the_bytes),
    bodies.TEXT: Defence(f"{DOOR}/forms.py", _set(forms, "_reason", lambda text: text or None)),
    bodies.TYPE: Defence(f"{DOOR}/forms.py", _read(_json_too, posting.MEDIA_TYPE)),
    bodies.LENGTH: Defence("domain/link_text.py", _set(link_text, "MAX_LINK_CHARACTERS", 10**6)),
    bodies.ROUTES: Defence(f"{DOOR}/app.py", _every_method),
    bodies.POSTS: Defence(f"{DOOR}/door.py", _any_method_decides),
    injection.PAGE: Defence("pages/rendering.py", _bare_pages),
    injection.MAIL: Defence("messaging/mail.py", _bare_mails),
    injection.LEGIBLE: Defence("messaging/wording.py", _as_written),
    injection.SET_OFF: Defence("messaging/templates/mail.txt", _flush_left),
    injection.ROOM: Defence("messaging/wording.py", _set(wording, "MAX_VERSION", 10**6)),
    injection.BRIEF: Defence("domain/window_entry.py", _set(window_entry, "MAX_VERSION", 10**6)),
    injection.FOLDED: Defence("domain/window_entry.py", _set(window_entry, "legible", lambda text: text)),
    injection.SLACK: Defence("messaging/slack_text.py", _set(slack_text, "_ENTITIES", {})),
    injection.VALUES: Defence("pages/rendering.py", _computed),
    injection.BOUNDS: Defence("contracts/base.py", _set(admission, "Candidate", Lenient)),
    injection.QUIET: Defence("runtime/observability.py", _whole_documents),
    injection.ALPHABET: Defence("domain/base64url.py", _tail_ignored),
    slack.SIGNED: Defence(
        "doors/slack_events/proving.py",
        _set(proving, "prove", lambda request, **_: canonical.digest(request.body + f"{request.headers}".encode())),
    ),
    slack.AGE: Defence("doors/slack_events/proving.py", _set(proving, "MAX_AGE", timedelta(days=1))),
    slack.WORKSPACE: Defence("doors/slack_events/reading.py", _without(SlackTold, "check")),
    slack.PERSON: Defence("doors/slack_events/door.py", _without(slack_door, "_demand_known")),
    passkeys.ENOUGH: Defence("domain/quorum.py", _set(quorum, "enough", lambda *_: True)),
    passkeys.CONSENT: Defence("domain/passkeys.py", _set(signing, "challenge", lambda _: bytes(32))),
    passkeys.ORIGIN: Defence("domain/passkeys.py", _any_origin),
    passkeys.LISTED: Defence("domain/passkeys.py", _any_passkey),
    passkeys.PRESENCE: Defence("domain/passkeys.py", _without(signing, "check_presence")),
    passkeys.SIGNATURE: Defence("domain/passkeys.py", _without(signing, "_check_signature")),
    registering.PASSED: Defence("doors/passkeys/door.py", _whatever_was_wrong),
    passkeys.COUNTER: Defence("domain/passkeys.py", _without(signing, "check_counter")),
    keys.RING: Defence("domain/mac.py", _any_key),
}
