"""The examples of CLIENT.md, as they are written there, on the running site in Chromium."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import browser as browser  # a fixture
from tests.browser.page_errors import errors as errors  # a fixture
from tests.browser.page_errors import watch
from tests.site.running_site import RunningSite
from tradingsite.environment import BASE_DIR

pytestmark = [pytest.mark.browser, pytest.mark.site]
PATIENCE = 30_000  # ms
GUIDE = (BASE_DIR / "consumers/CLIENT.md").read_text()
(TEMPLATE,) = re.findall(r"```html\n(.*?)```", GUIDE, re.DOTALL)
(SCRIPT,) = re.findall(r"```js\n(.*?)```", GUIDE, re.DOTALL)
RENDERED = re.sub(r"{% static '(.*?)' %}", r"/static/\1", TEMPLATE.replace("{% load static %}", ""))
CALLING = '<!doctype html><html lang="en"><title></title><script type="module" src="/a-script.js"></script>'


@pytest.fixture
def page(browser: Browser, site: RunningSite, errors: list[str]) -> Iterator[Page]:
    """A page of the site on which alice is signed in; the example's script is served beside it."""
    site.start_pushers(1)
    site.start_market("--interval", "0.5")
    context = browser.new_context()
    watch(context, errors)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()

    def answer(route: Route) -> None:
        route.fulfill(content_type="text/javascript", body=SCRIPT)

    page.route("**/a-script.js", answer)
    page.goto(f"{site.url}/login/")
    page.fill("input[name=username]", "alice")
    page.fill("input[name=password]", "paper-trading")
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{site.url}/")
    page.goto(f"{site.url}/accounts/")  # a page of the site, in which an example takes the place of what is there
    yield page
    context.close()


def test_the_template_shows_live_values(page: Page) -> None:
    page.set_content(RENDERED)
    free, last = page.locator("feed-value[feed=balance]"), page.locator("feed-value[feed=ticker]")
    for value in (free, last):
        expect(value).to_have_text(re.compile(r"^\s*-?\d+(\.\d+)?\s*$"), timeout=PATIENCE)  # live: nothing is added
        expect(value).not_to_have_attribute("loading", "")
    expect(free).to_have_text(re.compile(r"\.\d\d\s*$"))


def test_the_script_hears_of_documents_and_that_they_are_live(page: Page) -> None:
    page.set_content(CALLING)
    expect(page).to_have_title(re.compile(r'^balance: \{.*"free":"\d'), timeout=PATIENCE)
    expect(page.locator("html")).to_have_attribute("data-balance", "live", timeout=PATIENCE)
