"""The newest row of every symbol that a socket of this process follows."""

from collections.abc import Iterable
from typing import Any

from consumers.connection import Connection
from consumers.frames import ticker_frame
from consumers.watched_user import FIRST, PUSHER_DOWN
from pushers import registry
from pushers.clock import now_ms
from pushers.layer import Message
from pushers.stream import Stale

SILENT = 8.0  # seconds without a word about a symbol until that is told, well within 10; the pusher repeats itself
RETRY = 1.0


class Row:
    """One symbol: its newest row, and what is known of its feed."""

    __slots__ = ("asked", "connections", "heard", "order", "stale", "text", "ts")

    def __init__(self, now: float) -> None:
        self.connections: set[Connection] = set()
        self.text: str | None = None
        self.order = (0, 0)  # the owner's epoch and time
        self.ts = 0
        self.stale: Stale | None = None
        self.heard = now
        self.asked = 0.0


class SymbolBoard:
    """Symbols by name; `now` is the hub's monotonic clock."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}

    def symbols(self) -> list[str]:
        return list(self._rows)

    def open(self, connection: Connection, symbols: Iterable[str], now: float) -> list[str]:
        """Let a socket follow symbols; return the frames of the rows that are known."""
        named = list(symbols)
        for symbol in named:
            self._rows.setdefault(symbol, Row(now)).connections.add(connection)
        connection.symbols.update(named)
        return self.frames(named)

    def frames(self, symbols: Iterable[str]) -> list[str]:
        """Return the ticker frames of the known rows: one per time, for the newest wins at the client, row by row."""
        by_time: dict[int, dict[str, str]] = {}
        for symbol in symbols:
            row = self._rows.get(symbol)
            if row is not None and row.text is not None:
                by_time.setdefault(row.ts, {})[symbol] = row.text
        return [ticker_frame(ts, rows) for ts, rows in sorted(by_time.items())]

    def close(self, connection: Connection, symbols: Iterable[str] | None = None) -> None:
        """Let a socket go from some or all of its symbols."""
        for symbol in list(connection.symbols if symbols is None else symbols):
            connection.symbols.discard(symbol)
            if row := self._rows.get(symbol):
                row.connections.discard(connection)
                if not row.connections:
                    del self._rows[symbol]

    def on_ticker(self, message: Message, now: float) -> set[Connection]:
        """Pass a row on to all who follow the symbol, and return them; the newest wins."""
        row = self._rows.get(message["symbol"])
        order = (message["epoch"], message["ts"])
        if row is None or order < row.order:
            return set()
        stale, text = message["stale"], message["text"]
        # A new owner's clock may be behind the old one's; for the sockets, whose newest `ts` wins, time goes on.
        row.heard, row.order, row.ts = now, order, max(message["ts"], row.ts + 1)
        row.stale = Stale(stale[0], stale[1]) if stale else None
        if text is not None:
            row.text = text
            frame = ticker_frame(row.ts, {message["symbol"]: text})
            for connection in row.connections:
                connection.write(frame)
        return row.connections

    def unanswered(self, now: float) -> list[str]:
        """Return the symbols of which nothing was heard yet, each at most once a second."""
        symbols = [symbol for symbol, row in self._rows.items() if row.ts == 0 and now - row.asked > RETRY]
        for symbol in symbols:
            self._rows[symbol].asked = now
        return symbols

    def is_well(self, now: float) -> bool:
        """Say whether nothing is to be told of any symbol: `stale_of` is None for every socket."""
        return all(row.stale is None and not _is_silent(row, now) for row in self._rows.values())

    def stale_of(self, connection: Connection, now: float) -> Stale | None:
        """Return why the rows that a socket follows are not vouched for, None while they are."""
        for symbol in connection.symbols:
            row = self._rows[symbol]
            if row.stale is not None:
                return row.stale
            if _is_silent(row, now):
                told = connection.symbols_stale
                return told if told and told.reason == PUSHER_DOWN else Stale(PUSHER_DOWN, row.ts or now_ms())
        return None

    def heartbeat(self, connection: Connection) -> dict[str, Any]:
        """Return the symbol feed's part of a heartbeat; it has no epoch and no seq."""
        feed = registry.symbol_feed()
        if feed is None or not connection.symbols:
            return {}
        entry: dict[str, Any] = {}
        if as_of := min(self._rows[symbol].ts for symbol in connection.symbols):
            entry["asOf"] = as_of
        if connection.symbols_stale is not None:
            entry["stale"] = {"reason": connection.symbols_stale.reason, "since": connection.symbols_stale.since}
        return {feed.name: entry}


def _is_silent(row: Row, now: float) -> bool:
    """Say whether nothing was heard of a symbol for too long."""
    return now - row.heard > (SILENT if row.ts else FIRST)
