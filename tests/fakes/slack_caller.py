"""Slack as it calls us: events and pressed buttons, signed as Slack signs them."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from cutover.contracts.people import SlackWorkspace
from tests.fakes.slack import SECRET

EVENTS, INTERACTIONS = "/slack/events", "/slack/interactions"
WORKSPACE = SlackWorkspace(team="T1WORKSPACE", app="A1CUTOVER", channels={"release-engineering": "C1RELEASE"})
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class SlackRequest:
    """One HTTP request; ``headers`` with the signature, unless a test takes it away."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"

    def with_headers(self, **headers: str | None) -> "SlackRequest":
        """Other headers, by their names with ``_`` for ``-``; None takes one away."""
        changed = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return replace(self, headers={name: value for name, value in changed.items() if value is not None})

    def with_body(self, body: bytes) -> "SlackRequest":
        return replace(self, body=body)


def signature(body: bytes, timestamp: str, secret: str = SECRET.signing_secret) -> str:
    return "v0=" + hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class SlackCaller:
    """What Slack sends for one app in one workspace."""

    team: str = WORKSPACE.team
    app: str = WORKSPACE.app
    secret: str = SECRET.signing_secret

    def request(self, path: str, body: bytes, at: datetime, **headers: str) -> SlackRequest:
        """``at``: when Slack says that it sent it."""
        timestamp = str(int(at.timestamp()))
        own = {
            "content-type": JSON if path == EVENTS else FORM,
            "x-slack-request-timestamp": timestamp,
            "x-slack-signature": signature(body, timestamp, self.secret),
            "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        }
        return SlackRequest(path, own | {name.replace("_", "-"): value for name, value in headers.items()}, body)

    def event(self, kind: str, at: datetime, *, happened: datetime | None = None, **event: Any) -> SlackRequest:
        """An event of the Events API (``event_callback``)."""
        outer = {
            "token": "verification-token", "team_id": self.team, "api_app_id": self.app, "type": "event_callback",
            "event": {"type": kind, **event}, "event_id": "Ev1", "event_time": int((happened or at).timestamp()),
            "authorizations": [{"team_id": self.team, "user_id": "U0BOT", "is_bot": True}],
        }  # fmt: skip
        return self.request(EVENTS, json.dumps(outer).encode(), at)

    def challenge(
        self, at: datetime, challenge: str = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"
    ) -> SlackRequest:
        body = {"token": "verification-token", "challenge": challenge, "type": "url_verification"}
        return self.request(EVENTS, json.dumps(body).encode(), at)

    def pressed(self, person: str, at: datetime, *, channel: str = "D1ERIN", **changed: Any) -> SlackRequest:
        """A pressed URL button: Slack opens the address in the browser, and tells the app."""
        payload = {
            "type": "block_actions", "api_app_id": self.app, "token": "verification-token",
            "team": {"id": self.team, "domain": "example"}, "user": {"id": person, "name": "erin"},
            "channel": {"id": channel, "name": "directmessage"}, "trigger_id": "1.2.s3cr3t",
            "response_url": "https://hooks.slack.com/actions/s3cr3t",
            "actions": [{"type": "button", "action_id": "open-0", "action_ts": "1772442240.1"}],
            "message": {"text": "s3cr3t", "blocks": [{"type": "actions", "elements": [{"url": "https://x/s3cr3t"}]}]},
        }  # fmt: skip
        return self.request(INTERACTIONS, urlencode({"payload": json.dumps(payload | changed)}).encode(), at)
