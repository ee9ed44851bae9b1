"""What came back of a message: read from what SES and Slack tell, marked in what was said. Pure.

SES tells it as events of EventBridge (``source`` ``aws.ses``; ``Email Bounced``, ``Email Complaint Received``, ``Email
Rejected``), whose ``detail`` has the mail's id and the tags that it was sent with, their values in base64url. The tags
say whom it was for; they count only where that person was told so, at the address that it came back from. What a bounce
quotes of other servers is not kept, nor any address.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from cutover.contracts.base import CutoverId, Digest, Name
from cutover.contracts.policy import Facts
from cutover.domain import base64url
from cutover.domain.correspondence import Correspondence, Told, mailbox
from cutover.errors import Refused

_MAX_TAG = 256
_MAX_ADDRESSES, _MAX_ADDRESS = 50, 320
_MESSAGE = re.compile(r"[A-Za-z0-9-]{1,120}", re.ASCII)
_CUTOVER, _NAME = TypeAdapter(CutoverId), TypeAdapter(Name)
_DETAIL_TYPES = {"Email Bounced": "bounce", "Email Complaint Received": "complaint", "Email Rejected": "reject"}


@dataclass(frozen=True, slots=True)
class Returned:
    """A mail that came to nothing. ``code``: why; ``for_good``: nothing sent there will arrive until it is mended.

    ``mailboxes``: whom it was sent to, as digests; empty where SES does not say.
    """

    message: str
    cutover: str
    revision: int
    person: str
    role: str
    code: Literal["MAIL_BOUNCED", "MAIL_DELAYED", "MAIL_COMPLAINED", "MAIL_REFUSED"]
    for_good: bool
    mailboxes: frozenset[Digest] = frozenset()


@dataclass(frozen=True, slots=True)
class SlackEnded:
    """Slack does not reach somebody, or anybody, any more: a person or a channel by its id; neither: the whole app."""

    event: str
    code: Literal["SLACK_PERSON_INACTIVE", "SLACK_CHANNEL_ARCHIVED", "SLACK_APP_REMOVED"]
    user: str | None
    channel: str | None


_ENDS: dict[str, Literal["SLACK_PERSON_INACTIVE", "SLACK_CHANNEL_ARCHIVED", "SLACK_APP_REMOVED"]] = {
    "user_deactivated": "SLACK_PERSON_INACTIVE",
    "channel_archive": "SLACK_CHANNEL_ARCHIVED",
    "channel_deleted": "SLACK_CHANNEL_ARCHIVED",
    "channel_left": "SLACK_CHANNEL_ARCHIVED",
    "group_archive": "SLACK_CHANNEL_ARCHIVED",
    "group_deleted": "SLACK_CHANNEL_ARCHIVED",
    "group_left": "SLACK_CHANNEL_ARCHIVED",
    "app_uninstalled": "SLACK_APP_REMOVED",
    "tokens_revoked": "SLACK_APP_REMOVED",
}


def returned(event: Mapping[str, Any]) -> Returned | None:
    """What an event of SES says; None where it is about no mail that concerns us: nothing came back, or no tags.

    Raises ``Refused`` (``FEEDBACK_MALFORMED``) where an event of SES is none.
    """
    kind = _DETAIL_TYPES.get(str(event.get("detail-type")))
    if event.get("source") != "aws.ses" or kind is None:
        return None
    detail = _object(event.get("detail"))
    mail = _object(detail.get("mail"))
    tags = _object(mail.get("tags", {}))
    if "cutover" not in tags:
        return None  # another sender of this account
    message = mail.get("messageId")
    if not isinstance(message, str) or not _MESSAGE.fullmatch(message):
        raise _malformed("the mail has no id")
    try:
        cutover = _CUTOVER.validate_python(_tag(tags, "cutover"))
        person, role = (_NAME.validate_python(_tag(tags, name)) for name in ("person", "role"))
    except ValidationError:
        raise _malformed("its tags are none of ours") from None
    code, for_good = _judged(kind, detail)
    revision = _revision(_tag(tags, "revision"))
    return Returned(message, cutover, revision, person, role, code, for_good, _mailboxes(mail.get("destination")))


def ended(message: Mapping[str, Any]) -> SlackEnded | None:
    """What a message about Slack says (``doors.slack_events``); None where nothing ended."""
    event = message.get("event")
    if message.get("kind") != "slack" or not isinstance(event, str) or event not in _ENDS:
        return None
    user, channel = (each if isinstance(each, str) else None for each in (message.get("user"), message.get("channel")))
    return SlackEnded(event, _ENDS[event], user, channel)


def concerns(told: Told, returned: Returned) -> bool:
    """Whether it came back from where the question is sent now: a late bounce of an address that was corrected since
    says nothing of the one that was written to after it.
    """
    return not returned.mailboxes or told.address is None or told.address in returned.mailboxes


def marked(said: Correspondence, returned: Returned) -> Correspondence | None:
    """With the question as undelivered; None where that is known, or where this person was asked no such thing, or is
    asked at another address by now.

    A complaint is kept even where the mail arrived: from now on SES sends nothing there.
    """
    told = said.of(returned.role, returned.person)
    if told is None or told.mailed is None or told.undelivered is not None or not returned.for_good:
        return None
    if not concerns(told, returned):
        return None
    return _again(said, told.model_copy(update={"undelivered": returned.code, "owner_told": False}))


def without_slack(said: Correspondence, ended: SlackEnded, facts: Facts) -> Correspondence | None:
    """With the open questions of whom Slack does not reach any more; None where it makes no difference."""
    result, changed = said, False
    for told in said.told:
        person = facts.people.get(told.person)
        hers = ended.user is not None and person is not None and person.slack == ended.user
        if (hers or ended.code == "SLACK_APP_REMOVED") and told.posted == "open" and told.unposted is None:
            result = _again(result, told.model_copy(update={"unposted": ended.code, "owner_told": False}))
            changed = True
    return result if changed else None


def _again(said: Correspondence, told: Told) -> Correspondence:
    """To be looked at again: deputies may have to be asked now, and owners told."""
    return said.with_told(told).model_copy(update={"seen": 0, "version": said.version + 1})


def _judged(
    kind: str, detail: Mapping[str, Any]
) -> tuple[Literal["MAIL_BOUNCED", "MAIL_DELAYED", "MAIL_COMPLAINED", "MAIL_REFUSED"], bool]:
    """A transient bounce is a full mailbox, or one that answers by itself: the mail may have arrived."""
    if kind == "complaint":
        return "MAIL_COMPLAINED", True
    if kind == "reject":
        return "MAIL_REFUSED", True
    transient = _object(detail.get("bounce", {})).get("bounceType") == "Transient"
    return ("MAIL_DELAYED", False) if transient else ("MAIL_BOUNCED", True)


def _tag(tags: Mapping[str, Any], name: str) -> str | None:
    """SES tells each tag as a list of values; ours are in base64url."""
    values = tags.get(name)
    value = values[0] if isinstance(values, list) and len(values) == 1 else None
    content = base64url.decode(value, limit=_MAX_TAG) if isinstance(value, str) else None
    return content.decode("utf-8", "replace") if content is not None else None


def _revision(text: str | None) -> int:
    if text is None or not re.fullmatch(r"[1-9][0-9]{0,5}", text, re.ASCII):
        raise _malformed("its tags are none of ours")
    return int(text)


def _mailboxes(destination: object) -> frozenset[Digest]:
    """Whom the mail was sent to. Not the recipients that the bounce names: there, a forwarding server has its own."""
    listed = destination[:_MAX_ADDRESSES] if isinstance(destination, list) else []
    return frozenset(mailbox(each) for each in listed if isinstance(each, str) and 0 < len(each) <= _MAX_ADDRESS)


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _malformed("it is not what SES sends")
    return value


def _malformed(why: str) -> Refused:
    return Refused("FEEDBACK_MALFORMED", why)
