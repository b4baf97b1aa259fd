"""Run the whole site on this machine, with demo data and nothing to install: `make demo`.

One foreground process: an embedded Redis (unless REDIS_URL is set), the web server, the pushers and the market.
Everything it writes is under var/.
"""

import fcntl
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from tradingsite.embedded_redis import embedded_redis, free_port, wait_for_redis
from tradingsite.environment import BASE_DIR
from tradingsite.leash import die_with_parent
from tradingsite.processes import ProcessManager

HOST = "127.0.0.1"
PREPARATIONS = (
    ["migrate", "--verbosity", "0"],
    ["collectstatic", "--no-input", "--verbosity", "0"],
    ["seeddemo", "--yes-this-is-a-demo", "--verbosity", "0"],
)
WELCOME = """
    The site is up:  {url}
    Sign in as       alice, bob or carol (traders), or admin; the password is paper-trading
    The admin:       {url}admin/
    manage.py:       set -a; . {environment}; set +a; then .venv/bin/python manage.py ...
    Log lines:       their times are UTC (Z)
    Stop:            Ctrl-C
"""


class DemoError(Exception):
    """Why the demo cannot start, in one line for its user."""


def main() -> int:
    """Run the demo until a signal or the end of one of its processes; return the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a shell ignores SIGINT in background jobs
        signal.signal(number, _interrupt)
    try:
        port = chosen_port(os.environ.get("PORT", ""))
        var_dir = Path(os.environ.get("VAR_DIR") or BASE_DIR / "var").resolve()
        var_dir.mkdir(parents=True, exist_ok=True)
        with only_demo_in(var_dir), _redis(var_dir) as (redis_url, redis):
            variables = demo_environment(var_dir, redis_url)
            _write_environment(var_dir / "demo.env", variables)
            environment = {**os.environ, **variables}
            print(f"make demo: preparing the database and the static files in {var_dir} ...", flush=True)
            _prepare(environment)
            return _run(port, var_dir, environment, redis)
    except DemoError as error:
        print(f"make demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def chosen_port(text: str) -> int:
    """Return the port that PORT names (8000 if empty); raise DemoError if it is no port or somebody listens on it."""
    try:
        port = int(text or "8000")
    except ValueError:
        port = 0
    if not 0 < port < 65536:
        raise DemoError(f"PORT must be a number from 1 to 65535; found {text!r}.")
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            hint = "Choose another: PORT=8001 make demo"
            raise DemoError(f"port {port} cannot be used ({error.strerror}). {hint}") from error
    return port


@contextmanager
def only_demo_in(var_dir: Path) -> Iterator[None]:
    """Hold the folder: two demos in one would share a database, but no Redis. Raise DemoError where another has it."""
    with (var_dir / "demo.lock").open("a") as lock:  # the kernel lets it go with us, however we end
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            hint = "Stop it, or give this one a folder and a port of its own: VAR_DIR=var2 PORT=8001 make demo"
            raise DemoError(f"a demo runs in {var_dir} already. {hint}") from error
        yield


def demo_environment(var_dir: Path, redis_url: str) -> dict[str, str]:
    """Return the environment variables of the demo's processes; makes the demo's secret key at the first start."""
    return {
        "DEBUG": "0",
        "SITE_HTTPS": "0",
        "LOG_FORMAT": os.environ.get("LOG_FORMAT") or "console",
        "SECRET_KEY": _secret_key(var_dir / "secret_key"),
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "DATABASE_URL": os.environ.get("DATABASE_URL") or f"sqlite:///{var_dir / 'db.sqlite3'}",
        "REDIS_URL": redis_url,
        "VAR_DIR": str(var_dir),
        "DJANGO_SETTINGS_MODULE": "tradingsite.settings",
        "PYTHONUNBUFFERED": "1",
    }


def _secret_key(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text().strip()


def _write_environment(path: Path, variables: dict[str, str]) -> None:
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items()))


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def _redis(var_dir: Path) -> Iterator[tuple[str, subprocess.Popen[bytes] | None]]:
    """Yield the URL of a Redis that answers, and its process if it is ours."""
    given = os.environ.get("REDIS_URL")
    with ExitStack() as stack:
        process = None
        if not given:
            port = free_port()
            process = stack.enter_context(embedded_redis(port=port, log=var_dir / "redis.log"))
        url = given or f"redis://{HOST}:{port}/0"
        try:
            wait_for_redis(url)
        except TimeoutError as error:
            raise DemoError(str(error)) from error
        yield url, process


def _prepare(environment: dict[str, str]) -> None:
    for command in PREPARATIONS:
        code = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=BASE_DIR,
            env=environment,
            check=False,
            preexec_fn=die_with_parent(signal.SIGKILL),
        ).returncode
        if code != 0:
            raise DemoError(f"`manage.py {' '.join(command)}` failed with exit code {code}; the reason is above.")


def _run(port: int, var_dir: Path, environment: dict[str, str], redis: subprocess.Popen[bytes] | None) -> int:
    def announce(manager: ProcessManager) -> None:
        url = f"http://{HOST}:{port}/"
        while not _answers(url):
            time.sleep(0.1)
        manager.say(WELCOME.format(url=url, environment=var_dir / "demo.env"))

    def watch_redis(manager: ProcessManager) -> None:
        if redis is not None:
            redis.wait()
            manager.fail(f"redis stopped (rc={redis.returncode}); its log is {var_dir / 'redis.log'}")

    manager = ProcessManager(watchers=[announce, watch_redis])
    # -1: daphne would otherwise cut every socket after a day.
    daphne = ["-m", "daphne", "-v", "0", "--websocket_timeout", "-1", "-b", HOST, "-p", str(port)]
    web = [*daphne, "tradingsite.asgi:application"]
    manager.add_process("web", [sys.executable, *web], env=environment, cwd=BASE_DIR)
    for name, command in (("pushers", "runpushers"), ("market", "runmarket")):
        manager.add_process(name, [sys.executable, "manage.py", command], env=environment, cwd=BASE_DIR)
    return manager.run()


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True  # an error page is the site's own business
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
