"""What a web process counts of its sockets, for Prometheus. What happens for every frame is a plain integer."""

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from prometheus_client import REGISTRY, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pushers.clock import now_ms
from pushers.metrics import LATENCY_BUCKETS

if TYPE_CHECKING:
    from consumers.hub import Hub

push_logger = logging.getLogger("consumers.push")

CAUSES = (
    "gap",  # a frame was lost, repeated or late on its way to the hub
    "digest",  # an owner's positions differed from the hub's
    "owner",  # a shard has a new owner
    "client",  # a client said that it is behind
    "overflow",  # a slow reader's queue was dropped
)

OPENED = Counter("consumers_sockets_opened", "Sockets that were signed in.")
CLOSED = Counter("consumers_sockets_closed", "Sockets that this side closed.", ["code"])
REFUSED = Counter("consumers_sockets_refused", "Sockets that were not accepted: too many of one address, or foreign.")
REPAIRS = Counter("consumers_repairs", "Questions to owners for what sockets lacked.", ["cause"])
REPAIR = {cause: REPAIRS.labels(cause) for cause in CAUSES}
COMMIT_TO_SOCKET = Histogram(
    "consumers_commit_to_socket_seconds",
    "From the commit that a nudge tells of until its frame was written to the sockets' queues.",
    buckets=LATENCY_BUCKETS,
)


class Written:
    """What was written to sockets."""

    def __init__(self) -> None:
        self.frames = 0
        self.characters = 0  # bytes, but for letters beyond ASCII

    def sent(self, characters: int) -> None:
        """Count a frame that a socket has taken."""
        self.frames += 1
        self.characters += characters


WRITTEN = Written()


def passed_on(message: dict[str, Any]) -> None:
    """Note how long after its commit a push was passed on to sockets; at DEBUG name what it was."""
    if push_logger.isEnabledFor(logging.DEBUG):
        for feed, (epoch, seq, *_) in message["feeds"].items():
            caused = message.get("trace") or "the market or a read"
            push_logger.debug(
                "%s of user %s: %d of epoch %d passed on, caused by %s", feed, message["user"], seq, epoch, caused
            )
    if (committed := message.get("committed")) is not None:
        COMMIT_TO_SOCKET.observe(max(0, now_ms() - committed) / 1000)


class HubCollector(Collector):
    """What is looked up when Prometheus asks. `hubs` returns those of this process: one, in production."""

    def __init__(self, hubs: Callable[[], Iterable["Hub"]]) -> None:
        self._hubs = hubs

    def collect(self) -> Iterator[Metric]:
        """Yield the totals, and the figures of the hubs. May run in another thread than theirs."""
        users = [watched for hub in list(self._hubs()) for watched in list(hub.users.values())]
        sockets = [connection for watched in users for connection in list(watched.connections)]
        yield GaugeMetricFamily("consumers_sockets", "Sockets that are signed in.", value=len(sockets))
        yield GaugeMetricFamily("consumers_users", "Users who have a socket.", value=len(users))
        queued = sum(connection.queued_bytes for connection in sockets)
        yield GaugeMetricFamily("consumers_queued_bytes", "Bytes that wait for slow readers.", value=queued)
        yield CounterMetricFamily("consumers_frames", "Frames that sockets have taken.", value=WRITTEN.frames)
        yield CounterMetricFamily("consumers_frame_bytes", "Characters of those frames.", value=WRITTEN.characters)


def observe(hubs: Callable[[], Iterable["Hub"]]) -> None:
    """Have these hubs' figures shown. Called once."""
    REGISTRY.register(HubCollector(hubs))
