"""One independent client: PROTOCOL.md's rule on a real socket, and a journal of everything that it shows.

A line of the journal has the monotonic time `t`, the client `c`, its trader `u`, and either `s`, feed -> [live, epoch,
seq, version, quote, digest of the desk's part], the feeds whose state changed at that moment, or an event `e`. `x` are
the contradictions of a state in which all feeds are live.
"""

import asyncio
import json
import random
import time
from collections.abc import Callable
from typing import Any

import websockets

from tests.chaos import marks
from tests.protocol_client import ANSWER, FINAL, Rule

TICKER = "ticker"
LIMITED = 4429
OPEN_SECONDS = 5.0  # for the handshake
MINUTE = (60.0, 75.0)  # seconds until the next attempt after 4429

Journal = Callable[[dict[str, Any]], None]


class Client:
    """A client that is kept up until `stop`. `freeze` is a tab that the machine does not run for a while."""

    def __init__(
        self,
        number: int,
        trader: dict[str, Any],
        urls: list[str],
        journal: Journal,
        chance: random.Random,
        feeds: tuple[str, ...] = marks.FEEDS,
        symbols: tuple[str, ...] = (),
    ) -> None:
        self.number, self.trader = number, trader["trader"]
        self.rule = Rule(feeds, symbols)
        self.frames = self.connections = 0
        self._user, self._token, self._urls = trader["user"], trader["token"], urls
        self._journal, self._chance = journal, chance
        self._shown: dict[str, list[Any]] = {}
        self._epochs: dict[str, int] = {}  # of this connection
        self._socket: websockets.ClientConnection | None = None
        self._spread: tuple[float, float] | None = None  # of a goodbye, in seconds
        self._frozen_until = 0.0
        self._stopped = asyncio.Event()

    @property
    def is_live(self) -> bool:
        """Whether everything it subscribed to may be believed."""
        ticker = self.rule.ticker.live if self.rule.ticker_times else True
        return bool(self.rule.feeds) and len(self.rule.live()) == len(self.rule.feeds) and ticker

    def documents(self) -> dict[str, Any]:
        return {feed: held.document for feed, held in self.rule.feeds.items()}

    def freeze(self, seconds: float) -> None:
        """Stop reading for a while; what the page shows then, nobody looks at."""
        self._frozen_until = time.monotonic() + seconds

    def cut(self) -> None:
        """Lose the connection, as a tunnel or a changed network does it."""
        if self._socket is not None:
            self._say("cut")
            self._socket.transport.abort()

    def stop(self) -> None:
        self._stopped.set()
        self.cut()

    async def run(self) -> None:
        """Connect, and connect again, until stopped or sent away for good."""
        self._say("opened")
        failures = 0
        while not self._stopped.is_set():
            delay = self._chance.uniform(0.1, 0.3) * 2 ** min(failures, 3)
            try:
                await self._connect()
                failures = 0
            except websockets.ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd is not None else 1006
                failures = 0
                if code in FINAL:
                    self._say("final", code=code)
                    break
                delay = self._chance.uniform(*MINUTE) if code == LIMITED else delay
            except (OSError, websockets.InvalidHandshake, TimeoutError):
                failures += 1
            if self._spread is not None:
                delay, self._spread = self._chance.uniform(*self._spread), None
            self._lost()
            await self._pause(delay)
        self._lost()
        self._say("gone")

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopped.wait(), seconds)
        except TimeoutError:
            return

    async def _connect(self) -> None:
        headers = {"Authorization": f"Token {self._token}"}
        url = self._chance.choice(self._urls)
        options: dict[str, Any] = {"max_size": None, "ping_interval": None, "max_queue": 4, "compression": None}
        async with websockets.connect(
            url, additional_headers=headers, open_timeout=OPEN_SECONDS, close_timeout=1, proxy=None, **options
        ) as socket:
            self._socket = socket
            try:
                await self._speak(socket)
            finally:
                self._socket = None

    async def _speak(self, socket: websockets.ClientConnection) -> None:
        self.connections += 1
        self._epochs.clear()
        self.rule.opened(time.monotonic())
        while not self._stopped.is_set():
            if self._frozen_until > time.monotonic():
                await self._be_frozen(socket)
            now = time.monotonic()
            if now >= self.rule.death:
                self._die(socket)
            wake = min(self.rule.next_time(now), self.rule.death, now + ANSWER) - now
            try:
                text = await asyncio.wait_for(socket.recv(), max(wake, 0.001))
            except TimeoutError:
                out = self.rule.on_time(time.monotonic())
            else:
                out = self._take(json.loads(text), time.monotonic())
            for answer in out:
                await socket.send(json.dumps(answer))
            self._note(time.monotonic())

    async def _be_frozen(self, socket: websockets.ClientConnection) -> None:
        self._say("frozen")
        while (left := self._frozen_until - time.monotonic()) > 0 and not self._stopped.is_set():
            await self._pause(left)
        dead = time.monotonic() >= self.rule.death
        if dead:  # the first thing that its timers tell it, before anybody looks at the page again
            self._lost()
        self._say("thawed")
        if dead:
            self._die(socket)

    def _die(self, socket: websockets.ClientConnection) -> None:
        """Show nothing as live any more, at once: to close the connection in order may take seconds."""
        self._lost()
        socket.transport.abort()
        raise TimeoutError("no frame for two heartbeats")

    def _take(self, frame: dict[str, Any], now: float) -> list[dict[str, Any]]:
        """Look at a frame as a judge would, then as the client does."""
        self.frames += 1
        if frame["type"] == "welcome":
            self._say("welcome" if frame["user"]["id"] == self._user else "foreign", frame=frame)
        elif frame["type"] == "push":
            if marks.owners(frame["feeds"]) - {self.trader}:
                self._say("foreign", frame=frame)
            for feed, entry in frame["feeds"].items():
                if entry["epoch"] < self._epochs.get(feed, 0):
                    self._say("old_epoch", feed=feed, epoch=entry["epoch"], known=self._epochs[feed])
                self._epochs[feed] = max(entry["epoch"], self._epochs.get(feed, 0))
        elif frame["type"] == "goodbye":
            low, high = frame["reconnect_ms"]
            self._spread = low / 1000, high / 1000
        return self.rule.on_frame(frame, now)

    def _lost(self) -> None:
        self.rule.lost()
        self._note(time.monotonic())

    def _note(self, now: float) -> None:
        """Write down what is shown differently from before."""
        changed = {feed: state for feed, state in self._states() if state != self._shown.get(feed)}
        if not changed:
            return
        self._shown.update(changed)
        line: dict[str, Any] = {"t": now, "c": self.number, "u": self.trader, "s": changed}
        if len(self.rule.feeds) == len(self.rule.live()) == len(marks.FEEDS):
            try:
                said = marks.contradictions(self.documents(), self.trader)
            except (KeyError, ValueError, TypeError, ArithmeticError) as error:
                said = [f"no state at all: {type(error).__name__}: {error}"]
            line |= {"x": said} if said else {}
        self._journal(line)

    def _states(self) -> list[tuple[str, list[Any]]]:
        states = []
        for feed, held in self.rule.feeds.items():
            if held.position is None:
                continue
            known = self._shown.get(feed)
            position = list(held.position)
            same = known is not None and known[1:3] == position
            shown = known[3:] if same and known else list(marks.shown(feed, held.document, self.trader))
            states.append((feed, [held.live, *position, *shown]))
        for symbol, row in self.rule.tickers.items():
            time_ = self.rule.ticker_times[symbol]
            states.append((TICKER, [self.rule.ticker.live, 0, time_, None, int(row["last"]), 0]))
        return states

    def _say(self, event: str, **more: Any) -> None:
        self._journal({"t": time.monotonic(), "c": self.number, "u": self.trader, "e": event, **more})
