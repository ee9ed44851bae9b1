"""Who acts in a race: each stage and door as its handler makes it, over one function's wiring.

Powertools' idempotency is left out, as if its table had been emptied: what is tried here must hold without it.
"""

import uuid
from collections.abc import Callable
from typing import Any

from cutover.contracts.approval import Answers, Decision
from cutover.domain import canonical
from cutover.domain.ledger import BRAKE_CHAIN, ORDERS_CHAIN
from cutover.domain.links import Link
from cutover.domain.record import Admission, RevisionRecord, named
from cutover.doors.approvals.deciding import Ballot, Decider
from cutover.doors.approvals.summary import exceptions_of, risk_of
from cutover.doors.brake_orders import braking
from cutover.doors.brake_orders.braking import Braking
from cutover.doors.receipts import receiving
from cutover.doors.receipts.receiving import Receiving
from cutover.doors.resolutions import resolving
from cutover.doors.resolutions.resolving import Resolving
from cutover.doors.signed_events import Kind, SignedEvents
from cutover.doors.withdrawals import withdrawing
from cutover.doors.withdrawals.withdrawing import Withdrawing
from cutover.errors import Conflict
from cutover.packages import read_package
from cutover.recorder import Recorder
from cutover.stages.admit.admitting import Admitter
from cutover.stages.assemble.assembling import Assembler
from cutover.stages.await_token.awaiting import wait
from cutover.stages.bind.binding import Binder
from cutover.stages.bind.gathering import Gatherer
from cutover.stages.flow import Collected, RecordReference, Reported
from cutover.stages.hand_off.handing import HandOff
from tests.simulator.events import Sent
from tests.simulator.wiring import SimulatedWiring

CUTOVER = "service@production.1"
RETRIES = 8
"""How often a function is invoked again after ``Conflict``, as its caller does."""


def again(act: Callable[[], Any]) -> Any:
    """As the state machine's ``Retry`` does it."""
    for _ in range(RETRIES):
        try:
            return act()
        except Conflict:
            continue
    return act()


def decide(
    wiring: SimulatedWiring, person: str, role: str, decision: Decision = "approve", *, nonce: str | None = None
) -> RevisionRecord:
    """A person's checked answers reach the door. ``nonce``: of the form, where one is posted twice."""
    record = wiring.recorder("approvals").read(CUTOVER, 1)
    policy, now = wiring.policy(), wiring.clock.now()
    package = read_package(wiring.store, named(record.manifest, "manifest"), keys=policy.facts.keys, now=now)
    answers = Answers(
        intent=True, risk_class=risk_of(package), rollback_credible=True, timing=True,
        exceptions=exceptions_of(package), destination=True,
    )  # fmt: skip
    link = Link(
        cutover=CUTOVER, revision=1, manifest=package.digest, person=person, role=role, expires_at=record.expires_at
    )
    decider = Decider(
        audience=wiring.settings.audience, clock=wiring.clock, records=wiring.records, store=wiring.store,
        sealer=lambda: wiring.sealer("decide"), recorder=wiring.recorder("approvals"), policy=wiring.policy,
        exceptions=wiring.exceptions, once=lambda _key, action: action(),
    )  # fmt: skip
    return decider.decide(
        Ballot(
            link=link,
            decision=decision,
            answers=answers if decision == "approve" else None,
            reason=None if decision == "approve" else "Not on a Friday.",
            package=package,
            nonce=canonical.digest((nonce or uuid.uuid4().hex).encode()),
        )
    )


def hand_off(wiring: SimulatedWiring, execution: int = 1) -> RevisionRecord:
    """In the name of the first ``execution``, unless another one serves the revision by now; as all stages here."""
    stage = HandOff(
        store=wiring.store, outbox=wiring.store, recorder=wiring.recorder("hand-off", execution=execution),
        policies=wiring.policies, destinations=wiring.destinations, deployment=wiring.deployment,
        drifting=wiring.drifting, succession=wiring.succession(), clock=wiring.clock,
        sealer=lambda: wiring.sealer("handoff"),
    )  # fmt: skip
    record: RevisionRecord = again(lambda: stage.run(CUTOVER, 1))
    return record


def tick(wiring: SimulatedWiring) -> dict[str, int]:
    """The clock looks once at all that is due. Whatever it could not look after, but for a lost race, is a bug."""

    def report(name: str, error: Exception) -> None:
        assert isinstance(error, Conflict), f"{name} could not be looked after: {error}"

    return wiring.ticking(report).run()


def admit(wiring: SimulatedWiring, digest: str) -> Admission:
    policy = wiring.policy()
    admitter = Admitter(
        policy=policy, audience=wiring.settings.audience, targets=wiring.settings.targets, store=wiring.store,
        recorder=wiring.recorder("admit"), succession=wiring.succession(policy), clock=wiring.clock,
    )  # fmt: skip
    admission: Admission = again(lambda: admitter.run(digest, attempt=1))
    return admission


def assemble(wiring: SimulatedWiring, given: dict[str, Any], execution: int = 1) -> RevisionRecord:
    """``given``: what the state machine hands to Assemble."""
    collected = tuple(Collected.model_validate(each) for each in given["collected"])
    assembler = Assembler(
        store=wiring.store, recorder=wiring.recorder("assemble", execution=execution), policies=wiring.policies,
        clock=wiring.clock, engine=wiring.bundle_engine,
    )  # fmt: skip
    return assembler.run(given["record"]["cutover"], 1, collected)


def bind(wiring: SimulatedWiring, given: dict[str, Any], execution: int = 1) -> RevisionRecord:
    """``given``: what the state machine hands to Bind."""
    reported = tuple(Reported.model_validate(each) for each in given["findings"])
    binder = Binder(
        audience=wiring.settings.audience, store=wiring.store, recorder=wiring.recorder("bind", execution=execution),
        gatherer=Gatherer(
            store=wiring.store, records=wiring.records, policies=wiring.policies, destinations=wiring.destinations,
            clock=wiring.clock,
        ),
        exceptions=wiring.exceptions, sealer=lambda: wiring.sealer("bind"),
    )  # fmt: skip
    record: RevisionRecord = again(lambda: binder.run(given["record"]["cutover"], 1, reported))
    return record


def await_window(wiring: SimulatedWiring, execution: int = 1) -> RevisionRecord:
    reference = RecordReference(cutover=CUTOVER, revision=1, execution=execution, status="approved")
    return wait(
        reference, state="AwaitWindow", value=f"token of {execution}", tokens=wiring.tokens, clock=wiring.clock,
        recorder=wiring.recorder("await-token", execution=execution),
    )  # fmt: skip


def takes(wiring: SimulatedWiring, event: Sent) -> str:
    """A signed event reaches its door, again whenever it was in conflict; what came of it."""
    role = event.door.replace("_", "-")
    recorder = wiring.recorder(role)
    kind, obey = _door(wiring, role, recorder)
    events: SignedEvents[Any] = SignedEvents(
        kind=kind, audience=wiring.settings.audience, store=wiring.store, journal=recorder, policy=wiring.policy,
        clock=wiring.clock, refusals=BRAKE_CHAIN if role == "brake-orders" else ORDERS_CHAIN,
    )  # fmt: skip
    answer: dict[str, str] = again(lambda: events.take(event.body, message_id="m-1", obey=obey))
    return answer["result"]


def _door(wiring: SimulatedWiring, role: str, recorder: Recorder) -> tuple[Kind[Any], Callable[[Any], str]]:
    store, clock = wiring.store, wiring.clock
    match role:
        case "withdrawals":
            return withdrawing.KIND, Withdrawing(recorder=recorder, store=store, clock=clock).obey
        case "resolutions":
            door = Resolving(recorder=recorder, store=store, clock=clock, succession=wiring.succession)
            return resolving.KIND, door.obey
        case "brake-orders":
            return braking.KIND, Braking(records=wiring.records, journal=recorder, clock=clock).obey
        case "receipts":
            return receiving.KIND, Receiving(recorder=recorder, outbox=store).obey
    raise AssertionError(role)
