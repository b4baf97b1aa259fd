"""A push process whose ticks are measured: `python -m tests.benchmarks.push_process engine --users 1000 --ticks still`.

Runs on the database and the Redis of its environment; prints a JSON list with what each of the ticks cost. What is
changed before a tick is not part of it.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.benchmarks.stage import cpu_of

FEEDS = ("balance", "positions", "pnl", "orders")
LONG = 600.0  # seconds of a lease here, where nobody renews it


def main() -> None:
    import django

    django.setup()
    options = parser().parse_args()
    from django.db.backends.signals import connection_created

    from pushers.orm import keep_connections
    from pushers.runner import collect_rarely

    keep_connections()
    if options.kind == "engine":
        collect_rarely()
    queries = Queries()
    connection_created.connect(queries.watch)
    measured = asyncio.run(measure(options, queries))
    json.dump(measured, sys.stdout)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("kind", choices=("engine", "naive"))
    made.add_argument("--users", type=int, required=True, help="how many of the database's traders are watched")
    made.add_argument("--ticks", required=True, help=f"comma-separated, of {', '.join(changes())}")
    made.add_argument("--feeds", default=",".join(FEEDS))
    made.add_argument("--postgres", type=int, default=0, help="pid of the server whose CPU is noted beside ours")
    return made


def changes() -> dict[str, Callable[[list[int]], object]]:
    """Return what may happen before a tick, by name."""
    from tests.benchmarks import population

    def moved(users: list[int]) -> None:
        population.change_some(random.Random(7).sample(users, max(1, len(users) // 100)))
        population.move_marks()

    return {"still": lambda users: None, "moved": moved, "all": lambda users: population.change_everything()}


class Queries:
    """Counts the feeds' queries of all connections; what the engine asks for itself is not counted."""

    def __init__(self) -> None:
        self.count = 0

    def watch(self, connection: Any, **kwargs: Any) -> None:
        """Watch a connection; a receiver of Django's signal `connection_created`."""
        if self._note not in connection.execute_wrappers:  # one of SQLite is made anew for every tick
            connection.execute_wrappers.append(self._note)

    def _note(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.count += "trading_" in sql
        return execute(sql, params, many, context)


async def measure(options: argparse.Namespace, queries: Queries) -> list[dict[str, float]]:
    """Run the ticks; return for each {kind, cpu and postgres (seconds), wall (seconds), queries}."""
    from asgiref.sync import sync_to_async

    from trading.models import User

    ids = await sync_to_async(lambda: list(User.objects.order_by("pk").values_list("pk", flat=True)[: options.users]))()
    measured = []
    async with (engine if options.kind == "engine" else naive)(ids, options.feeds.split(",")) as tick:
        for kind in options.ticks.split(","):
            await sync_to_async(changes()[kind])(ids)
            await asyncio.sleep(0.2)  # what changed the rows has its own echo
            before = _standing(options.postgres, queries)
            await tick()
            after = _standing(options.postgres, queries)
            spent = {name: after[name] - value for name, value in before.items()}
            measured.append({"kind": kind, **spent})
    return measured


def _standing(postgres: int, queries: Queries) -> dict[str, float]:
    return {
        "cpu": time.process_time(),
        "wall": time.monotonic(),
        "postgres": cpu_of(postgres) if postgres else 0.0,
        "queries": queries.count,
    }


@asynccontextmanager
async def engine(ids: list[int], feeds: list[str]):  # type: ignore[no-untyped-def]
    """Yield a tick of all feeds by the push engine, sends included, for users whose documents were read before."""
    from pushers.engine import Engine, Selection
    from pushers.lease import Leases

    made = Engine(Selection.of(set(feeds)), Leases(64, LONG))
    users = [str(pk) for pk in ids]
    await made.open(asyncio.Event())
    await made.keeper.step()
    async with asyncio.TaskGroup() as group:
        services = made.start_services(group)

        async def settle() -> None:
            await made.refresher.idle()
            await made.outbox.flush(LONG)

        async def tick() -> None:
            await made.tick_once()
            await settle()

        for user in users:
            made.watchers.add(user, feeds, time.monotonic() + LONG)
        made.refresher.request(users)
        await settle()
        yield tick
        await made.keeper.release()  # or the next process would take its lease for one that lasts, and get half of it
        for service in services:
            service.cancel()
    made.close()


@asynccontextmanager
async def naive(ids: list[int], feeds: list[str]):  # type: ignore[no-untyped-def]
    """Yield a tick of the naive port, whose first one has sent everything."""
    from tests.benchmarks.baselines.naive_port import NaivePusher

    pusher = NaivePusher(ids)
    await asyncio.to_thread(pusher.tick)

    async def tick() -> None:
        await asyncio.to_thread(pusher.tick)

    yield tick


if __name__ == "__main__":
    main()
