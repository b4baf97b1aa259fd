"""What processes hold, seen from outside: memory, files, connections, channels; and what may have grown."""

import json
import os
import time
from pathlib import Path
from typing import Any

from tests.chaos.servers import Postgres, Redis
from tests.chaos.stack import Process, Stack

MEGABYTE = 1 << 20
SETTLED_SECONDS = 20.0  # of a process's life until its memory is compared
LONG_SECONDS = 60.0  # that a process lives at least, or its memory says nothing
# A web server's pool keeps up to 20 database connections; a pusher has a thread with one for each of its loops.
FILES = {"web": 35, "pushers": 25, "market": 15}
IDLE_TASKS = 25  # of a web server without sockets: the hub's own
GROWTH = (30 * MEGABYTE, 0.25)  # Python's heap after a burst, and its share of what was there
DATABASE_CONNECTIONS = {"web": 21, "pushers": 14, "market": 4}
REDIS_CONNECTIONS = 6  # of one process: its subscriptions, its sends, and the nudges' own


class Sampler:
    """Writes down every few seconds what each process holds."""

    def __init__(self, stack: Stack, path: Path) -> None:
        self._stack, self._path = stack, path
        self.lines: list[dict[str, Any]] = []
        self.loads: list[float] = []  # how many processes want a core, on the whole machine

    def sample(self) -> dict[str, dict[str, Any]]:
        """Return name -> {pid, rss, fds} of all processes that run now, and keep it."""
        found = {}
        self.loads.append(os.getloadavg()[0])
        for process in self._stack.processes:
            try:
                found[process.name] = {"pid": process.pid, **_held(process)}
            except OSError:
                continue  # it has just ended
        for name, held in found.items():
            self.lines.append({"t": time.monotonic(), "name": name, **held})
            with self._path.open("a") as file:
                file.write(json.dumps(self.lines[-1]) + "\n")
        return found

    def memory(self) -> list[str]:
        """Return which processes took more and more memory, as sentences."""
        lives: dict[int, list[dict[str, Any]]] = {}
        for line in self.lines:
            lives.setdefault(line["pid"], []).append(line)
        said = []
        for lines in lives.values():
            settled = [line for line in lines if line["t"] - lines[0]["t"] >= SETTLED_SECONDS]
            if not settled or lines[-1]["t"] - lines[0]["t"] < LONG_SECONDS:
                continue
            first, last = settled[0]["rss"], settled[-1]["rss"]
            if last - first > GROWTH[0] + GROWTH[1] * first:
                said.append(f"{lines[0]['name']} grew from {first >> 20} MB to {last >> 20} MB")
        return said


def _held(process: Process) -> dict[str, int]:
    status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    (rss,) = [int(line.split()[1]) for line in status if line.startswith("VmRSS")] or [0]
    return {"rss": rss * 1024, "fds": len(list(Path(f"/proc/{process.pid}/fd").iterdir()))}


def leaks(
    before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]], gauges: dict[int, dict[str, Any]]
) -> list[str]:
    """Return what the processes hold without a client more than they held before the first one."""
    said = []
    for name, held in after.items():
        kind = name.partition("-")[0]
        more = held["fds"] - before.get(name, held)["fds"]
        if more > FILES[kind]:
            said.append(f"{name} holds {more} files and connections more than at first ({held['fds']})")
        gauge = gauges.get(held["pid"], {})
        if kind == "web" and gauge.get("tasks", 0) > IDLE_TASKS:
            said.append(f"{name} runs {gauge['tasks']} tasks without a socket")
        if kind == "web" and gauge.get("groups", 0) > 1:
            said.append(f"{name} is in {gauge['groups']} groups without a socket")
    return said


def outside(stack: Stack, postgres: Postgres, redis_: Redis) -> list[str]:
    """Return what Redis and PostgreSQL still hold for clients that are gone."""
    said = []
    followed = [name for name in redis_.channels() if "__group__user." in name or "__group__symbol." in name]
    if followed:
        said.append(f"{len(followed)} groups of users and symbols have subscribers without a socket: {followed[:3]}")
    kinds = [process.name.partition("-")[0] for process in stack.processes]
    if (held := redis_.connections()) > REDIS_CONNECTIONS * (len(kinds) + 1):
        said.append(f"{held} connections to Redis")
    if (held := postgres.connections()) > sum(DATABASE_CONNECTIONS[kind] for kind in kinds) + 6:
        said.append(f"{held} connections to PostgreSQL")
    return said


def last_gauges(path: Path) -> dict[int, dict[str, Any]]:
    """Return pid -> the newest count of tasks, channels and groups that its layer noted."""
    gauges: dict[int, dict[str, Any]] = {}
    for text in path.read_text().splitlines() if path.exists() else []:
        line = json.loads(text)
        if "tasks" in line:
            gauges[line["pid"]] = line
    return gauges
