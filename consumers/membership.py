"""The groups that a hub has joined: those of its sockets, and proof that messages arrive."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from typing import TypeVar

from consumers.watched_user import WatchedUser
from pushers.layer import HUBS_GROUP, Layer, symbol_group, user_group

PROBE = 0.25  # seconds until an unanswered probe is sent again: it may have been quicker than the subscription
RETRY = 1.0  # seconds until what failed is tried again
TURN = 0.02  # seconds between two rounds: each looks at all users, and thousands may come one after the other
AT_ONCE = 500  # groups in one command

T = TypeVar("T")


class Membership:
    """Joins and leaves groups one after the other, so that a leave never overtakes the join after it."""

    def __init__(
        self, layer: Layer, users: Callable[[], Collection[WatchedUser]], symbols: Callable[[], Iterable[str]]
    ) -> None:
        self._layer, self._users, self._symbols = layer, users, symbols
        self._joined: set[str] = set()
        self._leaving: set[str] = set()  # a leave was tried, and may have had its effect although it failed
        self._changed = asyncio.Event()
        self._behind = True  # groups are still to be joined or left

    def changed(self) -> None:
        """Say that users or symbols came or went."""
        self._changed.set()

    async def run(self) -> None:
        """Follow the changes for ever."""
        while True:
            await self._layer.stay_joined()
            if self._behind or self._changed.is_set():
                await self._follow()
            unproven = await self._probe()
            await asyncio.sleep(TURN)
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
        self._leaving = (self._leaving | self._joined) - wanted
        self._joined &= wanted
        for part in _parts(self._leaving):
            self._leaving.difference_update(await self._layer.leave_many(part))
        for part in _parts(wanted - self._joined):
            self._joined.update(await self._layer.join_many(part))
        self._behind = bool(self._leaving) or self._joined != wanted

    async def _probe(self) -> bool:
        """Send a message through each new user's group: what comes back proves that the subscription is in force.

        Return whether a proof is still to come.
        """
        now = time.monotonic()
        unproven = [one for one in self._users() if not one.ready and user_group(one.user_id) in self._joined]
        for part in _parts([one for one in unproven if now - one.probed >= PROBE]):
            probes = []
            for watched in part:
                watched.probed = now
                probe = {"type": "probe", "hub": self._layer.channel, "user": watched.user_id}
                probes.append((user_group(watched.user_id), probe))
            await self._layer.send_groups(probes)
        return bool(unproven)


def _parts(items: Iterable[T]) -> list[list[T]]:
    """Return the items in lists that are not too long for one command."""
    listed = list(items)
    return [listed[start : start + AT_ONCE] for start in range(0, len(listed), AT_ONCE)]
