"""The dashboard's actions in a real browser: the ticket, and the dialogs by which orders and positions are changed."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import FakeSocket
from tests.trading.pages.conftest import DOCUMENTS, EMPTY, TICKER
from trading.models import Account, Instrument, Order, User
from trading.services import order_place

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 360, "height": 740}}
OpenPage = Callable[..., Page]
TYPES = {
    "market": set(),
    "limit": {"price", "post_only"},
    "stop_market": {"trigger_price"},
    "stop_limit": {"trigger_price", "price"},
}


@pytest.fixture
def account(alice: User, aapl: Instrument) -> Account:
    return alice.accounts.get()


@pytest.fixture
def resting(account: Account) -> Order:
    return order_place(account=account, symbol="AAPL", side="buy", type="limit", amount=Decimal(10), price=Decimal(60))


def pushed(page: Page, socket: FakeSocket, order: Order) -> Locator:
    """Push the order and return its row."""
    socket.snapshots({**EMPTY, "orders": {str(order.pk): DOCUMENTS["orders"]["318"]}})
    return page.locator(f"#orders [data-rows] tr[data-key='{order.pk}']")


@pytest.mark.parametrize("script", [True, False])
def test_the_ticket_shows_what_its_type_needs(open_page: OpenPage, account: Account, script: bool) -> None:
    page = open_page(java_script_enabled=script, **DESKTOP)
    for kind, needed in TYPES.items():
        page.locator(f"label[for=id_type_{kind}]").click()
        for field in ("price", "trigger_price", "post_only"):
            expect(page.locator(f"#order-form [name={field}]")).to_be_visible(visible=field in needed)


def test_the_preview_follows_what_is_typed(open_page: OpenPage, account: Account) -> None:
    page = open_page(**DESKTOP)
    expect(page.get_by_role("button", name="Preview")).to_be_hidden()
    page.locator("#id_amount").fill("10")
    margin = page.locator("[data-facts] [data-field=margin]")
    expect(margin).to_have_text("615.00")
    page.locator("#id_leverage").fill("5")
    expect(margin).to_have_text("123.00")
    page.locator("#id_amount").fill("ten")
    expect(page.locator("[data-facts] .refused")).to_have_text("Amount: Enter a number.")


def test_the_preview_is_doubtful_until_it_is_of_what_is_typed(open_page: OpenPage, account: Account) -> None:
    page = open_page(**DESKTOP)
    held: list[Route] = []
    margin = page.locator("[data-facts] [data-field=margin]")
    page.locator("#id_amount").fill("10")
    expect(margin).to_have_css("font-style", "normal")
    page.route("**/orders/preview/", lambda route: held.append(route))
    with page.expect_request("**/orders/preview/"):
        page.locator("#id_amount").fill("20")
    expect(margin).to_have_css("font-style", "italic")
    held[0].continue_()
    expect(margin).to_have_text("1,230.00")
    expect(margin).to_have_css("font-style", "normal")


def test_without_a_script_a_button_shows_the_preview(open_page: OpenPage, account: Account) -> None:
    page = open_page(java_script_enabled=False, **DESKTOP)
    page.locator("#id_amount").fill("10")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("[data-facts] [data-field=margin]")).to_have_text("615.00")
    page.get_by_role("button", name="Place order").click()
    expect(page.locator(".alert[role=status]")).to_have_text("Bought 10 AAPL at 61.50.")


def test_the_tickets_quote_moves_with_the_market(open_page: OpenPage, account: Account, socket: FakeSocket) -> None:
    page = open_page(**DESKTOP)
    socket.snapshots(EMPTY)
    socket.send({"type": "ticker", "ts": 2000, "tickers": {"AAPL": {**TICKER, "bid": "62.34"}}})
    expect(page.locator("[data-facts] [data-field=bid]")).to_have_text("62.34")


@pytest.mark.provokes("net::ERR_FAILED")
def test_an_order_without_an_answer_can_be_sent_again_and_is_one(open_page: OpenPage, account: Account) -> None:
    page = open_page(**DESKTOP)
    lost: list[str] = []

    def lose_the_first_answer(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().text())
            route.abort()

    page.route(re.compile("/orders/$"), lose_the_first_answer)
    page.locator("#id_amount").fill("10")
    page.get_by_role("button", name="Place order").click()
    result = page.locator("#order-form [data-result]")
    expect(result).to_contain_text("The server can't be reached.")
    page.get_by_role("button", name="Place order").click()
    expect(result).to_have_text("Bought 10 AAPL at 61.50.")
    assert Order.objects.count() == 1


def test_an_order_is_canceled_after_a_question(open_page: OpenPage, socket: FakeSocket, resting: Order) -> None:
    page = open_page(**DESKTOP)
    row = pushed(page, socket, resting)
    row.get_by_role("link", name="Cancel").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("buy 10 AAPL at 60.00")
    expect(dialog.get_by_role("link", name="Back")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(row.get_by_role("link", name="Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Cancel the order").press("Enter")
    expect(page.locator("#notice")).to_have_text(f"Order {resting.pk} is canceled.")
    expect(dialog).to_be_hidden()
    resting.refresh_from_db()
    assert resting.status == "canceled"


def test_an_order_is_amended_and_a_refusal_stays_in_the_dialog(
    open_page: OpenPage, socket: FakeSocket, resting: Order
) -> None:
    page = open_page(**DESKTOP)
    pushed(page, socket, resting).get_by_role("link", name="Amend").click()
    dialog = page.get_by_role("dialog")
    price = dialog.get_by_label("Price")
    expect(price).to_have_value("60")
    expect(price).to_be_focused()
    price.fill("60.001")
    price.press("Enter")
    expect(dialog.locator("[data-result]")).to_contain_text("must be a multiple of 0.01")
    price.fill("59")
    price.press("Enter")
    expect(page.locator("#notice")).to_have_text(f"Order {resting.pk} is open: buy 10 AAPL at 59.00.")
    expect(dialog).to_be_hidden()


def test_a_dialog_of_somebody_who_has_signed_out_leads_to_sign_in(
    open_page: OpenPage, socket: FakeSocket, resting: Order
) -> None:
    page = open_page(**DESKTOP)
    row = pushed(page, socket, resting)
    page.context.clear_cookies(name="sessionid")
    row.get_by_role("link", name="Amend").click()
    expect(page).to_have_url(re.compile(rf"/login/\?next=/orders/{resting.pk}/amend/$"))


def test_an_action_without_a_script_is_a_page(open_page: OpenPage, resting: Order) -> None:
    page = open_page(f"/orders/{resting.pk}/", java_script_enabled=False, **DESKTOP)
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("button", name="Cancel the order").click()
    expect(page.locator(".alert[role=status]")).to_have_text(f"Order {resting.pk} is canceled.")
