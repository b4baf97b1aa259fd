"""A trader's visit to the site in one of its eight ways: phone or desktop, English or Chinese, dark or light."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from django.utils import translation
from django.utils.translation import gettext, ngettext, pgettext
from playwright.sync_api import Locator, Page, expect

from pushers import read
from tests.browser.conftest import FakeMarket, FakeSocket
from tests.browser.desk_page import (
    DESKTOP,
    PHONE,
    OpenPage,
    assert_no_sideways,
    assert_nothing_cut,
    candle,
    frame_of,
    shoot,
)
from trading.feeds.ticker import TickerFeed
from trading.models import Instrument, Order, Position, User
from trading.pages.dashboard import FEEDS

SIZES: dict[str, dict[str, Any]] = {"phone": {**PHONE, "has_touch": True}, "desktop": DESKTOP}
LOCALES = {"en": "en-US", "zh-hans": "zh-CN"}
SCHEMES = ("dark", "light")


@dataclass(frozen=True)
class Way:
    """How the visitor sees the site; the language and the theme are those of his browser."""

    size: str
    language: str
    scheme: str

    def __str__(self) -> str:
        return f"{self.size}-{self.language}-{self.scheme}"

    @property
    def options(self) -> dict[str, Any]:
        """Options of a browser context."""
        return {**SIZES[self.size], "locale": LOCALES[self.language], "color_scheme": self.scheme}


WAYS = [Way(*each) for each in product(SIZES, LOCALES, SCHEMES)]


class Visit:
    """One page of alice's, opened in one of the ways, and what the site is expected to say there."""

    page: Page

    def __init__(self, way: Way, open_page: OpenPage, socket: FakeSocket, alice: User) -> None:
        self.way, self.socket, self.alice = way, socket, alice
        self.seq = 0  # of the newest push
        self._open_page = open_page

    def open(self, path: str = "/", *, signed_in: bool = True) -> Page:
        """Open the page; the dashboard is live from then on."""
        self.page = self._open_page(path, signed_in=signed_in, **self.way.options)
        expect(self.page.locator("html")).to_have_attribute("lang", self.way.language)
        expect(self.page.locator(f"html[data-bs-theme={self.way.scheme}]")).to_have_count(1)
        if path == "/" and signed_in:
            frame_of(self.page, self.socket, "subscribe")
            self.push()
            expect(self.page.locator("[data-connection-text]")).to_have_text(self.words("Live"))
        return self.page

    def push(self) -> None:
        """Send the documents and the prices as a pusher would now."""
        self.seq += 1
        self.socket.snapshots(read(self.alice.pk, FEEDS), self.seq)
        self.socket.send({"type": "ticker", "ts": 1000 + self.seq, "tickers": dict(TickerFeed().fetch(["AAPL"]))})

    def words(self, text: str, context: str = "", **values: Any) -> str:
        """What the catalog has for a text of the site in the visitor's language."""
        with translation.override(self.way.language):
            found = pgettext(context, text) if context else gettext(text)
        assert found != text or self.way.language == "en", f"{text!r} has no translation"
        return found % values if values else found

    def counted(self, one: str, many: str, number: int, name: str = "number") -> str:
        """Return likewise a text that names a number of things."""
        with translation.override(self.way.language):
            return ngettext(one, many, number) % {name: number}

    def bought(self, amount: int, side: str = "Bought") -> str:
        """What is said of an order that was filled; the other side is "Sold"."""
        return self.words(f"{side} %(amount)s %(symbol)s at %(price)s.", amount=amount, symbol="AAPL", price="61.50")

    def described(self, amount: int, price: str) -> str:
        """What an order to buy is called."""
        values = {"side": self.words("Buy").lower(), "amount": amount, "symbol": "AAPL", "price": price}
        return self.words("%(side)s %(amount)s %(symbol)s at %(price)s", **values)

    def rests(self, order: Order, amount: int, price: str) -> str:
        """What is said of an order to buy that rests."""
        return self.words("Order %(id)s is open: %(order)s.", id=order.pk, order=self.described(amount, price))

    def row(self, of: Order | Position) -> Locator:
        """The row of an open order or a position."""
        panel = "orders" if isinstance(of, Order) else "positions"
        return self.page.locator(f"#{panel} [data-rows] tr[data-key='{of.pk}']")

    def link(self, text: str, context: str = "") -> Locator:
        """The link that says this."""
        return self.page.get_by_role("link", name=self.words(text, context), exact=True)

    def follow(self, link: Locator) -> None:
        """Go where a link leads, and wait for the scripts there."""
        with self.page.expect_navigation():
            link.click()

    def press(self, text: str) -> None:
        """Press the button that says this."""
        self.page.get_by_role("button", name=self.words(text), exact=True).click()

    def field(self, label: str, within: Locator | None = None) -> Locator:
        """The field that is named so, such as one within the dialog."""
        return (within or self.page).get_by_label(self.words(label), exact=True)

    @property
    def dialog(self) -> Locator:
        """The dialog that is open."""
        return self.page.get_by_role("dialog")

    def look(self, name: str) -> None:
        """Keep a screenshot, and fail where the page can be scrolled sideways or words are cut."""
        shoot(self.page, f"{name}-{self.way}")
        assert_no_sideways(self.page, SIZES[self.way.size])
        assert_nothing_cut(self.page)


@pytest.fixture(params=WAYS, ids=str)
def visit(
    request: pytest.FixtureRequest,
    open_page: OpenPage,
    socket: FakeSocket,
    market_api: FakeMarket,
    alice: User,
    aapl: Instrument,
    settings: Any,
) -> Visit:
    """A visit in each of the ways, to a market that does not grow stale meanwhile and has candles of 34 minutes."""
    settings.TRADING = {**settings.TRADING, "STALE_MARKET_SECONDS": 600}
    market_api.candles["1m"] = [candle(minute) for minute in range(34)]
    return Visit(request.param, open_page, socket, alice)
