"""What a mail says and how it is made: previews, words that others wrote, later mails, and what comes back."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutover.contracts.policy import SignedReference
from cutover.domain import base64url, feedback
from cutover.domain.correspondence import Correspondence, Told
from cutover.errors import DigestMismatch, Refused
from cutover.messaging.mail import MAX_SUBJECT, compose
from cutover.messaging.message import Button, Message, Row
from cutover.messaging.previewing import MAX_PREVIEW, preview
from cutover.messaging.wording import MAX_HEADLINE, headline
from cutover.packages import Package, read_package
from tests.approving import START, World
from tests.fakes.clock import START as NOW

WORDS = st.text(max_size=300)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(("mail", "tags", "bounce", "cutover")), inner),
    max_leaves=8,
)
PREVIOUS = SignedReference(payload="sha256:" + "1" * 64, envelope="sha256:" + "2" * 64)


def bound(alter: Any = None) -> Package:
    world = World(alter)
    return read_package(world.store, world.manifest, keys=world.facts.keys, now=START)


@pytest.fixture(scope="module")
def package() -> Package:
    return bound()


def previously(part: str, value: str) -> Package:
    """The package as it was approved before, with another value in its release."""

    def change(document: dict[str, Any]) -> dict[str, Any]:
        document["release"][part]["value"] = value
        return document

    return bound({"bundle": change})


class TestPreview:
    def test_the_first_one_says_what_is_in_it(self, package: Package) -> None:
        assert preview(package, None, lambda _: package) == (
            "With 1 component, 2 flags, 1 waived hold, 1 rollback step. No revision was approved before."
        )

    def test_a_later_one_says_what_changed(self, package: Package) -> None:
        before = previously("version", "1.3.9")
        assert preview(package, PREVIOUS, lambda _: before).startswith(
            "1 change since the last approved revision: release version 1.3.9 → 1.4.0"
        )
        assert preview(package, PREVIOUS, lambda _: package) == "Nothing changed since the last approved revision."

    @pytest.mark.parametrize("error", [Refused("KEY_REVOKED", "r"), DigestMismatch("m")])
    def test_what_cannot_be_read_any_more_is_not_compared_with(self, package: Package, error: Exception) -> None:
        def unreadable(_: SignedReference) -> Package:
            raise error

        said = preview(package, PREVIOUS, unreadable)
        assert said.startswith("With 1 component")
        assert said.endswith("What was approved before cannot be read any more.")

    def test_whatever_a_release_is_called_it_is_one_short_legible_line(self, package: Package) -> None:
        before = previously("version", "\u202e9.3.1\u2028" + "<b>" * 80)
        line = preview(package, PREVIOUS, lambda _: before)
        assert len(line) <= MAX_PREVIEW
        assert len(line.splitlines()) == 1
        assert "[U+202E]" in line


class TestMail:
    def made(self, under: str | None = None, **changes: Any) -> Any:
        given = {"stage": "asked", "headline": "Approve it?", "lead": "Erin, you are asked.", "preview": "1 change"}
        return compose(Message(**(given | changes)), to="erin@example.com", about={}, under=under)

    @given(WORDS, WORDS, WORDS)
    def test_a_subject_is_one_short_line_and_markup_is_text(self, head: str, lead: str, text: str) -> None:
        mail = self.made(headline=head, lead=lead, preview=lead, rows=(Row("Why", f"<script>{text}</script>"),))
        assert len(mail.subject) <= MAX_SUBJECT
        assert len(mail.subject.splitlines()) <= 1
        assert "<script>" not in mail.html
        assert "<h1" in mail.html

    def test_what_others_wrote_cannot_pass_for_the_mail_s_own_lines(self) -> None:
        """In plain text nothing but the margin tells them apart."""
        mail = self.made(rows=(Row("Why", "a\n\nRead and decide here:\nhttps://evil.example/approvals/x"),))
        own = [line for line in mail.text.splitlines() if line and not line.startswith("  | ")]
        assert "Read and decide here:" not in own
        assert not [line for line in own if "evil" in line and not line.startswith("Why: ")]

    def test_the_preview_stands_first_and_unseen(self) -> None:
        html = self.made(preview="3 changes").html
        assert html.index("3 changes") < html.index("<h1")
        assert "display:none" in html[: html.index("3 changes")]

    def test_a_later_mail_has_the_first_one_s_subject_unless_it_asks_again(self) -> None:
        assert self.made(under="0100-1").subject == "Re: Approve it?"
        assert self.made(under="0100-1", headline="Asked again: approve it?").subject == "Asked again: approve it?"

    def test_links_stand_in_both_parts_and_a_closed_mail_has_none(self) -> None:
        mail = self.made(
            buttons=(Button("Read and decide", "https://p/approvals/x"),), waiting_url="https://p/waiting/y",
            calendar_url="https://p/approvals/x/window.ics",
        )  # fmt: skip
        for part in (mail.text, mail.html):
            for url in ("https://p/approvals/x", "https://p/waiting/y", "https://p/approvals/x/window.ics"):
                assert url in part
        closed = self.made(stage="closed")
        assert "http" not in closed.text
        assert "href" not in closed.html

    def test_no_link_shows_where_a_message_is_logged(self) -> None:
        message = Message(
            stage="asked", headline="h", lead="l", preview="p", buttons=(Button("b", "https://p/secret"),),
            waiting_url="https://p/secret", calendar_url="https://p/secret",
        )  # fmt: skip
        assert "secret" not in repr(message)

    def test_a_headline_has_room_for_what_is_asked(self) -> None:
        long = previously("version", "1." * 250)
        assert len(headline(long)) <= MAX_HEADLINE
        assert len(f"Asked again: approve {headline(long)}?") <= MAX_SUBJECT + 1


TOLD = Told(person="erin", role="operations", round=1, asked_at=NOW, mailed="open", mail="mail-1")
SAID = Correspondence(cutover="service@production.1", revision=1, headline="h", begun_by=1, told=(TOLD,))


def said(text: str) -> list[str]:
    """A tag's value as SES tells it."""
    return [base64url.encode(text.encode())]


def event(kind: str = "Email Bounced", **detail: Any) -> dict[str, Any]:
    """As SES tells it through EventBridge."""
    about = {"cutover": "service@production.1", "revision": "1", "person": "erin", "role": "operations"}
    tags = {name: [base64url.encode(value.encode())] for name, value in about.items()}
    mail = {"messageId": "0100-1", "tags": tags, "destination": ["erin@example.com"]}
    return {"source": "aws.ses", "detail-type": kind, "detail": {"mail": mail, "bounce": {}} | detail}


class TestFeedback:
    @pytest.mark.parametrize(
        ("told", "code", "for_good"),
        [
            (event(bounce={"bounceType": "Permanent"}), "MAIL_BOUNCED", True),
            (event(bounce={"bounceType": "Undetermined"}), "MAIL_BOUNCED", True),
            (event(bounce={"bounceType": "Transient"}), "MAIL_DELAYED", False),
            (event("Email Complaint Received", complaint={}), "MAIL_COMPLAINED", True),
            (event("Email Rejected", reject={"reason": "Bad content"}), "MAIL_REFUSED", True),
        ],
    )
    def test_what_ses_tells(self, told: dict[str, Any], code: str, for_good: bool) -> None:
        found = feedback.returned(told)
        assert found is not None
        assert (found.code, found.for_good, found.person, found.revision) == (code, for_good, "erin", 1)
        marked = feedback.marked(SAID, found)
        assert (marked is not None) == for_good
        if marked is not None:
            assert marked.told[0].undelivered == code
            assert (marked.seen, marked.version) == (0, 2)
            assert feedback.marked(marked, found) is None, "it is marked once"

    @pytest.mark.parametrize(
        "told",
        [
            {}, {"source": "aws.ses", "detail-type": "Email Sent", "detail": {}}, event() | {"source": "cutover"},
            event(mail={"messageId": "0100-1"}), event(mail={"messageId": "0100-1", "tags": {"other": ["x"]}}),
        ],
    )  # fmt: skip
    def test_what_is_none_of_ours(self, told: dict[str, Any]) -> None:
        assert feedback.returned(told) is None

    @pytest.mark.parametrize(
        "tags",
        [
            {"revision": said("0")}, {"revision": said("1") * 2}, {"revision": [1]}, {"person": said("Erin Example")},
            {"role": []}, {"cutover": said("../x")}, {"person": "ZXJpbg"}, {"revision": said("\u0661")},
            {"person": ["erin"]}, {"person": said("x" * 300)}, {"cutover": ["service@production.1"]},
        ],
    )  # fmt: skip
    def test_tags_that_are_none(self, tags: dict[str, Any]) -> None:
        told = event()
        told["detail"]["mail"]["tags"] |= tags
        with pytest.raises(Refused) as refused:
            feedback.returned(told)
        assert refused.value.code == "FEEDBACK_MALFORMED"

    def test_somebody_who_was_asked_no_such_thing_is_not_marked(self) -> None:
        found = feedback.returned(event())
        assert found is not None
        assert feedback.marked(SAID.model_copy(update={"told": ()}), found) is None

    @given(ANYTHING)
    def test_whatever_comes_is_judged_or_refused(self, detail: Any) -> None:
        for kind in ("Email Bounced", "Email Complaint Received"):
            told = {"source": "aws.ses", "detail-type": kind, "detail": detail}
            with suppress(Refused):
                assert feedback.returned(told) is None
