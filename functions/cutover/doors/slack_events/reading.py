"""What a request of Slack's says, as far as Cutover keeps it: kinds and ids, and no word of anybody."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import orjson

from cutover.contracts.base import format_instant
from cutover.contracts.people import SlackWorkspace
from cutover.domain import canonical
from cutover.doors.slack_events.proving import INTERACTIONS, Request
from cutover.errors import Refused

CHALLENGE = "url_verification"
"""Slack's question whether the address is ours, when an administrator enters it."""
DEACTIVATED = "user_deactivated"
"""Our name for a ``user_change`` by which an account ended: its own says it in a field."""
_KIND = re.compile(r"[a-z][a-z0-9_.]{0,63}")
_PERSON = re.compile(r"[UW][A-Z0-9]{2,20}")
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{2,20}")
_CHALLENGE = re.compile(r"[\x21-\x7e]{1,500}")
_LATEST = 2**40


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """``event``: what happened, ``unknown`` where it has no proper name. Ids that are none are left out."""

    event: str
    team: str
    enterprise: str
    app: str
    channel: str | None
    user: str | None
    at: datetime
    challenge: str = ""

    def check(self, workspace: SlackWorkspace | None) -> None:
        """Raises ``Refused``: ``NOT_CONFIGURED``, ``WRONG_TEAM``, ``WRONG_APP``.

        Where the facts name an organisation (``E…``), the workspace may be any of its own.
        """
        if workspace is None:
            raise Refused("NOT_CONFIGURED", "the facts name no workspace")
        team = self.enterprise if workspace.team.startswith("E") else self.team
        if not canonical.same(team, workspace.team):
            raise Refused("WRONG_TEAM", "not of the workspace that the facts name")
        if not canonical.same(self.app, workspace.app):
            raise Refused("WRONG_APP", "not of the app that the facts name")

    def body(self) -> bytes:
        """The message for the queue, in canonical bytes: the same event told twice is the same message."""
        named = {"channel": self.channel, "user": self.user}
        said = {"kind": "slack", "event": self.event, "team": self.team, "at": format_instant(self.at)}
        return canonical.encode(said | {name: value for name, value in named.items() if value is not None})


def read(request: Request, *, sent_at: datetime) -> Told:
    """What it tells; ``sent_at`` where it has no time of its own. Raises ``Refused`` (``BODY_UNREADABLE``)."""
    document = _object(_payload(request.body) if request.path == INTERACTIONS else request.body)
    kind = _text(document.get("type"))
    if request.path == INTERACTIONS:
        return _told(kind, document, document, sent_at, team=_id(document.get("team")))
    if kind == "event_callback":
        event = document.get("event")
        inner = event if isinstance(event, dict) else {}
        return _told(_name(inner), document, inner, sent_at, team=_text(document.get("team_id")))
    challenge = _text(document.get("challenge"))
    if kind == CHALLENGE and not _CHALLENGE.fullmatch(challenge):
        raise _unreadable()
    return _told(kind, document, {}, sent_at, team=_text(document.get("team_id")), challenge=challenge)


def _told(
    kind: str, outer: Mapping[str, Any], inner: Mapping[str, Any], sent_at: datetime, *, team: str, challenge: str = ""
) -> Told:
    channel, user = _id(inner.get("channel")), _id(inner.get("user"))
    return Told(
        event=kind if _KIND.fullmatch(kind) else "unknown",
        team=team,
        enterprise=_id(outer.get("enterprise")) or _text(outer.get("enterprise_id")),
        app=_text(outer.get("api_app_id")),
        channel=channel if _CHANNEL.fullmatch(channel) else None,
        user=user if _PERSON.fullmatch(user) else None,
        at=_instant(outer.get("event_time")) or sent_at,
        challenge=challenge,
    )


def _name(event: Mapping[str, Any]) -> str:
    user = event.get("user")
    if event.get("type") == "user_change" and isinstance(user, dict) and user.get("deleted") is True:
        return DEACTIVATED
    return _text(event.get("type"))


def _payload(body: bytes) -> bytes:
    """The one field of an interaction's form."""
    try:
        fields = parse_qs(body.decode("ascii"), strict_parsing=True, max_num_fields=2, errors="strict")
        (payload,) = fields["payload"]
    except (ValueError, KeyError) as error:
        raise _unreadable() from error
    return payload.encode()


def _object(content: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise _unreadable() from error
    if not isinstance(document, dict):
        raise _unreadable()
    return document


def _unreadable() -> Refused:
    return Refused("BODY_UNREADABLE", "the body is not what Slack sends")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _id(value: object) -> str:
    """An id, which stands alone in some events and in an object of its own in others."""
    return _text(value.get("id") if isinstance(value, dict) else value)


def _instant(seconds: object) -> datetime | None:
    if isinstance(seconds, int) and not isinstance(seconds, bool) and 0 <= seconds < _LATEST:
        return datetime.fromtimestamp(seconds, UTC)
    return None
