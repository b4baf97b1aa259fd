"""What a socket is told after its queue was dropped: what is stale, before anything that could be taken for live."""

import asyncio
import json
from typing import Any

import pytest

from consumers.connection import Connection, Place
from consumers.hub import Hub
from pushers.stream import Position


@pytest.fixture
async def hub() -> Hub:
    """A hub whose tasks do not run."""
    made = Hub()
    made._task.cancel()
    await asyncio.wait([made._task])
    return made


async def test_what_became_stale_while_the_queue_overflowed_is_told_first(hub: Hub) -> None:
    sent: list[dict[str, Any]] = []
    reading = asyncio.Event()

    async def send(text: str) -> None:
        sent.append(json.loads(text))
        await reading.wait()

    async def close(code: int) -> None: ...

    socket = Connection("1", send, close, queue_bytes=300)
    hub.open(socket)
    watched = hub.users["1"]
    socket.places["orders"] = Place(Position(7, 1), 0.0, verified=True, confirmed=1000.0)
    hub.subscribe_symbols(socket, ["AAPL"])
    hub._board.on_ticker({"symbol": "AAPL", "epoch": 1, "ts": 1, "text": '{"last":"1"}', "stale": None}, 1000.0)
    await asyncio.sleep(0)
    for _ in range(30):
        socket.write('{"type":"push","feeds":{}}')
    hub._tell_stale(watched, 1011.0)  # nobody has confirmed for 11 s; the notice does not fit either
    assert socket.places["orders"].stale is not None
    sent.clear()
    reading.set()
    await socket.flush(5)
    assert [frame["type"] for frame in sent] == ["heartbeat", "ticker"]
    assert {"orders", "ticker"} == {name for name, entry in sent[0]["feeds"].items() if "stale" in entry}
