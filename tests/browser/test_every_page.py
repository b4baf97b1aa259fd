"""Every page, at 360 and 1440 pixels, in both languages and both themes: usable by everybody, and without an error.

A page is loaded once per language; the size and the theme are then changed in place. What axe-core finds serious or
critical fails, and so does anything that the browser reports as an error, a breach of the security policy included.
"""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import FakeSocket
from tests.trading.pages.conftest import DOCUMENTS, TICKER
from trading.models import Account, EquityPoint, Order, Position, User
from trading.services import order_place, token_create

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenPage = Callable[..., Page]
AXE = Path(__file__).parent / "vendor/axe-core-4.14.1/axe.min.js"
SIZES = ({"width": 1440, "height": 900}, {"width": 360, "height": 740})
LOCALES = {"en": "en-US", "zh-hans": "zh-CN"}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FINDINGS = """async (options) => (await axe.run(document, options)).violations
    .filter(({ impact }) => ["serious", "critical"].includes(impact))
    .flatMap(({ id, nodes }) => nodes.map(({ html, any }) => `${id}: ${html.slice(0, 160)} ${any[0]?.message}`))"""
CUT = "[...document.querySelectorAll('.panel, .scroll')].filter((e) => e.scrollWidth > e.clientWidth + 1).length"


@pytest.fixture
def paths(alice: User, aapl: Any) -> list[str]:
    """The pages of a trader who has one of everything."""
    account = Account.objects.get(user=alice)
    order_place(account=account, symbol="AAPL", side="buy", type="market", amount=Decimal(10))
    order_place(account=account, symbol="AAPL", side="sell", type="market", amount=Decimal(4))
    resting = order_place(
        account=account, symbol="AAPL", side="buy", type="limit", amount=Decimal(10), price=Decimal(60)
    )
    token_create(user=alice, name="A program with a long name", scopes=["read", "trade"])
    for minute, value in enumerate((100_000, 100_250, 99_900)):
        at = Order.objects.earliest("pk").created_at.replace(minute=minute, second=0, microsecond=0)
        EquityPoint.objects.create(account=account, interval="15m", at=at, equity=Decimal(value))
    order, position = f"/orders/{resting.pk}/", f"/positions/{Position.objects.get().pk}/"
    return [
        "/", "/history/orders/", "/history/fills/", "/history/equity/", "/history/calendar/", "/summary/", "/accounts/",
        "/accounts/paper/", "/accounts/paper/reset/", "/tokens/", "/preferences/", "/history/orders/?since=never",
        "/history/fills/?symbol=AAPL&side=sell&until=2020-01-01", order, f"{order}amend/", f"{order}cancel/",
        f"{position}close/", f"{position}protect/", f"{position}leverage/", "/orders/cancel/", "/positions/close/",
    ]  # fmt: skip


def look(page: Page, path: str) -> list[str]:
    """What is wrong with the page as it is, in either theme and size."""
    found: list[str] = []
    for size in SIZES:
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            expect(page.locator(f"html[data-bs-theme={scheme}]")).to_have_count(1)
            # The second theme has the same elements in other colours.
            rules = (
                {"type": "tag", "values": WCAG} if scheme == "light" else {"type": "rule", "values": ["color-contrast"]}
            )
            where = f"{path} {size['width']} {scheme}"
            found += [f"{where}: {text}" for text in page.evaluate(FINDINGS, {"runOnly": rules, "resultTypes": []})]
        wide = page.evaluate("document.documentElement.scrollWidth")
        found += [f"{path}: {wide} px wide at {size['width']}"] if wide > size["width"] else []
        found += [f"{path}: a table is cut at {size['width']}"] if page.evaluate(CUT) else []
    return found


@pytest.mark.parametrize("language", LOCALES)
def test_every_page_is_for_everybody(
    open_page: OpenPage, socket: FakeSocket, alice: User, paths: list[str], language: str
) -> None:
    User.objects.update(language=language)
    page = open_page("/preferences/", locale=LOCALES[language])
    site, axe, found = page.url.removesuffix("/preferences/"), AXE.read_text(), list[str]()
    for path in paths:
        page.goto(site + path)
        expect(page.locator("html")).to_have_attribute("lang", language)
        if path == "/":
            socket.snapshots(DOCUMENTS)
            socket.send({"type": "ticker", "ts": 2000, "tickers": {"AAPL": TICKER}})
            expect(page.locator("#positions [data-rows] tr")).to_have_count(1)
        page.evaluate(axe)
        found += look(page, path)
    assert "\n".join(found) == ""


@pytest.mark.provokes("status of 404")
@pytest.mark.parametrize("language", LOCALES)
def test_signed_out_pages_follow_the_browser_and_the_system(open_page: OpenPage, language: str) -> None:
    page = open_page("/login/", signed_in=False, locale=LOCALES[language])
    for path in ("/login/", "/nowhere/"):
        page.goto(page.url.rsplit("/", 2)[0] + path)
        expect(page.locator("html")).to_have_attribute("lang", language)
        page.evaluate(AXE.read_text())
        assert "\n".join(look(page, path)) == ""
