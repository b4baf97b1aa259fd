"""What stalled readers cost the others: `python -m tests.benchmarks.slow_readers [--readers 200] [--stalled 50]`.

Starts a Redis, the production server and the pushers, for a project with large documents; measures how long a change
takes from its commit to each reader, first with all readers reading, then with some of one user's stalled. What counts
is the difference between the two rows.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import websockets

from tests.servers import redis_server
from tests.site.web_process import ForeignSite, RawClient, foreign_site

KIB = 1024
PARCELS = """
from django.contrib.auth import get_user_model
from tests.foreign.parcels.models import Parcel
owner = get_user_model().objects.get(username="alice")
Parcel.objects.bulk_create([Parcel(owner=owner, destination="Oslo") for _ in range({count})])
"""
CHANGE = """
import sys, time
from django.utils.crypto import get_random_string
from pushers import nudge
from tests.foreign.parcels.models import Parcel
rows = list(Parcel.objects.all())
for number in range({changes}):
    for row in rows:
        row.destination = get_random_string(80)
    Parcel.objects.bulk_update(rows, ["destination"])
    print(rows[0].destination, time.monotonic(), flush=True)
    nudge([rows[0].owner_id])
    time.sleep({pause})
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=100)
    parser.add_argument("--stalled", type=int, default=50)
    parser.add_argument("--changes", type=int, default=60)
    parser.add_argument("--parcels", type=int, default=200, help="rows in the document: 120 bytes each")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        site = stack.enter_context(foreign_site(folder, stack.enter_context(redis_server(folder))))
        site.start_pushers(3600)
        web = site.start_web(SOCKETS_PER_USER=10_000)
        session = site.sign_in("alice")
        site.python(PARCELS.format(count=options.parcels))
        print(f"{options.readers} readers of one user, {options.changes} changes of a {options.parcels}-row document")
        for stalled in (0, options.stalled):
            before = web.memory()
            sockets = [site.client(session, receive_buffer=4 * KIB).subscribe("parcels") for _ in range(stalled)]
            for client in sockets:
                client.reading.clear()
            times = asyncio.run(_measure(site, session, options.readers, options.changes))
            _report(stalled, times, web.memory() - before, sockets)


async def _measure(site: ForeignSite, session: str, readers: int, changes: int) -> list[float]:
    """Return the milliseconds from each change's commit to each reader."""
    arrived: dict[str, list[float]] = {}
    headers = {"Cookie": f"sessionid={session}", "Origin": f"http://127.0.0.1:{site.port}"}
    url = f"ws://127.0.0.1:{site.port}/ws/"
    sockets = [
        await websockets.connect(url, additional_headers=headers, max_size=None, compression=None)
        for _ in range(readers)
    ]
    tasks = [asyncio.create_task(_read(socket, arrived)) for socket in sockets]
    await asyncio.sleep(2)
    printed = await asyncio.to_thread(site.python, CHANGE.format(changes=changes, pause=0.25))
    await asyncio.sleep(2)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for socket in sockets:
        await socket.close()
    committed = dict(line.split() for line in printed.splitlines())
    return [(at - float(when)) * 1000 for place, when in committed.items() for at in arrived.get(place, [])]


async def _read(socket: websockets.ClientConnection, arrived: dict[str, list[float]]) -> None:
    await socket.send(json.dumps({"type": "subscribe", "feeds": ["parcels"], "id": 1}))
    async for text in socket:
        now = time.monotonic()
        _, found, rest = text.partition('"destination":"')
        if found:
            arrived.setdefault(rest[:80], []).append(now)


def _report(stalled: int, times: list[float], memory: int, sockets: list[RawClient]) -> None:
    ordered = sorted(times)
    p99 = ordered[int(len(ordered) * 0.99)]
    print(
        f"  {stalled:>4} stalled: {len(ordered):>6} arrivals   p50 {statistics.median(ordered):7.1f} ms"
        f"   p99 {p99:7.1f} ms   most {ordered[-1]:7.1f} ms   memory {memory / KIB / KIB:+6.1f} MiB"
    )


if __name__ == "__main__":
    main()
