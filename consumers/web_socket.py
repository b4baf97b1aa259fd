"""uvicorn's WebSocket, made to write in batches, to hold back little, and to let go of a client who does not read."""

import asyncio
import math
import socket
import struct
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from consumers.conf import consumer_settings
from consumers.connection import WRITE_NOW

FIN_TEXT = 0x81  # the first byte of a frame that is a whole text message (RFC 6455, 5.2)
GATHERED = 16_384  # bytes of a turn's frames for one socket; more takes the way through the queue
PINGS = 0.25  # seconds between the moments at which sockets are pinged
LINGER = 10.0  # seconds that a client has to take the close frame and to answer it


# By event loop: the sockets that have gathered frames in its current turn.
_unwritten: "WeakKeyDictionary[asyncio.AbstractEventLoop, list[WebSocket]]" = WeakKeyDictionary()


class Inbox:
    """What a client sent and the application has not taken: of asyncio.Queue what uvicorn uses, at 2.5 KiB less."""

    __slots__ = ("_loop", "_messages", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._messages: list[Any] = []
        self._waiting: asyncio.Future[None] | None = None

    def put_nowait(self, message: Any) -> None:
        self._messages.append(message)
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def get(self) -> Any:
        """Wait for a message and take it. The application has one task that does."""
        while not self._messages:
            self._waiting = self._loop.create_future()
            await self._waiting
        return self._messages.pop(0)

    def empty(self) -> bool:
        return not self._messages


class WebSocket(WebSocketsSansIOProtocol):
    """A socket whose `send` waits until the kernel has taken the frame before, and whose close waits for nobody."""

    _ending: asyncio.TimerHandle | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.queue = Inbox(self.loop)  # type: ignore[assignment]
        self._plain = False  # accepted, without an extension that changes frames, such as deflate, and not closing
        self._direct = False  # that, and the kernel has taken the frame before
        self._gathered = b""
        self._unwritten = _unwritten.setdefault(self.loop, [])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep at most one frame in this process; what else waits is in the connection's queue, which is bounded."""
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=0)
        raw = self.transport.get_extra_info("socket")
        if raw is not None:
            # The kernel would buffer megabytes for a slow reader, who would read them all before the newest state.
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, int(consumer_settings().QUEUE_BYTES))

    def connection_lost(self, error: Exception | None) -> None:
        if self._ending is not None:
            self._ending.cancel()
        self._plain = self._direct = False
        super().connection_lost(error)

    def pause_writing(self) -> None:
        self._direct = False
        super().pause_writing()

    def resume_writing(self) -> None:
        self._direct = self._plain
        super().resume_writing()

    def handle_connect(self, event: Request) -> None:
        """Offer the application a way past its `send`, which costs as much as all the rest of a push."""
        super().handle_connect(event)
        if not self.close_sent:  # it is no refusal: there is a scope
            self.scope["extensions"][WRITE_NOW] = {"write": self.write}

    def write(self, text: str) -> bool:
        """Write a text frame in this turn of the event loop; False where that can't be, and `send` must wait.

        It can't while a frame before it has not been taken by the kernel: so at most a turn's is held in this process.
        All sockets' frames go out one after the other at the end of the turn: whoever reads them, a proxy above all, is
        woken once instead of for each.
        """
        if not self._direct:
            return False
        payload = text.encode()
        if not self._gathered:
            self._write_soon()
        elif len(self._gathered) + len(payload) > GATHERED:
            return False
        self._gathered += _text_header(len(payload)) + payload
        return True

    def flush(self) -> None:
        """Hand what was gathered to the kernel, unless the socket has gone meanwhile."""
        gathered, self._gathered = self._gathered, b""
        if gathered and not self.transport.is_closing():
            self.transport.write(gathered)

    def _write_soon(self) -> None:
        if not self._unwritten:
            self.loop.call_soon(_flush_all, self._unwritten)
        self._unwritten.append(self)

    async def send(self, message: Any) -> None:
        """Write a message; a close goes out behind what the kernel has, whether or not anybody reads it."""
        self.flush()
        if message["type"] == "websocket.close":
            self._plain = self._direct = False
            self.end_within(LINGER)
            self.writable.set()
        await super().send(message)
        if message["type"] == "websocket.accept":
            self._plain = self.handshake_complete and not self.conn.extensions
            self._direct = self._plain and self.writable.is_set()
            del self.request, self.response  # some KiB of headers, which the scope has too

    def schedule_ping(self) -> None:
        """Ping at one of few moments, many sockets at each: the answers then come together, too."""
        assert self.ping_interval is not None
        due = math.ceil((self.loop.time() + self.ping_interval) / PINGS) * PINGS
        self.ping_timer = self.loop.call_at(due, self.send_keepalive_ping)

    def keepalive_timeout(self) -> None:
        """Let go of a client that answers no ping; its buffer would never empty."""
        super().keepalive_timeout()
        self.end_within(1.0)

    def end_within(self, seconds: float) -> None:
        """Give the client this long until the connection is cut."""
        if self._ending is None:
            self._ending = self.loop.call_later(seconds, self.transport.abort)


def _flush_all(sockets: list[WebSocket]) -> None:
    """Write what these have gathered, and empty the list: first, for one that breaks must not hold up the next turn."""
    due = sockets.copy()
    sockets.clear()
    for one in due:
        try:
            one.flush()
        except Exception as error:  # noqa: BLE001 - the frames of the others are due all the same
            one.logger.debug("A socket could not be written to: %s: %s", type(error).__name__, error)
            one.transport.abort()


@lru_cache(maxsize=4096)
def _text_header(size: int) -> bytes:
    """Return the header of a server's text frame with so many bytes of payload."""
    if size < 126:
        return struct.pack("!BB", FIN_TEXT, size)
    if size < 2**16:
        return struct.pack("!BBH", FIN_TEXT, 126, size)
    return struct.pack("!BBQ", FIN_TEXT, 127, size)
