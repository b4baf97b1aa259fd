"""What stands in for the world around one part of the engine."""

from collections.abc import Mapping, Sequence
from typing import Any

from pushers.feed import Feed, FeedStale
from pushers.layer import Message
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

    def to_group(self, epoch: int, group: str, message: Message) -> None:
        self.epochs.append(epoch)
        self.groups.append((group, message))

    def to_channel(self, epoch: int, channel: str, message: Message) -> None:
        self.epochs.append(epoch)
        self.channels.append((channel, message))


class Owner:
    """The lease as the parts see it: the epoch, or None when it is not ours."""

    def __init__(self, epoch: int | None = 7) -> None:
        self.now: int | None = epoch

    def __call__(self) -> int | None:
        return self.now


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
