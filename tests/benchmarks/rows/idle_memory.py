"""Memory per idle socket of the whole server process: the site with all feeds of a page, and stock Channels."""

import asyncio

from tests.benchmarks.results import Entry
from tests.benchmarks.senders import FEEDS, RedisPipe, SteadyOwner
from tests.benchmarks.stage import Stage, memory_of

IDS = ("7",)
LIMIT = 180.0

KIB, MIB = 2**10, 2**20
FIRST = 50  # sockets that are there before memory is counted: what the first ones import and cache is not theirs
SETTLE = 5.0  # seconds until what the connecting took is given back


def measure(stage: Stage, only: frozenset[str]) -> list[Entry]:
    """Measure row 7."""
    database = stage.new_database()
    stage.migrate(database)
    stage.use_django(database)
    sockets = 200 if stage.quick else 2000
    per_socket, total = {}, {}
    for name in ("site", "stock"):
        before, after = asyncio.run(_memory(stage, database, name, sockets))
        per_socket[name], total[name] = (after - before) / (sockets - FIRST) / KIB, after / MIB
    what = f"memory of the process with {sockets:,} idle sockets"
    return [
        Entry("7", "memory per idle socket: the site to stock Channels", _ratio(per_socket), "x", 1.0),
        Entry("7.site", "memory per idle socket: the site, five feeds each", per_socket["site"], "KiB"),
        Entry("7.stock", "memory per idle socket: stock Channels on the same server", per_socket["stock"], "KiB"),
        Entry("7.total", f"{what}: the site to stock Channels", _ratio(total), "x", 1.0),
        Entry("7.total.site", f"{what}: the site", total["site"], "MiB"),
    ]


async def _memory(stage: Stage, database: str, name: str, sockets: int) -> tuple[int, int]:
    """Return the bytes of a server's process with the first sockets and with all of them."""
    from asgiref.sync import sync_to_async

    from tests.benchmarks.contestants import Site, Stock
    from tests.benchmarks.sign_ins import sign_in_new_users

    users, keys = await sync_to_async(sign_in_new_users)(sockets)
    pipe = RedisPipe()
    server = (Site if name == "site" else Stock)(name, database, users, keys, pipe)
    server.feeds, server.owner = FEEDS, SteadyOwner(map(str, users))
    await server.owner.start()
    await server.start(stage)
    await server.swarm.connect(server.port, FIRST)
    await asyncio.sleep(SETTLE)
    before = memory_of(server.process.pid)
    await server.swarm.connect(server.port, sockets)
    await asyncio.sleep(SETTLE)
    await server.swarm.until(0)  # nobody was lost
    after = memory_of(server.process.pid)
    server.stop()
    server.owner.stop()
    return before, after


def _ratio(figures: dict[str, float]) -> float:
    return figures["site"] / figures["stock"]
