"""The parts put together: what a process hears, whom it reads, and what it forgets with its lease."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from pushers.conf import PusherSettings
from pushers.engine import Engine, Selection
from pushers.layer import HUBS_GROUP
from pushers.reading import Reading
from tests.pushers.fakes import FakeFeed, ListSender
from tests.pushers.test_keeper import FakeLeases

pytestmark = pytest.mark.django_db(transaction=True)


class Bench:
    """An engine with two feeds, a fake lease, and a list in the place of the outbox."""

    def __init__(self) -> None:
        documents = {1: {"a": "1"}, 2: {"a": "2"}}
        self.feeds = {name: FakeFeed(name, documents) for name in ("orders", "pnl")}
        self.leases, self.sender = FakeLeases(1), ListSender()
        selection = Selection(self.feeds, None, dict.fromkeys(self.feeds, 5.0))
        self.engine = Engine(selection, self.leases, self.sender, PusherSettings())
        self.requested: list[str] = []

    def want(self, user: str, *feeds: str) -> dict[str, Any]:
        users = {user: {feed: [[0, 0]] for feed in feeds}}
        return {"type": "want", "hub": "hub", "asked": 1.0, "users": users}


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    bench = Bench()
    monkeypatch.setattr(bench.engine.refresher, "request", lambda users: bench.requested.extend(users))
    yield bench
    bench.engine.close()


async def test_a_nudge_reads_only_who_watches_what_changed(bench: Bench) -> None:
    await bench.engine.keeper.step()
    bench.engine.watchers.add("1", ["orders"], now=0)
    for users, feeds in ((["1", "2"], ["orders"]), (["1"], None), (["1"], ["pnl"]), (["2"], None)):
        bench.engine.handle({"type": "nudge", "users": users, "feeds": feeds})
    assert bench.requested == ["1", "1"]


async def test_a_broken_message_is_named_and_the_next_is_heard(bench: Bench, monkeypatch, caplog) -> None:
    heard = asyncio.Queue()

    async def receive_some() -> list[Any]:
        return [await heard.get()]

    monkeypatch.setattr(bench.engine.layer, "receive_some", receive_some)
    await bench.engine.keeper.step()
    bench.engine.watchers.add("1", ["orders"], now=0)
    broken = [{}, {"type": "want"}, {"type": "want", "users": []}, {"type": "digest"}, {"type": "nudge", "users": None}]
    for message in (*broken, {"type": "of the future"}, {"type": "nudge", "users": ["1"], "feeds": None}):
        heard.put_nowait(message)
    task = asyncio.create_task(bench.engine.receive())
    async with asyncio.timeout(5):
        while not bench.requested:
            await asyncio.wait([task], timeout=0.01)
    assert not task.done()
    task.cancel()
    assert len([record for record in caplog.records if "Ignored a message" in record.message]) == len(broken)


async def test_an_owner_announces_itself_when_it_takes_the_lease_and_only_then_beats(bench: Bench) -> None:
    bench.engine.beat()
    assert bench.sender.groups == []
    await bench.engine.keeper.step()
    assert bench.sender.groups == [(HUBS_GROUP, {"type": "beat", "of": 1, "shards": [[0, 7]]})]


async def test_with_its_lease_a_process_forgets_its_streams_but_not_who_watches(bench: Bench) -> None:
    await bench.engine.keeper.step()
    bench.engine.handle(bench.want("1", "orders"))
    thread = bench.engine.loops[0].thread
    reading = await thread.run(bench.engine.reader.read, {"1": frozenset({"orders"})})
    assert bench.engine.publisher.apply("1", reading.results["1"], reading, 7)
    bench.leases.holder = "other"
    await bench.engine.keeper.step()
    assert bench.engine.publisher.stream("1", "orders") is None
    assert bench.engine.watchers.feeds("1") == {"orders"}
    bench.leases.holder = None
    await bench.engine.keeper.step()
    await bench.engine.tick_once()
    assert bench.requested[-1] == "1"


async def test_interest_that_ended_frees_the_stream_and_its_numbers_are_not_used_again(
    bench: Bench, monkeypatch
) -> None:
    await bench.engine.keeper.step()
    bench.engine.watchers.add("1", ["orders"], now=float("-inf"))
    reading = await bench.engine.loops[0].thread.run(bench.engine.reader.read, {"1": frozenset({"orders"})})
    bench.engine.publisher.apply("1", reading.results["1"], reading, 7)
    later = reading.ended + 1
    bench.engine.publisher.apply("1", {"orders": {"a": "2"}}, Reading(later, later, 0, {}), 7)
    cut = bench.engine.publisher.cut("1")
    await bench.engine._sweep()
    assert (bench.engine.publisher._streams, bench.engine.publisher._cuts) == ({}, {})
    assert bench.engine.watchers.count() == 0
    bench.engine.publisher.apply("1", {"orders": {"a": "3"}}, Reading(later, later, 0, {}), 7)
    assert bench.engine.publisher.stream("1", "orders").position == (7, 3)
    assert bench.engine.publisher.cut("1") >= cut


def test_a_selection_prefers_what_the_command_line_says(settings) -> None:
    settings.PUSHERS = {"INTERVALS": {"pnl": 3.0, "orders": 4.0}}
    selection = Selection.of({"pnl", "orders", "ticker"}, {"pnl": 0.5})
    assert set(selection.feeds) == {"pnl", "orders"}
    assert selection.symbol_feed is not None
    assert (selection.intervals["pnl"], selection.intervals["orders"]) == (0.5, 4.0)
    assert Selection.of({"pnl"}).symbol_feed is None


async def test_an_epoch_is_not_served_before_its_taking_was_told(bench: Bench) -> None:
    bench.leases.step()  # as a statement does that took effect after the keeper had given it up
    bench.engine.watchers.add("1", ["orders"], now=0)
    bench.engine.handle(bench.want("1", "orders"))
    bench.engine.beat()
    assert (bench.requested, bench.sender.channels, bench.sender.groups) == ([], [], [])
    await bench.engine.keeper.step()
    assert [group for group, _ in bench.sender.groups] == [HUBS_GROUP]
    bench.engine.handle(bench.want("1", "orders"))
    assert bench.requested == ["1"]
