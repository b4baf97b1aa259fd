"""The production server's way past ASGI's `send`: the same frames, and never more than one that waits."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
import websockets

from consumers.connection import WRITE_NOW
from consumers.web_socket import GATHERED, Inbox, WebSocket

SECONDS = 30.0
Write = Callable[[str], bool]


class Application:
    """Accepts a socket, hands its `write` out, and closes it when told to."""

    def __init__(self) -> None:
        self.accepted: asyncio.Future[Write] = asyncio.get_running_loop().create_future()
        self.leave = asyncio.Event()
        self.send: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        self.send = send
        self.accepted.set_result(scope["extensions"][WRITE_NOW]["write"])
        await self.leave.wait()
        await send({"type": "websocket.close", "code": 4000})


class Spied:
    """A transport whose writes are noted."""

    def __init__(self, transport: Any, handed: list[bytes]) -> None:
        self._transport, self._handed = transport, handed

    def write(self, data: bytes) -> None:
        self._handed.append(data)
        self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


@asynccontextmanager
async def served(application: Application, *, deflate: bool = False) -> AsyncIterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        application, ws=WebSocket, ws_per_message_deflate=deflate, lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server._serve([listener]))
    try:
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        application.leave.set()
        server.should_exit = True
        await task


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 300_000])
async def test_a_frame_of_any_size_arrives_as_it_was_written(size: int) -> None:
    application = Application()
    async with served(application) as url, websockets.connect(url, max_size=None) as client:
        write = await application.accepted
        text = ("é" * size)[:size]
        assert write(text)
        async with asyncio.timeout(SECONDS):
            assert await client.recv() == text


async def test_written_and_sent_frames_keep_their_order() -> None:
    application = Application()
    async with served(application) as url, websockets.connect(url) as client:
        write = await application.accepted
        for number in range(0, 20, 2):
            assert write(str(number))
            await application.send({"type": "websocket.send", "text": str(number + 1)})
        async with asyncio.timeout(SECONDS):
            assert [await client.recv() for _ in range(20)] == [str(number) for number in range(20)]


async def test_with_deflate_the_frames_go_the_ordinary_way() -> None:
    application = Application()
    async with served(application, deflate=True) as url, websockets.connect(url) as client:
        write = await application.accepted
        assert not write("now")
        await application.send({"type": "websocket.send", "text": "in its turn"})
        async with asyncio.timeout(SECONDS):
            assert await client.recv() == "in its turn"


async def test_frames_of_one_turn_go_out_together_in_their_order() -> None:
    application = Application()
    async with served(application) as url, websockets.connect(url) as client:
        write = await application.accepted
        handed: list[bytes] = []
        transport = write.__self__.transport  # type: ignore[attr-defined]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(write.__self__, "transport", Spied(transport, handed))  # type: ignore[attr-defined]
            assert all(write(str(number)) for number in range(20))
            assert handed == []
            await asyncio.sleep(0)
            assert len(handed) == 1
        async with asyncio.timeout(SECONDS):
            assert [await client.recv() for _ in range(20)] == [str(number) for number in range(20)]


async def test_a_socket_that_breaks_while_it_is_written_to_costs_no_other() -> None:
    application, other = Application(), Application()
    async with (
        served(application) as url,
        served(other) as other_url,
        websockets.connect(url),
        websockets.connect(other_url) as client,
    ):
        write, write_other = await application.accepted, await other.accepted
        broken: WebSocket = write.__self__  # type: ignore[attr-defined]
        broken.flush = lambda: 1 / 0  # type: ignore[method-assign]
        for number in range(2):
            assert write("lost")
            assert write_other(str(number))
            async with asyncio.timeout(SECONDS):
                assert await client.recv() == str(number)
            broken._direct, broken._gathered = True, b""
        assert broken.transport.is_closing()
        del broken.flush


async def test_no_more_than_a_few_frames_are_held_for_the_end_of_a_turn() -> None:
    application = Application()
    async with served(application) as url, websockets.connect(url, max_size=None) as client:
        write = await application.accepted
        assert write("x" * 2 * GATHERED)  # a frame alone has its place, whatever its size
        assert not write("y")
        await application.send({"type": "websocket.send", "text": "in its turn"})
        async with asyncio.timeout(SECONDS):
            assert len(await client.recv()) == 2 * GATHERED
            assert await client.recv() == "in its turn"


async def test_a_reader_who_stalls_has_at_most_one_frame_waiting() -> None:
    application = Application()
    async with served(application) as url:
        raw = socket.create_connection(("127.0.0.1", int(url.rsplit(":")[-1].strip("/"))))
        raw.sendall(
            b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        write = await application.accepted
        frame, written = "x" * 10_000, 0
        while write(frame):
            written += 1
            assert written < 10_000, "the server takes all that a client leaves"
            await asyncio.sleep(0)  # the end of the turn
        connection: WebSocket = write.__self__  # type: ignore[attr-defined]
        assert 0 < connection.transport.get_write_buffer_size() <= len(frame) + 4
        assert not write(frame)
        raw.close()


async def test_nothing_is_written_behind_a_close() -> None:
    application = Application()
    async with served(application) as url, websockets.connect(url) as client:
        write = await application.accepted
        application.leave.set()
        async with asyncio.timeout(SECONDS):
            await client.wait_closed()
        assert client.close_code == 4000
        assert not write("late")


async def test_the_inbox_gives_what_came_in_its_order_and_waits_for_more() -> None:
    inbox = Inbox(asyncio.get_running_loop())
    assert inbox.empty()
    inbox.put_nowait(1)
    inbox.put_nowait(2)
    assert not inbox.empty()
    assert [await inbox.get(), await inbox.get()] == [1, 2]
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put_nowait(3)
    inbox.put_nowait(4)
    assert [await waiting, await inbox.get()] == [3, 4]


async def test_who_gives_up_waiting_at_the_inbox_takes_nothing_with_him() -> None:
    inbox = Inbox(asyncio.get_running_loop())
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    inbox.put_nowait(1)
    assert await inbox.get() == 1
