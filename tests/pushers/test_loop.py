"""The first path: who changed, found by a loop that skips rather than piles up."""

import asyncio
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from pushers import loop as loop_module
from pushers.feed import FeedStale
from pushers.loop import FeedLoop, every
from pushers.publisher import Publisher
from pushers.reading import Reader
from pushers.watchers import Watchers
from tests.pushers.fakes import FakeClock, FakeFeed, ListSender, Owner, reading
from tests.pushers.test_responder import FakeRefresher


async def test_a_loop_ticks_until_it_is_stopped() -> None:
    stop, ticks = asyncio.Event(), []

    async def tick() -> None:
        ticks.append(len(ticks))
        if len(ticks) == 3:
            stop.set()

    async with asyncio.timeout(5):
        await every(0.001, tick, stop, "pnl")
    assert ticks == [0, 1, 2]


async def test_the_stop_ends_the_wait_at_once() -> None:
    stop, ticked = asyncio.Event(), asyncio.Event()

    async def tick() -> None:
        ticked.set()

    async with asyncio.timeout(5):
        task = asyncio.create_task(every(3600, tick, stop, "pnl"))
        await ticked.wait()
        stop.set()
        await task


async def test_a_tick_that_overruns_skips_and_says_so(monkeypatch, caplog) -> None:
    clock, stop, starts = FakeClock(), asyncio.Event(), []
    monkeypatch.setattr(loop_module, "time", SimpleNamespace(monotonic=clock))

    async def tick() -> None:
        starts.append(clock.now)
        if len(starts) == 2:
            stop.set()
        clock.now += 0.035

    async with asyncio.timeout(5):
        await every(0.01, tick, stop, "pnl")
    assert len(starts) == 2
    assert "Loop pnl took 0.0 s longer than its interval of 0.01 s; 3 skipped." in caplog.text


async def test_a_tick_that_raises_is_named_once_and_the_loop_goes_on(caplog) -> None:
    stop, ticks = asyncio.Event(), []

    async def tick() -> None:
        ticks.append(len(ticks))
        if len(ticks) == 5:
            stop.set()
        elif len(ticks) != 3:
            raise KeyError("a mistake")

    async with asyncio.timeout(5):
        await every(0.001, tick, stop, "pnl")
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "Loop pnl failed; it is tried again every 0.001 s."
    ] * 2


class Bench:
    """A loop over users 1 to 5, of whom those in `read` have been read."""

    def __init__(self) -> None:
        self.feed = FakeFeed("pnl", {n: {"equity": str(n)} for n in range(1, 6)}, frozenset({"equity"}))
        self.owner, self.sender, self.refresher = Owner(7), ListSender(), FakeRefresher()
        self.watchers = Watchers(60)
        self.publisher = Publisher({"pnl": self.feed}, {"pnl": 5}, self.owner, self.sender)
        self.loop = FeedLoop(
            self.feed,
            Reader({"pnl": self.feed}),
            self.publisher,
            self.watchers,
            self.refresher,  # type: ignore[arg-type]
            self.owner,
            batch=2,
        )

    def watch(self, *users: str, read: bool = True) -> None:
        for user in users:
            self.watchers.add(user, ["pnl"], now=0)
            if read:
                results = {"pnl": self.feed.documents[int(user)]}
                self.publisher.apply(user, results, reading({user: results}, time.monotonic()), 7)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.loop.thread.close()


pytestmark = pytest.mark.django_db(transaction=True)


async def test_nobody_watching_means_no_query(bench: Bench) -> None:
    await bench.loop.tick()
    assert bench.feed.calls == []


async def test_without_the_lease_there_is_no_query(bench: Bench) -> None:
    bench.watch("1")
    bench.owner.now = None
    await bench.loop.tick()
    assert (bench.feed.calls, bench.refresher.requested) == ([], [])


async def test_all_watchers_are_read_in_batches(bench: Bench) -> None:
    bench.watch("1", "2", "3", "4", "5")
    await bench.loop.tick()
    assert sorted(map(len, bench.feed.calls)) == [1, 2, 2]
    assert sorted(user for call in bench.feed.calls for user in call) == [1, 2, 3, 4, 5]
    assert (bench.sender.groups, bench.refresher.requested) == ([], [])


async def test_who_was_not_read_is_refreshed_not_ticked(bench: Bench) -> None:
    bench.watch("1")
    bench.watch("2", read=False)
    await bench.loop.tick()
    assert (bench.feed.calls, bench.refresher.requested) == ([[1]], ["2"])


async def test_what_the_market_moved_is_pushed_and_who_changed_otherwise_is_refreshed(bench: Bench) -> None:
    bench.watch("1", "2", "3")
    bench.feed.documents |= {1: {"equity": "9"}, 2: {"equity": "2", "fees": "1"}}
    await bench.loop.tick()
    assert [group for group, _ in bench.sender.groups] == ["user.1"]
    assert bench.refresher.requested == ["2"]


async def test_a_failure_keeps_the_document_and_marks_it_stale_until_a_read_succeeds(bench: Bench) -> None:
    bench.watch("1")
    bench.feed.documents[1] = FeedStale("market_stale")
    await bench.loop.tick()
    stream = bench.publisher.stream("1", "pnl")
    assert (stream.document, stream.stale.reason) == ({"equity": "1"}, "market_stale")
    bench.feed.documents[1] = {"equity": "1"}
    await bench.loop.tick()
    assert bench.publisher.stream("1", "pnl").stale is None


async def test_a_lease_lost_during_the_read_discards_it(bench: Bench) -> None:
    bench.watch("1")
    bench.feed.documents[1] = {"equity": "9"}
    fetch = bench.feed.fetch

    def lose_the_lease(user_ids):
        bench.owner.now = 8
        return fetch(user_ids)

    bench.feed.fetch = lose_the_lease  # type: ignore[method-assign]
    await bench.loop.tick()
    assert bench.sender.groups == []
    assert bench.publisher.stream("1", "pnl").document == {"equity": "1"}


async def test_a_user_who_is_being_refreshed_is_left_to_the_refresh(bench: Bench) -> None:
    bench.watch("1", "2")
    bench.refresher.reading = {"1", "2"}
    bench.feed.documents[2] = {"equity": "2", "fees": "1"}
    stream = bench.publisher.stream("1", "pnl")
    ended, seen = stream.ended, stream.seen
    await bench.loop.tick()
    assert stream.ended == ended  # so the refresh is not refused as the older read
    assert stream.seen > seen  # and the document is confirmed all the same
    assert bench.refresher.requested == ["2"]
