"""Slack's answers in Cutover's words: what passes by itself, and what somebody has to mend.

Only the name of Slack's error is ever repeated, and only where it is one: an answer can quote what was sent to it, and
that has links.
"""

import re

from cutover.errors import CutoverError, DependencyUnavailable, Refused

TOKEN_NOT_TAKEN = frozenset({"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"})
"""The secret may have been rotated: it is read again once."""
GONE = frozenset({"message_not_found"})
_TOO_MANY_REQUESTS, _SERVER_ERROR = 429, 500
_TRANSIENT = frozenset(
    {
        "fatal_error", "internal_error", "message_limit_exceeded", "rate_limited", "ratelimited", "request_timeout",
        "service_unavailable", "team_added_to_org",
    }
)  # fmt: skip
_INSTALL = "install the app again, and store its token in the secret"
_REFUSALS = {
    "account_inactive": ("SLACK_APP_REMOVED", "the app's bot or the workspace is deactivated", _INSTALL),
    "channel_not_found": (
        "SLACK_CHANNEL_NOT_FOUND", "the app sees no such conversation",
        "correct the channel or the person in the facts, or invite the app to a private channel",
    ),
    "duplicate_message_not_found": (
        "SLACK_MESSAGE_DELETED", "it was posted before, and has been deleted since", "nothing to do",
    ),
    "invalid_auth": ("SLACK_TOKEN_REFUSED", "Slack does not take the app's token", _INSTALL),
    "is_archived": ("SLACK_CHANNEL_ARCHIVED", "the channel is archived", "name another channel in the facts"),
    "missing_scope": (
        "SLACK_SCOPE_MISSING", "the app lacks a permission", "install it with the scopes that docs/slack.md lists",
    ),
    "not_authed": ("SLACK_TOKEN_REFUSED", "Slack does not take the app's token", _INSTALL),
    "not_in_channel": ("SLACK_NOT_IN_CHANNEL", "the app is not in the channel", "invite the app to it"),
    "token_expired": ("SLACK_TOKEN_REFUSED", "the app's token has expired", _INSTALL),
    "token_revoked": ("SLACK_TOKEN_REVOKED", "the app's token was revoked", _INSTALL),
    "user_not_found": ("SLACK_PERSON_NOT_FOUND", "Slack knows no such person", "correct the person in the facts"),
    "user_disabled": ("SLACK_PERSON_INACTIVE", "the person's account is deactivated", "correct the facts"),
}  # fmt: skip
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def retry_after(status: int, header: str | None) -> int | None:
    """The seconds that an answer of too many calls asks to wait (RFC 6585 §4); None where it asks for none."""
    stated = header if status == _TOO_MANY_REQUESTS and header and re.fullmatch(r"[0-9]{1,6}", header) else None
    return int(stated) if stated else None


def judged(call: str, *, status: int, error: object, retry_after: int | None = None) -> CutoverError:
    """What an answer that is no success is raised as.

    ``call``: such as ``chat.update``. ``error``: what the answer's body says, if it says anything; ``retry_after``:
    in seconds. ``Refused`` has a code for each error that people can mend, and ``SLACK_REFUSED`` with
    Slack's name for any other.
    """
    name = error if isinstance(error, str) and _NAME.fullmatch(error) else ""
    if status == _TOO_MANY_REQUESTS or name in {"rate_limited", "ratelimited"}:
        wait = f"{retry_after}" if retry_after else "some"
        return DependencyUnavailable(f"{call}: too many calls; Slack takes the next one in {wait} seconds")
    if status >= _SERVER_ERROR or name in _TRANSIENT or not name:  # without a name it is not Slack that answers
        return DependencyUnavailable(f"{call}: {name or 'no reason'} (HTTP {status})")
    code, detail, mend = _REFUSALS.get(
        name, ("SLACK_REFUSED", "Slack does not take it", "see what Slack says of this error in the call's reference")
    )
    return Refused(code, f"{detail} ({call}: {name})", mend)
