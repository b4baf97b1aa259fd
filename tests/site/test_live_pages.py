"""The dashboard on the running site, in Chromium: two browsers of one trader, and what the page says in trouble."""

import re
import signal
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import browser as browser  # a fixture
from tests.browser.page_errors import errors as errors  # a fixture
from tests.browser.page_errors import watch
from tests.site.running_site import RunningSite

pytestmark = [pytest.mark.browser, pytest.mark.site]
PATIENCE = 20_000  # ms
AMOUNT = "97"


@pytest.fixture
def site(site: RunningSite) -> RunningSite:
    """The running site with pushers and a market."""
    site.start_pushers(1)
    site.start_market("--interval", "0.5")
    return site


@pytest.fixture
def dashboard_of(browser: Browser, site: RunningSite, errors: list[str]) -> Iterator[Callable[[str], Page]]:
    """Sign a trader in, in a browser of his own, and wait until his page is live."""
    contexts: list[BrowserContext] = []

    def sign_in(username: str) -> Page:
        context = browser.new_context()
        watch(context, errors)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{site.url}/login/")
        page.fill("input[name=username]", username)
        page.fill("input[name=password]", "paper-trading")
        page.press("input[name=password]", "Enter")
        expect(light(page)).to_have_attribute("data-connection", "live", timeout=PATIENCE)
        return page

    yield sign_in
    for context in contexts:
        context.close()


def light(page: Page):
    return page.locator("[data-connection]")


def fills_of_that_order(page: Page):
    """The fill rows of an amount that nobody else trades."""
    return page.locator("#fills [data-rows] [data-field=amount]", has_text=re.compile(f"^{AMOUNT}$"))


def test_an_order_reaches_the_traders_other_browser_and_nobody_elses(dashboard_of, site):
    first, second, stranger = dashboard_of("alice"), dashboard_of("alice"), dashboard_of("bob")
    first.select_option("#order-form select[name=account]", "paper")
    first.select_option("#order-form select[name=symbol]", "MSFT")
    first.fill("#order-form input[name=amount]", AMOUNT)
    first.click("#order-form button")
    expect(first.locator("#order-form")).to_contain_text(f"Bought {AMOUNT} MSFT")
    expect(fills_of_that_order(second)).to_have_count(1, timeout=PATIENCE)
    position = second.locator("#positions [data-rows] tr").filter(has_text="MSFT").filter(has_text="paper")
    expect(position).to_have_count(1)
    assert fills_of_that_order(stranger).count() == 0


def test_prices_and_equity_move_without_a_reload(dashboard_of):
    page = dashboard_of("carol")
    before = page.locator("#tickers [data-rows]").inner_text(), page.locator("#accounts [data-rows]").inner_text()
    page.wait_for_function(
        """([tickers, accounts]) => document.querySelector("#tickers [data-rows]").innerText !== tickers
            && document.querySelector("#accounts [data-rows]").innerText !== accounts""",
        arg=list(before),
        timeout=PATIENCE,
    )


def test_the_page_says_that_the_pushers_are_gone_and_recovers(dashboard_of, site):
    page = dashboard_of("bob")
    site.send("pushers", signal.SIGSTOP)
    try:
        expect(page.locator("#positions [data-stale-mark]")).to_be_visible(timeout=PATIENCE)  # it keeps its last text
        expect(page.locator("#positions [data-stale-reason]")).to_have_text("the push service is down")
        expect(light(page)).to_have_attribute("data-connection", "stale")
    finally:
        site.send("pushers", signal.SIGCONT)
    expect(light(page)).to_have_attribute("data-connection", "live", timeout=PATIENCE)


@pytest.mark.provokes("ERR_CONNECTION_REFUSED")
def test_the_page_comes_back_when_the_web_server_restarts(dashboard_of, site):
    page = dashboard_of("alice")
    site.stop("web")
    expect(light(page)).to_have_attribute("data-connection", "reconnecting", timeout=PATIENCE)
    site.start_web()
    expect(light(page)).to_have_attribute("data-connection", "live", timeout=PATIENCE)
