import json
from typing import Any

import pytest

from consumers.connection import Connection
from consumers.symbol_board import FIRST, RETRY, SILENT, SymbolBoard
from pushers import registry
from pushers.stream import Stale
from tests.consumers.sockets import Prices


class Written(Connection):
    """A socket that keeps what it was given."""

    def __init__(self) -> None:
        async def send(text: str) -> None: ...

        async def close(code: int) -> None: ...

        super().__init__("7", send, close, queue_bytes=1)
        self.frames: list[dict[str, Any]] = []

    def write(self, text: str) -> None:
        self.frames.append(json.loads(text))


def ticker(symbol: str, ts: int, last: str | None = "1", stale: str = "") -> dict[str, Any]:
    text = json.dumps({"last": last}) if last is not None else None
    return {"symbol": symbol, "epoch": 1, "ts": ts, "text": text, "stale": [stale, 5] if stale else None}


@pytest.fixture(autouse=True)
def symbol_feed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_symbol_feeds", {"ticker": Prices()})


def test_a_row_reaches_those_who_follow_its_symbol() -> None:
    board, one, other = SymbolBoard(), Written(), Written()
    board.open(one, ["AAPL"], 0)
    board.open(other, ["MSFT"], 0)
    board.on_ticker(ticker("AAPL", 10), 1)
    assert one.frames == [{"type": "ticker", "ts": 10, "tickers": {"AAPL": {"last": "1"}}}]
    assert other.frames == []


def test_an_older_row_is_dropped() -> None:
    board, socket = SymbolBoard(), Written()
    board.open(socket, ["AAPL"], 0)
    board.on_ticker(ticker("AAPL", 10, "2"), 1)
    board.on_ticker(ticker("AAPL", 9, "1"), 2)
    assert [frame["ts"] for frame in socket.frames] == [10]
    assert [json.loads(frame) for frame in board.frames(["AAPL"])] == [
        {"type": "ticker", "ts": 10, "tickers": {"AAPL": {"last": "2"}}}
    ]


def test_who_comes_later_gets_the_newest_rows_at_once() -> None:
    board, later = SymbolBoard(), Written()
    board.open(Written(), ["AAPL", "MSFT", "NEW"], 0)
    board.on_ticker(ticker("AAPL", 10), 1)
    board.on_ticker(ticker("MSFT", 12), 1)
    frames = [json.loads(frame) for frame in board.open(later, ["AAPL", "MSFT", "NEW"], 2)]
    assert [(frame["ts"], set(frame["tickers"])) for frame in frames] == [(10, {"AAPL"}), (12, {"MSFT"})]


def test_a_symbol_is_forgotten_with_its_last_follower() -> None:
    board, one, other = SymbolBoard(), Written(), Written()
    for socket in (one, other):
        board.open(socket, ["AAPL"], 0)
    board.close(one)
    assert board.symbols() == ["AAPL"]
    board.close(other, ["AAPL", "never followed"])
    assert board.symbols() == []
    board.on_ticker(ticker("AAPL", 10), 1)
    assert one.frames == other.frames == []


def test_a_symbol_of_which_nothing_was_heard_is_asked_for_once_a_second() -> None:
    board = SymbolBoard()
    board.open(Written(), ["AAPL"], 100)
    assert board.unanswered(100) == ["AAPL"]
    assert board.unanswered(100 + RETRY / 2) == []
    assert board.unanswered(100.1 + RETRY) == ["AAPL"]
    board.on_ticker(ticker("AAPL", 10), 102)
    assert board.unanswered(110) == []


def test_rows_are_stale_when_nothing_is_heard_of_them() -> None:
    board, socket = SymbolBoard(), Written()
    board.open(socket, ["AAPL"], 100)
    assert board.stale_of(socket, 100 + FIRST) is None
    assert board.stale_of(socket, 100.1 + FIRST) is not None
    board.on_ticker(ticker("AAPL", 10), 110)
    assert board.stale_of(socket, 110 + SILENT) is None
    assert board.stale_of(socket, 110.1 + SILENT) == Stale("pusher_down", 10)


def test_the_pushers_reason_is_told_and_keeps_the_last_row() -> None:
    board, socket = SymbolBoard(), Written()
    board.open(socket, ["AAPL"], 0)
    board.on_ticker(ticker("AAPL", 10), 1)
    board.on_ticker(ticker("AAPL", 11, None, "market_stale"), 2)
    assert len(socket.frames) == 1
    assert board.stale_of(socket, 2) == Stale("market_stale", 5)
    board.on_ticker(ticker("AAPL", 12), 3)
    assert board.stale_of(socket, 3) is None


def test_a_heartbeat_names_the_oldest_row_and_the_reason() -> None:
    board, socket = SymbolBoard(), Written()
    assert board.heartbeat(socket) == {}
    board.open(socket, ["AAPL", "MSFT"], 0)
    board.on_ticker(ticker("AAPL", 10), 1)
    board.on_ticker(ticker("MSFT", 12), 1)
    socket.symbols_stale = Stale("market_stale", 5)
    assert board.heartbeat(socket) == {"ticker": {"asOf": 10, "stale": {"reason": "market_stale", "since": 5}}}


def test_a_new_owner_whose_clock_is_behind_is_believed_and_time_goes_on() -> None:
    board, socket = SymbolBoard(), Written()
    board.open(socket, ["AAPL"], 0)
    board.on_ticker(ticker("AAPL", 5000, "1"), 1)
    board.on_ticker(ticker("AAPL", 1000, "2") | {"epoch": 2}, 2)
    board.on_ticker(ticker("AAPL", 6000, "3"), 3)
    assert [frame["tickers"]["AAPL"]["last"] for frame in socket.frames] == ["1", "2"]
    assert [frame["ts"] for frame in socket.frames] == [5000, 5001]


def test_the_board_is_well_while_every_symbol_is_heard_of_and_live() -> None:
    board = SymbolBoard()
    assert board.is_well(0)
    board.open(Written(), ["AAPL", "MSFT"], 0)
    assert board.is_well(FIRST)
    assert not board.is_well(FIRST + 0.1)
    for symbol in ("AAPL", "MSFT"):
        board.on_ticker(ticker(symbol, 1), 10)
    assert board.is_well(10 + SILENT)
    assert not board.is_well(10 + SILENT + 0.1)
    board.on_ticker(ticker("AAPL", 2, stale="broken"), 11)
    assert not board.is_well(11)
