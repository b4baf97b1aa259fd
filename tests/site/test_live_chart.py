"""Chart, watchlist and tiles on the running site, in Chromium: fed by the market, without a reload, at both widths."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import browser as browser  # a fixture
from tests.browser.page_errors import errors as errors  # a fixture
from tests.browser.page_errors import watch
from tests.site.running_site import RunningSite

pytestmark = [pytest.mark.browser, pytest.mark.site]
PATIENCE = 30_000  # ms
DRAWN = """(canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)"""
CHANGED = """([selector, before]) => document.querySelector(selector).textContent !== before"""
LEGEND = "#chart [data-legend]"
EQUITY = "#accounts [data-rows] [data-field=equity]"


@pytest.fixture
def dashboard(browser: Browser, site: RunningSite, errors: list[str]) -> Iterator[Callable[[int, str], Page]]:
    """Open alice's dashboard, live, in a window of a width and a colour scheme; nothing may be logged as an error."""
    site.start_pushers(1)
    site.start_market("--interval", "0.5")
    contexts: list[BrowserContext] = []

    def sign_in(width: int, scheme: str) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
        watch(context, errors)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(f"{site.url}/login/")
        page.fill("input[name=username]", "alice")
        page.fill("input[name=password]", "paper-trading")
        page.press("input[name=password]", "Enter")
        expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "live", timeout=PATIENCE)
        return page

    yield sign_in
    for context in contexts:
        context.close()


def test_chart_watchlist_and_tiles_follow_the_market(dashboard: Callable[[int, str], Page]) -> None:
    for width, scheme in ((360, "light"), (1440, "dark")):
        page = dashboard(width, scheme)
        page.locator("#tickers").get_by_role("link", name="IBM").click()
        expect(page.locator("#chart-title")).to_contain_text("IBM International Business Machines")
        expect(page.locator("#chart [data-marks] li", has_text="paper: Long 100 at")).to_be_visible(timeout=PATIENCE)
        expect(page.locator(LEGEND)).to_be_visible(timeout=PATIENCE)
        for selector in (LEGEND, EQUITY):
            before = page.locator(selector).first.text_content()
            page.wait_for_function(CHANGED, arg=[selector, before])
        sparklines = page.locator("#tickers [data-rows] [data-spark]")
        expect(sparklines).to_have_count(5)
        page.wait_for_function(
            f"() => [...document.querySelectorAll('#tickers [data-rows] [data-spark]')].every({DRAWN})"
        )
        expect(page.locator("#accounts [data-rows] [data-field=marginUse]").first).to_have_text(
            re.compile(r"^\d+\.\d\d%$")
        )
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_each_interval_has_candles_of_the_market(dashboard: Callable[[int, str], Page]) -> None:
    page = dashboard(1440, "light")
    for name, time in (("5 m", r":[0-5][05]$"), ("15 m", r":(00|15|30|45)$"), ("1 d", r"^\d{4}-\d\d-\d\d$")):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.locator(f"{LEGEND} [data-field=time]")).to_have_text(re.compile(time), timeout=PATIENCE)
        expect(page.locator(f"{LEGEND} [data-field=close]")).to_have_text(re.compile(r"^[\d,]+\.\d+$"))
        expect(page.locator("#chart [data-state]").filter(visible=True)).to_have_count(0)
