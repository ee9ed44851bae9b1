"""Credentials of source systems, in memory."""

from cutover.errors import Refused
from cutover.ports import Credential


class FakeCredentials:
    """Implements ``Credentials``. What is rotated shows at the next fresh reading; ``readings`` names them all."""

    def __init__(self, **credentials: Credential) -> None:
        self._stored = dict(credentials)
        self._kept: dict[str, Credential] = {}
        self.readings: list[tuple[str, bool]] = []

    def rotate(self, purpose: str, credential: Credential) -> None:
        self._stored[purpose] = credential

    def get(self, purpose: str, *, fresh: bool = False) -> Credential:
        self.readings.append((purpose, fresh))
        if purpose not in self._stored:
            raise Refused("CREDENTIAL_MISSING", f"there is no secret {purpose}")
        if fresh or purpose not in self._kept:
            self._kept[purpose] = self._stored[purpose]
        return self._kept[purpose]
