"""The owner's memory: one stream per watched user and feed, what changed in them, and what hubs are answered.

Everything here runs in the event loop and never waits, so that a user's streams always show one cut.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from pushers.clock import now_ms
from pushers.feed import Document, Feed, FeedStale
from pushers.layer import Message, user_group
from pushers.metrics import SENT
from pushers.ownership import Fence, Ownership
from pushers.patch import Patch, diff, touches_only
from pushers.reading import FETCH_FAILED, Reading, Result
from pushers.stream import FEED_OFF, Entry, Position, Stale, Stream

logger = logging.getLogger(__name__)
push_logger = logging.getLogger("pushers.push")


class Sender(Protocol):
    """Where messages go: the outbox, or the log of a dry run. What does not hold a fence any more is not sent."""

    def to_group(self, fences: Collection[Fence], group: str, message: Message) -> None: ...
    def to_channel(self, fences: Collection[Fence], channel: str, message: Message) -> None: ...


class Publisher:
    """Holds the streams of the users this process owns; compares, numbers and sends what readings found."""

    def __init__(
        self,
        feeds: Mapping[str, Feed],
        intervals: Mapping[str, float],
        ownership: Ownership,
        sender: Sender,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.feeds, self.intervals = feeds, intervals
        self._ownership, self._sender, self._clock = ownership, sender, clock
        self._streams: dict[str, dict[str, Stream]] = {}
        self._cuts: dict[str, int] = {}  # user -> the number of the last frame that was sent to him
        self._mark = 0  # no stream that was forgotten has a higher number: new ones start above
        self._started = now_ms()

    def clear(self, shards: Collection[int]) -> None:
        """Forget the streams of shards: the leases are gone, and what they covered belongs to other epochs now."""
        for user in [user for user in self._streams if self._ownership.shard(user) in shards]:
            del self._streams[user]
            self._cuts.pop(user, None)

    def stream(self, user: str, feed: str) -> Stream | None:
        return self._streams.get(user, _NONE).get(feed)

    def has_document(self, user: str, feed: str) -> bool:
        stream = self.stream(user, feed)
        return stream is not None and stream.document is not None

    def with_document(self, users: Iterable[str], feed: str) -> list[str]:
        """Return those of the users of whom a document is recorded."""
        streams = self._streams
        return [
            user
            for user in users
            if (stream := streams.get(user, _NONE).get(feed)) is not None and stream.document is not None
        ]

    def is_ready(self, user: str, feeds: Iterable[str]) -> bool:
        """Say whether a question needs no read: each feed has a document, or failed within its interval."""
        return all(
            self.has_document(user, feed) or self._just_failed(user, feed) for feed in feeds if feed in self.feeds
        )

    def _just_failed(self, user: str, feed: str) -> bool:
        stream = self.stream(user, feed)
        if stream is None or stream.stale is None:
            return False
        return self._clock() - stream.ended < self.intervals[feed]

    def forget(self, user: str, feed: str) -> None:
        """Free the memory of a stream that nobody watches. No number of it is used again: a new one starts higher."""
        streams = self._streams.get(user, {})
        if stream := streams.pop(feed, None):
            self._mark = max(self._mark, stream.position.seq)
        if not streams:
            self._streams.pop(user, None)
            self._mark = max(self._mark, self._cuts.pop(user, 0))

    def cut(self, user: str) -> int:
        """Return the number of the last frame of a user, whose state the streams show now."""
        return self._cuts.get(user, self._mark)

    def apply(
        self,
        user: str,
        results: Mapping[str, Result],
        reading: Reading,
        epoch: int,
        patches: Mapping[str, Patch] = MappingProxyType({}),
    ) -> bool:
        """Record and send what a read found for one user, as one frame. `patches` are the differences known already.

        False, and nothing recorded, where the read was made under another epoch or began before the last applied one
        had ended: it may be older than what was sent.
        """
        fence = self._ownership.fence_of(user)
        if fence is None or fence.epoch != epoch:
            return False
        streams = self._streams.setdefault(user, {})
        if any(feed in streams and reading.began < streams[feed].ended for feed in results):
            return False
        entries: dict[str, Entry] = {}
        for feed, result in results.items():
            stream = streams.get(feed)
            if stream is None or stream.position.epoch != epoch:
                stream = streams[feed] = Stream(Position(epoch, self._mark))
            stream.ended = max(stream.ended, reading.ended)
            if entry := self._record(user, feed, stream, result, reading, patches.get(feed)):
                entries[feed] = entry
        if entries:
            stale = {feed: list(known) for feed in results if (known := streams[feed].stale) is not None}
            self._push(user, entries, stale, reading.ts, fence)
        return True

    def confirm(self, user: str, feed: str, result: Result | None, reading: Reading, epoch: int) -> bool:
        """Take one feed's tick result for one user as far as a tick may; False where the user needs a refresh.

        A tick may confirm what is recorded, note a failure, and push a change of volatile keys alone. None stands for
        a document that has the known version.
        """
        stream = self.stream(user, feed)
        if self._ownership.epoch_of(user) != epoch or stream is None or stream.document is None:
            return False
        if isinstance(result, FeedStale):
            self.apply(user, {feed: result}, reading, epoch)
            return True
        if result is None:
            return not self.confirm_unchanged([user], feed, reading)
        patch = _volatile_patch(stream.document, result, self.feeds[feed].volatile)
        if patch is None:
            return False
        return self.apply(user, {feed: result}, reading, epoch, {feed: patch}) or not patch

    def versions(self, users: Iterable[str], feed: str) -> dict[str, object]:
        """Return the versions of the recorded documents, of those users whose document has a known one."""
        streams = self._streams
        return {
            user: stream.version
            for user in users
            if (stream := streams.get(user, _NONE).get(feed)) is not None and stream.version is not None
        }

    def confirm_unchanged(self, users: Iterable[str], feed: str, reading: Reading) -> list[str]:
        """Do for documents that were not fetched what `apply` does for equal ones; the caller has looked at the epochs.

        Return the users whose stream has gone on meanwhile to a document of another version, or of an unknown one.
        """
        streams, versions, began, gone_on = self._streams, reading.versions.get(feed, {}), reading.began, []
        for user in users:
            stream = streams.get(user, _NONE).get(feed)
            if stream is None or not _has_version(stream, versions.get(user)):
                gone_on.append(user)
            elif began >= stream.ended:
                stream.ended, stream.as_of = reading.ended, reading.ts
                stream.seen = max(stream.seen, began)
        return gone_on

    def saw(self, user: str, feed: str, result: Result | None, reading: Reading, epoch: int) -> bool:
        """Note that a tick saw the recorded document unchanged; False where it saw another one.

        Unlike `confirm` it does not count as an applied read, so a refresh that is under way stays the newer one.
        """
        stream = self.stream(user, feed)
        if self._ownership.epoch_of(user) != epoch or stream is None or stream.document is None:
            return False
        if isinstance(result, FeedStale):
            return True
        if result is None:
            if not _has_version(stream, reading.versions.get(feed, {}).get(user)):
                return False
        elif _volatile_patch(stream.document, result) is None:
            return False
        stream.seen, stream.as_of = max(stream.seen, reading.began), max(stream.as_of, reading.ts)
        return True

    def answer(self, user: str, wanted: Mapping[str, list[list[int]]], *, docs: bool) -> dict[str, list[Any]]:
        """Return feed -> [epoch, seq, snapshot text or None, ok, as_of, stale] from the recorded state.

        `wanted` gives per feed the positions that the asker's sockets hold; with `docs` a feed whose position differs
        from any of them comes with its snapshot. seq 0 says that nothing has been read yet.
        """
        answer: dict[str, list[Any]] = {}
        epoch = self._ownership.epoch_of(user)
        for feed, positions in wanted.items():
            if feed not in self.feeds:
                answer[feed] = [epoch, 0, None, False, 0, [FEED_OFF, self._started]]
                continue
            stream = self.stream(user, feed)
            if stream is None or (stream.document is None and stream.stale is None):
                continue
            stale = self.stale_of(feed, stream)
            text = None
            if docs and stream.document is not None and any(tuple(held) != stream.position for held in positions):
                text = stream.snapshot()
            seq = stream.position.seq if stream.document is not None else 0
            answer[feed] = [
                stream.position.epoch,
                seq,
                text,
                stale is None,
                stream.as_of,
                list(stale) if stale else None,
            ]
        return answer

    def stale_of(self, feed: str, stream: Stream) -> Stale | None:
        """Return why a stream's document is not vouched for; None while it is.

        A feed that could not be read for two intervals must not be confirmed, whatever keeps it from being read.
        """
        if stream.stale is not None or self._clock() - stream.seen <= 2 * self.intervals[feed] + GRACE:
            return stream.stale
        return Stale(FETCH_FAILED, stream.as_of)

    def _record(
        self, user: str, feed: str, stream: Stream, result: Result, reading: Reading, patch: Patch | None
    ) -> Entry | None:
        if isinstance(result, FeedStale):
            if stream.document is None and result.document is not None:
                self._record_document(user, feed, stream, result.document, reading)
            self._mark_stale(stream, result.reason, reading)
            return None
        entry, recorded = self._record_document(user, feed, stream, result, reading, patch)
        if recorded:
            stream.seen, stream.as_of, stream.stale = max(stream.seen, reading.began), reading.ts, None
        return entry

    def _record_document(
        self, user: str, feed: str, stream: Stream, document: Document, reading: Reading, patch: Patch | None = None
    ) -> tuple[Entry | None, bool]:
        position = stream.position
        try:
            entry = stream.record(document, patch)
        except Exception as error:  # noqa: BLE001 - a DocumentError, or whatever a feed's own objects can do
            if stream.stale is None:
                logger.error(
                    "Feed %s returned no valid document for user %s: %s: %s", feed, user, type(error).__name__, error
                )
            self._mark_stale(stream, FETCH_FAILED, reading)
            return None, False
        version = reading.versions.get(feed, {}).get(user)
        if version is not None or stream.position is not position:  # an equal document keeps the version it has
            stream.version = version
        return entry, True

    def _mark_stale(self, stream: Stream, reason: str, reading: Reading) -> None:
        stream.version = None  # so that a tick fetches the document, and finds out when it is good again
        if stream.stale is None or stream.stale.reason != reason:
            stream.stale = Stale(reason, reading.ts)

    def _push(self, user: str, entries: dict[str, Entry], stale: dict[str, list[Any]], ts: int, fence: Fence) -> None:
        self._cuts[user] = cut = self.cut(user) + 1
        feeds = {
            name: [entry.position.epoch, entry.position.seq, entry.snapshot, entry.text]
            for name, entry in entries.items()
        }
        message = {"type": "push", "user": user, "ts": ts, "cut": cut, "feeds": feeds, "stale": stale}
        message |= SENT.commit_of(user, ts)
        self._sender.to_group([fence], user_group(user), message)
        if push_logger.isEnabledFor(logging.DEBUG):
            for name, entry in entries.items():
                kind = "snapshot" if entry.snapshot else "patch"
                push_logger.debug(
                    "%s -> user %s: %s %d of epoch %d, %d bytes, caused by %s",
                    name,
                    user,
                    kind,
                    entry.position.seq,
                    fence.epoch,
                    len(entry.text),
                    message.get("trace") or "the market or a read",
                )


_NONE: Mapping[str, Stream] = MappingProxyType({})  # the streams of a user who has none
GRACE = 1.0  # seconds: what a tick may start late without being called a failure


def _has_version(stream: Stream, version: object) -> bool:
    own = stream.version
    return own is version is not None or (own is not None and own == version)


def _volatile_patch(document: Document, result: object, volatile: frozenset[str] = frozenset()) -> Patch | None:
    """Return the patch from a document to a result, `{}` where they are equal; None where it is of other keys too."""
    if not isinstance(result, dict):
        return None
    try:
        patch = diff(document, result)  # not `!=`, for which True is 1
        return patch if touches_only(patch, volatile) else None
    except Exception:  # noqa: BLE001 - too deep, or objects that can't be compared; recording it will say what it is
        return None
