"""One release through the real handlers, and every use of a service that has a price.

What the fakes are asked for is what the adapters would ask AWS for: sizes are those of the real items. Not counted:
requests for data keys (services keep them for minutes), traffic, storage, and what a retry would add.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from cutover.adapters import dynamodb_items as items
from cutover.adapters.dynamodb_commit import actions
from cutover.ports import Commit
from infra.plan import FUNCTIONS
from tests.simulator import journeys
from tests.simulator.world import World

T = TypeVar("T")
Uses = Counter[str]
KILOBYTE = 1024
LAMBDA_SECONDS = "Lambda seconds"
"""Without a price: what the quota of functions at once counts."""
READ_BYTES = 4 * KILOBYTE
_STORE = {"get": "S3 reads", "locate": "S3 reads", "get_handoff": "S3 reads"}
_WRITES, _READS = "DynamoDB write units", "DynamoDB read units"


class CountingWorld(World):
    """``uses`` of each priced unit; ``invoked``: how often each function ran."""

    def __init__(self) -> None:
        super().__init__()
        self.uses: Uses = Counter()
        self.invoked: Counter[str] = Counter()
        tell: dict[str, Callable[..., Uses]] = {
            "records": _of_records, "store": _of_store, "tokens": _of_tokens, "messages": _of_messages,
            "mailer": lambda _call, *_: Counter({"SES mails": 1}),
            "deployment": lambda _call, *_: Counter({"SQS FIFO requests": 1}),
            "exceptions": lambda _call, *_: Counter({"SQS FIFO requests": 1}),
            "links_mac": lambda _call, *_: Counter({"KMS MACs": 1}),
            "announcements": lambda _call, *_: Counter({"EventBridge events": 1}),
        }  # fmt: skip
        for name, of in tell.items():
            if hasattr(self.wiring, name):
                setattr(self.wiring, name, watched(getattr(self.wiring, name), of, self.uses))
        signer = self.wiring.signer
        self.wiring.__dict__["signer"] = lambda purpose: watched(signer(purpose), _of_signer, self.uses)

    def invoke(self, module: str, event: Any) -> Any:
        kept = len(self.wiring.idempotency.items)
        self.invoked[module.rpartition(".")[2]] += 1
        if "Records" in event and module != "doors.relay":
            self.uses["SQS requests"] += 0 if event["Records"][0].get("dynamodb") else 3  # sent, received, deleted
        if module == "doors.approvals":
            self.uses["HTTP API requests"] += 1
        answer = super().invoke(module, event)
        self.uses[_WRITES] += 2 * (len(self.wiring.idempotency.items) - kept)  # begun, and finished
        return answer


def watched(port: T, of: Callable[..., Uses], uses: Uses) -> T:
    """``port``, with what each of its calls uses added to ``uses``."""

    class Watched:
        def __getattr__(self, name: str) -> Any:
            found = getattr(port, name)
            if not callable(found):
                return found

            def call(*args: Any, **kwargs: Any) -> Any:
                uses.update(of(name, *args))
                return found(*args, **kwargs)

            return call

    return cast("T", Watched())


def released() -> CountingWorld:
    """One release, from the announcement to the hand-off: two approvers, each with one visit and one answer."""
    world = CountingWorld()
    world.uses.clear()
    world.invoked.clear()
    journeys.handed_off(world)
    world.uses["EventBridge events"] += 1  # the announcement itself
    world.uses["Step Functions transitions"] += sum(len(each.visited) for each in world.machine.executions.values())
    return world


def lambda_uses(invoked: Counter[str], seconds: Mapping[str, float]) -> dict[str, float]:
    """Requests, memory times time, and time. ``seconds``: how long each function takes, by its module."""
    memory = {plan.module: plan.memory_mb for plan in FUNCTIONS.values()}
    return {
        "Lambda requests": invoked.total(),
        "Lambda GB-seconds (arm64)": sum(
            times * memory[name] / KILOBYTE * seconds[name] for name, times in invoked.items()
        ),
        LAMBDA_SECONDS: sum(times * seconds[name] for name, times in invoked.items()),
    }


def _of_records(call: str, *args: Any) -> Uses:
    if call == "commit":
        return Counter(
            {_WRITES: sum(_written(action.request) for action in actions("main", cast("Commit", args[0]), "w" * 32))}
        )
    if call in {"clear_signal", "nudge"}:
        return Counter({_WRITES: 3 * _kilobytes(items.item_of(args[0]))})  # the item, and the index twice
    return Counter({_READS: 1})


def _written(request: Any) -> int:
    """Write units of one part of a transaction: two for each kilobyte, and what its indexes take."""
    put = request.get("Put")
    if put is None:
        return 2
    size = _kilobytes(put["Item"])
    return 2 * size + size * (2 * ("live" in put["Item"]) + ("day" in put["Item"]))


def _of_store(call: str, *_: Any) -> Uses:
    return Counter({_STORE.get(call, "S3 writes and lists"): 1})


def _of_tokens(call: str, *_: Any) -> Uses:
    return Counter({_READS if call == "newest" else _WRITES: 1})


def _of_messages(call: str, *args: Any) -> Uses:
    return Counter({_WRITES: 3 * _kilobytes(items.item_of(args[0]))}) if call == "put" else Counter({_READS: 1})


def _of_signer(call: str, *_: Any) -> Uses:
    return Counter({"KMS signatures (ECC)": 1}) if call == "sign" else Counter()


def _kilobytes(item: Any) -> int:
    return -(-len(json.dumps(item, separators=(",", ":"))) // KILOBYTE)
