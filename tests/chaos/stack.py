"""The processes of the site: two web servers, pushers, and the market if wanted. Who dies is started again."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.marks import FEEDS
from tradingsite.embedded_redis import free_port
from tradingsite.environment import BASE_DIR
from tradingsite.leash import die_with_parent

STOP_SECONDS = 25  # a web server says goodbye and ends within 20
LISTEN = ["-b", "127.0.0.1", "-p", "{port}", "tradingsite.asgi:application"]
SERVERS = {
    "daphne": ["-m", "daphne", "-v", "0", "--websocket_timeout", "-1", *LISTEN],
    "runweb": ["manage.py", "runweb", "--port", "{port}"],
}


@dataclass
class Process:
    """One process that is kept up. `wanted` is False while a fault keeps it away."""

    name: str
    arguments: list[str]
    environment: dict[str, str]
    log: Path
    wanted: bool = True
    starts: list[float] = field(default_factory=list)

    def start(self) -> None:
        """Start it. Only from the main thread: a child dies with the thread that started it."""
        with self.log.open("ab") as output:
            self.popen = subprocess.Popen(
                [sys.executable, *self.arguments],
                cwd=BASE_DIR,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
        self.starts.append(time.monotonic())
        self.wanted = True

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def is_running(self) -> bool:
        return self.popen.poll() is None

    def send(self, number: signal.Signals) -> None:
        if self.is_running:
            self.popen.send_signal(number)

    async def ended(self, seconds: float = STOP_SECONDS) -> int:
        """Wait for its end and return its exit code; one that does not end is killed, and that is -9."""
        deadline = time.monotonic() + seconds
        while self.is_running:
            if time.monotonic() > deadline:
                self.popen.kill()
            await asyncio.sleep(0.02)
        return int(self.popen.returncode)


class Stack:
    """All processes of one run."""

    def __init__(
        self,
        folder: Path,
        database_url: str,
        redis_url: str,
        *,
        seed: int,
        server: str = "daphne",
        pushers: int = 3,
        interval: float = 1.0,
        market: bool = False,
    ) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
            "DEBUG": "0",
            "SECRET_KEY": "only this run is signed with it, and nobody else can reach it",
            "ALLOWED_HOSTS": "127.0.0.1",
            "CSRF_TRUSTED_ORIGINS": "",
            "SITE_HTTPS": "0",
            "LOG_LEVEL": "INFO",
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "VAR_DIR": str(folder),
            "PYTHONUNBUFFERED": "1",
            "CHAOS_DIR": str(folder),
            "CHAOS_SEED": str(seed),
        }
        self.crashes: list[str] = []
        self.ports = [free_port() for _ in range(2)]
        self.webs = [
            self._process(f"web-{number}", [part.format(port=port) for part in SERVERS[server]])
            for number, port in enumerate(self.ports, 1)
        ]
        intervals = [f"--interval={name}={interval:g}" for name in (*FEEDS, "ticker")]
        self.pushers = [
            self._process(f"pushers-{number}", ["manage.py", "runpushers", *intervals])
            for number in range(1, pushers + 1)
        ]
        self.markets = [self._process("market", ["manage.py", "runmarket", "--no-robots"])] if market else []

    @property
    def processes(self) -> list[Process]:
        return [*self.webs, *self.pushers, *self.markets]

    @property
    def socket_urls(self) -> list[str]:
        return [f"ws://127.0.0.1:{port}/ws/" for port in self.ports]

    async def start(self, seconds: float = 40) -> None:
        """Start all processes; return once the web servers answer."""
        for process in self.processes:
            process.start()
        deadline = time.monotonic() + seconds
        for process, port in zip(self.webs, self.ports, strict=True):
            while not await asyncio.to_thread(_answers, port):
                if time.monotonic() > deadline or not process.is_running:
                    raise RuntimeError(f"{process.name} does not answer:\n{process.log.read_text()[-3000:]}")
                await asyncio.sleep(0.1)

    async def supervise(self) -> None:
        """Start again, for ever, what ended without being told to; each time is noted."""
        while True:
            await asyncio.sleep(0.2)
            for process in self.processes:
                if process.wanted and not process.is_running:
                    self.crashes.append(f"{process.name} ended by itself with {process.popen.returncode}")
                    process.start()

    async def stop(self) -> list[str]:
        """Stop all with SIGTERM; return the names of those that did not end well."""
        for process in self.processes:
            process.wanted = False
            process.send(signal.SIGCONT)
            process.send(signal.SIGTERM)
        codes = {process.name: await process.ended() for process in self.processes}
        return [f"{name} ended with {code} after SIGTERM" for name, code in codes.items() if code not in (0, -15)]

    def kill(self) -> None:
        for process in self.processes:
            process.wanted = False
            if hasattr(process, "popen") and process.is_running:
                process.popen.kill()
                process.popen.wait()

    def _process(self, name: str, arguments: list[str]) -> Process:
        environment = {**self.environment, "CHAOS_NAME": name}
        return Process(name, arguments, environment, self.folder / f"{name}.log")


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
