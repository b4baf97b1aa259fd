"""What a flood of patches does to the page: `python -m tests.benchmarks.page_frames [--rate 500] [--seconds 5]`.

The dashboard of the demo's alice in Chromium, served by a real web server. The patches come from inside the page, as
the text that a socket would bring, so that neither network nor server is in the figures: each changes the balance,
the valuation of a position and a ticker. A frame's gap is the time since the one before it; a task of more than 50 ms
is a long one, during which the page does not answer. The first line is the same page without patches.
"""

import argparse
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

import django
from playwright.sync_api import Page, sync_playwright

os.environ.update({"DJANGO_SETTINGS_MODULE": "tradingsite.settings", "DEBUG": "1", "DATABASE_URL": "sqlite:///"})
django.setup()

from tests.browser.flood import flood, prepare, start  # noqa: E402 - needs the settings
from tests.site.running_site import running_site  # noqa: E402
from tests.trading.pages.conftest import DOCUMENTS, TICKER  # noqa: E402
from trading.market.demo import PASSWORD  # noqa: E402

ARGUMENTS = ["--no-sandbox", "--disable-gpu"]


def main() -> None:
    """Print the frames of a flood, and of as many seconds without one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=int, default=500, help="patches a second (default 500)")
    parser.add_argument("--seconds", type=float, default=5.0, help="for so long (default 5)")
    options = parser.parse_args()
    path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    folder = tempfile.TemporaryDirectory()
    with folder, sync_playwright() as playwright, running_site(Path(folder.name)) as site:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        print(f"{'patches/s':>10} {'sent':>6} {'frames/s':>9} {'gap p50':>8} {'p99':>7} {'longest':>8}", end="")
        print(f" {'long tasks':>11} {'their ms':>9} {'paints of the tiles':>20}")
        for rate in (0, options.rate):
            page = _dashboard(browser.new_page(viewport={"width": 1440, "height": 900}), site.url)
            _report(rate, flood(page, rate=rate, seconds=options.seconds))
        browser.close()


def _dashboard(page: Page, url: str) -> Page:
    page.goto(f"{url}/login/")
    page.fill("input[name=username]", "alice")
    page.fill("input[name=password]", PASSWORD)
    prepare(page)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{url}/")
    start(page, DOCUMENTS, TICKER)
    return page


def _report(rate: int, counted: dict[str, Any]) -> None:
    gaps, long_tasks = sorted(counted["gaps"]), counted["longTasks"]
    print(
        f"{rate:>10} {counted['sent']:>6} {counted['frames'] / counted['milliseconds'] * 1000:>9.1f}"
        f" {statistics.median(gaps):>8.1f} {gaps[int(len(gaps) * 0.99)]:>7.1f} {gaps[-1]:>8.1f}"
        f" {len(long_tasks):>11} {sum(long_tasks):>9.0f} {counted['paints']['accounts']:>20}",
        flush=True,
    )


if __name__ == "__main__":
    main()
