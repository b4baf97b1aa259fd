"""What the tests of the consumer need: fake feeds, tokens, and clients that keep the client's whole rule."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth import get_user_model

from consumers.routing import websocket_application, websocket_urlpatterns
from pushers import Document, Feed, FeedStale, SymbolFeed
from tests.protocol_client import Rule


class FakeFeed(Feed):
    """Documents from memory; counts its reads."""

    interval = 0.1

    def __init__(self) -> None:
        self.documents: dict[int, Document] = {}
        self.reads: list[int] = []
        self.stale = ""

    def fetch(self, user_ids: Sequence[int]) -> Mapping[int, Document]:
        self.reads.extend(user_ids)
        if self.stale:
            raise FeedStale(self.stale)
        return {user_id: self.documents.get(user_id, {}) for user_id in user_ids}


class Orders(FakeFeed):
    name = "orders"


class Balance(FakeFeed):
    name = "balance"


class Secret(FakeFeed):
    name = "secret"

    def may_watch(self, user: Any) -> bool:
        return bool(user.is_staff)


class Prices(SymbolFeed):
    name = "ticker"
    interval = 0.1

    def __init__(self) -> None:
        self.rows: dict[str, Document] = {}
        self.stale = ""

    def known(self, symbols: Sequence[str]) -> set[str]:
        return {symbol for symbol in symbols if symbol in self.rows}

    def fetch(self, symbols: Sequence[str]) -> Mapping[str, Document]:
        if self.stale:
            raise FeedStale(self.stale)
        return {symbol: self.rows[symbol] for symbol in symbols if symbol in self.rows}


def authenticate(token: str) -> tuple[Any, frozenset[str]] | None:
    """Accept `read:<username>` and `trade:<username>`; each is a token with this one scope."""
    scope, _, username = token.partition(":")
    user = get_user_model().objects.filter(username=username).first()
    return (user, frozenset([scope])) if user else None


asked: list[set[str]] = []  # what authenticate_many was asked


def authenticate_many(tokens: Collection[str]) -> dict[str, Any]:
    """Do what `authenticate` does, for all at once."""
    asked.append(set(tokens))
    return {token: found for token in tokens if (found := authenticate(token))}


def authenticate_not_bob(token: str) -> tuple[Any, frozenset[str]] | None:
    """Break at one user."""
    if token.endswith("bob"):
        raise LookupError("no scopes are stored")
    return authenticate(token)


def authenticate_nobody(token: str) -> None:
    """Accept no token."""


class Client:
    """One socket. `rule` keeps what a client may believe; what it wants to send is sent."""

    def __init__(
        self, user: Any = None, *, headers: Sequence[tuple[bytes, bytes]] = (), gate: bool = False, path: str = "/ws/"
    ) -> None:
        async def signed_in(scope: Any, receive: Any, send: Any) -> None:
            await URLRouter(websocket_urlpatterns)({**scope, "user": user}, receive, send)

        self.communicator = WebsocketCommunicator(websocket_application if gate else signed_in, path, list(headers))
        self.rule = Rule([])
        self.frames: list[dict[str, Any]] = []
        self.closed: int | None = None

    async def open(self) -> "Client":
        accepted, _ = await self.communicator.connect(timeout=5)
        assert accepted
        self.rule.opened(time.monotonic())
        return self

    async def welcomed(self, *feeds: str, symbols: Sequence[str] = (), have: Any = None) -> "Client":
        """Open, take the welcome, and subscribe."""
        await self.open()
        await self.take("welcome")
        await self.subscribe(*feeds, symbols=symbols, have=have)
        return self

    async def subscribe(self, *feeds: str, symbols: Sequence[str] = (), have: Any = None) -> dict[str, Any]:
        added = Rule(feeds, symbols)
        for name, held in added.feeds.items():
            self.rule.feeds.setdefault(name, held)
        self.rule.ticker_times.update(added.ticker_times)
        await self.send({"type": "subscribe", "feeds": feeds, "symbols": symbols, "have": have or {}, "id": 1})
        return await self.take("subscribed")

    def document(self, feed: str) -> Any:
        return self.rule.feeds[feed].document

    async def send(self, frame: Any) -> None:
        await self.send_text(json.dumps(frame))

    async def send_text(self, text: str) -> None:
        await self.communicator.send_to(text_data=text)

    async def receive(self, seconds: float = 5) -> dict[str, Any]:
        """Return the next frame; `{"type": "closed"}` for the end. A timeout kills nothing."""
        message = await asyncio.wait_for(self.communicator.output_queue.get(), max(seconds, 0.001))
        if message["type"] == "websocket.close":
            self.closed = message.get("code")
            return {"type": "closed"}
        frame: dict[str, Any] = json.loads(message["text"])
        self.frames.append(frame)
        if frame["type"] != "welcome":
            for answer in self.rule.on_frame(frame, time.monotonic()):
                await self.send(answer)
        else:
            self.rule.heartbeat, self.rule.user = frame["heartbeat"], frame["user"]["id"]
        return frame

    async def take(self, kind: str, seconds: float = 5) -> dict[str, Any]:
        """Return the next frame of a type."""
        frame: dict[str, Any] = {}

        def came() -> bool:
            return frame.get("type") == kind

        deadline = time.monotonic() + seconds
        while not came():
            frame = await self._within(deadline, f"a frame {kind!r}")
        return frame

    async def until(self, condition: Callable[[], Any], what: str, seconds: float = 8) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            await self._within(deadline, what)

    async def shows(self, feed: str, document: Any, seconds: float = 8) -> None:
        """Wait until the document is held and live."""
        held = self.rule.feeds[feed]
        await self.until(lambda: held.live and held.document == document, f"{feed} live with {document}", seconds)

    async def settle(self) -> list[dict[str, Any]]:
        """Take all frames until the answer to a ping; return them."""
        before = len(self.frames)
        await self.send({"type": "ping", "id": "settle"})
        await self.until(lambda: self.frames[-1:] and self.frames[-1].get("id") == "settle", "a pong")
        return self.frames[before:-1]

    async def quiet(self, seconds: float) -> None:
        """Take frames for a while; none may change a document."""
        deadline, documents = (
            time.monotonic() + seconds,
            {name: held.document for name, held in self.rule.feeds.items()},
        )
        while (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                await self.receive(left)
        assert {name: held.document for name, held in self.rule.feeds.items()} == documents

    async def close(self) -> None:
        await self.communicator.disconnect(timeout=5)

    async def _within(self, deadline: float, what: str) -> dict[str, Any]:
        try:
            frame = await self.receive(deadline - time.monotonic())
        except TimeoutError:
            raise AssertionError(f"not in time: {what}; last frames: {self.frames[-5:]}") from None
        assert frame["type"] != "closed" or "closed" in what, f"closed with {self.closed}, before {what}"
        return frame


def pushes(frames: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [frame["feeds"] for frame in frames if frame["type"] == "push"]
