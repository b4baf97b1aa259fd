"""The database and the Redis of a run: they can be stopped, killed and paused, and come back where they were."""

import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path

import psycopg
import redis

from tests.servers import POSTGRES_SETTINGS, initialise_postgres, start_postgres, wait_for_postgres
from tradingsite.embedded_redis import embedded_redis, free_port, wait_for_redis

# A crash must not lose what was committed, or the ledger would be wrong; the machine itself does not crash.
# The same few rows change all the time, so it must clean up behind them.
SETTINGS = {
    **POSTGRES_SETTINGS,
    "synchronous_commit": "on",
    "max_connections": "200",
    "log_min_messages": "warning",
    "autovacuum": "on",
    "autovacuum_naptime": "10",
}
CLIENTS = "pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"


class Postgres:
    """A PostgreSQL of our own."""

    def __init__(self, folder: Path, log: Path) -> None:
        self._cluster, self._log = initialise_postgres(folder), log
        self._port = free_port()
        self.url = f"postgres://postgres@127.0.0.1:{self._port}/postgres"
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = start_postgres(self._cluster, self._port, SETTINGS, log)

    def wait(self) -> None:
        wait_for_postgres(self.url)

    def stop(self, number: signal.Signals) -> None:
        """Stop it: SIGINT ends all connections first (fast), SIGQUIT is a crash (immediate)."""
        self.process.send_signal(number)
        self.process.wait(30)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.stop(signal.SIGQUIT)

    def terminate_connections(self) -> int:
        """End all other connections; return how many there were."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            query = f"SELECT count(pg_terminate_backend(pid)) FROM {CLIENTS}"
            row = connection.execute(query.encode()).fetchone()
        return int(row[0]) if row else 0

    def connections(self) -> int:
        """Return how many clients are connected."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            query = f"SELECT count(*) FROM {CLIENTS}"
            row = connection.execute(query.encode()).fetchone()
        return int(row[0]) if row else 0

    def leases(self) -> list[tuple[int, str, int]]:
        """Return (shard, owner, epoch) of every lease."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=2) as connection:
            rows = connection.execute("SELECT shard, owner, epoch FROM pushers_pushlease").fetchall()
        return [(int(shard), str(owner), int(epoch)) for shard, owner, epoch in rows]


class Redis:
    """A Redis of our own."""

    def __init__(self, log: Path) -> None:
        self._log, self._stack = log, ExitStack()
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        self.process: subprocess.Popen[bytes] = self._stack.enter_context(embedded_redis(port=self.port, log=self._log))
        wait_for_redis(self.url)

    def kill(self) -> None:
        self._stack.close()

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, socket_timeout=5)

    def channels(self) -> list[str]:
        """Return the names of all channels that somebody listens on."""
        with self.client() as client:
            return sorted(name.decode() for name in client.pubsub_channels())

    def connections(self) -> int:
        with self.client() as client:
            return len(client.client_list()) - 1
