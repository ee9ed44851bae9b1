"""A world as a replay sees it: ports that can be read, and where every writing is an error."""

from typing import Any

from cutover.contracts.bundle import Engine
from cutover.domain import canonical
from cutover.domain.record import RevisionRecord
from cutover_cli.replaying.difference import Replayed
from cutover_cli.replaying.replaying import Replaying
from tests.simulator.world import World

READS = {"get", "locate", "has_tombstone", "revision", "lane", "ledger", "chain"}


class Reading:
    """A port of which only what reads can be called."""

    def __init__(self, port: Any) -> None:
        self._port = port

    def __getattr__(self, name: str) -> Any:
        if name not in READS:
            raise AssertionError(f"a replay must not call {name}")
        return getattr(self._port, name)


def replaying(world: World, engine: Engine | None = None) -> Replaying:
    return Replaying(
        records=Reading(world.wiring.records), store=Reading(world.wiring.store),
        fingerprint=canonical.digest_model(world.deployment.root()), engine=engine or world.wiring.bundle_engine,
    )  # fmt: skip


def replayed(world: World, record: RevisionRecord | None = None, engine: Engine | None = None) -> Replayed:
    """Nothing of the world is another one afterwards."""
    before = dict(world.wiring.store.objects), len(world.wiring.records.changes), world.wiring.exceptions.messages[:]
    done = replaying(world, engine).replay(record or world.record())
    assert (dict(world.wiring.store.objects), len(world.wiring.records.changes)) == before[:2]
    assert world.wiring.exceptions.messages == before[2]
    return done


def key_of(digest: str) -> str:
    """Where the world's store keeps a document."""
    return "sha256/" + digest.removeprefix("sha256:")
