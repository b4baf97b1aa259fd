"""The groups that a hub has joined: those of its sockets, and proof that messages arrive."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable

from consumers.watched_user import WatchedUser
from pushers.layer import HUBS_GROUP, Layer, symbol_group, user_group

PROBE = 0.25  # seconds until an unanswered probe is sent again: it may have been quicker than the subscription
RETRY = 1.0  # seconds until what failed is tried again


class Membership:
    """Joins and leaves groups one after the other, so that a leave never overtakes the join after it."""

    def __init__(
        self, layer: Layer, users: Callable[[], Collection[WatchedUser]], symbols: Callable[[], Iterable[str]]
    ) -> None:
        self._layer, self._users, self._symbols = layer, users, symbols
        self._joined: set[str] = set()
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """Say that users or symbols came or went."""
        self._changed.set()

    async def run(self) -> None:
        """Follow the changes for ever."""
        while True:
            await self._layer.stay_joined()
            await self._follow()
            unproven = await self._probe()
            try:
                # Not wait_for: on Python 3.11 it loses a cancellation that comes together with the event.
                async with asyncio.timeout(PROBE if unproven else RETRY):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _follow(self) -> None:
        self._changed.clear()
        users = {user_group(watched.user_id) for watched in self._users()}
        wanted = {HUBS_GROUP, *users, *map(symbol_group, self._symbols())}
        for group in self._joined - wanted:
            if await self._layer.leave(group):
                self._joined.discard(group)
        for group in wanted - self._joined:
            if await self._layer.join(group):
                self._joined.add(group)

    async def _probe(self) -> bool:
        """Send a message through each new user's group: what comes back proves that the subscription is in force.

        Return whether a proof is still to come.
        """
        now, unproven = time.monotonic(), False
        for watched in list(self._users()):
            group = user_group(watched.user_id)
            if watched.ready or group not in self._joined:
                continue
            unproven = True
            if now - watched.probed >= PROBE:
                watched.probed = now
                probe = {"type": "probe", "hub": self._layer.channel, "user": watched.user_id}
                await self._layer.send_group(group, probe)
        return unproven
