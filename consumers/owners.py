"""What a hub knows of the owners of its users, and what it asks them.

An owner is known by its epoch alone: questions go to all pushers, and who owns a shard answers for it.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from typing import Any

from consumers.watched_user import WatchedUser
from pushers.conf import pusher_settings
from pushers.digest import digest_of
from pushers.layer import PUSHERS_GROUP, Layer, Message
from pushers.shard import shard_of

logger = logging.getLogger(__name__)

USERS_PER_MESSAGE = 500  # and the rest of the last one's shard; 2 to 5 ms of either side's event loop

ByShard = dict[int, dict[str, WatchedUser]]


class Owners:
    """The owners of all shards, as one hub sees them."""

    def __init__(self, layer: Layer, users: Mapping[str, WatchedUser]) -> None:
        self._layer, self._users = layer, users
        self._count = pusher_settings().SHARDS
        self._epochs: dict[int, int] = {}  # shard -> the highest epoch heard of: older ones are refused
        self._greeted: dict[int, int] = {}  # shard -> the highest epoch that was answered with a list
        self._shards: dict[str, int] = {}  # user -> shard, of the users when they were last looked at
        self._members: dict[int, dict[str, None]] = {}  # the same by shard, in the order of their coming
        self._said_count = False

    # What they say

    def is_fenced(self, user: str, epoch: int) -> bool:
        """Refuse what an owner of this user sends who has been replaced."""
        return self.is_replaced(shard_of(user, self._count), epoch)

    def is_replaced(self, shard: int, epoch: int) -> bool:
        """Say whether a newer epoch of the shard was heard of; note this one otherwise."""
        if epoch < self._epochs.get(shard, -1):
            return True
        self._epochs[shard] = epoch
        return False

    def on_beat(self, message: Message) -> set[int]:
        """Return the shards of a beat that have a new owner."""
        if message["of"] != self._count:
            if not self._said_count:
                logger.critical(
                    "PUSHERS['SHARDS'] is %d here and %d in the push service: it must be the same everywhere.",
                    self._count,
                    message["of"],
                )
            self._said_count = True
            return set()
        new = {shard for shard, epoch in message["shards"] if epoch > self._greeted.get(shard, -1)}
        for shard, epoch in message["shards"]:
            self._greeted[shard] = max(epoch, self._greeted.get(shard, -1))
            self.is_replaced(shard, epoch)
        return new

    def by_shard(self, shards: Iterable[int]) -> ByShard:
        """Return shard -> user id -> user, of these shards without the empty ones."""
        self._follow()
        return {
            shard: {user: self._users[user] for user in self._members[shard]}
            for shard in shards
            if shard in self._members
        }

    def _follow(self) -> None:
        """Sort in who came and sort out who went: most messages find nobody, and to see that is cheap."""
        if self._shards.keys() == self._users.keys():
            return
        for user in [user for user in self._shards if user not in self._users]:
            shard = self._shards.pop(user)
            del self._members[shard][user]
            if not self._members[shard]:
                del self._members[shard]
        for user in self._users:
            if user not in self._shards:
                shard = self._shards[user] = shard_of(user, self._count)
                self._members.setdefault(shard, {})[user] = None

    # What they are asked

    async def want(self, questions: Mapping[str, dict[str, list[list[int]]]]) -> None:
        """Ask for the documents of users whose sockets lack something: user -> feed -> the positions they hold."""
        asked, names = time.monotonic(), list(questions)
        for start in range(0, len(names), USERS_PER_MESSAGE):
            part = {user: questions[user] for user in names[start : start + USERS_PER_MESSAGE]}
            await self._send("want", asked=asked, users=part)

    async def send_digest(self) -> None:
        """Ask to have all positions confirmed; an owner who differs asks for the list.

        Between two messages the loop does its other work. Each message has its own moment, before which none of its
        places was covered, and is made and answered as a whole, so it means the same as if it were the only one.
        """
        for part in self._parts():
            asked = time.monotonic()
            shards = [[shard, _digest(users, asked)] for shard, users in self.by_shard(part).items()]
            if shards:
                await self._send("digest", asked=asked, shards=shards)
            await asyncio.sleep(0)

    async def send_list(self, shards: Iterable[int]) -> None:
        """Say who is watching what in some shards; the answers confirm positions or name what is behind."""
        asked = time.monotonic()
        part: list[list[Any]] = []
        named = 0
        for shard, users in self.by_shard(shards).items():
            listed = {user: sorted(watched.feeds()) for user, watched in users.items() if watched.ready}
            part.append([shard, listed])
            named += len(listed)
            if named >= USERS_PER_MESSAGE:
                await self._send("list", asked=asked, shards=part)
                part, named = [], 0
        if part:
            await self._send("list", asked=asked, shards=part)

    async def want_symbols(self, symbols: Iterable[str], *, asking: bool) -> None:
        """Renew the interest in symbols; with `asking` their rows are sent."""
        if named := list(symbols):
            await self._send("symbols", asking=asking, symbols=named)

    def _parts(self) -> list[list[int]]:
        """Return all shards, in parts whose users fit into a message."""
        self._follow()
        parts: list[list[int]] = []
        room = 0
        for shard, users in self._members.items():
            if room <= 0:
                parts.append([])
                room = USERS_PER_MESSAGE
            parts[-1].append(shard)
            room -= len(users)
        return parts

    async def _send(self, kind: str, **fields: Any) -> None:
        await self._layer.send_group(PUSHERS_GROUP, {"type": kind, "hub": self._layer.channel, **fields})


def _digest(users: Mapping[str, WatchedUser], asked: float) -> str:
    return digest_of(sum(watched.cover(asked)) for watched in users.values() if watched.ready)
