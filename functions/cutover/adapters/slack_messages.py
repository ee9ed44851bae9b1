"""Messages in Slack through its Web API (``slack_sdk``).

Nothing is tried twice here but a token that may have been rotated. Whether a call that failed is made again is
decided by whoever keeps what was said (``cutover.messaging``).
"""

import functools
import json
import logging
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from cutover.adapters.slack_errors import GONE, TOKEN_NOT_TAKEN, judged, retry_after
from cutover.domain import canonical
from cutover.errors import CutoverError, DependencyUnavailable, Refused
from cutover.messaging.message import Message
from cutover.messaging.slack_blocks import blocks, fallback
from cutover.ports import Clock, SlackSecrets

if TYPE_CHECKING:
    from slack_sdk import WebClient
    from slack_sdk.errors import SlackApiError

BASE_URL = "https://slack.com/api/"
TIMEOUT_SECONDS = 5
REST = timedelta(seconds=20)
"""So long nobody is called after a call that nobody answered: whoever has many messages would wait for each of them."""
MAX_REST_SECONDS = 60
_CONVERSATION = re.compile(r"[CDGUW][A-Z0-9]{2,20}")
_REFERENCE = re.compile(r"([CDG][A-Z0-9]{2,20})/([0-9]{1,20}\.[0-9]{1,10})")
_MESSAGES = uuid.UUID("6d5d4d36-9a0a-4f5b-9a8f-0d7d5f2f1a24")
_AS_IT_IS: Mapping[str, Any] = {
    # chat.update parses names and addresses in a text unless it is told not to; chat.postMessage does not.
    "parse": "none", "link_names": False,
}  # fmt: skip


class SlackMessages:
    """Implements ``Slack``. A reference is ``<channel>/<ts>``; a direct message has a channel of its own (``D…``)."""

    def __init__(self, secrets: SlackSecrets, *, clock: Clock, base_url: str = BASE_URL) -> None:
        self._secrets = secrets
        self._clock = clock
        self._base_url = base_url
        self._rests_until: datetime | None = None

    def post(self, conversation: str, message: Message) -> str:
        if not _CONVERSATION.fullmatch(conversation):
            raise Refused("SLACK_CHANNEL_NOT_FOUND", "this is no id of a channel or a person", "correct the facts")
        shown = _shown(message)
        answer = self._call(
            "chat.postMessage",
            lambda client: client.chat_postMessage(
                channel=conversation, client_msg_id=_once(conversation, shown), unfurl_links=False, unfurl_media=False,
                **shown, **_AS_IT_IS,
            ),
        )  # fmt: skip
        reference = f"{answer.get('channel')}/{answer.get('ts')}"
        if not _REFERENCE.fullmatch(reference):
            raise DependencyUnavailable("chat.postMessage: an answer without a channel and a time stamp")
        return reference

    def edit(self, reference: str, message: Message) -> None:
        found = _REFERENCE.fullmatch(reference)
        if not found:
            raise Refused("SLACK_REFUSED", "this is no reference to a message")
        channel, ts = found.groups()
        self._call(
            "chat.update",
            lambda client: client.chat_update(channel=channel, ts=ts, **_shown(message), **_AS_IT_IS),
            fine=GONE,
        )

    def _call(
        self, name: str, call: Callable[["WebClient"], Any], fine: frozenset[str] = frozenset()
    ) -> Mapping[str, Any]:
        """The answer; empty where it is an error that is ``fine``."""
        if self._rests_until is not None and self._clock.now() < self._rests_until:
            raise DependencyUnavailable(f"{name}: Slack is not called before {self._rests_until:%H:%M:%S}Z")
        token = self._secrets.get().token
        answer = _answered(name, functools.partial(call, _client(token, self._base_url)))
        if answer.error in TOKEN_NOT_TAKEN:
            renewed = self._secrets.get(fresh=True).token
            if renewed != token:
                answer = _answered(name, functools.partial(call, _client(renewed, self._base_url)))
        self._rests_until = self._clock.now() + answer.rest if answer.rest else None
        if answer.failure is not None and answer.error not in fine:
            raise answer.failure
        return answer.said


@dataclass(frozen=True, slots=True)
class _Answer:
    """What Slack said. ``failure``: what it is raised as, where it is no success; ``rest``: how long to call nobody."""

    said: Mapping[str, Any]
    failure: CutoverError | None = None
    rest: timedelta = timedelta()

    @property
    def error(self) -> str:
        return str(self.said.get("error", "")) if self.failure else ""


def _answered(name: str, call: Callable[[], Any]) -> _Answer:
    """Never raises what the SDK did: its errors quote the whole answer."""
    from slack_sdk.errors import SlackApiError

    try:
        return _Answer(call().data)
    except SlackApiError as error:
        return _refused(name, error)
    except (OSError, HTTPException, ValueError, LookupError, AttributeError) as error:
        # Not reached, cut off, or answered with what is no text, or no object, which the SDK takes any JSON for.
        # Whether it was posted nobody knows.
        return _Answer({}, DependencyUnavailable(f"{name}: {type(error).__name__}"), REST)


def _refused(name: str, error: "SlackApiError") -> _Answer:
    response = error.response
    said = response.data if isinstance(response.data, dict) else {}
    headers = {key.lower(): value for key, value in response.headers.items()}
    wait = retry_after(response.status_code, headers.get("retry-after"))
    failure = judged(name, status=response.status_code, error=said.get("error"), retry_after=wait)
    return _Answer(said, failure, timedelta(seconds=min(wait or 0, MAX_REST_SECONDS)))


@functools.lru_cache(maxsize=4)
def _client(token: str, base_url: str) -> "WebClient":
    from slack_sdk import WebClient

    return WebClient(token=token, base_url=base_url, timeout=TIMEOUT_SECONDS, logger=_silent(), retry_handlers=[])


def _silent() -> logging.Logger:
    """The SDK logs whole requests where debugging is on, and they have links: its logger leads nowhere."""
    logger = logging.getLogger("cutover.slack")
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
    return logger


def _shown(message: Message) -> dict[str, Any]:
    return {"text": fallback(message), "blocks": blocks(message)}


def _once(conversation: str, shown: Mapping[str, Any]) -> str:
    """The same message to the same conversation has the same id, and Slack posts it once.

    Slack names ``client_msg_id`` in the errors of chat.postMessage only, so nothing rests on it: where it is not
    heeded, a call whose answer was lost is one more message, whose button leads to the same page.
    """
    written = json.dumps([conversation, shown], sort_keys=True)
    return str(uuid.uuid5(_MESSAGES, canonical.digest(written.encode())))
