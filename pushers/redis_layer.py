"""The channel layer of production: channels_redis' Pub/Sub layer, which also sends and receives many messages at once.

To set it, name it in CHANNEL_LAYERS as "BACKEND"; its CONFIG is that of channels_redis. What every layer does it does
as its parent does, and on top come `group_send_many`, `group_add_many`, `group_discard_many` and `receive_many`.
`pushers.layer` uses them where they are; without them, on any other layer, the same messages travel one by one.
"""

import asyncio
import logging
import math
import time
from collections.abc import Iterable, Iterator
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer, RedisSingleShardConnection
from channels_redis.utils import _wrap_close, decode_hosts
from redis._parsers.hiredis import NOT_ENOUGH_DATA

logger = logging.getLogger("channels_redis.pubsub")  # the parent's: who filters its words means these as well

Message = dict[str, Any]

IDLE = 0.1  # seconds between looks for a first subscription
PAUSE = 1.0  # seconds after an error, such as a Redis that is away
CLOSE = 0.002  # seconds between messages that come in close succession ...
GATHER = 0.01  # ... and are let gather for so long, less than a screen's frame, unless they come in heaps anyway
FEW = 32
LITTLE = 8_192  # bytes: what came with more may be behind by a lot, and Redis cuts off who falls too far behind
TURN = 0.003  # seconds of arriving messages after which the loop's other work has its turn


class RedisLayer(RedisPubSubChannelLayer):
    """The layer as Django makes it; the work is done by one `LoopLayer` per event loop."""

    async def group_send_many(self, messages: Iterable[tuple[str, Message]]) -> None:
        """Send messages to groups, in their order and in one round trip; a message given twice is encoded once."""
        await self._get_layer().send_to_groups(messages)

    async def group_add_many(self, groups: Iterable[str], channel: str) -> None:
        """Add a channel of this process to groups, in one command."""
        await self._get_layer().add_to_groups(groups, channel)

    async def group_discard_many(self, groups: Iterable[str], channel: str) -> None:
        """Remove a channel from groups, in one command; those that it is not in are ignored."""
        await self._get_layer().discard_from_groups(groups, channel)

    async def receive_many(self, channel: str) -> list[Message]:
        """Wait for messages on a channel, and return all that have come, in their order; ends as `receive` does."""
        return await self._get_layer().receive_many(channel)

    def _get_layer(self) -> "LoopLayer":
        loop = asyncio.get_running_loop()
        if loop not in self._layers:
            self._layers[loop] = LoopLayer(*self._args, **self._kwargs, channel_layer=self)
            _wrap_close(self, loop)
        layer: LoopLayer = self._layers[loop]
        return layer


class LoopLayer(RedisPubSubLoopLayer):
    """One event loop's end: its channels, its groups, and a connection to each Redis host."""

    def __init__(self, hosts: Any = None, **options: Any) -> None:
        super().__init__(hosts, **options)
        self._shards = [Connection(host, self) for host in decode_hosts(hosts)]

    async def send_to_groups(self, messages: Iterable[tuple[str, Message]]) -> None:
        encoded: dict[int, tuple[Message, bytes]] = {}  # by identity; the message is kept, so that none takes its place
        batches: dict[Connection, list[tuple[str, bytes]]] = {}
        for group, message in messages:
            if id(message) not in encoded:
                encoded[id(message)] = message, self.channel_layer.serialize(message)
            name = self._get_group_channel_name(group)
            batches.setdefault(self._get_shard(name), []).append((name, encoded[id(message)][1]))
        for connection, batch in batches.items():
            await connection.publish_many(batch)

    async def add_to_groups(self, groups: Iterable[str], channel: str) -> None:
        if channel not in self.channels:
            raise RuntimeError(f"Expected a channel of this process, from new_channel(); found {channel!r}.")
        names: dict[Connection, list[str]] = {}
        for name in map(self._get_group_channel_name, groups):
            self.groups.setdefault(name, set()).add(channel)
            names.setdefault(self._get_shard(name), []).append(name)
        for connection, joined in names.items():
            await connection.subscribe_many(joined)

    async def discard_from_groups(self, groups: Iterable[str], channel: str) -> None:
        names: dict[Connection, list[str]] = {}
        for name in map(self._get_group_channel_name, groups):
            members = self.groups.get(name, set())
            members.discard(channel)
            if not members:
                self.groups.pop(name, None)
                names.setdefault(self._get_shard(name), []).append(name)
        for connection, left in names.items():
            await connection.unsubscribe_many(left)

    async def receive_many(self, channel: str) -> list[Message]:
        messages = [await self.receive(channel)]
        mailbox = self.channels[channel]
        for content in mailbox.take_all():
            try:
                messages.append(self.channel_layer.deserialize(content))
            except Exception:  # the others have come all the same
                logger.exception("Ignored a message that could not be decoded.")
        return messages

    async def _subscribe_to_channel(self, channel: str) -> None:
        self.channels[channel] = Mailbox()
        await self._get_shard(channel).subscribe(channel)


class Mailbox(asyncio.Queue[bytes]):
    """What has arrived on a channel and nobody has taken."""

    def take_all(self) -> list[bytes]:
        """Return what is there now, without waiting."""
        taken = list(self._queue)  # type: ignore[attr-defined]
        self._queue.clear()  # type: ignore[attr-defined]
        return taken


class Connection(RedisSingleShardConnection):
    """One Redis host: publishes in batches, and takes all messages that have arrived in one go."""

    _taken = -math.inf  # when messages were last taken

    async def publish_many(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Publish (channel, message) in order. Raises what Redis or the connection raises; some may then have gone."""
        async with self._lock:
            self._ensure_redis()
            async with self._redis.pipeline(transaction=False) as pipeline:
                for channel, message in messages:
                    pipeline.publish(channel, message)
                await pipeline.execute()

    async def subscribe_many(self, channels: Iterable[str]) -> None:
        """Subscribe to those of the channels that this connection is not subscribed to."""
        async with self._lock:
            new = [channel for channel in channels if channel not in self._subscribed_to]
            if new:
                self._ensure_redis()
                self._ensure_receiver()
                await self._pubsub.subscribe(*new)
                self._subscribed_to.update(new)

    async def unsubscribe_many(self, channels: Iterable[str]) -> None:
        """End those of the subscriptions that there are."""
        async with self._lock:
            ended = [channel for channel in channels if channel in self._subscribed_to]
            if ended:
                self._ensure_redis()
                self._ensure_receiver()
                await self._pubsub.unsubscribe(*ended)
                self._subscribed_to.difference_update(ended)

    async def _do_receiving(self) -> None:
        """Receive for ever. The parent waits for each message under a timer of its own, which costs as much as ten."""
        while True:
            try:
                if self._pubsub is not None and self._pubsub.subscribed:
                    await self._receive()
                else:
                    await asyncio.sleep(IDLE)
            except (asyncio.CancelledError, GeneratorExit):
                raise
            except BaseException:
                logger.exception("Unexpected exception in receive task")
                await asyncio.sleep(PAUSE)

    async def _receive(self) -> None:
        """Wait for a message, connecting again where that is needed, and take all that came with it."""
        response = await self._pubsub.parse_response(block=True)
        arrived = self._arrived()
        waited, began, count, size = time.monotonic() - self._taken, time.monotonic(), 0, 0
        while response is not None:
            if isinstance(response, list) and response[0] == b"message":
                self._hand_over(response[1].decode(), response[2])
                count, size = count + 1, size + len(response[2])
            else:
                await self._take(response)
            if time.monotonic() - began > TURN:
                await asyncio.sleep(0)
                began = time.monotonic()
            response = next(arrived, None)
        self._taken = time.monotonic()
        if waited < CLOSE and count < FEW and size < LITTLE:
            await self._gather()

    def _hand_over(self, name: str, content: bytes) -> None:
        """Put a message into the mailbox of its channel, or into those of the channels that are in its group."""
        mailboxes = self.channel_layer.channels
        for channel in (name,) if name in mailboxes else self.channel_layer.groups.get(name, ()):
            if channel in mailboxes:
                mailboxes[channel].put_nowait(content)

    async def _gather(self) -> None:
        """Let a few messages come together: to be woken for each costs more than all the work that it makes."""
        connection = self._pubsub.connection
        if not connection.is_connected or _parser_of(connection) is None:
            return  # another task met a broken connection; or each response is read by itself anyway
        transport = connection._writer.transport
        transport.pause_reading()
        try:
            await asyncio.sleep(GATHER)
        finally:
            transport.resume_reading()
            self._taken = time.monotonic()

    def _arrived(self) -> Iterator[Any]:
        """Return the responses that have been read from the socket already, and are read until there are no more.

        To ask redis-py for one costs ten times as much as the hiredis parser needs, which has it.
        """
        parser = _parser_of(self._pubsub.connection)
        return iter(()) if parser is None else iter(parser.gets, NOT_ENOUGH_DATA)

    async def _take(self, response: Any) -> None:
        """Do what a response asks that is no message."""
        if isinstance(response, Exception):
            raise response
        await self._pubsub.handle_message(response, ignore_subscribe_messages=True)


def _parser_of(connection: Any) -> Any:
    """Return the hiredis parser of redis-py's connection; None where hiredis is not installed."""
    return getattr(connection._parser, "_reader", None)
