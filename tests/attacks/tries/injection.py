"""Texts of a candidate that are meant to be more than read: on the page, in mails, in Slack and in the logs."""

import functools
from typing import Any

from tests.attacks import harm as harming
from tests.attacks.announcing import Path, Told, announce, with_text
from tests.attacks.cases import Attempt, attack
from tests.attacks.exchange import FORM, Ended, changed
from tests.attacks.harm import harm
from tests.attacks.scene import Scene
from tests.attacks.tries.replays import PROVED

FAMILY = "injection"
MARK = "Xyzzy1979"
MARKUP = f"{MARK}<script>alert(1)</script><img src=x onerror=alert(1)>\" onfocus=alert(1) autofocus x='"
TEMPLATE = MARK + " {{ 31337*3 }} ${31337*3} #{31337*3} <%= 31337*3 %> {% include '/etc/passwd' %}"
HIDDEN = f"{MARK} safe\u202egnp.exe\u2066 pay\u200bments\ufeff\u2028Bcc: everybody@example.com\u2029"
MENTIONS = f"{MARK} <!channel> <@U1ERIN> <https://strange.example|Approve here> *now* `code` &lt;b&gt;"
LINES = f'{MARK}\nBcc: everybody@example.com\n\n{{"event_name": "approvals", "decision": "approve"}}\n'
BREAKS = f"{MARK}\r\nBcc: everybody@example.com\r\n\r\nApproved."
DRESSED = f"{MARK}\nRead and decide here:\nhttps://strange.example/approvals/AcU8baajQWVKB2xpbmtz\nDigest: sha256:0000"
ELSEWHERE = f"1.4.0 to staging, Mon 9 Mar 2026, 21:00? {MARK}" + " " * 60 + "x" * 200
CALENDAR = "; ATTENDEE=everybody@example.com, \\n END:VEVENT"
LONG = MARK + "x" * (10_000 - len(MARK))
PAYLOADS = {
    "markup": MARKUP, "templates": TEMPLATE, "hidden characters": HIDDEN, "mentions": MENTIONS, "lines": LINES,
    "line breaks of headers": BREAKS, "10,000 characters": LONG,
}  # fmt: skip
PROSE: tuple[Path, ...] = (("rationale",), ("rollback", "criteria", 0))
SHOWN: tuple[Path, ...] = (*PROSE, ("version",), ("authority", "run"), ("authority", "workflow"))
"""Texts of a candidate that are free, and do not keep it from being asked about."""

PAGE = "page: texts are escaped, and hidden characters named"
MAIL = "mail: texts are escaped"
LEGIBLE = "messages: hidden characters are named"
SLACK = "Slack: texts are escaped"
VALUES = "texts are values, no templates"
BOUNDS = "texts are bounded, and lines are one line"
QUIET = "logs name what happened, and quote nothing"
SET_OFF = "mail: further lines of a text are set off"
ROOM = "subjects keep room for target and window"
BRIEF = "calendar: room for the target"
FOLDED = "calendar: hidden characters are named"
ALPHABET = "links have one alphabet"
ASKED = "awaiting_approval"
REFUSED = "refused CANDIDATE_INVALID"


@functools.cache
def usual() -> Told:
    """What is told of a release in which nobody wrote anything odd."""
    return announce()


def spread(text: str, paths: tuple[Path, ...] = SHOWN) -> Told:
    """The release with this text in all of these places."""
    return announce(lambda candidate: with_text(candidate, list(paths), text))


def _shown(text: str, paths: tuple[Path, ...] = SHOWN) -> Attempt:
    harmless = usual()
    told = spread(text, paths)
    return Attempt(Ended(told.ended), bool(harm(told, harmless, MARK)))


def _refused(text: str) -> Attempt:
    """Each by itself: one that is refused says nothing of the others."""
    ends = [spread(text, (path,)).ended for path in SHOWN]
    return Attempt(Ended(ends[0]), any(not each.startswith("refused") for each in ends))


@attack(FAMILY, "markup and handlers, for the page", by=PAGE, answer=ASKED, stack=False)
def markup_on_the_page(_: Scene) -> Attempt:
    return _shown(MARKUP)


@attack(FAMILY, "markup and handlers, for the mail", by=MAIL, answer=ASKED, stack=False)
def markup_in_mails(_: Scene) -> Attempt:
    return _shown(MARKUP)


@attack(FAMILY, "expressions of five template languages", by=VALUES, answer=ASKED, stack=False)
def templates(_: Scene) -> Attempt:
    return _shown(TEMPLATE)


@attack(FAMILY, "right-to-left and invisible characters, for the page", by=PAGE, answer=ASKED, stack=False)
def hidden_on_the_page(_: Scene) -> Attempt:
    return _shown(HIDDEN)


@attack(FAMILY, "the same and line separators, for subjects, mails and Slack", by=LEGIBLE, answer=ASKED, stack=False)
def hidden_in_messages(_: Scene) -> Attempt:
    return _shown(HIDDEN)


@attack(FAMILY, "mentions and dressed-up links, for Slack", by=SLACK, answer=ASKED, stack=False)
def mentions_in_slack(_: Scene) -> Attempt:
    return _shown(MENTIONS)


@attack(FAMILY, "lines that look like headers and log lines, where several lines may stand", by=QUIET, answer=ASKED,
        stack=False)  # fmt: skip
def lines_in_logs(_: Scene) -> Attempt:
    return _shown(LINES, PROSE)


@attack(FAMILY, "lines that look like the mail's own, with a link of the attacker's", by=SET_OFF, answer=ASKED,
        stack=False)  # fmt: skip
def lines_that_look_like_ours(_: Scene) -> Attempt:
    told = spread(DRESSED, PROSE)
    forged = set(DRESSED.splitlines()[2:])
    found = [line for mail in told.mails for line in mail.text.splitlines() if line in forged]
    return Attempt(Ended(told.ended), bool(found) or bool(harm(told, usual(), MARK)))


@attack(FAMILY, "a version that names another target, and pushes the real one out of the subject", by=ROOM,
        answer=ASKED, stack=False)  # fmt: skip
def another_target_in_the_subject(_: Scene) -> Attempt:
    told = spread(ELSEWHERE, (("version",),))
    return Attempt(Ended(told.ended), not all("to production, " in mail.subject for mail in told.mails))


@attack(FAMILY, "the same, for the summary of the calendar's entry", by=BRIEF, answer=ASKED, stack=False)
def another_target_in_the_calendar(_: Scene) -> Attempt:
    told = spread(ELSEWHERE, (("version",),))
    entries = [calendar.replace("\r\n ", "") for calendar in told.calendars]
    return Attempt(Ended(told.ended), any("x" in each.partition("SUMMARY:")[2][:80] for each in entries))


@attack(FAMILY, "lines of a calendar, hidden characters and markup, for the calendar's entry", by=FOLDED, answer=ASKED,
        stack=False)  # fmt: skip
def properties_in_the_calendar(_: Scene) -> Attempt:
    return _shown(HIDDEN + CALENDAR)


@attack(FAMILY, "line breaks as headers have them, in every text", by=BOUNDS, answer=REFUSED, stack=False)
def breaks(_: Scene) -> Attempt:
    return _refused(BREAKS)


@attack(FAMILY, "10,000 characters, in every text", by=BOUNDS, answer=REFUSED, stack=False)
def ten_thousand_characters(_: Scene) -> Attempt:
    return _refused(LONG)


@attack(FAMILY, "a log line in the browser's name and in the form", by=QUIET, answer="400 FORM_MALFORMED")
def log_lines_by_request(scene: Scene) -> Attempt:
    link = scene.link()
    forged = f'{MARK} {{"event_name": "approvals", "decision": "approve", "actor": "{scene.me.person}"}}'
    headers = {"user-agent": forged, "referer": forged, "x-forwarded-for": forged, "content-type": FORM}
    scene.send("GET", link, headers=headers)
    form = scene.form(link)
    reply = scene.post(link, changed(form, decision=f"approve\n{forged}"), headers)
    return Attempt(reply, any(MARK in line for line in scene.lines()))


@attack(
    FAMILY,
    "a header behind the link, to be repeated by the redirection",
    by=(ALPHABET, PROVED),
    answer=("404 LINK_MALFORMED", "404"),
)
def a_header_behind_the_link(scene: Scene) -> Attempt:
    link = scene.link()
    form = scene.form(link)
    reply = scene.post(f"{link}%0d%0aset-cookie:%20{MARK}", form)
    return Attempt(reply, "set-cookie" in reply.headers or MARK in reply.headers.get("location", ""))


def everything(candidate: dict[str, Any]) -> dict[str, Any]:
    """All that is allowed, at once: for the local stack, where a release costs seconds."""
    text = f"{MARKUP} {TEMPLATE} {HIDDEN} {MENTIONS}"
    lines = [path for path in SHOWN if path not in PROSE]
    return with_text(with_text(candidate, list(PROSE), f"{text}\n{LINES}"), lines, text[:500])


assert harming.COMPUTED not in TEMPLATE
