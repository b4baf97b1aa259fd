"""The push engine of one process, put together: what each part is given, and which task runs what."""

import asyncio
import logging
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from pushers import registry
from pushers.capture_listener import CaptureListener
from pushers.clock import now_ms
from pushers.conf import PusherSettings, pusher_settings
from pushers.confirmer import Confirmer
from pushers.feed import Feed, SymbolFeed
from pushers.hints import Hints
from pushers.keeper import LeaseKeeper
from pushers.layer import HUBS_GROUP, PUSHERS_GROUP, Layer, Message
from pushers.lease import Leases
from pushers.loop import FeedLoop, every
from pushers.metrics import SENT, observe
from pushers.orm import OrmThread
from pushers.outbox import Outbox
from pushers.ownership import Ownership
from pushers.publisher import Publisher, Sender
from pushers.reading import Reader
from pushers.refresher import Refresher
from pushers.responder import Responder
from pushers.symbol_loop import SymbolLoop
from pushers.watchers import Watchers

logger = logging.getLogger(__name__)

CLOSE = 5.0  # seconds for a thread to close its connections
BEAT = 1.0  # seconds between an owner's signs of life
SWEEP = 5.0  # seconds between looks for interest that has ended
RETRY = 1.0  # seconds between attempts to reach a channel layer that is away


@dataclass(frozen=True)
class Selection:
    """The feeds this process runs, and how often."""

    feeds: Mapping[str, Feed]
    symbol_feed: SymbolFeed | None
    intervals: Mapping[str, float]

    @classmethod
    def of(cls, names: set[str] | None = None, overrides: Mapping[str, float] | None = None) -> "Selection":
        """Select registered feeds by name (None: all); `overrides` win over settings, settings over the feeds."""
        chosen = [feed for feed in registry.everything() if names is None or feed.name in names]
        intervals = {**registry.intervals(), **(overrides or {})}
        return cls(
            {feed.name: feed for feed in chosen if isinstance(feed, Feed)},
            next((feed for feed in chosen if isinstance(feed, SymbolFeed)), None),
            {feed.name: intervals[feed.name] for feed in chosen},
        )


@dataclass
class Engine:
    """All parts of one process. `sender` replaces the outbox where nothing must be sent."""

    selection: Selection
    leases: Leases
    sender: Sender | None = None
    settings: PusherSettings = field(default_factory=pusher_settings)

    def __post_init__(self) -> None:
        settings, feeds = self.settings, self.selection.feeds
        self.ownership = ownership = Ownership(self.leases)
        self.layer = Layer("pusher")
        self.outbox = Outbox(self.layer, ownership)
        sender = self.sender = self.sender or self.outbox
        self.reader = Reader(feeds, seconds=settings.QUERY_SECONDS)
        self.watchers = Watchers(settings.INTEREST_SECONDS)
        self.publisher = Publisher(feeds, self.selection.intervals, ownership, sender)
        self.hints = Hints(lambda users, told: self._nudged(users, None, told))
        self.refresher = Refresher(
            self.reader,
            self.publisher,
            self.watchers,
            ownership,
            threads=settings.REFRESH_THREADS,
            batch=settings.BATCH,
            on_taken=self.hints.reads,
        )
        self.responder = Responder(self.publisher, self.watchers, self.refresher, sender, ownership)
        self.confirmer = Confirmer(self.publisher, self.watchers, sender, ownership)
        self.loops = [
            FeedLoop(feed, self.reader, self.publisher, self.watchers, self.refresher, ownership, batch=settings.BATCH)
            for feed in feeds.values()
        ]
        self.symbols = self._symbol_loop(sender)
        self.listener = CaptureListener(self.hints.hear)
        self.keeper = LeaseKeeper(
            self.leases, ownership, on_taken=self._taken, on_lost=self._lost, on_released=self._tell_released
        )
        observe(self)

    def _symbol_loop(self, sender: Sender) -> SymbolLoop | None:
        if self.selection.symbol_feed is None:
            return None
        settings = self.settings
        return SymbolLoop(
            self.selection.symbol_feed,
            sender,
            self.ownership,
            interval=self.selection.intervals[self.selection.symbol_feed.name],
            interest=settings.INTEREST_SECONDS,
            seconds=settings.QUERY_SECONDS,
        )

    async def open(self, stop: asyncio.Event) -> bool:
        """Join the pushers' group, as soon as the channel layer is there; False where `stop` came first."""
        said = False
        while not stop.is_set():
            try:
                if not self.layer.channel:
                    await self.layer.open()
            except Exception as error:  # noqa: BLE001 - it may come up after us
                if not said:
                    logger.error("The channel layer does not answer, trying again: %s: %s", type(error).__name__, error)
                said = True
            else:
                if await self.layer.join(PUSHERS_GROUP):
                    return True
            try:
                await asyncio.wait_for(stop.wait(), RETRY)
            except TimeoutError:
                continue
        return False

    async def receive(self) -> None:
        """Handle what hubs and services say, for ever."""
        await self.layer.listen(self.handle)

    def handle(self, message: Message) -> None:
        kind = message["type"]
        if kind == "want":
            self.responder.on_want(message)
        elif kind == "digest":
            self.confirmer.on_digest(message)
        elif kind == "list":
            self.confirmer.on_list(message)
            self.responder.on_list(message)
        elif kind == "nudge":
            committed = message.get("ts") or now_ms()  # a release before had no ts
            self._nudged(message["users"], message["feeds"], committed, message.get("trace", ""))
        elif kind == "released":
            self.keeper.look()
        elif kind == "symbols" and self.symbols is not None:
            self.symbols.on_symbols(message)

    async def tick_once(self) -> None:
        """Run every feed's loop once."""
        for loop in self._feed_loops():
            await loop.tick()

    def start_loops(self, group: asyncio.TaskGroup, stop: asyncio.Event) -> list[asyncio.Task[None]]:
        """Start what runs until `stop`: a loop per feed, and the process's own."""
        intervals = self.selection.intervals
        loops = [(intervals[loop.feed.name], loop.tick, loop.feed.name) for loop in self._feed_loops()]
        own = [(BEAT, self._beat, "beat"), (SWEEP, self._sweep, "sweep")]
        tasks = [
            group.create_task(every(interval, tick, stop, name), name=f"Loop {name}")
            for interval, tick, name in (*loops, *own)
        ]
        return [*tasks, group.create_task(self.keeper.run(stop), name="The lease keeper")]

    def start_services(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Start what runs until it is cancelled: receiving, refreshing, sending, hearing what the database tells."""
        services = (self.receive, self.refresher.run, self.outbox.run, self.listener.run)
        return [group.create_task(work()) for work in services]

    def watched(self, feed: str) -> int:
        """Return how many users watch a feed here; of the symbol feed, how many symbols are watched."""
        if self.symbols is not None and feed == self.symbols.feed.name:
            return self.symbols.watched
        return len(self.watchers.users(feed))

    @property
    def is_busy(self) -> bool:
        """Whether a thread is still at work, in a query or in a feed's own code."""
        return any(thread.busy for thread in self._threads())

    def close(self) -> None:
        """Close all threads with their database connections; one that is still at work is left to itself."""
        for thread in self._threads():
            thread.close(0.0 if thread.busy else CLOSE)

    def _threads(self) -> list[OrmThread]:
        return [self.keeper.thread, *self.refresher.threads, *(loop.thread for loop in self._feed_loops())]

    def _feed_loops(self) -> list[FeedLoop | SymbolLoop]:
        return [*self.loops, *([self.symbols] if self.symbols is not None else [])]

    def _nudged(self, users: Iterable[str], named: Collection[str] | None, committed: int, trace: str = "") -> None:
        """Have those refreshed at once who watch one of the named feeds (None: any), and whom this process serves.

        `committed` is when their rows changed, in ms UTC; `trace` names what caused it.
        """
        here = [
            user
            for user in users
            if (watched := self.watchers.feeds(user)) and (named is None or not watched.isdisjoint(named))
        ]
        SENT.nudged(here, committed, trace)
        self.refresher.request(here)

    def _taken(self, shards: set[int]) -> None:
        self._lost(shards)
        self.beat()

    def _lost(self, shards: set[int]) -> None:
        self.publisher.clear(shards)
        self.responder.clear(shards)
        self.confirmer.clear(shards)
        if self.symbols is not None:
            self.symbols.clear(shards)

    def beat(self) -> None:
        """Tell all hubs who owns which shards; a hub answers a new epoch with its list at once."""
        if fences := self.ownership.fences():
            assert self.sender is not None
            message = {"type": "beat", "of": self.leases.count, "shards": [list(fence) for fence in fences]}
            self.sender.to_group(fences, HUBS_GROUP, message)

    async def _beat(self) -> None:
        self.beat()
        if self.symbols is not None:
            self.symbols.repeat()

    def _tell_released(self) -> None:
        """Have the other processes look at once for what this one does not hold any more."""
        assert self.sender is not None
        self.sender.to_group([], PUSHERS_GROUP, {"type": "released"})

    async def _sweep(self) -> None:
        for user, feed in self.watchers.sweep(time.monotonic()):
            self.publisher.forget(user, feed)
            self.reader.forget(user, feed)
            if not self.watchers.feeds(user):
                self.responder.forget(user)
        self.confirmer.sweep()
        await self.layer.stay_joined()
