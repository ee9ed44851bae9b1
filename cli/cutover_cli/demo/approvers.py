"""The two approvers: people who open their links in a browser, or the demo, which plays them over HTTP.

Played or not, the way is the same: the mailed link, the page, its own form. Nothing writes to the record but the
page's function.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

import httpx

from cutover.contracts.base import Digest
from cutover.domain.record import RevisionRecord, Status
from cutover_cli.demo.errors import NotAsPromised
from cutover_cli.demo.follow import Follower
from cutover_cli.demo.forms import Form, Page
from cutover_cli.demo.mails import link_in
from cutover_cli.demo.progress import Progress
from cutover_cli.local.stack import LocalStack, Mail

_TYPED = 8
_SECONDS = 30.0
_DECIDED = (Status.APPROVED, Status.AWAITING_WINDOW, Status.HANDING_OFF, Status.HANDED_OFF)


def invite(stack: LocalStack, received: Iterable[Mail], progress: Progress) -> None:
    """Prints each link, for a browser on this machine."""
    progress.say("Open each link in a browser on this machine, read, answer, decide. (Ctrl-C ends the demo.)")
    for mail in received:
        progress.say()
        progress.say(f"to {', '.join(mail.to)}: {mail.subject}")
        progress.say(stack.page(link_in(mail)).browser_url)
    progress.say()


def approve(stack: LocalStack, mail: Mail, manifest: Digest, progress: Progress) -> None:
    """Plays one approver: reads the page, fills in its approval form, sends it.

    Raises NotAsPromised when the page shows another digest than `manifest`, or does not accept the answers.
    """
    address = stack.page(link_in(mail))
    with httpx.Client(headers=address.headers, timeout=_SECONDS, trust_env=False) as browser:
        shown = browser.get(address.url)
        page = Page(shown.text)
        form = page.form_with("decision", "approve")
        if not shown.is_success or form is None or form.method != "post":
            raise NotAsPromised(f"the page for {mail.to[0]} offers no approval: {_said(shown, page)}")
        if page.digest != manifest.removeprefix("sha256:"):
            raise NotAsPromised(f"the page for {mail.to[0]} shows another digest than the bound manifest's")
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(address.browser_url))
        answer = browser.post(address.url, data=answers(form, page.digest), headers={"Origin": origin})
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            raise NotAsPromised(f"{mail.to[0]} could not approve: {_said(answer, Page(answer.text))}")
    progress.say(f"{mail.to[0]} read the page, typed {page.digest[:_TYPED]}, answered, approved")


def answers(form: Form, digest: str) -> dict[str, str | list[str]]:
    """What an approver sends: every box ticked, the digest's first eight characters typed."""
    filled: dict[str, str | list[str]] = {**form.hidden, "decision": "approve", "digest": digest[:_TYPED]}
    for name in dict.fromkeys(name for name, _ in form.boxes):
        filled[name] = [value for each, value in form.boxes if each == name]
    return filled


def wait(follower: Follower, progress: Progress, *, seconds: float) -> RevisionRecord:
    """Waits until the quorum is complete, and says who has decided as it is recorded."""
    told: set[tuple[str, str]] = set()

    def ready() -> RevisionRecord | None:
        record = follower.record()
        for each in record.decisions if record else ():
            if (each.person, each.role) not in told:
                told.add((each.person, each.role))
                progress.say(f"recorded   {each.person} as {each.role}: {each.decision}")
        return record if record and record.status in _DECIDED else None

    return follower.until("complete quorum", ready, seconds=seconds)


def _said(answer: httpx.Response, page: Page) -> str:
    return f"HTTP {answer.status_code}: {' '.join(page.text)[:400] or answer.text[:200]}"
