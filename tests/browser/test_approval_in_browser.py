"""The page in a real browser: people can decide with it, and nobody else can do anything with it."""

import itertools
from typing import get_args

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from cutover.domain.record import Status
from tests.approving import World
from tests.browser import showcase
from tests.browser.chromium import DESKTOP, PHONE, Scheme
from tests.browser.conftest import Open
from tests.browser.serving import elsewhere, served
from tests.browser.states import STATES

WATCH_POLICY = """
  window.violations = [];
  document.addEventListener('securitypolicyviolation',
    event => window.violations.push(event.violatedDirective + ' ' + event.blockedURI));
"""


def go(page: Page, world: World, link: str | None = None) -> None:
    page.goto(f"{world.page_url}/approvals/{link or world.link()}")


def faults(page: Page) -> str:
    """What axe-core finds (WCAG 2.2 AA and its own best practices), as a report; empty when there is nothing."""
    result = Axe().run(page)
    return str(result.generate_report()) if result.violations_count else ""


def digits(world: World) -> str:
    return world.package.manifest_digest[7:15]


def focused(page: Page) -> str:
    name: str = page.evaluate("document.activeElement.name || document.activeElement.id")
    return name


def tab_to(page: Page, name: str) -> None:
    for _ in range(40):
        if focused(page) == name:
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{name} cannot be reached with the keyboard")


class TestDeciding:
    def test_approving_with_nothing_but_the_keyboard(self, page: Page, world: World) -> None:
        go(page, world)
        for name in ("intent", "risk", "rollback", "timing", "exception", "destination"):
            tab_to(page, name)
            page.keyboard.press("Space")
        tab_to(page, "digest")
        page.keyboard.type(digits(world))
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("You have approved this release")
        assert [each.person for each in world.record.decisions] == ["erin"]

    def test_approving_without_scripts_on_a_phone(self, opening: Open, requests: list[str], world: World) -> None:
        page = opening(size=PHONE, scripts=False)
        go(page, world)
        for box in page.get_by_role("checkbox").all():
            box.tap()
        page.get_by_label("Type the first 8 characters").first.fill(digits(world))
        page.get_by_role("button", name="Approve this package").tap()
        expect(page.get_by_role("heading", level=1)).to_have_text("You have approved this release")
        assert [each.split()[0] for each in requests if "/approvals/" in each] == ["GET", "POST", "GET"]

    @pytest.mark.parametrize("release", ["release", "plain"])
    def test_taps_from_the_mail_to_the_receipt(self, opening: Open, release: str) -> None:
        """Eight and one typed field: the link in the mail, five answers, the field, the button. Each exception costs
        one more, since each is confirmed by itself.
        """
        world = getattr(showcase, release)()
        with served(world):
            page = opening(size=PHONE)
            taps = ["the link in the mail"]
            go(page, world)
            for box in page.get_by_role("checkbox").all():
                box.tap()
                taps.append(box.get_attribute("name") or "")
            field = page.locator("#approve-digest")
            field.tap()
            taps.append("digest")
            page.keyboard.type(digits(world))
            page.get_by_role("button", name="Approve this package").tap()
            taps.append("approve")
            expect(page.get_by_role("heading", name="Your receipt")).to_be_visible()
        assert len(taps) == 8 + len(world.package.register.holds), taps
        assert world.record.decisions

    def test_refusing_with_a_reason(self, page: Page, world: World) -> None:
        go(page, world)
        page.get_by_text("Refuse instead").click()
        form = page.locator("#refuse")
        form.get_by_label("Reason").fill("The drill is missing.\nSee OPS-4.")
        form.get_by_label("Type the first 8 characters").fill(digits(world))
        form.get_by_role("button", name="Refuse this package").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You have refused this release")
        assert world.statements()[0].predicate.reason == "The drill is missing.\nSee OPS-4."

    def test_a_wrong_digest_keeps_what_was_entered(self, page: Page, world: World) -> None:
        go(page, world)
        for box in page.get_by_role("checkbox").all():
            box.check()
        page.get_by_label("Type the first 8 characters").first.fill("00000000")
        page.get_by_role("button", name="Approve this package").click()
        expect(page.get_by_role("alert")).to_contain_text("DIGEST_DIFFERS")
        assert all(box.is_checked() for box in page.get_by_role("checkbox").all())
        page.get_by_label("Type the first 8 characters").first.fill(digits(world))
        page.get_by_role("button", name="Approve this package").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You have approved this release")

    def test_going_back_and_sending_again_shows_what_is_recorded(self, page: Page, world: World) -> None:
        self.test_approving_with_nothing_but_the_keyboard(page, world)
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_have_text("You have approved this release")
        assert world.record.decision_seq == 1


NOON = "2026-03-03T12:00"
SHOWN = "Tue 3 Mar 2026, 12:00 CET (11:00 UTC)"


def defer(page: Page, world: World, *, until: str = NOON, tap: bool = False) -> None:
    go(page, world)
    summary, form = page.get_by_text("Defer instead"), page.locator("#defer")
    press(summary, tap=tap)
    form.get_by_label("Ask again at").fill(until)
    form.get_by_label("Reason").fill("The drill is tomorrow morning.")
    form.get_by_label("Type the first 8 characters").fill(digits(world))
    press(form.get_by_role("button", name="Defer this package"), tap=tap)


def press(part: Locator, *, tap: bool) -> None:
    if tap:
        part.tap()
    else:
        part.click()


class TestDeferring:
    def test_deferring_and_taking_up_again(self, page: Page, world: World) -> None:
        defer(page, world)
        expect(page.locator(".note")).to_contain_text(
            f"You have deferred this release, as release engineering, until {SHOWN}"
        )
        expect(page.locator(".note")).to_contain_text("Nobody can approve it before it is taken up again")
        assert page.get_by_role("button", name="Approve this package").count() == 0
        form = page.locator("#resume")
        form.get_by_label("Type the first 8 characters").fill(digits(world))
        form.get_by_role("button", name="Take it up now").click()
        expect(page.get_by_role("heading", name="Approve", exact=True)).to_be_visible()
        assert page.locator(".note").count() == 0
        assert (world.record.status, world.record.ask) == (Status.AWAITING_APPROVAL, True)

    def test_deferring_without_scripts_on_a_phone(self, opening: Open, requests: list[str], world: World) -> None:
        page = opening(size=PHONE, scripts=False)
        defer(page, world, tap=True)
        expect(page.locator(".note")).to_contain_text(SHOWN)
        assert world.record.status is Status.DEFERRED
        assert [each.split()[0] for each in requests if "/approvals/" in each] == ["GET", "POST", "GET"]

    def test_deferring_with_nothing_but_the_keyboard(self, page: Page, world: World) -> None:
        go(page, world)
        tab_to(page, "defer-title")
        page.keyboard.press("Enter")
        tab_to(page, "until")
        for part in ("03", "03", "2026", "12", "00", "PM"):
            page.keyboard.type(part)
        tab_to(page, "reason")
        page.keyboard.type("The drill is tomorrow morning.")
        tab_to(page, "digest")
        page.keyboard.type(digits(world))
        page.keyboard.press("Enter")
        expect(page.locator(".note")).to_contain_text(SHOWN)

    @pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Tokyo"])
    def test_the_time_is_the_windows_wherever_the_approver_is(
        self, browser: Browser, requests: list[str], world: World, zone: str
    ) -> None:
        del requests
        context = browser.new_context(timezone_id=zone)
        page = context.new_page()
        defer(page, world)
        expect(page.locator(".note")).to_contain_text(SHOWN)
        context.close()

    def test_a_browser_does_not_offer_what_the_server_would_refuse(self, page: Page, world: World) -> None:
        go(page, world)
        page.get_by_text("Defer instead").click()
        field = page.get_by_label("Ask again at")
        for until, fits in ((NOON, True), ("2026-03-02T10:04", False), ("2026-03-03T23:00", False)):
            field.fill(until)
            assert field.evaluate("field => field.checkValidity()") is fits

    def test_a_time_that_will_not_do_keeps_what_was_entered(self, page: Page, world: World) -> None:
        go(page, world)
        page.evaluate("document.querySelector('#defer').noValidate = true")
        page.get_by_text("Defer instead").click()
        form = page.locator("#defer")
        form.get_by_label("Ask again at").fill("2026-03-03T23:00")
        form.get_by_label("Reason").fill("The drill.")
        form.get_by_label("Type the first 8 characters").fill(digits(world))
        form.get_by_role("button", name="Defer this package").click()
        expect(page.get_by_role("alert")).to_contain_text("TIME_TOO_LATE")
        expect(form.get_by_label("Ask again at")).to_have_value("2026-03-03T23:00")
        expect(form.get_by_label("Reason")).to_have_value("The drill.")

    def test_a_colleague_sees_it_and_can_only_refuse(self, page: Page, world: World) -> None:
        world.decide(world.link(), "defer")
        go(page, world, world.link("omar", "operations"))
        expect(page.locator(".note")).to_contain_text(
            f"Erin Hale has deferred this release, as release engineering, until {SHOWN}"
        )
        assert [each.get_attribute("id") for each in page.locator("form").all()] == ["refuse"]


class TestLooking:
    def test_looking_changes_nothing(self, page: Page, world: World) -> None:
        world.policy()
        before = world.snapshot()
        url = f"{world.page_url}/approvals/{world.link()}"
        for _ in range(2):
            page.goto(url)
            page.reload()
        assert page.request.head(url).status == 200
        assert world.snapshot() == before

    def test_one_request_and_no_other_place(self, page: Page, requests: list[str], world: World) -> None:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        go(page, world)
        page.get_by_text("refund-worker", exact=True).last.click()
        assert asked == [page.url]
        assert [each for each in requests if "/approvals/" in each] == [f"GET /approvals/{world.link()}"]

    def test_the_page_keeps_its_own_policy(self, page: Page, world: World) -> None:
        heard: list[str] = []
        page.on("console", lambda message: heard.append(message.text))
        page.add_init_script(WATCH_POLICY)
        go(page, world)
        page.get_by_text("refund-worker", exact=True).last.click()
        assert page.evaluate("window.violations") == []
        assert heard == []
        background = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
        assert background == "rgb(244, 245, 247)", "the style sheet was refused by the policy's hash"

    def test_the_policy_forbids_what_an_injection_would_do(self, page: Page, world: World) -> None:
        page.add_init_script(WATCH_POLICY)
        go(page, world)
        page.evaluate(
            """() => {
              document.body.insertAdjacentHTML('beforeend',
                '<img src="https://evil.example/a.png"><div style="color:red" onclick="x()">x</div>');
              const script = document.createElement('script');
              script.textContent = 'window.owned = true';
              document.body.append(script);
            }"""
        )
        page.wait_for_function("window.violations.length >= 3")
        assert page.evaluate("window.owned") is None

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_light_and_dark(self, opening: Open, requests: list[str], world: World, scheme: Scheme) -> None:
        page = opening(scheme=scheme)
        go(page, world)
        background = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
        assert background == {"light": "rgb(244, 245, 247)", "dark": "rgb(14, 20, 27)"}[scheme]


class TestPaper:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_all_that_is_folded_is_printed_black_on_white_and_no_form_is(
        self, opening: Open, requests: list[str], world: World, scheme: Scheme
    ) -> None:
        page = opening(scheme=scheme)
        go(page, world)
        page.emulate_media(media="print")
        assert page.locator("details[open]").count() == 0
        for said in ("https://git.example.com/payments/refund-worker", "OPS-4", "sha256:a394f07b1c"):
            assert page.locator("details dl", has_text=said).first.evaluate("each => each.checkVisibility()"), said
        assert page.locator("form:visible").count() == 0
        colours = page.locator("section").first.evaluate(
            "each => [getComputedStyle(each).backgroundColor, getComputedStyle(each).color]"
        )
        assert colours == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]


class TestWaiting:
    def test_from_the_list_to_a_decision_with_nothing_but_the_keyboard(self, page: Page, world: World) -> None:
        page.goto(f"{world.page_url}/waiting/{world.personal_link()}")
        expect(page.get_by_role("heading", level=1)).to_have_text("One release waits for you")
        page.get_by_role("link", name="Read and decide about payments to production").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Approve", exact=True)).to_be_visible()
        for name in ("intent", "risk", "rollback", "timing", "exception", "destination"):
            tab_to(page, name)
            page.keyboard.press("Space")
        tab_to(page, "digest")
        page.keyboard.type(digits(world))
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Your receipt")).to_be_visible()
        page.goto(f"{world.page_url}/waiting/{world.personal_link()}")
        expect(page.get_by_role("heading", level=1)).to_have_text("Nothing waits for you")
        expect(page.get_by_text("You have approved it")).to_be_visible()

    def test_the_calendar_entry_is_a_file_from_both_pages(self, page: Page, world: World) -> None:
        for path in (f"/approvals/{world.link()}", f"/waiting/{world.personal_link()}"):
            page.goto(f"{world.page_url}{path}")
            with page.expect_download() as download:
                page.get_by_role("link", name="calendar entry").click()
            assert download.value.suggested_filename == "window.ics"
            assert download.value.path().read_bytes().startswith(b"BEGIN:VCALENDAR")


class TestPhone:
    @pytest.mark.parametrize("which", ["release", "hostile"])
    def test_nothing_is_wider_than_the_screen(self, opening: Open, which: str) -> None:
        world = getattr(showcase, which)()
        with served(world):
            page = opening(size=PHONE)
            go(page, world)
            for summary in page.locator("summary").all():
                summary.click()
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]

    def test_the_questions_come_within_two_screens(self, opening: Open, requests: list[str], world: World) -> None:
        page = opening(size=PHONE)
        go(page, world)
        box = page.get_by_role("heading", name="Approve", exact=True).bounding_box()
        assert box is not None
        assert box["y"] <= 2 * PHONE[1]

    def test_what_is_tapped_is_large_enough(self, opening: Open, requests: list[str], world: World) -> None:
        """WCAG 2.2, 2.5.8: 24 by 24 CSS pixels."""
        page = opening(size=PHONE)
        go(page, world)
        page.get_by_text("Defer instead").click()
        page.get_by_text("Refuse instead").click()
        fields = page.locator("label.check, button, input[type=text], input[type=datetime-local], textarea").all()
        assert len(fields) >= 14
        for part in fields:
            box = part.bounding_box()
            assert box is None or min(box["width"], box["height"]) >= 24


class TestHostileText:
    def test_it_is_shown_and_does_nothing(self, opening: Open) -> None:
        world = showcase.hostile()
        with served(world):
            page = opening()
            page.on("dialog", lambda _: pytest.fail("a script has run"))
            page.add_init_script(WATCH_POLICY)
            go(page, world)
            assert page.locator("script, img").count() == 0
            assert page.evaluate("window.violations") == []
            text = page.locator("main").inner_text()
            assert "<script>alert('owned')</script>" in text
            assert "U+202E" in text
            assert "\u202e" not in text

    def test_it_can_be_approved_as_it_is(self, opening: Open) -> None:
        world = showcase.hostile()
        with served(world):
            page = opening()
            go(page, world)
            for box in page.get_by_role("checkbox").all():
                box.check()
            page.get_by_label("Type the first 8 characters").first.fill(digits(world))
            page.get_by_role("button", name="Approve this package").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("You have approved this release")


class TestStrangers:
    def test_a_scanner_that_renders_ticks_and_submits_decides_nothing(self, page: Page, world: World) -> None:
        """It ticks every box and submits every form past the browser's own checks; it types no digest."""
        self.submits_everything(page, world)
        assert world.record.status is Status.AWAITING_APPROVAL
        assert world.record.decisions == ()
        self.and_the_person_can_still_decide(page, world)

    def test_nor_does_it_take_up_what_is_deferred(self, page: Page, world: World) -> None:
        world.decide(world.link(), "defer")
        self.submits_everything(page, world)
        assert (world.record.status, world.record.decision_seq) == (Status.DEFERRED, 1)

    def submits_everything(self, page: Page, world: World) -> None:
        go(page, world)
        url = page.url
        assert page.locator("form").count() > 1
        for index in range(page.locator("form").count()):
            page.goto(url)
            page.evaluate(
                """until => {
                  document.querySelectorAll('input[type=checkbox]').forEach(box => box.checked = true);
                  document.querySelectorAll('textarea').forEach(text => text.value = 'scanned');
                  document.querySelectorAll('input[type=datetime-local]').forEach(time => time.value = until);
                }""",
                NOON,
            )
            with page.expect_navigation():
                page.evaluate(
                    """index => {
                      const form = document.forms[index];
                      form.noValidate = true;
                      form.requestSubmit(form.querySelector('button'));
                    }""",
                    index,
                )
            expect(page.get_by_role("alert")).to_contain_text("DIGEST_DIFFERS")

    def and_the_person_can_still_decide(self, page: Page, world: World) -> None:
        TestDeciding().test_refusing_with_a_reason(page, world)

    def test_another_site_cannot_post_the_form(self, page: Page, world: World) -> None:
        fields = "".join(f'<input name="{name}" value="{value}">' for name, value in world.form(world.link(), "refuse"))
        action = f"{world.page_url}/approvals/{world.link()}"
        form = f'<form id=f method=post action="{action}">{fields}</form><script>f.submit()</script>'
        with elsewhere(form) as address:
            page.goto(address)
            expect(page.get_by_text("FORM_CROSS_SITE")).to_be_visible()
        assert world.record.decisions == ()

    def test_another_site_cannot_frame_the_page(self, page: Page, world: World) -> None:
        with elsewhere(f'<iframe src="{world.page_url}/approvals/{world.link()}"></iframe>') as address:
            page.goto(address)
            page.wait_for_load_state("networkidle")
            frame = page.frames[-1]
            assert frame.get_by_text("Approve this package").count() == 0


class TestAccessibility:
    @pytest.mark.parametrize("name", STATES)
    def test_no_violations_in_any_state(self, opening: Open, name: str) -> None:
        """Desktop and phone, light and dark, everything unfolded."""
        state = STATES[name]
        world = state.make()
        state.arrange(world)
        with served(world):
            page = opening(size=DESKTOP)
            page.goto(f"{world.page_url}{state.address(world)}")
            state.then(page)
            assert page.get_by_role("heading", level=1).inner_text().startswith(state.heading)
            for summary in page.locator("summary").all():
                if summary.is_visible():
                    summary.click()
            for size, scheme in itertools.product((DESKTOP, PHONE), get_args(Scheme)):
                page.set_viewport_size({"width": size[0], "height": size[1]})
                page.emulate_media(color_scheme=scheme)
                assert faults(page) == ""
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_no_violations_after_a_time_that_will_not_do(
        self, opening: Open, requests: list[str], world: World, scheme: Scheme
    ) -> None:
        page = opening(scheme=scheme, size=PHONE)
        go(page, world)
        page.evaluate("document.querySelector('#defer').noValidate = true")
        page.get_by_text("Defer instead").click()
        page.get_by_role("button", name="Defer this package").click()
        expect(page.get_by_role("alert")).to_contain_text("TIME_MISSING")
        assert faults(page) == ""

    def test_axe_finds_what_is_wrong(self, page: Page, world: World) -> None:
        """The check itself can fail."""
        go(page, world)
        page.evaluate("document.querySelector('label[for=approve-digest]').remove()")
        assert "label" in faults(page)

    def test_the_time_is_announced_with_its_zone_and_its_bound(self, page: Page, world: World) -> None:
        go(page, world)
        page.get_by_text("Defer instead").click()
        expect(page.locator("#defer-until")).to_have_accessible_name(
            "Ask again at date and time in Europe/Berlin, where it is Mon 2 Mar 2026, 10:04 CET now; "
            "Tue 3 Mar 2026, 22:59 CET at the latest"
        )
