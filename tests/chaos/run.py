"""One run from the first process to the verdict."""

import asyncio
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.driven import Driven
from tests.chaos.faults import Saboteur
from tests.chaos.judge import Judge, divergent, lease_overlaps
from tests.chaos.leaks import Sampler, last_gauges, leaks, outside
from tests.chaos.leases import LeaseWatch
from tests.chaos.repair import repair_seconds
from tests.chaos.report import Report
from tests.chaos.schedule import Fault
from tests.chaos.servers import Postgres, Redis
from tests.chaos.stack import Stack
from tests.chaos.truth import Truth

LIVE_SECONDS = 40.0  # that all clients have to become live at first
SETTLE_SECONDS = 30.0  # that they have after the last fault
LEAVE_SECONDS = 5.0  # for hubs and interest after the last client
SAMPLE_SECONDS = 5.0
LONGEST_WRONG = 10.0  # seconds that a wrong state may be shown as live, the interval of the reads included
NORMAL = 1.0  # seconds beyond the interval that a change takes on a busy machine without faults


@dataclass(frozen=True)
class Plan:
    """What a run does. `interval`: of every feed, in seconds. `repairs_apart`: faults leave time for their repair."""

    seed: int
    seconds: float
    clients: int
    traders: int
    updates: int
    faults: list[Fault]
    folder: Path
    server: str = "daphne"
    pushers: int = 3
    interval: float = 1.0
    market: bool = False
    repairs_apart: bool = True


class Run:
    """Starts everything, lets it suffer, and judges what the clients saw."""

    def __init__(self, plan: Plan, say: Callable[[str], None]) -> None:
        self._plan, self._say, self._cleanup = plan, say, ExitStack()

    async def run(self) -> Report:
        """Return the report; processes are gone then, and `plan.folder` keeps their logs and journals."""
        with self._cleanup:
            await self._start()
            started = time.monotonic()
            await self._suffer(started)
            seconds = time.monotonic() - started
            await self._settle()
            return await self._verdict(seconds)

    async def _start(self) -> None:
        plan, folder = self._plan, self._plan.folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        data = Path(self._cleanup.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        self.postgres = Postgres(data, folder / "postgres.log")
        self._cleanup.callback(self.postgres.kill)
        self.redis = Redis(folder / "redis.log")
        self._cleanup.callback(self.redis.kill)
        self.postgres.wait()
        options: dict[str, Any] = {"seed": plan.seed, "server": plan.server, "pushers": plan.pushers}
        options |= {"interval": plan.interval, "market": plan.market}
        self.stack = Stack(folder, self.postgres.url, self.redis.url, **options)
        self._cleanup.callback(self.stack.kill)
        self.writer = self._writer()
        seeded = (await self.writer.ask())["seeded"]
        await self.stack.start()
        self.sampler = Sampler(self.stack, folder / "samples.jsonl")
        self.before = self.sampler.sample()
        self.clients = self._clients(seeded)
        await self._until_live(LIVE_SECONDS)

    def _writer(self) -> Driven:
        plan = self._plan
        rate = plan.updates / plan.seconds
        arguments = [str(plan.traders), f"{rate:.2f}", str(plan.seed), str(plan.folder / "ledger.jsonl")]
        environment = {**self.stack.environment, "CHAOS_NAME": "writer"}
        writer = Driven("tests.chaos.writer", *arguments, environment=environment, log=plan.folder / "writer.log")
        self._cleanup.callback(writer.stop)
        return writer

    def _clients(self, seeded: list[dict[str, Any]]) -> Driven:
        plan = self._plan
        clients = Driven("tests.chaos.clients", environment={**os.environ}, log=plan.folder / "clients.log")
        self._cleanup.callback(clients.stop)
        order = {"seeded": seeded, "urls": self.stack.socket_urls, "clients": plan.clients, "seed": plan.seed}
        clients.tell({**order, "journal": str(plan.folder / "journal.jsonl")})
        return clients

    async def _until_live(self, seconds: float) -> dict[str, Any]:
        """Wait until all clients are live, or the time is over; return how they stand."""
        began = time.monotonic()
        while True:
            status: dict[str, Any] = await self.clients.ask({"do": "status"})
            if status["live"] == status["clients"] or time.monotonic() - began > seconds:
                self._say(f"{status} after {time.monotonic() - began:.1f} s")
                return status
            await asyncio.sleep(0.2)

    async def _suffer(self, started: float) -> None:
        """Commit and bring faults about until the time is over."""
        self.saboteur = Saboteur(self.stack, self.postgres, self.redis, self.clients.tell)
        self.leases = LeaseWatch(self.postgres)
        watching = [asyncio.create_task(work()) for work in (self.leases.run, self.stack.supervise, self._sample)]
        self.writer.tell("go")
        try:
            await self.saboteur.run(self._plan.faults, started, self._say)
            await asyncio.sleep(max(0.0, started + self._plan.seconds - time.monotonic()))
            self.writer.tell("quiet")
        finally:
            for task in watching:
                task.cancel()
            await asyncio.wait(watching)

    async def _sample(self) -> None:
        while True:
            await asyncio.sleep(SAMPLE_SECONDS)
            self.sampler.sample()

    async def _settle(self) -> None:
        """Wait until every client shows what the database has, or long enough; then let them go."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            await self._until_live(deadline - time.monotonic())
            database = await self.writer.ask("read")
            shown = await self.clients.ask({"do": "dump"})
            self.divergent = divergent(shown, database["documents"], database["price"])
            if not self.divergent or time.monotonic() > deadline:
                break
            await asyncio.sleep(1)
        self.judged_until = time.monotonic()
        self.frames = sum(client["frames"] for client in shown)
        await self.clients.ask({"do": "close"})
        await asyncio.sleep(LEAVE_SECONDS)

    async def _verdict(self, seconds: float) -> Report:
        plan, folder = self._plan, self._plan.folder
        held = outside(self.stack, self.postgres, self.redis)
        held += leaks(self.before, self.sampler.sample(), last_gauges(folder / "sends.jsonl")) + self.sampler.memory()
        self.stack.crashes += await self.stack.stop()
        truth = Truth.of(folder / "ledger.jsonl")
        judge = Judge(truth, bound=LONGEST_WRONG, normal=NORMAL + plan.interval)
        verdict = judge.read(folder / "journal.jsonl", self.judged_until)
        sends = folder / "sends.jsonl"
        overlaps = lease_overlaps(map(json.loads, sends.read_text().splitlines()))
        figures = {
            "commits": truth.commits,
            "frames": self.frames,
            "takeovers": len(self.leases.takeovers),
            "states_judged": verdict.states,
            "client_lag_s": round(verdict.lag, 2),
            "load": [round(sum(self.sampler.loads) / len(self.sampler.loads), 1), round(max(self.sampler.loads), 1)],
        }
        return Report(
            seed=plan.seed,
            server=plan.server,
            seconds=seconds,
            clients=plan.clients,
            updates=truth.rows,
            wanted_updates=plan.updates * 9 // 10,
            verdict=verdict,
            repaired=repair_seconds(verdict, self.saboteur.done, plan.clients),
            divergent=self.divergent,
            lease_offences=self.leases.offences + overlaps,
            leaks=held,
            crashes=self.stack.crashes,
            repairs_apart=plan.repairs_apart,
            figures=figures,
        )
