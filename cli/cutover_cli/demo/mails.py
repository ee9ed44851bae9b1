"""The mails that the approvers got, as files and as links."""

import re
from collections.abc import Iterable
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from cutover_cli.demo.errors import NotAsPromised
from cutover_cli.local.stack import Mail

_LINK = re.compile(r"https?://[^\s<>\"]+/approvals/[A-Za-z0-9_-]+")


def asks(mail: Mail) -> bool:
    """Whether a mail asks for a decision; others close a question, or tell of something else."""
    return _LINK.search(mail.text) is not None


def link_in(mail: Mail) -> str:
    """The one approval link of a mail. Raises NotAsPromised where there is none, or more than one."""
    found = set(_LINK.findall(mail.text))
    if len(found) != 1:
        raise NotAsPromised(f"the mail {mail.subject!r} has {len(found)} approval links; one was promised")
    return str(found.pop())


def keep(mails: Iterable[Mail], folder: Path) -> None:
    """Writes each mail as `<number>-<recipient>.eml` (RFC 5322), which mail programs open."""
    for number, mail in enumerate(mails, 1):
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = mail.sender, ", ".join(mail.to), mail.subject
        message["Date"] = format_datetime(mail.sent_at)
        message["Message-ID"] = f"<{mail.message_id}@localhost>"
        message.set_content(mail.text)
        if mail.html:
            message.add_alternative(mail.html, subtype="html")
        name = re.sub(r"[^a-z0-9]+", "-", mail.to[0].partition("@")[0].lower())
        (folder / f"{number}-{name}.eml").write_bytes(message.as_bytes(policy=SMTP))
