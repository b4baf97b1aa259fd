"""The first path of the engine: the push loop of one feed, every interval, for all who watch it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from itertools import islice

from pushers.feed import Feed
from pushers.metrics import timed
from pushers.orm import OrmThread
from pushers.ownership import Fence, Ownership
from pushers.publisher import Publisher
from pushers.reading import Reader, Reading, Result
from pushers.refresher import BREATH, Refresher
from pushers.watchers import Watchers

logger = logging.getLogger(__name__)

RUN = 500  # users whose document was not fetched, who are confirmed in one go


async def every(interval: float, tick: Callable[[], Awaitable[object]], stop: asyncio.Event, name: str) -> None:
    """Await `tick` every `interval` seconds until `stop`. A tick that overruns skips the ones it missed and says so.

    One that raises is a mistake of ours, or of a feed in a place where none was expected: the first of a row is logged,
    and the loop goes on. What it did not read becomes stale.
    """
    due, failing = time.monotonic(), False
    while not stop.is_set():
        try:
            await timed(name, due, tick)
            failing = False
        except Exception:
            if not failing:
                logger.exception("Loop %s failed; it is tried again every %g s.", name, interval)
            failing = True
        due += interval
        late = time.monotonic() - due
        if late > 0:
            skipped = int(late // interval) + 1
            logger.warning(
                "Loop %s took %.1f s longer than its interval of %g s; %d skipped.", name, late, interval, skipped
            )
            due += skipped * interval
        try:
            await asyncio.wait_for(stop.wait(), max(0.0, due - time.monotonic()))
        except TimeoutError:
            continue


class FeedLoop:
    """Reads one feed for all its watched users and finds who changed, in a thread of its own."""

    def __init__(
        self,
        feed: Feed,
        reader: Reader,
        publisher: Publisher,
        watchers: Watchers,
        refresher: Refresher,
        ownership: Ownership,
        *,
        batch: int,
    ) -> None:
        self.feed = feed
        self.thread = OrmThread(f"feed-{feed.name}")
        self._reader, self._publisher, self._watchers, self._refresher = reader, publisher, watchers, refresher
        self._ownership, self._batch = ownership, batch

    async def tick(self) -> None:
        """Confirm what is recorded, push what only the market moved, and have the changed users refreshed."""
        name, fences = self.feed.name, self._ownership.fences()
        epochs = self._ownership.epochs_of(self._watchers.users(name), fences)
        ready = self._publisher.with_document(epochs, name)
        self._refresher.request(epochs.keys() - ready)
        users = iter(ready)
        while batch := list(islice(users, self._batch)):
            wanted, known = dict.fromkeys(batch, frozenset((name,))), {name: self._publisher.versions(batch, name)}
            reading = await self.thread.run(self._reader.read, wanted, known)
            await self._apply(reading, epochs, fences)

    async def _apply(self, reading: Reading, epochs: Mapping[str, int], fences: list[Fence]) -> None:
        name = self.feed.name
        for number, user in enumerate(await self._confirm_unchanged(reading, fences)):
            self._take(user, reading.results[user].get(name), reading, epochs[user])
            if number % BREATH == 0:
                await asyncio.sleep(0)

    async def _confirm_unchanged(self, reading: Reading, fences: list[Fence]) -> list[str]:
        """Confirm, many at a time, the users whose document was not fetched; return those who must be looked at singly.

        Nothing is sent of them, so it is enough to see for each run of them that all shards are owned as they were when
        the tick began: an epoch that was lost never comes back.
        """
        left = [user for user, results in reading.results.items() if results]
        unchanged = (user for user, results in reading.results.items() if not results)
        while run := list(islice(unchanged, RUN)):
            if self._ownership.fences() == fences:
                reading_now = self._refresher.is_reading
                left += [user for user in run if reading_now(user)]
                run = [user for user in run if not reading_now(user)]
                run = self._publisher.confirm_unchanged(run, self.feed.name, reading)
            left += run
            await asyncio.sleep(0)
        return left

    def _take(self, user: str, result: Result | None, reading: Reading, epoch: int) -> None:
        """Take one user's result. A user who is being refreshed at the moment is left to the refresh.

        To confirm him here would make that read the older one, and it would be refused; with a feed that takes longer
        than the interval of this one, again and again.
        """
        name = self.feed.name
        if self._refresher.is_reading(user):
            done = self._publisher.saw(user, name, result, reading, epoch)
        else:
            done = self._publisher.confirm(user, name, result, reading, epoch)
        if not done:
            self._refresher.request([user])
