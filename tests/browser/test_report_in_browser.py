"""The report in a real browser, from a file: readable by everybody, on a phone too, and alone with itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.chromium import DESKTOP, PHONE, Scheme
from tests.browser.conftest import Open
from tests.browser.report_pictures import write
from tests.browser.reported import Company, weeks

WAYS = "article.way"


@pytest.fixture(scope="session")
def company() -> Company:
    return weeks()


@pytest.fixture(scope="session")
def written(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(company, tmp_path_factory.mktemp("report") / "report.html")


@pytest.fixture(scope="session")
def brief(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the last ten days: axe-core takes seconds for a page of four weeks."""
    return write(company, tmp_path_factory.mktemp("report") / "brief.html", days=10)


@pytest.fixture
def seen() -> list[str]:
    """Requests but for the page itself, and whatever the console said."""
    return []


@pytest.fixture
def show(opening: Open, written: Path, seen: list[str]) -> Iterator[Open]:
    def shown(file: Path = written, **how: object) -> Page:
        page: Page = opening(**how)
        page.on("request", lambda asked: None if asked.url.startswith(file.as_uri()) else seen.append(asked.url))
        page.on("console", lambda said: seen.append(said.text))
        page.on("pageerror", lambda error: seen.append(str(error)))
        page.goto(file.as_uri())
        return page

    yield shown
    assert seen == []


def unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")


def faults(page: Page) -> str:
    result = Axe().run(page)
    return str(result.generate_report()) if result.violations_count else ""


@pytest.mark.parametrize("scheme", get_args(Scheme))
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_no_violations(show: Open, brief: Path, scheme: Scheme, size: tuple[int, int]) -> None:
    page = show(brief, scheme=scheme, size=size)
    unfold(page)
    assert faults(page) == ""


def test_axe_finds_what_is_wrong(show: Open, brief: Path) -> None:
    """The check itself can fail."""
    page = show(brief)
    page.evaluate("document.querySelector('svg[role=img]').removeAttribute('aria-labelledby')")
    page.evaluate("document.querySelector('svg[role=img] > title').remove()")
    assert "svg-img-alt" in faults(page)


@pytest.mark.parametrize("scripts", [True, False])
def test_nothing_reaches_beyond_a_phone_s_edge(show: Open, scripts: bool) -> None:
    page = show(size=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    unfold(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    plain = show(size=PHONE, scripts=scripts)
    assert plain.locator(WAYS).count() == page.locator(WAYS).count() > 10


def test_its_own_policy_lets_nothing_in(show: Open, seen: list[str]) -> None:
    """What somebody might have smuggled into the file neither runs nor is fetched."""
    page, failed = show(), list[str]()
    page.on("requestfailed", lambda asked: failed.append(f"{asked.url} {asked.failure}"))
    page.evaluate(
        """() => {
          const image = new Image(); image.src = 'https://evil.example/x.png'; document.body.append(image);
          const script = document.createElement('script');
          script.textContent = 'document.title = "owned"'; document.body.append(script);
        }"""
    )
    assert page.title() != "owned"
    blocked = [said for said in seen if "Content Security Policy" in said]
    assert len(blocked) == 2
    assert [said for said in seen if said not in blocked] == ["https://evil.example/x.png"]
    assert failed == ["https://evil.example/x.png csp"]
    seen.clear()


def test_names_of_instants_do_not_touch(show: Open) -> None:
    """On a phone, where there is least room for them."""
    touching = show(size=PHONE).evaluate(
        """() => [...document.querySelectorAll('svg.picture[aria-hidden], svg.chart')].flatMap(axis => {
          const boxes = [...axis.querySelectorAll('text.axis')].map(each => each.getBoundingClientRect());
          return boxes.flatMap((one, index) => boxes.slice(index + 1).filter(two =>
            one.left < two.right && two.left < one.right && one.top < two.bottom && two.top < one.bottom));
        }).length"""
    )
    assert touching == 0


def test_words_in_a_bar_fit_into_it(show: Open) -> None:
    for size in (DESKTOP, PHONE):
        reaching = show(size=size).evaluate(
            """() => [...document.querySelectorAll('text.label')].filter(label => {
              const box = label.getBoundingClientRect();
              return box.width && box.right > label.parentNode.querySelector('.look').getBoundingClientRect().right;
            }).map(label => label.textContent)"""
        )
        assert reaching == []


def test_on_paper_every_row_is_there(show: Open) -> None:
    page = show()
    page.emulate_media(media="print")
    assert page.locator(f"{WAYS} svg.picture").first.is_visible()
    assert not page.locator(f"{WAYS} details").first.is_visible()
    assert not page.locator("nav").is_visible()
