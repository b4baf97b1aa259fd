"""A browser: the tests' own client on a socket, and what a person would see in it."""

import json
from collections.abc import Mapping
from typing import Any

from consumers.frames import server_frame
from consumers.hub import SWEEP
from consumers.watched_user import CONFIRM
from pushers.publisher import GRACE
from pushers.stream import Position
from tests.protocol_client import Rule
from tests.simulation.hub import Wire
from tests.simulation.world import CALM, INTERVALS, World, document

HEARTBEAT = 5.0  # seconds, as the server's
LOOK = 0.25  # seconds
# An owner vouches for what it read within two intervals, for as long as CONFIRM says, and a sweep notices the end.
WRONG = {feed: CONFIRM + SWEEP + 2 * interval + GRACE + 0.5 for feed, interval in INTERVALS.items()}  # seconds


class Browser:
    """One page of one user. `helps`: what it asks for by itself is heard, else the server must see to everything."""

    def __init__(self, world: World, user: str, *, helps: bool) -> None:
        self.world, self.user, self.helps = world, user, helps
        self.rule = Rule(INTERVALS)
        self.wire: Wire | None = None
        self.asked = 0
        self.worst = 0.0  # seconds that something was live and wrong
        self._shown: dict[str, int] = {}
        world.after(2 * world.random.random(), self.connect)
        world.after(5.0, self.behave)
        self._look_again()

    # The connection

    def connect(self) -> None:
        """Open a socket, with what the page has; or as a new page."""
        if self.wire is not None:
            return
        world = self.world
        web = world.random.choice(world.web)
        if world.random.random() < 0.2:
            self.reload()
        self.wire = Wire(web, self.user, self.receive)
        self.rule.opened(world.now)
        web.do(self._opened, self.wire)

    def reload(self) -> None:
        """Forget everything."""
        self.rule = Rule(INTERVALS)
        self._shown.clear()

    def _opened(self, wire: Wire) -> None:
        wire.web.open(wire)
        wire.write(server_frame("welcome", user={"id": self.user}, heartbeat=HEARTBEAT), keep=True)

    def leave(self) -> None:
        if self.wire is not None:
            self.wire.web.do(self.wire.web.close, self.wire)
            self.wire = None
            self.rule.lost()

    def receive(self, wire: Wire, text: str) -> None:
        if wire is not self.wire:
            return
        frame = json.loads(text)
        if frame["type"] == "push":
            self._check_push(wire, frame["feeds"])
        for answer in self.rule.on_frame(frame, self.world.now):
            self._say_soon(answer)
        self.look()

    def _say_soon(self, frame: Mapping[str, Any]) -> None:
        self.world.after(0.002, self.say, self.wire, frame)

    def say(self, wire: Wire, frame: Mapping[str, Any]) -> None:
        if wire is not None and wire is self.wire:
            wire.web.do(self._heard, wire, frame)

    def _heard(self, wire: Wire, frame: Mapping[str, Any]) -> None:
        """Do what the consumer does with a frame."""
        names = frame["feeds"]
        if frame["type"] == "subscribe":
            have = {name: Position(**at) for name, at in frame.get("have", {}).items()}
            wire.write(server_frame("subscribed", feeds={name: {"ok": True} for name in names}), keep=True)
            wire.web.subscribe(wire, {name: have.get(name) for name in names})
        elif frame["type"] == "snapshot":
            self.asked += 1
            if self.helps:
                wire.web.request_snapshot(wire, names)

    # What people do

    def behave(self) -> None:
        """Come, go, stall, and subscribe again; at the end, stay."""
        world, draw = self.world, self.world.random.random
        if world.now > CALM:
            world.after(1.0, self.connect)
            return
        what = draw()
        if self.wire is not None and what < 0.3:
            self.leave()
            world.after(world.random.choice((0.01, 1.0, 15.0)) * draw(), self.connect)
        elif self.wire is not None and what < 0.5 and not self.wire.slow:
            self.wire.stall(4 * draw())
        elif self.wire is not None and what < 0.8 and self.rule.connected:
            self._subscribe_again(world.random.choice(list(INTERVALS)), leave=draw() < 0.5)
        world.after(world.random.expovariate(0.25), self.behave)

    def _subscribe_again(self, feed: str, *, leave: bool) -> None:
        position = self.rule.feeds[feed].position
        have = {feed: {"epoch": position[0], "seq": position[1]}} if position else {}
        if leave:
            self.wire.web.do(self.wire.web.unsubscribe, self.wire, [feed])
        self.say(self.wire, {"type": "subscribe", "feeds": [feed], "have": have})

    # What a person sees

    def _look_again(self) -> None:
        self.world.after(LOOK, self._look_again)
        now = self.world.now
        if self.wire is not None and (now >= self.rule.death or not self.wire.web.alive):
            self.leave()
            self.world.after(0.2, self.connect)
        if self.wire is not None:
            for frame in self.rule.on_time(now):
                self.say(self.wire, frame)
        self.look()

    def look(self) -> None:
        """Assert that what is shown was once the truth, of one cut, and was so lately where it is called live."""
        live = set(self.rule.live()) if self.rule.connected else set()
        numbers = {}
        for feed, held in self.rule.feeds.items():
            if held.document is not None:
                numbers[feed] = self._number(feed, held.document)
        for feed in live & numbers.keys():
            self._check_age(feed, *numbers[feed])
        transactions = {numbers[feed][0] for feed in live}
        assert len(transactions) <= 1, f"{self.place}: live feeds of two cuts, {numbers}"

    def _number(self, feed: str, found: dict[str, Any]) -> tuple[int, int]:
        number = int(found["n"]), int(found.get("mark", 0))
        assert found == document(self.user, feed, *number), f"{self.place}: an invented document: {found}"
        assert sum(number) >= self._shown.get(feed, 0), f"{self.place}: {feed} went back to {number}"
        self._shown[feed] = sum(number)
        return number

    def _check_age(self, feed: str, transaction: int, mark: int) -> None:
        wrong = self.world.now - self.world.wrong_since(self.user, feed, transaction, mark)
        self.worst = max(self.worst, wrong)
        assert wrong <= WRONG[feed], f"{self.place}: {feed} is live and wrong for {wrong:.1f} s"

    def _check_push(self, wire: Wire, entries: Mapping[str, Any]) -> None:
        """Assert that nothing comes that a browser would have to notice."""
        for feed, entry in entries.items():
            held = self.rule.feeds[feed]
            gap = held.answered and held.verdict(entry) == "gap"
            assert not gap, f"{self.place}: a gap reached the browser: {held.position} {entry}"

    def check_end(self) -> None:
        """Assert that everything is there and live, long after the last fault."""
        for feed, held in self.rule.feeds.items():
            assert held.live, f"{self.place}: {feed} is not live at the end: {vars(held)}"
            assert held.document == self.world.document(self.user, feed), f"{self.place}: {feed} is not the newest"

    @property
    def place(self) -> str:
        return f"{self.world.now:.2f} s, user {self.user}"
