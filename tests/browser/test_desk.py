"""Trading by hand and keyboard in a real browser: keys, editing in the row, everything at once, and notices."""

from decimal import Decimal

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import FakeSocket
from tests.browser.desk_page import DESKTOP, OpenPage, frame_of
from tests.trading.pages.conftest import DOCUMENTS, EMPTY, FILL, TICKER
from trading.models import Account, Instrument, Order, User
from trading.services import order_cancel, order_place

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def account(alice: User, aapl: Instrument) -> Account:
    return alice.accounts.get()


@pytest.fixture
def resting(account: Account) -> Order:
    return order_place(account=account, symbol="AAPL", side="buy", type="limit", amount=Decimal(10), price=Decimal(60))


def row_of(page: Page, socket: FakeSocket, order: Order) -> Locator:
    """Push the order and return its row."""
    frame_of(page, socket, "subscribe")
    socket.snapshots({**EMPTY, "orders": {str(order.pk): DOCUMENTS["orders"]["318"]}})
    return page.locator(f"#orders [data-rows] tr[data-key='{order.pk}']")


def toasts(page: Page) -> Locator:
    return page.locator("#toasts .order-toast")


# Keys


def test_no_key_fires_in_a_field(open_page: OpenPage, account: Account) -> None:
    page = open_page(**DESKTOP)
    page.locator("#id_amount").focus()
    page.keyboard.type("cbx?/s")
    expect(page.locator("#id_amount")).to_have_value("cbx?/s")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#id_side_buy")).to_be_checked()
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(page.locator("#id_side_sell")).to_be_checked()


def test_a_key_with_a_modifier_is_the_browsers(open_page: OpenPage, account: Account) -> None:
    page = open_page(**DESKTOP)
    page.keyboard.press("Alt+s")
    page.keyboard.press("Control+s")
    expect(page.locator("#id_side_buy")).to_be_checked()


def test_the_sheet_switches_the_keys_off(open_page: OpenPage, account: Account) -> None:
    page = open_page(**DESKTOP)
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    sheet.get_by_label("Single letters are keys").uncheck()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.keyboard.press("s")
    expect(page.locator("#id_side_buy")).to_be_checked()
    page.reload()
    page.keyboard.press("?")
    expect(sheet).to_be_hidden()
    page.get_by_role("button", name="Keys").click()
    sheet.get_by_label("Single letters are keys").check()
    sheet.get_by_role("button", name="Done").click()
    page.keyboard.press("s")
    expect(page.locator("#id_side_sell")).to_be_checked()


# Into the ticket


def test_a_chosen_price_makes_the_ticket_a_limit_order(open_page: OpenPage, account: Account) -> None:
    page = open_page(**DESKTOP)
    page.evaluate("document.dispatchEvent(new CustomEvent('pricechosen', {detail: {price: '60.25', side: 'sell'}}))")
    expect(page.locator("#id_type_limit")).to_be_checked()
    expect(page.locator("#id_side_sell")).to_be_checked()
    expect(page.locator("#id_price")).to_have_value("60.25")


def test_the_quote_is_taken_into_the_ticket(open_page: OpenPage, account: Account, socket: FakeSocket) -> None:
    page = open_page(**DESKTOP)
    socket.snapshots(EMPTY)
    socket.send({"type": "ticker", "ts": 2000, "tickers": {"AAPL": {**TICKER, "bid": "62.34"}}})
    page.locator("#order-form [data-choose]", has_text="62.34").click()
    expect(page.locator("#id_price")).to_have_value("62.34")


def test_a_chosen_symbol_takes_the_other_ones_price_along(open_page: OpenPage, account: Account) -> None:
    Instrument.objects.create(
        symbol="MSFT", name="Microsoft", tick_size=Decimal("0.01"), step_size=Decimal(1), minimum_notional=Decimal(10),
        maker_fee_rate=Decimal(0), taker_fee_rate=Decimal(0), maximum_leverage=5,
    )  # fmt: skip
    page = open_page("/?symbol=AAPL&type=limit&price=60&amount=10", **DESKTOP)
    page.evaluate("document.dispatchEvent(new CustomEvent('symbolchosen', {detail: {symbol: 'MSFT'}}))")
    expect(page.locator("#id_symbol")).to_have_value("MSFT")
    expect(page.locator("#id_price")).to_have_value("")
    page.evaluate("document.dispatchEvent(new CustomEvent('symbolchosen', {detail: {symbol: 'NONE'}}))")
    expect(page.locator("#id_symbol")).to_have_value("MSFT")


# In the row


def test_a_refused_amount_is_said_at_the_field_and_the_old_one_returns(
    open_page: OpenPage, socket: FakeSocket, resting: Order
) -> None:
    page = open_page(**DESKTOP)
    row = row_of(page, socket, resting)
    row.locator("[data-edit=amount]").press("Enter")
    field = row.get_by_label(f"Amount of order {resting.pk}")
    field.fill("1.5")
    field.press("Enter")
    expect(row.get_by_role("alert")).to_contain_text("must be a multiple of 1; found 1.5")
    expect(field).to_have_value("10")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("7")
    field.press("Escape")
    expect(field).to_be_hidden()
    expect(row.locator("[data-edit=amount]")).to_be_focused()
    expect(row.locator("[data-field=amount]")).to_have_text("10")
    resting.refresh_from_db()
    assert resting.amount == 10


# Notices


@pytest.fixture
def live(open_page: OpenPage, socket: FakeSocket, resting: Order) -> Page:
    """A page that has shown the resting order."""
    page = open_page(**DESKTOP)
    expect(row_of(page, socket, resting)).to_be_visible()
    return page


def test_a_fill_is_told_once(live: Page, socket: FakeSocket, account: Account, resting: Order) -> None:
    bought = order_place(account=account, symbol="AAPL", side="buy", type="market", amount=Decimal(4))
    fill = {**FILL, "order": str(bought.pk), "amount": "4"}
    socket.patches({"fills": {"12": fill}}, seq=2)
    expect(toasts(live)).to_have_text("Filled Bought 4 AAPL at 61.50.")
    # A document that is sent whole says the same again.
    socket.snapshots({"fills": {"12": fill}}, seq=3)
    order_cancel(order=resting)
    socket.snapshots({"orders": {}}, seq=2)
    expect(toasts(live)).to_have_count(2)
    expect(toasts(live).last).to_contain_text("is canceled")


def test_a_sound_is_made_only_for_who_asked_for_it(
    live: Page, socket: FakeSocket, account: Account, resting: Order
) -> None:
    count = "start(...all) { document.body.dataset.tones = 'made'; super.start(...all); }"
    live.evaluate(f"window.OscillatorNode = class extends OscillatorNode {{ {count} }}; null")
    order_cancel(order=resting)
    socket.patches({"orders": {str(resting.pk): None}}, seq=2)
    expect(toasts(live)).to_have_count(1)
    expect(live.locator("body")).not_to_have_attribute("data-tones", "made")
    live.get_by_role("button", name="Notices").click()
    live.get_by_label("With a short sound").check()
    live.get_by_role("button", name="Done").click()
    bought = order_place(account=account, symbol="AAPL", side="buy", type="market", amount=Decimal(4))
    socket.patches({"fills": {"12": {**FILL, "order": str(bought.pk)}}}, seq=2)
    expect(live.locator("body")).to_have_attribute("data-tones", "made", timeout=30_000)
