"""Which items of the main table each function may write: what its rows of the table and its notes take, no more.

Every (function, row) pair of the protocol is written here through the real recorder, from each status that the row may
be taken from, and each request is held against the grants of the deployed stack.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cutover.adapters import dynamodb_items as items
from cutover.adapters.dynamodb_commit import actions
from cutover.domain import transitions
from cutover.domain.record import Admission, Lane, RevisionRecord, Slot, Status
from cutover.domain.transitions import Transition
from cutover.ports import Commit
from cutover.recorder import Opening, Recorder, Step
from tests.building.policy import CLOSES_AT
from tests.fakes.records import InMemoryRecords
from tests.infra.reading import Assembled
from tests.simulator.journeys import announced, awaiting_approval, awaiting_window, handed_off
from tests.simulator.world import World

MAIN = "{Tables/Main}"
WRITES = {
    "Put": "dynamodb:PutItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Update": "dynamodb:UpdateItem",
}
PUT, UPDATE = WRITES["Put"], WRITES["Update"]
KEYS = "dynamodb:LeadingKeys ForAllValues:StringLike "
Written = set[tuple[str, str, str]]
"""Function, action, and the kind that a partition key begins with."""

BESIDE_ROWS: Written = {
    # Signals: the relay clears them, and asks for an adoption; the clock repeats them; a waiting Admit is not given up.
    *((name, UPDATE, kind) for name in ("Relay", "Clock") for kind in ("ADMISSION", "CUTOVER")),
    ("Admit", UPDATE, "ADMISSION"),
    # Notes in the ledger, some of which say in the record when to look again.
    ("RecordFailure", PUT, "CHAIN"), ("RecordFailure", PUT, "CUTOVER"),
    ("Clock", PUT, "ADMISSION"), ("Intake", PUT, "CHAIN"),
    # Events that change no revision. Each spends its nonce, so that it has one entry however often it comes.
    *((name, PUT, kind)
      for name in (
          "AfterActions", "BrakeOrders", "Deliveries", "Invitations", "Receipts", "Resolutions", "Withdrawals"
      )
      for kind in ("CHAIN", "NONCE")),
    ("BrakeOrders", PUT, "BRAKE"),
    # The record names the after-action record of its emergency.
    ("AfterActions", PUT, "CUTOVER"),
    # A deferral or refusal is a form, too; and whoever decides with a passkey moves its counter.
    ("Approvals", PUT, "NONCE"), ("Approvals", PUT, "PASSKEY"),
    # Whom an invitation has registered.
    ("Passkeys", PUT, "CHAIN"), ("Passkeys", PUT, "ENROLMENT"),
    # What was said of a revision.
    *((name, PUT, "MESSAGES") for name in ("Feedback", "Messenger", "RequestApproval")),
    # That one came back, once for each mail.
    ("Feedback", PUT, "CHAIN"), ("Feedback", PUT, "NONCE"),
}  # fmt: skip


def refused(world: World) -> None:
    world.announce(key="waiver")
    world.run()


def declined(world: World) -> None:
    awaiting_approval(world)
    world.decide("omar", "refuse")
    world.run()


def declined_by_a_rule(world: World) -> None:
    strict = world.rules().model_copy(update={"severities": {"artifacts.nothing-newer": "deny"}})
    world.publish(rules=strict, version=2)
    world.wiring.bucket.put("shop-registry", world.records["artifact"].record, b"built again")
    assert announced(world).status == "declined"


def expired(world: World) -> None:
    awaiting_window(world)
    world.clock.move_to(CLOSES_AT)
    world.tick()


def failed(name: str) -> Callable[[World], None]:
    def journey(world: World) -> None:
        def fail(stage: str, _payload: object) -> None:
            if stage == name:
                raise ZeroDivisionError

        world.before_invoke = fail
        world.announce()
        world.run()
        for _ in range(3):
            world.clock.move_to(world.clock.now() + (CLOSES_AT - world.clock.now()) / 2)
            world.tick()

    return journey


def rehearsed(world: World) -> None:
    assert announced(world, world.candidate(rehearsal=True, waivers=())).status == "rehearsed"


JOURNEYS: dict[str, Callable[[World], object]] = {
    "handed off": handed_off,
    "refused": refused,
    "declined": declined,
    "declined by a rule": declined_by_a_rule,
    "expired": expired,
    "rehearsed": rehearsed,
    "a failing Admit": failed("Admit"),
    "a failing Bind": failed("Bind"),
}


class Sent(InMemoryRecords):
    """Remembers what the adapter would send for each commit."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: Written = set()

    def commit(self, commit: Commit) -> None:
        self.writes.update(requests(commit))
        super().commit(commit)


def requests(commit: Commit) -> Iterator[tuple[str, str, str]]:
    function = "".join(part.capitalize() for part in commit.entries[0].actor.role.split("-"))
    for action in actions("main", commit, "writer"):
        ((operation, told),) = dict[str, Any](action.request).items()
        key: items.Item = told.get("Item") or told["Key"]
        yield function, WRITES[operation], key["pk"]["S"].partition("#")[0]


@pytest.fixture(scope="module")
def by_row() -> Written:
    """Every row by every writer from every status, through the real recorder."""
    world = World()
    record = awaiting_window(world)
    lane = world.wiring.records.lane(record.product, record.target)
    admission = world.admissions()[0].model_copy(update={"status": Status.ADMITTING, "version": 1})
    assert lane is not None
    written: Written = set()
    for row in transitions.TABLE.values():
        for writer, sources in row.writers.items():
            for status in sources:
                written |= taken(row, writer, status, (world, record, lane, admission))
    return written | announced_by(world, admission)


_NO_SLOT = frozenset({Status.COLLECTING, Status.VERIFYING, Status.HELD})


def taken(
    row: Transition, writer: str, status: Status, known: tuple[World, RevisionRecord, Lane, Admission]
) -> Written:
    world, record, lane, admission = known
    names = {"cutover": "service@production.rehearsal.1"} if row.of == "rehearsal" else {}
    lane = lane.model_copy(update=names)
    before = record.model_copy(
        update={"status": status, "queue_arn": None if status in _NO_SLOT else record.queue_arn, "signal": None} | names
    )
    sent = Sent()
    recorder = Recorder(records=sent, clock=world.clock, role=writer, engine=world.wiring.engine)
    if status is Status.ADMITTING:
        return admitting(row, recorder, sent, known)
    sent._set(before)
    sent._set(lane)
    if before.queue_arn is not None:
        sent._set(Slot(queue_arn=before.queue_arn, window=before.window, cutover=before.cutover, revision=1))
    successor = before.model_copy(update={"revision": 2, "status": Status.COLLECTING, "queue_arn": None, "version": 1})
    opening = Opening(record=successor)
    if row.opens and writer == "admit":
        sent._set(admission)
        opening = Opening(record=successor, admission=admission, payload=record.candidate)
    claim = Slot(queue_arn=world.deployment.queue_arn, window=before.window, cutover=before.cutover, revision=1)
    step = Step(
        row.event, "somebody", claim=claim if row.event == "bound" else None, opening=opening if row.opens else None
    )
    recorder.advance(before.cutover, 1, lambda _: step)
    return sent.writes


def admitting(
    row: Transition, recorder: Recorder, sent: Sent, known: tuple[World, RevisionRecord, Lane, Admission]
) -> Written:
    """Rows 2, 3 and 5, which have no revision yet."""
    _, record, lane, admission = known
    sent._set(admission)
    if row.event == "refused":
        recorder.refuse(admission, "NOT_NEWER", ())
    elif row.event == "waits":
        recorder.wait(admission, "HAND_OFF_UNDER_WAY", for_revision=record)
    else:
        opened = record.model_copy(update={"status": Status.COLLECTING, "version": 1, "queue_arn": None})
        recorder.admit(admission, opened, lane=lane, lane_before=None, payload=record.candidate)
    return sent.writes


def announced_by(world: World, admission: Admission) -> Written:
    """Row 1."""
    sent = Sent()
    Recorder(records=sent, clock=world.clock, role="intake", engine=world.wiring.engine).announce(admission)
    return sent.writes


@pytest.fixture(scope="module")
def observed() -> Written:
    """Every write of some journeys, as the adapter would send it."""
    found: Written = set()
    for journey in JOURNEYS.values():
        world = World()
        plain = world.wiring.records.commit

        def commit(commit: Commit, plain: Callable[[Commit], None] = plain) -> None:
            found.update(requests(commit))
            plain(commit)

        world.wiring.records.commit = commit  # type: ignore[method-assign]
        journey(world)
    return found


def allowed(stage: Assembled) -> Written:
    found: Written = set()
    for name, granted in stage.permissions.items():
        for each in granted:
            if each.resource == MAIN and each.action in WRITES.values():
                assert each.when.startswith(KEYS), f"{name} may write any item: {each.line()}"
                found |= {
                    (name, each.action, key.partition("#*")[0]) for key in each.when.removeprefix(KEYS).split(", ")
                }
    return found


def test_functions_may_write_what_their_rows_and_notes_take_and_nothing_else(stage: Assembled, by_row: Written) -> None:
    assert sorted(allowed(stage)) == sorted(by_row | BESIDE_ROWS)


def test_what_is_written_on_the_way_is_allowed(stage: Assembled, observed: Written) -> None:
    assert observed - allowed(stage) == set()
    assert {name for name, *_ in observed} >= {"Admit", "Bind", "Clock", "HandOff", "Intake", "RecordFailure"}


def test_who_takes_no_row_writes_no_revision(stage: Assembled) -> None:
    """Whatever its code came to do: a function that is not in the table cannot change a status."""
    writers = {"".join(part.capitalize() for part in name.split("-")) for row in transitions.TABLE.values()
               for name in row.writers}  # fmt: skip
    putting = {name for name, action, kind in allowed(stage) if (action, kind) == (PUT, "CUTOVER")}
    # One says in the record that another execution is needed, the other where an emergency's record is.
    assert putting - writers == {"AfterActions", "RecordFailure"}


def test_no_function_may_write_the_policy(stage: Assembled) -> None:
    """Whoever could would choose the facts that everything is judged by, an older version of them included."""
    assert items.POLICY_KEY["pk"]["S"] == "POLICY"
    assert "POLICY" not in {kind for _, _, kind in allowed(stage)}


def test_one_function_may_engage_and_release_the_brake(stage: Assembled) -> None:
    assert items.BRAKE_KEY["pk"]["S"] == "BRAKE"
    assert {each for each in allowed(stage) if each[2] == "BRAKE"} == {("BrakeOrders", PUT, "BRAKE")}
    (line,) = [each for each in stage.permissions["BrakeOrders"] if each.action == PUT]
    assert "BRAKE," in line.when, "this one item, and none whose key only begins so"
