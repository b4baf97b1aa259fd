"""Every flow of trading by hand, at 360 and 1440 pixels, in both languages and both themes."""

import re
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.visit import Visit
from tests.browser.visit import visit as visit  # a fixture
from trading.models import Account, Order, OrderStatus, Position, User
from trading.services import order_cancel, order_place

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def account(alice: User) -> Account:
    return alice.accounts.get()


def buy(account: Account, amount: int, price: int | None = None) -> Order:
    """Buy at the market, or rest a limit order below it."""
    order: dict[str, Any] = {"type": "limit", "price": Decimal(price)} if price else {"type": "market"}
    return order_place(account=account, symbol="AAPL", side="buy", amount=Decimal(amount), **order)


def test_an_order_is_seen_before_it_is_placed_and_refused_in_words(visit: Visit) -> None:
    page = visit.open()
    result, preview = page.locator("#order-form [data-result]"), page.locator("#ticket .preview")
    visit.field("Amount").fill("10")
    expect(preview.locator("div", has_text=visit.words("Margin"))).to_contain_text("615.00")
    visit.look("ticket")
    visit.press("Place order")
    expect(result).to_have_text(visit.bought(10))
    visit.push()
    position = visit.row(Position.objects.get())
    expect(position).to_contain_text(visit.words("Long"))
    visit.look("bought")

    page.locator("#order-form [data-choose]").first.click()
    price = page.locator("#id_price")
    expect(price).to_have_value("61.5")
    page.locator("#chart [data-chart]").click(position={"x": 60, "y": 150})
    expect(price).to_have_value(re.compile(r"^(59|6[0-2])(\.\d\d?)?$"))
    expect(price).not_to_have_value("61.5")
    price.fill("60.001")
    visit.field("Amount").fill("4")
    visit.press("Place order")
    refusal = "The price must be a multiple of %(tick)s; found %(price)s."
    expect(result).to_have_text(visit.words(refusal, tick="0.01", price="60.001"))
    visit.look("refused")

    price.fill("60")
    visit.press("Place order")
    expect(result).to_contain_text("60.00")
    order = Order.objects.latest("pk")
    expect(result).to_have_text(visit.rests(order, 4, "60.00"))
    visit.push()
    expect(visit.row(order)).to_contain_text("60.00")
    mark = visit.words("{side} {amount} at {price}").format(side=visit.words("Buy"), amount=4, price="60.00")
    expect(page.locator("#chart [data-marks]")).to_contain_text(mark)
    visit.look("rests")


def test_a_resting_order_is_changed_in_its_row(visit: Visit, account: Account) -> None:
    order = buy(account, 10, 60)
    page = visit.open()
    row = visit.row(order)
    row.locator("[data-edit=price]").click()
    price = row.get_by_label(visit.words("Price of order {id}").format(id=order.pk))
    price.fill("59.501")
    price.press("Enter")
    refusal = "The price must be a multiple of %(tick)s; found %(price)s."
    expect(row.get_by_role("alert")).to_have_text(visit.words(refusal, tick="0.01", price="59.501"))
    visit.look("edit-refused")
    price.fill("59.5")
    price.press("Enter")
    expect(page.locator("#notice")).to_have_text(visit.rests(order, 10, "59.50"))
    expect(price).to_be_hidden()
    expect(row.locator("[data-edit=price]")).to_be_focused()
    visit.push()
    row.locator("[data-edit=amount]").click()
    amount = row.get_by_label(visit.words("Amount of order {id}").format(id=order.pk))
    amount.fill("12")
    amount.press("Enter")
    expect(page.locator("#notice")).to_have_text(visit.rests(order, 12, "59.50"))
    visit.push()
    expect(row.locator("[data-field=amount]").first).to_have_text("12")
    visit.look("edited")


def test_an_order_is_moved_on_the_chart_by_keys_and_by_dragging(visit: Visit, account: Account) -> None:
    order = buy(account, 10, 60)
    page = visit.open()
    mark = page.locator("#chart [data-marks] button")
    text = visit.words("{side} {amount} at {price}").format(side=visit.words("Buy"), amount=10, price="{}")
    expect(mark).to_have_text(text.format("60.00"))
    mark.focus()
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(mark).to_have_text(text.format("60.11"))
    page.keyboard.press("Enter")
    expect(visit.field("Price", visit.dialog)).to_have_value("60.11")
    visit.look("amend")
    visit.press("Amend the order")
    expect(page.locator("#notice")).to_have_text(visit.rests(order, 10, "60.11"))
    visit.push()
    expect(mark).to_have_text(text.format("60.11"))

    mark.hover()
    box = mark.bounding_box()
    assert box is not None
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] - 31, steps=5)
    expect(mark).not_to_have_text(text.format("60.11"))
    page.mouse.up()
    price = visit.field("Price", visit.dialog)
    expect(price).to_have_value(re.compile(r"^6[01](\.\d\d?)?$"))  # on the tick
    asked = Decimal(price.input_value())
    visit.press("Amend the order")
    expect(visit.dialog).to_be_hidden()
    order.refresh_from_db()
    assert order.price == asked != Decimal("60.11")


def test_orders_are_canceled_one_by_one_and_all_at_once(visit: Visit, account: Account) -> None:
    first, *_others = (buy(account, 10, price) for price in (60, 59, 58))
    page = visit.open()
    notice = page.locator("#notice")
    visit.row(first).get_by_role("link", name=visit.words("Cancel"), exact=True).click()
    expect(visit.dialog).to_contain_text(visit.words("Cancel order %(id)s?", id=first.pk))
    visit.look("cancel")
    visit.press("Cancel the order")
    expect(notice).to_have_text(visit.words("Order %(id)s is canceled.", id=first.pk))
    visit.push()
    expect(visit.row(first)).to_have_count(0)

    visit.link("Cancel all").click()
    expect(visit.dialog).to_contain_text(
        visit.counted("Cancel %(number)s open order?", "Cancel all %(number)s open orders?", 2)
    )
    expect(visit.dialog.get_by_role("listitem").first).to_contain_text(visit.described(10, "58.00"))
    visit.look("cancel-all")
    visit.press("Cancel all")
    expect(notice).to_have_text(visit.counted("%(number)s order is canceled.", "%(number)s orders are canceled.", 2))
    visit.push()
    expect(page.get_by_text(visit.words("No open orders."))).to_be_visible()
    assert {order.status for order in Order.objects.all()} == {OrderStatus.CANCELED}


def test_a_position_is_protected_and_closed_in_part_and_with_all_others(visit: Visit, account: Account) -> None:
    buy(account, 10)
    position = Position.objects.get()
    page = visit.open()
    row, notice = visit.row(position), page.locator("#notice")
    row.get_by_role("link", name=visit.words("TP/SL")).click()
    visit.field("Take profit", visit.dialog).fill("70")
    visit.field("Stop loss", visit.dialog).fill("50")
    visit.look("protect")
    visit.press("Set")
    expect(notice).to_have_text(visit.words("Take profit and stop loss of %(symbol)s are set as shown.", symbol="AAPL"))
    visit.push()
    expect(page.locator("#chart [data-marks]")).to_contain_text(
        visit.words("Stop loss {price}").format(price="50.00"), use_inner_text=True
    )
    row.get_by_role("link", name=visit.words("Close", "a position"), exact=True).click()
    visit.field("Amount", visit.dialog).fill("4")
    visit.look("close")
    visit.press("Close the position")
    expect(notice).to_have_text(visit.bought(4, "Sold"))
    visit.push()
    expect(row.locator("[data-field=contracts]").first).to_have_text("6")

    visit.link("Close all").click()
    expect(visit.dialog).to_contain_text(
        visit.words("long %(amount)s %(symbol)s, %(account)s", amount=6, symbol="AAPL", account="paper")
    )
    visit.look("close-all")
    visit.press("Close all")
    expect(notice).to_have_text(visit.counted("%(number)s position is closed.", "%(number)s positions are closed.", 1))
    visit.push()
    expect(page.get_by_text(visit.words("No open positions."))).to_be_visible()
    position.refresh_from_db()
    assert position.signed_amount == 0


def test_notices_tell_what_becomes_of_orders_until_a_kind_is_muted(visit: Visit, account: Account) -> None:
    canceled, rejected, muted = (buy(account, 10, price) for price in (60, 59, 58))
    page = visit.open()
    toasts = page.locator("#toasts .order-toast")
    bought = f"{visit.words('Filled')} {visit.bought(4)}"
    buy(account, 4)
    visit.push()
    expect(toasts).to_have_text([bought])
    order_cancel(order=canceled)
    visit.push()
    expect(toasts.last).to_have_text(
        f"{visit.words('Canceled')} {visit.words('Order %(id)s is canceled.', id=canceled.pk)}"
    )
    ended = {"status": OrderStatus.REJECTED, "reject_reason": "insufficient_margin", "reserved": 0}
    Order.objects.filter(pk=rejected.pk).update(**ended)
    expect(page.locator("#toasts [data-said]")).to_have_text(visit.words("Order %(id)s is canceled.", id=canceled.pk))
    visit.push()
    expect(toasts).to_have_count(3)
    expect(toasts.last).to_contain_text(visit.words("There is not enough free money for the margin and the fee."))
    visit.look("toasts")
    for _ in range(3):
        toasts.first.get_by_role("button", name=visit.words("Dismiss")).click()

    visit.press("Notices")
    visit.field("Canceled", visit.dialog).uncheck()
    visit.look("notices")
    visit.press("Done")
    order_cancel(order=muted)
    with page.expect_response("**/orders/news/*"):
        visit.push()
    buy(account, 4)
    visit.push()
    expect(toasts).to_have_text([bought])


def test_keys_start_orders_and_are_listed(visit: Visit, account: Account) -> None:
    buy(account, 10)
    buy(account, 10, 60)
    page = visit.open()
    page.keyboard.press("?")
    expect(visit.dialog).to_contain_text(visit.words("Cancel all orders, after a question"))
    visit.look("keys")
    visit.press("Done")
    for key, side, done in (("s", "sell", visit.bought(2, "Sold")), ("b", "buy", visit.bought(2))):
        page.keyboard.press(key)
        expect(page.locator(f"#id_side_{side}")).to_be_checked()
        page.keyboard.type("2")
        page.keyboard.press("Enter")
        expect(page.locator("#order-form [data-result]")).to_have_text(done)
        page.keyboard.press("Escape")
    for key, question in (("c", "Cancel all"), ("x", "Close all")):
        page.keyboard.press(key)
        expect(visit.dialog.get_by_role("button", name=visit.words(question))).to_be_visible()
        page.keyboard.press("Escape")
        expect(visit.dialog).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("#id_symbol")).to_be_focused()


def test_the_connection_is_live_stale_lost_and_signed_out_in_words(visit: Visit, account: Account) -> None:
    buy(account, 10)
    page = visit.open()
    said, figure = page.locator("[data-connection-text]"), page.locator("#positions [data-rows] .figure").first
    colour = figure.evaluate("(element) => getComputedStyle(element).color")
    heads: dict[str, Any] = {
        name: {"epoch": 1, "seq": visit.seq, "asOf": 60_000} for name in ("balance", "positions", "orders", "fills")
    }
    heads["pnl"] = {**heads["orders"], "stale": {"reason": "fetch_failed", "since": 1000}}
    visit.socket.send({"type": "heartbeat", "ts": 61_000, "feeds": heads})
    expect(said).to_have_text(visit.words("Connected, some data is stale"))
    expect(page.locator("#positions [data-stale-mark]")).to_contain_text(visit.words("the data could not be read"))
    expect(figure).to_have_css("font-style", "italic")
    expect(figure).not_to_have_css("color", colour)
    expect(page.locator("#fills [data-rows] .figure").first).to_have_css("color", colour)
    page.locator("[data-feed-ages] summary").click()
    visit.look("stale")

    visit.socket.send({"type": "goodbye", "reason": "restart", "reconnect_ms": [600_000, 600_000]})
    visit.socket.connections[-1].close(code=1012)
    expect(said).to_have_text(visit.words("The server restarts, reconnecting"))
    expect(page.locator("#orders [data-stale-mark]")).to_contain_text(visit.words("not connected"))
    attempt = re.escape(visit.words("Attempt {attempt} in {seconds} s").format(attempt=1, seconds="SECONDS"))
    expect(page.locator("[data-retry-text]")).to_have_text(re.compile(attempt.replace("SECONDS", r"\d+")))
    visit.look("reconnecting")
    visit.press("Try now")
    visit.push()
    expect(said).to_have_text(visit.words("Live"))
    expect(figure).to_have_css("color", colour)
    assert len(visit.socket.connections) == 2

    visit.socket.connections[-1].close(code=4401)
    expect(said).to_have_text(visit.words("Signed out"))
    visit.look("signed-out")
    visit.link("Sign in").click()
    expect(page).to_have_url(re.compile(r"/login/\?next=/|/$"))
