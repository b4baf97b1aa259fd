"""The one queue through which a pusher sends: in order, and never after its leases."""

import asyncio
import logging
from collections import deque
from collections.abc import Collection
from typing import NamedTuple

from pushers.layer import Layer, Message
from pushers.metrics import SENT
from pushers.ownership import Fence, Ownership

logger = logging.getLogger(__name__)

BATCH = 200  # messages that leave in one round trip, in a few ms: not longer than a lease's margin, however busy it is
LIMIT = 20_000  # messages; older ones are dropped first, as lost messages, which anti-entropy repairs


class Waiting(NamedTuple):
    """A message that waits: the leases that it needs, and the group or the channel that it goes to."""

    fences: Collection[Fence]
    is_group: bool
    name: str
    message: Message


class Outbox:
    """Sends messages one after the other, so that a user's frames leave in the order of their seq.

    What waits for groups leaves together. The leases are checked again at each send: a process that was paused past
    them says nothing more.
    """

    def __init__(self, layer: Layer, ownership: Ownership) -> None:
        self._layer, self._ownership = layer, ownership
        self._queue: deque[Waiting] = deque(maxlen=LIMIT)
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
                if self._queue[0].is_group:
                    batch = self._batch()
                    await self._layer.send_groups(batch)
                    for _, message in batch:
                        SENT.sent(message)
                elif self._may_leave(waiting := self._queue.popleft()):
                    await self._layer.send_channel(waiting.name, waiting.message)
            self._filled.clear()
            self._empty.set()

    def _batch(self) -> list[tuple[str, Message]]:
        """Take the messages to groups that may leave now, up to the first one to a channel."""
        batch: list[tuple[str, Message]] = []
        most = BATCH if self._layer.sends_many else 1  # one by one, each may take as long as the layer likes
        while self._queue and self._queue[0].is_group and len(batch) < most:
            if self._may_leave(waiting := self._queue.popleft()):
                batch.append((waiting.name, waiting.message))
        return batch

    def _may_leave(self, waiting: Waiting) -> bool:
        return all(map(self._ownership.holds, waiting.fences))

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
        self._queue.append(Waiting(fences, is_group, name, message))
        self._empty.clear()
        self._filled.set()
