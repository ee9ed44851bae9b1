"""Mail through SES (API v2)."""

import re
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cutover.adapters.aws_errors import code_of, translated
from cutover.domain import base64url
from cutover.errors import Refused
from cutover.ports import Mail

if TYPE_CHECKING:
    from mypy_boto3_sesv2.client import SESV2Client
    from mypy_boto3_sesv2.type_defs import ContentTypeDef, MessageTypeDef, SendEmailRequestTypeDef

_IDENTIFIER = re.compile(r"[A-Za-z0-9-]{1,120}", re.ASCII)
"""As SES makes them. Nothing else goes into a header."""
_NOT_THIS_ONE = frozenset({"MessageRejected", "BadRequestException"})
"""SES has judged this message or its address, and would judge it so again. What it says of the account, the
sender or the identity is not here: that is a fault of the deployment."""


class SesMailer:
    """Implements ``Mailer``: one recipient a message, text and HTML, UTF-8.

    ``region``: where SES sends from; it stands in the Message-ID that SES gives each mail, so that a later mail can
    name it (RFC 5322 §3.6.4). Values of ``about`` are sent in base64url, for a tag of SES takes neither ``@`` nor a
    point. ``configuration_set``: through which SES tells of bounces and complaints.

    Raises ``Refused`` (``MAIL_REFUSED``) when SES will never send this one; the address is not repeated in it.
    """

    def __init__(
        self, client: "SESV2Client", *, sender: str, region: str = "", configuration_set: str | None = None
    ) -> None:
        self._client = client
        self._sender = sender
        self._domain = "email.amazonses.com" if region == "us-east-1" else f"{region}.amazonses.com"
        self._configuration: SendEmailRequestTypeDef = {"Content": {}}
        if configuration_set:
            self._configuration["ConfigurationSetName"] = configuration_set

    def send(self, mail: Mail) -> str:
        simple: MessageTypeDef = {
            "Subject": _utf8(mail.subject),
            "Body": {"Text": _utf8(mail.text), "Html": _utf8(mail.html)},
        }
        if mail.under is not None and _IDENTIFIER.fullmatch(mail.under):
            first = f"<{mail.under}@{self._domain}>"
            simple["Headers"] = [{"Name": name, "Value": first} for name in ("In-Reply-To", "References")]
        request: SendEmailRequestTypeDef = {
            **self._configuration,
            "FromEmailAddress": self._sender,
            "Destination": {"ToAddresses": [mail.to]},
            "Content": {"Simple": simple},
        }
        if mail.about:
            request["EmailTags"] = [
                {"Name": name, "Value": base64url.encode(value.encode())} for name, value in sorted(mail.about.items())
            ]
        try:
            with translated("SendEmail"):
                return self._client.send_email(**request)["MessageId"]
        except ClientError as error:
            if code_of(error) in _NOT_THIS_ONE:
                raise Refused("MAIL_REFUSED", code_of(error), "correct the address in the facts") from error
            raise


def _utf8(text: str) -> "ContentTypeDef":
    return {"Data": text, "Charset": "UTF-8"}
