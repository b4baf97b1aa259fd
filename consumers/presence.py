"""Who is connected, for people to see: this process's sockets as rows, written in batches beside the pushing.

A socket costs one row inserted and one deleted, both in batches; that it is still there is said by one statement for
the whole process, every ten seconds. Rows of a process that died without a word expire with it.
"""

import asyncio
import logging
import time
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models.functions import Now

from consumers.connection import Connection
from consumers.metrics import WRITTEN
from consumers.models import OpenSocket, WebProcess
from pushers.clock import now_ms
from pushers.lease import owner_name
from pushers.orm import OrmThread

if TYPE_CHECKING:
    from consumers.hub import Hub

logger = logging.getLogger(__name__)

LOOK = 2.0  # seconds between looks for who has come and gone
BEAT = 10.0  # seconds between words that all of them are still there
LIFE = timedelta(seconds=30)  # after the last word a process counts as dead
KEPT = timedelta(minutes=5)  # a dead process's rows stay this long
BATCH = 500  # rows per statement
AT_END = 1.0  # seconds that the rows of a process that ends have to be deleted


class Presence:
    """Keeps the rows of one hub, in a thread of its own. A database that is away is named once, and tried again."""

    def __init__(self, hub: "Hub") -> None:
        self._hub, self._thread = hub, OrmThread("presence")
        self._rows = PresenceRows(owner_name())
        self._written: set[int] = set()
        self._said = -BEAT  # when the process last spoke, by the monotonic clock
        self._frames, self._counted = WRITTEN.frames, time.monotonic()
        self._away = False

    async def run(self) -> None:
        """Write for ever; delete the rows at the end."""
        try:
            while True:
                await self._write()
                await asyncio.sleep(LOOK)
        finally:
            with suppress(Exception):  # they expire by themselves
                async with asyncio.timeout(AT_END):
                    await self._thread.run(self._rows.forget)
            self._thread.close(AT_END)

    async def _write(self) -> None:
        """Write what has changed, if anything has, or the time has come to speak."""
        present = {connection.number: connection for connection in self._hub.all_sockets()}
        joined, left = present.keys() - self._written, self._written - present.keys()
        now = time.monotonic()
        if self._thread.busy or not (joined or left or now - self._said >= BEAT):
            return
        try:
            status = self._status(now)
            if not await self._thread.run(self._rows.write, [present[number] for number in joined], left, status):
                self._written = set()  # others took the process for dead: the next look writes all of them again
                return
            self._written, self._said = set(present), now
            self._away = False
        except Exception as error:  # noqa: BLE001 - whatever the database says, the sockets go on without their rows
            if not self._away:
                logger.error("The open sockets can't be written: %s: %s", type(error).__name__, str(error).strip())
            self._away = True

    def _status(self, now: float) -> dict[str, Any]:
        """Return what the process says of itself; the keys are those of `WebProcess.status`.

        `sockets`, `users`, `frames` sent to sockets since the start, `framesPerSecond` since the last word, `dataAge`:
        seconds since the oldest read that a socket's feed was confirmed by (absent: none), `stale` feeds of sockets.
        """
        sockets = self._hub.all_sockets()
        frames, seconds = WRITTEN.frames, max(now - self._counted, 0.001)
        rate = (frames - self._frames) / seconds
        self._frames, self._counted = frames, now
        oldest, stale = None, 0
        for connection in sockets:
            as_of = self._hub.users[connection.user_id].as_of
            for feed, place in connection.places.items():
                stale += place.stale is not None
                if (moment := as_of.get(feed)) is not None:
                    oldest = moment if oldest is None else min(oldest, moment)
        return {
            "sockets": len(sockets),
            "users": len(self._hub.users),
            "frames": frames,
            "framesPerSecond": round(rate, 2),
            **({"dataAge": max(0, now_ms() - oldest) / 1000} if oldest is not None else {}),
            "stale": stale,
        }


class PresenceRows:
    """One process's rows. The ORM work, for the thread."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._made = False

    def write(self, joined: Collection[Connection], left: Collection[int], status: dict[str, Any]) -> bool:
        """Say that the process lives, insert who has come and delete who has gone, in one transaction.

        False where the process's row is gone, and its sockets' with it: it is made again, and all are to be written.
        """
        with transaction.atomic():
            alive = {"seen_at": Now(), "expires_at": Now() + LIFE, "status": status}
            known = WebProcess.objects.filter(pk=self.name).update(**alive)
            if not known:
                WebProcess.objects.create(name=self.name, started_at=Now(), **alive)
                WebProcess.objects.filter(expires_at__lte=Now() - KEPT).delete()
            if not known and self._made:
                return False
            OpenSocket.objects.bulk_create([self._row(one) for one in joined], BATCH, ignore_conflicts=True)
            gone = sorted(left)
            for start in range(0, len(gone), BATCH):
                OpenSocket.objects.filter(process=self.name, number__in=gone[start : start + BATCH]).delete()
        self._made = True
        return True

    def forget(self) -> None:
        """Delete all rows of the process."""
        WebProcess.objects.filter(pk=self.name).delete()

    def _row(self, connection: Connection) -> OpenSocket:
        return OpenSocket(
            process_id=self.name,
            number=connection.number,
            user_id=get_user_model()._meta.pk.to_python(connection.holder),
            watching="" if connection.watched is None else connection.user_id,
            since=datetime.fromtimestamp(connection.since / 1000, UTC),
            address=connection.peer.address,
            agent=connection.peer.agent,
            by_token=connection.proof is not None and connection.proof.token is not None,
        )
