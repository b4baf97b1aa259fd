"""What the dashboard costs a browser: `python -m tests.benchmarks.page_load [--runs 5]`.

Starts the demo (SQLite, web server, pushers and market, debugging off) in a folder of its own and opens the dashboard
of the trader alice in Chromium: with an empty cache, then again with what the first visit has left. Says the requests
and the bytes that travelled, by the browser's own count, and how long it took from asking for the page to the first
figures on it (they come with the page) and to the moment when the socket had confirmed all of them. Requests and bytes
are of the site; times are of this machine, whose processors the whole site shares with the browser.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests.settings import chromium_path
from tradingsite.embedded_redis import free_port
from tradingsite.leash import die_with_parent

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 120
# Notes, before any script of the page runs, when the connection's light is first the live one.
WATCH = """addEventListener("DOMContentLoaded", () => {
    const light = document.querySelector("[data-connection]");
    if (!light) return;
    const look = () => { if (light.dataset.connection === "live") window.liveAt ??= performance.now(); };
    new MutationObserver(look).observe(light, { attributes: true });
    look();
});"""
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


@dataclass
class Visit:
    """One load of the dashboard: bytes over the wire with their headers, times in ms since it was asked for."""

    requests: int
    size: int
    painted: float
    live: float


def main() -> None:
    """Measure, and print one line per kind of visit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with running_demo() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox", "--disable-gpu"])
        first, again = [], []
        for _ in range(options.runs):
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            _sign_in(context, url)
            context.new_cdp_session(context.pages[0]).send("Network.clearBrowserCache")
            first.append(_visit(context, url))
            again.append(_visit(context, url))
            context.close()
        browser.close()
    print(f"the dashboard, {options.runs} visits each, medians")
    _report("empty cache", first)
    _report("full cache", again)


@contextmanager
def running_demo() -> Iterator[str]:
    """Run the demo in a folder of its own and yield its address once it answers."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        port = free_port()
        environment = {**os.environ, "VAR_DIR": folder, "PORT": str(port)}
        log = Path(folder) / "demo.log"
        with log.open("wb") as output:
            demo = subprocess.Popen(
                [sys.executable, "-m", "tradingsite.demo"],
                cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, preexec_fn=die_with_parent(),
            )  # fmt: skip
        try:
            _wait(f"http://127.0.0.1:{port}/login/", demo, log)
            yield f"http://127.0.0.1:{port}/"
        finally:
            demo.terminate()
            demo.wait(60)


def _wait(url: str, demo: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and demo.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except (OSError, urllib.error.HTTPError):
            time.sleep(0.2)
        else:
            return
    raise SystemExit(f"The demo does not answer at {url}:\n{log.read_text(errors='replace')[-3000:]}")


def _sign_in(context: BrowserContext, url: str) -> None:
    page = context.new_page()
    page.goto(f"{url}login/?next=/preferences/")
    page.fill("#id_username", "alice")
    page.fill("#id_password", "paper-trading")
    page.press("#id_password", "Enter")
    page.wait_for_url("**/preferences/")


def _visit(context: BrowserContext, url: str) -> Visit:
    """Load the dashboard in a new page and close it again."""
    page = context.new_page()
    sizes = _counted(page)
    page.add_init_script(WATCH)
    page.goto(url)
    page.wait_for_function("() => window.liveAt", timeout=60_000)  # no text: the policy forbids eval
    page.wait_for_load_state("networkidle")
    visit = Visit(len(sizes), sum(sizes), page.evaluate(PAINTED), page.evaluate("window.liveAt"))
    page.close()
    return visit


def _counted(page: Page) -> list[int]:
    """Return the list that gets the size of each answer that comes over the wire."""
    sizes: list[int] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")

    def finished(event: dict[str, Any]) -> None:
        if event["encodedDataLength"]:  # 0: from the cache
            sizes.append(int(event["encodedDataLength"]))

    session.on("Network.loadingFinished", finished)
    return sizes


def _report(name: str, visits: list[Visit]) -> None:
    medians = {
        field: statistics.median(getattr(visit, field) for visit in visits)
        for field in ("requests", "size", "painted", "live")
    }
    print(
        f"{name:12} {medians['requests']:4.0f} requests {medians['size'] / 1000:7.0f} kB   "
        f"first figures {medians['painted']:5.0f} ms   all live {medians['live']:5.0f} ms"
    )


if __name__ == "__main__":
    main()
