"""Run the whole site under a steady load and look for what grows: `python -m tests.soak --minutes 10`.

Each process serves its metrics at a port of its own. They are read after a minute of warming up and at the end, with
what the kernel says of the processes (memory, threads, open files) and what PostgreSQL and Redis say of their clients.
A table is printed; the exit code is 1 where something has grown past its bound.
"""

import argparse
import asyncio
import json
import re
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from tests.protocol_client import connected
from tests.servers import postgres_server, redis_server
from tests.site.running_site import FEEDS, RunningSite
from tradingsite.embedded_redis import free_port

USERS = ("alice", "bob", "carol")
SYMBOLS = ("AAPL", "MSFT", "GOOG")
RECONNECT = 5.0  # seconds that a socket stays before its client closes it and comes again
ORDER = 1.0  # seconds between the orders of one user


@dataclass(frozen=True)
class Bound:
    """How far a figure may be above what it was after the warm-up: a share of it, and so much more."""

    share: float
    more: float

    def holds(self, before: float, after: float) -> bool:
        return after <= before * (1 + self.share) + self.more


BOUNDS = {
    "memory MiB": Bound(0.10, 8),  # Python's heap breathes
    "threads": Bound(0, 2),
    "open files": Bound(0, 6),
    "database connections": Bound(0, 4),
    "redis clients": Bound(0, 4),
    "sockets": Bound(0, 2),
    "watched users": Bound(0, 0),
    "queued bytes": Bound(0, 65_536),
    "outbox": Bound(0, 200),
}
GAUGES = {
    "consumers_sockets": "sockets",
    "consumers_queued_bytes": "queued bytes",
    "pushers_users": "watched users",
    "pushers_outbox_messages": "outbox",
}
TOTALS = ("pushers_pushes_total", "consumers_frames_total", "trading_fills_total", "consumers_repairs_total")


class Stack(RunningSite):
    """The site on servers of its own; every process at a metrics port."""

    def __init__(self, folder: Path, database_url: str, redis_url: str) -> None:
        super().__init__(folder, database_url, redis_url)
        self.ports: dict[str, int] = {}

    def serve(self, name: str, *arguments: str) -> None:
        self.ports[name] = free_port()
        self._start(name, ["manage.py", *arguments, "--metrics-port", str(self.ports[name])])

    def figures(self) -> dict[str, float]:
        """Return what may not grow, by process and name."""
        found = {
            "postgresql: database connections": float(self._database_connections()),
            "redis: redis clients": float(self._redis_clients()),
        }
        for process in self.processes:
            found |= {f"{process.name}: {name}": value for name, value in kernel_figures(process._popen.pid).items()}
            metrics = self.metrics(process.name)
            found |= {f"{process.name}: {GAUGES[name]}": value for name, value in metrics.items() if name in GAUGES}
        return found

    def metrics(self, name: str) -> dict[str, float]:
        """Return the metrics of a process: those of one name with several labels as their sum."""
        url = f"http://127.0.0.1:{self.ports[name]}/metrics"
        text = urllib.request.urlopen(url, timeout=10).read().decode()
        found: dict[str, float] = {}
        for sample, value in re.findall(r"^(\w+)(?:{[^}]*})? ([\d.e+-]+)$", text, re.MULTILINE):
            found[sample] = found.get(sample, 0.0) + float(value)
        return found

    def _database_connections(self) -> int:
        with psycopg.connect(self.database_url) as connection:
            row = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE client_addr IS NOT NULL").fetchone()
            assert row is not None
            return int(row[0])

    def _redis_clients(self) -> int:
        with redis.Redis.from_url(self._environment["REDIS_URL"]) as client:
            return len(client.client_list())


def kernel_figures(pid: int) -> dict[str, float]:
    """Return memory, threads and open files of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    number = {name: float(value) for name, value in re.findall(r"^(VmRSS|Threads):\s+(\d+)", status, re.MULTILINE)}
    files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return {"memory MiB": number["VmRSS"] / 1024, "threads": number["Threads"], "open files": float(files)}


async def trade(site: Stack, token: str) -> None:
    """Buy one and sell one, for ever."""
    side = "buy"
    while True:
        order = {"account": "paper", "symbol": "AAPL", "side": side, "type": "market", "amount": "1"}
        await asyncio.to_thread(post, site.url + "/api/v1/orders", token, order)
        side = "sell" if side == "buy" else "buy"
        await asyncio.sleep(ORDER)


def post(url: str, token: str, body: dict[str, str]) -> None:
    """Send a request; a refusal is an answer too: the load goes on."""
    headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        urllib.request.urlopen(request, timeout=30).close()
    except urllib.error.HTTPError as error:
        error.close()


async def watch(site: Stack, token: str, *, stay: float | None) -> None:
    """Watch everything with a socket; with `stay`, close it after so many seconds and come again."""
    while True:
        async with connected(site.socket_url, token, FEEDS, SYMBOLS) as client:
            await client.until(client.is_live, "all live")
            await asyncio.sleep(stay or 10**6)


async def load(site: Stack, minutes: float, warm_up: float) -> tuple[dict[str, float], dict[str, float]]:
    """Load the site and return its figures after the warm-up and at the end."""
    tokens = [site.command("apitoken", user, "--scopes", "read,trade") for user in USERS]
    async with AsyncExitStack() as stack:
        tasks = [asyncio.create_task(trade(site, token)) for token in tokens]
        tasks += [asyncio.create_task(watch(site, token, stay=None)) for token in tokens for _ in range(3)]
        tasks += [asyncio.create_task(watch(site, token, stay=RECONNECT)) for token in tokens]
        stack.callback(lambda: [task.cancel() for task in tasks])
        await asyncio.sleep(warm_up)
        before = await asyncio.to_thread(site.figures)
        await asyncio.sleep(minutes * 60)
        after = await asyncio.to_thread(site.figures)
        ended = [task.exception() for task in tasks if task.done()]
        assert not ended, f"a client ended: {ended[0]!r}"
    return before, after


@contextmanager
def running() -> Iterator[Stack]:
    """Run the whole site on PostgreSQL and Redis."""
    with (
        tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as name,
        redis_server(Path(name)) as redis_url,
        postgres_server(Path(name)) as database_url,
    ):
        site = Stack(Path(name), database_url, redis_url)
        try:
            site.command("migrate", "--verbosity", "0")
            site.command("seeddemo", "--yes-this-is-a-demo")
            site.serve("web", "runweb", "--port", str(site.port))
            site.serve("pushers", "runpushers")
            site.serve("market", "runmarket")
            wait_until_ready(site)
            yield site
        finally:
            site.stop_all()


def wait_until_ready(site: Stack) -> None:
    """Return once /readyz says so; raise TimeoutError with the logs after a minute."""
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{site.url}/readyz", timeout=5).close()
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise TimeoutError(f"not ready within a minute: {error}\n{site.logs()}") from error
            time.sleep(0.2)


def report(before: dict[str, float], after: dict[str, float]) -> bool:
    """Print the table; say whether nothing has grown past its bound."""
    well = True
    print(f"{'':36}{'before':>10}{'after':>10}")
    for name in sorted(after):
        held = BOUNDS[name.partition(": ")[2]].holds(before.get(name, 0.0), after[name])
        well = well and held
        print(f"{name:36}{before.get(name, 0.0):>10.1f}{after[name]:>10.1f}{'' if held else '  GROWN'}")
    return well


def main(argv: list[str]) -> int:
    """Soak the site and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="between the two looks (default 10)")
    parser.add_argument("--warm-up", type=float, default=60.0, help="seconds before the first look (default 60)")
    options = parser.parse_args(argv)
    with running() as site:
        before, after = asyncio.run(load(site, options.minutes, options.warm_up))
        totals = {name: sum(site.metrics(process).get(name, 0.0) for process in site.ports) for name in TOTALS}
    well = report(before, after)
    print(", ".join(f"{name} {value:.0f}" for name, value in totals.items()))
    print("Nothing has grown." if well else "Something has grown.")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
