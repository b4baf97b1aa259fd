"""A second client, written from PROTOCOL.md alone: what it believes is what any program may believe.

`Rule` is "The client's whole rule" without a network or a clock of its own; `ProtocolClient` gives it both.
"""

import asyncio
import json
import math
import random
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import websockets

ANSWER = 5.0  # seconds within which the server answers, and after which a request is repeated
AHEAD = 2.0  # seconds that a heartbeat may be ahead
WELCOME = 10.0  # seconds that the first frame may take
FINAL = (4400, 4401, 4403)  # close codes after which one does not come back by itself
LIMITED = 4429
A_MINUTE = (60.0, 75.0)  # seconds to wait after it

Frame = dict[str, Any]
Position = tuple[int, int]


def merge(document: Any, patch: Any) -> Any:
    """Return `document` with an RFC 7396 patch applied; neither is changed."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def is_ahead(left: Position | None, right: Position | None) -> bool:
    """Say whether `left` is newer than `right`; None is behind everything."""
    return left is not None and (right is None or left > right)


class Held:
    """What the client has of one feed, and what it knows that it lacks. Times in seconds."""

    def __init__(self) -> None:
        self.position: Position | None = None
        self.document: Any = None
        self.forget_connection()

    def forget_connection(self) -> None:
        self.head: Position | None = None  # the newest position heard of
        self.ask_at = math.inf
        self.answered = False  # a snapshot or a position of this connection
        self.answer_due = math.inf
        self.stale: Frame | None = None

    @property
    def behind(self) -> bool:
        return is_ahead(self.head, self.position)

    @property
    def live(self) -> bool:
        return self.answered and self.stale is None

    @property
    def due(self) -> float:
        """When a snapshot must be asked for."""
        if self.behind:
            return self.ask_at if self.answered else max(self.ask_at, self.answer_due)
        return math.inf if self.answered or self.stale else self.answer_due

    def hear_of(self, position: Position, ask_at: float) -> None:
        if is_ahead(position, self.head):
            self.head = position
        if self.behind:
            self.ask_at = min(self.ask_at, ask_at)

    def verdict(self, entry: Frame) -> str:
        """Say what an entry of a push means here: apply, confirm, ignore or gap."""
        position = (entry["epoch"], entry["seq"])
        if "snapshot" in entry:
            return (
                "apply" if is_ahead(position, self.position) else "confirm" if position == self.position else "ignore"
            )
        if not is_ahead(position, self.position):
            return "confirm" if "patch" not in entry and position == self.position else "ignore"
        follows = self.position is not None and position == (self.position[0], self.position[1] + 1)
        return "apply" if "patch" in entry and follows else "gap"

    def take(self, entry: Frame) -> None:
        """Take an entry whose verdict is apply or confirm."""
        position = (entry["epoch"], entry["seq"])
        if position != self.position:
            self.document = entry["snapshot"] if "snapshot" in entry else merge(self.document, entry["patch"])
        self.position, self.answered = position, True
        if not self.behind:
            self.ask_at = math.inf


class Rule:
    """The client's whole rule: frames and the time go in, frames to send come out."""

    def __init__(self, feeds: Iterable[str], symbols: Iterable[str] = ()) -> None:
        self.feeds = {name: Held() for name in feeds}
        self.ticker_times = dict.fromkeys(symbols, 0)
        self.tickers: dict[str, Frame] = {}
        self.ticker = Held()
        self.user: Any = None
        self.refused: dict[str, str] = {}
        self.lost()

    @property
    def death(self) -> float:
        """When the connection is dead if nothing comes."""
        return self.last_frame + (WELCOME if self.heartbeat is None else 2 * self.heartbeat)

    @property
    def connected(self) -> bool:
        return self.heartbeat is not None

    def wait_after(self, code: int | None, failures: int) -> tuple[float, float]:
        """Return between which seconds to reconnect after a close; None: the connection broke, or never came about."""
        if code == LIMITED:
            return A_MINUTE
        if self.goodbye is not None:
            return self.goodbye
        longest = 0.3 * 2 ** min(failures, 3)
        return longest / 3, longest

    def live(self) -> list[str]:
        return [name for name, held in self.feeds.items() if held.live]

    def opened(self, now: float) -> None:
        self.last_frame = now

    def lost(self) -> None:
        """Forget what held for the connection; positions and documents stay, for `have`."""
        self.heartbeat: float | None = None
        self.goodbye: tuple[float, float] | None = None  # seconds
        self.last_frame = math.inf
        self.requested = -math.inf
        self.gap = False
        for held in [*self.feeds.values(), self.ticker]:
            held.forget_connection()

    def on_frame(self, frame: Any, now: float) -> list[Frame]:
        """Take one frame; return what to send."""
        self.last_frame = now
        handlers = {
            "welcome": self._welcome,
            "subscribed": self._subscribed,
            "unsubscribed": self._unsubscribed,
            "push": self._push,
            "ticker": self._ticker,
            "heartbeat": self._heartbeat,
            "goodbye": self._goodbye,
        }
        handler = handlers.get(frame.get("type"))
        return [*(handler(frame, now) or () if handler else ()), *self.on_time(now)]

    def on_time(self, now: float) -> list[Frame]:
        """Ask for what is due: one request at a time, repeated while something is behind."""
        if not self.connected:
            return []
        due = [name for name, held in self.feeds.items() if held.due <= now]
        if not due:
            self.requested, self.gap = -math.inf, False
            return []
        if now < self.requested + ANSWER:
            return []
        self.requested = now
        if self.gap:  # the cut is lost: all feeds but those whose first answer is still on its way
            due = [name for name, held in self.feeds.items() if held.answered or held.answer_due <= now]
        return [{"type": "snapshot", "feeds": due}]

    def next_time(self, now: float) -> float:
        """Return when `on_time` has something to do next."""
        dues = [held.due for held in self.feeds.values()]
        waiting = [self.requested + ANSWER] if any(due <= now for due in dues) else []
        return min([due for due in dues if due > now] + waiting, default=math.inf)

    def unsubscribe(self, names: list[str], now: float) -> list[Frame]:
        for name in names:
            del self.feeds[name]
        return [{"type": "unsubscribe", "feeds": names, "symbols": []}, *self.on_time(now)]

    def _welcome(self, frame: Frame, now: float) -> list[Frame]:
        user = frame["user"]["id"]
        if self.user not in (None, user):
            self.feeds = {name: Held() for name in self.feeds}
            self.ticker_times, self.tickers = dict.fromkeys(self.ticker_times, 0), {}
        self.user, self.heartbeat = user, frame["heartbeat"]
        subscribe: Frame = {"type": "subscribe", "feeds": list(self.feeds)}
        if self.ticker_times:
            subscribe["symbols"] = list(self.ticker_times)
        positions = {name: held.position for name, held in self.feeds.items() if held.position}
        if positions:
            subscribe["have"] = {name: {"epoch": epoch, "seq": seq} for name, (epoch, seq) in positions.items()}
        return [subscribe]

    def _subscribed(self, frame: Frame, now: float) -> None:
        for kind, known in (("feeds", self.feeds), ("symbols", self.ticker_times)):
            for name, answer in frame.get(kind, {}).items():
                if not answer["ok"]:
                    self.refused[name] = answer["code"]
                    known.pop(name, None)
                elif kind == "feeds" and name in self.feeds:
                    held = self.feeds[name]
                    held.answered, held.stale, held.answer_due = False, None, now + ANSWER

    def _unsubscribed(self, frame: Frame, now: float) -> None:
        """Drop what the server took away; what we gave up ourselves is gone already."""
        for kind, known in (("feeds", self.feeds), ("symbols", self.ticker_times)):
            for name, answer in frame.get(kind, {}).items():
                if not answer["ok"]:
                    self.refused[name] = answer["code"]
                    known.pop(name, None)

    def _push(self, frame: Frame, now: float) -> None:
        entries = {name: entry for name, entry in frame["feeds"].items() if name in self.feeds and _is_entry(entry)}
        verdicts = {name: self.feeds[name].verdict(entry) for name, entry in entries.items()}
        if "gap" in verdicts.values():
            self.gap = True
            for name, verdict in verdicts.items():
                if verdict != "ignore":
                    self.feeds[name].hear_of((entries[name]["epoch"], entries[name]["seq"]), now)
            return
        for name, verdict in verdicts.items():
            if verdict != "ignore":
                self.feeds[name].take(entries[name])

    def _ticker(self, frame: Frame, now: float) -> None:
        for symbol, row in frame["tickers"].items():
            if self.ticker_times.get(symbol, math.inf) <= frame["ts"]:
                self.ticker_times[symbol], self.tickers[symbol] = frame["ts"], row
                self.ticker.answered = True

    def _heartbeat(self, frame: Frame, now: float) -> None:
        for name, entry in frame.get("feeds", {}).items():
            held = self.ticker if name == "ticker" else self.feeds.get(name)
            if held is None:
                continue
            held.stale = entry.get("stale")
            if _is_entry(entry):
                position = (entry["epoch"], entry["seq"])
                held.hear_of(position, now + AHEAD)
                held.answered = held.answered or (position == held.position and not held.stale)

    def _goodbye(self, frame: Frame, now: float) -> None:
        least, most = frame["reconnect_ms"]
        self.goodbye = (least / 1000, most / 1000)


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("epoch"), int) and isinstance(entry.get("seq"), int)


class ProtocolClient:
    """A connection that is kept up, in a task of its own; `rule` holds what came."""

    def __init__(self, url: str, token: str, feeds: Iterable[str], symbols: Iterable[str] = ()) -> None:
        self.rule = Rule(feeds, symbols)
        self.frames: list[tuple[float, Frame]] = []  # everything received, with the monotonic time
        self.connections = 0
        self._url, self._token = url, token
        self._changed = asyncio.Event()

    def document(self, feed: str) -> Any:
        return self.rule.feeds[feed].document

    def is_live(self, *feeds: str) -> bool:
        """Say whether these feeds (all, if none is named) may be believed."""
        return set(feeds or self.rule.feeds) <= set(self.rule.live())

    async def until(self, condition: Callable[[], Any], what: str, seconds: float = 20.0) -> None:
        """Return once `condition` holds; raise AssertionError that says what did not come about."""
        deadline = time.monotonic() + seconds
        while not condition():
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), deadline - time.monotonic())
            except TimeoutError:
                raise AssertionError(f"not within {seconds:g} s: {what}; last frames: {self.frames[-6:]}") from None

    async def run(self) -> None:
        """Connect, and connect again, until cancelled or sent away for good."""
        failures = 0
        while True:
            code = None
            try:
                async with websockets.connect(self._url, max_size=None, ping_interval=None) as socket:
                    failures = 0
                    await self._speak(socket)
            except websockets.ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd is not None else None
                if code in FINAL:
                    raise
            except (OSError, websockets.InvalidHandshake, TimeoutError):
                failures += 1
            wait = self.rule.wait_after(code, failures)
            self.rule.lost()
            self._changed.set()
            await asyncio.sleep(random.uniform(*wait))

    async def _speak(self, socket: websockets.ClientConnection) -> None:
        self.connections += 1
        self.rule.opened(time.monotonic())
        await socket.send(json.dumps({"type": "auth", "token": self._token}))
        while True:
            now = time.monotonic()
            if now >= self.rule.death:
                raise TimeoutError("no frame for two heartbeats")
            wake = min(self.rule.next_time(now), self.rule.death) - now
            try:
                frame = json.loads(await asyncio.wait_for(socket.recv(), max(wake, 0.001)))
            except TimeoutError:
                out = self.rule.on_time(time.monotonic())
            else:
                self.frames.append((time.monotonic(), frame))
                out = self.rule.on_frame(frame, time.monotonic())
            for answer in out:
                await socket.send(json.dumps(answer))
            self._changed.set()


@asynccontextmanager
async def connected(
    url: str, token: str, feeds: Iterable[str], symbols: Iterable[str] = ()
) -> AsyncIterator[ProtocolClient]:
    """Run a client for the length of a `with` block."""
    client = ProtocolClient(url, token, feeds, symbols)
    task = asyncio.create_task(client.run())
    try:
        yield client
    finally:
        task.cancel()
        await asyncio.wait([task])
