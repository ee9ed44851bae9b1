"""Mail that stays here."""

from cutover.errors import Refused
from cutover.ports import Mail


class FakeMailer:
    """Implements ``Mailer``. ``refused``: addresses that are never served."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []
        self.refused: set[str] = set()

    def send(self, mail: Mail) -> str:
        if mail.to in self.refused:
            raise Refused("MAIL_REFUSED", "MessageRejected", "correct the address in the facts")
        self.sent.append(mail)
        return f"mail-{len(self.sent)}"
