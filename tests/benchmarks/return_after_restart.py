"""How sockets come back after a restart: `python -m tests.benchmarks.return_after_restart [--sockets 2000]`.

Starts a Redis, the production server and the pushers; opens the sockets, restarts the server, and has every client
obey the goodbye: wait a random time in its range, connect with `have`. Prints when they were back and live, how many
handshakes there were in the busiest second, and how many reads of the feed the return cost.
"""

import argparse
import asyncio
import json
import random
import resource
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import websockets

from tests.servers import redis_server
from tests.site.web_process import ForeignSite, foreign_site

USERS = """
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
store = import_module(settings.SESSION_ENGINE).SessionStore
for number in range({count}):
    user = get_user_model().objects.create(username=f"trader-{{number}}")
    session = store()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    print(session.session_key)
"""


class Client:
    """One page: its position, and when it was live again."""

    def __init__(self, site: ForeignSite, session: str) -> None:
        self._url = f"ws://127.0.0.1:{site.port}/ws/"
        self._headers = {"Cookie": f"sessionid={session}", "Origin": f"http://127.0.0.1:{site.port}"}
        self.position: dict[str, int] | None = None
        self.live = asyncio.Event()
        self.connected: list[float] = []
        self.tries = self.snapshots = 0
        self.delay = 1.0  # seconds

    async def run(self) -> None:
        while True:
            self.tries += 1
            try:
                async with websockets.connect(
                    self._url, additional_headers=self._headers, compression=None, open_timeout=60, ping_interval=None
                ) as socket:
                    self.connected.append(time.monotonic())
                    have = {"parcels": self.position} if self.position else {}
                    await socket.send(json.dumps({"type": "subscribe", "feeds": ["parcels"], "have": have, "id": 1}))
                    async for text in socket:
                        self._take(json.loads(text))
            except (OSError, websockets.WebSocketException, TimeoutError):
                pass
            self.live.clear()
            await asyncio.sleep(self.delay)
            self.delay = random.uniform(0.25, 0.5) * 2 ** min(self.tries, 5)

    def _take(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "goodbye":
            least, most = frame["reconnect_ms"]
            self.delay, self.tries = random.uniform(least, most) / 1000, 0
        entry = frame.get("feeds", {}).get("parcels", {}) if frame["type"] == "push" else {}
        if "epoch" in entry:
            self.position = {"epoch": entry["epoch"], "seq": entry["seq"]}
            self.snapshots += "snapshot" in entry
            self.live.set()


async def restart(site: ForeignSite, sessions: list[str]) -> dict[str, Any]:
    """Open all sockets, restart the web server, and return what their return took."""
    clients = [Client(site, session) for session in sessions]
    tasks = []
    for number, client in enumerate(clients):
        tasks.append(asyncio.create_task(client.run()))
        if number % 20 == 19:
            await asyncio.sleep(0.1)
    for client in clients:
        await asyncio.wait_for(client.live.wait(), 120)
    for client in clients:
        client.snapshots, client.connected = 0, []
    assert site.web is not None
    assert site.pushers is not None
    reads, began = _reads(site), time.monotonic()
    code = await asyncio.to_thread(site.web.end)
    stopped = time.monotonic()
    site.start_web(SOCKETS_PER_USER=10_000)
    listening = time.monotonic()
    for client in clients:
        await asyncio.wait_for(client.live.wait(), 120)
    ended = time.monotonic()
    connected = sorted(moment for client in clients for moment in client.connected)
    result = {
        "sockets": len(clients),
        "exit_code": code,
        "stop_s": round(stopped - began, 2),
        "listens_after_s": round(listening - began, 2),
        "all_live_after_s": round(ended - began, 2),
        "busiest_second": max(Counter(int(moment - began) for moment in connected).values()),
        "first_back_s": round(connected[0] - began, 2),
        "last_back_s": round(connected[-1] - began, 2),
        "snapshots": sum(client.snapshots for client in clients),
        "users_read": _reads(site) - reads,
    }
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return result


def _reads(site: ForeignSite) -> int:
    """Return how many users the parcels feed was asked for so far, as the feed itself has counted."""
    path = Path(site.environment["FOREIGN_READS"])
    return sum(map(int, path.read_text().split())) if path.exists() else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=2000)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        site = stack.enter_context(foreign_site(folder, stack.enter_context(redis_server(folder))))
        site.environment["FOREIGN_READS"] = str(folder / "reads")
        site.start_pushers(3600)
        site.start_web(SOCKETS_PER_USER=10_000)
        sessions = site.python(USERS.format(count=options.sockets)).split()
        print(json.dumps(asyncio.run(restart(site, sessions))))


if __name__ == "__main__":
    main()
