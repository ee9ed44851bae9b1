"""The pages for people on the local stack: what changed, what waits, and the window's calendar entry, over HTTP."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cutover_cli.local import lifecycle
from tests.local.releasing import Release, Releases, bring_up, wait

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("pages")]


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Releases]:
    state = Path(tmp_path_factory.mktemp("pages"))
    yield bring_up(state)
    lifecycle.down(state_dir=state)


def waiting_link(release: Release, person: str) -> str:
    """The newest link to this person's own list, out of the mail that asked."""

    def found() -> str | None:
        mails = (mail.text for mail in release.of.stack.mail() if mail.to[0].startswith(f"{person}@"))
        links = [link for text in mails for link in re.findall(r"https?://\S+/waiting/[A-Za-z0-9_-]+", text)]
        return links[-1] if links else None

    return wait(found, 30, lambda: f"no list in a mail to {person}")


def shown(release: Release, url: str) -> str:
    answer = release.page(url)
    assert answer.status_code == httpx.codes.OK, (answer.status_code, answer.text[:500])
    return answer.text


def test_from_the_list_to_what_changed_since_the_last_approval(releases: Releases) -> None:
    release = Release(releases, "newer", "now-0")
    release.announce()
    release.until("awaiting_approval")
    mine = waiting_link(release, "erin")
    listed = shown(release, mine)
    assert "One release waits for you" in listed
    (text,) = re.findall(r'class="button" href="\.\./approvals/([A-Za-z0-9_-]+)"', listed)
    link = f"{mine.rpartition('/waiting/')[0]}/approvals/{text}"
    assert "First release: no earlier approval of newer to staging" in shown(release, link)
    assert shown(release, f"{link}/window.ics").startswith("BEGIN:VCALENDAR")
    assert release.decide("erin", url=link).status_code == httpx.codes.SEE_OTHER
    assert "You have approved it" in shown(release, mine)
    assert release.decide("omar").status_code == httpx.codes.SEE_OTHER
    release.until("handed_off")
    release.window = "now-1"
    release.announce(version="1.5.0")
    second = release.until("awaiting_approval")
    assert second.cutover.endswith(".2")
    url = wait(lambda: release.links().get("erin"), 30, lambda: "no mail")
    page = " ".join(re.sub(r"<[^>]+>", " ", shown(release, url)).split())
    assert "since 1.4.0, approved as newer@staging.1 revision 1" in page
    assert "release version 1.4.0 → 1.5.0" in page
