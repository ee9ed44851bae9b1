"""Pages, links and forms that do not ask, or mend what they get instead of refusing it."""

import json
import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from cutover.domain import (
    base64url,
    canonical,
    link_text,
    links,
)
from cutover.domain import mac as keyring
from cutover.domain.link_text import Purpose
from cutover.doors.approvals import forms, permitting, postponing
from cutover.doors.approvals.asking import Ballot
from cutover.doors.approvals.door import Door
from cutover.doors.approvals.summary import exceptions_of, risk_of
from cutover.doors.passkeys.door import PasskeysDoor
from cutover.errors import Refused
from cutover.pages import gateway, posting
from cutover.pages.rendering import Reply
from tests.attacks.switches import Patch
from tests.attacks.tries import (
    altered,
)
from tests.fakes.keys import LocalMac
from tests.fakes.records import InMemoryRecords


def decide_when_looked_at(patch: Patch) -> None:
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


def any_version(patch: Patch) -> None:
    class Whichever(int):
        """Equal to every number."""

        __hash__ = int.__hash__

        def __eq__(self, _: object) -> bool:
            return True

        def __ne__(self, _: object) -> bool:
            return False

    purpose = links._PURPOSE
    patch.setattr(links, "_PURPOSE", Purpose(purpose.domain, version=Whichever(purpose.version)))


def unsigned_too(patch: Patch) -> None:
    """A reader that proves a code where there is one."""
    proved = link_text.unseal

    def unseal(text: str, purpose: Purpose, read: Callable[..., Any], **context: Any) -> Any:
        content = altered.raw(text)
        try:
            return link_text._parse(content, read)[2]
        except Refused:
            return proved(text, purpose, read, **context)

    patch.setattr(link_text, "unseal", unseal)


def reusable(patch: Patch) -> None:
    """A table that does not keep which nonces were spent."""
    committed = InMemoryRecords.commit
    patch.setattr(InMemoryRecords, "commit", lambda self, commit: committed(self, replace(commit, nonce=None)))


def without_header(name: str, directive: str | None = None) -> Callable[[Patch], None]:
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


def read(change: Callable[[bytes], bytes], content_type: str | None = None) -> Callable[[Patch], None]:
    """A reader of forms that mends what it gets, instead of refusing it."""

    def off(patch: Patch) -> None:
        strictly = forms.parse

        def parse(body: bytes, **how: Any) -> forms.Form:
            return strictly(change(body), content_type=content_type or how["content_type"])

        patch.setattr(forms, "parse", parse)

    return off


def last_one_counts(body: bytes) -> bytes:
    pairs = parse_qsl(body.decode(), keep_blank_values=True)
    once = {name: value for name, value in pairs if name != "exception"}
    return urlencode([*once.items(), *(pair for pair in pairs if pair[0] == "exception")]).encode()


def json_too(body: bytes) -> bytes:
    return urlencode(json.loads(body)).encode() if body.startswith(b"{") else body


def whatever_the_bytes(patch: Patch) -> None:
    patch.setattr(posting, "parse_qsl", lambda text, **how: parse_qsl(text, **(how | {"errors": "replace"})))


def every_method(patch: Patch) -> None:
    routed = APIGatewayHttpResolver.route

    def route(self: Any, rule: Any, method: Any = None, **how: Any) -> Any:
        return routed(self, rule, [*method, "PUT", "PATCH", "DELETE"], **how)

    patch.setattr(APIGatewayHttpResolver, "route", route)


def any_method_decides(patch: Patch) -> None:
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


def in_the_page_s_zone(patch: Patch) -> None:
    read = postponing.instant
    patch.setattr(postponing, "instant", lambda typed, _, package: read(typed, postponing.zone_of(package), package))


def valid_for_ever(patch: Patch) -> None:
    checked = permitting.check

    def check(decision: Any, standing: Any, on: Any, **how: Any) -> None:
        ends = on.package.manifest.predicate.valid_until
        checked(decision, standing, replace(on, now=min(on.now, ends - timedelta(seconds=1))), **how)

    patch.setattr(permitting, "check", check)


def any_key(patch: Patch) -> None:
    class Trusting(LocalMac):
        def verify(self, message: bytes, mac: bytes) -> bool:
            return True

    patch.setattr(keyring.Overlapping, "named", lambda _, name: Trusting(name))


def tail_ignored(patch: Patch) -> None:
    strictly = base64url.decode
    patch.setattr(
        base64url, "decode", lambda text, *, limit: strictly(re.split("[^A-Za-z0-9_-]", text)[0], limit=limit)
    )


def whatever_was_wrong(patch: Patch) -> None:
    show = PasskeysDoor._show
    patch.setattr(PasskeysDoor, "_show", lambda self, text, told, **_: show(self, text, told))
