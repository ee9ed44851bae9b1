"""Slack's Web API on loopback: two methods of it, with their checks, limits and errors, and nothing of its rest.

It answers as documented at docs.slack.dev: HTTP 200 with ``ok``, HTTP 429 with ``Retry-After``. What it was asked
and what its conversations show is kept for tests to look at; every answer can be planned to be another one.
"""

import json
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.fakes.slack_limits import fault

TOKEN = "xoxb-1-fake-token"
MAX_BODY = 1_048_576
Answer = dict[str, Any]


@dataclass
class Posted:
    """A message as it is shown now."""

    channel: str
    ts: str
    text: str
    blocks: list[dict[str, Any]]
    client_msg_id: str | None
    asked: dict[str, Any]
    """The call that posted it."""
    edits: int = 0

    @property
    def reference(self) -> str:
        return f"{self.channel}/{self.ts}"

    @property
    def urls(self) -> list[str]:
        """The addresses of its buttons."""
        elements = [each for block in self.blocks if block["type"] == "actions" for each in block["elements"]]
        return [each["url"] for each in elements]


@dataclass
class Call:
    method: str
    arguments: dict[str, Any]
    token: str
    headers: Mapping[str, str]


@dataclass
class Planned:
    """An answer instead of the real one; ``done``: what was asked is done all the same."""

    status: int = 200
    body: bytes = b'{"ok": false, "error": "internal_error"}'
    headers: dict[str, str] = field(default_factory=dict)
    done: bool = False
    cut: bool = False
    """The connection ends instead of an answer."""


class Workspace:
    """What the server knows. ``people``: each with the channel of their direct messages."""

    def __init__(self) -> None:
        self.tokens = {TOKEN: "ok"}
        """Every token that was ever made, with ``ok`` or the error that it is answered with by now."""
        self.channels = {"C1RELEASE": "ok", "C2OPERATE": "ok"}
        """Each with ``ok`` or the error that a call about it is answered with."""
        self.people = {"U1ERIN": "D1ERIN", "U2OMAR": "D2OMAR"}
        self.messages: dict[tuple[str, str], Posted] = {}
        self.calls: list[Call] = []
        self.planned: deque[Planned] = deque()
        self.heeds_client_msg_id = True
        self._lock = threading.Lock()

    def fail(self, error: str, *, times: int = 1) -> None:
        """Answer ``times`` calls with ``{"ok": false, "error": …}``."""
        body = json.dumps({"ok": False, "error": error}).encode()
        self.planned.extend(Planned(body=body) for _ in range(times))

    def shown(self, channel: str) -> list[Posted]:
        """What a channel, or a person's direct messages, show, in their order."""
        where = self.people.get(channel, channel)
        return [each for each in self.messages.values() if each.channel == where]

    def of(self, reference: str) -> Posted:
        channel, _, ts = reference.partition("/")
        return self.messages[channel, ts]

    def delete(self, reference: str) -> None:
        posted = self.of(reference)
        del self.messages[posted.channel, posted.ts]

    def answer(self, method: str, token: str, arguments: dict[str, Any]) -> Answer:
        with self._lock:
            if self.tokens.get(token) != "ok":
                return _error(self.tokens.get(token, "invalid_auth") if token else "not_authed")
            if method == "chat.postMessage":
                return self._post(arguments)
            if method == "chat.update":
                return self._update(arguments)
            return _error("unknown_method")

    def _post(self, arguments: dict[str, Any]) -> Answer:
        asked = str(arguments.get("channel"))
        channel = self.people.get(asked, asked)
        known = "ok" if channel in self.people.values() else self.channels.get(channel, "channel_not_found")
        if wrong := (known if known != "ok" else fault(arguments)):
            return _error(wrong)
        key = arguments.get("client_msg_id")
        again = [each for each in self.messages.values() if (each.channel, each.client_msg_id) == (channel, key)]
        if key and again and self.heeds_client_msg_id:
            return {"ok": True, "channel": channel, "ts": again[0].ts}
        ts = f"{1_700_000_000 + len(self.calls)}.{len(self.messages) + 1:06d}"
        posted = Posted(channel, ts, arguments["text"], arguments["blocks"], key, arguments)
        self.messages[channel, ts] = posted
        return {"ok": True, "channel": channel, "ts": ts}

    def _update(self, arguments: dict[str, Any]) -> Answer:
        channel, ts = str(arguments.get("channel")), str(arguments.get("ts"))
        known = "ok" if channel in self.people.values() else self.channels.get(channel, "channel_not_found")
        if wrong := (known if known != "ok" else fault(arguments)):
            return _error(wrong)
        posted = self.messages.get((channel, ts))
        if posted is None:
            return _error("message_not_found")
        posted.text, posted.blocks, posted.edits = arguments["text"], arguments["blocks"], posted.edits + 1
        return {"ok": True, "channel": channel, "ts": ts}


class SlackServer:
    """The server, on a free port of loopback while it is entered. ``url`` is what a client calls ``base_url``."""

    def __init__(self) -> None:
        self.workspace = Workspace()
        workspace = self.workspace

        class Handler(_Handler):
            slack = workspace

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/api/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Nobody answers at ``url`` any more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    slack: Workspace

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", "0"))
        content = self.rfile.read(min(size, MAX_BODY + 1))
        if size > MAX_BODY:
            self._send(413, b"")
            return
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        method = self.path.removeprefix("/api/")
        if not self.headers.get("Content-Type", "").startswith("application/json"):
            self._send(200, json.dumps(_error("invalid_post_type")).encode())
            return
        arguments = json.loads(content)
        self.slack.calls.append(Call(method, arguments, token, dict(self.headers.items())))
        planned = self.slack.planned.popleft() if self.slack.planned else None
        if planned and not planned.done:
            self._plan(planned)
            return
        answer = self.slack.answer(method, token, arguments)
        if planned:
            self._plan(planned)
            return
        self._send(200, json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""

    def _plan(self, planned: Planned) -> None:
        if planned.cut:
            self.close_connection = True
            return
        self._send(planned.status, planned.body, **planned.headers)

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json; charset=utf-8", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _error(name: str) -> Answer:
    return {"ok": False, "error": name}
