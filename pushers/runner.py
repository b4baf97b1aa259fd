"""The life of a `runpushers` process: start, run until told to stop, end cleanly."""

import asyncio
import gc
import logging
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from pushers.conf import pusher_settings
from pushers.engine import Engine, Selection
from pushers.lease import Leases, ShardCountError

logger = logging.getLogger(__name__)

LISTEN = 2.6  # seconds in which every hub has said once who is watching
FINISH = 1.0  # seconds that the loops have to end their ticks, until the leases are handed over without them
FLUSH, FLUSH_LAST = 5.0, 1.0  # seconds for what is queued at the end, and for the word that the shards are free


# A process with a million objects in its documents, all alive, has nothing to find among the old ones: a collection
# looks at all of them, and at Python's own thresholds that was half of a tick's time.
THRESHOLDS = (100_000, 20, 100)


def collect_rarely(thresholds: tuple[int, int, int] = THRESHOLDS) -> None:
    """Have Python look for garbage less often, for the whole process: at these thresholds of `gc`."""
    gc.set_threshold(*thresholds)


class NoLeaseError(Exception):
    """This process may not push; the message says why."""


class Runner:
    """Runs an engine until a signal, or once."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.stop = asyncio.Event()

    async def run(self) -> None:
        """Push until SIGTERM or SIGINT; a second signal ends the process at once. Raises ShardCountError."""
        with stop_signals(self.stop):
            await self.push()

    async def push(self) -> None:
        """Push until `stop` is set. Raises ShardCountError."""
        engine, failure = self.engine, None
        logger.info("The push service started as %s.", engine.leases.owner)
        for name, interval in engine.selection.intervals.items():
            logger.info("Feed %s: every %g s.", name, interval)
        if not engine.selection.intervals:
            logger.warning("No feed is registered; nothing will be pushed.")
        try:
            if await engine.open(self.stop):
                await engine.keeper.step()  # fails here, if it must, and not beside other tasks
                async with self._services() as group:
                    await self._run_loops(engine.start_loops(group, self.stop))
        except* ShardCountError as group:
            failure = group.exceptions[0]
        finally:
            engine.close()
        if failure is not None:
            raise failure
        logger.info("The push service stopped.")

    async def _run_loops(self, loops: list[asyncio.Task[None]]) -> None:
        """Wait for the stop, and a moment for what is under way then: a feed that hangs must not keep the leases."""
        await self.stop.wait()
        _, late = await asyncio.wait(loops, timeout=FINISH)
        for loop in late:
            logger.warning("%s is still at work; ending without it.", loop.get_name())
            loop.cancel()

    async def run_once(self) -> None:
        """Read and push once for whoever is watching. Raises NoLeaseError when it may not push."""
        engine = self.engine
        with stop_signals(self.stop):
            try:
                if not await engine.open(self.stop):
                    return
                if owners := await engine.keeper.thread.run(engine.leases.owners):
                    held = f"another process pushes already: {', '.join(sorted(owners))}"
                    raise NoLeaseError(f"Nothing was pushed; {held}. Stop it, or use --dry-run to look beside it.")
                await engine.keeper.step()
                if not engine.leases.held:
                    raise NoLeaseError("Nothing was pushed; the database does not answer.")
                async with self._services():
                    await self._once()
            finally:
                engine.close()

    async def _once(self) -> None:
        engine = self.engine
        engine.beat()
        try:
            await asyncio.wait_for(self.stop.wait(), LISTEN)
        except TimeoutError:
            await engine.keeper.step()
            await engine.refresher.idle()
            await engine.tick_once()
            await engine.refresher.idle()
        logger.info("%d users are watching.", engine.watchers.count())

    @asynccontextmanager
    async def _services(self) -> AsyncIterator[asyncio.TaskGroup]:
        """Receive, refresh and send meanwhile; in the end send what is queued and hand over."""
        async with asyncio.TaskGroup() as group:
            services = self.engine.start_services(group)
            yield group
            await self.engine.outbox.flush(FLUSH)
            await self.engine.keeper.release()
            await self.engine.outbox.flush(FLUSH_LAST)
            for service in services:
                service.cancel()


@asynccontextmanager
async def pushing() -> AsyncIterator[asyncio.Task[None]]:
    """Push from within another program's event loop while the block lasts; yield the task, which ends before only in
    failure."""
    settings = pusher_settings()
    runner = Runner(Engine(Selection.of(), Leases(settings.SHARDS, settings.LEASE_SECONDS)))
    task = asyncio.create_task(runner.push(), name="pushers")
    try:
        yield task
    finally:
        runner.stop.set()
        await task


@contextmanager
def stop_signals(stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` at SIGTERM and SIGINT, restore what was there before."""
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def on_signal(number: int) -> None:
        if stop.is_set():
            logger.warning("Second %s: ending at once.", signal.Signals(number).name)
            os._exit(1)
        logger.info("%s: finishing what is under way.", signal.Signals(number).name)
        stop.set()

    for number in before:
        loop.add_signal_handler(number, on_signal, number)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
