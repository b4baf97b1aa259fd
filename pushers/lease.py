"""The lease of a shard: at most one process pushes for a user, and a dead one is replaced within seconds.

The lease is a row; the database's clock decides when it has run out, and a conditional UPDATE decides who gets it.
Every takeover raises the epoch, max(epoch + 1, the database's clock in ms), which never goes back, also after a
restore. The holder trusts its own monotonic clock, less a margin, counted from before the statement was sent.
"""

import os
import socket
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q
from django.db.models.functions import Now

from pushers.models import PushLease

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # a lease that has run out, whoever compares it
LONGEST = timedelta(minutes=5)  # an end further away was written by a clock that was wrong, and would last as long
MARGIN = 0.25  # of the lease: what the holder keeps back for pauses between the check and the send


def owner_name() -> str:
    """Return a name for this process that no other process, and no later start of it, has."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody else's lease, as a waiting process sees it."""

    owner: str
    seconds_left: float


class Lease:
    """One process's claim on one shard. All methods but `epoch` and `give_up` use the ORM; those look at memory."""

    def __init__(self, shard: int, seconds: float, *, owner: str = "", clock: Callable[[], float] = time.monotonic):
        self.shard, self.seconds, self.owner = shard, seconds, owner or owner_name()
        self._clock = clock
        self._epoch: int | None = None
        self._deadline = 0.0

    @property
    def epoch(self) -> int | None:
        """The epoch under which this process owns the shard now; None once it can no longer be sure."""
        return self._epoch if self._epoch is not None and self._clock() < self._deadline else None

    @property
    def held(self) -> bool:
        return self._epoch is not None

    def acquire(self) -> Holder | None:
        """Take the lease if it has run out; return who holds it otherwise."""
        issued = self._clock()
        PushLease.objects.get_or_create(shard=self.shard, defaults={"expires_at": LONG_AGO})
        row = PushLease.objects.annotate(now=Now()).get(shard=self.shard)
        if row.now < row.expires_at < row.now + LONGEST:
            return Holder(row.owner, (row.expires_at - row.now).total_seconds())
        epoch = max(row.epoch + 1, int(row.now.timestamp() * 1000))
        # Every takeover raises the epoch and a renewal moves the end, so this is the row as it was read.
        run_out = Q(expires_at__lte=Now()) | Q(expires_at__gte=Now() + LONGEST)
        unchanged = PushLease.objects.filter(run_out, shard=self.shard, owner=row.owner, epoch=row.epoch)
        if not unchanged.update(owner=self.owner, epoch=epoch, expires_at=self._expiry()):
            return Holder(PushLease.objects.get(shard=self.shard).owner, self.seconds)  # somebody else was first
        self._epoch, self._deadline = epoch, self._until(issued)
        return None

    def renew(self) -> bool:
        """Extend the lease held in memory; False (and given up) where the row is no longer ours."""
        issued, epoch = self._clock(), self._epoch
        if epoch is None:
            return False
        mine = PushLease.objects.filter(shard=self.shard, owner=self.owner, epoch=epoch)
        if not mine.update(expires_at=self._expiry()):
            self.give_up()
            return False
        self._deadline = self._until(issued)
        return True

    def give_up(self) -> None:
        """Stop owning the shard in memory; the epoch is never served again."""
        self._epoch = None

    def release(self) -> None:
        """Let the next process take over at once."""
        epoch, self._epoch = self._epoch, None
        if epoch is not None:
            PushLease.objects.filter(shard=self.shard, owner=self.owner, epoch=epoch).update(expires_at=LONG_AGO)

    def _until(self, issued: float) -> float:
        return issued + self.seconds * (1 - MARGIN)

    def _expiry(self) -> object:
        return Now() + timedelta(seconds=self.seconds)
