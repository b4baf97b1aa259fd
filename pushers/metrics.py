"""What a push process counts: for Prometheus, for the row of the process that the admin and `/readyz` look at.

Each thing is noted by one line at the place where it happens. A counter costs a quarter of a microsecond; what happens
for every frame is a plain integer, and what can be looked up (watched users, leases held) is looked up when asked for.
"""

import statistics
import time
import weakref
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pushers.clock import now_ms

if TYPE_CHECKING:
    from pushers.engine import Engine

TICK_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds
LATENCY_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)  # seconds
RECENT = 200  # pushes whose latency the status sums up
FORGOTTEN = 10_000  # ms after which a nudge that no push followed is not waited for
MOST_WAITING = 20_000  # users with a nudge that no push has followed yet
ERROR_CHARACTERS = 300  # of an error's text in the status

TICK_SECONDS = Histogram(
    "pushers_tick_seconds", "How long an iteration of a loop took.", ["feed"], buckets=TICK_BUCKETS
)
TICK_LATE = Gauge("pushers_tick_late_seconds", "How late the last iteration of a loop began.", ["feed"])
COMMIT_TO_PUSH = Histogram(
    "pushers_commit_to_push_seconds", "From the commit that a nudge tells of to the send.", buckets=LATENCY_BUCKETS
)
LEASES = Counter("pushers_leases", "Leases of shards by what became of them here.", ["event"])
LEASES_TAKEN, LEASES_LOST = LEASES.labels("taken"), LEASES.labels("lost")
FEED_ERRORS = Counter("pushers_feed_errors", "Reads of a feed that failed, for one user or for all.", ["feed"])


@dataclass(slots=True)
class LoopStatus:
    """What is known of one loop. Times in ms UTC (0: never), durations in seconds."""

    ticked_at: int = 0
    seconds: float = 0.0
    late: float = 0.0
    error: str = ""
    error_at: int = 0


class Sent:
    """What was sent to users' groups, and how long after the commits that caused it."""

    def __init__(self) -> None:
        self.pushes = 0
        self.characters = 0  # of documents and patches: bytes, but for letters beyond ASCII
        self.latencies: deque[float] = deque(maxlen=RECENT)
        # user -> ms UTC, and what caused it, of the oldest commit whose push is still to come
        self._commits: dict[str, tuple[int, str]] = {}

    def nudged(self, users: Iterable[str], committed: int, trace: str = "") -> None:
        """Note that rows of these users were committed at a time in ms UTC, and what caused that."""
        if len(self._commits) > MOST_WAITING:
            self._commits = {user: known for user, known in self._commits.items() if committed - known[0] < FORGOTTEN}
        for user in users:
            self._commits.setdefault(user, (committed, trace))

    def refreshed(self, users: Iterable[str], ts: int) -> None:
        """Note that a read which began at `ts` has found what these users' nudges told of, or nothing."""
        for user in users:
            if self._commits.get(user, (ts + 1, ""))[0] <= ts:
                del self._commits[user]

    def commit_of(self, user: str, ts: int) -> dict[str, Any]:
        """Return what a push, made of a read at `ts`, carries of the commit that caused it; {} where none did."""
        if user not in self._commits:
            return {}
        committed, trace = self._commits[user]
        return {"committed": committed, "trace": trace} if ts - FORGOTTEN < committed <= ts else {}

    def sent(self, message: dict[str, Any]) -> None:
        """Count a message that has been sent to a group."""
        if message.get("type") != "push":
            return
        self.pushes += 1
        self.characters += sum(len(text) for *_, text in message["feeds"].values())
        if (committed := message.get("committed")) is not None:
            seconds = max(0, now_ms() - committed) / 1000
            COMMIT_TO_PUSH.observe(seconds)
            self.latencies.append(seconds)


SENT = Sent()
LOOPS: defaultdict[str, LoopStatus] = defaultdict(LoopStatus)  # by the loop's name: a feed's, beat or sweep


async def timed(name: str, due: float, work: Callable[[], Awaitable[object]]) -> None:
    """Await one iteration of a loop, due at a monotonic time; note when it ended, how long it took, how late it was."""
    began, status = time.monotonic(), LOOPS[name]
    try:
        await work()
    except Exception as error:
        feed_failed(name, error)
        raise
    status.ticked_at, status.seconds, status.late = now_ms(), time.monotonic() - began, max(0.0, began - due)
    TICK_SECONDS.labels(name).observe(status.seconds)
    TICK_LATE.labels(name).set(status.late)


def feed_failed(name: str, error: object) -> None:
    """Count a failed read of a feed, and keep its text for the status."""
    FEED_ERRORS.labels(name).inc()
    LOOPS[name].error, LOOPS[name].error_at = str(error)[:ERROR_CHARACTERS], now_ms()


_engine: Callable[[], "Engine | None"] = lambda: None  # noqa: E731 - a weak reference takes its place


def observe(engine: "Engine") -> None:
    """Have the figures of this engine shown; the process that runs one makes one."""
    global _engine
    _engine = weakref.ref(engine)
    engine.leases.status = process_status


def process_status() -> dict[str, Any]:
    """Return what this process's row in `PushProcess.status` says; {} without an engine. Keys:

    `users` watched, `pushes` and `bytes` sent since the start, `commitToPush` [median, maximum] seconds of the last
    pushes that followed a nudge (none yet: absent), `feeds`: name -> `interval`, `tickedAt` (ms UTC of the last whole
    iteration, 0 never), `seconds` (its duration), `late` (how late it began), `watched` users, `error`, `errorAt`.
    """
    engine = _engine()
    if engine is None:
        return {}
    recent = list(SENT.latencies)
    return {
        "users": engine.watchers.count(),
        "pushes": SENT.pushes,
        "bytes": SENT.characters,
        **({"commitToPush": [statistics.median(recent), max(recent)]} if recent else {}),
        "feeds": {name: _feed_status(engine, name) for name in engine.selection.intervals},
    }


def _feed_status(engine: "Engine", name: str) -> dict[str, Any]:
    status = LOOPS[name]
    return {
        "interval": engine.selection.intervals[name],
        "tickedAt": status.ticked_at,
        "seconds": round(status.seconds, 4),
        "late": round(status.late, 4),
        "watched": engine.watched(name),
        "error": status.error,
        "errorAt": status.error_at,
    }


class EngineCollector(Collector):
    """What is looked up when Prometheus asks."""

    def collect(self) -> Iterator[Metric]:
        """Yield the totals, and the figures of the engine that runs in this process."""
        yield CounterMetricFamily("pushers_pushes", "Frames sent to users' groups.", value=SENT.pushes)
        yield CounterMetricFamily("pushers_push_bytes", "Characters of the documents in them.", value=SENT.characters)
        engine = _engine()
        if engine is None:
            return
        yield GaugeMetricFamily("pushers_users", "Users who are watched.", value=engine.watchers.count())
        yield GaugeMetricFamily("pushers_leases_held", "Shards owned by this process.", value=len(engine.leases.held))
        yield GaugeMetricFamily("pushers_outbox_messages", "Messages not sent yet.", value=engine.outbox.waiting)
        watched = GaugeMetricFamily("pushers_watched_users", "Users (or symbols) who watch a feed.", labels=["feed"])
        ticked = GaugeMetricFamily(
            "pushers_ticked_timestamp_seconds", "When a loop's last iteration ended.", labels=["feed"]
        )
        for name in engine.selection.intervals:
            watched.add_metric([name], engine.watched(name))
            ticked.add_metric([name], LOOPS[name].ticked_at / 1000)
        yield watched
        yield ticked


REGISTRY.register(EngineCollector())
