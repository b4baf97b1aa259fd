"""The care of connections: what the service that this one replaces failed at, as tests."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import psycopg
import pytest
from django.contrib.auth import get_user_model
from django.db import Error, connection, connections, transaction

from pushers import orm
from pushers.feed import Feed
from pushers.loop import FeedLoop
from pushers.orm import OrmThread, keep_connections, orm_scope, read_snapshot
from pushers.publisher import Publisher
from pushers.reading import Reader
from pushers.refresher import Refresher
from pushers.watchers import Watchers
from tests.pushers.fakes import ListSender, Owner

pytestmark = pytest.mark.django_db(transaction=True)

FEEDS = ("balance", "orders", "pnl")


@pytest.fixture
def thread() -> Iterator[OrmThread]:
    thread = OrmThread("test")
    yield thread
    thread.close()


@pytest.fixture
def closings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads that called close_old_connections, in their order."""
    called: list[str] = []
    close = orm.close_old_connections

    def noted(**kwargs: Any) -> None:
        called.append(threading.current_thread().name)
        close(**kwargs)

    monkeypatch.setattr(orm, "close_old_connections", noted)
    return called


async def test_old_connections_are_closed_in_the_working_thread_before_and_after_each_iteration(
    thread: OrmThread, closings: list[str]
) -> None:
    def work() -> list[str]:
        assert threading.current_thread().name == "test_0"
        return list(closings)

    assert await thread.run(work) == ["test_0"]
    assert closings == ["test_0"] * 2
    await thread.run(work)
    assert closings == ["test_0"] * 4


async def test_old_connections_are_closed_after_a_failure_too(thread: OrmThread, closings: list[str]) -> None:
    with pytest.raises(ZeroDivisionError):
        await thread.run(lambda: 1 / 0)
    assert closings == ["test_0"] * 2


def test_a_scope_closes_what_is_old(closings: list[str]) -> None:
    with orm_scope():
        assert len(closings) == 1
    assert len(closings) == 2


async def test_a_thread_is_busy_while_its_work_is_under_way(thread: OrmThread) -> None:
    gate = threading.Event()
    task = asyncio.create_task(thread.run(gate.wait, 10))
    await asyncio.sleep(0)
    assert thread.busy
    gate.set()
    assert await task
    assert not thread.busy


async def test_a_closed_thread_leaves_no_connection() -> None:
    thread = OrmThread("test")
    used = await thread.run(_open_connection)
    thread.close()
    assert used.connection is None


def _open_connection() -> Any:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT 1")
    return connections["default"]


def test_a_snapshot_inside_a_transaction_is_that_transaction(django_assert_num_queries: Any) -> None:
    with transaction.atomic(), django_assert_num_queries(0), read_snapshot(1):
        assert connection.in_atomic_block


def test_a_snapshot_cannot_write() -> None:
    refused = pytest.raises(Error, match="read-only") if connection.vendor == "postgresql" else nullcontext()
    with refused, read_snapshot(1):
        get_user_model().objects.create(username="ann")
    assert not get_user_model().objects.exists()


class RowFeed(Feed):
    """Shows each user his name by two queries; calls `between` between them."""

    interval = 1.0

    def __init__(self, name: str) -> None:
        self.name = name  # type: ignore[misc]
        self.between: Callable[[], None] = lambda: None

    def fetch(self, user_ids: Any) -> dict[Any, Any]:
        users = get_user_model().objects.filter(pk__in=user_ids)
        count = users.count()
        self.between()
        return {user.pk: {"name": user.username, "count": count} for user in users}


class Bench:
    """A loop per feed, each with its thread, over one real user."""

    def __init__(self) -> None:
        user = get_user_model().objects.create(username="ann")
        self.user, self.feeds = str(user.pk), {name: RowFeed(name) for name in FEEDS}
        owner, watchers = Owner(7), Watchers(60)
        watchers.add(self.user, FEEDS, now=0)
        reader = Reader(self.feeds)
        self.publisher = Publisher(self.feeds, dict.fromkeys(FEEDS, 1.0), owner, ListSender())
        self.refresher = Refresher(reader, self.publisher, watchers, owner, threads=1, batch=100)
        self.loops = {
            name: FeedLoop(feed, reader, self.publisher, watchers, self.refresher, owner, batch=100)
            for name, feed in self.feeds.items()
        }
        self.publisher.apply(self.user, *self._first_read(reader), epoch=7)

    def _first_read(self, reader: Reader) -> tuple[Any, Any]:
        reading = reader.read({self.user: frozenset(FEEDS)})
        return reading.results[self.user], reading

    async def tick(self) -> dict[str, bool]:
        """Run every loop once; return feed -> whether it was confirmed."""
        for loop in self.loops.values():
            await loop.tick()
        return {name: self.publisher.stream(self.user, name).stale is None for name in FEEDS}

    def close(self) -> None:
        for loop in self.loops.values():
            loop.thread.close()
        for thread in self.refresher.threads:
            thread.close()


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    connections.close_all()  # what was opened from a pool must go back to it
    if connection.vendor == "postgresql":
        connection.close_pool()  # whose connections the test would kill for those that come after it
    settings = connections.settings["default"]
    for name in ("OPTIONS", "CONN_MAX_AGE", "CONN_HEALTH_CHECKS"):
        monkeypatch.setitem(settings, name, settings[name])  # put back afterwards
    keep_connections()  # as the command does
    bench = Bench()
    yield bench
    bench.close()
    connections.close_all()


@pytest.fixture
def server() -> Iterator[psycopg.Connection]:
    """A connection to PostgreSQL that is not Django's."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server that could close a connection")
    database = connection.settings_dict
    connection.close()  # the test's own: it is about those of the loops
    with psycopg.connect(
        host=database["HOST"], port=database["PORT"], user=database["USER"], dbname=database["NAME"], autocommit=True
    ) as server:
        yield server


OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def terminate_all(server: psycopg.Connection) -> None:
    terminated = server.execute(f"SELECT pg_terminate_backend(pid, 5000) {OTHERS}").fetchall()
    assert terminated
    assert all(done for (done,) in terminated)


async def test_the_originals_failure_every_connection_closed_by_the_server_costs_one_iteration_at_most(
    bench: Bench, server: psycopg.Connection
) -> None:
    assert await bench.tick() == dict.fromkeys(FEEDS, True)
    bench.feeds["orders"].between = lambda: terminate_all(server)  # in the middle of its loop
    assert await bench.tick() == {"balance": True, "orders": False, "pnl": True}
    bench.feeds["orders"].between = lambda: None
    assert await bench.tick() == dict.fromkeys(FEEDS, True)


async def test_the_originals_failure_connections_closed_between_iterations_cost_nothing(
    bench: Bench, server: psycopg.Connection
) -> None:
    for _ in range(3):
        assert await bench.tick() == dict.fromkeys(FEEDS, True)
        terminate_all(server)
    assert await bench.tick() == dict.fromkeys(FEEDS, True)


async def test_the_originals_failure_two_hundred_iterations_leak_no_connection(
    bench: Bench, server: psycopg.Connection
) -> None:
    def count() -> int:
        return server.execute(f"SELECT count(*) {OTHERS}").fetchone()[0]

    await bench.tick()
    before = count()
    for _ in range(200):
        await bench.tick()
    assert count() <= before


def test_a_pusher_process_keeps_a_checked_connection_per_thread_and_no_pool(monkeypatch) -> None:
    settings = connections.settings["default"]
    monkeypatch.setitem(settings, "OPTIONS", {"pool": {"max_size": 20}, "connect_timeout": 5})
    monkeypatch.setitem(settings, "CONN_MAX_AGE", 0)
    monkeypatch.setitem(settings, "CONN_HEALTH_CHECKS", False)
    monkeypatch.setitem(settings, "ENGINE", "django.db.backends.sqlite3")
    keep_connections()
    assert settings["CONN_MAX_AGE"] == 0  # a file may be replaced by a backup: it is opened anew
    monkeypatch.setitem(settings, "ENGINE", "django.db.backends.postgresql")
    keep_connections()
    assert settings["OPTIONS"] == {"connect_timeout": 5}
    assert (settings["CONN_MAX_AGE"], settings["CONN_HEALTH_CHECKS"]) == (None, True)
