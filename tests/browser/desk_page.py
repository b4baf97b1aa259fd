"""What the tests of the desk share: sizes, candles, screenshots, and waiting for what the page has sent."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser.conftest import FakeSocket
from tests.trading.pages.conftest import MARKET_TIME

DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2}
SECONDS = 30  # a busy machine takes a few for a page
OpenPage = Callable[..., Page]
MINUTE = 60_000
OPEN = MARKET_TIME - MARKET_TIME % MINUTE - 30 * MINUTE  # of the first candle


def candle(minute: int, close: str = "61.5") -> dict[str, Any]:
    """Return the candle of a minute after OPEN, as the API has it."""
    return {
        "timestamp": OPEN + minute * MINUTE, "open": "60.5", "high": "62.25", "low": "59.75", "close": close,
        "volume": "100",
    }  # fmt: skip


def frame_of(page: Page, socket: FakeSocket, kind: str) -> dict[str, Any]:
    """Return the first frame of a kind that the page sends.

    What comes before the answer to `subscribe`, the page takes for an earlier subscription's.
    """
    deadline = time.monotonic() + SECONDS
    while not (found := [frame for frame in socket.received if frame["type"] == kind]):
        assert time.monotonic() < deadline, f"no frame {kind!r} within {SECONDS} s; received {socket.received}"
        page.wait_for_timeout(10)
    return found[0]


def shoot(page: Page, name: str) -> None:
    """Keep a screenshot where SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


# What is written in a button is one line, and what is chosen is seen whole.
CUT = """() => {
    const lines = (element) => {
        const range = document.createRange();
        range.selectNodeContents(element);
        return new Set([...range.getClientRects()].map(({ bottom }) => Math.round(bottom))).size;
    };
    const cut = (select) => {
        const style = getComputedStyle(select);
        const room = select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
        const brush = document.createElement("canvas").getContext("2d");
        brush.font = style.font;
        return brush.measureText(select.selectedOptions[0].text).width > room;
    };
    const seen = (selector) => [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility());
    return [...seen(".btn").filter((button) => lines(button) > 1), ...seen("select").filter(cut)]
        .map((element) => element.selectedOptions?.[0].text ?? element.textContent);
}"""


def assert_nothing_cut(page: Page) -> None:
    """Fail where a button breaks its words, or a field does not show all of what is chosen."""
    found = page.evaluate(CUT)
    assert found == [], f"cut or broken: {found}"


def assert_no_sideways(page: Page, size: dict[str, Any]) -> None:
    """Fail where the page is wider than the window, or a panel wider inside than outside."""
    assert page.evaluate("document.documentElement.scrollWidth") == size["viewport"]["width"]
    boxes = "[...document.querySelectorAll('.panel, .scroll')].filter((e) => e.scrollWidth > e.clientWidth)"
    wide = page.evaluate(f"{boxes}.map((e) => e.closest('.panel').id || e.closest('.panel').ariaLabel)")
    assert wide == [], f"wider inside than outside: {wide}"
