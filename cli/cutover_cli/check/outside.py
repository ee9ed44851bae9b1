"""What a check is done with: policy, source systems, time, and what a deployment knows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from cutover.adapters.system_clock import SystemClock
from cutover.contracts.base import Audience
from cutover.contracts.candidate import Candidate
from cutover.contracts.policy import Facts, Rules
from cutover.domain.record import Lane, RevisionRecord, Slot
from cutover.ports import Clock, Sources
from cutover_cli import files
from cutover_cli.aside import Aside
from cutover_cli.check.going import Surroundings
from cutover_cli.check.sources import Client, sources
from cutover_cli.output import BadArgument
from cutover_cli.site import Site, site


@dataclass(frozen=True, slots=True)
class Outside:
    """What a check is done with: source systems for an audience, time, and a deployment if its policy is meant.

    Whoever calls the command from Python may give the context another one.
    """

    sources: Callable[[Audience, Clock], Sources]
    clock: Clock
    site: Site | None = None


@dataclass(frozen=True, slots=True)
class At:
    """A clock that stands. Implements ``Clock``."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant


@dataclass(frozen=True, slots=True)
class Place:
    """Which deployment, and with which AWS session."""

    stack: str | None
    profile: str | None
    region: str | None
    local: bool
    state_dir: Path | None

    def site(self, ctx: typer.Context) -> Site:
        return site(
            ctx, stack=self.stack, profile=self.profile, region=self.region, local=self.local,
            state_dir=self.state_dir,
        )  # fmt: skip

    def client(self) -> Client:
        """Clients of the caller's own session; of the local stack where that is meant."""
        if self.local:
            from cutover_cli.local import lifecycle

            clients = lifecycle.attach(state_dir=self.state_dir).clients
            return lambda service, **given: clients.session.client(service, endpoint_url=clients.endpoint, **given)
        import boto3

        return boto3.Session(profile_name=self.profile, region_name=self.region).client


def outside(ctx: typer.Context, place: Place, *, files_given: bool, with_credentials: bool) -> Outside:
    """Where policy and source systems are. Raises BadArgument where nothing says it.

    By files, which nobody may have signed, credentials are shown to source systems only if that is asked for.
    """
    given = ctx.find_object(Outside)
    if given is not None:
        return given
    if not (files_given or place.local or place.stack):
        raise BadArgument("give --rules and --facts, or a deployment whose policy is active: --stack NAME or --local")
    where = None if files_given else place.site(ctx)
    shown = with_credentials or not files_given
    return Outside(
        lambda audience, clock: sources(place.client(), audience, clock, with_credentials=shown), SystemClock(), where
    )


def policy_of(found: Outside, rules: Path | None, facts: Path | None) -> tuple[Rules, Facts]:
    """Of files, which nobody needs to have signed yet, or what is active in the deployment."""
    if rules is not None and facts is not None:
        return files.model(Rules, rules), files.model(Facts, facts)
    if found.site is None or rules is not None or facts is not None:
        raise BadArgument("give both --rules and --facts, or a stack whose policy is active")
    active = found.site.policy()
    return active.rules, active.facts


def around(
    found: Outside, policy: tuple[Rules, Facts], *, clock: Clock, targets: list[str] | None, trusted_root: Path | None,
    say: Callable[[str], None],
) -> Surroundings:  # fmt: skip
    """All of it together. Raises BadArgument for a trusted root that the facts do not name."""
    from cutover.attesting.opening import Opening

    rules, facts = policy
    store = Aside(found.site.documents if found.site else None)
    if trusted_root is not None and store.put(files.content(trusted_root)) != facts.trusted_root:
        raise BadArgument(f"{trusted_root} is not the trusted root that the facts name: {facts.trusted_root}")
    return Surroundings(
        rules=rules, facts=facts, targets=targets or _deployed(found.site, rules), clock=clock, store=store,
        sources=found.sources(facts.audience, clock), statements=Opening(store.get), say=say,
        **_known(found.site),
    )  # fmt: skip


def _deployed(where: Site | None, rules: Rules) -> tuple[str, ...]:
    """The targets that rules name signers for, as far as the deployment has them."""
    if where is None:
        return tuple(rules.signers)
    return tuple(target for target in rules.signers if where.queues(target) is not None)


def _known(where: Site | None) -> dict[str, Any]:
    """What the deployment knows of releases that are in the way."""
    if where is None:
        return {}

    def lane(candidate: Candidate) -> Lane | None:
        return where.records.lane(candidate.product, candidate.target, rehearsal=candidate.rehearsal)

    def slot(record: RevisionRecord) -> Slot | None:
        queue, ours = where.queues(record.target), where.records.lane(record.product, record.target)
        owner = where.records.slot(queue, record.window) if queue else None
        live = ours is not None and ours.ended is None
        if owner and ours and live and (owner.cutover, owner.revision) == (ours.cutover, ours.revision):
            return None  # a newer candidate takes its place, and its slot
        return owner

    return {"lane": lane, "slot": slot, "deployed": True}
