"""The leases of the shards: at most one process pushes for a user, and a dead one is replaced within seconds.

A lease is a row; the database's clock decides when it has run out, and a conditional UPDATE decides who gets it.
Every takeover raises the epoch, max(epoch + 1, the database's clock in ms), which never goes back, also after a
restore. The holder trusts its own monotonic clock, less a margin, counted from before the statement was sent.
"""

import math
import os
import random
import socket
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Q
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from pushers.models import PushLease, PushProcess

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # a lease that has run out, whoever compares it
LONGEST = timedelta(minutes=5)  # an end further away was written by a clock that was wrong, and would last as long
MARGIN = 0.25  # of the lease: what the holder keeps back for pauses between the check and the send


class ShardCountError(Exception):
    """The database's shards are not those of the settings: users would have two owners. The message says what to do."""


def owner_name() -> str:
    """Return a name for this process that no other process, and no later start of it, has."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


@dataclass(frozen=True, slots=True)
class Standing:
    """How the shards are shared, as a process sees it after a step."""

    processes: int
    released: list[int] = field(default_factory=list)  # by this process, for one that has fewer
    others: dict[int, str] = field(default_factory=dict)  # shard -> who else holds it
    next_end: float = math.inf  # seconds until the next lease of somebody else runs out, if nobody renews it


class Leases:
    """One process's claims on the shards. `epoch` and `held` look at memory, the other methods use the ORM."""

    def __init__(self, count: int, seconds: float, *, owner: str = "", clock: Callable[[], float] = time.monotonic):
        self.count, self.seconds, self.owner = count, seconds, owner or owner_name()
        self.status: Callable[[], dict[str, Any]] = dict  # what is said of this process in its row
        self._clock = clock
        self._epochs: dict[int, int] = {}
        self._deadlines: dict[int, float] = {}

    def epoch(self, shard: int) -> int | None:
        """Return the epoch under which this process owns the shard now; None once it can no longer be sure."""
        epoch = self._epochs.get(shard)
        return epoch if epoch is not None and self._clock() < self._deadlines[shard] else None

    @property
    def held(self) -> dict[int, int]:
        """The shards that this process took and has not given up, with their epochs; a deadline may have passed."""
        return dict(self._epochs)

    def step(self) -> Standing:
        """Renew what is held and take or give back shards, so that every process comes to its share.

        Raises ShardCountError where the database has another number of shards.
        """
        self._announce()
        self._renew()
        rows, now = self._rows()
        processes = max(1, PushProcess.objects.filter(expires_at__gt=Now()).count())
        room = math.ceil(self.count / processes) - len(self._epochs)
        others = [row for row in rows if row.shard not in self._epochs]
        free = [row for row in others if not now < row.expires_at < now + LONGEST]
        taken = self._take(random.sample(free, min(room, len(free))), now) if room > 0 and free else 0
        left = min(room, len(free)) - taken > 0  # somebody else was first with some, and there may be others
        busy = {row.shard: row for row in others if row not in free}
        return Standing(
            processes,
            released=self._give_back(-room) if room < 0 else [],
            others={shard: row.owner for shard, row in busy.items()},
            next_end=0.0 if left else min((_seconds_left(row, now) for row in busy.values()), default=math.inf),
        )

    def owners(self) -> set[str]:
        """Return who holds shards now, without taking part."""
        return set(PushLease.objects.filter(expires_at__gt=Now()).values_list("owner", flat=True))

    def release(self) -> None:
        """Let the other processes take over everything at once."""
        self._let_go(self.held)
        PushProcess.objects.filter(owner=self.owner).delete()

    def give_up(self, shards: Iterable[int]) -> None:
        """Stop owning shards in memory; their epochs are never served again."""
        for shard in shards:
            self._epochs.pop(shard, None)

    def _announce(self) -> None:
        end, status = self._end(), self.status()
        if not PushProcess.objects.filter(owner=self.owner).update(expires_at=end, status=status):
            PushProcess.objects.filter(expires_at__lte=Now() - LONGEST).delete()
            PushProcess.objects.create(owner=self.owner, started_at=Now(), expires_at=end, status=status)

    def _renew(self) -> None:
        """Extend the leases held in memory, and give up those whose rows are no longer ours."""
        issued, by_epoch = self._clock(), _by_epoch(self.held)
        for epoch, shards in by_epoch.items():
            mine = PushLease.objects.filter(owner=self.owner, epoch=epoch, shard__in=shards)
            if mine.update(expires_at=self._end()) != len(shards):
                # An epoch never comes back, so a row that is ours now was ours in the update.
                ours = set(mine.values_list("shard", flat=True))
                self.give_up(shards - ours)
                shards &= ours
            self._deadlines.update(dict.fromkeys(shards, self._until(issued)))

    def _rows(self) -> tuple[list[PushLease], datetime]:
        """Return all leases, made at the first start, and the database's time."""
        query = PushLease.objects.annotate(now=Now()).order_by("shard")
        rows = list(query)
        if not rows:
            made = [PushLease(shard=shard, expires_at=LONG_AGO) for shard in range(self.count)]
            PushLease.objects.bulk_create(made, ignore_conflicts=True)  # another process may do it too
            rows = list(query.all())
        if [row.shard for row in rows] != list(range(self.count)):
            self.give_up(self.held)
            raise ShardCountError(
                f"PUSHERS['SHARDS'] is {self.count}, but the database has {len(rows)} shards: every process needs the "
                "same number. Correct the setting; or stop all push processes and run `manage.py reshard`."
            )
        return list[PushLease](rows), rows[0].now

    def _take(self, rows: list[PushLease], now: datetime) -> int:
        """Take over leases that have run out, each where its row is still as it was read; return how many."""
        issued, taken = self._clock(), {}
        run_out = Q(expires_at__lte=Now()) | Q(expires_at__gte=Now() + LONGEST)
        with transaction.atomic():
            self._limit_idleness()
            for row in sorted(rows, key=lambda row: row.shard):  # in one order, or two processes wait for each other
                epoch = max(row.epoch + 1, int(now.timestamp() * 1000))
                unchanged = PushLease.objects.filter(run_out, shard=row.shard, owner=row.owner, epoch=row.epoch)
                if unchanged.update(owner=self.owner, epoch=epoch, expires_at=self._end()):
                    taken[row.shard] = epoch
        self._deadlines.update(dict.fromkeys(taken, self._until(issued)))
        self._epochs.update(taken)
        return len(taken)

    def _limit_idleness(self) -> None:
        """Have PostgreSQL end the transaction if this process is paused in it for the length of a lease: its row locks
        would keep everybody else from the shards for as long as the pause."""
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = {math.ceil(self.seconds * 1000)}")

    def _give_back(self, number: int) -> list[int]:
        shards = random.sample(sorted(self._epochs), number)
        self._let_go({shard: self._epochs[shard] for shard in shards})
        return shards

    def _let_go(self, epochs: dict[int, int]) -> None:
        self.give_up(epochs)  # first: nothing may be sent once the next owner can have the lease
        for epoch, shards in _by_epoch(epochs).items():
            PushLease.objects.filter(owner=self.owner, epoch=epoch, shard__in=shards).update(expires_at=LONG_AGO)

    def _until(self, issued: float) -> float:
        return issued + self.seconds * (1 - MARGIN)

    def _end(self) -> CombinedExpression:
        return Now() + timedelta(seconds=self.seconds)


def reshard(count: int) -> int:
    """Make `count` shards of those in the database; return how many there were.

    Raises ShardCountError while a process holds one: its users would have two owners.
    """
    with transaction.atomic():
        rows = list(PushLease.objects.select_for_update().annotate(now=Now()))
        if holders := sorted({row.owner for row in rows if row.expires_at > row.now}):
            raise ShardCountError(f"Stop all push processes first: shards are held by {', '.join(holders)}.")
        highest = PushLease.objects.aggregate(epoch=Max("epoch"))["epoch"] or 0
        PushLease.objects.all().delete()
        # Whoever comes to own a user has a higher epoch than anybody who did before.
        PushLease.objects.bulk_create(
            PushLease(shard=shard, epoch=highest, expires_at=LONG_AGO) for shard in range(count)
        )
    return len(rows)


def _seconds_left(row: PushLease, now: datetime) -> float:
    return (row.expires_at - now).total_seconds()


def _by_epoch(epochs: dict[int, int]) -> dict[int, set[int]]:
    grouped: dict[int, set[int]] = {}
    for shard, epoch in epochs.items():
        grouped.setdefault(epoch, set()).add(shard)
    return grouped
