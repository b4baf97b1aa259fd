"""For any sequence of documents, and any loss, duplication and reordering between pushers, hub and client, the client
ends with the last document, and holds nothing on the way that was never recorded."""

import heapq
import json
import random
from collections.abc import Callable
from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.connection import Connection, Place
from consumers.frames import push_frame
from consumers.watched_user import WatchedUser
from pushers.stream import Entry, Position, Stream
from tests.protocol_client import Rule
from tests.pushers.test_patch import documents, same

FEEDS = ("orders", "balance")
STEP = 0.25  # seconds between looks at what is due
LIST, HEARTBEAT = 2.0, 5.0  # the hub's times
LATE = 1.5  # seconds that a message takes at most
SETTLED = 20.0  # seconds without faults, after which all must be well

steps = st.lists(
    st.one_of(
        st.dictionaries(st.sampled_from(FEEDS), documents, min_size=1),
        st.sampled_from(["takeover", "reconnect"]),
        st.floats(0.0, 4.0),
    ),
    max_size=12,
)


class Wire(Connection):
    """The hub's end of a socket, which loses nothing: the other end is the client's rule."""

    def __init__(self, take: Callable[[dict[str, Any]], None]) -> None:
        async def send(text: str) -> None: ...

        async def close(code: int) -> None: ...

        super().__init__("7", send, close, queue_bytes=1)
        self._take = take

    def write(self, text: str, *, keep: bool = False) -> None:
        self._take(json.loads(text))


class World:
    """An owner with its streams, a hub's user with one socket, a client; and a layer between the first two that loses,
    repeats and delays whatever passes while `faulty`."""

    def __init__(self, chance: random.Random) -> None:
        self.now, self.epoch, self.faulty, self._chance = 100.0, 1, True, chance
        self.last: dict[str, Any] = {feed: {} for feed in FEEDS}
        self._cuts: list[dict[str, Any]] = []
        self._recorded: dict[tuple[str, Position], Any] = {}
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers, self._highest = count(), 0
        self._listed = self._beaten = 0.0
        self.rule, self.watched = Rule(FEEDS), WatchedUser("7")
        self.watched.ready = True
        self.take_over()
        self.connect()

    # The owner

    def take_over(self) -> None:
        self.epoch, self.cut = self.epoch + 1, 0
        self.streams = {feed: Stream(Position(self.epoch, 0)) for feed in FEEDS}
        self.change({})

    def change(self, changed: dict[str, Any]) -> None:
        """Record what a read of all feeds finds, and send it as one frame."""
        self.last = {**self.last, **changed}
        self._cuts.append(self.last)
        entries: dict[str, Entry] = {}
        for feed, document in self.last.items():
            if entry := self.streams[feed].record(document):
                entries[feed] = entry
            known = self._recorded.setdefault((feed, self.streams[feed].position), document)
            assert same(known, document), "one number stands for two documents"
        if entries:
            self.cut += 1
            epoch, cut = self.epoch, self.cut
            self._through_layer(lambda: self._hear(epoch, lambda: self.watched.on_push(1, entries, cut)))

    def _answer(self, wanted: dict[str, list[list[int]]], asked: float, *, docs: bool) -> None:
        answer = {}
        for feed, held in wanted.items():
            stream = self.streams[feed]
            differs = docs and any(tuple(position) != stream.position for position in held)
            answer[feed] = [*stream.position, stream.snapshot() if differs else None, True, 1, None]

        def heard() -> bool:
            self.watched.on_words(answer, asked)
            self._tell_stale()
            return self.watched.on_answer(answer, asked, docs=docs, cut=cut)

        epoch, cut = self.epoch, self.cut
        self._through_layer(lambda: self._hear(epoch, heard))

    # The layer and the hub

    def _through_layer(self, deliver: Callable[[], None]) -> None:
        for _ in range(self._chance.choice((0, 1, 1, 2)) if self.faulty else 1):
            late = self._chance.random() * LATE if self.faulty else 0.0
            heapq.heappush(self._due, (self.now + late, next(self._numbers), deliver))

    def _hear(self, epoch: int, handle: Callable[[], bool]) -> None:
        if epoch >= self._highest:
            self._highest = epoch
            if handle():
                self._ask()
            self._tell_stale()

    def _ask(self) -> None:
        if question := self.watched.question(self.now):
            asked = self.now
            self._through_layer(lambda: self._answer(question, asked, docs=True))

    def _list(self) -> None:
        """Have everything confirmed, as a hub does every few seconds."""
        self._listed = asked = self.now
        everything: dict[str, list[list[int]]] = {feed: [] for feed in self.watched.feeds()}
        self._through_layer(lambda: self._answer(everything, asked, docs=False))

    def _tell_stale(self) -> None:
        told = False
        for feed, place in self.wire.places.items():
            stale = self.watched.stale_of(feed, place, self.now)
            told, place.stale = told or stale != place.stale, stale
        if told:
            self._heartbeat()

    def _heartbeat(self) -> None:
        self._beaten = self.now
        self._take({"type": "heartbeat", "ts": 1, "feeds": self.watched.heartbeat(self.wire)})

    # The client

    def connect(self) -> None:
        """Open a socket, with what the client has."""
        self.rule.lost()
        self.wire = Wire(self._take)
        self.watched.connections = [self.wire]
        self.rule.opened(self.now)
        self._take({"type": "welcome", "user": {"id": 7}, "heartbeat": HEARTBEAT})

    def _take(self, frame: dict[str, Any]) -> None:
        for out in self.rule.on_frame(frame, self.now):
            self._from_client(out)
        self._check()

    def _from_client(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "subscribe":
            have = {feed: Position(held["epoch"], held["seq"]) for feed, held in frame.get("have", {}).items()}
            self._take({"type": "subscribed", "feeds": {feed: {"ok": True} for feed in frame["feeds"]}})
            self.wire.places = {feed: Place(have.get(feed), self.now) for feed in frame["feeds"]}
            self.watched.ask_afresh()
        else:
            self.watched.on_snapshot_request(self.wire, frame["feeds"], self.now)
        self._ask()

    def _check(self) -> None:
        for feed, held in self.rule.feeds.items():
            if held.position is not None:
                assert same(held.document, self._recorded[feed, Position(*held.position)]), "never recorded"
        if len(self.rule.live()) == len(FEEDS):
            shown = {feed: held.document for feed, held in self.rule.feeds.items()}
            assert any(same(shown, cut) for cut in self._cuts), "feeds of two cuts"

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self.now < end:
            self.now += STEP
            while self._due and self._due[0][0] <= self.now:
                heapq.heappop(self._due)[2]()
            if self.now - self._listed >= LIST:
                self._list()
            if self.watched.lacks_for_long(self.now):
                self._ask()
            self._tell_stale()
            if self.now - self._beaten >= HEARTBEAT:
                self._heartbeat()
            for out in self.rule.on_time(self.now):
                self._from_client(out)


@given(steps, st.integers(0, 2**32))
@settings(deadline=None)
def test_whatever_the_layer_does_a_client_ends_at_the_last_documents(course: list[Any], seed: int) -> None:
    world = World(random.Random(seed))
    for step in course:
        if isinstance(step, dict):
            world.change(step)
        elif step == "takeover":
            world.take_over()
        elif step == "reconnect":
            world.connect()
        else:
            world.run(step)
    world.faulty = False
    world.run(SETTLED)
    assert same({feed: held.document for feed, held in world.rule.feeds.items()}, world.last)
    assert set(world.rule.live()) == set(FEEDS)


@given(st.lists(documents, min_size=1, max_size=10), st.integers(0, 2**32))
@settings(deadline=None)
def test_the_clients_own_rule_repairs_what_no_hub_does(history: list[Any], seed: int) -> None:
    """As if the server passed everything on as it came: only the client's requests and the heartbeats repair."""
    chance, rule, stream, now = random.Random(seed), Rule(("orders",)), Stream(Position(1, 0)), 0.0
    stream.record({})
    recorded: dict[Position, Any] = {stream.position: {}}
    rule.opened(now)
    rule.on_frame({"type": "welcome", "user": {"id": 7}, "heartbeat": HEARTBEAT}, now)
    rule.on_frame({"type": "subscribed", "feeds": {"orders": {"ok": True}}}, now)
    late: list[str] = [stream.snapshot()]

    def deliver(text: str) -> None:
        out = rule.on_frame(json.loads(push_frame(1, {"orders": text})), now)
        held = rule.feeds["orders"]
        assert held.position is None or same(held.document, recorded[Position(*held.position)])
        late.extend(stream.snapshot() for frame in out if frame["type"] == "snapshot")

    for document in [*history, None, None]:
        now += chance.random() * 3
        entry = stream.record(document) if document is not None else None
        recorded.setdefault(stream.position, document)
        late += [entry.text] * chance.choice((0, 1, 1, 2)) if entry else []
        chance.shuffle(late)
        for text in [late.pop() for _ in range(chance.randrange(len(late) + 1))]:
            deliver(text)
    for _ in range(10):
        now += HEARTBEAT / 2
        position = {"epoch": stream.position.epoch, "seq": stream.position.seq}
        out = rule.on_frame({"type": "heartbeat", "ts": 1, "feeds": {"orders": position}}, now)
        if any(frame["type"] == "snapshot" for frame in [*out, *rule.on_time(now)]):
            deliver(stream.snapshot())
    assert same(rule.feeds["orders"].document, recorded[stream.position])
    assert rule.live() == ["orders"]
