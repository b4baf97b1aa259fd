"""What a server that stops says to its sockets, so that they come back one after the other."""

import asyncio

from consumers.close_codes import CloseCode
from consumers.conf import consumer_settings
from consumers.frames import server_frame
from consumers.hub import Hub

REASON = "restart"
LEAST = 500  # ms until the first comes back: the next server must listen by then
SPREAD = 1000  # ms over which few sockets are spread
WITHIN = 3.0  # seconds for all closes: a connection's last frames have one


def reconnect_range(sockets: int) -> tuple[int, int]:
    """Return the least and the most milliseconds to wait, for so many sockets to come back at the settings' rate."""
    needed = sockets * 1000 / consumer_settings().RECONNECTS_PER_SECOND
    return LEAST, LEAST + max(SPREAD, round(needed))


async def say_goodbye() -> None:
    """Send `goodbye` to every signed-in socket of this process and close it with 1012; wait for nobody for long."""
    connections = [connection for watched in Hub.current().users.values() for connection in watched.connections]
    text = server_frame("goodbye", reason=REASON, reconnect_ms=reconnect_range(len(connections)))
    for connection in connections:
        connection.write(text, keep=True)
    closing = [asyncio.create_task(connection.close(CloseCode.RESTART)) for connection in connections]
    if closing:
        await asyncio.wait(closing, timeout=WITHIN)
