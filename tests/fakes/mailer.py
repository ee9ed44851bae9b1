"""Mail that stays here."""

from cutover.ports import Mail


class FakeMailer:
    """Implements ``Mailer``."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []

    def send(self, mail: Mail) -> None:
        self.sent.append(mail)
