"""Passkeys in a real browser, from the invitation to the decision, with Chromium's virtual authenticator (CDP)."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, CDPSession, Page, expect

from cutover.domain import enrolling, passkeys
from cutover.domain.record import Status
from tests.approving import World
from tests.browser import chromium
from tests.browser.chromium import PHONE
from tests.browser.serving import served
from tests.enrolling import Enrolling

ROLE = "operations"
REFUSAL = "The drill is not done."


class Both:
    """The resolvers of both doors, as API Gateway's routes lead to them."""

    def __init__(self, world: World, page: Enrolling) -> None:
        self._approvals, self._passkeys = world.app, page.app

    def resolve(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        app = self._passkeys if event["rawPath"].startswith("/passkeys/") else self._approvals
        return app.resolve(event, context)


def demanding(rules: Any) -> Any:
    for seat in rules["signers"]["production"]:
        seat["assurance"] = "passkey" if seat["role"] == ROLE else "link"
    return rules


def made(*, demanded: bool = True) -> Enrolling:
    page = Enrolling(World({"rules": demanding} if demanded else {}))
    page.world.app = Both(page.world, page)  # type: ignore[assignment]
    return page


@pytest.fixture
def invited() -> Iterator[Enrolling]:
    """The doors, served at http://localhost: an address that counts as a secure context and can have passkeys."""
    with _served(made()) as page:
        yield page


class _served:  # noqa: N801 - used as a function
    def __init__(self, page: Enrolling) -> None:
        self._page, self._stack = page, ExitStack()

    def __enter__(self) -> Enrolling:
        world = self._page.world
        self.requests = self._stack.enter_context(served(world))
        world.page_url = world.page_url.replace("127.0.0.1", "localhost")
        return self._page

    def __exit__(self, *_: object) -> None:
        self._stack.close()


@dataclass
class Device:
    """A browser with an authenticator built in, which asks nobody anything."""

    page: Page
    session: CDPSession
    id: str

    @classmethod
    def of(cls, page: Page, **options: Any) -> "Device":
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        usual = {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": True, "automaticPresenceSimulation": True,
        }  # fmt: skip
        added = session.send("WebAuthn.addVirtualAuthenticator", {"options": usual | options})
        return cls(page, session, added["authenticatorId"])

    def credentials(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})[
            "credentials"
        ]
        return found

    def take(self, credential: dict[str, Any]) -> None:
        self.session.send("WebAuthn.addCredential", {"authenticatorId": self.id, "credential": credential})

    def verify(self, verified: bool) -> None:
        self.session.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": verified})


Opening = Callable[..., Page]


@pytest.fixture
def opening(browser: Browser) -> Iterator[Opening]:
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(chromium.opened(browser, **how))


@pytest.fixture
def device(opening: Opening) -> Device:
    return Device.of(opening())


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def register(device: Device, invited: Enrolling) -> None:
    device.page.goto(f"{invited.world.page_url}/passkeys/{invited.link()}")
    device.page.get_by_role("button", name="Register a passkey").click()
    heading(device.page, "Your passkey is registered")
    invited.sign_into_facts()


def ask(page: Page, world: World, person: str = "omar") -> None:
    page.goto(f"{world.page_url}/approvals/{world.link(person, ROLE)}")


def approve(page: Page, world: World) -> None:
    form = page.locator("form#approve")
    for box in form.get_by_role("checkbox").all():
        box.check()
    form.get_by_label("Type the first 8 characters").fill(world.package.manifest_digest[7:15])
    form.get_by_role("button").click()


def refuse(page: Page, world: World) -> None:
    page.locator("#refuse-title").click()
    form = page.locator("form#refuse")
    form.get_by_label("Reason").fill(REFUSAL)
    form.get_by_label("Type the first 8 characters").fill(world.package.manifest_digest[7:15])
    form.get_by_role("button").click()


def defer(page: Page, world: World) -> None:
    page.locator("#defer-title").click()
    form = page.locator("form#defer")
    form.get_by_label("Ask again at").fill("2026-03-03T12:00")
    form.get_by_label("Reason").fill(REFUSAL)
    form.get_by_label("Type the first 8 characters").fill(world.package.manifest_digest[7:15])
    form.get_by_role("button").click()


def test_from_the_invitation_to_the_approval(device: Device, invited: Enrolling) -> None:
    world, page = invited.world, device.page
    page.goto(f"{world.page_url}/passkeys/{invited.link()}")
    page.get_by_role("button", name="Register a passkey").click()
    heading(page, "Your passkey is registered")
    (enrolment,) = invited.enrolments()
    expect(page.locator("p.digest")).to_have_text(enrolling.fingerprint(enrolment.passkey))
    ask(page, world)
    heading(page, "This role decides with a passkey")
    invited.sign_into_facts()
    page.reload()
    expect(page.get_by_text("You decide with your passkey.")).to_be_visible()
    expect(page.get_by_text("This browser runs no JavaScript")).to_have_count(0)
    approve(page, world)
    heading(page, "You have approved this release")
    (decision,) = world.record.decisions
    assert (decision.person, decision.assurance) == ("omar", "passkey")
    said = world.statement(decision.envelope, decision.decided_at).predicate
    assert said.passkey is not None
    consent = passkeys.consent_of(said, world.package.manifest_digest)
    passkeys.verify(said.passkey, consent, [enrolment.passkey], at=said.decided_at)


def test_refusing(device: Device, invited: Enrolling) -> None:
    register(device, invited)
    ask(device.page, invited.world)
    refuse(device.page, invited.world)
    heading(device.page, "You have refused this release")
    assert invited.world.record.status is Status.DECLINED
    assert invited.world.record.decisions[0].assurance == "passkey"


def test_putting_off_and_taking_up_again(device: Device, invited: Enrolling) -> None:
    world = invited.world
    register(device, invited)
    ask(device.page, world)
    defer(device.page, world)
    expect(device.page.get_by_text("You have deferred this release")).to_be_visible()
    form = device.page.locator("form#resume")
    form.get_by_label("Type the first 8 characters").fill(world.package.manifest_digest[7:15])
    form.get_by_role("button").click()
    expect(device.page.get_by_role("heading", name="Approve", exact=True)).to_be_visible()
    assert world.record.status is Status.AWAITING_APPROVAL
    (used,) = [world.records.passkey_use(passkeys.name_of(each.id)) for each in world.facts.people["omar"].passkeys]
    assert used is not None
    assert used.version == 2


def test_a_phone(opening: Opening, invited: Enrolling) -> None:
    device = Device.of(opening(size=PHONE))
    register(device, invited)
    ask(device.page, invited.world)
    approve(device.page, invited.world)
    heading(device.page, "You have approved this release")


def test_another_devices_passkey_decides_nothing(device: Device, opening: Opening, invited: Enrolling) -> None:
    """It has none of those that the facts list: the browser finds nothing to sign with, and the page says so."""
    register(device, invited)
    other = Device.of(opening())
    ask(other.page, invited.world)
    approve(other.page, invited.world)
    expect(other.page.get_by_role("alert")).to_contain_text("Nothing was decided: your passkey was not used.")
    assert invited.world.record.decisions == ()
    expect(other.page.locator("form#approve").get_by_role("button")).to_be_enabled()


def test_a_passkey_under_the_others_name_is_refused(device: Device, opening: Opening, invited: Enrolling) -> None:
    """An authenticator with another key that says it is the credential which the facts list."""
    register(device, invited)
    other = Device.of(opening())
    other.page.goto(f"{invited.world.page_url}/passkeys/{invited.link('bo', invitation='sha256:' + 'b' * 64)}")
    other.page.get_by_role("button", name="Register a passkey").click()
    heading(other.page, "Your passkey is registered")
    (key,) = other.credentials()
    other.session.send("WebAuthn.clearCredentials", {"authenticatorId": other.id})
    other.take(key | {"credentialId": device.credentials()[0]["credentialId"]})
    ask(other.page, invited.world)
    approve(other.page, invited.world)
    expect(other.page.get_by_role("alert").filter(has_text="Not recorded")).to_contain_text("PASSKEY_SIGNATURE_BAD")
    assert invited.world.record.decisions == ()


def test_a_copied_passkey_is_noticed(device: Device, opening: Opening, invited: Enrolling) -> None:
    world = invited.world
    register(device, invited)
    (copied,) = device.credentials()
    ask(device.page, world)
    defer(device.page, world)
    expect(device.page.get_by_text("You have deferred this release")).to_be_visible()
    other = Device.of(opening())
    other.take(copied)
    ask(other.page, world)
    form = other.page.locator("form#resume")
    form.get_by_label("Type the first 8 characters").fill(world.package.manifest_digest[7:15])
    form.get_by_role("button").click()
    expect(other.page.get_by_role("alert").filter(has_text="Not recorded")).to_contain_text("PASSKEY_CLONED")
    assert world.record.status is Status.DEFERRED


def test_a_device_that_does_not_ask_who_it_is_decides_nothing(device: Device, invited: Enrolling) -> None:
    register(device, invited)
    device.verify(False)
    ask(device.page, invited.world)
    approve(device.page, invited.world)
    expect(device.page.get_by_role("alert")).to_contain_text("Nothing was decided: your passkey was not used.")
    assert invited.world.record.decisions == ()
    device.verify(True)
    device.page.locator("form#approve").get_by_role("button").click()
    heading(device.page, "You have approved this release")


def test_a_device_that_cannot_verify_registers_nothing(opening: Opening, invited: Enrolling) -> None:
    device = Device.of(opening(), hasUserVerification=False, isUserVerified=False, transport="usb")
    device.page.goto(f"{invited.world.page_url}/passkeys/{invited.link()}")
    device.page.get_by_role("button", name="Register a passkey").click()
    expect(device.page.get_by_role("alert")).to_contain_text("Nothing was registered")
    assert invited.enrolments() == []


def test_the_same_device_is_not_registered_twice(device: Device, invited: Enrolling) -> None:
    register(device, invited)
    device.page.goto(f"{invited.world.page_url}/passkeys/{invited.link(invitation='sha256:' + 'c' * 64)}")
    device.page.get_by_role("button", name="Register a passkey").click()
    expect(device.page.get_by_role("alert")).to_have_text(
        "Nothing was registered: this device has a passkey of yours already."
    )


def test_a_faulty_form_comes_back_before_the_device_is_asked(device: Device, invited: Enrolling) -> None:
    register(device, invited)
    ask(device.page, invited.world)
    device.page.locator("form#approve [name=digest]").evaluate("field => { field.pattern = '.*' }")
    form = device.page.locator("form#approve")
    for box in form.get_by_role("checkbox").all():
        box.check()
    form.get_by_label("Type the first 8 characters").fill("00000000")
    form.get_by_role("button").click()
    expect(device.page.get_by_role("alert").filter(has_text="Not recorded")).to_contain_text("DIGEST_DIFFERS")
    assert device.credentials()[0]["signCount"] == 1


def test_without_scripts_the_page_says_what_is_missing(opening: Opening, device: Device, invited: Enrolling) -> None:
    register(device, invited)
    page = opening(scripts=False)
    ask(page, invited.world)
    expect(page.get_by_text("This browser runs no JavaScript")).to_be_visible()
    approve(page, invited.world)
    expect(page.get_by_role("alert").filter(has_text="Not recorded")).to_contain_text("ASSURANCE_TOO_LOW")
    page.goto(f"{invited.world.page_url}/passkeys/{invited.link('bo')}")
    expect(page.get_by_text("This browser runs no JavaScript")).to_be_visible()


def test_without_passkeys_the_page_says_what_is_missing(opening: Opening, device: Device, invited: Enrolling) -> None:
    register(device, invited)
    page = opening()
    page.add_init_script("delete window.PublicKeyCredential")
    ask(page, invited.world)
    expect(page.get_by_text("This browser cannot use passkeys: open your link in another one")).to_be_visible()
    page.goto(f"{invited.world.page_url}/passkeys/{invited.link('bo')}")
    expect(page.get_by_text("This browser cannot use passkeys: open your link in another one")).to_be_visible()
    expect(page.get_by_role("button", name="Register a passkey")).to_be_disabled()


@pytest.mark.parametrize("chosen", [True, False])
def test_where_a_link_is_enough_the_person_chooses(device: Device, chosen: bool) -> None:
    with _served(made(demanded=False)) as invited:
        register(device, invited)
        ask(device.page, invited.world)
        device.page.get_by_label("Sign with my passkey").set_checked(chosen)
        approve(device.page, invited.world)
        heading(device.page, "You have approved this release")
        assert invited.world.record.decisions[0].assurance == ("passkey" if chosen else "link")


def test_the_pages_are_accessible_and_break_no_policy(device: Device, invited: Enrolling) -> None:
    page, found = device.page, []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.goto(f"{invited.world.page_url}/passkeys/{invited.link()}")
    shown = [Axe().run(page)]
    page.get_by_role("button", name="Register a passkey").click()
    heading(page, "Your passkey is registered")
    shown.append(Axe().run(page))
    invited.sign_into_facts()
    ask(page, invited.world)
    shown.append(Axe().run(page))
    assert [each.generate_report() for each in shown if each.violations_count] == []
    approve(page, invited.world)
    heading(page, "You have approved this release")
    assert found == []
