"""What the tests of the desk share: sizes, screenshots, and waiting for what the page has sent."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser.conftest import FakeSocket

DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2}
SECONDS = 30  # a busy machine takes a few for a page
OpenPage = Callable[..., Page]


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


def assert_no_sideways(page: Page, size: dict[str, Any]) -> None:
    """Fail where the page is wider than the window, or a panel wider inside than outside."""
    assert page.evaluate("document.documentElement.scrollWidth") == size["viewport"]["width"]
    boxes = "[...document.querySelectorAll('.panel, .scroll')].filter((e) => e.scrollWidth > e.clientWidth)"
    assert page.evaluate(f"{boxes}.map((e) => e.closest('.panel').id)") == []
