"""What stands in for the world around one part of the engine."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pushers.feed import Feed, FeedStale
from pushers.layer import Message
from pushers.lease import Leases
from pushers.ownership import Fence, Ownership
from pushers.reading import Reading, Result


class FakeClock:
    """A monotonic clock that moves when it is told to."""

    def __init__(self, now: float = 100.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class ListSender:
    """Keeps what would be sent."""

    def __init__(self) -> None:
        self.groups: list[tuple[str, Message]] = []
        self.channels: list[tuple[str, Message]] = []
        self.epochs: list[int] = []

    def to_group(self, fences: Collection[Fence], group: str, message: Message) -> None:
        self.epochs += [fence.epoch for fence in fences]
        self.groups.append((group, message))

    def to_channel(self, fences: Collection[Fence], channel: str, message: Message) -> None:
        self.epochs += [fence.epoch for fence in fences]
        self.channels.append((channel, message))


class Owner(Ownership):
    """Owns all of `count` shards under one epoch, `now`, or none while that is None; but never those in `foreign`."""

    def __init__(self, epoch: int | None = 7, count: int = 1) -> None:
        super().__init__(Leases(count, 4.0, owner="me"))
        self.now: int | None = epoch
        self.count = count
        self.foreign: set[int] = set()

    def epoch(self, shard: int) -> int | None:
        return None if shard in self.foreign else self.now

    def fences(self) -> list[Fence]:
        return [Fence(shard, epoch) for shard in range(self.count) if (epoch := self.epoch(shard)) is not None]


class FakeFeed(Feed):
    """Reads documents from a dict keyed by primary key; any exception there but FeedStale is raised by the fetch."""

    interval = 1.0

    def __init__(self, name: str, documents: Mapping[Any, Any] | None = None, volatile: frozenset[str] = frozenset()):
        self.name, self.volatile = name, volatile  # type: ignore[misc]
        self.documents = dict(documents or {})
        self.calls: list[list[Any]] = []

    def fetch(self, user_ids: Sequence[Any]) -> dict[Any, Any]:
        self.calls.append(list(user_ids))
        found = {user_id: self.documents[user_id] for user_id in user_ids if user_id in self.documents}
        for document in found.values():
            if isinstance(document, Exception) and not isinstance(document, FeedStale):
                raise document
        return found


def reading(results: dict[str, dict[str, Result]], began: float, ended: float | None = None) -> Reading:
    """A read that began and ended at these monotonic times; its `ts` is began in ms."""
    return Reading(began, began if ended is None else ended, int(began * 1000), results)
