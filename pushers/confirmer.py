"""Confirming to the hubs, by digest, that all their sockets are where the owner is.

Every two seconds a hub sends a digest of its sockets' positions per shard. An equal digest confirms the whole shard
but for the feeds that can't be vouched for, which are named; another one makes the hub send its list.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pushers.digest import digest_of
from pushers.layer import Message
from pushers.ownership import Fence, Ownership
from pushers.publisher import Publisher, Sender
from pushers.stream import Stream
from pushers.watchers import Watchers

REPLY_EXCEPTIONS = 2000  # users named in one message; then another is begun
RENEWALS = 4  # of the interest, in the time it lasts

WatchedStream = tuple[str, str, Stream]  # user, feed, and what was recorded


@dataclass(slots=True)
class Listed:
    """A hub's last list of one shard."""

    users: dict[str, list[str]]
    heard: float
    renewed: float


class Confirmer:
    """Keeps each hub's list of the shards this process owns, and compares digests."""

    def __init__(
        self,
        publisher: Publisher,
        watchers: Watchers,
        sender: Sender,
        ownership: Ownership,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._publisher, self._watchers, self._sender = publisher, watchers, sender
        self._ownership, self._clock = ownership, clock
        self._lists: dict[tuple[str, int], Listed] = {}  # by (hub, shard)

    def on_list(self, message: Message) -> None:
        """Remember who watches in some shards; the responder answers."""
        now = self._clock()
        for shard, users in message["shards"]:
            if self._ownership.epoch(shard) is not None:
                self._lists[message["hub"], shard] = Listed(users, now, now)

    def on_digest(self, message: Message) -> None:
        """Confirm the shards whose digests are equal, and name those whose are not."""
        confirmed: list[list[Any]] = []
        differing: list[int] = []
        fences: list[Fence] = []
        named = 0
        for shard, digest in message["shards"]:
            epoch = self._ownership.epoch(shard)
            if epoch is None:
                continue
            fences.append(Fence(shard, epoch))
            listed = self._lists.get((message["hub"], shard))
            watched = [] if listed is None else self._streams(listed)
            if listed is None or _digest(watched) != digest:
                differing.append(shard)
                continue
            self._renew(listed)
            as_of, exceptions = self._state(watched)
            confirmed.append([shard, epoch, as_of, exceptions])
            named += len(exceptions)
            if named > REPLY_EXCEPTIONS:
                self._send(message, fences, confirmed, [])
                confirmed, named = [], 0
        self._send(message, fences, confirmed, differing)

    def clear(self, shards: set[int]) -> None:
        """Forget the lists of shards: somebody else answers now, or a new epoch begins with the hubs' new lists."""
        self._lists = {key: listed for key, listed in self._lists.items() if key[1] not in shards}

    def sweep(self) -> None:
        """Forget the lists of hubs that are gone."""
        oldest = self._clock() - self._watchers.seconds
        self._lists = {key: listed for key, listed in self._lists.items() if listed.heard > oldest}

    def _streams(self, listed: Listed) -> list[WatchedStream]:
        stream_of = self._publisher.stream
        return [
            (user, feed, stream)
            for user, feeds in listed.users.items()
            for feed in feeds
            if (stream := stream_of(user, feed)) is not None
        ]

    def _state(self, watched: list[WatchedStream]) -> tuple[dict[str, int], dict[str, Any]]:
        """Return feed -> the oldest read that vouches for it (ms UTC), and the answers of what is not vouched for."""
        as_of: dict[str, int] = {}
        exceptions: dict[str, Any] = {}
        for user, feed, stream in watched:
            if self._publisher.stale_of(feed, stream) is not None:
                exceptions.setdefault(user, {}).update(self._publisher.answer(user, {feed: []}, docs=False))
            else:
                oldest = as_of.get(feed)
                if oldest is None or stream.as_of < oldest:
                    as_of[feed] = stream.as_of
        return as_of, exceptions

    def _renew(self, listed: Listed) -> None:
        """Renew the interest, often enough, but not with every digest: that would be a walk through all users."""
        now = listed.heard = self._clock()
        if now - listed.renewed > self._watchers.seconds / RENEWALS:
            listed.renewed = now
            for user, feeds in listed.users.items():
                self._watchers.add(user, (feed for feed in feeds if feed in self._publisher.feeds), now)

    def _send(self, message: Message, fences: list[Fence], confirmed: list[list[Any]], differing: list[int]) -> None:
        if confirmed or differing:
            reply = {"type": "confirm", "asked": message["asked"], "shards": confirmed, "differ": differing}
            self._sender.to_channel(list(fences), message["hub"], reply)


def _digest(watched: list[WatchedStream]) -> str:
    return digest_of(
        stream.fingerprint.of(user, feed, stream.position)
        for user, feed, stream in watched
        if stream.document is not None
    )
