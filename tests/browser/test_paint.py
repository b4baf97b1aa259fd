"""However many patches come, the page paints once per frame, and ends at the last one."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.flood import PANELS, flood, prepare, start
from tests.trading.pages.conftest import DOCUMENTS, TICKER
from trading.models import Instrument

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_five_hundred_patches_a_second_are_painted_once_per_frame(
    open_page: Callable[..., Page], aapl: Instrument, documents: dict[str, Any]
) -> None:
    page = open_page("/preferences/", viewport={"width": 1440, "height": 900})
    prepare(page)
    page.goto(page.url.replace("/preferences/", "/"))
    start(page, DOCUMENTS, TICKER)
    counted = flood(page, rate=500, seconds=2)
    assert counted["sent"] == 1000
    # A frame more for the last paint, and one for the page's first: the counting begins and ends between two.
    assert all(0 < counted["paints"][panel] <= counted["frames"] + 2 for panel in PANELS), counted
    accounts = page.locator("#accounts [data-rows]")
    expect(accounts.locator("[data-field=free]")).to_have_text("101,000.00")
    expect(accounts.locator("[data-field=dayPnl]")).to_have_text("+1,000.00")
    expect(page.locator("#positions [data-rows] [data-field=unrealizedPnl]")).to_have_text("+1,000.00")
    expect(page.locator("#tickers [data-rows] [data-field=last]")).to_have_text("60.00")
    expect(page.locator("#chart [data-legend] [data-field=close]")).to_have_text("60.00")
