"""One socket as the hub sees it: where it stands in each feed, and a queue that a slow reader can't grow."""

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from pushers.stream import Position, Stale

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Place:
    """Where one socket stands in one feed. Times are of the hub's monotonic clock."""

    position: Position | None  # None: it has nothing
    subscribed: float
    verified: bool = False  # the owner has confirmed the position, or given it; a client's `have` is only its word
    asked: bool = False  # a question about this place is under way
    confirmed: float = -math.inf  # when the question was asked whose answer last confirmed the position
    behind: float | None = None  # since when the owner's position is known to be ahead
    requested: float = -math.inf  # when the client last asked for a snapshot
    stale: Stale | None = None  # what the socket was told
    covered: float | None = None  # since which digest it has been in all, without a break

    def lose(self) -> None:
        """Have nothing any more."""
        self.position, self.verified, self.covered = None, True, None


class Connection:
    """The server's end of one socket. `send` writes text to it; `close` ends it with a code."""

    def __init__(
        self,
        user_id: str,
        send: Callable[[str], Awaitable[None]],
        close: Callable[[int], Coroutine[Any, Any, None]],
        *,
        queue_bytes: int,
    ) -> None:
        self.user_id = user_id
        self.close = close
        self.places: dict[str, Place] = {}
        self.symbols: set[str] = set()
        self.symbols_stale: Stale | None = None
        self.heartbeat_due = 0.0
        self.on_overflow: Callable[[Connection], None] = lambda connection: None
        self._send, self._limit = send, queue_bytes
        self._queue: deque[str] = deque()
        self._queued = 0
        self._overflowed = False
        self._sending_since = math.inf
        self._writer: asyncio.Task[None] | None = None

    def write(self, text: str) -> None:
        """Queue a frame. Never waits: a reader who is too slow loses the queue and gets a snapshot instead.

        A single frame always has its place, or a document larger than the limit could never be sent.
        """
        if self._overflowed:
            return
        if self._queue and self._queued + len(text) > self._limit:
            self._queue.clear()
            self._queued, self._overflowed = 0, True
            return
        self._queue.append(text)
        self._queued += len(text)
        if self._writer is None:
            self._writer = asyncio.create_task(self._drain())

    async def flush(self, seconds: float) -> None:
        """Wait until the queue is empty, but not longer than `seconds`."""
        if self._writer is not None:
            await asyncio.wait([self._writer], timeout=seconds)

    def stalled(self, now: float) -> float:
        """Return for how many seconds the frame being sent has not been taken."""
        return max(0.0, now - self._sending_since)

    def abandon(self) -> None:
        """Stop writing: the socket is gone."""
        self._queue.clear()
        if self._writer is not None:
            self._writer.cancel()

    async def _drain(self) -> None:
        try:
            while self._queue or self._overflowed:
                if not self._queue:
                    self._overflowed = False
                    self.on_overflow(self)
                    continue
                text = self._queue.popleft()
                self._queued -= len(text)
                self._sending_since = time.monotonic()
                await self._send(text)
                self._sending_since = math.inf
        except Exception as error:  # noqa: BLE001 - a socket that breaks while it is written to is just gone
            logger.debug("A socket of user %s broke: %s: %s", self.user_id, type(error).__name__, error)
        finally:
            self._writer = None
