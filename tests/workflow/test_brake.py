"""The emergency brake: it always engages, without the pipeline; a release frees what its dry run showed, once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cutover.contracts.brake import BrakeOrder
from cutover.domain import brake as braking
from cutover.domain import canonical
from cutover.domain.record import Brake, Status
from cutover.doors.brake_orders.planning import release_plan
from cutover.errors import AmbiguousCompletion, DependencyUnavailable
from tests.fakes.faults import When
from tests.simulator.events import Sent, brake_order, deliver, engage, plan, release, signed, told
from tests.simulator.failing import failing
from tests.simulator.journeys import AFTER_OPENING, awaiting_approval, awaiting_window, repair
from tests.simulator.world import World

CUTOVER = "service@production.1"


def state(world: World) -> Brake:
    brake = world.wiring.records.brake()
    assert brake is not None
    return brake


def result(world: World, event: Sent) -> tuple[str, str]:
    """The one entry that an order led to: its chain and result."""
    (entry,) = told(world, event)
    assert entry.actor.role == "brake-orders"
    return entry.chain, entry.result


def test_an_engaged_brake_stops_the_hand_off_and_a_release_frees_it() -> None:
    world = World()
    awaiting_window(world)
    event = engage(world)
    assert result(world, event) == ("brake", "ENGAGED")
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    repair(world, 3)
    assert (world.messages(), world.ledger()[-1].result) == ([], "BRAKE_ENGAGED")
    assert result(world, release(world)) == ("brake", "RELEASED")
    repair(world, 10)
    assert world.record().status is Status.HANDED_OFF
    assert len(world.messages()) == 1


def test_who_engaged_it_stands_in_the_ledger_with_the_reason() -> None:
    world = World()
    event = engage(world, reason="Payments fail.")
    (entry,) = told(world, event)
    assert (entry.event, entry.actor.requester, entry.detail) == (
        "brake-engaged", "brake of shop", "dana: Payments fail."
    )  # fmt: skip
    assert entry.inputs == {"order": event.payload, "envelope": event.envelope}
    assert state(world) == Brake(engaged=True, version=2, order=event.payload, since=world.clock.now())


def test_the_release_s_entry_names_the_plan() -> None:
    world = World()
    engage(world)
    shown = plan(world)
    (entry,) = told(world, release(world))
    assert (entry.event, entry.inputs["plan"]) == ("brake-released", shown)


def test_a_brake_that_was_never_set_engages() -> None:
    world = World()
    del world.wiring.records._models[("Brake",)]
    engage(world)
    assert (state(world).engaged, state(world).version) == (True, 1)


def test_engaged_again_names_the_newer_order() -> None:
    """Whoever made the dry run before has not read why somebody else engaged it."""
    world = World()
    first = engage(world)
    early = plan(world)
    second = engage(world, reason="The database, too.")
    assert (result(world, first)[1], result(world, second)[1]) == ("ENGAGED", "ENGAGED_AGAIN")
    assert (state(world).engaged, state(world).order) == (True, second.payload)
    assert result(world, release(world, plan=early)) == ("brake", "PLAN_DIFFERS")
    assert state(world).engaged
    assert result(world, release(world, requester="eve")) == ("brake", "RELEASED")


@pytest.mark.parametrize("forgetful", [False, True], ids=["guarded", "without Powertools"])
def test_the_same_order_twice_has_one_effect(forgetful: bool) -> None:
    world = World()
    event = engage(world)
    before = state(world), world.ledger("brake")
    if forgetful:
        world.wiring.idempotency.clear()
    for number in range(3):
        assert deliver(world, event, message_id=f"m-{number}") == {"batchItemFailures": []}
    assert (state(world), world.ledger("brake")) == before


def test_an_old_order_to_engage_does_not_engage_again() -> None:
    world = World()
    first = engage(world)
    world.clock.move(timedelta(minutes=1))
    release(world)
    world.clock.move(timedelta(hours=1))
    deliver(world, first)
    again = signed(world, brake_order(world, "engage", issued_at=world.clock.now() - timedelta(hours=2)))
    deliver(world, again)
    assert not state(world).engaged
    assert result(world, again) == ("brake", "ORDER_OVERTAKEN")


def test_an_old_release_does_not_release_again() -> None:
    world = World()
    engage(world)
    freed = release(world)
    engage(world, reason="Again.")
    deliver(world, freed)
    assert state(world).engaged


def test_a_release_that_was_kept_back_does_not_release_a_later_engagement() -> None:
    """Even within the time of an order: its plan names the order that had engaged the brake."""
    world = World()
    engage(world)
    kept_back = signed(world, brake_order(world, "release", plan=plan(world)))
    release(world, reason="Another release.")
    engage(world, reason="Something else.")
    deliver(world, kept_back)
    assert state(world).engaged
    assert result(world, kept_back) == ("brake", "PLAN_DIFFERS")


@pytest.mark.parametrize("hours", [-3, 0, 3, 200])
def test_an_order_to_engage_works_whenever_it_comes(hours: int) -> None:
    """A brake that comes late, or from a clock that is wrong, still brakes."""
    world = World()
    event = engage(world, issued_at=world.clock.now() - timedelta(hours=hours))
    assert result(world, event) == ("brake", "ENGAGED")


def ago(**delta: int) -> Callable[[World], dict[str, Any]]:
    return lambda world: {"issued_at": world.clock.now() - timedelta(**delta)}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (lambda _: {"plan": None}, "PLAN_MISSING"),
        (lambda _: {"plan": "sha256:" + "0" * 64}, "PLAN_DIFFERS"),
        (ago(minutes=15, seconds=1), "ORDER_EXPIRED"),
        (ago(minutes=-5, seconds=-1), "NOT_YET_ISSUED"),
        (ago(seconds=1), "ORDER_OVERTAKEN"),
    ],
)
def test_a_release_that_is_not_in_order_releases_nothing(
    changes: Callable[[World], dict[str, Any]], code: str
) -> None:  # fmt: skip
    world = World()
    engage(world)
    before = state(world)
    event = release(world, **changes(world))
    assert result(world, event) == ("brake", code)
    assert state(world) == before


@pytest.mark.parametrize(("issued_in", "arrives_in"), [(0, 15), (5, 0), (5, 20)])
def test_a_release_in_its_time_releases(issued_in: int, arrives_in: int) -> None:
    """In minutes from now; a clock may be five minutes ahead."""
    world = World()
    engage(world)
    issued_at = world.clock.now() + timedelta(minutes=issued_in)
    event = signed(world, brake_order(world, "release", plan=plan(world), issued_at=issued_at))
    world.clock.move(timedelta(minutes=arrives_in))
    deliver(world, event)
    assert result(world, event) == ("brake", "RELEASED")


def test_only_an_engaged_brake_is_released() -> None:
    world = World()
    assert result(world, release(world)) == ("brake", "NOT_ENGAGED")
    del world.wiring.records._models[("Brake",)]
    event = signed(world, brake_order(world, "release", plan="sha256:" + "0" * 64))
    deliver(world, event)
    assert result(world, event) == ("brake", "NOT_ENGAGED")
    assert world.wiring.records.brake() is None, "a brake whose state nobody knows stops hand-offs as well"


def test_the_plan_names_who_would_be_freed() -> None:
    world = World()
    record = awaiting_window(world)
    engage(world)
    shown = release_plan(state(world), world.wiring.records)
    (freed,) = shown.frees
    assert (freed.cutover, freed.revision, freed.status) == (CUTOVER, 1, "awaiting_window")
    assert (freed.opens_at, freed.closes_at) == (record.opens_at, record.closes_at)
    assert shown.engaged_by == state(world).order


def test_a_release_for_another_plan_than_now_frees_nobody() -> None:
    world = World()
    awaiting_window(world)
    engage(world)
    shown = plan(world)
    world.decide("bo", "refuse")
    world.run()
    assert plan(world) != shown
    assert result(world, release(world, plan=shown)) == ("brake", "PLAN_DIFFERS")
    assert state(world).engaged


def test_who_is_still_asked_is_not_in_the_plan() -> None:
    world = World()
    awaiting_approval(world)
    engage(world)
    assert release_plan(state(world), world.wiring.records).frees == ()


def test_a_revision_that_the_index_shows_as_it_was_is_read_again() -> None:
    """The index lags: what it shows as waiting may have ended."""
    world = World()
    record = awaiting_window(world)
    engage(world)
    world.wiring.records.waiting = lambda statuses, *, limit: iter([record])  # type: ignore[method-assign]  # noqa: ARG005
    world.decide("bo", "refuse")
    assert release_plan(state(world), world.wiring.records).frees == ()


def test_a_plan_that_nobody_could_read_is_not_released() -> None:
    world = World()
    record = awaiting_window(world)
    engage(world)
    shown = plan(world)
    event = signed(world, brake_order(world, "release", plan=shown))
    world.wiring.records.waiting = lambda statuses, *, limit: iter([record] * limit)  # type: ignore[method-assign]  # noqa: ARG005
    deliver(world, event)
    assert result(world, event) == ("brake", "PLAN_TOO_LARGE")


# --- whose orders count ---------------------------------------------------------------------------------


def test_a_key_for_some_products_does_not_brake_all() -> None:
    world = World()
    keys = tuple(
        key.model_copy(update={"products": ("service",)}) if key.purpose == "brake" else key
        for key in world.deployment.trusted_keys()
    )
    world.publish(facts=world.deployment.facts().model_copy(update={"keys": keys, "version": 2}), version=2)
    event = engage(world)
    assert result(world, event) == ("brake", "OUT_OF_SCOPE")
    assert not state(world).engaged


@pytest.mark.parametrize("action", ["engage", "release"])
@pytest.mark.parametrize("key", ["withdrawal", "owner/ana", "receipt"])
def test_other_keys_change_nothing(action: str, key: str) -> None:
    world = World()
    if action == "release":
        engage(world)
    before = state(world)
    event = signed(world, brake_order(world, action, plan=plan(world)), key=key)
    deliver(world, event)
    assert state(world) == before
    assert result(world, event)[0] == "orders"


# --- what it needs --------------------------------------------------------------------------------------


class Down:
    """A service that is not there: whatever is asked of it fails."""

    def __getattr__(self, name: str) -> Any:
        raise DependencyUnavailable(name)


@pytest.mark.parametrize("action", ["engage", "release"])
def test_it_works_with_everything_down_that_it_does_not_need(action: str) -> None:
    """No Step Functions, no source systems, no signing key, no mail, no queues to send to, no Powertools table."""
    world = World()
    awaiting_window(world)
    if action == "release":
        engage(world)
    shown = plan(world)
    for port in ("workflow", "tokens", "sources", "inbox", "exceptions", "deployment", "mailer", "links_mac"):
        world.wiring.__dict__[port] = Down()
    world.wiring.__dict__["idempotency"] = Down()
    world.wiring.__dict__["signer"] = Down()
    event = signed(world, brake_order(world, action, plan=shown))
    assert deliver(world, event) == {"batchItemFailures": []}
    assert state(world).engaged == (action == "engage")


@pytest.mark.parametrize("call", ["store.put", "records.commit", "records.brake", "records.policy"])
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("error", [DependencyUnavailable, AmbiguousCompletion])
def test_a_failing_service_loses_no_order(call: str, moment: When, error: type[Exception]) -> None:
    world = World()
    event = signed(world, brake_order(world, "engage"))
    with failing(world, call, moment, error):
        assert deliver(world, event) == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert deliver(world, event) == {"batchItemFailures": []}
    assert result(world, event) == ("brake", "ENGAGED")
    assert state(world).version == 2


def test_of_two_orders_at_once_the_second_is_decided_on_what_the_first_left() -> None:
    world = World()
    engage(world)
    shown = plan(world)
    real = world.wiring.records.commit
    second = signed(world, brake_order(world, "engage", reason="Me too."))

    def meanwhile(commit: Any) -> None:
        world.wiring.records.commit = real  # type: ignore[method-assign]
        before = state(world)
        order = BrakeOrder.model_validate(brake_order(world, "engage", reason="Me too."))
        after = braking.engaged(before, order, second.payload, now=world.clock.now())
        world.wiring.records.set_brake(after)
        real(commit)

    freeing = signed(world, brake_order(world, "release", plan=shown))
    world.wiring.records.commit = meanwhile  # type: ignore[method-assign]
    deliver(world, freeing)
    assert result(world, freeing) == ("brake", "PLAN_DIFFERS")
    assert state(world).engaged


def test_a_plan_has_one_digest_whatever_the_order_of_the_index() -> None:
    world = World()
    record = awaiting_window(world)
    other = record.model_copy(update={"cutover": "another@production.1"})
    brake = Brake(engaged=True)
    one, two = braking.plan(brake, [record, other]), braking.plan(brake, [other, record])
    assert braking.digest_of(one) == braking.digest_of(two) == canonical.digest(canonical.encode_model(one))
    assert one.engaged_by == braking.NO_ORDER
