import asyncio
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.server import ServerConnection, serve

from tests.benchmarks import payload
from tests.benchmarks.clients import Dialect, Swarm
from tests.benchmarks.stage import Failed

SECONDS = 30.0
DIALECT = Dialect("/?user={}".format, b'{"type":"push"', opening="hello", ready=b"welcome")


class Server:
    def __init__(self) -> None:
        self.port = 0
        self.connections: dict[str, ServerConnection] = {}

    async def handle(self, connection: ServerConnection) -> None:
        assert await connection.recv() == "hello"
        assert connection.request is not None
        self.connections[connection.request.path] = connection
        await connection.send("welcome")
        await connection.wait_closed()

    async def push(self, seq: int) -> None:
        for connection in self.connections.values():
            await connection.send(payload.text(seq))


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    async with serve(made.handle, "127.0.0.1", 0, compression=None) as listening:
        made.port = next(iter(listening.sockets)).getsockname()[1]
        yield made


async def test_pushes_to_all_clients_are_counted(server: Server) -> None:
    swarm = Swarm("server", DIALECT)
    await swarm.connect(server.port, 3, SECONDS)
    assert set(server.connections) == {"/?user=0", "/?user=1", "/?user=2"}
    for seq in (2, 3):
        await server.push(seq)
    await swarm.until(6, SECONDS)
    swarm.close()


async def test_a_large_message_is_read_whole_and_a_ping_is_answered(server: Server) -> None:
    swarm = Swarm("server", DIALECT)
    await swarm.connect(server.port, 1, SECONDS)
    (connection,) = server.connections.values()
    async with asyncio.timeout(SECONDS):
        await (await connection.ping())
    await connection.send('{"type":"push","seq":2,' + " " * 200_000 + "}")
    await swarm.until(1, SECONDS)
    swarm.close()


async def test_a_push_out_of_order_is_a_failure(server: Server) -> None:
    swarm = Swarm("server", DIALECT)
    await swarm.connect(server.port, 1, SECONDS)
    await server.push(3)
    with pytest.raises(Failed, match="expected push 2, found 3"):
        await swarm.until(1, SECONDS)
    swarm.close()


async def test_what_does_not_come_is_a_failure(server: Server) -> None:
    swarm = Swarm("server", DIALECT)
    await swarm.connect(server.port, 1, SECONDS)
    with pytest.raises(Failed, match="1 of 1 pushes are missing"):
        await swarm.until(1, 0.05)
    swarm.close()


async def test_a_socket_that_ends_is_a_failure(server: Server) -> None:
    swarm = Swarm("server", DIALECT)
    await swarm.connect(server.port, 1, SECONDS)
    (connection,) = server.connections.values()
    await connection.close(1012)
    async with asyncio.timeout(SECONDS):
        while not swarm.faults:  # noqa: ASYNC110 - a look is enough
            await asyncio.sleep(0.01)
    with pytest.raises(Failed, match="closed with 1012"):
        await swarm.until(0, SECONDS)


def test_the_push_has_the_size_that_is_said() -> None:
    assert len(payload.text(1000)) == payload.SIZE
