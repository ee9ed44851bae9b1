"""What waits for one person: everything that does, nothing that does not, and never more than their own link gives."""

import re
from datetime import timedelta
from typing import Any

import pytest

from cutover.contracts.policy import SignedReference
from cutover.domain import links
from cutover.domain.record import Brake, Status
from cutover.doors.approvals.listing import MAX_LISTED
from cutover.errors import DependencyUnavailable, DocumentMissing
from tests.approving import START, Answer, World
from tests.builders import CUTOVER


@pytest.fixture
def world() -> World:
    return World()


def listed(world: World, person: str = "erin", method: str = "GET", **changes: Any) -> Answer:
    return world.send(method, world.personal_link(person, **changes), path="/waiting")


def sections(answer: Answer) -> dict[str, str]:
    found = re.findall(r"<h2>([^<]+)</h2>(.*?)</section>", answer.body, re.DOTALL)
    return {title: " ".join(re.sub(r"<[^>]+>", " ", text).split()) for title, text in found}


def opened(world: World, answer: Answer) -> list[links.Link]:
    texts = re.findall(r'(?:class="button"|<h3><a) href="\.\./approvals/([^"]+)"', answer.body)
    return [
        links.open_link(text, audience=world.deployment.audience, mac=world.mac, now=world.clock.now())
        for text in texts
    ]


def test_what_asks_this_person_is_listed_with_a_link_that_works(world: World) -> None:
    answer = listed(world)
    assert answer.status == 200
    text = sections(answer)["Waits for you"]
    for said in (
        "service 1.4.0 to production", "as release engineering", world.package.manifest_digest[7:15],
        "Tue 3 Mar 2026, 21:00\N{EN DASH}23:00 CET", "Tue 3 Mar 2026, 20:00\N{EN DASH}22:00 UTC",
        "still needed: release engineering, operations",
    ):  # fmt: skip
        assert said in text, said
    (link,) = opened(world, answer)
    assert (link.cutover, link.person, link.role) == (CUTOVER, "erin", "release-engineering")
    text_of_link = re.findall(r'href="\.\./approvals/([^"/]+)"', answer.body)[0]
    assert world.decide(text_of_link).status == 303
    assert [each.person for each in world.record.decisions] == ["erin"]


def test_whoever_holds_two_roles_is_asked_in_each_until_they_decide(world: World) -> None:
    assert [each.role for each in opened(world, listed(world, "bo"))] == ["release-engineering", "operations"]
    world.decide(world.link("bo", "operations"))
    answer = listed(world, "bo")
    assert [each.role for each in opened(world, answer)] == ["operations"]
    said = sections(answer)["You have decided"]
    assert "You have approved it, Mon 2 Mar 2026, 09:04 UTC." in said
    assert "still needed: release engineering" in said


def test_what_somebody_else_settled_rests(world: World) -> None:
    world.decide(world.link("bo"))
    assert "The role release-engineering has approved already." in sections(listed(world))["Nothing to do now"]
    assert "Nothing waits for you" in listed(world).body


def test_a_deferral_and_the_brake_are_said(world: World) -> None:
    world.records.set_brake(Brake(engaged=True))
    assert "The emergency brake is engaged" in sections(listed(world))["Nothing to do now"]
    world.records.set_brake(Brake(engaged=False, version=2))
    world.decide(world.link("omar", "operations"), "defer")
    assert "Omar, as operations, has deferred this release until" in sections(listed(world))["Nothing to do now"]


@pytest.mark.parametrize(
    "status", [Status.COLLECTING, Status.HELD, Status.DECLINED, Status.EXPIRED, Status.SUPERSEDED, Status.HANDED_OFF]
)
def test_what_asks_nobody_is_not_listed(world: World, status: Status) -> None:
    world.become(status)
    assert sections(listed(world)) == {}


@pytest.mark.parametrize("person", ["dana", "ruth"])
def test_who_requested_it_or_holds_no_role_finds_nothing(world: World, person: str) -> None:
    answer = listed(world, person)
    assert (answer.status, sections(answer)) == (200, {})


def test_its_links_end_with_the_personal_one_and_with_the_pinned_time(world: World) -> None:
    soon = START + timedelta(minutes=3)
    assert [each.expires_at for each in opened(world, listed(world, expires_at=soon))] == [soon]
    late = START + timedelta(days=300)
    (link,) = opened(world, listed(world, expires_at=late))
    assert link.expires_at <= min(
        START + timedelta(seconds=world.rules.link_valid_for), world.package.manifest.predicate.valid_until
    )


def test_somebody_else_s_link_shows_somebody_else_s_list(world: World) -> None:
    assert [each.person for each in opened(world, listed(world, "omar"))] == ["omar"]


def test_who_is_not_in_the_facts_now_is_refused(world: World) -> None:
    world.change_facts(people={name: each for name, each in world.facts.people.items() if name != "erin"})
    answer = listed(world)
    assert (answer.status, answer.code) == (403, "NOT_ELIGIBLE")


@pytest.mark.parametrize(("changes", "status", "code"), [({"expires_at": START}, 410, "LINK_EXPIRED")])
def test_a_link_whose_time_is_over(world: World, changes: dict[str, Any], status: int, code: str) -> None:
    answer = listed(world, **changes)
    assert (answer.status, answer.code) == (status, code)


def test_an_approval_link_opens_no_list_and_a_personal_one_no_approval(world: World) -> None:
    assert world.send("GET", world.link(), path="/waiting").status in {403, 404}
    answer = world.get(world.personal_link())
    assert answer.status in {403, 404}
    assert "service" not in answer.body


def test_looking_writes_nothing_and_head_says_no_more_than_get(world: World) -> None:
    world.policy()
    before = world.snapshot()
    assert listed(world, method="HEAD").status == 200
    assert listed(world, method="HEAD").body == ""
    listed(world)
    assert world.snapshot() == before


def test_nothing_can_be_posted_there(world: World) -> None:
    assert world.send("POST", world.personal_link(), b"decision=approve", path="/waiting").status in {404, 405}


def test_no_link_is_logged(world: World) -> None:
    listed(world)
    said = str(world.log.lines)
    assert world.personal_link() not in said
    assert world.log.lines[-1]["actor"] == "erin"


def test_what_cannot_be_trusted_is_counted_and_not_listed(world: World) -> None:
    key = world.deployment.key("bind").key_id
    keys = tuple(
        each.model_copy(update={"revoked_at": START - timedelta(minutes=1)}) if each.id == key else each
        for each in world.facts.keys
    )
    world.change_facts(keys=keys)
    answer = listed(world)
    assert "1 cannot be read or trusted now" in answer.body
    assert sections(answer) == {}


def test_a_service_that_is_down_is_said_to_be(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object, **__: object) -> None:
        raise DependencyUnavailable("the table does not answer")

    monkeypatch.setattr(world.records, "waiting", down)
    answer = listed(world)
    assert (answer.status, answer.code) == (503, "SERVICE_UNAVAILABLE")
    assert world.failures == 1


def test_an_index_that_lags_lists_nothing_that_has_ended(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = world.record
    world.become(Status.WITHDRAWN)
    monkeypatch.setattr(world.records, "waiting", lambda *_, **__: iter([stale]))
    assert sections(listed(world)) == {}


def test_more_than_a_page_holds_is_said(world: World) -> None:
    for number in range(2, MAX_LISTED + 2):
        world.records._set(world.record.model_copy(update={"cutover": f"service@production.{number}"}))
    answer = listed(world)
    assert len(opened(world, answer)) == MAX_LISTED
    assert f"{MAX_LISTED} releases wait for you" in answer.body
    assert "There are more than are listed here." in answer.body


def test_a_revision_whose_rules_cannot_be_read_keeps_no_other_from_being_listed(world: World) -> None:
    damaged = SignedReference(payload="sha256:" + "0" * 64, envelope="sha256:" + "1" * 64)
    world.records._set(world.record.model_copy(update={"cutover": "other@production.7", "rules": damaged}))

    class Rules(dict[str, Any]):
        def __missing__(self, _key: str) -> Any:
            raise DocumentMissing("rules")

    world.pinned = Rules(world.pinned)
    answer = listed(world)
    assert answer.status == 200
    assert "service 1.4.0 to production" in sections(answer)["Waits for you"]
