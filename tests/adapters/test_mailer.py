"""Mail through SES: what is asked of it, which headers, and that moto takes it."""

import re
from typing import Any

import pytest
from moto.ses.models import ses_backends

from cutover.adapters.ses_mailer import SesMailer
from cutover.domain import feedback
from cutover.ports import Mail
from tests.adapters.conftest import REGION, Clients

SENDER = "Cutover <cutover@example.com>"
FIRST = "0102017c-1a2b-4c5d-9e8f-000000000001-000000"


class Recording:
    """A client that keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def send_email(self, **request: Any) -> dict[str, str]:
        self.asked.append(request)
        return {"MessageId": FIRST}


def mail(under: str | None = None) -> Mail:
    about = {"cutover": "service@production.1", "revision": "1", "person": "erin", "role": "operations"}
    return Mail(to="erin@example.com", subject="s", text="t", html="<p>h", about=about, under=under)


def sent(under: str | None = None, **options: Any) -> dict[str, Any]:
    client = Recording()
    assert SesMailer(client, sender=SENDER, **options).send(mail(under)) == FIRST  # type: ignore[arg-type]
    return client.asked[0]


def test_a_first_mail_has_no_headers_of_ours_and_says_what_it_is_about() -> None:
    request = sent(region="eu-west-1")
    assert "Headers" not in request["Content"]["Simple"]
    tags = {each["Name"]: each["Value"] for each in request["EmailTags"]}
    assert tags.keys() == {"cutover", "person", "revision", "role"}
    for name, value in tags.items():
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,256}", name + value), "all that SES takes (API_MessageTag)"
    assert "ConfigurationSetName" not in request


def test_what_a_mail_is_about_comes_back_as_it_was_said() -> None:
    tags = {each["Name"]: [each["Value"]] for each in sent(region="eu-west-1")["EmailTags"]}
    event = {
        "source": "aws.ses", "detail-type": "Email Bounced",
        "detail": {"mail": {"messageId": FIRST, "tags": tags}, "bounce": {"bounceType": "Permanent"}},
    }  # fmt: skip
    found = feedback.returned(event)
    assert found is not None
    assert (found.cutover, found.revision, found.person, found.role) == (
        "service@production.1",
        1,
        "erin",
        "operations",
    )


def test_what_comes_back_is_told_through_the_configuration_set() -> None:
    assert sent(region="eu-west-1", configuration_set="cutover-dev")["ConfigurationSetName"] == "cutover-dev"


@pytest.mark.parametrize(
    ("region", "domain"), [("eu-west-1", "eu-west-1.amazonses.com"), ("us-east-1", "email.amazonses.com")]
)
def test_a_later_mail_stands_under_the_first(region: str, domain: str) -> None:
    headers = sent(FIRST, region=region)["Content"]["Simple"]["Headers"]
    assert headers == [
        {"Name": name, "Value": f"<{FIRST}@{domain}>"} for name in ("In-Reply-To", "References")
    ]  # fmt: skip


@pytest.mark.parametrize("under", ["", "a\r\nBcc: all@example.com", "a>", "a@b", "x" * 121, "ä"])
def test_nothing_but_an_id_of_ses_goes_into_a_header(under: str) -> None:
    assert "Headers" not in sent(under, region="eu-west-1")["Content"]["Simple"]


def test_ses_takes_it(aws: Clients) -> None:
    client = aws("sesv2")
    client.create_email_identity(EmailIdentity="cutover@example.com")
    mailer = SesMailer(client, sender="cutover@example.com", region=REGION)
    first = mailer.send(mail())
    assert mailer.send(mail(first)) != first
    assert len(ses_backends["123456789012"][REGION].sent_messages) == 2
