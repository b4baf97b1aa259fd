"""All traffic over the channel layer: the one module that names groups and sends to them.

The layer delivers at most once and keeps nothing, so every message here is a hint that may be lost, repeated or late;
what makes the whole exact is the numbering (stream.py) and the questions and answers between hubs and pushers.

Messages, all dicts with string keys (anything else can kill every receiver of a group):
    to group `user.<id>`    push    {user, ts, cut: the frame's number, feeds: name -> [epoch, seq, is snapshot, text],
                                    stale: name -> [reason, since] of what could not be read with it,
                                    committed, trace: those of the nudge that caused it, if one did}
                            probe   {hub, user}: a hub's own message, to see that its subscription is in force
    to group `symbol.<hex>` ticker  {epoch, symbol, ts, text or none, stale: none or [reason, since]}
    to group `pushers`      want    {hub, asked, users: id -> feed -> [[epoch, seq], ...]}: sockets lack something
                            list    {hub, asked, shards: [[shard, id -> [feed, ...]], ...]}: all who watch in a shard
                            digest  {hub, asked, shards: [[shard, digest], ...]}
                            symbols {hub, asking, symbols: [...]}
                            nudge   {ts: ms UTC of the commit, users: [...], feeds: [...] or none for all,
                                    trace: what caused it, if that is known}
                            released {}: shards are free
    to group `hubs`         beat    {of: number of shards, shards: [[shard, epoch], ...]}
                            access  {users: [...], all, ended: [session digest, ...]}: check these users' sockets (all:
                                    everybody's); the ended sessions' sockets are closed without a look
                            disconnect {users: [...], code}
                            renewed {users: [...], session: digest of its old key, sealed: its new key}
    to a hub's channel      answer  {asked, docs, users: id -> feed -> [epoch, seq, text, ok, as_of, stale],
                                    cuts: id -> number of the last frame}
                            confirm {asked, shards: [[shard, epoch, feed -> as_of, the `users` of an answer with what is
                                    not confirmed], ...], differ: [shard, ...]}
"""

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import lru_cache
from typing import Any

from channels.layers import InMemoryChannelLayer, get_channel_layer

logger = logging.getLogger(__name__)

Message = dict[str, Any]

PUSHERS_GROUP = "pushers"
HUBS_GROUP = "hubs"
PAUSE = 0.1  # seconds after a message that broke: a layer that fails at once must not fill the time and the log
TURN = 0.003  # seconds of messages after which the loop's other work has its turn
REJOINS = 4  # per time after which the layer forgets who is in a group
MOST_NAMED = 80  # characters of a name: a group name has fewer than 100 in all


@lru_cache(maxsize=2**16)
def user_group(user_id: str) -> str:
    """Return the group of one user's sockets. Ids of other characters than a group name allows travel encoded."""
    if user_id.isascii() and user_id.replace("-", "").isalnum() and len(user_id) <= MOST_NAMED:
        return f"user.{user_id}"
    return f"user.x.{_encoded(user_id)}"


def symbol_group(symbol: str) -> str:
    """Return the group of one symbol: `BTC/USDT` is no legal group name, its encoded form is."""
    return f"symbol.{_encoded(symbol)}"


def _encoded(name: str) -> str:
    """Return the hex form of a name, or the hash of one too long for that; the dot keeps the two apart."""
    text = name.encode().hex()
    return text if len(text) <= MOST_NAMED else f"s.{hashlib.sha256(name.encode()).hexdigest()}"


def is_in_memory() -> bool:
    """Say whether the channel layer reaches this process only."""
    return isinstance(get_channel_layer(), InMemoryChannelLayer)


# The loop in which an in-memory layer is received from: its queues are not made for being filled by other threads.
_home: asyncio.AbstractEventLoop | None = None


class Layer:
    """The channel layer of the running event loop, seen from one process that receives on one channel."""

    def __init__(self, prefix: str) -> None:
        self.channel = ""
        self._joined: dict[str, float] = {}  # group -> when (monotonic)
        self._prefix = prefix
        self._down = False
        layer = get_channel_layer()
        if layer is None:
            raise RuntimeError("CHANNEL_LAYERS has no 'default' layer; the push engine needs one.")
        self._layer = layer
        # What a layer may have beside the methods of Channels; ours on Redis does (redis_layer.py).
        self._receive_many: Callable[[str], Awaitable[list[Message]]] = getattr(
            layer, "receive_many", self._receive_one
        )
        self.sends_many = hasattr(layer, "group_send_many")
        self._joins_many = hasattr(layer, "group_add_many")

    async def open(self) -> None:
        """Create this process's channel. Raises whatever the layer raises when its server is away."""
        global _home
        _home = asyncio.get_running_loop()
        self.channel = await self._layer.new_channel(self._prefix)

    async def receive(self) -> Message:
        message: Message = await self._layer.receive(self.channel)
        return message

    async def listen(self, handle: Callable[[Message], None]) -> None:
        """Hand every message to `handle`, for ever; one that can't be understood is named and dropped.

        A lost message is provided for, a listener that ended is not, so nothing that arrives may end it.
        """
        turn = time.monotonic()
        while True:
            for message in await self.receive_some():
                try:
                    handle(message)
                except Exception:
                    logger.exception("Ignored a message that could not be understood.")
                    await asyncio.sleep(PAUSE)
                if time.monotonic() - turn > TURN:  # what waits already is received without giving way
                    await asyncio.sleep(0)
                    turn = time.monotonic()

    async def receive_some(self) -> list[Message]:
        """Wait for messages, and return those that have come; none where the layer failed, which is named."""
        try:
            return await self._receive_many(self.channel)
        except Exception:
            logger.exception("Ignored a message that could not be received.")
            await asyncio.sleep(PAUSE)
            return []

    async def _receive_one(self, channel: str) -> list[Message]:
        return [await self._layer.receive(channel)]

    async def join(self, group: str) -> bool:
        """Add the channel to a group; False when that failed. True is no proof that messages arrive yet."""
        joined = await self._try(self._layer.group_add(group, self.channel), "join a group")
        if joined:
            self._joined[group] = time.monotonic()
        return joined

    async def join_many(self, groups: Sequence[str]) -> list[str]:
        """Join groups, in one command where the layer can do that; return those that did not fail."""
        if not self._joins_many:
            return [group for group in groups if await self.join(group)]
        if not groups or not await self._try(self._layer.group_add_many(groups, self.channel), "join groups"):
            return []
        self._joined.update(dict.fromkeys(groups, time.monotonic()))
        return list(groups)

    async def leave_many(self, groups: Sequence[str]) -> list[str]:
        """Leave groups likewise."""
        if not self._joins_many:
            return [group for group in groups if await self.leave(group)]
        if not groups or not await self._try(self._layer.group_discard_many(groups, self.channel), "leave groups"):
            return []
        for group in groups:
            self._joined.pop(group, None)
        return list(groups)

    async def stay_joined(self) -> None:
        """Join again before the layer forgets it: some do, after a day by default, without a word."""
        lasts = getattr(self._layer, "group_expiry", None)
        if lasts is None:
            return
        due = time.monotonic() - lasts / REJOINS
        for group in [group for group, when in self._joined.items() if when <= due]:
            await self.join(group)

    async def leave(self, group: str) -> bool:
        left = await self._try(self._layer.group_discard(group, self.channel), "leave a group")
        if left:
            self._joined.pop(group, None)
        return left

    async def send_group(self, group: str, message: Message) -> bool:
        """Send to a group; False when the layer said no. Either way the message may or may not have arrived."""
        return await self._try(self._layer.group_send(group, message), "send to a group")

    async def send_groups(self, messages: Sequence[tuple[str, Message]]) -> None:
        """Send (group, message) in order: in one round trip where the layer can do that, else one after the other."""
        if self.sends_many:
            await self._try(self._layer.group_send_many(messages), "send to groups")
            return
        for group, message in messages:
            await self.send_group(group, message)

    async def send_channel(self, channel: str, message: Message) -> bool:
        return await self._try(self._layer.send(channel, message), "answer")

    async def _try(self, call: Coroutine[Any, Any, object], what: str) -> bool:
        try:
            await self._at_home(call)
        except Exception as error:  # noqa: BLE001 - whatever it is, the message is lost, and that is provided for
            if not self._down:
                self._down = True
                logger.error(
                    "The channel layer does not answer; could not %s: %s: %s", what, type(error).__name__, error
                )
            return False
        if self._down:
            self._down = False
            logger.info("The channel layer answers again.")
        return True

    async def _at_home(self, call: Coroutine[Any, Any, object]) -> None:
        """Await the call; for an in-memory layer in the loop that receives from it."""
        if _home in (None, asyncio.get_running_loop()) or _home.is_closed() or not is_in_memory():
            await call
        else:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call, _home))
