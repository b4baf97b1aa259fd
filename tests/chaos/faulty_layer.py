"""A channel layer that loses, repeats and delays messages while it is told to, and notes who sends under which epoch.

It is the site's own layer otherwise. The file `layer.json` in the folder CHAOS_DIR switches the faults on, as
{"drop": share, "duplicate": share, "reorder": share}; without the file nothing is touched. `sends.jsonl` gets a line
{"t", "who", "pid", "shard", "epoch"} for what an owner sends, and {"t", "who", "pid", "tasks", "channels", "groups"}
now and then: how much the process holds.
"""

import asyncio
import json
import os
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.utils.module_loading import import_string

from pushers.conf import pusher_settings
from pushers.shard import shard_of
from tradingsite.settings import CHANNEL_LAYERS

LOOK_SECONDS = 0.2  # between looks at the file
LATE_SECONDS = 0.5  # that a message is held back at most: those behind it overtake
NOTE_SECONDS = 0.05  # between two notes of the same epoch; a killed process's last ones are lost, and harmless
GAUGE_SECONDS = 2.0
SENDING = ("send", "group_send", "group_send_many")  # every method of a layer that sends

Base: Any = import_string(CHANNEL_LAYERS["default"]["BACKEND"])


class Switch:
    """What the file says."""

    def __init__(self, path: Path) -> None:
        self._path, self._looked, self._said = path, 0.0, ""
        self.shares: dict[str, float] = {}

    def look(self) -> dict[str, float]:
        now = time.monotonic()
        if now - self._looked > LOOK_SECONDS:
            self._looked = now
            text = self._path.read_text() if self._path.exists() else ""
            if text != self._said:
                self._said, self.shares = text, json.loads(text or "{}")
        return self.shares


class Notes:
    """The file of who sent what under which epoch."""

    def __init__(self, path: Path, who: str) -> None:
        self._path, self._who = path, who
        self._noted: dict[tuple[int, int], float] = {}

    def sent(self, message: dict[str, Any]) -> None:
        now = time.monotonic()
        for key in owned(message):
            if now - self._noted.get(key, 0.0) > NOTE_SECONDS:
                self._noted[key] = now
                self._write(t=now, shard=key[0], epoch=key[1])

    async def gauge(self, layer: Any) -> None:
        """Note for ever how much the event loop and its layer hold."""
        while True:
            held = {name: len(getattr(layer, name, ())) for name in ("channels", "groups")}
            self._write(t=time.monotonic(), tasks=len(asyncio.all_tasks()), **held)
            await asyncio.sleep(GAUGE_SECONDS)

    def _write(self, **line: Any) -> None:
        line = {"who": self._who, "pid": os.getpid(), **line}
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")


def owned(message: dict[str, Any]) -> Iterator[tuple[int, int]]:
    """Yield the (shard, epoch) pairs for which whoever sends this message claims to be the owner."""
    kind, count = message["type"], pusher_settings().SHARDS
    if kind == "beat":
        yield from map(tuple, message["shards"])
    elif kind == "confirm":
        for shard, epoch, *_ in message["shards"]:
            yield shard, epoch
    elif kind == "ticker":
        yield shard_of(message["symbol"], count), message["epoch"]
    elif kind in ("push", "answer"):
        users = {message["user"]: message["feeds"]} if kind == "push" else message["users"]
        for user, feeds in users.items():
            for epoch, seq, *_ in feeds.values():
                if seq:
                    yield shard_of(user, count), epoch


class FaultyLayer(Base):  # type: ignore[misc]
    """The site's layer, with the faults that the file asks for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        folder, who = Path(os.environ["CHAOS_DIR"]), os.environ.get("CHAOS_NAME", "a process")
        self._switch, self._notes = Switch(folder / "layer.json"), Notes(folder / "sends.jsonl", who)
        self._chance = random.Random(f"{os.environ.get('CHAOS_SEED', '')}/{who}")
        self._late: set[asyncio.Task[None]] = set()
        self._gauge: asyncio.Task[None] | None = None

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        await self._through(message, lambda: self._base("send")(channel, message))

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await self._through(message, lambda: self._base("group_send")(group, message))

    async def group_send_many(self, messages: Iterable[tuple[str, dict[str, Any]]]) -> None:
        passing = []
        for group, message in messages:
            for late in self._copies(message):
                if late:
                    self._send_late(partial(self._base("group_send"), group, message))
                else:
                    passing.append((group, message))
        await self._base("group_send_many")(passing)

    def _base(self, name: str) -> Callable[..., Awaitable[None]]:
        """Return the layer's own method, which its per-loop proxy makes where the class has none."""
        method: Callable[..., Awaitable[None]] | None = getattr(super(), name, None)
        return method or super().__getattr__(name)

    async def _through(self, message: dict[str, Any], send: Callable[[], Awaitable[None]]) -> None:
        for late in self._copies(message):
            if late:
                self._send_late(send)
            else:
                await send()

    def _copies(self, message: dict[str, Any]) -> list[bool]:
        """Note a message; return for each copy of it that is to be sent whether it is to be late."""
        self._notes.sent(message)
        if self._gauge is None:  # of the loop that speaks first: a server's, not that of its nudges
            self._gauge = asyncio.create_task(self._notes.gauge(self._get_layer()))
        shares = self._switch.look()
        if self._chance.random() < shares.get("drop", 0.0):
            return []
        copies = 2 if self._chance.random() < shares.get("duplicate", 0.0) else 1
        return [self._chance.random() < shares.get("reorder", 0.0) for _ in range(copies)]

    def _send_late(self, send: Callable[[], Awaitable[None]]) -> None:
        async def late() -> None:
            await asyncio.sleep(self._chance.random() * LATE_SECONDS)
            try:
                await send()
            except OSError:
                return  # Redis is away: the message is lost

        task = asyncio.create_task(late())
        self._late.add(task)
        task.add_done_callback(self._late.discard)


def _check_covered() -> None:
    """Refuse a layer that can send in a way that would pass by the faults."""
    known = [name for name in SENDING if hasattr(Base, name)]
    missed = [name for name in known if name not in vars(FaultyLayer)]
    if missed:
        raise RuntimeError(f"{Base.__name__} sends by {', '.join(missed)}, which FaultyLayer lets pass untouched.")


_check_covered()
