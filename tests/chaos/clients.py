"""The process of all clients: `python -m tests.chaos.clients`, driven by JSON lines on stdin.

The first line is {seeded, urls, clients, seed, journal}; then {do: ...}: `freeze` and `cut` a number of clients,
`storm` opens as many more for some seconds each, `status`, `dump` and `close` are answered on stdout.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.chaos import marks
from tests.chaos.client import Client

LAG = 0.5  # seconds that this process may be late; more is noted, for it blurs what the clients' clocks say
SUBSET = ("orders", "balance")  # what every fifth client watches


class Clients:
    """All clients of a run."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._order, self._chance = order, random.Random(f"{order['seed']}/clients")
        self._journal_file = Path(order["journal"]).open("a")  # noqa: SIM115 - open for as long as the process is
        self._all: dict[asyncio.Task[None], Client] = {}
        self._storms: set[asyncio.Task[None]] = set()
        self._number = 0
        self.worst_lag = 0.0

    def start(self) -> None:
        """Start the clients that stay for the whole run; each trader has one before any has a second."""
        for number in range(self._order["clients"]):
            self._open(self._order["seeded"][number % len(self._order["seeded"])])

    def _open(self, trader: dict[str, Any]) -> Client:
        number, self._number = self._number, self._number + 1
        client = Client(
            number,
            trader,
            self._order["urls"],
            self.journal,
            random.Random(f"{self._order['seed']}/client/{number}"),
            feeds=SUBSET if number % 5 == 4 else marks.FEEDS,
            symbols=(marks.MOVING,) if number % 3 == 0 else (),
        )
        task = asyncio.create_task(client.run(), name=f"client-{number}")
        self._all[task] = client
        task.add_done_callback(self._ended)
        return client

    def _ended(self, task: "asyncio.Task[None]") -> None:
        client = self._all.pop(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.journal({"t": time.monotonic(), "c": client.number, "e": "broken", "error": repr(error)})

    def journal(self, line: dict[str, Any]) -> None:
        self._journal_file.write(json.dumps(line) + "\n")

    def flush(self) -> None:
        self._journal_file.flush()

    def _some(self, count: int) -> list[Client]:
        clients = sorted(self._all.values(), key=lambda client: client.number)
        return self._chance.sample(clients, min(count, len(clients)))

    def freeze(self, count: int, seconds: float) -> None:
        for client in self._some(count):
            client.freeze(self._chance.uniform(0.3, 1.0) * seconds)

    def cut(self, count: int, seconds: float) -> None:
        for client in self._some(count):
            client.cut()

    def storm(self, count: int, seconds: float) -> None:
        """Open so many tabs at once; each is closed after a while."""
        for _ in range(count):
            client = self._open(self._chance.choice(self._order["seeded"]))
            asyncio.get_running_loop().call_later(self._chance.uniform(0.2, 1.0) * seconds, client.stop)

    def status(self) -> dict[str, Any]:
        clients = self._all.values()
        return {
            "clients": len(clients),
            "live": sum(client.is_live for client in clients),
            "frames": sum(client.frames for client in clients),
            "lag": round(self.worst_lag, 2),
        }

    def dump(self) -> list[dict[str, Any]]:
        """Return what each client shows now."""
        self.flush()
        return [
            {
                "client": client.number,
                "trader": client.trader,
                "live": client.is_live,
                "documents": client.documents(),
                "price": client.rule.tickers.get(marks.MOVING, {}).get("last"),
                "frames": client.frames,
                "connections": client.connections,
            }
            for client in sorted(self._all.values(), key=lambda client: client.number)
        ]

    async def close(self) -> None:
        tasks = list(self._all)
        for client in list(self._all.values()):
            client.stop()
        if tasks:
            await asyncio.wait(tasks, timeout=10)
        self.flush()

    async def watch_clock(self) -> None:
        """Note when this process itself is late."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.1)
            lag = time.monotonic() - before - 0.1
            self.worst_lag = max(self.worst_lag, lag)
            if lag > LAG:
                self.journal({"t": before, "e": "lag", "seconds": lag})
            self.flush()


async def main() -> None:
    """Do what the lines say, to the end of stdin."""
    reader = asyncio.StreamReader(limit=2**24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    clients = Clients(json.loads(await reader.readline()))
    clock = asyncio.create_task(clients.watch_clock())
    clients.start()
    doing: dict[str, Callable[[int, float], None]] = {
        "freeze": clients.freeze,
        "cut": clients.cut,
        "storm": clients.storm,
    }
    while line := await reader.readline():
        order = json.loads(line)
        if order["do"] in doing:
            doing[order["do"]](order["count"], order["seconds"])
        elif order["do"] == "close":
            await clients.close()
            _say({"closed": True})
        else:
            _say(clients.status() if order["do"] == "status" else clients.dump())
    clock.cancel()


def _say(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
