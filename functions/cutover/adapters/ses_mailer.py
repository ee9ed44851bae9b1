"""Mail through SES (API v2)."""

from typing import TYPE_CHECKING

from cutover.adapters.aws_errors import translated
from cutover.ports import Mail

if TYPE_CHECKING:
    from mypy_boto3_sesv2.client import SESV2Client
    from mypy_boto3_sesv2.type_defs import BodyTypeDef, ContentTypeDef


class SesMailer:
    """Implements ``Mailer``: one recipient a message, text and HTML, UTF-8."""

    def __init__(self, client: "SESV2Client", *, sender: str) -> None:
        self._client = client
        self._sender = sender

    def send(self, mail: Mail) -> None:
        body: BodyTypeDef = {"Text": _utf8(mail.text), "Html": _utf8(mail.html)}
        with translated("SendEmail"):
            self._client.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [mail.to]},
                Content={"Simple": {"Subject": _utf8(mail.subject), "Body": body}},
            )


def _utf8(text: str) -> "ContentTypeDef":
    return {"Data": text, "Charset": "UTF-8"}
