"""The push loop of the symbol feed: whole rows, once per symbol, to the group of the symbol."""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Collection

from pushers.clock import now_ms
from pushers.feed import Document, FeedStale, SymbolFeed
from pushers.layer import Message, symbol_group
from pushers.metrics import feed_failed
from pushers.orm import OrmThread, read_snapshot
from pushers.ownership import Fence, Ownership
from pushers.patch import DocumentError, check_document, encode
from pushers.publisher import Sender
from pushers.reading import FETCH_FAILED
from pushers.stream import Stale

logger = logging.getLogger(__name__)

REPEAT = 4.0  # seconds after which a row is sent again: hubs take a symbol for stale after 8 s of silence
GRACE = 1.0  # seconds that a read may be late without being called a failure


class SymbolLoop:
    """Reads the rows of the watched symbols and sends those that changed or were not sent for a while."""

    def __init__(
        self,
        feed: SymbolFeed,
        sender: Sender,
        ownership: Ownership,
        *,
        interval: float,
        interest: float,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.feed = feed
        self.thread = OrmThread(f"feed-{feed.name}")
        self._sender, self._ownership, self._clock = sender, ownership, clock
        self._interval, self._interest, self._seconds = interval, interest, seconds
        self._read_at = -math.inf  # when the last read began
        self._watched: dict[str, float] = {}  # symbol -> when the interest ends
        self._sent: dict[str, tuple[float, Message]] = {}  # symbol -> (when, what)
        self._stale: dict[str, Stale] = {}  # symbol -> why its row is not vouched for, and since when
        self._ts = 0
        self._ticking = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None

    @property
    def watched(self) -> int:
        """How many symbols are watched."""
        return len(self._watched)

    def on_symbols(self, message: Message) -> None:
        """Note a hub's interest; a symbol that nobody watched until now is read at once."""
        now = self._clock()
        new = [symbol for symbol in message["symbols"] if symbol not in self._watched]
        self._watched.update(dict.fromkeys(message["symbols"], now + self._interest))
        for symbol in message["symbols"]:
            fence = self._ownership.fence_of(symbol)
            if message["asking"] and fence is not None and symbol in self._sent:
                self._sender.to_channel([fence], message["hub"], self._sent[symbol][1])
        if any(map(self._ownership.fence_of, new)) and (self._reading is None or self._reading.done()):
            self._reading = asyncio.create_task(self.tick())  # not awaited: a slow read must not delay other questions

    async def tick(self) -> None:
        """Read the watched symbols once and send what is due."""
        now = self._clock()
        self._watched = {symbol: ends for symbol, ends in self._watched.items() if ends > now}
        self._sent = {symbol: sent for symbol, sent in self._sent.items() if symbol in self._watched}
        fences = {symbol: fence for symbol in self._watched if (fence := self._ownership.fence_of(symbol)) is not None}
        if not fences:
            return
        async with self._ticking:
            self._ts = ts = max(now_ms(), self._ts + 1)  # the newest wins, also when the clock is set back
            began = self._clock()
            texts = await self.thread.run(self._read, sorted(fences))
        self._read_at = began
        for symbol, text in texts.items():
            fence, stale = fences[symbol], self._stale.get(symbol)
            if not self._ownership.holds(fence):
                continue  # read under another lease
            message = {"type": "ticker", "epoch": fence.epoch, "symbol": symbol, "ts": ts, "text": text, "stale": stale}
            self._send_if_due(fence, symbol, message)

    def repeat(self) -> None:
        """Send again what was sent a while ago, for who missed it; not where it could not be read for two intervals."""
        now = self._clock()
        if now - self._read_at > 2 * self._interval + GRACE:
            return
        for symbol, (when, message) in list(self._sent.items()):
            fence = self._ownership.fence_of(symbol)
            if now - when >= REPEAT and fence is not None and fence.epoch == message["epoch"]:
                self._send(fence, symbol, message)

    def clear(self, shards: Collection[int]) -> None:
        """Forget what was sent for shards: another process may have sent since."""
        self._sent = {key: sent for key, sent in self._sent.items() if self._ownership.shard(key) not in shards}

    def _read(self, symbols: list[str]) -> dict[str, str | None]:
        """Return symbol -> row text, None where there is none to show; note which symbols are stale."""
        try:
            with read_snapshot(self._seconds):
                rows = self.feed.fetch(symbols)
            return {symbol: self._row_text(symbol, rows[symbol]) for symbol in symbols if symbol in rows}
        except Exception as error:  # noqa: BLE001 - whatever a feed raises makes it stale, not the process dead
            reason = error.reason if isinstance(error, FeedStale) else FETCH_FAILED
            feed_failed(self.feed.name, f"{type(error).__name__}: {error}")
            if not any(stale.reason == reason for stale in self._stale.values()):
                logger.error(
                    "Feed %s is stale (%s). Cause: %s: %s", self.feed.name, reason, type(error).__name__, error
                )
            for symbol in symbols:
                self._mark(symbol, reason)
            return dict.fromkeys(symbols)

    def _row_text(self, symbol: str, row: Document | FeedStale) -> str | None:
        """Return the text of one row; a broken one costs only its symbol."""
        document = row.document if isinstance(row, FeedStale) else row
        if isinstance(row, FeedStale) and document is None:
            self._mark(symbol, row.reason)
            return None
        try:
            check_document(document)
        except DocumentError as error:
            if symbol not in self._stale:
                logger.error("Feed %s returned no valid row for %s: %s", self.feed.name, symbol, error)
            self._mark(symbol, FETCH_FAILED)
            return None
        if isinstance(row, FeedStale):
            self._mark(symbol, row.reason)
        else:
            self._stale.pop(symbol, None)
        return encode(document)

    def _mark(self, symbol: str, reason: str) -> None:
        known = self._stale.get(symbol)
        if known is None or known.reason != reason:
            self._stale[symbol] = Stale(reason, now_ms())

    def _send_if_due(self, fence: Fence, symbol: str, message: Message) -> None:
        when, sent = self._sent.get(symbol, (float("-inf"), None))
        unchanged = sent is not None and (sent["text"], sent["stale"]) == (message["text"], message["stale"])
        if not unchanged or self._clock() - when >= REPEAT:
            self._send(fence, symbol, message)

    def _send(self, fence: Fence, symbol: str, message: Message) -> None:
        self._sent[symbol] = (self._clock(), message)
        self._sender.to_group([fence], symbol_group(symbol), message)
