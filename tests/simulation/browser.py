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
from tests.simulation.world import INTERVALS, World, document

LOOK = 0.25  # seconds
# An owner vouches for what it read within two intervals, for as long as CONFIRM says, and a sweep notices the end.
WRONG = {feed: CONFIRM + SWEEP + 2 * interval + GRACE + 0.5 for feed, interval in INTERVALS.items()}  # seconds

# A tick sees a change within the interval, and a refresh reads it again.
PROMISED = {feed: interval + 0.5 for feed, interval in INTERVALS.items()}  # seconds
READ = 0.1  # seconds after which a page that did not read has read everything
STEADY = 4.0  # seconds after which a page that was disturbed must be as promised again
FORGED = {"epoch": 2**52, "seq": 3}  # what no owner of this site has given


class Browser:
    """One page of one user. `helps`: what it asks for by itself is heard, else the server must see to everything."""

    def __init__(self, world: World, user: str, *, helps: bool, restless_until: float) -> None:
        self.world, self.user, self.helps, self.restless_until = world, user, helps, restless_until
        self.rule = Rule(INTERVALS)
        self.wire: Wire | None = None
        self.asked = 0
        self._forges, self._disturbed, self._unread_until = False, world.now, 0.0
        self._pause = world.random.choice((4.0, 20.0))  # seconds between what people do
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
        self._forges = False
        if world.random.random() < 0.2:
            self.reload()
        self.wire = Wire(web, self.user, self.receive)
        self._disturb(world.now)
        self.rule.opened(world.now)
        web.do(self._opened, self.wire)

    def reload(self) -> None:
        """Forget everything; some pages claim to have what another site gave them."""
        self._forges = self.world.random.random() < 0.3
        self.rule = Rule(INTERVALS)
        self._shown.clear()

    def _opened(self, wire: Wire) -> None:
        wire.web.open(wire)
        heartbeat = wire.web._settings.HEARTBEAT_SECONDS
        wire.write(server_frame("welcome", user={"id": self.user}, heartbeat=heartbeat), keep=True)

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
            self._disturb(self.world.now)
            held = dict.fromkeys(names, FORGED) if self._forges else frame.get("have", {})
            have = {name: Position(**at) for name, at in held.items()}
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
        if world.now > self.restless_until:
            world.after(1.0, self.connect)
            return
        what = draw()
        if self.wire is not None and what < 0.3:
            self.leave()
            world.after(world.random.choice((0.01, 1.0, 15.0)) * draw(), self.connect)
        elif self.wire is not None and what < 0.5 and not self.wire.slow:
            seconds = world.random.choice((2.0, 9.0)) * draw()
            self.wire.stall(seconds)
            self._unread_until = world.now + seconds + READ
            self._disturb(self._unread_until)
        elif self.wire is not None and what < 0.8 and self.rule.connected:
            self._subscribe_again(world.random.choice(list(INTERVALS)), leave=draw() < 0.5)
        world.after(world.random.expovariate(1 / self._pause), self.behave)

    def _disturb(self, until: float) -> None:
        self._disturbed = max(until, self._disturbed)

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
                numbers[feed], mark = self._number(feed, held.document)
                self._check_age(feed, numbers[feed], mark, live=feed in live)
        shown = {feed: numbers[feed] for feed in sorted(live)}
        assert self.world.was_true(self.user, shown), f"{self.place}: live feeds of two cuts, {shown}"
        if self._is_steady:
            assert len(live) == len(INTERVALS), f"{self.place}: only {live} live though nothing fails"

    def _number(self, feed: str, found: dict[str, Any]) -> tuple[int, int]:
        number = int(found["n"]), int(found.get("mark", 0))
        assert found == document(self.user, feed, *number), f"{self.place}: an invented document: {found}"
        assert sum(number) >= self._shown.get(feed, 0), f"{self.place}: {feed} went back to {number}"
        self._shown[feed] = sum(number)
        return number

    def _check_age(self, feed: str, number: int, mark: int, *, live: bool) -> None:
        wrong = self.world.now - self.world.wrong_since(self.user, feed, number, mark)
        if live and self.world.now > self._unread_until:
            self.worst = max(self.worst, wrong)
            assert wrong <= WRONG[feed], f"{self.place}: {feed} is live and wrong for {wrong:.1f} s"
        if self._is_steady:
            assert wrong <= PROMISED[feed], f"{self.place}: {feed} is {wrong:.1f} s late though nothing fails"

    @property
    def _is_steady(self) -> bool:
        """Whether nothing has failed for long, and the page has been open, and read, all the time."""
        since = max(self.world.quiet_since, self._disturbed)
        return self.wire is not None and not self.wire.slow and self.world.now > since + STEADY

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
