"""The one queue through which a pusher sends: in order, and never after its leases."""

import asyncio
import logging
from collections import deque
from collections.abc import Collection

from pushers.layer import Layer, Message
from pushers.metrics import SENT
from pushers.ownership import Fence, Ownership

logger = logging.getLogger(__name__)

LIMIT = 20_000  # messages; older ones are dropped first, as lost messages, which anti-entropy repairs


class Outbox:
    """Sends messages one after the other, so that a user's frames leave in the order of their seq.

    The leases are checked again at each send: a process that was paused past them says nothing more.
    """

    def __init__(self, layer: Layer, ownership: Ownership) -> None:
        self._layer, self._ownership = layer, ownership
        self._queue: deque[tuple[Collection[Fence], bool, str, Message]] = deque(maxlen=LIMIT)
        self._filled = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    def to_group(self, fences: Collection[Fence], group: str, message: Message) -> None:
        self._put(fences, True, group, message)

    def to_channel(self, fences: Collection[Fence], channel: str, message: Message) -> None:
        self._put(fences, False, channel, message)

    async def run(self) -> None:
        """Send for ever; cancel it to stop."""
        while True:
            await self._filled.wait()
            while self._queue:
                fences, is_group, name, message = self._queue.popleft()
                if not all(map(self._ownership.holds, fences)):
                    continue
                if is_group:
                    await self._layer.send_group(name, message)
                    SENT.sent(message)
                else:
                    await self._layer.send_channel(name, message)
            self._filled.clear()
            self._empty.set()

    @property
    def waiting(self) -> int:
        """How many messages wait to be sent."""
        return len(self._queue)

    async def flush(self, seconds: float) -> None:
        """Wait until everything has been sent, but not longer than `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            logger.warning("%d messages were not sent before the end.", len(self._queue))

    def _put(self, fences: Collection[Fence], is_group: bool, name: str, message: Message) -> None:
        self._queue.append((fences, is_group, name, message))
        self._empty.clear()
        self._filled.set()
