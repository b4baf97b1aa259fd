"""What a row is measured on: a real PostgreSQL and a real Redis, processes beside them, and what those consume.

A stage is a row's own: its servers start when they are first asked for and are gone with it, whatever happens.
"""

import asyncio
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

from tests.servers import initialise_postgres, start_postgres, wait_for_postgres
from tradingsite.embedded_redis import embedded_redis, free_port, wait_for_redis
from tradingsite.leash import die_with_parent

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 60.0  # that anything here may take to start or to stop
TICKS = os.sysconf("SC_CLK_TCK")
# PostgreSQL as it comes, durable commits included, but with the memory and connections that the rows need.
POSTGRES_SETTINGS = {
    "shared_buffers": "512MB",
    "max_connections": "200",
    "max_wal_size": "4GB",
    "log_min_messages": "log",
    "log_line_prefix": "%a ",  # the application's name, for `logged_statements`
    "log_checkpoints": "off",
    "timezone": "UTC",
}


class Failed(Exception):
    """A row could not be measured, or something got lost; the text says what was expected and what was found."""


class Process:
    """A child with its output in a file; it dies with us."""

    def __init__(self, name: str, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.name, self.log = name, log
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                command,
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
        self.pid = self._popen.pid

    def check(self, *, but_zero: bool = False) -> None:
        """Raise Failed when the process has ended; `but_zero` allows it to have come to a good end."""
        if self._popen.poll() is not None and not (but_zero and self._popen.returncode == 0):
            raise Failed(
                f"{self.name} ended with code {self._popen.returncode}; it said: {self.log.read_text()[-2000:]}"
            )

    def stop(self, seconds: float = 10.0) -> None:
        """End the process: SIGTERM, and SIGKILL for one that does not go."""
        if self._popen.poll() is None:
            self._popen.terminate()
            try:
                self._popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                self._popen.wait(seconds)


class Stage:
    """Servers, databases and processes for one row. Use it as a context manager."""

    def __init__(self, folder: Path, *, quick: bool = False) -> None:
        self.folder, self.quick = folder, quick
        self._stack = ExitStack()
        self._redis: tuple[str, int] | None = None
        self._postgres: tuple[str, int] | None = None

    def __enter__(self) -> Self:
        raise_file_limit()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def redis_url(self) -> str:
        return self._running_redis()[0]

    @property
    def redis_pid(self) -> int:
        return self._running_redis()[1]

    @property
    def postgres_pid(self) -> int:
        return self._running_postgres()[1]

    def new_database(self) -> str:
        """Return the URL of an empty PostgreSQL database; `migrate` fills it."""
        url = self._running_postgres()[0]
        with psycopg.connect(url, autocommit=True) as connection:
            count = connection.execute("SELECT count(*) FROM pg_database").fetchone()
            name = f"bench_{count[0] if count else 0}"
            connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type, unused-ignore]
        return url.rpartition("/")[0] + f"/{name}"

    def log_statements(self, what: str) -> None:
        """Have PostgreSQL write all statements to its log ("all"), or none ("none"); sessions follow at their next."""
        with psycopg.connect(self._running_postgres()[0], autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET log_statement = '{what}'")  # type: ignore[arg-type, unused-ignore]
            connection.execute("SELECT pg_reload_conf()")

    def logged_statements(self, application: str, containing: str) -> list[str]:
        """Return the statements in PostgreSQL's log of an application (its PGAPPNAME) that contain a text."""
        lines = (self.folder / "postgres.log").read_text().splitlines()
        return [line for line in lines if line.startswith(f"{application} ") and containing in line]

    def environment(self, database_url: str = "", **more: str) -> dict[str, str]:
        """Return the environment of a child that runs the site; without a URL its database is an SQLite file."""
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tradingsite.settings",
            "DATABASE_URL": database_url or f"sqlite:///{self.folder / 'site.sqlite3'}",
            "REDIS_URL": self.redis_url,
            "VAR_DIR": str(self.folder),
            "ALLOWED_HOSTS": "127.0.0.1",
            "SECRET_KEY": "of-a-benchmark-that-lasts-a-minute",
            "DEBUG": "0",
            "SITE_HTTPS": "0",
            "LOG_LEVEL": "WARNING",
            "PYTHONUNBUFFERED": "1",
            **more,
        }

    def migrate(self, database_url: str) -> None:
        """Make the site's tables; takes a few seconds."""
        self.run("migrate", ["manage.py", "migrate", "--verbosity", "0"], self.environment(database_url))

    def use_django(self, database_url: str, **more: str) -> None:
        """Set Django up in this process, once, on a database that was migrated."""
        os.environ.update(self.environment(database_url, **more))
        import django

        django.setup()

    def run(self, name: str, arguments: list[str], environment: Mapping[str, str]) -> str:
        """Run Python with these arguments to its end and return its output; raises Failed where that is not 0."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=4 * SECONDS,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )
        if done.returncode:
            raise Failed(f"{name} ended with code {done.returncode}: {done.stderr[-2000:]}")
        return done.stdout

    def start(self, name: str, arguments: list[str], environment: Mapping[str, str]) -> Process:
        """Start Python with these arguments; it is stopped at the end of the stage, if not before."""
        process = Process(name, [sys.executable, *arguments], environment, self.folder / f"{name}.log")
        self._stack.callback(process.stop)
        return process

    async def start_talking(self, name: str, arguments: list[str], limit: int) -> asyncio.subprocess.Process:
        """Start Python with these arguments and pipes to its input and output, with lines of at most `limit` bytes."""
        with (self.folder / f"{name}.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                *arguments,
                cwd=ROOT,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=limit,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )

    def start_web(self, environment: Mapping[str, str], *, name: str = "runweb") -> tuple[Process, int]:
        """Start the production server; return it with its port once it listens."""
        port = free_port()
        process = self.start(name, ["manage.py", "runweb", "--port", str(port)], environment)
        wait_for_port(port, process)
        return process, port

    def start_daphne(self, environment: Mapping[str, str]) -> tuple[Process, int]:
        """Start daphne on the site; return it with its port once it listens."""
        port = free_port()
        arguments = ["-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(port), "tradingsite.asgi:application"]
        process = self.start("daphne", arguments, environment)
        wait_for_port(port, process)
        return process, port

    def _running_redis(self) -> tuple[str, int]:
        if self._redis is None:
            port = free_port()
            url = f"redis://127.0.0.1:{port}/0"
            process = self._stack.enter_context(embedded_redis(port=port, log=self.folder / "redis.log"))
            wait_for_redis(url)
            self._redis = url, process.pid
        return self._redis

    def _running_postgres(self) -> tuple[str, int]:
        if self._postgres is None:
            folder = self.folder / "postgres"
            folder.mkdir()
            self.folder.chmod(0o711)  # PostgreSQL does not run as root, and must reach its data
            cluster, port = initialise_postgres(folder), free_port()
            url = f"postgres://postgres@127.0.0.1:{port}/postgres"
            with (self.folder / "postgres.log").open("ab") as log:
                process = start_postgres(cluster, port, POSTGRES_SETTINGS, log.fileno())
            self._stack.callback(process.wait)
            self._stack.callback(process.send_signal, signal.SIGQUIT)
            wait_for_postgres(url)
            self._postgres = url, process.pid
        return self._postgres


def raise_file_limit() -> None:
    """Let this process and its children have as many open sockets as the machine allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def wait_until(condition: Callable[[], Any], what: str, seconds: float = SECONDS, *, step: float = 0.02) -> Any:
    """Return what `condition` returns once it is true; raise Failed after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds:g} s: {what}")
        time.sleep(step)
    return found


def wait_for_port(port: int, process: Process) -> None:
    """Return once somebody listens at the port; raise Failed when `process` ends before."""

    def listens() -> bool:
        process.check()
        # Asked of the kernel: a connection would be one more socket for the server to know.
        return any(_listens_at(line, port) for line in _tcp_lines())

    wait_until(listens, f"{process.name} listens at port {port}", step=0.05)


def cpu_of(pid: int) -> float:
    """Return the seconds of processor time, user and system, of a process and of all its children, ended or not."""
    return sum(_cpu_seconds(one) for one in [pid, *_descendants(pid)])


def memory_of(pid: int) -> int:
    """Return the bytes of memory of a process, shared pages counted by share (PSS)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise Failed(f"expected a line Pss: in /proc/{pid}/smaps_rollup, found none")


def _cpu_seconds(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0  # it ended just now; its parent has its time
    fields = text.rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in path.read_text().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *_descendants(child)]
    return found


def _tcp_lines() -> list[str]:
    return Path("/proc/net/tcp").read_text().splitlines()[1:]


def _listens_at(line: str, port: int) -> bool:
    fields = line.split()
    return fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port
