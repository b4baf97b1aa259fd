"""A push process: the engine with all its parts, but its threads and tasks, which are due events here."""

from collections.abc import Collection, Mapping
from typing import Any

from pushers.confirmer import Confirmer
from pushers.engine import BEAT, Engine
from pushers.feed import FeedStale
from pushers.keeper import RENEWALS, LeaseKeeper
from pushers.layer import HUBS_GROUP, Message, user_group
from pushers.lease import MARGIN, Leases
from pushers.loop import FeedLoop
from pushers.ownership import Fence, Ownership
from pushers.publisher import Publisher
from pushers.reading import FETCH_FAILED, NOTHING_KNOWN, Reading, Versions
from pushers.refresher import Refresher
from pushers.responder import Responder
from pushers.watchers import Watchers
from tests.pushers.fakes import FakeFeed
from tests.simulation.clock import Process, run_now
from tests.simulation.world import INTEREST, INTERVALS, LEASE, SHARDS, World, carried

SWEEP, LOOK = 1.0, 0.01  # seconds
READERS, BATCH = 2, 2
READS, SLOW_READS = (0.005, 0.05), (0.005, 0.05, 0.05, 0.05, 0.6, 0.6, 2.5)  # seconds
HANDOVERS = 0.05  # of the steps, as if a further process came


class RowLeases(Leases):
    """Leases whose rows are in the world, whose clock is the database's too."""

    def __init__(self, world: World, owner: str) -> None:
        super().__init__(SHARDS, LEASE, owner=owner, clock=world.monotonic)
        self._world = world

    def share(self, most: int, *, hand_over: bool) -> None:
        """Renew what is held, take what is free until it is `most`, and give back what is more."""
        now, rows = self._world.now, self._world.leases
        for shard, epoch in self.held.items():
            if rows[shard][:2] == [self.owner, epoch]:
                rows[shard][2], self._deadlines[shard] = now + LEASE, now + LEASE * (1 - MARGIN)
            else:
                self.give_up([shard])
        for shard, (_, epoch, end) in rows.items():
            if shard not in self.held and end <= now and len(self.held) < most:
                self._epochs[shard] = max(epoch + 1, int(now * 1000))
                rows[shard] = [self.owner, self._epochs[shard], now + LEASE]
                self._deadlines[shard] = now + LEASE * (1 - MARGIN)
        if len(self.held) > most or (hand_over and self.held):
            shard = self._world.random.choice(list(self.held))
            self.give_up([shard])
            rows[shard][2] = 0.0


class DueRefresher(Refresher):
    """Reads that end when they are due."""

    reading = 0

    def request(self, users: Any) -> None:
        super().request(sorted(users))  # sets have another order in each process, and a run must be repeatable

    def begin(self, pusher: "Pusher") -> None:
        if not self._pending or self.reading >= READERS:
            return
        users = self._take()
        epochs = {user: epoch for user in users if (epoch := self._ownership.epoch_of(user)) is not None}
        if not epochs:
            self._done(users, again=False)
            return
        wanted = {user: feeds for user in epochs if (feeds := self._watchers.feeds(user))}
        self.reading += 1
        pusher.read(wanted, lambda reading: self._end(users, epochs, reading))

    def _end(self, users: list[str], epochs: Mapping[str, int], reading: Reading) -> None:
        self.request(run_now(self._apply(reading, epochs)))
        self.on_refreshed(list(reading.results))
        self._done(users, again=True)
        self.reading -= 1


class DueLoop(FeedLoop):
    """Ticks whose read ends when it is due."""

    def begin(self, pusher: "Pusher") -> None:
        name, fences = self.feed.name, self._ownership.fences()
        epochs = self._ownership.epochs_of(sorted(self._watchers.users(name)), fences)
        ready = self._publisher.with_document(epochs, name)
        self._refresher.request(epochs.keys() - ready)
        if ready:
            known = {name: self._publisher.versions(ready, name)}
            wanted = dict.fromkeys(ready, (name,))
            pusher.read(wanted, lambda reading: run_now(self._apply(reading, epochs, fences)), known)


class Pusher(Process, Engine):
    """An engine without threads and tasks, which is its own outbox, reader and layer."""

    __eq__, __hash__ = object.__eq__, object.__hash__

    def __init__(self, world: World, name: str) -> None:
        Process.__init__(self, world, name)
        self.world, self.sender, self.reader, self.layer, self.symbols = world, self, self, self, None
        feeds = {name: FakeFeed(name, volatile=frozenset({"mark"} if name == "pnl" else ())) for name in INTERVALS}
        clock = world.monotonic
        self.leases = RowLeases(world, name)
        self.ownership = ownership = Ownership(self.leases)
        self.watchers = Watchers(INTEREST)
        self.publisher = Publisher(feeds, INTERVALS, ownership, self, clock)
        self.refresher = DueRefresher(None, self.publisher, self.watchers, ownership, threads=0, batch=BATCH)
        self.responder = Responder(self.publisher, self.watchers, self.refresher, self, ownership, clock)
        self.confirmer = Confirmer(self.publisher, self.watchers, self, ownership, clock)
        self.loops = [
            DueLoop(feed, None, self.publisher, self.watchers, self.refresher, ownership, batch=BATCH)
            for feed in feeds.values()
        ]
        self.keeper = LeaseKeeper(
            self.leases, ownership, on_taken=self._taken, on_lost=self._lost, on_released=lambda: None
        )
        self._start()

    def _start(self) -> None:
        for loop in self.loops:
            self.every(INTERVALS[loop.feed.name], lambda loop=loop: loop.begin(self))
        self.every(LEASE / RENEWALS, self.renew)
        self.every(BEAT, self.beat)
        self.every(SWEEP, lambda: run_now(self._sweep()))
        self.every(LOOK, lambda: self.refresher.begin(self))

    def arrive(self, message: Message) -> None:
        self.handle(message)

    def renew(self) -> None:
        """Do what the keeper does; the loop hears of it when the thread is done."""
        world = self.world
        if world.database_down:
            return
        share = -(-SHARDS // max(1, sum(pusher.runs for pusher in world.pushers)))
        self.leases.share(share, hand_over=world.unsettled and world.random.random() < HANDOVERS)
        self.after(0.02 * world.random.random(), self.keeper._tell)

    def read(self, wanted: Mapping[str, Collection[str]], then: Any, known: Versions = NOTHING_KNOWN) -> None:
        """Read what the database holds now, and hand it over when that is due.

        A document's text is its version: one that is known is left out, as a reader does.
        """
        world, began = self.world, self.world.now
        down = set(INTERVALS) if world.database_down else world.feeds_down
        results = {
            user: {
                feed: FeedStale(FETCH_FAILED) if feed in down else world.document(user, feed) for feed in sorted(feeds)
            }
            for user, feeds in wanted.items()
        }
        seconds = world.random.choice(SLOW_READS if world.unsettled else READS)
        versions: dict[str, dict[str, object]] = {feed: {} for feed in known}
        for user, documents in results.items():
            for feed in documents.keys() & known.keys():
                if not isinstance(documents[feed], FeedStale):
                    versions[feed][user] = repr(documents[feed])
                    if known[feed].get(user) == versions[feed][user]:
                        del documents[feed]
        self.after(seconds, lambda: then(Reading(began, world.now, int(began * 1000), results, versions=versions)))

    def forget(self, user: str, feed: str) -> None:
        """Do what a reader does: there is nothing to forget here."""

    async def stay_joined(self) -> None:
        """Do what a layer does: this one forgets nobody."""

    # The outbox

    def to_group(self, fences: Collection[Fence], group: str, message: Message) -> None:
        self._put(fences, group, message)

    def to_channel(self, fences: Collection[Fence], channel: str, message: Message) -> None:
        self._put(fences, channel, message)

    def _put(self, fences: Collection[Fence], to: str, message: Message) -> None:
        """Send it after what is sent before it; a Redis that is slow holds it up."""
        self._check(fences, message)
        world = self.world
        slow = 1.0 if world.unsettled and world.random.random() < 0.05 else 0.001
        self.last["out"] = moment = max(world.now + slow * world.random.random(), self.last.get("out", 0.0) + 1e-6)
        self.after(moment - world.now, self._transmit, list(fences), to, carried(message))

    def _check(self, fences: Collection[Fence], message: Message) -> None:
        """Assert what every message must keep: one document per number, and no other epoch than that of its fence."""
        epochs = dict(fences)
        for user, feed, epoch, seq, text in entries_in(message):
            shard = self.ownership.shard(user)
            assert epoch == epochs[shard], f"epoch {epoch} of user {user}, {feed} is sent under epoch {epochs[shard]}"
            if text is not None:
                known = self.world.numbered.setdefault((user, feed, epoch, seq), text)
                assert known == text, f"two documents under one number: user {user}, {feed} {epoch} {seq}"

    def _transmit(self, fences: Collection[Fence], to: str, message: Message) -> None:
        if not all(map(self.ownership.holds, fences)):
            return
        for shard, epoch in fences:
            assert self.world.leases[shard][1] == epoch, f"{self.name} sends under {epoch}, which somebody replaced"
        for web in self.world.web:
            if to in (web.channel, HUBS_GROUP) or to in map(user_group, web.joined):
                self.world.send(web, self.name, message)


def entries_in(message: Message) -> list[tuple[str, str, int, int, str | None]]:
    """Return (user, feed, epoch, seq, text of the snapshot, if there is one) of all streams in a message."""
    if message["type"] == "answer":
        return [
            (user, feed, epoch, seq, text)
            for user, feeds in message["users"].items()
            for feed, (epoch, seq, text, *_) in feeds.items()
        ]
    if message["type"] == "push":
        return [
            (message["user"], feed, epoch, seq, text if snapshot else None)
            for feed, (epoch, seq, snapshot, text) in message["feeds"].items()
        ]
    return []
