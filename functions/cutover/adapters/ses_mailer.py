"""Mail through SES (API v2)."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cutover.adapters.aws_errors import code_of, translated
from cutover.errors import Refused
from cutover.ports import Mail

if TYPE_CHECKING:
    from mypy_boto3_sesv2.client import SESV2Client
    from mypy_boto3_sesv2.type_defs import BodyTypeDef, ContentTypeDef

_NOT_THIS_ONE = frozenset({"MessageRejected", "BadRequestException"})
"""SES has judged this message or its address, and would judge it so again. What it says of the account, the
sender or the identity is not here: that is a fault of the deployment."""


class SesMailer:
    """Implements ``Mailer``: one recipient a message, text and HTML, UTF-8.

    Raises ``Refused`` (``MAIL_REFUSED``) when SES will never send this one; the address is not repeated in it.
    """

    def __init__(self, client: "SESV2Client", *, sender: str) -> None:
        self._client = client
        self._sender = sender

    def send(self, mail: Mail) -> None:
        body: BodyTypeDef = {"Text": _utf8(mail.text), "Html": _utf8(mail.html)}
        try:
            with translated("SendEmail"):
                self._client.send_email(
                    FromEmailAddress=self._sender,
                    Destination={"ToAddresses": [mail.to]},
                    Content={"Simple": {"Subject": _utf8(mail.subject), "Body": body}},
                )
        except ClientError as error:
            if code_of(error) in _NOT_THIS_ONE:
                raise Refused("MAIL_REFUSED", code_of(error), "correct the address in the facts") from error
            raise


def _utf8(text: str) -> "ContentTypeDef":
    return {"Data": text, "Charset": "UTF-8"}
