"""What the page says of its connection: how old the data is, why it is stale, and what happens while it is away."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import FakeSocket
from tests.browser.desk_page import DESKTOP, OpenPage, frame_of
from tests.trading.pages.conftest import DOCUMENTS, TICKER
from trading.models import Instrument

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def market(aapl: Instrument, documents: dict[str, Any]) -> None:
    """A running market and the documents that the server renders."""


def make_live(page: Page, socket: FakeSocket) -> None:
    frame_of(page, socket, "subscribe")
    socket.snapshots(DOCUMENTS)
    socket.send({"type": "ticker", "ts": 2000, "tickers": {"AAPL": TICKER}})


def heartbeat(socket: FakeSocket, **stale: dict[str, Any]) -> None:
    feeds: dict[str, Any] = {name: {"epoch": 1, "seq": 1, "asOf": 60_000} for name in DOCUMENTS}
    for name, words in stale.items():
        feeds[name]["stale"] = words
    socket.send({"type": "heartbeat", "ts": 61_000, "feeds": feeds})


def test_without_a_script_the_page_says_that_it_is_not_live(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False, **DESKTOP)
    light = page.locator("[data-connection]")
    expect(light.get_by_role("status")).to_have_text("Not live: from when the page was loaded")
    expect(light.get_by_text("Paper")).to_be_visible()
    expect(light.get_by_role("button")).to_have_count(0)


def test_the_round_trip_is_shown_while_connected(open_page: OpenPage, socket: FakeSocket) -> None:
    page = open_page(**DESKTOP)
    make_live(page, socket)
    ping = frame_of(page, socket, "ping")
    socket.send({"type": "pong", "id": ping["id"], "ts": 2000})
    shown = page.locator("[data-round-trip]")
    expect(shown).to_have_text(re.compile(r"^\d+ ms$"))
    socket.send({"type": "goodbye", "reason": "restart", "reconnect_ms": [60_000, 60_000]})
    socket.connections[-1].close(code=1012)
    expect(shown).to_have_text("")


def test_each_feed_says_how_old_it_is_and_why_it_is_stale(open_page: OpenPage, socket: FakeSocket) -> None:
    page = open_page(**DESKTOP)
    make_live(page, socket)
    heartbeat(socket, orders={"reason": "fetch_failed", "since": 1000})
    ages = page.locator("[data-feed-ages]")
    ages.locator("summary").click()
    orders = ages.get_by_role("row", name="Open orders")
    expect(orders).to_contain_text("the data could not be read")
    expect(ages.get_by_role("row", name="Balance")).to_contain_text(re.compile(r"Live\s*\d+ s"))
    figure = page.locator("#orders [data-rows] .figure").first
    expect(figure).to_have_css("font-style", "italic")
    expect(page.locator("#fills [data-rows] .figure").first).to_have_css("font-style", "normal")


def test_nothing_moves_on_a_desktop_when_the_accounts_grow_stale(open_page: OpenPage, socket: FakeSocket) -> None:
    page = open_page(**DESKTOP)
    make_live(page, socket)
    ticket = page.locator("#ticket")
    place = ticket.bounding_box()
    heartbeat(socket, balance={"reason": "fetch_failed", "since": 1000})
    expect(page.locator("#accounts [data-stale-mark]")).to_contain_text("the data could not be read")
    assert ticket.bounding_box() == place


def test_who_comes_too_often_is_not_invited_to_come_now(open_page: OpenPage, socket: FakeSocket) -> None:
    page = open_page(**DESKTOP)
    make_live(page, socket)
    socket.connections[-1].close(code=4429)
    expect(page.locator("[data-retry]")).to_contain_text("Attempt 1 in")
    expect(page.get_by_role("button", name="Try now")).to_be_hidden()


def test_the_tickets_quote_is_marked_when_prices_are_stale(open_page: OpenPage, socket: FakeSocket) -> None:
    page = open_page(**DESKTOP)
    make_live(page, socket)
    stale = {"reason": "market_stale", "since": 1000}
    socket.send({"type": "heartbeat", "ts": 61_000, "feeds": {"ticker": {"asOf": 60_000, "stale": stale}}})
    expect(page.locator("#ticket [data-stale-mark]")).to_contain_text("the market has sent no new prices")
    expect(page.locator("#ticket [data-quote] .figure").first).to_have_css("font-style", "italic")
