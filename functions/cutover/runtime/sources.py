"""Source systems: how evidence is asked for, and whether it still says what it said."""

import functools
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING

from cutover.contracts.candidate import Candidate
from cutover.contracts.evidence import Collection, Section
from cutover.domain.checks.context import StatementOpener
from cutover.domain.record import RevisionRecord
from cutover.drifting import Drifting
from cutover.ports import Credentials, Sources
from cutover.runtime.keeping import Keeping
from cutover.runtime.reaching import reached
from cutover.together import A, B, Together

if TYPE_CHECKING:
    from cutover.sources.web import Web

AT_A_TIME = 8
"""Below the ten connections that a client of botocore keeps."""


class Asking(Keeping):
    """The ways to source systems, and what asks them."""

    @functools.cached_property
    def sources(self) -> Sources:
        """One adapter for each kind of source system."""
        return reached(
            self.client, ecr=lambda region: self.client("ecr", region=region), web=lambda: self.web,
            credentials=lambda: self.credentials, clock=self.clock,
        )  # fmt: skip

    @property
    def statements(self) -> StatementOpener:
        """Proves who signed a statement; ``sigstore`` is imported for a Sigstore bundle only."""
        from cutover.attesting.opening import Opening

        return Opening(self.store.get)

    @functools.cached_property
    def web(self) -> "Web":
        """The way to source systems. The setting for tests is refused at synthesis (``infra.refusals``)."""
        from cutover.sources.web import CheckedWeb

        return CheckedWeb(loopback=self.settings.of_a_test("CUTOVER_TEST_LOOPBACK") == "1")

    @functools.cached_property
    def credentials(self) -> Credentials:
        from cutover.adapters.secrets_credentials import SecretsCredentials

        return SecretsCredentials(self.client("secretsmanager"), prefix=self.settings.text("CUTOVER_SECRETS_PREFIX"))

    @property
    def together(self) -> Together:
        """Some calls at a time: clients of botocore may be shared by threads."""
        return _some_at_a_time

    @functools.cached_property
    def drifting(self) -> Drifting:
        """Collects a changed section as Collect does."""
        from cutover.stages.collect.collecting import Collecting

        def again(record: RevisionRecord, section: Section, candidate: Candidate, until: datetime) -> Collection:
            return Collecting(
                section=section, rules=self.policies.rules(record.rules), facts=self.policies.facts(record.facts),
                sources=self.sources, store=self.store, clock=self.clock, until=until,
            ).collect(candidate)  # fmt: skip

        return Drifting(
            store=self.store, policies=self.policies, sources=self.sources, clock=self.clock, collect=again,
            together=self.together,
        )  # fmt: skip


def _some_at_a_time(call: Callable[[A], B], items: Iterable[A]) -> list[B]:
    with ThreadPoolExecutor(max_workers=AT_A_TIME) as pool:
        return list(pool.map(call, items))
