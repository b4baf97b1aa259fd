"""Keeping the lease: the loop that acquires it, renews it, and says who has it otherwise."""

import asyncio
import logging
from collections.abc import Callable

from pushers.lease import Lease
from pushers.orm import OrmThread

logger = logging.getLogger(__name__)

RENEWALS = 4  # per lease time
STATEMENT_SECONDS = 2.0  # after which a statement is given up; it may still have its effect, and then runs out


class LeaseKeeper:
    """Holds one shard's lease for this process, or waits for it."""

    def __init__(self, lease: Lease, *, on_taken: Callable[[], None], on_lost: Callable[[], None]) -> None:
        self.lease = lease
        self.thread = OrmThread("lease")
        self._on_taken, self._on_lost = on_taken, on_lost
        self.told = lease.epoch  # the epoch that on_taken was called for; nothing is served under another
        self._named = ""  # the holder whom the log named last
        self._away = False

    async def run(self, stop: asyncio.Event) -> None:
        """Keep trying until `stop`; the lease is still held then, so that what is queued can be sent."""
        while not stop.is_set():
            await self.step()
            try:
                await asyncio.wait_for(stop.wait(), self.lease.seconds / RENEWALS)
            except TimeoutError:
                continue

    async def step(self) -> str:
        """Acquire or renew once; return the name of another holder, `""` otherwise."""
        if self.thread.busy:
            return ""
        holder = None
        try:
            async with asyncio.timeout(STATEMENT_SECONDS):
                if self.lease.held:
                    await self.thread.run(self.lease.renew)
                else:
                    holder = await self.thread.run(self.lease.acquire)
        except Exception as error:  # noqa: BLE001 - no database, no lease: it runs out by itself
            if not self._away:
                logger.error("The database does not answer for the lease: %s: %s", type(error).__name__, error)
            self._away = True
            return ""
        self._away = False
        self._tell()
        if holder is not None and holder.owner != self._named:
            logger.info("Shard %d is held by %s; waiting until it is gone.", self.lease.shard, holder.owner)
        self._named = holder.owner if holder else ""
        return self._named

    def _tell(self) -> None:
        """Tell what has become of the lease since it was told last; a statement given up may have had its effect."""
        epoch = self.lease.epoch
        if epoch is not None and epoch != self.told:
            self.told = epoch
            logger.info("Shard %d is ours, epoch %d.", self.lease.shard, epoch)
            self._on_taken()
        elif not self.lease.held and self.told is not None:
            self.told = None
            logger.warning("The lease of shard %d was lost to another process.", self.lease.shard)
            self._on_lost()

    async def release(self) -> None:
        """Hand over at once."""
        try:
            async with asyncio.timeout(STATEMENT_SECONDS):
                await self.thread.run(self.lease.release)
        except Exception as error:  # noqa: BLE001 - it runs out by itself
            logger.warning("The lease was not handed over, it runs out by itself: %s: %s", type(error).__name__, error)

    def close(self) -> None:
        self.thread.close()
