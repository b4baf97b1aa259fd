"""The dashboard in a real browser, with a socket that the test plays."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from pushers import FeedStale
from tests.browser.conftest import FakeSocket
from tests.trading.pages.conftest import DOCUMENTS, EMPTY, FILL, PNL, POSITION, TICKER
from trading.models import Instrument

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2}
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
OpenPage = Callable[..., Page]


def text_of(page: Page, field: str, within: str) -> Any:
    return page.locator(f"#{within} [data-rows] [data-field={field}]").first


def shoot(page: Page, name: str) -> None:
    """Keep a screenshot where SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def background(page: Page) -> int:
    """The lightness of the page's background, 0 to 765."""
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(int(part) for part in colour[4:-1].split(",")[:3])


def clipped(page: Page) -> Any:
    """The panels of which a box is wider inside than outside: cut off, or lying over its neighbour."""
    boxes = "[...document.querySelectorAll('.panel, .scroll, .tile dd')]"
    return page.evaluate(f"{boxes}.filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.closest('.panel').id)")


@pytest.fixture
def market(aapl: Instrument, documents: dict[str, Any]) -> dict[str, Any]:
    """A running market, and documents that a test may change before it opens the page."""
    return documents


def test_the_server_renders_the_numbers_without_any_script(open_page: OpenPage, market: Any) -> None:
    page = open_page(java_script_enabled=False, **DESKTOP)
    expect(text_of(page, "equity", "accounts")).to_have_text("100,002.15")
    expect(text_of(page, "unrealizedPnl", "positions")).to_have_text("+14.50")


def test_a_pushed_patch_changes_the_cell(open_page: OpenPage, market: Any, socket: FakeSocket) -> None:
    page = open_page(**DESKTOP)
    socket.snapshots(DOCUMENTS)
    socket.patches({"balance": {"paper": {"free": "1234567.891"}}, "pnl": {"paper": {"dayPnl": "-5"}}}, seq=2)
    expect(text_of(page, "free", "accounts")).to_have_text("1,234,567.89")
    expect(text_of(page, "free", "accounts")).to_have_attribute("title", "1234567.891")
    expect(text_of(page, "dayPnl", "accounts")).to_have_text("\N{MINUS SIGN}5.00")
    expect(text_of(page, "dayPnl", "accounts")).to_have_attribute("data-sign", "negative")


def test_live_documents_look_as_the_server_rendered_them(open_page: OpenPage, market: Any, socket: FakeSocket) -> None:
    page = open_page(**DESKTOP)
    panels = "[...document.querySelectorAll('[data-rows]')].map((e) => e.innerHTML.replace(/>\\s+</g, '><').trim())"
    before = page.evaluate(panels)
    # Rows that the script makes itself, from the templates: first nothing, then everything.
    socket.snapshots(EMPTY)
    expect(page.get_by_text("No open orders.")).to_be_visible()
    socket.snapshots(DOCUMENTS, seq=2)
    socket.send({"type": "ticker", "ts": 2000, "tickers": {"AAPL": TICKER}})
    expect(page.locator("#orders [data-rows] tr")).to_have_count(1)
    assert page.evaluate(panels) == before


def test_rows_come_in_order_and_go(open_page: OpenPage, market: Any, socket: FakeSocket) -> None:
    page = open_page(**DESKTOP)
    socket.snapshots(DOCUMENTS)
    order = DOCUMENTS["orders"]["318"]
    socket.patches({"orders": {"9": order, "1000": order}}, seq=2)
    rows = page.locator("#orders [data-rows] tr")
    expect(rows).to_have_count(3)
    assert rows.evaluate_all("(rows) => rows.map((row) => row.dataset.key)") == ["1000", "318", "9"]
    socket.patches({"orders": {"9": None, "1000": None, "318": None}}, seq=3)
    expect(page.get_by_text("No open orders.")).to_be_visible()


def test_the_ten_newest_fills_are_shown_and_the_others_at_a_click(
    open_page: OpenPage, market: Any, socket: FakeSocket
) -> None:
    page = open_page(**DESKTOP)
    rows, more = page.locator("#fills [data-rows] tr").filter(visible=True), page.get_by_label("Show older fills, too")
    socket.snapshots({**EMPTY, "fills": {str(number): FILL for number in range(10)}})
    expect(rows).to_have_count(10)
    expect(more).to_be_hidden()
    socket.patches({"fills": {"10": FILL, "11": FILL}}, seq=2)
    expect(rows).to_have_count(10)
    more.check()
    expect(rows).to_have_count(12)


def test_the_empty_state_is_said_in_words(open_page: OpenPage, market: Any, socket: FakeSocket) -> None:
    market.update(EMPTY)
    page = open_page(**DESKTOP)
    expect(page.get_by_text("No open positions.")).to_be_visible()
    expect(page.locator("#positions table")).to_be_hidden()
    socket.snapshots(DOCUMENTS)
    expect(page.get_by_text("No open positions.")).to_be_hidden()
    expect(text_of(page, "contracts", "positions")).to_have_text("10")


def test_a_panel_that_is_stale_at_first_says_why(open_page: OpenPage, market: Any) -> None:
    market["pnl"] = FeedStale("market_stale")
    page = open_page(**DESKTOP)
    expect(page.locator("#positions [data-stale-mark]")).to_contain_text("the market has sent no new prices")
    expect(page.locator("#orders [data-stale-mark]")).to_be_hidden()
    expect(page.locator("#pnl")).to_contain_text("Not known at the moment.")


def test_the_light_tells_live_stale_and_reconnecting(open_page: OpenPage, market: Any, socket: FakeSocket) -> None:
    page = open_page(**DESKTOP)
    light = page.locator("[data-connection]")
    expect(light).to_contain_text("Connecting")
    socket.snapshots(DOCUMENTS)
    socket.send({"type": "ticker", "ts": 2000, "tickers": {"AAPL": TICKER}})
    expect(light).to_contain_text("Live")
    expect(page.locator("[data-market-time]")).to_have_text("2008-10-06 15:31")
    expect(page.locator("[data-stale]")).to_have_count(0)
    shoot(page, "desktop-live")
    stale = {"reason": "pusher_down", "since": 1000}
    heads = {name: {"epoch": 1, "seq": 1, "asOf": 1000} for name in DOCUMENTS}
    socket.send({"type": "heartbeat", "ts": 3000, "feeds": {**heads, "orders": {**heads["orders"], "stale": stale}}})
    mark = page.locator("#orders [data-stale-mark]")
    expect(mark).to_have_text("Stale: the push service is down since 1970-01-01 00:00:01")
    expect(light).to_contain_text("Connected, some data is stale")
    shoot(page, "desktop-stale")
    socket.connections[-1].close(code=1012)
    expect(page.locator("#fills [data-stale-mark]")).to_have_text(
        re.compile(r"not connected since (\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d$")
    )


def test_a_lost_connection_comes_back_by_itself(open_page: OpenPage, market: Any, socket: FakeSocket) -> None:
    page = open_page(**DESKTOP)
    socket.snapshots(DOCUMENTS)
    expect(page.locator("#fills")).not_to_have_attribute("data-stale", "")
    socket.connections[-1].close(code=1012)
    expect(page.locator("#fills")).to_have_attribute("data-stale", "")
    expect(page.locator("#fills")).not_to_have_attribute("data-stale", "")
    [again] = [frame for frame in socket.received if "have" in frame]
    assert again["have"]["orders"] == {"epoch": 1, "seq": 1}


def test_a_feed_that_is_taken_away_is_marked_in_its_panel_alone(
    open_page: OpenPage, market: Any, socket: FakeSocket
) -> None:
    page = open_page(**DESKTOP)
    socket.snapshots(DOCUMENTS)
    socket.send({"type": "unsubscribed", "feeds": {"orders": {"ok": False, "code": "forbidden"}}, "symbols": {}})
    expect(page.locator("#orders [data-stale-reason]")).to_have_text("this feed is not available to you")
    expect(page.locator("#fills")).not_to_have_attribute("data-stale", "")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (4403, "Disconnected: access revoked"),
        (4400, "Disconnected: reload the page"),
        (4429, "Too many connections, trying again in a minute"),
        (1012, "The server restarts, reconnecting"),
    ],
)
def test_the_page_says_why_it_is_not_connected(
    open_page: OpenPage, market: Any, socket: FakeSocket, code: int, words: str
) -> None:
    page = open_page(**DESKTOP)
    socket.snapshots(DOCUMENTS)
    if code == 1012:
        socket.send({"type": "goodbye", "reason": "restart", "reconnect_ms": [60_000, 60_000]})
    socket.connections[-1].close(code=code)
    expect(page.locator("[data-connection-text]")).to_have_text(words)


def test_a_refused_order_says_why_beside_the_form(open_page: OpenPage, market: Any) -> None:
    page = open_page(**DESKTOP)
    page.locator("#id_amount").fill("1.5")
    page.get_by_role("button", name="Place order").click()
    result = page.locator("#order-form [data-result]")
    expect(result).to_have_text("The amount must be a multiple of 1; found 1.5.")
    expect(result).to_have_attribute("data-outcome", "failed")
    expect(page.locator("#id_amount")).to_have_value("1.5")
    shoot(page, "desktop-refused")


@pytest.mark.provokes("status of 401")
def test_an_order_of_a_trader_who_has_signed_out_leads_to_sign_in(
    open_page: OpenPage, market: Any, socket: FakeSocket
) -> None:
    page = open_page(**DESKTOP)
    socket.snapshots(DOCUMENTS)
    page.context.clear_cookies(name="sessionid")
    page.locator("#id_amount").fill("1")
    page.get_by_role("button", name="Place order").click()
    result = page.locator("#order-form [data-result]")
    expect(result).to_contain_text("You are signed out.")
    result.get_by_role("link", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/login/\?next=/$"))


def test_a_new_action_replaces_the_last_notice_and_nothing_moves(
    open_page: OpenPage, market: Any, socket: FakeSocket
) -> None:
    page = open_page(**DESKTOP)
    page.clock.install()
    socket.snapshots(DOCUMENTS)
    table, tickers = page.locator("#orders table"), page.locator("#tickers")
    places = table.bounding_box(), tickers.bounding_box()
    page.locator("#id_amount").fill("ten")
    page.get_by_role("button", name="Place order").click()
    expect(page.locator("#order-form [data-result]")).to_have_text("Amount: Enter a number.")
    page.get_by_role("link", name="Cancel all").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel all").click()
    notice = page.locator("#notice")
    expect(notice).to_have_text("0 orders are canceled.")
    expect(page.locator("#order-form [data-result]")).to_be_hidden()
    assert (table.bounding_box(), tickers.bounding_box()) == places
    page.clock.fast_forward(10_000)
    expect(notice).to_be_hidden()


def test_the_age_of_the_oldest_document_is_shown(open_page: OpenPage, market: Any, socket: FakeSocket) -> None:
    page = open_page(**DESKTOP)
    socket.snapshots(DOCUMENTS)
    heads = {name: {"epoch": 1, "seq": 1, "asOf": 60_000} for name in DOCUMENTS}
    socket.send(
        {"type": "heartbeat", "ts": 102_400, "feeds": {**heads, "orders": {**heads["orders"], "asOf": 100_000}}}
    )
    expect(page.locator("[data-age]")).to_have_text(re.compile(r"^Data 4[2-9] s old$"))


def test_another_user_in_the_same_browser_reloads_the_page(
    open_page: OpenPage, market: Any, socket: FakeSocket
) -> None:
    page = open_page(**DESKTOP)
    socket.snapshots(DOCUMENTS)
    expect(page.locator("#fills")).to_be_visible()
    socket.user_id = 2
    with page.expect_navigation():
        socket.connections[-1].close(code=1012)


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_page_follows_the_systems_colours(
    open_page: OpenPage, market: Any, socket: FakeSocket, scheme: str
) -> None:
    page = open_page(color_scheme=scheme, **DESKTOP)
    socket.snapshots(DOCUMENTS)
    expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)
    assert background(page) < 200 if scheme == "dark" else background(page) > 600
    shoot(page, f"desktop-{scheme}")


@pytest.mark.parametrize("width", [360, 600, 900, 1200, 1280, 1440, 1920])
def test_no_table_is_cut_off_with_large_numbers(
    open_page: OpenPage, market: Any, socket: FakeSocket, width: int
) -> None:
    page = open_page(viewport={"width": width, "height": 900})
    large = {"symbol": "GOOG", "entryPrice": "1626.6412", "markPrice": "1626.64", "unrealizedPnl": "-12345.67"}
    documents = {
        **DOCUMENTS,
        "balance": {"paper": {"currency": "USD", "total": "1234567.89", "used": "1034567.8", "free": "1200000.09"}},
        "pnl": {"paper": {**PNL, "equity": "1234567.89", "positions": {"GOOG": large}}},
        "positions": {"7": {**POSITION, **large, "contracts": "1000"}},
        "fills": {"9": {**FILL, "symbol": "GOOG", "price": "1626.64"}},
    }
    socket.snapshots(documents)
    quote = {**TICKER, "symbol": "GOOG", "last": "1626.64", "bid": "1626.63", "ask": "1626.69", "percentage": "-12.3"}
    socket.send({"type": "ticker", "ts": 2000, "tickers": {"AAPL": quote}})
    expect(text_of(page, "total", "accounts")).to_have_text("1,234,567.89")
    expect(text_of(page, "last", "tickers")).to_have_text("1,626.64")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert clipped(page) == []


@pytest.mark.parametrize("accounts", [1, 2, 3])
@pytest.mark.parametrize("width", [360, 768, 1024, 1280, 1440, 1920])
def test_no_figure_of_an_account_lies_over_another(
    open_page: OpenPage, market: Any, socket: FakeSocket, width: int, accounts: int
) -> None:
    page = open_page(viewport={"width": width, "height": 900})
    names = ["paper", "second", "third"][:accounts]
    money = dict.fromkeys(("total", "used", "free"), "9999999.99")
    gains = {**PNL, "equity": "9999999.99", "dayPnl": "-9999999.99", "positions": {}}
    balance = {name: {"currency": "USD", **money} for name in names}
    socket.snapshots({**EMPTY, "balance": balance, "pnl": dict.fromkeys(names, gains)})
    expect(page.locator("#accounts [data-rows] [data-field=equity]")).to_have_text(["9,999,999.99"] * accounts)
    assert clipped(page) == []


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("path", ["/", "/login/"])
def test_a_phone_shows_everything_without_scrolling_sideways(
    open_page: OpenPage, market: Any, socket: FakeSocket, scheme: str, path: str
) -> None:
    page = open_page(path, signed_in=path == "/", color_scheme=scheme, **PHONE)
    if path == "/":
        socket.snapshots(DOCUMENTS)
        expect(text_of(page, "total", "accounts")).to_be_visible()
        for noun in ("positions", "orders", "fills"):
            expect(page.locator(f"#{noun} [data-rows]").get_by_text("paper").filter(visible=True)).to_have_count(1)
        assert clipped(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    shoot(page, f"phone{path.replace('/', '-')}{scheme}")


def test_the_page_works_under_a_strict_content_security_policy(
    open_page: OpenPage, market: Any, socket: FakeSocket
) -> None:
    # data: images are Bootstrap's own arrows and ticks, in its style sheet.
    policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws:"

    def with_policy(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, headers={**response.headers, "content-security-policy": policy})

    page = open_page("/login/", **DESKTOP)  # alice is signed in: it leads to the dashboard
    page.route(lambda url: url.endswith("/"), with_policy)
    response = page.reload()
    assert response is not None
    assert response.headers["content-security-policy"] == policy
    socket.snapshots(EMPTY)
    expect(page.get_by_text("No open orders.")).to_be_visible()
