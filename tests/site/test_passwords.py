"""PostgreSQL and Redis that ask for a password: with the right one all works, with a wrong one the log says so."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import psycopg
import pytest
import redis

from tests.servers import POSTGRES_SETTINGS, initialise_postgres, start_postgres, wait_for_postgres
from tests.site.web_process import until
from tradingsite.embedded_redis import embedded_redis, free_port, wait_for_redis
from tradingsite.environment import BASE_DIR
from tradingsite.leash import die_with_parent

pytestmark = pytest.mark.site

SECONDS = 60  # for one command
PASSWORD, WRONG = "p@ss:w/rd#1", "wr@ng:w/rd#2"
ROUND_TRIP = """
import asyncio
from consumers.readiness import LayerCheck
print(repr(asyncio.run(LayerCheck().run())))
"""
QUERY = "from django.db import connection; connection.ensure_connection(); print('connected')"


def run(code: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of the site with its production settings."""
    environment = {
        **os.environ,
        "DEBUG": "0",
        "SECRET_KEY": "q8Jd0sKx2LmZp4Rt6Vw8Yb1Nc3Hf5Gj7A9",
        "ALLOWED_HOSTS": "localhost",
        "VAR_DIR": str(folder),
        **variables,
    }
    return subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        preexec_fn=die_with_parent(signal.SIGKILL),
        check=False,
    )


@pytest.fixture
def guarded_redis(tmp_path: Path) -> Iterator[int]:
    """The port of a Redis that asks for PASSWORD."""
    port = free_port()
    with embedded_redis(port=port, log=tmp_path / "redis.log"):
        wait_for_redis(f"redis://127.0.0.1:{port}/0")
        with redis.Redis(port=port) as client:
            client.config_set("requirepass", PASSWORD)
        yield port


def test_redis_with_a_password(guarded_redis: int, tmp_path: Path) -> None:
    right = run(ROUND_TRIP, tmp_path, REDIS_URL=f"redis://:{quote(PASSWORD, safe='')}@127.0.0.1:{guarded_redis}/0")
    assert right.stdout.strip() == "''", right.stderr


@pytest.mark.parametrize("credentials", ["", f":{quote(WRONG, safe='')}@"])
def test_redis_with_a_wrong_password_or_none_is_an_error_without_it(
    guarded_redis: int, tmp_path: Path, credentials: str
) -> None:
    refused = run(ROUND_TRIP, tmp_path, REDIS_URL=f"redis://{credentials}127.0.0.1:{guarded_redis}/0")
    assert refused.returncode
    assert "Authentication" in refused.stderr
    assert WRONG not in refused.stderr


@contextmanager
def guarded_postgres(folder: Path) -> Iterator[int]:
    """Run a PostgreSQL that asks for PASSWORD; yield its port."""
    cluster, port = initialise_postgres(folder), free_port()
    process = start_postgres(cluster, port, POSTGRES_SETTINGS)
    try:
        open_url = f"postgres://postgres@127.0.0.1:{port}/postgres"
        wait_for_postgres(open_url)
        with psycopg.connect(open_url, autocommit=True) as connection:
            connection.execute(f"ALTER ROLE postgres PASSWORD '{PASSWORD}'".encode())
            (cluster.data / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
            connection.execute("SELECT pg_reload_conf()")
        until(lambda: _refuses(open_url), "PostgreSQL asks for the password")
        yield port
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait()


def _refuses(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return True
    return False


def test_postgresql_with_a_password_and_with_a_wrong_one(tmp_path: Path) -> None:
    if not os.environ["DATABASE_URL"].startswith("postgres"):
        pytest.skip("tried in the run on PostgreSQL")
    # Not below pytest's folder, which the user that PostgreSQL runs as may not enter.
    with TemporaryDirectory() as folder, guarded_postgres(Path(folder)) as port:
        place = f"127.0.0.1:{port}/postgres"
        right = run(QUERY, tmp_path, DATABASE_URL=f"postgres://postgres:{quote(PASSWORD, safe='')}@{place}")
        assert right.stdout.strip() == "connected", right.stderr
        wrong = run(QUERY, tmp_path, DATABASE_URL=f"postgres://postgres:{quote(WRONG, safe='')}@{place}")
        assert wrong.returncode
        assert "password authentication failed" in wrong.stderr
        assert WRONG not in wrong.stderr
