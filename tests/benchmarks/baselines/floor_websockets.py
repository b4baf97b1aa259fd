"""The floor: a bare `websockets` server that makes and sends pushes: no Django, no Redis, no users.

`python -m tests.benchmarks.baselines.floor_websockets PORT ORDERS_PORT [uvloop]`. An order is a line "first last seq":
push that number to the clients from first to before last.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable

import uvloop
from websockets.asyncio.server import ServerConnection, serve

from tests.benchmarks import payload

connections: dict[int, ServerConnection] = {}


async def main() -> None:
    async with (
        serve(_serve, "127.0.0.1", int(sys.argv[1]), compression=None, ping_interval=None),
        await asyncio.start_server(orders(_push), "127.0.0.1", int(sys.argv[2])),
    ):
        await asyncio.Event().wait()


def orders(
    push: Callable[[int, int, int], Awaitable[None]],
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Return a handler that reads orders and carries them out."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            await push(*map(int, line.split()))
        writer.close()

    return handle


async def _serve(connection: ServerConnection) -> None:
    assert connection.request is not None
    connections[int(connection.request.path.rpartition("=")[2])] = connection
    await connection.wait_closed()


async def _push(first: int, last: int, seq: int) -> None:
    for number in range(first, last):
        await connections[number].send(payload.text(seq))


if __name__ == "__main__":
    if "uvloop" in sys.argv:
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(main())
