"""The ticker's loop: whole rows, once per symbol, on change and now and then without one."""

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from pushers.feed import FeedStale, SymbolFeed
from pushers.layer import symbol_group
from pushers.symbol_loop import REPEAT, SymbolLoop
from tests.pushers.fakes import FakeClock, ListSender, Owner

pytestmark = pytest.mark.django_db(transaction=True)


class FakeSymbolFeed(SymbolFeed):
    """Reads rows from a dict; `error` is raised, `gate` is waited for."""

    name = "ticker"
    interval = 2.0

    def __init__(self) -> None:
        self.rows: dict[str, Any] = {"AAPL": {"last": "1"}, "BTC/USDT": {"last": "9"}}
        self.calls: list[list[str]] = []
        self.error: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()

    def fetch(self, symbols: Sequence[str]) -> dict[str, Any]:
        self.calls.append(list(symbols))
        assert self.gate.wait(10)
        if self.error is not None:
            raise self.error
        return {symbol: self.rows[symbol] for symbol in symbols if symbol in self.rows}


class Bench:
    def __init__(self) -> None:
        self.feed, self.sender, self.owner, self.clock = FakeSymbolFeed(), ListSender(), Owner(7), FakeClock()
        self.loop = SymbolLoop(self.feed, self.sender, self.owner, interval=2, interest=60, seconds=5, clock=self.clock)

    async def watch(self, *symbols: str, asking: bool = True) -> None:
        self.loop.on_symbols({"type": "symbols", "hub": "hub", "asking": asking, "symbols": list(symbols)})
        if self.loop._reading is not None:
            await self.loop._reading

    def sent(self) -> dict[str, tuple[Any, Any]]:
        """Return symbol -> (row, stale reason) of what was sent to groups since the last call."""
        sent, self.sender.groups = self.sender.groups, []
        for group, message in sent:
            assert (group, message["type"]) == (symbol_group(message["symbol"]), "ticker")
        return {message["symbol"]: _shown(message) for _, message in sent}


def _shown(message: dict[str, Any]) -> tuple[Any, Any]:
    return message["text"] and json.loads(message["text"]), message["stale"] and message["stale"][0]


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.feed.gate.set()
    bench.loop.thread.close()


async def test_nobody_watching_means_no_query(bench: Bench) -> None:
    await bench.loop.tick()
    assert bench.feed.calls == []


async def test_a_new_symbol_is_read_at_once(bench: Bench) -> None:
    await bench.watch("BTC/USDT")
    assert bench.sent() == {"BTC/USDT": ({"last": "9"}, None)}
    assert bench.feed.calls == [["BTC/USDT"]]


async def test_who_asks_for_a_known_symbol_gets_the_last_row_alone(bench: Bench) -> None:
    await bench.watch("AAPL")
    bench.sent()
    await bench.watch("AAPL", asking=False)
    assert bench.sender.channels == []
    await bench.watch("AAPL")
    ((channel, message),) = bench.sender.channels
    assert (channel, _shown(message)) == ("hub", ({"last": "1"}, None))
    assert (bench.sent(), len(bench.feed.calls)) == ({}, 1)


async def test_a_row_is_sent_on_change_and_before_ten_seconds_without_one(bench: Bench) -> None:
    await bench.watch("AAPL", "BTC/USDT")
    bench.sent()
    await bench.loop.tick()
    assert bench.sent() == {}
    bench.feed.rows["AAPL"] = {"last": "2"}
    bench.clock.now += 2
    await bench.loop.tick()
    assert bench.sent() == {"AAPL": ({"last": "2"}, None)}
    bench.clock.now += REPEAT - 2
    await bench.loop.tick()
    assert bench.sent() == {"BTC/USDT": ({"last": "9"}, None)}


async def test_a_row_is_repeated_between_reads_while_these_succeed(bench: Bench) -> None:
    await bench.watch("AAPL")
    row = bench.sent()
    bench.clock.now += REPEAT - 0.1
    bench.loop.repeat()
    assert bench.sent() == {}
    bench.clock.now += 0.1
    bench.loop.repeat()
    assert bench.sent() == row
    bench.clock.now += REPEAT  # more than two intervals and a moment since the last read
    bench.loop.repeat()
    assert bench.sent() == {}
    await bench.loop.tick()
    bench.sent()
    bench.owner.now = 8
    bench.clock.now += REPEAT
    bench.loop.repeat()
    assert bench.sent() == {}


async def test_interest_expires(bench: Bench) -> None:
    await bench.watch("AAPL", "BTC/USDT")
    bench.clock.now += 30
    await bench.watch("AAPL", asking=False)
    bench.clock.now += 30
    await bench.loop.tick()
    assert bench.feed.calls[-1] == ["AAPL"]


async def test_a_symbol_without_a_row_is_left_out(bench: Bench) -> None:
    await bench.watch("NEW", "AAPL")
    assert set(bench.sent()) == {"AAPL"}


@pytest.mark.parametrize(
    ("error", "reason"), [(ValueError("broken"), "fetch_failed"), (FeedStale("market_stale"), "market_stale")]
)
async def test_a_failed_read_is_stale_for_all_logged_once_and_over_with_the_next(
    bench: Bench, caplog: pytest.LogCaptureFixture, error: Exception, reason: str
) -> None:
    await bench.watch("AAPL", "BTC/USDT")
    bench.sent()
    bench.feed.error = error
    await bench.loop.tick()
    assert bench.sent() == {"AAPL": (None, reason), "BTC/USDT": (None, reason)}
    await bench.loop.tick()
    assert (bench.sent(), len(caplog.records)) == ({}, 1)
    bench.feed.error = None
    await bench.loop.tick()
    assert bench.sent() == {"AAPL": ({"last": "1"}, None), "BTC/USDT": ({"last": "9"}, None)}


async def test_a_symbol_may_be_stale_alone_and_show_what_is_known(bench: Bench) -> None:
    bench.feed.rows |= {"AAPL": FeedStale("market_stale", {"last": "1"}), "X": FeedStale("market_stale")}
    await bench.watch("AAPL", "BTC/USDT", "X")
    stale = "market_stale"
    assert bench.sent() == {"AAPL": ({"last": "1"}, stale), "BTC/USDT": ({"last": "9"}, None), "X": (None, stale)}


@pytest.mark.parametrize("row", [None, [], {"last": 1.5}, {"last": None}, {"last": 2**60}, {"last": "\ud800"}])
@pytest.mark.parametrize("symbol", ["AAPL", "BTC/USDT"])
async def test_a_broken_row_costs_only_its_symbol(
    bench: Bench, caplog: pytest.LogCaptureFixture, row: Any, symbol: str
) -> None:
    await bench.watch("AAPL", "BTC/USDT")
    bench.sent()
    bench.feed.rows[symbol] = row
    for sent in ({symbol: (None, "fetch_failed")}, {}):
        await bench.loop.tick()
        assert bench.sent() == sent
    (record,) = caplog.records
    assert f"no valid row for {symbol}" in record.message


async def test_nothing_is_read_or_sent_without_the_lease(bench: Bench) -> None:
    bench.owner.now = None
    await bench.watch("AAPL")
    await bench.loop.tick()
    assert (bench.feed.calls, bench.sender.groups) == ([], [])


async def test_a_new_epoch_sends_everything_again(bench: Bench) -> None:
    await bench.watch("AAPL")
    bench.sent()
    bench.loop.clear({0})
    bench.owner.now = 8
    await bench.loop.tick()
    assert bench.sent() == {"AAPL": ({"last": "1"}, None)}
    assert bench.sender.epochs == [7, 8]


async def test_a_slow_read_holds_up_no_question(bench: Bench) -> None:
    bench.feed.gate.clear()
    for symbol in ("AAPL", "BTC/USDT"):
        bench.loop.on_symbols({"type": "symbols", "hub": "hub", "asking": True, "symbols": [symbol]})
        await asyncio.sleep(0)
    bench.feed.gate.set()
    await bench.loop.tick()
    assert set(bench.sent()) == {"AAPL", "BTC/USDT"}


async def test_a_row_that_nobody_asked_for_is_passed_over(bench: Bench) -> None:
    bench.feed.fetch = lambda symbols: dict(bench.feed.rows)  # type: ignore[method-assign]
    await bench.watch("AAPL")
    await bench.loop.tick()
    assert bench.sent() == {"AAPL": ({"last": "1"}, None)}
