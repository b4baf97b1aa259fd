"""The web server for production: uvicorn, which waits for slow readers, and which says goodbye before it stops."""

import asyncio
import signal
import socket
import time

import uvicorn
from django.conf import settings

from consumers.conf import consumer_settings
from consumers.farewell import say_goodbye
from consumers.http_connection import HttpConnection
from consumers.web_socket import WebSocket
from pushers.runner import collect_rarely, pushing

CLOSING = 3.0  # seconds that clients have to answer the close
REQUESTS = 10  # seconds that requests under way have to end
KEEP_ALIVE = 75  # seconds that an idle HTTP connection is kept: longer than a proxy does, who would meet a closed one
PING = 20.0  # seconds between pings, which find clients that are gone without a word
PONG = 40.0  # seconds for the answer; a stalled reader is closed with 4413 before
STEP = 0.05
# Python's garbage collector looks at the youngest at every 10,000 new objects, a pause of a ms: at its own 700 a fifth
# of a busy server's time went into looking at all that the sockets have, which is alive. A socket that has gone is a
# cycle, and old: so all are looked at oftener than `runpushers` does.
THRESHOLDS = (10_000, 20, 5)


class WebServer(uvicorn.Server):
    """A uvicorn server that lets its sockets go in order, and ends with exit code 0 after SIGTERM.

    With `with_pushers` the push engine runs in it too; should that fail, the server ends with it.
    """

    def __init__(self, config: uvicorn.Config, *, with_pushers: bool = False) -> None:
        super().__init__(config)
        self._with_pushers = with_pushers

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.handle_exit)  # uvicorn raises the signal again at its end; it then does nothing
        super().run(sockets)

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to stop, pushing meanwhile where that was asked for."""
        if not self._with_pushers:
            await super().serve(sockets)
            return
        async with pushing() as task:
            task.add_done_callback(lambda ended: setattr(self, "should_exit", True))
            await super().serve(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, say goodbye, close the sockets, and cut off who does not answer; then end the requests."""
        for server in self.servers:
            server.close()
        await say_goodbye()
        await self._until_sockets_are_gone(CLOSING)
        for connection in self._sockets():
            connection.transport.abort()
        await super().shutdown(sockets)

    def _sockets(self) -> list[WebSocket]:
        return [one for one in self.server_state.connections if isinstance(one, WebSocket) and one.close_sent]

    async def _until_sockets_are_gone(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self._sockets() and time.monotonic() < deadline:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(STEP)


def listening_socket(host: str, port: int, *, shared: bool) -> socket.socket:
    """Return a bound socket; raise OSError where that can't be. `shared`: other processes may listen there too."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family, kind)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def serve(listener: socket.socket, *, forwarded_allow_ips: str, with_pushers: bool = False) -> None:
    """Serve settings.ASGI_APPLICATION on a bound socket until SIGTERM or SIGINT.

    `with_pushers`: push from this process too. Raises ShardCountError where it may not.
    """
    collect_rarely(THRESHOLDS)
    module, _, name = settings.ASGI_APPLICATION.rpartition(".")
    config = uvicorn.Config(
        f"{module}:{name}",
        http=HttpConnection,
        ws=WebSocket,
        ws_per_message_deflate=False,  # 60 to 100 KiB of memory a socket
        ws_max_size=2 * consumer_settings().FRAME_BYTES,  # up to twice the limit gets an error, more is not read
        ws_ping_interval=PING,
        ws_ping_timeout=PONG,
        lifespan="off",
        log_config=None,  # the project's LOGGING holds
        access_log=False,
        server_header=False,
        forwarded_allow_ips=forwarded_allow_ips,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=REQUESTS,
    )
    WebServer(config, with_pushers=with_pushers).run([listener])
