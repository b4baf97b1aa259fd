"""The same floor on picows, whose protocol is written in Cython: see floor_websockets.py."""

import asyncio
import sys

from picows import WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from tests.benchmarks import payload
from tests.benchmarks.baselines.floor_websockets import orders

transports: dict[int, WSTransport] = {}


class Client(WSListener):
    """One client."""

    def __init__(self, number: int) -> None:
        self._number = number

    def on_ws_connected(self, transport: WSTransport) -> None:
        transports[self._number] = transport


async def main() -> None:
    server = await ws_create_server(_listener, "127.0.0.1", int(sys.argv[1]))
    async with server, await asyncio.start_server(orders(_push), "127.0.0.1", int(sys.argv[2])):
        await asyncio.Event().wait()


def _listener(request: WSUpgradeRequest) -> WSListener:
    return Client(int(request.path.rpartition(b"=")[2]))


async def _push(first: int, last: int, seq: int) -> None:
    for number in range(first, last):
        transports[number].send(WSMsgType.TEXT, payload.text(seq).encode())


if __name__ == "__main__":
    asyncio.run(main())
