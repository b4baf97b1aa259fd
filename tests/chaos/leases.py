"""The lease table, looked at while the pushers fight for it."""

import asyncio
import time
from typing import Any

import psycopg

from tests.chaos.servers import Postgres

LOOK_SECONDS = 0.5


class LeaseWatch:
    """Reads the table for ever; an epoch that goes back, or changes its owner, is noted."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self._known: dict[int, tuple[str, int]] = {}
        self.takeovers: list[dict[str, Any]] = []
        self.offences: list[str] = []

    async def run(self) -> None:
        while True:
            try:
                rows = await asyncio.to_thread(self._postgres.leases)
            except psycopg.Error:
                rows = []  # the database is away, and with it every lease
            self.look(rows, time.monotonic())
            await asyncio.sleep(LOOK_SECONDS)

    def look(self, rows: list[tuple[int, str, int]], now: float) -> None:
        """Compare the table with how it was."""
        for shard, owner, epoch in rows:
            known_owner, known_epoch = self._known.get(shard, ("", 0))
            if epoch < known_epoch:
                self.offences.append(f"the epoch of shard {shard} went back from {known_epoch} to {epoch}")
            elif epoch == known_epoch and owner != known_owner and known_owner and owner:
                self.offences.append(f"shard {shard} went from {known_owner} to {owner} under the same epoch {epoch}")
            elif epoch > known_epoch:
                self.takeovers.append({"t": now, "shard": shard, "owner": owner, "epoch": epoch})
            self._known[shard] = (owner, epoch)
