"""`cutover passkey`: an invitation is judged before it is sent; what was registered is listed with its lines."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from cutover.contracts.base import format_instant
from cutover.contracts.passkeys import Enrolment
from cutover.contracts.people import Passkey
from cutover.contracts.policy import Purpose
from cutover.domain import canonical, enrolling
from cutover.domain.record import Enrolled
from cutover_cli.site import Site
from tests.adapters import samples
from tests.building.passkeys import Authenticator
from tests.simulator.command_line import WorldBus, invoke, key_file, run, site_of
from tests.simulator.owners import with_facts
from tests.simulator.world import World

OMAR = Authenticator("omar")
AAGUID = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def site(world: World) -> Site:
    return site_of(world, still=True)[0]


def events(site: Site) -> list[Any]:
    assert isinstance(site.bus, WorldBus)
    return site.bus.events


def words(
    world: World, folder: Path, person: str = "omar", *, purpose: Purpose = "invitation", days: int = 3
) -> list[str | Path]:
    until = format_instant(world.clock.now() + timedelta(days=days))
    return [
        "passkey", "invite", person, "--until", until, "--reason", "Operations decide with passkeys.",
        "--key", key_file(world, purpose, folder),
    ]  # fmt: skip


def enrolled(world: World, person: str = "omar", by: Authenticator = OMAR) -> Passkey:
    """As the page leaves it."""
    passkey = by.passkey(world.clock.now())
    enrolment = Enrolment(
        audience=world.deployment.audience, person=person, passkey=passkey, aaguid=AAGUID,
        invitation=canonical.digest(by.name.encode()), backed_up=False,
    )  # fmt: skip
    digest = world.wiring.store.put(canonical.encode_model(enrolment))
    item = Enrolled(person=person, invitation=enrolment.invitation, enrolment=digest, registered_at=world.clock.now())
    samples.Writer(world.wiring.records, "orders").commit(enrolled=item)
    return passkey


def test_the_person_is_invited_by_mail(world: World, site: Site, tmp_path: Path) -> None:
    said = run(site, *words(world, tmp_path))
    assert (said["event"], said["result"]) == ("passkey-invited", "INVITED")
    assert [mail.to for mail in world.wiring.mailer.sent] == ["omar@example.com"]
    assert "/passkeys/" not in str(said)


def test_a_dry_run_judges_and_sends_nothing(world: World, site: Site, tmp_path: Path) -> None:
    said = run(site, *words(world, tmp_path), "--dry-run", expect=10)
    assert (said["result"], said["person"], said["mail"]) == ("planned", "omar", "omar@example.com")
    assert said["event"]["detail-type"] == "PasskeyInvitation"
    assert events(site) == []
    assert "would be invited" in invoke(site, *words(world, tmp_path), "--dry-run").output


@pytest.mark.parametrize(
    ("reason", "more"),
    [
        ("PERSON_UNKNOWN", {"person": "nobody"}),
        ("INVITATION_EXPIRED", {"days": 0}),
        ("INVITATION_TOO_LONG", {"days": 15}),
        ("WRONG_KEY_PURPOSE", {"purpose": "withdrawal"}),
    ],
)
def test_what_would_be_refused_is_not_sent(
    world: World, site: Site, tmp_path: Path, reason: str, more: dict[str, Any]
) -> None:
    said = run(site, *words(world, tmp_path, **more), expect=3)
    assert (said["result"], said["reason"]) == ("failed", reason)
    assert events(site) == []


@pytest.mark.parametrize("until", ["tomorrow", "2026-03-05", "2026-03-05T12:00:00+01:00"])
def test_a_time_that_is_none_is_bad_usage(world: World, site: Site, tmp_path: Path, until: str) -> None:
    given = words(world, tmp_path)
    given[given.index("--until") + 1] = until
    assert run(site, *given, expect=2)["reason"] == "BAD_ARGUMENT"


def test_what_was_registered_is_listed_with_its_lines_for_the_facts(world: World, site: Site) -> None:
    passkey = enrolled(world)
    enrolled(world, "bo", Authenticator("bo"))
    said = run(site, "passkey", "list")
    assert [(each["person"], each["state"]) for each in said["passkeys"]] == [("bo", "waiting"), ("omar", "waiting")]
    (only,) = run(site, "passkey", "list", "omar")["passkeys"]
    assert only["fingerprint"] == enrolling.fingerprint(passkey)
    assert Passkey.model_validate(only["passkey"] | {"registered_at": passkey.registered_at}) == passkey
    lines = yaml.safe_load(only["facts"])
    assert lines == {"omar": {"passkeys": [only["passkey"]]}}
    text = invoke(site, "passkey", "list", "omar").output
    assert f"fingerprint {enrolling.fingerprint(passkey)}" in text
    assert only["facts"] in text


@pytest.mark.parametrize(("revoked", "state"), [(False, "listed"), (True, "revoked")])
def test_what_the_facts_say_of_it_by_now(world: World, site: Site, revoked: bool, state: str) -> None:
    passkey = enrolled(world)
    ends = world.clock.now() + timedelta(days=1) if revoked else None

    def sign(said: dict[str, Any]) -> None:
        said["people"]["omar"]["passkeys"] = [passkey.model_copy(update={"revoked_at": ends}).model_dump(mode="json")]

    with_facts(world, sign)
    assert [each["state"] for each in run(site, "passkey", "list")["passkeys"]] == [state]


def test_nobody_has_registered_one(world: World, site: Site) -> None:
    assert run(site, "passkey", "list")["passkeys"] == []
    assert "nobody has registered a passkey" in invoke(site, "passkey", "list").output
