"""The API's documentation in a real browser."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from trading.models import Account, Instrument, Order, User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def docs(open_page: Callable[..., Page]) -> Page:
    """The page with all operations shown; no request may leave for another host."""
    page = open_page("/login/", viewport={"width": 1280, "height": 900})
    own, asked = urlsplit(page.url).netloc, set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    page.goto(f"http://{own}/api/v1/docs")
    expect(page.locator(".opblock")).not_to_have_count(0)
    page.wait_for_load_state("networkidle")
    assert asked <= {own, ""}  # data: addresses have no host
    return page


def test_the_page_shows_the_operations_by_noun_and_asks_no_other_host(docs: Page) -> None:
    expect(docs.locator(".info .title")).to_contain_text("Trading API")
    for noun in ("Accounts", "Positions and PnL", "Orders", "History", "Summaries", "Market", "API tokens", "Problems"):
        expect(docs.locator(".opblock-tag", has_text=noun).first).to_be_visible()
    assert docs.locator(".opblock").count() >= 30


def test_an_order_is_tried_out_with_the_session(docs: Page, alice: User, aapl: Instrument) -> None:
    account = Account.objects.get(user=alice)
    order = Order.objects.create(account=account, instrument=aapl, side="buy", type="limit", price=60, amount=10)
    operation = docs.locator("#operations-Orders-orders_cancel")
    operation.locator(".opblock-summary").click()
    operation.locator("textarea").fill('{"symbol": "AAPL"}')
    operation.locator("button.execute").click()
    expect(operation.locator(".live-responses-table .response .response-col_status")).to_contain_text("200")
    order.refresh_from_db()
    assert order.status == "canceled"
