"""Settings, clock, clients and signers: what everything of the wiring is made with."""

import functools
import threading
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from cutover.adapters.system_clock import SystemClock
from cutover.contracts.policy import Purpose
from cutover.ports import Clock, Signer
from cutover.runtime.settings import Settings

STANDARD = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})


class Clients:
    """The settings, the present, clients of AWS, and keys to sign with."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock: Clock = self._clock()
        self._signers: dict[Purpose, Signer] = {}
        self._making = threading.Lock()

    def _clock(self) -> Clock:
        """The host's; another in drills."""
        moved = self.settings.of_a_test("CUTOVER_TEST_CLOCK")
        if moved is None:
            return SystemClock()
        from cutover.adapters.moved_clock import MovedClock

        return MovedClock(SystemClock(), Path(moved))

    @functools.cached_property
    def session(self) -> boto3.Session:
        return boto3.Session()

    def client(self, service: Any, config: Config = STANDARD, region: str | None = None) -> Any:
        """A client in this function's region, or in another one."""
        with self._making:  # a session is not made for threads, which may ask for a registry's client
            return self.session.client(service, config=config, region_name=region)

    def signer(self, purpose: Purpose) -> Signer:
        """The KMS key that this function was given for a purpose."""
        from cutover.adapters.kms_signer import KmsSigner

        if purpose not in self._signers:
            arn = self.settings.text(f"CUTOVER_{purpose.upper()}_KEY")
            self._signers[purpose] = KmsSigner(self.client("kms"), key_arn=arn)
        return self._signers[purpose]
