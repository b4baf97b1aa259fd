"""Doing what the schedule says, and noting when each fault began and ended."""

import asyncio
import json
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.chaos.schedule import LAYER_SHARES, Fault
from tests.chaos.servers import Postgres, Redis
from tests.chaos.stack import Process, Stack

Order = Callable[[dict[str, Any]], None]
Bring = Callable[[Fault], Awaitable[str]]


@dataclass
class Done:
    """A fault as it happened, in monotonic time. A kill ends when it happens, a pause when the process goes on."""

    kind: str
    start: float
    end: float
    target: str
    seconds: float


class Saboteur:
    """Brings faults about. `order` sends a line to the process of the clients."""

    def __init__(self, stack: Stack, postgres: Postgres, redis: Redis, order: Order) -> None:
        self._stack, self._postgres, self._redis, self._order = stack, postgres, redis, order
        self._restarts: set[asyncio.Task[None]] = set()
        self.done: list[Done] = []
        self._ways: dict[str, Bring] = {
            "redis_restart": self._redis_kill,
            "redis_kill": self._redis_kill,
            "redis_flush": self._redis_flush,
            "redis_cut": self._redis_cut,
            "redis_pause": self._redis_pause,
            "database_cut": self._database_cut,
            "database_restart": partial(self._database_stop, signal.SIGINT),
            "database_crash": partial(self._database_stop, signal.SIGQUIT),
            "client_freeze": partial(self._clients, "freeze"),
            "client_cut": partial(self._clients, "cut"),
            "client_storm": partial(self._clients, "storm"),
            **dict.fromkeys(LAYER_SHARES, self._layer),
        }
        for name, processes in (("pusher", stack.pushers), ("web", stack.webs), ("market", stack.markets)):
            self._ways |= {
                f"{name}_kill": partial(self._end, processes, signal.SIGKILL),
                f"{name}_term": partial(self._end, processes, signal.SIGTERM),
                f"{name}_pause": partial(self._pause, processes),
                f"{name}_freeze": partial(self._pause, processes),
            }

    async def run(self, faults: list[Fault], started: float, say: Callable[[str], None]) -> None:
        """Bring all faults about, each in its time; return when all that was stopped has been started again."""
        for fault in faults:
            await asyncio.sleep(max(0.0, started + fault.at - time.monotonic()))
            say(str(fault))
            start = time.monotonic()
            target = await self._ways[fault.kind](fault)
            is_kill = fault.kind.endswith(("_term", "_kill")) and not fault.kind.startswith("redis")
            self.done.append(Done(fault.kind, start, start if is_kill else time.monotonic(), target, fault.seconds))
            self._write(self._stack.folder / "faults.jsonl", asdict(self.done[-1]))
        if self._restarts:
            await asyncio.wait(self._restarts)

    async def _end(self, processes: list[Process], number: signal.Signals, fault: Fault) -> str:
        """End a process; it is started again after the fault's seconds, without anybody waiting here."""
        process = processes[fault.which % len(processes)]
        process.wanted = False
        process.send(number)
        task = asyncio.create_task(self._start_again(process, fault.seconds))
        self._restarts.add(task)
        task.add_done_callback(self._restarts.discard)
        return process.name

    async def _start_again(self, process: Process, seconds: float) -> None:
        await process.ended()
        await asyncio.sleep(seconds)
        process.start()

    async def _pause(self, processes: list[Process], fault: Fault) -> str:
        process = processes[fault.which % len(processes)]
        process.send(signal.SIGSTOP)
        await asyncio.sleep(fault.seconds)
        process.send(signal.SIGCONT)
        return process.name

    async def _redis_kill(self, fault: Fault) -> str:
        self._redis.kill()
        await asyncio.sleep(fault.seconds)
        self._redis.start()
        return "redis"

    async def _redis_flush(self, fault: Fault) -> str:
        with self._redis.client() as client:
            client.flushall()
        return "redis"

    async def _redis_cut(self, fault: Fault) -> str:
        with self._redis.client() as client:
            for kind in ("pubsub", "normal"):
                client.client_kill_filter(_type=kind, skipme=True)
        return "redis"

    async def _redis_pause(self, fault: Fault) -> str:
        self._redis.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(fault.seconds)
        self._redis.process.send_signal(signal.SIGCONT)
        return "redis"

    async def _database_cut(self, fault: Fault) -> str:
        return f"{await asyncio.to_thread(self._postgres.terminate_connections)} connections"

    async def _database_stop(self, number: signal.Signals, fault: Fault) -> str:
        await asyncio.to_thread(self._postgres.stop, number)
        await asyncio.sleep(fault.seconds)
        self._postgres.start()
        await asyncio.to_thread(self._postgres.wait)
        return "database"

    async def _layer(self, fault: Fault) -> str:
        switch = self._stack.folder / "layer.json"
        self._write(switch, LAYER_SHARES[fault.kind])
        await asyncio.sleep(fault.seconds)
        switch.unlink()
        return "layer"

    async def _clients(self, what: str, fault: Fault) -> str:
        self._order({"do": what, "count": fault.clients, "seconds": fault.seconds})
        await asyncio.sleep(fault.seconds)
        return f"{fault.clients} clients"

    def _write(self, path: Path, line: dict[str, Any]) -> None:
        with path.open("a") as file:
            file.write(json.dumps(line) + "\n")
