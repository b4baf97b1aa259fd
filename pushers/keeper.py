"""Keeping the leases: the loop that renews them, takes the process's share, and tells what came and went."""

import asyncio
import logging
from collections.abc import Callable

from pushers.lease import Leases, ShardCountError, Standing
from pushers.metrics import LEASES_LOST, LEASES_TAKEN
from pushers.orm import OrmThread
from pushers.ownership import Ownership

logger = logging.getLogger(__name__)

RENEWALS = 4  # per lease time
STATEMENT_SECONDS = 2.0  # after which a step is given up; it may still have its effect, and what it took runs out
AFTER_END = 0.05  # seconds after the end of another process's lease until we look whether it is free

Shards = set[int]


class LeaseKeeper:
    """Holds this process's share of the shards.

    `on_taken` and `on_lost` are called with the shards that are served from now on, and not any more; `on_released`
    when shards became free for others. None of them may wait: leases are renewed here.
    """

    def __init__(
        self,
        leases: Leases,
        ownership: Ownership,
        *,
        on_taken: Callable[[Shards], None],
        on_lost: Callable[[Shards], None],
        on_released: Callable[[], None],
    ) -> None:
        self.leases = leases
        self.thread = OrmThread("lease")
        self._ownership = ownership
        self._on_taken, self._on_lost, self._on_released = on_taken, on_lost, on_released
        self._told: dict[int, int] = {}  # shard -> the epoch that on_taken was called for
        self._look = asyncio.Event()
        self._said = ""
        self._away = False

    async def run(self, stop: asyncio.Event) -> None:
        """Keep on until `stop`; the leases are still held then, so that what is queued can be sent."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                standing = await self.step()
                looking = asyncio.create_task(self._look.wait())
                await asyncio.wait({stopping, looking}, timeout=self._pause(standing), return_when="FIRST_COMPLETED")
                looking.cancel()
                self._look.clear()
        finally:
            stopping.cancel()

    def look(self) -> None:
        """Look for free shards at once: a process has just released some."""
        self._look.set()

    async def step(self) -> Standing | None:
        """Renew, take and give back once; None where the database did not answer. Raises ShardCountError."""
        if self.thread.busy:
            return None
        try:
            async with asyncio.timeout(STATEMENT_SECONDS):
                standing = await self.thread.run(self.leases.step)
        except ShardCountError:
            self._tell()
            raise
        except Exception as error:  # noqa: BLE001 - no database, no lease: they run out by themselves
            if not self._away:
                logger.error("The database does not answer for the leases: %s: %s", type(error).__name__, error)
            self._away = True
            return None
        self._away = False
        self._tell()
        self._say(standing)
        if standing.released:
            self._on_released()
        return standing

    async def release(self) -> None:
        """Hand everything over at once."""
        try:
            async with asyncio.timeout(STATEMENT_SECONDS):
                await self.thread.run(self.leases.release)
            self._on_released()
        except Exception as error:  # noqa: BLE001 - they run out by themselves
            logger.warning(
                "The leases were not handed over, they run out by themselves: %s: %s", type(error).__name__, error
            )

    def _pause(self, standing: Standing | None) -> float:
        pause = self.leases.seconds / RENEWALS
        return min(pause, standing.next_end + AFTER_END) if standing else pause

    def _tell(self) -> None:
        """Tell what has become of the leases since it was told last; a step given up may have had its effect."""
        held, told = self.leases.held, self._told
        lost = {shard for shard, epoch in told.items() if held.get(shard) != epoch}
        taken = {shard for shard, epoch in held.items() if told.get(shard) != epoch}
        LEASES_TAKEN.inc(len(taken))
        LEASES_LOST.inc(len(lost))
        if lost:
            self._on_lost(lost)
        self._told = held
        self._ownership.serve(held)
        if taken:
            self._on_taken(taken)

    def _say(self, standing: Standing) -> None:
        """Log the sharing where it has changed."""
        others = sorted(set(standing.others.values()))
        said = f"Pushing for {len(self._told)} of {self.leases.count} shards"
        if others:
            said += f"; the others are held by {', '.join(others)}"
        if said != self._said:
            logger.info("%s.", said)
        self._said = said
