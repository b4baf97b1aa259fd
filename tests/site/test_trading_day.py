"""A trader's way through the running site, in Chromium: everything that changes comes by push, not by a reload."""

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import browser as browser  # a fixture
from tests.browser.page_errors import errors as errors  # a fixture
from tests.browser.page_errors import watch
from tests.site.running_site import RunningSite

pytestmark = [pytest.mark.browser, pytest.mark.site]
PATIENCE = 30_000  # ms
AMOUNT = 7
# What the market process does at a tick, at a price of our own.
FALL = """
from decimal import Decimal
from django.utils import timezone
from trading.models import Quote
from trading.services import orders_match
price = Decimal("{price}")
Quote.objects.filter(instrument__symbol="AAPL").update(bid=price, ask=price, updated_at=timezone.now())
print(orders_match())
"""


@pytest.fixture
def page(browser: Browser, site: RunningSite, errors: list[str]) -> Iterator[Page]:
    """The dashboard of carol, live; it must not be loaded again."""
    site.start_pushers(1)
    site.start_market("--interval", "0.5", "--no-robots")
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    watch(context, errors)
    page = context.new_page()
    page.goto(f"{site.url}/login/")
    page.fill("input[name=username]", "carol")
    page.fill("input[name=password]", "paper-trading")
    page.press("input[name=password]", "Enter")
    expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "live", timeout=PATIENCE)
    page.evaluate("window.loadedOnce = true")
    yield page
    context.close()


def figure(row: Locator, field: str) -> Locator:
    return row.locator(f"[data-field={field}]").first


def full(row: Locator, field: str) -> Decimal:
    """The unrounded value of a figure."""
    return Decimal(figure(row, field).get_attribute("title") or "")


def wire(value: Decimal) -> str:
    """A decimal as documents have it."""
    return format(value, "f").rstrip("0").rstrip(".")


def wait_until_moved(cell: Locator) -> None:
    expect(cell).not_to_have_text(cell.inner_text(), timeout=PATIENCE)


def place(page: Page, **fields: str) -> None:
    """Place an order for AAPL from the ticket."""
    page.select_option("#id_account", "paper")
    page.select_option("#id_symbol", "AAPL")
    page.locator(f"label[for=id_type_{fields.pop('type')}]").click()
    for name, value in fields.items():
        page.fill(f"#id_{name}", value)
    expect(page.locator("[data-facts] [data-field=margin]")).to_be_visible()
    page.get_by_role("button", name="Place order").click()


def dialog_of(page: Page, row: Locator, link: str) -> Locator:
    row.get_by_role("link", name=link).click()
    return page.get_by_role("dialog")


def test_an_order_rests_fills_earns_and_is_closed_before_the_traders_eyes(page: Page, site: RunningSite) -> None:
    account = page.locator("#accounts [data-key=paper]")
    position = page.locator("#positions [data-rows] tr").filter(has_text="AAPL").filter(has_text="paper")
    order = page.locator("#orders [data-rows] tr").filter(has_text="AAPL").filter(has_text="paper")
    expect(position).to_have_count(0)

    # It rests away from the quote, and holds back what it would need.
    used = full(account, "used")
    last = full(page.locator("#tickers [data-key=AAPL]"), "last")
    away = (last * Decimal("0.9")).quantize(Decimal("0.01"))
    place(page, type="limit", price=str(away), amount=str(AMOUNT))
    expect(page.locator("#order-form [data-result]")).to_contain_text(f"is open: buy {AMOUNT} AAPL")
    expect(order).to_have_count(1, timeout=PATIENCE)
    expect(figure(account, "used")).not_to_have_attribute("title", str(used), timeout=PATIENCE)
    assert full(account, "used") - used > away * AMOUNT

    # Its price is raised, which is not enough; then the market falls to it, and it fills.
    raised = away + 1
    dialog = dialog_of(page, order, "Amend")
    dialog.get_by_label("Price").fill(str(raised))
    dialog.get_by_label("Price").press("Enter")
    expect(figure(order, "price")).to_have_attribute("title", wire(raised), timeout=PATIENCE)
    total, fills = full(account, "total"), page.locator("#fills [data-rows] tr").count()
    site.stop("market")
    assert site.python(FALL.format(price=raised)) == "1"
    expect(order).to_have_count(0, timeout=PATIENCE)
    expect(figure(position, "contracts")).to_have_text(str(AMOUNT), timeout=PATIENCE)
    expect(page.locator("#fills [data-rows] tr")).to_have_count(fills + 1)
    expect(figure(account, "total")).not_to_have_attribute("title", str(total))
    assert full(account, "total") < total  # the fee

    # The market goes on, and moves it.
    site.start_market("--interval", "0.5", "--no-robots")
    wait_until_moved(figure(position, "markPrice"))
    wait_until_moved(figure(position, "unrealizedPnl"))
    wait_until_moved(figure(account, "equity"))

    # It is closed in two steps.
    dialog = dialog_of(page, position, "Close")
    dialog.get_by_label("Amount").fill("3")
    dialog.get_by_role("button", name="Close the position").click()
    expect(page.locator("#notice")).to_contain_text("Sold 3 AAPL")
    expect(figure(position, "contracts")).to_have_text(str(AMOUNT - 3), timeout=PATIENCE)
    dialog_of(page, position, "Close").get_by_role("button", name="Close the position").click()
    expect(position).to_have_count(0, timeout=PATIENCE)
    realized = page.locator("#pnl [data-key=paper] [data-field=realizedPnl]")
    expect(realized).not_to_have_attribute("title", "0")
    assert page.evaluate("window.loadedOnce") is True

    # All of it is in the history.
    page.goto(f"{site.url}/history/fills/?account=paper&symbol=AAPL")
    expect(page.locator("tbody tr")).to_have_count(3)
    earned = sum(
        (
            Decimal(cell.get_attribute("title") or "")
            for cell in page.locator("[data-field=realizedPnl]").filter(visible=True).all()
        ),
        Decimal(0),
    )
    page.goto(f"{site.url}/history/orders/?account=paper&symbol=AAPL&status=filled")
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_role("link", name=re.compile(r"^\d+$")).last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Order")
    page.goto(f"{site.url}/summary/?account=paper&period=today")
    today = page.get_by_role("row", name="AAPL")
    expect(figure(today, "trades")).to_have_text("2")
    assert full(today, "netPnl") + full(today, "fees") == earned
