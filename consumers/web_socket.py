"""uvicorn's WebSocket, made to hold back little and to let go of a client who does not read."""

import asyncio
import socket
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from consumers.conf import consumer_settings

LINGER = 10.0  # seconds that a client has to take the close frame and to answer it


class WebSocket(WebSocketsSansIOProtocol):
    """A socket whose `send` waits until the kernel has taken the frame before, and whose close waits for nobody."""

    _ending: asyncio.TimerHandle | None = None

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

    async def send(self, message: Any) -> None:
        """Write a message; a close goes out behind what the kernel has, whether or not anybody reads it."""
        if message["type"] == "websocket.close":
            self.end_within(LINGER)
            self.writable.set()
        await super().send(message)

    def keepalive_timeout(self) -> None:
        """Let go of a client that answers no ping; its buffer would never empty."""
        super().keepalive_timeout()
        self.end_within(1.0)

    def end_within(self, seconds: float) -> None:
        """Give the client this long until the connection is cut."""
        if self._ending is None:
            self._ending = self.loop.call_later(seconds, self.transport.abort)
