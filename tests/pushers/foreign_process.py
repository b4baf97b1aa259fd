"""Real `runpushers` processes of the foreign project, and a hub that is only a channel."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from pushers.layer import HUBS_GROUP, PUSHERS_GROUP, Layer, Message
from tradingsite.leash import die_with_parent

ROOT = Path(__file__).parents[2]
SECONDS = 30.0  # until a wait for a process fails; a busy machine takes a few to start one


def foreign_environment(database: Path, redis_url: str) -> dict[str, str]:
    """Return an environment in which nothing leads to this site's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO", "DATABASE"))}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "tests.foreign.settings",
        "FOREIGN_DATABASE": str(database),
        "REDIS_URL": redis_url,
        "PYTHONUNBUFFERED": "1",
    }


def run_python(code: str, environment: dict[str, str]) -> str:
    """Run a piece of Python in the foreign project; return what it printed."""
    setup = "import django; django.setup()\n"
    done = subprocess.run(
        [sys.executable, "-c", setup + code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class PusherProcess:
    """A `runpushers` whose output can be waited for."""

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "django", "runpushers", *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, text: str, *, times: int = 1) -> None:
        """Return once this many lines hold `text`."""
        with self._changed:
            found = self._changed.wait_for(
                lambda: sum(text in line for line in self.lines) >= times or self.process.poll() is not None, SECONDS
            )
        if not found or sum(text in line for line in self.lines) < times:
            raise AssertionError(f"{text!r} did not come {times} times; the process said:\n{self.output}")

    def end(self, number: signal.Signals | None = signal.SIGTERM) -> int:
        """Send a signal (or none) and return the exit code."""
        if number is not None:
            self.process.send_signal(number)
        code = self.process.wait(SECONDS)
        self._reading.join(SECONDS)
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stdout:
            for line in stdout:
                with self._changed:
                    self.lines.append(line.rstrip("\n"))
                    self._changed.notify_all()
        self.process.wait()
        with self._changed:
            self._changed.notify_all()


class FakeHub:
    """A channel that listens to the owners and asks them, as a web process does."""

    def __init__(self) -> None:
        self.layer = Layer("testhub")

    async def open(self, *groups: str) -> "FakeHub":
        await self.layer.open()
        for group in (HUBS_GROUP, *groups):
            assert await self.layer.join(group)
        return self

    async def want(self, user: str, feed: str, position: tuple[int, int] = (0, 0)) -> None:
        message = {"type": "want", "hub": self.layer.channel, "asked": 1.0}
        await self.layer.send_group(PUSHERS_GROUP, {**message, "users": {user: {feed: [list(position)]}}})

    async def receive(self, kind: str) -> Message:
        """Return the next message of this kind; others are passed over."""
        while True:
            message: dict[str, Any] = await self.layer.receive()
            if message["type"] == kind:
                return message
