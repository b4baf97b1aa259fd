"""The second path: one refresh per user at a time, and whatever asks meanwhile causes another."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
from django.db import OperationalError

from pushers import reading as reading_module
from pushers import refresher as refresher_module
from pushers.publisher import Publisher
from pushers.reading import Reader, Reading, Wanted
from pushers.refresher import Refresher
from pushers.watchers import Watchers
from tests.pushers.fakes import FakeFeed, ListSender, Owner

SECONDS = 5.0  # until a test that waits for an event fails


class GatedReader(Reader):
    """A reader that says when it starts and, where it is told to, waits until it may go on."""

    def __init__(self, feeds: dict) -> None:
        super().__init__(feeds)
        self.batches: list[list[str]] = []
        self.started = threading.Semaphore(0)
        self.gate = threading.Event()
        self.gate.set()
        self.under_way: list[str] = []
        self.overlapped = False

    def read(self, wanted: Wanted) -> Reading:
        self.overlapped |= bool(set(self.under_way) & set(wanted))
        self.under_way += wanted
        self.batches.append(sorted(wanted))
        self.started.release()
        assert self.gate.wait(SECONDS)
        try:
            return super().read(wanted)
        finally:
            for user in wanted:
                self.under_way.remove(user)


class Bench:
    def __init__(self, *, threads: int = 1, batch: int = 100) -> None:
        self.feed = FakeFeed("orders", {number: {"n": str(number)} for number in range(1, 10)})
        feeds = {"orders": self.feed}
        self.owner, self.sender, self.watchers = Owner(7), ListSender(), Watchers(60)
        self.reader = GatedReader(feeds)
        self.publisher = Publisher(feeds, {"orders": 15}, self.owner, self.sender)
        self.refreshed: list[list[str]] = []
        self.refresher = Refresher(
            self.reader,
            self.publisher,
            self.watchers,
            self.owner,
            threads=threads,
            batch=batch,
            on_refreshed=self.refreshed.append,
        )

    def watch(self, *users: str) -> None:
        for user in users:
            self.watchers.add(user, ["orders"], now=0)

    async def read_started(self) -> None:
        assert await asyncio.to_thread(self.reader.started.acquire, True, SECONDS)

    async def idle(self) -> None:
        async with asyncio.timeout(SECONDS):
            await self.refresher.idle()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.refresher.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def new_bench() -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(**options: int) -> Bench:
        made.append(Bench(**options))
        return made[-1]

    yield make
    for bench in made:
        bench.reader.gate.set()
        for thread in bench.refresher.threads:
            thread.close()


pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_burst_of_requests_is_one_read(new_bench) -> None:
    bench = new_bench()
    bench.watch("1", "2", "3")
    async with bench.running():
        for users in (["1"], ["2"], ["1", "3"], ["2"]):
            bench.refresher.request(users)
        await bench.idle()
    assert bench.reader.batches == [["1", "2", "3"]]
    assert bench.refreshed == [["1", "2", "3"]]


async def test_one_refresh_per_user_at_a_time_and_a_request_meanwhile_causes_another(new_bench) -> None:
    bench = new_bench(threads=2)
    bench.watch("1", "2")
    bench.reader.gate.clear()
    async with bench.running():
        bench.refresher.request(["1"])
        await bench.read_started()
        bench.refresher.request(["1"])
        bench.refresher.request(["1", "2"])  # the other thread may take 2, but not 1
        await bench.read_started()
        assert bench.reader.batches == [["1"], ["2"]]
        bench.reader.gate.set()
        await bench.idle()
    assert bench.reader.batches == [["1"], ["2"], ["1"]]
    assert not bench.reader.overlapped


async def test_a_change_committed_during_a_read_is_read_again(new_bench) -> None:
    bench = new_bench()
    bench.watch("1")
    bench.reader.gate.clear()
    async with bench.running():
        bench.refresher.request(["1"])
        await bench.read_started()
        bench.feed.documents[1] = {"n": "old"}
        bench.reader.gate.set()
        await bench.idle()
        bench.reader.gate.clear()
        bench.refresher.request(["1"])
        await bench.read_started()
        bench.feed.documents[1] = {"n": "new"}
        bench.refresher.request(["1"])
        bench.reader.gate.set()
        await bench.idle()
    assert bench.publisher.stream("1", "orders").document == {"n": "new"}


async def test_a_large_request_is_read_in_batches(new_bench) -> None:
    bench = new_bench(batch=2)
    bench.watch("1", "2", "3")
    async with bench.running():
        bench.refresher.request(["1", "2", "3"])
        await bench.idle()
    assert bench.reader.batches == [["1", "2"], ["3"]]


async def test_nobody_unwatched_is_read(new_bench) -> None:
    bench = new_bench()
    async with bench.running():
        bench.refresher.request(["1"])
        await bench.idle()
    assert bench.feed.calls == []
    assert bench.publisher.stream("1", "orders") is None


async def test_nothing_is_read_without_the_lease(new_bench) -> None:
    bench = new_bench()
    bench.watch("1")
    bench.owner.now = None
    async with bench.running():
        bench.refresher.request(["1"])
        await bench.idle()
    assert bench.reader.batches == []


async def test_a_read_made_under_a_lost_epoch_is_thrown_away(new_bench) -> None:
    bench = new_bench()
    bench.watch("1")
    bench.reader.gate.clear()
    async with bench.running():
        bench.refresher.request(["1"])
        await bench.read_started()
        bench.owner.now = 8
        bench.reader.gate.set()
        await bench.idle()
    assert bench.publisher.stream("1", "orders") is None


async def test_a_read_that_came_too_late_is_made_again_before_it_is_idle(new_bench) -> None:
    bench = new_bench()
    bench.watch("1")
    bench.reader.gate.clear()
    async with bench.running():
        bench.refresher.request(["1"])
        await bench.read_started()
        later = Reading(began=float("inf"), ended=float("-inf"), ts=0, results={})
        bench.publisher.apply("1", {"orders": {"n": "tick"}}, later, 7)
        bench.publisher.stream("1", "orders").ended = asyncio.get_running_loop().time() + 0.02
        bench.reader.gate.set()
        await bench.idle()
        assert bench.publisher.stream("1", "orders").document == {"n": "1"}
    assert len(bench.reader.batches) > 1


async def test_a_database_that_is_away_is_asked_again_by_itself_at_growing_distances(new_bench, monkeypatch) -> None:
    waits: list[float] = []
    sleep, read_snapshot = asyncio.sleep, reading_module.read_snapshot

    async def short(seconds: float) -> None:
        waits.append(seconds)
        await sleep(0)

    def away(seconds: float):
        if len([wait for wait in waits if wait]) < 7:
            raise OperationalError("the database system is starting up")
        return read_snapshot(seconds)

    bench = new_bench()
    bench.watch("1")
    monkeypatch.setattr(refresher_module.asyncio, "sleep", short)
    monkeypatch.setattr(reading_module, "read_snapshot", away)
    async with bench.running(), asyncio.timeout(20):
        bench.refresher.request(["1"])
        while bench.publisher.stream("1", "orders") is None or bench.publisher.stream("1", "orders").document is None:
            await sleep(0.001)
    base = refresher_module.COALESCE
    assert [round(wait - base, 3) for wait in waits if wait][:7] == [0, 0.25, 0.5, 1, 2, 2, 2]
    assert bench.publisher.stream("1", "orders").stale is None


async def test_a_user_whose_interest_ended_during_the_read_is_not_recorded(new_bench) -> None:
    bench = new_bench()
    bench.watch("1")
    bench.reader.gate.clear()
    async with bench.running():
        bench.refresher.request(["1"])
        await bench.read_started()
        bench.watchers.sweep(now=60)
        bench.reader.gate.set()
        await bench.idle()
    assert not bench.publisher.is_ready("1", ["orders"])


async def test_a_mistake_during_a_refresh_is_named_once_and_the_users_are_read_again(
    new_bench, monkeypatch, caplog
) -> None:
    monkeypatch.setattr(refresher_module, "BACKOFF_FIRST", 0.001)
    bench, failures = new_bench(), [KeyError("a mistake")] * 3
    bench.watch("1")
    apply = bench.publisher.apply

    def broken(*args):
        if failures:
            raise failures.pop()
        return apply(*args)

    monkeypatch.setattr(bench.publisher, "apply", broken)
    async with bench.running():
        bench.refresher.request(["1"])
        await bench.idle()
    assert bench.publisher.stream("1", "orders").document == {"n": "1"}
    assert [record.message for record in caplog.records] == ["A refresh failed; it is tried again."]
