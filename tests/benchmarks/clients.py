"""WebSocket clients that cost little: thousands in one process, which count pushes and check their sequence.

The processor is shared with what is measured, so a frame is only looked at as far as the check needs it.
"""

import asyncio
import base64
import os
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.benchmarks.stage import SECONDS, Failed

TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A
AT_ONCE = 100  # handshakes under way
MOST_FAULTS = 5  # that are quoted


class Socket(asyncio.Protocol):
    """One WebSocket, without extensions and without fragments. `on_text` gets each text message as bytes."""

    def __init__(self, request: bytes, on_text: Callable[["Socket", bytes], None]) -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ended: str | None = None  # why
        self.on_end: Callable[[Socket], None] | None = None
        self._request, self._on_text = request, on_text
        self._rest = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        if not self.opened.done():
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return
            if b" 101 " not in head[:16]:
                self._end(f"expected an answer 101, found {head[:60]!r}")
                return
            self.opened.set_result(None)
        self._rest = self._frames(data)

    def connection_lost(self, error: Exception | None) -> None:
        self._end(f"the connection was lost: {error}")

    def send(self, text: str) -> None:
        """Send a text message."""
        self._send(TEXT, text.encode())

    def close(self) -> None:
        """Be gone at once, as a client is whose machine loses its network."""
        self._transport.abort()

    def _frames(self, data: bytes) -> bytes:
        """Hand on the complete messages; return what is left."""
        place, length = 0, len(data)
        while length - place >= 2:
            size, head = data[place + 1], 2
            if size == 126:
                size, head = int.from_bytes(data[place + 2 : place + 4], "big"), 4
            elif size == 127:
                size, head = int.from_bytes(data[place + 2 : place + 10], "big"), 10
            end = place + head + size
            if end > length:
                break
            if data[place] == TEXT:
                self._on_text(self, data[place + head : end])
            else:
                self._control(data[place], data[place + head : end])
            place = end
        return data[place:]

    def _control(self, kind: int, body: bytes) -> None:
        if kind == PING:
            self._send(PONG, body)
        elif kind == CLOSE:
            self._end(f"closed with {int.from_bytes(body[:2], 'big') or 'no code'}")
            self._transport.abort()

    def _send(self, kind: int, body: bytes) -> None:
        size = len(body)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
        self._transport.write(bytes([kind]) + length + b"\0\0\0\0" + body)  # a mask of zeros changes nothing

    def _end(self, why: str) -> None:
        if self.ended is None:
            self.ended = why
            if not self.opened.done():
                self.opened.set_exception(ConnectionError(why))
            if self.on_end is not None:
                self.on_end(self)


async def open_socket(
    port: int, path: str, headers: Mapping[str, str], on_text: Callable[[Socket, bytes], None]
) -> Socket:
    """Connect to 127.0.0.1; return the socket once the handshake is through. Raises ConnectionError where it is not."""
    host = f"127.0.0.1:{port}"
    fields = {
        "Host": host,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Version": "13",
        **headers,
    }
    request = f"GET {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n"
    loop = asyncio.get_running_loop()
    _, socket = await loop.create_connection(lambda: Socket(request.encode(), on_text), "127.0.0.1", port)
    await socket.opened
    return socket


async def all_of(work: Iterable[Coroutine[Any, Any, Any]], *, at_once: int = AT_ONCE) -> None:
    """Run all coroutines, some at a time."""
    turns = asyncio.Semaphore(at_once)

    async def one(coroutine: Coroutine[Any, Any, Any]) -> None:
        async with turns:
            await coroutine

    async with asyncio.TaskGroup() as group:
        for coroutine in work:
            group.create_task(one(coroutine))


@dataclass(frozen=True)
class Dialect:
    """How one kind of server is spoken to. `path` and `headers` are for a client's number, from 0."""

    path: Callable[[int], str]
    push: bytes  # what the messages that count begin with
    headers: Callable[[int], dict[str, str]] = lambda number: {}
    opening: str = ""  # the first message to send
    ready: bytes | None = None  # what the message begins with after which pushes come; None: the handshake
    answers: Mapping[bytes, str] = field(default_factory=dict)  # what keeps the connection alive


class Swarm:
    """All clients of one server. Each push has the number (its first `"seq":`) that follows the one before."""

    def __init__(self, name: str, dialect: Dialect) -> None:
        self.name, self.dialect = name, dialect
        self.received = 0
        self.sockets: list[Socket] = []
        self.faults: list[str] = []
        self._seqs: dict[Socket, int] = {}
        self._ready = 0
        self._awaited = 0
        self._arrived = asyncio.Event()

    async def connect(self, port: int, count: int, seconds: float = 2 * SECONDS) -> None:
        """Open sockets until there are `count`; return once all are ready for pushes."""

        async def one(number: int) -> None:
            socket = await open_socket(port, self.dialect.path(number), self.dialect.headers(number), self._on_text)
            socket.on_end = lambda ended: self.faults.append(f"a socket ended: {ended.ended}")
            self.sockets.append(socket)
            if self.dialect.opening:
                socket.send(self.dialect.opening)

        try:
            async with asyncio.timeout(seconds):
                await all_of(one(number) for number in range(len(self.sockets), count))
                while self.dialect.ready is not None and self._ready < count:  # noqa: ASYNC110 - a look is enough
                    await asyncio.sleep(0.02)
        except TimeoutError:
            found = f"{len(self.sockets)} sockets, {self._ready} of them ready; {self.faults[:MOST_FAULTS]}"
            raise Failed(f"{self.name}: expected {count} within {seconds:g} s, found {found}") from None
        self._seqs = {socket: self._seqs.get(socket, 1) for socket in self.sockets}

    async def until(self, received: int, seconds: float = SECONDS) -> None:
        """Return once that many pushes have come in all; raise Failed where they do not, or one was out of order."""
        self._awaited = received
        if self.received < received:
            self._arrived.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._arrived.wait()
            except TimeoutError:
                missing = received - self.received
                raise Failed(
                    f"{self.name}: {missing} of {received} pushes are missing after {seconds:g} s; "
                    f"{self.faults[:MOST_FAULTS]}"
                ) from None
        if self.faults:
            raise Failed(f"{self.name}: {len(self.faults)} faults: {self.faults[:MOST_FAULTS]}")

    def close(self) -> None:
        """Close all sockets."""
        for socket in self.sockets:
            socket.on_end = None
            socket.close()

    def _on_text(self, socket: Socket, body: bytes) -> None:
        dialect = self.dialect
        if socket not in self._seqs:
            if dialect.ready is not None and body.startswith(dialect.ready):
                self._seqs[socket], self._ready = 1, self._ready + 1
            return
        if not body.startswith(dialect.push):
            if body in dialect.answers:
                socket.send(dialect.answers[body])
            return
        start = body.find(b'"seq":') + 6
        seq = int(body[start : body.find(b",", start)])
        if seq != self._seqs[socket] + 1:
            self.faults.append(f"expected push {self._seqs[socket] + 1}, found {seq}")
        self._seqs[socket] = seq
        self.received += 1
        if self.received >= self._awaited:
            self._arrived.set()
