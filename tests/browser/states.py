"""Every state that a person can meet, how it comes about, and what its page says first."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from playwright.sync_api import Page

from cutover.contracts.emergency import Emergency
from cutover.domain.record import Brake, RevisionRecord, Status
from cutover.errors import DependencyUnavailable
from tests.approving import START, World, successor
from tests.browser import showcase
from tests.unit import test_approval_passkeys as with_passkeys

Address = Callable[[World], str]


def link(person: str = "erin", role: str = "release-engineering", path: str = "", **changes: object) -> Address:
    return lambda world: f"/approvals/{world.link(person, role, **changes)}{path}"


def personal(person: str = "erin") -> Address:
    return lambda world: f"/waiting/{world.personal_link(person)}"


_MINE = link()


@dataclass(frozen=True, kw_only=True)
class State:
    """``heading``: how the page's first heading begins. ``then``: what is done on the page before it is looked at, and
    ``answer`` the status that comes of that.
    """

    heading: str
    caption: str
    arrange: Callable[[World], object] = lambda _world: None
    address: Address = _MINE
    make: Callable[[], World] = showcase.release
    then: Callable[[Page], object] = lambda _page: None
    answer: int | None = None


def _status(status: Status, **changes: object) -> Callable[[World], object]:
    return lambda world: world.become(status, **changes)


def _decided(*decisions: tuple[str, str, str]) -> Callable[[World], object]:
    """Each: who, in which role, what."""

    def arrange(world: World) -> None:
        for person, role, decision in decisions:
            assert world.decide(world.link(person, role), decision).status == 303  # type: ignore[arg-type]  # a Decision

    return arrange


def _superseded(world: World) -> None:
    first = world.record
    world.become(Status.SUPERSEDED, reason="DRIFTED")
    reference = world.keep(successor(world.package, {"bundle": showcase.drifted, "hold-register": showcase.warned}))
    world.put(RevisionRecord.model_validate(first.model_copy(update={"revision": 2, "manifest": reference})))


def _lapsed(world: World) -> None:
    _decided(("omar", "operations", "approve"))(world)
    _without(world, "omar")


def _without(world: World, person: str) -> None:
    world.change_facts(people={name: each for name, each in world.facts.people.items() if name != person})


def _down(world: World) -> None:
    def fail(*_: object, **__: object) -> None:
        raise DependencyUnavailable("the table does not answer")

    world.records.revision = fail  # type: ignore[method-assign]  # this world's table is down from here on


def _altered(world: World) -> None:
    """Somebody with the table's keys points the record to another predecessor."""
    world.put(world.record.model_copy(update={"predecessor": world.manifest}))


def _lost(world: World) -> None:
    assert world.predecessor is not None
    del world.store.objects[f"sha256/{world.predecessor.envelope.removeprefix('sha256:')}"]


def _mistake(page: Page) -> None:
    page.evaluate("document.querySelector('#approve').noValidate = true")
    page.get_by_role("button", name="Approve this package").click()
    page.get_by_role("alert").wait_for()


def _emergency() -> World:
    return showcase.release(
        emergency=Emergency(incident="INC-3021", reason="Refunds have been paid out twice since 02:10.")
    )


RE, OPS = ("erin", "release-engineering"), ("omar", "operations")
STATES: dict[str, State] = {
    "asked": State(heading="payments 2026.3.1", caption="the question, nobody has decided yet"),
    "asked-second": State(
        heading="payments 2026.3.1", caption="the question, one of two has approved",
        arrange=_decided((*OPS, "approve")),
    ),
    "first-release": State(heading="service 1.4.0", caption="nothing was approved before", make=World),
    "predecessor-lost": State(
        heading="payments 2026.3.1", caption="what was approved before cannot be read", arrange=_lost
    ),
    "emergency": State(heading="payments 2026.3.1", caption="an emergency asks for more", make=_emergency),
    "passkey": State(
        heading="service 1.4.0", caption="a role that decides with a passkey", make=with_passkeys.world,
        address=link(*OPS),
    ),
    "passkey-missing": State(
        heading="This role decides with a passkey", caption="nobody has signed a passkey of this person yet",
        make=lambda: with_passkeys.world(omar=()), address=link(*OPS),
    ),
    "mistake": State(
        heading="payments 2026.3.1", caption="after a form with a mistake in it", then=_mistake, answer=422
    ),
    "deferred": State(
        heading="payments 2026.3.1", caption="deferred by this person", arrange=_decided((*RE, "defer"))
    ),
    "deferred-by-another": State(
        heading="payments 2026.3.1", caption="deferred by somebody else", arrange=_decided((*OPS, "defer"))
    ),
    "brake": State(
        heading="payments 2026.3.1", caption="the brake is engaged",
        arrange=lambda world: world.records.set_brake(Brake(engaged=True)),
    ),
    "lapsed": State(
        heading="payments 2026.3.1", caption="an approval that does not count any more", arrange=_lapsed
    ),
    "role-complete": State(
        heading="payments 2026.3.1", caption="the role has approved already",
        arrange=_decided(("bo", "release-engineering", "approve")),
    ),
    "approved": State(
        heading="payments 2026.3.1", caption="every approval is given, by others",
        arrange=_decided(("bo", "release-engineering", "approve"), (*OPS, "approve")),
    ),
    "receipt": State(heading="You have approved", caption="decided: the receipt", arrange=_decided((*RE, "approve"))),
    "refused-by-me": State(
        heading="You have refused", caption="refused by this person", arrange=_decided((*RE, "refuse"))
    ),
    "declined": State(
        heading="This release was declined", caption="refused by somebody else", arrange=_decided((*OPS, "refuse"))
    ),
    "superseded": State(
        heading="A newer revision", caption="superseded, and what the successor has otherwise", arrange=_superseded
    ),
    "expired": State(heading="This release has expired", caption="its time ran out", arrange=_status(Status.EXPIRED)),
    "withdrawn": State(heading="This release was withdrawn", caption="withdrawn", arrange=_status(Status.WITHDRAWN)),
    "handing-off": State(
        heading="The hand-off has begun", caption="the hand-off has begun", arrange=_status(Status.HANDING_OFF)
    ),
    "handed-off": State(
        heading="This release was handed off", caption="handed off", arrange=_status(Status.HANDED_OFF)
    ),
    "uncertain": State(
        heading="Whether it was handed off", caption="nobody has acknowledged it", arrange=_status(Status.UNCERTAIN)
    ),
    "held": State(heading="This release is held", caption="held", arrange=_status(Status.HELD)),
    "not-eligible": State(
        heading="You cannot decide", caption="not in the facts now", arrange=lambda world: _without(world, "erin")
    ),
    "requester": State(heading="You cannot decide", caption="who requested it", address=link("dana", "operations")),
    "absent-role": State(
        heading="You cannot decide", caption="a role that this release does not ask for", address=link("ruth", "risk")
    ),
    "another-package": State(
        heading="This link is out of date", caption="the link is for other bytes",
        address=link(manifest="sha256:" + "0" * 64),
    ),
    "altered": State(
        heading="This release cannot be shown", caption="the stored documents contradict each other", arrange=_altered
    ),
    "link-expired": State(
        heading="This link has expired", caption="the link's time is over",
        address=link(expires_at=START - timedelta(minutes=1)),
    ),
    "link-cut": State(
        heading="This link is incomplete", caption="a part of the link", address=lambda _: "/approvals/AQ"
    ),
    "down": State(heading="Cutover cannot be reached", caption="a service does not answer", arrange=_down),
    "waiting": State(heading="One release waits", caption="what waits for a person", address=personal()),
    "waiting-decided": State(
        heading="Nothing waits", caption="what a person has decided", arrange=_decided((*RE, "approve")),
        address=personal(),
    ),
    "waiting-nothing": State(heading="Nothing waits", caption="nothing waits", address=personal("dana")),
}  # fmt: skip
