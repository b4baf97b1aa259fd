"""The site as it runs in production: web server and pushers as processes, on a database and a Redis of their own."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tradingsite.embedded_redis import embedded_redis, free_port, wait_for_redis
from tradingsite.environment import BASE_DIR
from tradingsite.leash import die_with_parent

FEEDS = ("balance", "positions", "pnl", "orders", "fills")
START_SECONDS = 30


class Process:
    """One process of the site, with its output in a file."""

    def __init__(self, name: str, arguments: list[str], environment: dict[str, str], log: Path) -> None:
        self.name, self.log = name, log
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=BASE_DIR,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )

    def send(self, number: signal.Signals) -> None:
        if self._popen.poll() is None:
            self._popen.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, and return the exit code."""
        self.send(number)
        try:
            return self._popen.wait(15)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            raise AssertionError(f"{self.name} did not stop within 15 s") from None


class RunningSite:
    """Runs commands and processes of one site. A process dies with the thread that started it, so a test starts none
    in a worker thread."""

    def __init__(self, folder: Path, database_url: str, redis_url: str) -> None:
        self.folder, self.database_url, self.port = folder, database_url, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.socket_url = f"ws://127.0.0.1:{self.port}/ws/"
        self.processes: list[Process] = []
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tradingsite.settings",
            "DEBUG": "1",
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "VAR_DIR": str(folder),
            "PYTHONUNBUFFERED": "1",
        }

    def command(self, *arguments: str) -> str:
        """Run a `manage.py` command to its end and return what it printed."""
        result = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE_DIR,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
            preexec_fn=die_with_parent(signal.SIGKILL),
            check=False,
        )
        assert result.returncode == 0, f"manage.py {' '.join(arguments)}:\n{result.stderr}"
        return result.stdout.strip()

    def python(self, code: str) -> str:
        """Run code in a process of the site's own."""
        return self.command("shell", "--no-imports", "-c", code)

    def read(self, username: str) -> dict[str, Any]:
        """Return what `pushers.read` builds from the database."""
        code = (
            "import json; from pushers import read; from trading.models import User;"
            f"print(json.dumps(read(User.objects.get(username={username!r}).pk)))"
        )
        documents: dict[str, Any] = json.loads(self.python(code))
        return documents

    def sql(self, statement: str) -> None:
        """Change rows behind Django's back."""
        if self.database_url.startswith("sqlite"):
            with closing(sqlite3.connect(urlsplit(self.database_url).path.removeprefix("/"), timeout=20)) as connection:
                connection.execute(statement)
                connection.commit()
        else:
            with psycopg.connect(self.database_url, autocommit=True) as connection:
                connection.execute(statement.encode())

    def start_web(self) -> Process:
        """Start the web server and wait until it answers."""
        arguments = ["-m", "daphne", "-v", "1", "-b", "127.0.0.1", "-p", str(self.port), "tradingsite.asgi:application"]
        process = self._start("web", arguments)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert time.monotonic() < deadline, f"the web server does not answer:\n{self.logs()}"
            time.sleep(0.05)
        return process

    def ensure_web(self) -> None:
        """Start the web server again where a test that failed left none."""
        if not self._answers():
            self.start_web()

    def start_pushers(self, seconds: float) -> Process:
        """Start a push service that reads every feed every `seconds`."""
        intervals = [f"--interval={name}={seconds:g}" for name in (*FEEDS, "ticker")]
        return self._start("pushers", ["manage.py", "runpushers", *intervals])

    def start_market(self, *arguments: str) -> Process:
        return self._start("market", ["manage.py", "runmarket", *arguments])

    def logs(self) -> str:
        """Return the end of what each process said."""
        logs = sorted({process.log for process in self.processes})
        return "\n".join(f"--- {log.name}\n{log.read_text()[-3000:]}" for log in logs)

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to the newest process of a name."""
        self._newest(name).send(number)

    def stop(self, name: str, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop the newest process of a name and return its exit code."""
        return self._newest(name).stop(number)

    def stop_all(self) -> None:
        for process in reversed(self.processes):
            process.stop(signal.SIGKILL)

    def _newest(self, name: str) -> Process:
        return next(process for process in reversed(self.processes) if process.name == name)

    def _start(self, name: str, arguments: list[str]) -> Process:
        process = Process(name, arguments, self._environment, self.folder / f"{name}.log")
        self.processes.append(process)
        return process

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/", timeout=5).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True


@contextmanager
def scratch_database(folder: Path) -> Iterator[str]:
    """Yield the URL of an empty database of the kind that this test run uses."""
    given = os.environ["DATABASE_URL"]
    if given.startswith("sqlite"):
        yield f"sqlite:///{folder / 'site.sqlite3'}"
        return
    name = f"site_{uuid.uuid4().hex}"
    with psycopg.connect(given, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    yield urlsplit(given)._replace(path=f"/{name}").geturl()
    with psycopg.connect(given, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def running_site(folder: Path) -> Iterator[RunningSite]:
    """Run a seeded site: database, Redis and web server, without pushers and market."""
    port = free_port()
    redis_url = f"redis://127.0.0.1:{port}/0"
    with scratch_database(folder) as database_url, embedded_redis(port=port, log=folder / "redis.log"):
        wait_for_redis(redis_url)
        site = RunningSite(folder, database_url, redis_url)
        try:
            site.command("migrate", "--verbosity", "0")
            site.command("seeddemo", "--yes-this-is-a-demo")
            site.start_web()
            yield site
        finally:
            site.stop_all()
