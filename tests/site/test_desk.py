"""The desk on the running site: what one browser does by keyboard is told in the trader's other browser."""

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


@pytest.fixture
def dashboard(browser: Browser, site: RunningSite, errors: list[str]) -> Iterator[Callable[[], Page]]:
    """Sign carol in, each time in a browser of its own, and wait until her page is live."""
    site.start_pushers(1)
    site.start_market("--interval", "0.5")
    contexts: list[BrowserContext] = []

    def sign_in() -> Page:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        watch(context, errors)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{site.url}/login/")
        page.fill("input[name=username]", "carol")
        page.fill("input[name=password]", "paper-trading")
        page.press("input[name=password]", "Enter")
        expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "live", timeout=PATIENCE)
        return page

    yield sign_in
    for context in contexts:
        context.close()


# A notice leaves by itself: what was told is kept, for a test that comes late.
KEEP_TOLD = """
    const list = document.querySelector("#toasts [data-toasts]");
    const keep = () => { document.body.dataset.told = (document.body.dataset.told ?? "") + list.textContent; };
    new MutationObserver(keep).observe(list, { childList: true });
    null
"""


def test_an_order_by_keyboard_and_its_cancel_are_told_elsewhere(dashboard: Callable[[], Page]) -> None:
    here, there = dashboard(), dashboard()
    there.evaluate(KEEP_TOLD)
    told = there.locator("body")
    here.select_option("#id_symbol", "MSFT")
    here.locator("#id_symbol").press("Escape")  # out of the field
    here.keyboard.press("b")
    here.keyboard.type("7")
    here.keyboard.press("Enter")
    expect(told).to_have_attribute("data-told", re.compile("Bought 7 MSFT"), timeout=PATIENCE)
    # A limit far below the market rests until it is canceled.
    here.evaluate("document.dispatchEvent(new CustomEvent('pricechosen', {detail: {price: '1', side: 'buy'}}))")
    here.fill("#id_amount", "13")
    here.press("#id_amount", "Enter")
    result = here.locator("#order-form [data-result]")
    expect(result).to_contain_text("is open: buy 13 MSFT", timeout=PATIENCE)
    number = re.findall(r"Order (\d+) is open", result.inner_text())[0]
    row = here.locator(f"#orders [data-rows] tr[data-key='{number}']")
    row.get_by_role("link", name="Cancel").click()
    here.get_by_role("dialog").get_by_role("button", name="Cancel the order").click()
    expect(told).to_have_attribute("data-told", re.compile(f"Order {number} is canceled"), timeout=PATIENCE)
