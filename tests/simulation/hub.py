"""A web process: the hub as it is but for its tasks, and its end of a socket."""

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from consumers.conf import consumer_settings
from consumers.connection import Connection
from consumers.hub import COALESCE, DIGEST, SWEEP, Hub
from consumers.owners import Owners
from consumers.symbol_board import SymbolBoard
from pushers.layer import Message
from pushers.shard import shard_of
from tests.simulation.clock import Process, run_now
from tests.simulation.world import SHARDS, World, carried

LOOK = 0.01  # seconds between looks for what `Hub._asking` would wake
JOIN = 0.02  # seconds until a user's group is joined, and until the probe is back
QUEUE = 900  # bytes: a few frames


class HubLayer:
    """The hub's end of the layer."""

    def __init__(self, world: World, channel: str) -> None:
        self.channel, self._world = channel, world

    async def send_group(self, group: str, message: Message) -> bool:
        message = carried(message)
        for pusher in self._world.pushers:
            self._world.send(pusher, self.channel, message)
        return True


class WebServer(Process, Hub):
    """A hub without tasks, which is its own membership."""

    def __init__(self, world: World, name: str) -> None:
        Process.__init__(self, world, name)
        self.world, self.channel, self.joined = world, name, set()
        self.users, self._to_ask, self.watches = {}, set(), set()
        self._beats, self._writing, self._early = OrderedDict(), set(), 0.0
        self._settings, self._board = consumer_settings(), SymbolBoard()
        self._layer = HubLayer(world, name)
        self._owners = Owners(self._layer, self.users)
        self._membership = self._asking = self
        self.epochs: dict[int, int] = {}  # shard -> the highest epoch that has arrived here
        self.every(DIGEST, lambda: run_now(self._owners.send_digest()))
        self.every(SWEEP, lambda: self._sweep(world.now))
        self.every(LOOK, self._ask_due)

    def set(self) -> None:
        """Do what the event does that wakes the hub: `_ask_due` looks often enough."""

    def changed(self) -> None:
        """Join and leave groups, as a membership does."""
        self.after(JOIN * self.world.random.random(), self._follow)

    def _follow(self) -> None:
        self.joined = set(self.users)
        for user, watched in self.users.items():
            if not watched.ready:
                self.after(JOIN, self.arrive, {"type": "probe", "hub": self.channel, "user": user})

    def arrive(self, message: Message) -> None:
        for shard, epoch in epochs_in(message):
            self.epochs[shard] = max(epoch, self.epochs.get(shard, 0))
        self.on_message(message)

    def _sweep(self, now: float) -> None:
        """Assert that whom a sweep passes by has nothing to be told."""
        for watched in self.users.values():
            if now < watched.well_until:
                assert not watched.lacks_for_long(now)
                for connection in watched.connections:
                    for feed, place in connection.places.items():
                        assert watched.stale_of(feed, place, now) == place.stale, (watched.user_id, feed)
                        assert not watched._lacks(feed, place), (watched.user_id, feed)
        super()._sweep(now)

    def _ask_due(self) -> None:
        users, self._to_ask = sorted(self._to_ask), set()
        questions = {}
        for user in users:
            if (watched := self.users.get(user)) and (question := watched.question(self.world.now)):
                questions[user] = question
        if questions:
            self.after(COALESCE, lambda: run_now(self._owners.want(questions)))

    def _send_list(self, shards: Iterable[int]) -> None:
        run_now(self._owners.send_list(shards))


class Wire(Connection):
    """A socket that delivers in order; while its reader stalls, the queue fills."""

    def __init__(self, web: WebServer, user: str, receive: Callable[["Wire", str], None]) -> None:
        async def nothing(_: Any) -> None: ...

        super().__init__(user, nothing, nothing, queue_bytes=QUEUE)
        self.web, self.slow = web, False
        self._receive, self._last = receive, 0.0
        self._writer = self  # type: ignore[assignment]  # who would drain the queue as a task

    def cancel(self) -> None:
        """Do what a task does: `_drain` here ends by itself."""

    def write(self, text: str, *, keep: bool = False) -> None:
        self._check(text)
        super().write(text, keep=keep)
        if not self.slow:
            self.drain()

    def _check(self, text: str) -> None:
        """Assert that no snapshot is passed on of an owner who is known to be replaced."""
        if '"snapshot":' in text:
            newest = self.web.epochs[shard_of(self.user_id, SHARDS)]
            for feed, entry in json.loads(text)["feeds"].items():
                fenced = "snapshot" in entry and entry["epoch"] < newest
                assert not fenced, f"user {self.user_id} is given {feed} of {entry['epoch']}, but {newest} is known"

    def stall(self, seconds: float) -> None:
        self.slow = True
        self.web.after(seconds, self._go_on)

    def _go_on(self) -> None:
        self.slow = False
        self.drain()

    def drain(self) -> None:
        """Send what is queued, as `_drain` does."""
        while (text := self._next()) is not None:
            self._transmit(text)

    def _transmit(self, text: str) -> None:
        clock = self.web.clock
        self._last = max(self._last + 1e-6, clock.now + 0.003 * clock.random.random())
        clock.after(self._last - clock.now, self._receive, self, text)


def epochs_in(message: Message) -> list[tuple[int, int]]:
    """Return (shard, epoch) of what a pusher says."""
    kind = message["type"]
    if kind == "beat":
        return [(shard, epoch) for shard, epoch in message["shards"]]
    if kind == "confirm":
        return [(shard, epoch) for shard, epoch, *_ in message["shards"]]
    if kind == "push":
        users = {message["user"]: message["feeds"]}
    else:
        users = message.get("users", {}) if kind == "answer" else {}
    return [(shard_of(user, SHARDS), entry[0]) for user, feeds in users.items() for entry in feeds.values()]
