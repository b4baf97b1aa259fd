"""A Chromium, a signed-in page, and the socket's other end as a test plays it."""

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Route, WebSocketRoute, expect, sync_playwright

from tests.browser.page_errors import errors, watch
from tests.settings import chromium_path
from tests.trading.pages.conftest import aapl, alice, documents
from trading.models import User

MILLISECONDS = 30_000  # the longest wait: a busy machine takes a few seconds for a page
expect.set_options(timeout=MILLISECONDS)

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

__all__ = ["aapl", "alice", "documents", "errors"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium_path()
    if path is None:
        message = "No Chromium (Debian: apt install chromium; or set CHROMIUM): the browser tests did not run."
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(message)
        pytest.skip(message)
    # Playwright's event loop stays in this thread for as long as it runs: Django would refuse the ORM there, though the
    # tests use one at a time, and async tests could not run at all, so it must end with its module.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


class FakeSocket:
    """The server's end of the page's socket: welcomes, confirms every subscription, and sends what a test says."""

    def __init__(self) -> None:
        self.connections: list[WebSocketRoute] = []
        self.received: list[dict[str, Any]] = []
        self.user_id = 1

    def connected(self, route: WebSocketRoute) -> None:
        self.connections.append(route)
        route.on_message(self.answer)
        self.send(
            {
                "type": "welcome",
                "protocol": 1,
                "user": {"id": self.user_id, "username": "alice"},
                "heartbeat": 10,
                "ts": 1000,
            }
        )

    def answer(self, text: str | bytes) -> None:
        frame = json.loads(text)
        self.received.append(frame)
        if frame["type"] == "subscribe":
            answers = {name: {"ok": True} for name in frame["feeds"]}
            self.send({"type": "subscribed", "id": frame["id"], "feeds": answers, "symbols": {}})
            if "have" in frame:  # nothing has changed meanwhile
                self.send({"type": "push", "ts": 1000, "feeds": frame["have"]})

    def send(self, frame: dict[str, Any]) -> None:
        self.connections[-1].send(json.dumps(frame))

    def snapshots(self, documents: dict[str, Any], seq: int = 1) -> None:
        entries = {name: {"epoch": 1, "seq": seq, "snapshot": document} for name, document in documents.items()}
        self.send({"type": "push", "ts": 1000, "feeds": entries})

    def patches(self, patches: dict[str, Any], seq: int) -> None:
        entries = {name: {"epoch": 1, "seq": seq, "patch": patch} for name, patch in patches.items()}
        self.send({"type": "push", "ts": 1000, "feeds": entries})


class FakeMarket:
    """What the API says of the market: candles as a test sets them, and the rules of AAPL."""

    def __init__(self) -> None:
        self.candles: dict[str, list[dict[str, Any]]] = {"1m": [], "1d": []}
        self.status = 200

    def answer(self, route: Route) -> None:
        address = urlsplit(route.request.url)
        rules = [{"symbol": "AAPL", "name": "Apple", "precision": {"price": "0.01"}}]
        items = rules if address.path.endswith("/instruments") else self.found(parse_qs(address.query))
        with suppress(Error):  # the page may be gone by now
            route.fulfill(status=self.status, json={"items": items})

    def found(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        since, until = int(query.get("since", ["0"])[0]), int(query.get("until", [str(2**62)])[0])
        rows = [row for row in self.candles[query["interval"][0]] if since <= row["timestamp"] < until]
        limit = int(query["limit"][0])
        return rows[:limit] if "since" in query else rows[-limit:]


@pytest.fixture
def socket() -> FakeSocket:
    return FakeSocket()


@pytest.fixture
def market_api() -> FakeMarket:
    return FakeMarket()


@pytest.fixture
def open_page(
    browser: Browser,
    live_server: Any,
    alice: User,
    client: Any,
    socket: FakeSocket,
    market_api: FakeMarket,
    errors: list[str],
) -> Iterator[Callable[..., Page]]:
    """Open a path as alice; options are those of a browser context."""
    contexts: list[BrowserContext] = []

    def open_path(path: str = "/", *, signed_in: bool = True, **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        watch(context, errors)
        context.set_default_timeout(MILLISECONDS)
        if signed_in:
            client.force_login(alice)
            name = "sessionid"
            context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        page = context.new_page()
        page.route_web_socket("**/ws/", socket.connected)
        # The page reads them by itself: at the end of a test the server must not be busy with the database.
        page.route(re.compile(r"/api/v1/(candles|instruments)(\?|$)"), market_api.answer)
        page.goto(live_server.url + path)
        return page

    yield open_path
    for context in contexts:
        context.close()
