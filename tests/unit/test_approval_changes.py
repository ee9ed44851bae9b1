"""What the page says of an earlier package: what changed, what it cannot say any more, and never something untrue."""

import re
from datetime import timedelta

import pytest

from cutover.contracts.supersession import Difference, Refreshed, Supersession
from cutover.domain import canonical
from cutover.domain.record import RevisionRecord, Status
from tests.approving import START, World, successor
from tests.builders import CUTOVER, package


def otherwise(bundle: dict[str, object]) -> dict[str, object]:
    release = bundle["release"]
    assert isinstance(release, dict)
    release["version"]["value"] = "1.3.9 <b>"
    return bundle


def text_of(world: World) -> str:
    page = world.get(world.link())
    assert page.status == 200
    return " ".join(re.sub(r"<[^>]+>", " ", page.body.split('id="changes-title"')[1].split("</section>")[0]).split())


def test_the_first_release_says_so() -> None:
    assert "First release: no earlier approval of service to production is on record." in text_of(World())


def test_what_changed_stands_there_before_and_after() -> None:
    text = text_of(World(before={"bundle": otherwise}))
    assert f"approved as {CUTOVER} revision 1" in text
    assert "release version 1.3.9 &lt;b&gt; → 1.4.0" in text


def test_nothing_changed_but_the_package() -> None:
    assert "Nothing that can be told" in text_of(World(before={}))


def test_a_predecessor_that_the_manifest_does_not_name_is_not_believed() -> None:
    """Who can write the table can hide or replace what changed; the signed manifest says what it followed."""
    world = World(before={"bundle": otherwise})
    other = world.keep(package({"bundle": lambda bundle: bundle | {"as_of": "2026-03-01T00:00:00Z"}}))
    for reference in (None, other):
        world.put(world.record.model_copy(update={"predecessor": reference}))
        answer = world.get(world.link())
        assert (answer.status, answer.code) == (500, "NOT_SHOWN")


def test_one_that_the_record_alone_names_is_not_shown() -> None:
    world = World()
    world.put(world.record.model_copy(update={"predecessor": world.manifest}))
    assert "First release" in text_of(world)


def test_one_that_is_gone_or_not_trusted_now_leaves_the_question_open() -> None:
    world = World(before={"bundle": otherwise})
    assert world.predecessor is not None
    del world.store.objects[f"sha256/{world.predecessor.envelope.removeprefix('sha256:')}"]
    text = text_of(world)
    assert "cannot be read any more" in text
    assert world.decide(world.link()).status == 303


def superseded(world: World, **changes: object) -> None:
    """Revision 2 followed."""
    first = world.record
    world.become(Status.SUPERSEDED, reason="DRIFTED")
    nothing = {"manifest": None, "predecessor": None, "status": Status.COLLECTING, "revision": 2}
    world.put(RevisionRecord.model_validate(first.model_copy(update=nothing | changes)))


def document(world: World) -> str:
    record = world.record
    said = Supersession(
        audience=world.deployment.audience, cutover=CUTOVER, revision=1, successor=2, cause="drift",
        requester="dana@ci", at=START, candidate=record.candidate, successor_candidate=record.candidate,
        differences=(Difference(pointer="/cohorts/0/share_percent", before="1", after="50"),),
        refreshed=(Refreshed(source="records", record="plan.json", version="2"),),
    )  # fmt: skip
    return world.store.put(canonical.encode_model(said))


def test_a_superseded_one_tells_what_opened_its_successor_until_that_is_bound() -> None:
    world = World()
    superseded(world, supersession=document(world))
    text = text_of(world)
    assert text.startswith(">What revision 2 has otherwise")
    assert "cohorts 0 share percent 1 → 50" in text


def test_and_then_what_its_successor_has_otherwise() -> None:
    world = World()
    reference = world.keep(successor(world.package, {"bundle": otherwise}))
    superseded(world, supersession=document(world), manifest=reference, status=Status.AWAITING_APPROVAL)
    text = text_of(world)
    assert "release version 1.4.0 → 1.3.9" in text
    assert "cohorts" not in text


def test_a_successor_that_cannot_be_read_is_said_to_be_so() -> None:
    world = World()
    superseded(world, supersession="sha256:" + "0" * 64)
    assert "It cannot be read any more." in text_of(world)


def test_who_has_left_the_role_is_shown_no_later_values() -> None:
    world = World()
    reference = world.keep(successor(world.package, {"bundle": otherwise}))
    superseded(world, supersession=document(world), manifest=reference, status=Status.AWAITING_APPROVAL)
    assert "1.3.9" in world.get(world.link()).body
    people = dict(world.facts.people)
    world.change_facts(people=people | {"erin": people["erin"].model_copy(update={"roles": ("operations",)})})
    assert "1.3.9" not in world.get(world.link()).body
    world.change_facts(people={name: each for name, each in people.items() if name != "erin"})
    assert "1.3.9" not in world.get(world.link()).body


@pytest.mark.parametrize("status", [Status.DECLINED, Status.EXPIRED, Status.HANDED_OFF])
def test_what_has_ended_otherwise_is_compared_with_nothing(status: Status) -> None:
    world = World(before={"bundle": otherwise})
    world.clock.move(timedelta(minutes=5))
    world.become(status)
    assert "changes-title" not in world.get(world.link()).body
