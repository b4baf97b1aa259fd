"""uvicorn's WebSocket, made to hold back little and to let go of a client who does not read."""

import asyncio
import socket
import struct
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from consumers.conf import consumer_settings
from consumers.connection import WRITE_NOW

FIN_TEXT = 0x81  # the first byte of a frame that is a whole text message (RFC 6455, 5.2)
LINGER = 10.0  # seconds that a client has to take the close frame and to answer it


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
        super().connection_lost(error)

    def handle_connect(self, event: Request) -> None:
        """Offer the application a way past its `send`, which costs as much as all the rest of a push."""
        super().handle_connect(event)
        if not self.close_sent:  # it is no refusal: there is a scope
            self.scope["extensions"][WRITE_NOW] = {"write": self.write}

    def write(self, text: str) -> bool:
        """Write a text frame at once; False where that can't be, and `send` must wait or say why not.

        It can't while a frame before it has not been taken by the kernel: so at most one is held in this process.
        """
        if (
            not self.handshake_complete
            or not self.writable.is_set()
            or self.close_sent
            or self.conn.extensions  # such as deflate, which changes the frame
            or self.transport.is_closing()
        ):
            return False
        payload = text.encode()
        self.transport.write(_text_header(len(payload)) + payload)
        return True

    async def send(self, message: Any) -> None:
        """Write a message; a close goes out behind what the kernel has, whether or not anybody reads it."""
        if message["type"] == "websocket.close":
            self.end_within(LINGER)
            self.writable.set()
        await super().send(message)
        if message["type"] == "websocket.accept":
            del self.request, self.response  # some KiB of headers, which the scope has too

    def keepalive_timeout(self) -> None:
        """Let go of a client that answers no ping; its buffer would never empty."""
        super().keepalive_timeout()
        self.end_within(1.0)

    def end_within(self, seconds: float) -> None:
        """Give the client this long until the connection is cut."""
        if self._ending is None:
            self._ending = self.loop.call_later(seconds, self.transport.abort)


def _text_header(size: int) -> bytes:
    """Return the header of a server's text frame with so many bytes of payload."""
    if size < 126:
        return struct.pack("!BB", FIN_TEXT, size)
    if size < 2**16:
        return struct.pack("!BBH", FIN_TEXT, 126, size)
    return struct.pack("!BBQ", FIN_TEXT, 127, size)
