"""One socket as the hub sees it: where it stands in each feed, and a queue that a slow reader can't grow."""

import asyncio
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple

from consumers.metrics import WRITTEN
from consumers.proof import Proof
from pushers.clock import now_ms
from pushers.digest import Fingerprint
from pushers.stream import Position, Stale

logger = logging.getLogger(__name__)

_numbers = count(1)  # of the connections of this process

WRITE_NOW = "websocket.write"  # the ASGI extension, of `runweb` alone, whose "write" is a `write_now` (web_socket.py)
KEPT = 4  # times the limit: what kept frames may come to
FIRST_CHECK = 0.5  # seconds: what was granted is checked once more, for the hint that came while it was granted


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
    fingerprint: Fingerprint = field(default_factory=Fingerprint, repr=False, compare=False)

    def lose(self) -> None:
        """Have nothing any more."""
        self.position, self.verified, self.covered, self.asked = None, True, None, False
        self.confirmed = -math.inf


@dataclass(frozen=True, slots=True)
class Peer:
    """Where a socket comes from: an address, and what the client calls itself, in printable characters."""

    address: str = ""
    agent: str = ""

    @classmethod
    def of(cls, scope: Mapping[str, Any]) -> "Peer":
        """Return the peer of an ASGI scope."""
        agent = dict(scope.get("headers", ())).get(b"user-agent", b"").decode("latin-1")
        address = (scope.get("client") or ("",))[0]
        return cls(str(address)[:64], "".join(filter(str.isprintable, agent))[:200])


class Queued(NamedTuple):
    """A frame that waits: its text, its size in bytes, and whether it outlives an overflow."""

    text: str
    size: int
    keep: bool


class Connection:
    """The server's end of one socket. `send` writes text to it; `close` ends it with a code.

    `user_id` is the user whose state it shows. `holder` is who signed in: the same, unless `watched` says that the
    socket shows somebody's state to another. `write_now` writes text at once, and says False where it can't: the frame
    then takes the way through the queue, as it does on a server that offers no such thing (WRITE_NOW).
    """

    __slots__ = (
        *("check_due", "close", "cut", "doubted", "heartbeat_due", "holder", "holed", "number", "on_overflow", "peer"),
        *("places", "proof", "since", "symbols", "symbols_stale", "user_id", "watched", "writing", "_limit"),
        *("_overflowed", "_queue", "_queued", "_room", "_send", "_sending_since", "_swamped", "_write_now", "_writer"),
    )

    def __init__(
        self,
        user_id: str,
        send: Callable[[str], Awaitable[None]],
        close: Callable[[int], Coroutine[Any, Any, None]],
        *,
        queue_bytes: int,
        proof: Proof | None = None,
        peer: Peer = Peer(),
        watched: Any = None,
        write_now: Callable[[str], bool] | None = None,
    ) -> None:
        self.user_id, self.proof, self.peer, self.watched = user_id, proof, peer, watched
        self.holder = user_id if proof is None else str(proof.user)
        self.since, self.number = now_ms(), next(_numbers)
        self.check_due = math.inf  # when the access is checked again, by the hub's monotonic clock
        self.doubted: float | None = None  # since when its session seems over, by the hub's monotonic clock
        self.check_soon()
        self.close = close
        self.places: dict[str, Place] = {}
        self.cut: Position | None = None  # epoch and number of the user's frame that the places show
        self.holed = False  # a frame is missing: nothing is passed on before an answer makes all places whole
        self.symbols: set[str] = set()
        self.symbols_stale: Stale | None = None
        self.heartbeat_due = 0.0
        self.on_overflow: Callable[[Connection], None] = lambda connection: None
        self.writing: set[Connection] = set()  # this one is in it while frames of its queue are being sent
        self._send, self._write_now, self._limit = send, write_now, queue_bytes
        self._room: float = queue_bytes  # what may be queued now: more than the limit while the newest state is
        self._queue: list[Queued] = []  # most are empty for ever: an empty deque takes ten times as much
        self._queued = 0
        self._overflowed = self._swamped = False
        self._sending_since = math.inf
        self._writer: asyncio.Task[None] | None = None

    def write(self, text: str, *, keep: bool = False) -> None:
        """Queue a frame. Never waits: a reader who is too slow loses the queue and gets a snapshot instead.

        A single frame always has its place, or a document larger than the limit could never be sent. `keep` is for the
        few that no snapshot makes good, such as answers; who asks on and on without reading them is too slow at once.
        """
        if self._writer is None and self._write_now is not None and self._write_now(text):
            WRITTEN.sent(len(text))
            return
        if self._overflowed and not keep:
            return
        size = len(text) if text.isascii() else len(text.encode())
        if keep and self._queued + size > KEPT * self._limit:
            self._swamped = True
            self.writing.add(self)  # for good: the next sweep closes it
            return
        if self._queue and self._queued + size > self._room and not keep:
            self._queue = [queued for queued in self._queue if queued.keep]
            self._queued, self._overflowed = sum(queued.size for queued in self._queue), True
            return
        self._queue.append(Queued(text, size, keep))
        self._queued += size
        if self._writer is None:
            self._writer = asyncio.create_task(self._drain())
            self.writing.add(self)

    def lose(self, feeds: Iterable[str]) -> None:
        """Have nothing of these feeds any more, and get nothing before all feeds come from one cut again."""
        for feed in feeds:
            self.places[feed].lose()
        self.cut, self.holed = None, True

    def check_soon(self) -> None:
        """Have the access checked within a second."""
        self.check_due = min(self.check_due, time.monotonic() + FIRST_CHECK * random.uniform(0.5, 1.0))

    async def flush(self, seconds: float) -> None:
        """Wait until the queue is empty, but not longer than `seconds`."""
        if self._writer is not None:
            await asyncio.wait([self._writer], timeout=seconds)

    @property
    def queued_bytes(self) -> int:
        """How many bytes wait to be written."""
        return self._queued

    def stalled(self, now: float) -> float:
        """Return for how many seconds the frame being sent has not been taken."""
        return math.inf if self._swamped else max(0.0, now - self._sending_since)

    def abandon(self) -> None:
        """Stop writing: the socket is gone."""
        self._queue.clear()
        self.writing.discard(self)
        if self._writer is not None:
            self._writer.cancel()

    def _start_over(self) -> None:
        """Have the newest state written, however much it is: a queue that it does not fit into would never end."""
        self._overflowed, self._room = False, math.inf
        self.on_overflow(self)
        self._room = self._queued + self._limit

    def _next(self) -> str | None:
        """Take the next frame from the queue; None at its end."""
        while self._overflowed and not self._queue:
            self._start_over()
        if not self._queue:
            return None
        queued = self._queue.pop(0)
        self._queued -= queued.size
        if not self._queue:
            self._room = self._limit
        return queued.text

    async def _drain(self) -> None:
        try:
            while (text := self._next()) is not None:
                self._sending_since = time.monotonic()
                await self._send(text)
                WRITTEN.sent(len(text))
                self._sending_since = math.inf
        except Exception as error:  # noqa: BLE001 - a socket that breaks while it is written to is just gone
            logger.debug("A socket of user %s broke: %s: %s", self.user_id, type(error).__name__, error)
        finally:
            self._writer = None
            if not self._swamped:
                self.writing.discard(self)
