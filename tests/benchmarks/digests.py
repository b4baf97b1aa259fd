"""What the digests cost: `python -m tests.benchmarks.digests [--users 10000] [--shards 64]`.

A hub and an owner in one process, without a network: the hub covers all its users, the owner compares and confirms, the
hub notes that. It happens every two seconds. Times are of the thread's own processor time, so that what else the
machine does is not in them; "longest" is for how long one message kept the event loop from everything else.
"""

import argparse
import asyncio
import gc
import os
import statistics
import time
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.check_settings"
django.setup()

from django.test import override_settings  # noqa: E402 - needs the settings

from consumers.connection import Connection, Place  # noqa: E402
from consumers.hub import Hub  # noqa: E402
from consumers.owners import Owners  # noqa: E402
from pushers.confirmer import Confirmer  # noqa: E402
from pushers.publisher import Publisher  # noqa: E402
from pushers.stream import Position  # noqa: E402
from pushers.watchers import Watchers  # noqa: E402
from tests.pushers.fakes import FakeClock, FakeFeed, ListSender, Owner, reading  # noqa: E402

FEEDS = ["balance", "positions", "pnl", "orders", "fills"]
EPOCH = 1_767_225_500_000
SIDES = ("hub covers", "owner confirms", "hub notes")


class Wire:
    """The layer of a hub: keeps what is sent, and for how long the loop was held until then."""

    channel = "hub"

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.held: list[float] = []
        self.resumed = 0.0

    async def send_group(self, group: str, message: dict[str, Any]) -> bool:
        self.held.append(time.thread_time() - self.resumed)
        self.sent.append(message)
        await asyncio.sleep(0)
        self.resumed = time.thread_time()
        return True


class Bench:
    """An owner of all shards, and a hub with one socket of each user that is where the owner is."""

    def __init__(self, users: int, shards: int) -> None:
        self.users, self.step = [str(number) for number in range(users)], 0
        self.wire, self.sender, self.clock = Wire(), ListSender(), FakeClock()
        owner = Owner(EPOCH, count=shards)
        feeds = {name: FakeFeed(name) for name in FEEDS}
        self.publisher = Publisher(feeds, dict.fromkeys(FEEDS, 5.0), owner, self.sender, self.clock)
        self.confirmer = Confirmer(self.publisher, Watchers(60), self.sender, owner, self.clock)
        self.hub = Hub()
        self.hub._task.cancel()  # its messages go by hand
        self.hub._owners = Owners(self.wire, self.hub.users)  # type: ignore[arg-type]
        for user in self.users:
            connection = Connection(user, _nothing, _nothing, queue_bytes=1)
            self.hub.open(connection)
            connection.places = {name: Place(None, 0.0, verified=True) for name in FEEDS}
            self.hub.users[user].ready = True
        self.change(*FEEDS)

    def change(self, *feeds: str) -> None:
        """Give everybody other documents of these feeds, on both sides."""
        self.step += 1
        self.clock.now += 0.01
        for user in self.users:
            results = {name: {"step": str(self.step)} for name in feeds}
            assert self.publisher.apply(user, results, reading({}, self.clock.now), EPOCH)
            for name in feeds:
                stream = self.publisher.stream(user, name)
                self.hub.users[user].connections[0].places[name].position = Position(*stream.position)
        self.sender.groups.clear()

    async def lists(self) -> None:
        """Have the owner told who watches."""
        await self.hub._owners.send_list(range(self.hub._owners._count))
        for message in self.wire.sent:
            self.confirmer.on_list(message)

    async def round(self) -> dict[str, list[float]]:
        """Return for each of `SIDES` how long it was at each message, in seconds."""
        self.wire.sent, self.wire.held, self.wire.resumed = [], [], time.thread_time()
        await self.hub._owners.send_digest()
        owner = [_timed(self.confirmer.on_digest, message) for message in self.wire.sent]
        replies, self.sender.channels = self.sender.channels, []
        notes = [_timed(self.hub.on_message, reply) for _, reply in replies]
        asked = self.wire.sent[0]["asked"]
        places = [self.hub.users[user].connections[0].places[name] for user in self.users for name in FEEDS]
        if any(place.confirmed < asked for place in places):
            raise SystemExit("Expected every position to be confirmed, found some that were not.")
        return dict(zip(SIDES, (self.wire.held, owner, notes), strict=True))


async def _nothing(_: Any) -> None:
    """Stand for a socket."""


def _timed(work: Any, message: dict[str, Any]) -> float:
    began = time.thread_time()
    work(message)
    return time.thread_time() - began


async def _measure(options: argparse.Namespace) -> None:
    bench = Bench(options.users, options.shards)
    await bench.lists()
    await bench.round()
    gc.collect()
    gc.freeze()  # a collection has its own price, and is not one of the digests
    print(f"{options.users} users x {len(FEEDS)} feeds in {options.shards} shards; ms of the event loop per digest")
    for title, feeds in (("nothing changed", ()), ("all pnl changed", ("pnl",)), ("all changed", tuple(FEEDS))):
        rounds = []
        for _ in range(options.rounds):
            if feeds:
                bench.change(*feeds)
            rounds.append(await bench.round())
        for side in SIDES:
            total = statistics.median(sum(found[side]) for found in rounds) * 1000
            longest = statistics.median(max(found[side]) for found in rounds) * 1000
            messages = len(rounds[0][side])
            print(f"{title:16} {side:15} {total:7.1f} ms in {messages:3} messages, longest {longest:6.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--shards", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with override_settings(PUSHERS={"SHARDS": options.shards}):
        asyncio.run(_measure(options))


if __name__ == "__main__":
    main()
