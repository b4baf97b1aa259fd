"""The price chart, the watchlist and the tiles in a real browser, with a socket and candles that the test plays."""

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import FakeMarket, FakeSocket
from tests.browser.desk_page import MINUTE, OPEN, candle
from tests.trading.pages.conftest import DOCUMENTS, EMPTY, PNL, POSITION, TICKER
from trading.models import Account, Instrument, Order, User
from trading.services import order_place

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DESKTOP = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 360, "height": 740}}
OpenPage = Callable[..., Page]


@pytest.fixture
def market(aapl: Instrument, documents: dict[str, Any], market_api: FakeMarket) -> FakeMarket:
    """Candles of 34 minutes, and documents."""
    market_api.candles["1m"] = [candle(minute) for minute in range(34)]
    return market_api


@pytest.fixture
def resting(market: FakeMarket, alice: User) -> Order:
    account: Account = alice.accounts.get()
    return order_place(account=account, symbol="AAPL", side="buy", type="limit", amount=Decimal(10), price=Decimal(60))


def pushed_order(socket: FakeSocket, order: Order) -> None:
    socket.snapshots({**EMPTY, "orders": {str(order.pk): DOCUMENTS["orders"]["318"]}})


def legend(page: Page, field: str) -> Locator:
    return page.locator(f"#chart [data-legend] [data-field={field}]")


def tick(socket: FakeSocket, last: str, minute: int, ts: int = 2000) -> None:
    row = {**TICKER, "last": last, "marketTime": OPEN + minute * MINUTE}
    socket.send({"type": "ticker", "ts": ts, "tickers": {"AAPL": row}})


def label_of(page: Page, text: str) -> Locator:
    return page.locator("#chart [data-marks] li", has_text=text)


def test_the_newest_candle_is_named_and_carried_on_by_ticks(
    open_page: OpenPage, market: FakeMarket, socket: FakeSocket
) -> None:
    page = open_page(**DESKTOP)
    socket.snapshots(DOCUMENTS)
    expect(legend(page, "close")).to_have_text("61.50")
    expect(legend(page, "volume")).to_have_text("100")
    expect(legend(page, "time")).to_have_text("2008-10-06 15:34")
    tick(socket, "63.125", minute=33)
    expect(legend(page, "close")).to_have_text("63.125")
    expect(legend(page, "high")).to_have_text("63.125")
    expect(page.locator("#chart [data-chart-quote] [data-field=last]")).to_have_text("63.125")
    tick(socket, "64", minute=34, ts=2001)
    expect(legend(page, "open")).to_have_text("64.00")
    expect(legend(page, "volume")).to_have_text("\N{EN DASH}")


def test_an_interval_is_chosen(open_page: OpenPage, market: FakeMarket) -> None:
    market.candles["1d"] = [{**candle(0, "55"), "timestamp": OPEN - OPEN % 86_400_000, "low": "50"}]
    page = open_page(**DESKTOP)
    expect(legend(page, "volume")).to_have_text("100")
    page.get_by_role("button", name="5 m", exact=True).click()
    expect(legend(page, "volume")).to_have_text("500")
    expect(page.get_by_role("button", name="5 m", exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="1 d", exact=True).click()
    expect(legend(page, "close")).to_have_text("55.00")
    expect(legend(page, "time")).to_have_text("2008-10-06")


@pytest.mark.provokes("status of 500")
def test_no_candles_and_no_answer_are_said_in_words(open_page: OpenPage, market: FakeMarket) -> None:
    candles, market.candles["1m"], market.status = market.candles["1m"], [], 500
    page = open_page(**DESKTOP)
    expect(page.get_by_text("The candles could not be read.")).to_be_visible()
    market.status = 200
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("There are no candles yet.")).to_be_visible()
    market.candles["1m"] = candles
    page.get_by_role("button", name="15 m", exact=True).click()
    expect(legend(page, "close")).to_have_text("61.50")
    expect(page.locator("#chart [data-state]").filter(visible=True)).to_have_count(0)


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_own_orders_and_positions_are_named_at_their_lines(
    open_page: OpenPage, market: FakeMarket, socket: FakeSocket, size: Any
) -> None:
    position = {**POSITION, "takeProfit": "60.1", "stopLoss": "20"}
    valued = {**PNL["positions"]["AAPL"], "liquidationPrice": "12.34567899"}
    page = open_page(**size)
    socket.snapshots(
        {**DOCUMENTS, "positions": {"7": position}, "pnl": {"paper": {**PNL, "positions": {"AAPL": valued}}}}
    )
    labels = page.locator("#chart [data-marks] li")
    expect(labels).to_have_count(5)
    for text in ("Buy 10 at 60.00", "Long 10 at 60.05", "Take profit 60.10", "Stop loss 20.00", "Liquidation 12.3457"):
        expect(label_of(page, text)).to_be_visible()
    expect(label_of(page, "Stop loss")).to_have_attribute("data-beyond", "below")
    boxes = sorted((box for label in labels.all() if (box := label.bounding_box())), key=lambda box: box["y"])
    assert all(upper["y"] + upper["height"] <= lower["y"] for upper, lower in pairwise(boxes))
    socket.patches({"orders": {"318": None}, "positions": {"7": None}}, seq=2)
    expect(labels).to_have_count(0)


def test_an_order_is_moved_by_the_keyboard_and_left(open_page: OpenPage, resting: Order, socket: FakeSocket) -> None:
    page = open_page(**DESKTOP)
    pushed_order(socket, resting)
    label = label_of(page, "Buy 10 at").get_by_role("button")
    label.focus()
    for key in ("ArrowUp", "ArrowUp", "ArrowDown", "Shift+ArrowUp"):
        page.keyboard.press(key)
    expect(label).to_have_text("Buy 10 at 60.11")
    page.keyboard.press("Escape")
    expect(label).to_have_text("Buy 10 at 60.00")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Price")).to_have_value("59.99")
    page.get_by_role("dialog").get_by_role("link", name="Back").click()
    expect(label).to_have_text("Buy 10 at 60.00")
    resting.refresh_from_db()
    assert resting.price == 60


def test_the_watchlist_chooses_symbol_price_and_side(
    open_page: OpenPage, market: FakeMarket, aapl: Instrument, socket: FakeSocket
) -> None:
    Instrument.objects.create(
        symbol="ZZZ", name="Last", tick_size=1, step_size=1, minimum_notional=0, maker_fee_rate=0, taker_fee_rate=0
    )
    page = open_page(**DESKTOP)
    socket.snapshots(DOCUMENTS)
    quote = {**TICKER, "symbol": "ZZZ", "last": "7", "bid": "6", "ask": "8"}
    socket.send({"type": "ticker", "ts": 2000, "tickers": {"AAPL": TICKER, "ZZZ": quote}})
    page.locator("#tickers").get_by_role("link", name="ZZZ").click()
    expect(page.locator("#chart-title")).to_contain_text("ZZZ")
    expect(page.locator("#chart [data-chart-quote] [data-field=last]")).to_have_text("7.00")
    expect(page.locator("#id_symbol")).to_have_value("ZZZ")
    page.locator("#tickers tr[data-key=AAPL] [data-pick=sell]").click()
    expect(page.locator("#chart-title")).to_contain_text("AAPL")
    expect(page.locator("#id_price")).to_have_value("61.49")
    expect(page.locator("#id_side_sell")).to_be_checked()
    page.locator("#id_symbol").select_option("ZZZ")
    expect(page.locator("#tickers [aria-current]")).to_have_text("ZZZ")
    expect(page.locator("#chart-title")).to_contain_text("ZZZ")


def test_a_change_flashes_and_a_first_paint_does_not(
    open_page: OpenPage, market: FakeMarket, socket: FakeSocket
) -> None:
    page = open_page(**DESKTOP)
    free = page.locator("#accounts [data-rows] [data-field=free]")
    running = "(element) => element.getAnimations().length"
    changed = {**DOCUMENTS["balance"]["paper"], "free": "5"}
    socket.snapshots({**DOCUMENTS, "balance": {"paper": changed}})
    expect(free).to_have_text("5.00")
    assert free.evaluate(running) == 0
    page.evaluate("""() => {
        window.flashed = [];
        const animate = Element.prototype.animate;
        Element.prototype.animate = function (frames, options) {
            window.flashed.push(this.dataset.field);
            return animate.call(this, frames, options);
        };
    }""")
    socket.patches({"balance": {"paper": {"free": "6"}}}, seq=2)
    expect(free).to_have_text("6.00")
    assert page.evaluate("window.flashed") == ["free"]


def test_nothing_flashes_for_who_wants_no_motion(open_page: OpenPage, market: FakeMarket, socket: FakeSocket) -> None:
    page = open_page(reduced_motion="reduce", **DESKTOP)
    page.evaluate("() => { Element.prototype.animate = () => { throw new Error('It moved.'); }; }")
    free = page.locator("#accounts [data-rows] [data-field=free]")
    for seq, value in enumerate(("5", "6"), start=1):
        socket.snapshots({**DOCUMENTS, "balance": {"paper": {**DOCUMENTS["balance"]["paper"], "free": value}}}, seq)
        expect(free).to_have_text(f"{value}.00")


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [360, 768, 1440])
def test_the_chart_fills_its_panel_and_no_more(
    open_page: OpenPage, market: FakeMarket, socket: FakeSocket, width: int, scheme: str
) -> None:
    page = open_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    socket.snapshots(DOCUMENTS)
    expect(legend(page, "close")).to_have_text("61.50")
    fits = """() => {
        const [outer, inner] = ["[data-chart]", "[data-chart] table"]
            .map((selector) => document.querySelector(selector).getBoundingClientRect());
        return Math.abs(outer.width - inner.width) <= 1 && Math.abs(outer.height - inner.height) <= 1;
    }"""
    page.wait_for_function(fits)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.set_viewport_size({"width": 700, "height": 900})
    page.wait_for_function(fits)
    page.evaluate("document.dispatchEvent(new CustomEvent('themechange'))")
    expect(legend(page, "close")).to_have_text("61.50")
