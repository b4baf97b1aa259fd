import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from pytest_django import Settings

from consumers import hub, watched_user
from pushers import registry
from pushers.conf import PusherSettings
from pushers.engine import Engine, Selection
from pushers.layer import Layer, Message
from pushers.lease import Leases
from pushers.runner import Runner
from tests.consumers.sockets import Balance, Client, Orders, Prices, Secret


class Site:
    """Fake feeds, users, sockets and pushers of one test."""

    def __init__(self, users: dict[str, Any]) -> None:
        self.users = users
        self.orders, self.balance, self.secret, self.prices = (
            registry._feeds["orders"],
            registry._feeds["balance"],
            registry._feeds["secret"],
            registry._symbol_feeds["ticker"],
        )
        self.stack = AsyncExitStack()
        self._clients: list[Client] = []

    def client(self, username: str | None = None, **options: Any) -> Client:
        """Return a socket, signed in by session if a user is named; it is closed at the end of the test."""
        client = Client(self.users[username] if username else None, **options)
        self._clients.append(client)
        return client

    async def pusher(self, interval: float = 0.1) -> "Pusher":
        """Start a pusher that runs to the end of the test, if nobody stops it."""
        return await self.stack.enter_async_context(pusher(interval))

    async def aclose(self) -> None:
        for client in self._clients:
            if client.communicator.future is not None and not client.communicator.future.done():
                await client.close()
        await self.stack.aclose()


class Pusher:
    """An engine in this process. `kill` leaves the lease as a dead process would."""

    def __init__(self, interval: float) -> None:
        settings = PusherSettings(LEASE_SECONDS=0.8)
        selection = Selection.of(overrides=dict.fromkeys(registry.intervals(), interval))
        self.engine = Engine(selection, Leases(settings.SHARDS, settings.LEASE_SECONDS), settings=settings)
        self.runner = Runner(self.engine)
        self.task = asyncio.create_task(self.runner.run())

    async def kill(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])

    async def stop(self) -> None:
        self.runner.stop.set()
        await asyncio.wait([self.task])


@asynccontextmanager
async def pusher(interval: float) -> AsyncIterator[Pusher]:
    running = Pusher(interval)
    try:
        yield running
    finally:
        await running.stop()


class Faults:
    """Loses, repeats and holds back messages to groups. `fault` returns what is sent instead of a message."""

    def __init__(self) -> None:
        self.fault: Callable[[Message], list[Message]] = lambda message: [message]
        self.sent: list[Message] = []

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = Layer.send_group

        async def send_group(layer: Layer, group: str, message: Message) -> bool:
            self.sent.append(message)
            return all([await real(layer, group, part) for part in self.fault(message)])

        monkeypatch.setattr(Layer, "send_group", send_group)


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Faults:
    installed = Faults()
    installed.install(monkeypatch)
    return installed


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the hub's times: what takes ten seconds takes one."""
    monkeypatch.setattr(hub, "DIGEST", 0.2)
    monkeypatch.setattr(hub, "SWEEP", 0.05)
    monkeypatch.setattr(watched_user, "CONFIRM", 1.0)
    monkeypatch.setattr(watched_user, "FIRST", 0.5)


@pytest.fixture
def fake_feeds(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.CONSUMERS = {"TOKEN_AUTHENTICATOR": "tests.consumers.sockets.authenticate"}
    settings.PUSHERS = {}
    monkeypatch.setattr(registry, "_feeds", {})
    monkeypatch.setattr(registry, "_symbol_feeds", {})
    for feed in (Orders, Balance, Secret, Prices):
        registry.register(feed)


@pytest.fixture
def users(transactional_db: None) -> dict[str, Any]:
    names = {"alice": False, "bob": False, "admin": True}
    return {name: get_user_model().objects.create_user(name, is_staff=staff) for name, staff in names.items()}


@pytest.fixture
async def site(users: dict[str, Any], fake_feeds: None) -> AsyncIterator[Site]:
    made = Site(users)
    for name, user in users.items():
        made.orders.documents[user.pk] = {"1": {"owner": name}}
        made.balance.documents[user.pk] = {"paper": {"owner": name}}
    made.prices.rows = {"AAPL": {"last": "1"}, "user.2": {"last": "2"}}
    yield made
    await made.aclose()
    running = hub._hubs.pop(asyncio.get_running_loop(), None)
    if running is not None:
        running._task.cancel()
        await asyncio.wait([running._task])
