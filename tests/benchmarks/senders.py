"""What stands on the other side of a server under test: who publishes through Redis, and who answers its hub."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from pushers.clock import now_ms
from pushers.conf import pusher_settings
from pushers.layer import HUBS_GROUP, PUSHERS_GROUP, Layer, Message, user_group
from tests.benchmarks import payload

FEEDS = ("balance", "positions", "pnl", "orders", "fills")  # what a trader's page watches


class RedisPipe:
    """Publishes to Redis at the cost of writing the bytes, so that it is the server that is the slower one."""

    async def connect(self, url: str) -> None:
        """Connect to a Redis without a password."""
        parts = urlsplit(url)
        reader, self._writer = await asyncio.open_connection(parts.hostname, parts.port)
        self._draining = asyncio.create_task(_drain(reader))

    async def publish(self, messages: Iterable[tuple[bytes, bytes]]) -> None:
        """Publish (channel, content) in this order."""
        self._writer.write(
            b"".join(
                b"*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(name), name, len(content), content)
                for name, content in messages
            )
        )
        await self._writer.drain()

    def close(self) -> None:
        """Disconnect."""
        self._draining.cancel()
        self._writer.close()


async def _drain(reader: asyncio.StreamReader) -> None:
    while await reader.read(2**20):
        pass


class SteadyOwner:
    """The push service as a hub hears it, for users who are always where they should be, in all feeds alike.

    It answers as a pusher does: questions with the recorded document, digests by confirming them.
    """

    def __init__(self, users: Iterable[str]) -> None:
        self.questions = 0  # users asked for: one each when they come; more say that pushes were lost
        self._seqs = dict.fromkeys(users, 1)
        self._layer = Layer("bench")
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Begin to listen to the hubs, and say so."""
        await self._layer.open()
        await self._layer.join(PUSHERS_GROUP)
        self._begin(self._layer.listen(self._handle))
        self._begin(self._beat())

    def stop(self) -> None:
        """Fall silent."""
        for task in list(self._tasks):
            task.cancel()

    def push(self, user: str, seq: int) -> tuple[str, Message]:
        """Return the group and the message of a user's next push."""
        self._seqs[user] = seq
        feeds = {payload.FEED: [payload.EPOCH, seq, False, payload.entry(seq)]}
        message = {"type": "push", "user": user, "ts": payload.TIME, "cut": seq, "feeds": feeds, "stale": {}}
        return user_group(user), message

    def _handle(self, message: Message) -> None:
        if message["type"] == "want":
            self.questions += len(message["users"])
            self._answer(message, message["users"], docs=True)
        elif message["type"] == "list":
            listed = {user: feeds for _, users in message["shards"] for user, feeds in users.items()}
            self._answer(message, listed, docs=False)
        elif message["type"] == "digest":
            now = now_ms()
            shards = [[shard, payload.EPOCH, dict.fromkeys(FEEDS, now), {}] for shard, _ in message["shards"]]
            self._send(message["hub"], {"type": "confirm", "asked": message["asked"], "shards": shards, "differ": []})

    def _answer(self, message: Message, users: Mapping[str, Any], *, docs: bool) -> None:
        now = now_ms()
        answers, cuts = {}, {}
        for user, feeds in users.items():
            if user in self._seqs:
                seq = cuts[user] = self._seqs[user]
                text = f'{{"epoch":{payload.EPOCH},"seq":{seq},"snapshot":{{}}}}' if docs else None
                answers[user] = {feed: [payload.EPOCH, seq, text, True, now, None] for feed in feeds}
        reply = {"type": "answer", "asked": message["asked"], "docs": docs, "users": answers, "cuts": cuts}
        self._send(message["hub"], reply)

    def _send(self, channel: str, message: Message) -> None:
        self._begin(self._layer.send_channel(channel, message))

    def _begin(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _beat(self) -> None:
        count = pusher_settings().SHARDS
        beat = {"type": "beat", "of": count, "shards": [[shard, payload.EPOCH] for shard in range(count)]}
        while True:
            await self._layer.send_group(HUBS_GROUP, beat)
            await asyncio.sleep(1.0)


async def at_rate(per_second: float, seconds: float, send: Callable[[int, int], Awaitable[None]]) -> int:
    """Await `send(first, last)` for numbered messages, evenly over the time; return how many there were."""
    began, sent, total = time.monotonic(), 0, int(per_second * seconds)
    while sent < total:
        due = min(total, int((time.monotonic() - began) * per_second) + 1)
        if due > sent:
            await send(sent, due)
            sent = due
        await asyncio.sleep(0.001)
    return total
