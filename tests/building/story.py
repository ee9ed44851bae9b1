"""A release of the simulated world that was handed off, as somebody holds it in their hands: with its ledger."""

import base64
import functools
import io
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from cutover.contracts.handoff import HANDOFF_TYPE, Handoff
from cutover.contracts.ledger import LedgerEntry
from cutover.contracts.supersession import NOTICE_TYPE, Notice
from cutover.domain import canonical
from cutover.domain.ledger import entry_digest
from tests.building.keys import Key, seal_bytes
from tests.building.ledger import export_of, head_of, rewritten
from tests.building.policy import Deployment
from tests.simulator.journeys import handed_off
from tests.simulator.world import World

Change = Callable[[Any], Any]


@dataclass(frozen=True)
class Story:
    """The message, the stored documents by digest, the trust file, and the entries of its cutover's chain."""

    deployment: Deployment
    message: bytes
    documents: dict[str, bytes] = field(repr=False)
    trust: bytes = field(repr=False)
    entries: tuple[LedgerEntry, ...] = field(repr=False)

    @property
    def handoff(self) -> Handoff:
        return Handoff.model_validate_json(base64.b64decode(orjson.loads(self.message)["payload"]))

    @property
    def ledger(self) -> bytes:
        """The export of the chain, with the signed head of its last entry."""
        return export_of(self.entries, self.head())

    def head(self, number: int | None = None, *, key: Key | None = None) -> bytes:
        """The signed head that ends with this entry, or with the last."""
        entry = self.entries[-1 if number is None else number - 1]
        return head_of(entry, key=key or self.deployment.key("ledger"))

    def number(self, event: str) -> int:
        return next(entry.sequence for entry in self.entries if entry.event == event)

    def changed(self, number: int, change: Change) -> "Story":
        """With one entry changed, and those after it following it; the message is still the same."""
        entries = list(self.entries)
        said = change(orjson.loads(canonical.encode_model(entries[number - 1])))
        entries[number - 1] = LedgerEntry.model_validate_json(canonical.encode(said))
        return replace(self, entries=tuple(rewritten(entries, number + 1)))

    def signed_again(self) -> "Story":
        """The same message after the ledger's own entries: the key for hand-offs signs whatever it is given."""
        said = orjson.loads(canonical.encode_model(self.handoff))
        before = self.entries[self.handoff.ledger.sequence - 1]
        said["ledger"] = {"sequence": before.sequence, "entry": entry_digest(before)}
        message = seal_bytes(HANDOFF_TYPE, canonical.encode(said), self.deployment.key("handoff"))
        digest = canonical.digest(message)

        def sent(entry: LedgerEntry) -> LedgerEntry:
            inputs = {name: digest if name == "handoff" else each for name, each in entry.inputs.items()}
            return entry.model_copy(update={"inputs": inputs})

        entries = tuple(rewritten([sent(entry) for entry in self.entries], 2))
        return replace(self, message=message, entries=entries)

    def extended(self, **entry: Any) -> "Story":
        """With one more entry at the end of the chain."""
        last = self.entries[-1]
        told = {"transition": None, "from_": None, "to": None, "inputs": {}, "detail": None, **entry}
        more = last.model_copy(update={"sequence": last.sequence + 1, "previous": entry_digest(last), **told})
        return replace(self, entries=(*self.entries, more))

    def notice(self, number: int, change: Change = lambda said: said, *, key: Key | None = None) -> bytes:
        """The signed notice of one entry."""
        entry = self.entries[number - 1]
        notice = Notice(
            audience=self.deployment.audience, cutover=entry.chain, revision=entry.revision or 1, event=entry.event,
            result=entry.result, detail=entry.detail, at=entry.at, chain=entry.chain, sequence=entry.sequence,
            entry=entry_digest(entry),
        )  # fmt: skip
        payload = canonical.encode(change(orjson.loads(canonical.encode_model(notice))))
        return seal_bytes(NOTICE_TYPE, payload, key or self.deployment.key("ledger"))


def story_of(world: World, cutover: str) -> Story:
    """What there is of a cutover that was handed off."""
    stored = world.wiring.store.objects
    return Story(
        deployment=world.deployment, message=world.messages()[0],
        documents={canonical.digest(each): each for name, each in stored.items() if name.startswith("sha256/")},
        trust=world.deployment.trust_file(), entries=tuple(world.ledger(cutover)),
    )  # fmt: skip


@functools.cache
def the_story() -> Story:
    """The one release of the world, from its candidate to its hand-off."""
    with redirect_stdout(io.StringIO()):
        world = World()
        record = handed_off(world)
    return story_of(world, record.cutover)
