"""The second path of the engine: read everything of some users in one cut and send each of them one frame.

It serves nudges, users whom a tick found changed, and questions of hubs about users not read yet. One refresh per
user at a time; whatever asks for a user meanwhile causes another.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping

from pushers.metrics import SENT
from pushers.orm import OrmThread
from pushers.ownership import Ownership
from pushers.publisher import Publisher
from pushers.reading import Reader, Reading
from pushers.watchers import Watchers

logger = logging.getLogger(__name__)

COALESCE = 0.004  # seconds: the nudges of one burst share a read
BREATH = 50  # users recorded in one go; then the lease, the questions and the sends have their turn
BACKOFF_FIRST, BACKOFF_LAST = 0.25, 2.0  # seconds between reads that find the database away


class Refresher:
    """Reads requested users in batches, in threads of its own, and hands what it found to the publisher."""

    def __init__(
        self,
        reader: Reader,
        publisher: Publisher,
        watchers: Watchers,
        ownership: Ownership,
        *,
        threads: int,
        batch: int,
        on_refreshed: Callable[[list[str]], None] = lambda users: None,
        on_taken: Callable[[list[str]], None] = lambda users: None,
    ) -> None:
        self._reader, self._publisher, self._watchers, self._ownership = reader, publisher, watchers, ownership
        self._batch = batch
        self.on_refreshed, self._on_taken = on_refreshed, on_taken
        self.threads = [OrmThread(f"refresh-{number}") for number in range(threads)]
        self._pending: dict[str, None] = {}  # in the order of the requests
        self._running: set[str] = set()
        self._again: set[str] = set()
        self._asked = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def request(self, users: Iterable[str]) -> None:
        """Have these users read as soon as possible; those being read now are read once more afterwards."""
        for user in users:
            if user in self._running:
                self._again.add(user)
            else:
                self._pending[user] = None
        if self._pending:
            self._idle.clear()
            self._asked.set()

    async def run(self) -> None:
        """Work for ever; cancel it to stop."""
        async with asyncio.TaskGroup() as group:
            for thread in self.threads:
                group.create_task(self._work(thread))

    def is_reading(self, user: str) -> bool:
        """Say whether a read of this user is under way."""
        return user in self._running

    async def idle(self) -> None:
        """Wait until nothing is requested and nothing is being read."""
        await self._idle.wait()

    async def _work(self, thread: OrmThread) -> None:
        backoff = 0.0
        while True:
            await self._asked.wait()
            await asyncio.sleep(COALESCE + backoff)
            users = self._take()
            epochs = {user: epoch for user in users if (epoch := self._ownership.epoch_of(user)) is not None}
            if not epochs:
                self._done(users, again=False)
                continue
            wanted = {user: feeds for user in epochs if (feeds := self._watchers.feeds(user))}
            failed = True
            try:
                reading = await thread.run(self._reader.read, wanted)
                self.request(await self._apply(reading, epochs))
                self.on_refreshed(list(wanted))
                SENT.refreshed(wanted, reading.ts)
                failed = reading.away
            except Exception:
                if not backoff:
                    logger.exception("A refresh failed; it is tried again.")
            finally:
                if failed:
                    self.request(wanted)  # what a nudge said is not forgotten
                self._done(users, again=True)
            backoff = min(max(backoff * 2, BACKOFF_FIRST), BACKOFF_LAST) if failed else 0.0

    def _take(self) -> list[str]:
        users = list(self._pending)[: self._batch]
        for user in users:
            del self._pending[user]
        self._running.update(users)
        self._on_taken(users)
        if not self._pending:
            self._asked.clear()
        return users

    async def _apply(self, reading: Reading, epochs: Mapping[str, int]) -> list[str]:
        """Hand the results to the publisher; return the users whose read came too late to be applied."""
        refused = []
        for number, (user, results) in enumerate(reading.results.items()):
            if number % BREATH == 0:
                await asyncio.sleep(0)
            # An interest that ended meanwhile left no document behind; none may come back that no tick keeps current.
            watched = self._watchers.feeds(user)
            current = {feed: result for feed, result in results.items() if feed in watched}
            epoch = epochs[user]
            if not self._publisher.apply(user, current, reading, epoch) and self._ownership.epoch_of(user) == epoch:
                refused.append(user)
        return refused

    def _done(self, users: list[str], *, again: bool) -> None:
        self._running.difference_update(users)
        repeated = self._again.intersection(users)
        self._again -= repeated
        if again:
            self.request(repeated)
        if not self._pending and not self._running:
            self._idle.set()
