"""The state of the push service, as its processes last wrote it into their rows: read for people, by few queries."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models.functions import Now
from django.utils import timezone

from consumers.models import WebProcess
from pushers.conf import pusher_settings
from pushers.models import PushLease, PushProcess


@dataclass(frozen=True, slots=True)
class FeedState:
    """One feed in one process. Times in seconds; `age` since the last whole iteration is None before the first."""

    name: str
    interval: float
    age: float | None
    seconds: float
    late: float
    watched: int
    error: str
    error_age: float | None

    @property
    def is_overdue(self) -> bool:
        """Whether the feed has not been read for two intervals."""
        return self.age is None or self.age > 2 * self.interval + 1


@dataclass(frozen=True, slots=True)
class PusherState:
    """One `runpushers` process; `silent` is for how many seconds its row has run out, None while it lives."""

    owner: str
    started_at: datetime
    silent: float | None
    shards: int
    users: int
    pushes: int
    commit_to_push: tuple[float, float] | None  # median and maximum of its last pushes
    feeds: list[FeedState]


@dataclass(frozen=True, slots=True)
class ShardState:
    """One shard: who holds it, under which epoch, when that was renewed and ends, in seconds; `free`: nobody does."""

    shard: int
    owner: str
    epoch: int
    age: float
    left: float

    @property
    def free(self) -> bool:
        return self.left <= 0


@dataclass(frozen=True, slots=True)
class WebState:
    """One web process, and the words of its row's status."""

    name: str
    started_at: datetime
    seen: float
    silent: bool
    status: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ServiceState:
    """Everything at one moment of the database's clock."""

    at: datetime
    pushers: list[PusherState] = field(default_factory=list)
    shards: list[ShardState] = field(default_factory=list)
    webs: list[WebState] = field(default_factory=list)

    def _sum(self, key: str) -> float:
        return sum(web.status.get(key, 0) for web in self.webs if not web.silent)

    @property
    def alive(self) -> list[PusherState]:
        """The push processes whose rows have not run out."""
        return [pusher for pusher in self.pushers if pusher.silent is None]

    @property
    def totals(self) -> dict[str, Any]:
        """Return the figures of the whole site; None for what nobody knows."""
        alive = self.alive
        latencies = [pusher.commit_to_push for pusher in alive if pusher.commit_to_push is not None]
        ages = [web.status["dataAge"] for web in self.webs if not web.silent and "dataAge" in web.status]
        return {
            "sockets": int(self._sum("sockets")),
            "users": int(self._sum("users")),
            "frames_per_second": self._sum("framesPerSecond"),
            "stale": int(self._sum("stale")),
            "watched": sum(pusher.users for pusher in alive),
            "pushes": sum(pusher.pushes for pusher in alive),
            "commit_to_push": max((median for median, _ in latencies), default=None),
            "commit_to_push_most": max((most for _, most in latencies), default=None),
            "data_age": max(ages, default=None),
            "free_shards": sum(shard.free for shard in self.shards),
        }


def service_state() -> ServiceState:
    """Read the state of all processes and shards; three queries. The figures are as old as their rows: seconds."""
    leases = list(PushLease.objects.annotate(now=Now()).order_by("shard"))
    processes = list(PushProcess.objects.annotate(now=Now()).order_by("started_at"))
    webs = list(WebProcess.objects.annotate(now=Now()).order_by("started_at"))
    lease_seconds = pusher_settings().LEASE_SECONDS
    shards = []
    for lease in leases:
        left = (lease.expires_at - lease.now).total_seconds()
        shards.append(ShardState(lease.shard, lease.owner, lease.epoch, lease_seconds - left, left))
    held = [shard.owner for shard in shards if not shard.free]
    rows: list[Any] = [*leases, *processes, *webs]
    found = next((row.now for row in rows), None)
    return ServiceState(
        at=found or timezone.now(),
        pushers=[_pusher(process, held.count(process.owner)) for process in processes],
        shards=shards,
        webs=[_web(process) for process in webs],
    )


def _pusher(process: Any, shards: int) -> PusherState:
    now, status = process.now, process.status
    silent = (now - process.expires_at).total_seconds()
    latency = status.get("commitToPush")
    return PusherState(
        owner=process.owner,
        started_at=process.started_at,
        silent=silent if silent > 0 else None,
        shards=shards,
        users=status.get("users", 0),
        pushes=status.get("pushes", 0),
        commit_to_push=(latency[0], latency[1]) if latency else None,
        feeds=[_feed(name, told, now) for name, told in sorted(status.get("feeds", {}).items())],
    )


def _feed(name: str, told: dict[str, Any], now: datetime) -> FeedState:
    return FeedState(
        name=name,
        interval=told.get("interval", 0),
        age=_age(told.get("tickedAt"), now),
        seconds=told.get("seconds", 0),
        late=told.get("late", 0),
        watched=told.get("watched", 0),
        error=told.get("error", ""),
        error_age=_age(told.get("errorAt"), now),
    )


def _web(process: Any) -> WebState:
    seen = (process.now - process.seen_at).total_seconds()
    silent = process.expires_at <= process.now
    return WebState(process.name, process.started_at, seen, silent, process.status)


def _age(milliseconds: int | None, now: datetime) -> float | None:
    return max(0.0, now.timestamp() - milliseconds / 1000) if milliseconds else None
